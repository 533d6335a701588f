"""What is known of people on a day: ties, topics, journals, careers. Later papers are not there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy import sparse

from models import baselines
from models.baselines import Reals, Sparse
from models.kernels import Flags, Graph, Ints
from models.pairs import Rows, World, last_joint_days
from pipeline.recommend.records import Records, Singles

DAYS_A_YEAR = 365.25
PAPERS_NEEDED = 2
"""So many papers serve an author of whom no roster tells; who has fewer is not asked about."""

EARLY_YEARS = 5.0
"""Years since the first paper below which somebody is early in their career."""

RECENT_YEARS = 3.0
"""What is recent falls to 1/e in so many years: of 1, 2, 3, 5 the best on earlier cuts."""

NEW_YEARS = 2.0
"""A tie is new for so many years after the first joint paper."""

AROUND_ONE_STEP, AROUND_TWO_STEPS = 1.0, 0.5
"""Weight of the topics of coauthors, and of theirs, beside one's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Everything that ranking may look at, as of `as_of`; people are those of `records`.

    Attributes
    ----------
    graph
        Recent ties: each joint paper of n people weighs exp(-age / 3 years) / (n - 1).
    world
        The same and more as the kernels take it.
    wrote
        Ones where a person wrote a paper, also one that ties nobody; shape (people, papers).
    first_days, last_days, paper_counts
        Of each person, days since 1970; shape (people,). Nobody's paper: last day far in the past.
    traits
        Of each person by name, shape (people,); see `pipeline.recommend.features`.
    """

    as_of: date
    records: Records
    graph: Graph
    world: World
    wrote: Sparse
    first_days: Ints
    last_days: Ints
    paper_counts: Ints
    traits: dict[str, Reals]

    def active_since(self, day: date) -> Flags:
        """Who has a paper of that day or later, shape (people,)."""
        active: Flags = self.last_days >= day_number(day)
        return active


def day_number(day: date) -> int:
    """Days since 1970.

    Examples
    --------
    >>> day_number(date(1970, 1, 2))
    1
    """
    return (day - date(1970, 1, 1)).days


def known_on(records: Records, as_of: date, hidden: Ints) -> Known:
    """Work out what was known on a day.

    Parameters
    ----------
    hidden
        Rows of people who asked to be left alone: they tie nobody.
    """
    today = day_number(as_of)
    ages = (today - records.days) / DAYS_A_YEAR
    is_known = ages >= 0
    kept = is_known[records.papers]
    persons, papers = records.persons[kept], records.papers[kept]
    shape = (records.author_ids.size, records.days.size)
    wrote = sparse.csr_array((np.ones(persons.size), (persons, papers)), shape)
    tied = wrote * (~np.isin(np.arange(shape[0]), hidden))[:, np.newaxis]
    ties = _Ties(tied.tocsr(), records.is_told & is_known, ages)
    graph = ties.graph(records.author_ids)
    recent = np.where(is_known, np.exp(-np.maximum(ages, 0) / RECENT_YEARS), 0.0)
    return Known(
        as_of,
        records,
        graph,
        _world(records, today, wrote, ties, recent),
        wrote,
        *_spans(records, persons, papers, shape[0]),
        _traits(records, persons, papers, records.positions[kept], ages, ties, today),
    )


class _Ties:
    """Ties by several weights; all have the same sparsity."""

    def __init__(self, wrote: Sparse, is_told: Flags, ages: Reals) -> None:
        counts = np.asarray(wrote.sum(axis=0)).ravel()
        used = np.flatnonzero(is_told & (counts > 1))
        self.counts = counts
        own, age = wrote[:, used].tocsr(), ages[used]
        share = 1 / (counts[used] - 1)
        self.recent = baselines.ties_between(own, share * np.exp(-age / RECENT_YEARS))
        self.lifetime = baselines.ties_between(own, np.ones(used.size))
        self.last_year = baselines.ties_between(own, share * np.exp(-age))
        old = baselines.ties_between(own, (age > NEW_YEARS).astype(np.float64))
        # what is left of all ties once the old ones are taken out
        self.is_new = (self.lifetime - self.lifetime.multiply(old > 0)).tocsr() > 0
        self.used = used

    def graph(self, ids: Ints) -> Graph:
        ties = self.recent
        indptr, indices = ties.indptr.astype(np.int64), ties.indices.astype(np.int64)
        return Graph(ids, indptr, indices, ties.data, baselines.strength(ties))


def stochastic(ties: Sparse) -> Sparse:
    """Rows that sum to 1, or to 0 where there is nothing."""
    total = baselines.strength(ties)
    return (ties * (1 / np.where(total > 0, total, 1.0))[:, np.newaxis]).tocsr()


def _world(records: Records, today: int, wrote: Sparse, ties: _Ties, recent: Reals) -> World:
    steps = stochastic(ties.recent)
    stands = ~records.is_retracted
    weighed = (wrote * (recent * stands)[np.newaxis]).tocsr()
    of_late = _unit(weighed @ records.topics)
    near = steps @ of_late
    around = _unit(of_late + AROUND_ONE_STEP * near + AROUND_TWO_STEPS * (steps @ near))
    papers_of, people_of = wrote, wrote.T.tocsr()
    paper_weight = np.zeros(records.days.size)
    paper_weight[ties.used] = recent[ties.used]
    new = ties.is_new.astype(np.float64)
    tied = steps.indptr.astype(np.int64), steps.indices.astype(np.int64)
    written = papers_of.indptr.astype(np.int64), papers_of.indices.astype(np.int64)
    by = people_of.indptr.astype(np.int64), people_of.indices.astype(np.int64)
    counts = np.zeros(records.days.size, np.bool_)
    counts[ties.used] = True
    since = np.where(counts, records.days, np.iinfo(np.int64).min)
    last = last_joint_days(tied, written, by, since)
    works = records.since <= today
    workers = records.workers[works]
    return World(
        *tied,
        steps.data,
        stochastic(ties.lifetime).data,
        stochastic(ties.last_year).data,
        _aligned(steps, steps.multiply(new)),
        ties.recent.data,
        np.exp(-(today - last) / DAYS_A_YEAR),
        *written,
        *by,
        paper_weight,
        of_late,
        _unit((wrote * stands[np.newaxis]).tocsr() @ records.topics),
        around,
        _rows((weighed @ records.words).tocsr()),
        _rows(_venues(records, weighed)),
        np.searchsorted(workers, np.arange(records.author_ids.size + 1)),
        records.institutions[works],
        records.departments[works],
    )


def _aligned(whole: Sparse, part: Sparse) -> Reals:
    """Values of `part` in the sparsity of `whole`, 0 where it has none."""
    rows = np.repeat(np.arange(whole.shape[0]), np.diff(whole.indptr))
    part = part.tocoo()
    keys = rows * whole.shape[1] + whole.indices
    values = np.zeros(whole.data.size)
    values[np.searchsorted(keys, part.coords[0] * whole.shape[1] + part.coords[1])] = part.data
    return values


def _unit(rows: Reals) -> Singles:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Singles = (rows / np.where(length > 0, length, 1.0)).astype(np.float32)
    return unit


def _venues(records: Records, weighed: Sparse) -> Sparse:
    named = np.flatnonzero(records.venues >= 0)
    shape = (records.days.size, int(records.venues.max(initial=0)) + 1)
    printed_in = sparse.csr_array((np.ones(named.size), (named, records.venues[named])), shape)
    return (weighed @ printed_in).tocsr()


def _rows(of_people: Sparse) -> Rows:
    """Rows of length 1."""
    unit = baselines.normalised(of_people)
    unit.sort_indices()
    return Rows(
        unit.indptr.astype(np.int32), unit.indices.astype(np.int32), unit.data.astype(np.float32)
    )


def _spans(records: Records, persons: Ints, papers: Ints, count: int) -> tuple[Ints, Ints, Ints]:
    days = records.days[papers]
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, persons, days)
    np.maximum.at(last, persons, days)
    paper_counts: Ints = np.bincount(persons, minlength=count).astype(np.int64)
    return first, last, paper_counts


def _traits(
    records: Records,
    persons: Ints,
    papers: Ints,
    positions: Ints,
    ages: Reals,
    ties: _Ties,
    today: int,
) -> dict[str, Reals]:
    """What is told of each person alone."""
    count = records.author_ids.size
    age = ages[papers]

    def total(weights: Reals) -> Reals:
        summed: Reals = np.bincount(persons, weights=weights, minlength=count).astype(np.float64)
        return summed

    recent, decade = np.exp(-age / RECENT_YEARS), np.exp(-age / 5)
    people = np.maximum(ties.counts, 1)[papers]
    is_last = (positions == records.author_counts[papers]) & (people > 1)
    first, last, paper_counts = _spans(records, persons, papers, count)
    known = np.maximum(total(decade), 1e-9)
    return {
        "papers": paper_counts.astype(np.float64),
        "papers_last_year": total(np.exp(-age)),
        "papers_recent": total(recent),
        "years_since_paper": np.where(paper_counts > 0, (today - last) / DAYS_A_YEAR, 0.0),
        "career_years": np.where(paper_counts > 0, (today - first) / DAYS_A_YEAR, 0.0),
        "coauthors": np.diff(ties.lifetime.indptr).astype(np.float64),
        "new_coauthors": np.asarray(ties.is_new.sum(axis=1)).ravel().astype(np.float64),
        "strength": baselines.strength(ties.recent),
        "team": total(recent * np.log(people)) / np.maximum(total(recent), 1e-9),
        "first_author": total(decade * (positions == 1)) / known,
        "last_author": total(decade * is_last) / known,
    }
