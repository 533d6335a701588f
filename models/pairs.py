"""What two people have in common, measured pair by pair as numba kernels.

The arrays are those of a day, see `World`; networkx and plain loops are the reference in the tests.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from models.kernels import Floats, Ints

Singles = NDArray[np.float32]

ACTIVE = 0.01
"""Share of a person's ties of the last year above which one is active."""

MEASURES = (
    "walk_2",
    "walk_3",
    "lifetime_walk_2",
    "lifetime_walk_3",
    "last_year_walk_2",
    "introduction",
    "shared_coauthors",
    "active_shared_coauthors",
    "strongest_way",
    "fresh_ways",
    "team_share",
    "recent_team_share",
    "team_shares",
    "topics_recent",
    "topics_lifetime",
    "topics_around",
    "words",
    "venues",
    "institution",
    "department",
)
"""Columns of `measure`.

walk_2, walk_3
    Probability that a walk of two or three steps over recent ties ends at the target (Liu & Lü, EPL
    89, 58007, 2010).
lifetime_walk_2, lifetime_walk_3
    The same where each joint paper counts 1, whenever it was.
last_year_walk_2
    Two steps over ties that fall to 1/e in a year.
introduction
    Two steps, the first over ties of the source that are new.
shared_coauthors, active_shared_coauthors
    How many; of these, who tie both within a year.
strongest_way, fresh_ways
    Over shared coauthors, the greatest of the weaker of both ties; the sum of the less fresh of
    both.
team_share, recent_team_share, team_shares
    Greatest share of the source's recent ties that stands on one paper of the target; the same, the
    paper by its age; the sum of these.
topics_recent, topics_lifetime, topics_around
    Cosines of what the two write about: of late, ever, and together with those around them.
words, venues
    Cosines of the words of titles and of the journals, of late.
institution, department
    1 where they have one in common.
"""


class Rows(NamedTuple):
    """Compressed sparse rows, codes ascending in each: shapes (n + 1,), (entries,), (entries,)."""

    starts: NDArray[np.int32]
    codes: NDArray[np.int32]
    weights: Singles


class World(NamedTuple):
    """Arrays of a day, of n people, m directed ties, p papers.

    Attributes
    ----------
    indptr, indices
        Ties in compressed sparse rows, sorted; shapes (n + 1,) and (m,).
    recent, lifetime, last_year, introducing
        Probability of each tie for a step from its row, shape (m,); `introducing` is `recent` where
        the tie is new, else 0.
    weight, freshness
        Of each tie, by the joint papers and their age; exp(-years since the last), shape (m,).
    paper_starts, papers
        Papers of each person, shapes (n + 1,) and (mentions,).
    people_starts, people
        People of each paper, shapes (p + 1,) and (mentions,).
    paper_weight
        Weight of a paper by its age; 0 of one that ties nobody, shape (p,).
    topics_recent, topics_lifetime, topics_around
        Rows of length 1 or 0, shape (n, dimensions).
    words, venues
        Words of titles and journals of each person, rows of length 1, see `Rows`.
    place_starts, institutions, departments
        Workplaces of each person; a department of -1 is not known. Sorted by institution.
    """

    indptr: Ints
    indices: Ints
    recent: Floats
    lifetime: Floats
    last_year: Floats
    introducing: Floats
    weight: Floats
    freshness: Floats
    paper_starts: Ints
    papers: Ints
    people_starts: Ints
    people: Ints
    paper_weight: Floats
    topics_recent: Singles
    topics_lifetime: Singles
    topics_around: Singles
    words: Rows
    venues: Rows
    place_starts: Ints
    institutions: Ints
    departments: Ints


def measure(
    world: World, sources: Ints, starts: Ints, targets: Ints, threads: int = 1
) -> tuple[Singles, Ints]:
    """Measure pairs; the targets of `sources[i]` are `targets[starts[i]:starts[i + 1]]`.

    Returns
    -------
    Shape (targets, MEASURES), and through whom each pair is best reached: the shared coauthor of
    the most probable walk, -1 where there is none.
    """
    found = np.zeros((len(targets), len(MEASURES)), np.float32)
    through = np.full(len(targets), -1, np.int64)
    bounds = np.linspace(0, len(sources), threads + 1).astype(np.int64)

    def run(part: int) -> None:
        own = slice(bounds[part], bounds[part + 1])
        _measure(
            world,
            sources[own],
            starts[bounds[part] : bounds[part + 1] + 1],
            targets,
            found,
            through,
        )

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))
    return found, through


