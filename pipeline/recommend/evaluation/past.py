"""What a method may see: people, papers and ties as they were known on a day of the past."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from models import baselines
from models.baselines import Ints, Reals, Sparse
from models.text import HashedTfidf
from pipeline import engine, lake
from pipeline.errors import ConfrereError
from pipeline.recommend.known import DAYS_A_YEAR
from pipeline.recommend.records import codes_of, letters_of, rows_of
from pipeline.recommend.texts import headings_of, texts_of
from pipeline.settings import Settings

Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]

TABLES_OF_PAST = (
    "publications",
    "topics",
    "identities",
    "authors",
    "candidates",
    "recommendations",
)
RECENT_YEARS = 3.0
"""Ties of `recent_ties` fall to 1/e in so many years."""

UNIVERSE_MONTHS = 60


@dataclass(frozen=True, slots=True)
class Profiles:
    """What people write about: rows of length 1, and the same transposed."""

    of_people: Sparse
    turned: Sparse


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Everything known on the day `as_of`; people stand in order of their author id.

    Attributes
    ----------
    author_ids, first_on, last_on, paper_counts
        Of each person, shape (people,).
    institutions
        A code of the institution of each person, -1 where none is known.
    wrote
        Ones where a person wrote a paper, shape (people, papers).
    ties
        Ones between coauthors; retracted papers and those above the author cap tie nobody.
    recent_ties
        The same weighed by exp(-age / 3 years) / (authors - 1), summed over joint papers.
    topics
        Words of titles and abstracts and MeSH headings, by rarity.
    venues
        Journals by their letters, so that a yearly volume is no other journal.
    served
        The product's answer: what is served, in its order, then the other candidates by score; 0
        for everybody else.
    scored
        The same by score alone.
    probabilities
        What the product says of those that it serves; 0 where it says none.
    """

    as_of: date
    author_ids: Ints
    first_on: Days
    last_on: Days
    paper_counts: Ints
    institutions: Ints
    wrote: Sparse
    ties: Sparse
    recent_ties: Sparse
    topics: Profiles
    venues: Profiles
    served: Sparse
    scored: Sparse
    probabilities: Sparse

    @property
    def in_universe(self) -> Flags:
        """Who may be suggested: everybody active within the 60 months before, shape (people,)."""
        return self.active_since(months_later(self.as_of, -UNIVERSE_MONTHS))

    def active_since(self, day: date) -> Flags:
        """Who has a paper of that day or later, shape (people,)."""
        active: Flags = self.last_on >= np.datetime64(day)
        return active

    def career_years(self) -> Reals:
        """Years since each person's first paper, shape (people,)."""
        days: Reals = (np.datetime64(self.as_of) - self.first_on).astype(np.float64)
        return days / DAYS_A_YEAR

    def closed_to(self, sources: Ints) -> Flags:
        """Who is no candidate: oneself, past coauthors of any paper, people outside the universe.

        Shape (sources, people).
        """
        closed = np.broadcast_to(~self.in_universe, (sources.size, self.author_ids.size)).copy()
        met = (self.wrote[sources] @ self.wrote.T.tocsr()).tocoo().coords
        closed[met] = True
        closed[np.arange(sources.size), sources] = True
        return closed


