"""Who might be suggested to whom: several sources, one budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models import kernels
from models.baselines import Sparse, is_entry
from models.kernels import Flags, Floats, Ints
from pipeline.recommend.known import Known
from pipeline.recommend.records import Singles

BUDGET = 500
"""Candidates of an author."""

DEPTH = 500
"""Best of each source that are looked at; whoever several sources name takes one place only."""

PUSHED_TO = 3e-6
"""Residual that PageRank leaves: a third of it finds hardly more for twice the work."""

ACTIVITY = 0.1
"""Weight of the logarithm of recent papers beside the cosine of topics: of 0.05, 0.1, 0.2 the best
on earlier cuts. Without it, people of a single paper head every list."""

LEAST_COSINE = np.float32(0.05)
"""Topics that fit less are no reason to suggest anybody."""

AT_ONCE = 1_024
CELLS_AT_ONCE = 32_000_000
"""Pairs of a batch and everybody who may be suggested: 128 MB, three of which stand at a time."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A batch of authors, and what several sources need to know of it.

    Attributes
    ----------
    sources
        Rows of people, shape (batch,).
    open_people
        Rows of people who may be suggested at all, ascending, shape (open,).
    alike, least_alike
        How well their topics fit, with how active they are: shape (batch, open); minus infinity
        for oneself and past coauthors. What it takes to be alike at all, shape (open,).
    """

    known: Known
    sources: Ints
    eligible: Flags
    open_people: Ints
    least_alike: Singles
    alike: Singles
    closed: Sparse


@dataclass(frozen=True, slots=True)
class Source:
    """A way to find candidates.

    Attributes
    ----------
    share
        Places it takes beside the others': the n-th of a source of share 2 comes as early as the
        n/2-th of a source of share 1.
    propose
        Gives candidates for a batch, best first: rows of the batch, and of people.
    """

    share: float
    meaning: str
    propose: Callable[[Asking], tuple[Ints, Ints]]


def _pagerank(asking: Asking) -> tuple[Ints, Ints]:
    found = kernels.pagerank_top_k(
        asking.known.graph, asking.sources, asking.eligible, DEPTH, tolerance=PUSHED_TO
    )
    return np.searchsorted(asking.sources, found.sources), found.targets


def _topics(asking: Asking) -> tuple[Ints, Ints]:
    return _best(asking, np.where(asking.alike > asking.least_alike, asking.alike, -np.inf))


def _workplace(asking: Asking) -> tuple[Ints, Ints]:
    """Same department first, then same institution; each in order of topics and activity."""
    department, institution = (
        _in_common(asking, codes)
        for codes in (_departments(asking.known), asking.known.world.institutions)
    )
    scores = np.full_like(asking.alike, -np.inf)
    for shared, extra in ((institution, 0.0), (department, 10.0)):
        rows, columns = shared
        scores[rows, columns] = asking.alike[rows, columns] + np.float32(extra)
    return _best(asking, scores)


# coauthors of coauthors, coauthors of new coauthors and journals were tried, too: whom they name,
# walks and topics name already (docs/recommendation.md)
SOURCES: Mapping[str, Source] = {
    "pagerank": Source(3, "walks over recent ties that restart at the author", _pagerank),
    "topics": Source(1, "who writes about the same, and often", _topics),
    "workplace": Source(0.5, "same department, then same institution", _workplace),
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates of a batch of authors, in order of authors, then of rows of people.

    Attributes
    ----------
    starts
        Where the candidates of each author begin, shape (batch + 1,).
    targets
        Rows of people, shape (pairs,).
    proposed_by
        For each source of `SOURCES` in order a bit, set where it named the pair, shape (pairs,).
    """

    sources: Ints
    starts: Ints
    targets: Ints
    proposed_by: Ints


def propose(
    known: Known,
    sources: Ints,
    eligible: Flags,
    used: Mapping[str, Source] = SOURCES,
    budget: int = BUDGET,
) -> Iterator[Candidates]:
    """Find candidates for people, some at a time.

    Parameters
    ----------
    sources
        Rows of people to serve, ascending.
    eligible
        Who may be suggested, shape (people,).
    """
    for batch in batches(sources, eligible):
        asking = _ask(known, batch, eligible)
        named = [source.propose(asking) for source in used.values()]
        yield _within_budget(asking, named, [source.share for source in used.values()], budget)