@numba.njit(cache=True, nogil=True)
def _measure(
    world: World, sources: Ints, starts: Ints, targets: Ints, found: Singles, through: Ints
) -> None:
    size = len(world.indptr) - 1
    walks = np.zeros((6, size))
    touched = np.empty((6, size), dtype=np.int64)
    for i in range(len(sources)):
        source = sources[i]
        counts = np.zeros(6, dtype=np.int64)
        for kind in range(2):
            steps = world.recent if kind == 0 else world.lifetime
            first = 3 * kind
            for edge in range(world.indptr[source], world.indptr[source + 1]):
                walks[first, world.indices[edge]] = steps[edge]
                touched[first, counts[first]] = world.indices[edge]
                counts[first] += 1
            for step in range(first, first + 2):
                counts[step + 1] = _step(
                    world.indptr, world.indices, steps, walks[step], touched[step], counts[step],
                    walks[step + 1], touched[step + 1],
                )  # fmt: skip
        for pair in range(starts[i], starts[i + 1]):
            target = targets[pair]
            row = found[pair]
            row[0], row[1] = walks[1, target], walks[2, target]
            row[2], row[3] = walks[4, target], walks[5, target]
            through[pair] = _shared(world, source, target, row)
            _teams(world, walks[0], target, row)
            row[13] = _dot(world.topics_recent, source, target)
            row[14] = _dot(world.topics_lifetime, source, target)
            row[15] = _dot(world.topics_around, source, target)
            row[16] = _cosine(world.words, source, target)
            row[17] = _cosine(world.venues, source, target)
            _places(world, source, target, row)
        for step in range(6):
            for k in range(counts[step]):
                walks[step, touched[step, k]] = 0.0


@numba.njit(cache=True, nogil=True)
def _step(
    indptr: Ints,
    indices: Ints,
    steps: Floats,
    walk: Floats,
    touched: Ints,
    count: int,
    onward: Floats,
    reached: Ints,
) -> int:
    """Take one more step from everybody of `touched`; return how many are reached."""
    size = 0
    for k in range(count):
        node = touched[k]
        mass = walk[node]
        if mass == 0.0:
            continue
        for edge in range(indptr[node], indptr[node + 1]):
            if steps[edge] == 0.0:
                continue
            target = indices[edge]
            if onward[target] == 0.0:
                reached[size] = target
                size += 1
            onward[target] += mass * steps[edge]
    return size


@numba.njit(cache=True, nogil=True)
def _shared(world: World, source: int, target: int, row: Singles) -> int:
    """Merge the two sorted rows of ties; return through whom the target is best reached."""
    through, best = -1, 0.0
    i, j = world.indptr[source], world.indptr[target]
    last_i, last_j = world.indptr[source + 1], world.indptr[target + 1]
    while i < last_i and j < last_j:
        if world.indices[i] < world.indices[j]:
            i += 1
        elif world.indices[i] > world.indices[j]:
            j += 1
        else:
            # the step from the shared coauthor to the target
            onward = _edge(world.indptr, world.indices, world.indices[i], target)
            row[4] += world.last_year[i] * world.last_year[onward]
            row[5] += world.introducing[i] * world.recent[onward]
            row[6] += 1
            if world.last_year[i] > ACTIVE and world.last_year[j] > ACTIVE:
                row[7] += 1
            row[8] = max(row[8], min(world.weight[i], world.weight[j]))
            row[9] += min(world.freshness[i], world.freshness[j])
            walk = world.recent[i] * world.recent[onward]
            if walk > best:
                through, best = world.indices[i], walk
            i += 1
            j += 1
    return through


@numba.njit(cache=True, nogil=True)
def _edge(indptr: Ints, indices: Ints, node: int, target: int) -> int:
    start = indptr[node]
    return int(start + np.searchsorted(indices[start : indptr[node + 1]], target))


@numba.njit(cache=True, nogil=True)
def _teams(world: World, ties: Floats, target: int, row: Singles) -> None:
    for k in range(world.paper_starts[target], world.paper_starts[target + 1]):
        paper = world.papers[k]
        if world.paper_weight[paper] == 0.0:
            continue
        share = 0.0
        for person in range(world.people_starts[paper], world.people_starts[paper + 1]):
            share += ties[world.people[person]]
        row[10] = max(row[10], share)
        row[11] = max(row[11], share * world.paper_weight[paper])
        row[12] += share * world.paper_weight[paper]


@numba.njit(cache=True, nogil=True)
def _dot(rows: Singles, first: int, second: int) -> float:
    total = np.float32(0.0)
    for k in range(rows.shape[1]):
        total += rows[first, k] * rows[second, k]
    return float(total)