def months_later(day: date, months: int) -> date:
    """Same day of the month, or its last.

    Examples
    --------
    >>> months_later(date(2010, 12, 31), -22).isoformat()
    '2009-02-28'
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def load_past(current: Mapping[str, lake.Dataset], as_of: date, settings: Settings) -> Past:
    """Load the tables named in `TABLES_OF_PAST`.

    Raises
    ------
    ConfrereError
        A table knows of papers that entered later.
    """
    papers = current["publications"].read(
        ["pmid", "title", "abstract", "journal", "entered_on", "author_count", "is_retracted"]
    )
    _refuse_later(current, papers["entered_on"], as_of)
    pmids = papers["pmid"].to_numpy()
    people = current["authors"].read(
        ["author_id", "first_on", "last_on", "publication_count", "institution"]
    )
    author_ids = people["author_id"].to_numpy()
    wrote = _wrote(current["identities"], author_ids, pmids, settings)
    counts = np.asarray(wrote.sum(axis=0)).ravel()
    is_kept = ~papers["is_retracted"].to_numpy()
    days = (np.datetime64(as_of) - papers["entered_on"].to_numpy()).astype(np.float64)
    ties = is_kept & (papers["author_count"].to_numpy() <= settings.author_cap) & (counts > 1)
    share = np.exp(-days / DAYS_A_YEAR / RECENT_YEARS) / np.maximum(counts - 1, 1)
    told = (wrote * is_kept[np.newaxis]).tocsr()
    return Past(
        as_of,
        author_ids,
        people["first_on"].to_numpy(),
        people["last_on"].to_numpy(),
        people["publication_count"].to_numpy().astype(np.int64),
        codes_of(people["institution"]),
        wrote,
        baselines.plain(baselines.ties_between(wrote, ties.astype(np.float64))),
        baselines.ties_between(wrote, ties * share),
        _profiles(told @ _words(papers, current["topics"])),
        _profiles(told @ _journals(papers)),
        *_answer(current, author_ids),
    )


def _refuse_later(
    current: Mapping[str, lake.Dataset], entered_on: pa.ChunkedArray, as_of: date
) -> None:
    """Nothing made from the future gets in, be it one paper."""
    days = {name: table.as_of for name, table in current.items()}
    days["publications"] = pc.max(entered_on).as_py()
    for name, day in days.items():
        if day is not None and day > as_of:
            raise ConfrereError(
                f"[table {name}] knows of papers up to {day}, after {as_of}: what is evaluated may "
                "know of none; make the past from records of that time only"
            )


def _wrote(identities: lake.Dataset, author_ids: Ints, pmids: Ints, settings: Settings) -> Sparse:
    file = Path(__file__).parent.parent / "authored.sql"
    rows = engine.fetch(file, {"identities": identities}, {}, settings)
    place = rows_of(author_ids, rows["author_id"], "authors")
    paper = rows_of(pmids, rows["pmid"], "publications")
    return _matrix(np.ones(len(place)), place, paper, (author_ids.size, pmids.size))


def _words(papers: pa.Table, topics: lake.Dataset) -> Sparse:
    """Weigh the words of each paper, and its headings as words, shape (papers, words)."""
    texts = texts_of(papers, headings_of(topics)).to_pylist()
    model = HashedTfidf().partial_fit(texts)
    words = model.transform(texts)
    shape = (papers.num_rows, 1 << model.bits)
    return sparse.csr_array((words.weights, words.codes, words.starts), shape)


def _journals(papers: pa.Table) -> Sparse:
    codes = codes_of(letters_of(papers["journal"]))
    known = np.flatnonzero(codes >= 0)
    shape = (papers.num_rows, int(codes.max(initial=0)) + 1)
    return _matrix(np.ones(known.size), known, codes[known], shape)


def _answer(current: Mapping[str, lake.Dataset], author_ids: Ints) -> tuple[Sparse, Sparse, Sparse]:
    """What the product gives: what is served, the bare score of all, and the probability.

    All of shape (people, people). Scores are places from behind, so that all are above 0.
    """
    shape = (author_ids.size, author_ids.size)
    ends = ["author_id", "candidate_id"]
    scored = current["candidates"].read([*ends, "score"])
    suggested = current["recommendations"].read([*ends, "rank", "probability"])
    author, candidate = (rows_of(author_ids, scored[end], "authors") for end in ends)
    order = np.lexsort((scored["score"].to_numpy(), author))
    place = np.empty(author.size)
    place[order] = np.arange(author.size) - np.searchsorted(author[order], author[order]) + 1.0
    bare = _matrix(place, author, candidate, shape)
    author, candidate = (rows_of(author_ids, suggested[end], "authors") for end in ends)
    top = float(place.max(initial=0)) + suggested["rank"].to_numpy().max(initial=0) + 1
    served = _matrix(top - suggested["rank"].to_numpy(), author, candidate, shape)
    chance = _matrix(suggested["probability"].to_numpy(), author, candidate, shape)
    return bare.maximum(served).tocsr(), bare, chance


def _profiles(rows: Sparse) -> Profiles:
    own = baselines.normalised(rows.tocsr())
    return Profiles(own, own.T.tocsr())


def _matrix(values: Any, rows: Ints, columns: Ints, shape: tuple[int, int]) -> Sparse:
    return sparse.csr_array((values.astype(np.float64), (rows, columns)), shape)