def batches(sources: Ints, eligible: Flags) -> list[Ints]:
    """Sources in batches as large as memory allows."""
    size = min(AT_ONCE, max(CELLS_AT_ONCE // max(int(eligible.sum()), 1), 1))
    return [sources[start : start + size] for start in range(0, sources.size, size)]


def _ask(known: Known, sources: Ints, eligible: Flags) -> Asking:
    open_people = np.flatnonzero(eligible)
    around = known.world.topics_around
    activity = np.log(known.traits["papers_recent"][open_people] + 0.05)
    bonus = (ACTIVITY * activity).astype(np.float32)
    alike = around[sources] @ around[open_people].T
    alike += bonus[np.newaxis]
    closed = (known.wrote[sources] @ known.wrote.T.tocsr()).tocsr()
    shut = closed[:, open_people].tocoo().coords
    alike[shut] = -np.inf
    place = np.searchsorted(open_people, sources)
    inside = (place < open_people.size) & eligible[sources]
    alike[np.flatnonzero(inside), place[inside]] = -np.inf
    return Asking(known, sources, eligible, open_people, bonus + LEAST_COSINE, alike, closed)


def _best(asking: Asking, scores: Singles) -> tuple[Ints, Ints]:
    found = kernels.best_columns(scores, DEPTH)
    rows, places = np.nonzero(found >= 0)
    return rows, asking.open_people[found[rows, places]]


def _departments(known: Known) -> Ints:
    """A code of each workplace's department, -1 where none is named."""
    world = known.world
    both = world.institutions * (world.departments.max(initial=0) + 1) + world.departments
    return np.where(world.departments >= 0, both, -1)


def _in_common(asking: Asking, codes: Ints) -> tuple[Ints, Ints]:
    """Rows of the batch and columns of the open people who have a code in common."""
    world = asking.known.world
    persons = np.repeat(np.arange(asking.eligible.size), np.diff(world.place_starts))
    known = codes >= 0
    shape = (asking.eligible.size, int(codes.max(initial=0)) + 1)
    at = sparse.csr_array((np.ones(known.sum()), (persons[known], codes[known])), shape)
    rows, columns = (at[asking.sources] @ at[asking.open_people].T.tocsr()).tocoo().coords
    return rows, columns


def _within_budget(
    asking: Asking,
    named: list[tuple[Ints, Ints]],
    shares: list[float],
    budget: int,
) -> Candidates:
    """Deal out the places: by rank within the source, divided by its share."""
    count = asking.eligible.size
    rows = np.concatenate([rows for rows, _ in named])
    targets = np.concatenate([targets for _, targets in named])
    keys = np.concatenate(
        [_turns(own, share) for (own, _), share in zip(named, shares, strict=True)]
    )
    bits = np.repeat(1 << np.arange(len(named)), [len(own) for own, _ in named])
    shut = is_entry(asking.closed, rows, targets)
    rows, targets, keys, bits = (part[~shut] for part in (rows, targets, keys, bits))
    pair = rows * count + targets
    order = np.argsort(pair, kind="stable")
    pair = pair[order]
    first = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]]) if pair.size else np.zeros(0, int)
    turn = np.minimum.reduceat(keys[order], first) if pair.size else np.zeros(0)
    proposed_by = np.bitwise_or.reduceat(bits[order], first) if pair.size else np.zeros(0, int)
    kept = _first_turns(pair[first] // count, turn, budget)
    pairs = pair[first][kept]
    starts = np.searchsorted(pairs // count, np.arange(asking.sources.size + 1))
    return Candidates(asking.sources, starts, pairs % count, proposed_by[kept])


def _turns(rows: Ints, share: float) -> Floats:
    """When each candidate of a source comes: its place from 1, divided by the share."""
    place = np.arange(rows.size) - np.searchsorted(rows, rows)
    turns: Floats = (place + 1) / share
    return turns


def _first_turns(rows: Ints, turns: Floats, budget: int) -> Ints:
    """Places of the `budget` earliest of each row, ascending; ties by place."""
    order = np.lexsort((turns, rows))
    place = np.arange(order.size) - np.searchsorted(rows[order], rows[order])
    kept: Ints = np.sort(order[place < budget])
    return kept