@numba.njit(cache=True, nogil=True)
def _cosine(rows: Rows, source: int, target: int) -> float:
    total = 0.0
    i, j = rows.starts[source], rows.starts[target]
    while i < rows.starts[source + 1] and j < rows.starts[target + 1]:
        if rows.codes[i] < rows.codes[j]:
            i += 1
        elif rows.codes[i] > rows.codes[j]:
            j += 1
        else:
            total += rows.weights[i] * rows.weights[j]
            i += 1
            j += 1
    return total


@numba.njit(cache=True, nogil=True)
def _places(world: World, source: int, target: int, row: Singles) -> None:
    for i in range(world.place_starts[source], world.place_starts[source + 1]):
        for j in range(world.place_starts[target], world.place_starts[target + 1]):
            if world.institutions[i] == world.institutions[j]:
                row[18] = 1
                department = world.departments[i]
                if department >= 0 and department == world.departments[j]:
                    row[19] = 1


def places(starts: Ints, values: Singles) -> Singles:
    """How many of its list are greater than each value.

    List i is `values[starts[i]:starts[i + 1]]`.

    Examples
    --------
    >>> places(np.array([0, 3, 4]), np.array([1, 2, 1, 5], np.float32)).tolist()
    [1.0, 0.0, 1.0, 0.0]
    """
    return _places_in_lists(starts, values)


@numba.njit(cache=True, nogil=True)
def _places_in_lists(starts: Ints, values: Singles) -> Singles:
    found = np.zeros(len(values), np.float32)
    for i in range(len(starts) - 1):
        own = values[starts[i] : starts[i + 1]]
        ascending = np.sort(own)
        above = len(own) - np.searchsorted(ascending, own, side="right")
        found[starts[i] : starts[i + 1]] = above
    return found


def last_joint_days(
    ties: tuple[Ints, Ints], wrote: tuple[Ints, Ints], by: tuple[Ints, Ints], days: Ints
) -> Ints:
    """Day of the last joint paper of each tie.

    Parameters
    ----------
    ties
        In compressed sparse rows, n people and m directed ties; shapes (n + 1,) and (m,).
    wrote, by
        Papers of each person, and people of each paper, in compressed sparse rows.
    days
        Of each paper; one that does not count has the least day that an integer holds.

    Returns
    -------
    Shape (m,).
    """
    return _last_joint_days(*ties, *wrote, *by, days)


@numba.njit(cache=True, nogil=True)
def _last_joint_days(
    indptr: Ints,
    indices: Ints,
    paper_starts: Ints,
    papers: Ints,
    people_starts: Ints,
    people: Ints,
    days: Ints,
) -> Ints:
    last = np.full(len(indices), np.iinfo(np.int64).min)
    latest = np.full(len(indptr) - 1, np.iinfo(np.int64).min)
    for person in range(len(indptr) - 1):
        for k in range(paper_starts[person], paper_starts[person + 1]):
            day = days[papers[k]]
            for j in range(people_starts[papers[k]], people_starts[papers[k] + 1]):
                latest[people[j]] = max(latest[people[j]], day)
        for edge in range(indptr[person], indptr[person + 1]):
            last[edge] = latest[indices[edge]]
        for k in range(paper_starts[person], paper_starts[person + 1]):
            for j in range(people_starts[papers[k]], people_starts[papers[k] + 1]):
                latest[people[j]] = np.iinfo(np.int64).min
    return last


def closest_papers(
    starts: Ints, papers: Ints, places: Singles, sources: Ints, targets: Ints
) -> tuple[Ints, Ints]:
    """The two papers of each pair that lie closest among the topics.

    Parameters
    ----------
    starts, papers
        Papers of each person in compressed sparse rows, shapes (n + 1,) and (mentions,).
    places
        Rows of length 1 or 0, shape (papers, dimensions).
    sources, targets
        Shape (pairs,).

    Returns
    -------
    A paper of the source and one of the target; -1 where no two have anything in common.
    """
    return _closest(starts, papers, places, sources, targets)


@numba.njit(cache=True, nogil=True)
def _closest(
    starts: Ints, papers: Ints, places: Singles, sources: Ints, targets: Ints
) -> tuple[Ints, Ints]:
    own = np.full(len(sources), -1, dtype=np.int64)
    other = np.full(len(sources), -1, dtype=np.int64)
    for pair in range(len(sources)):
        best = 0.0
        for i in range(starts[sources[pair]], starts[sources[pair] + 1]):
            for j in range(starts[targets[pair]], starts[targets[pair] + 1]):
                likeness = _dot(places, papers[i], papers[j])
                if likeness > best:
                    best, own[pair], other[pair] = likeness, papers[i], papers[j]
    return own, other
