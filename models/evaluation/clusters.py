"""How well clusters of mentions agree with persons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.scores import Codes, Flags, Measure, Reals, Scores, scores_of, shares_of


@dataclass(frozen=True, slots=True)
class Errors:
    """Shares of mentions that are split off and that are lumped in."""

    splitting: Measure
    lumping: Measure


def b_cubed(
    clusters: Codes, persons: Codes, units: NDArray[np.generic] | None = None, random_state: int = 0
) -> Scores:
    """B³: for each mention, what share of its cluster is its person, and of its person its cluster.

    Bagga & Baldwin, Algorithms for scoring coreference chains, LREC 1998; every mention weighs the
    same, and one stands in its own cluster.

    Parameters
    ----------
    clusters, persons
        Codes of each mention, shape (mentions,).
    units
        What the bootstrap draws together; persons by default.

    Examples
    --------
    >>> found = b_cubed(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    >>> round(found.precision.value, 3), round(found.recall.value, 3), round(found.f1.value, 3)
    (0.667, 0.75, 0.706)
    """
    both, in_cluster, in_person = _sizes(clusters, persons)
    one = np.ones(len(both))
    sums = np.column_stack([both / in_cluster, one, both / in_person, one])
    return scores_of(sums, persons if units is None else units, random_state)


def cluster_pairs(
    clusters: Codes, persons: Codes, units: NDArray[np.generic] | None = None, random_state: int = 0
) -> Scores:
    """Pairwise precision, recall and F1 over all pairs of mentions, without listing them.

    Each mention takes half of every pair that it is in. `count` is of pairs of one person.

    Examples
    --------
    >>> found = cluster_pairs(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    >>> round(found.precision.value, 3), found.recall.value, found.count
    (0.333, 0.5, 2)
    """
    both, in_cluster, in_person = _sizes(clusters, persons)
    halves = [(sizes - 1) / 2 for sizes in (both, in_cluster, in_person)]
    sums = np.column_stack([halves[0], halves[1], halves[0], halves[2]])
    scores = scores_of(sums, persons if units is None else units, random_state)
    return Scores(scores.precision, scores.recall, scores.f1, round(halves[2].sum()))


def splitting_and_lumping(
    clusters: Codes, persons: Codes, units: NDArray[np.generic] | None = None, random_state: int = 0
) -> Errors:
    """Shares of mentions outside their person's largest cluster, and of others within it.

    The largest cluster of a person is the one with most of the person's mentions; of several, the
    one with fewest others. Splitting: the person's mentions elsewhere, summed over persons, by all
    their mentions. Lumping: other persons' mentions in it, summed, by all mentions in the largest
    clusters. Lerchenmueller & Sorenson, PLoS ONE 11(7), 2016, after Torvik & Smalheiser, ACM TKDD
    3(3), 2009; formulas as in Kim, Scientometrics 120, 2019.

    Examples
    --------
    >>> found = splitting_and_lumping(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    >>> found.splitting.value, round(found.lumping.value, 3)
    (0.25, 0.25)
    """
    cells, both = np.unique(np.stack([persons, clusters]), axis=1, return_counts=True)
    names, sizes = np.unique(clusters, return_counts=True)
    whole = sizes[np.searchsorted(names, cells[1])]
    order = np.lexsort((cells[1], whole, -both, cells[0]))
    person, first = np.unique(cells[0][order], return_index=True)
    largest = order[first]
    in_person = np.bincount(np.searchsorted(person, persons)).astype(np.float64)
    kept, held = both[largest], whole[largest]
    sums = np.column_stack([in_person - kept, in_person, held - kept, held]).astype(np.float64)
    of_person = person if units is None else _unit_of(person, persons, units)
    return Errors(*shares_of(sums, of_person, random_state))


def without_singletons(persons: Codes) -> Flags:
    """Mentions of persons who have more than one: a person of one mention cannot be split.

    Examples
    --------
    >>> without_singletons(np.array([5, 5, 7])).tolist()
    [True, True, False]
    """
    _, codes, counts = np.unique(persons, return_inverse=True, return_counts=True)
    several: Flags = counts[codes.ravel()] > 1
    return several


def _sizes(clusters: Codes, persons: Codes) -> tuple[Reals, Reals, Reals]:
    """Of each mention: mentions of its person in its cluster, in its cluster, of its person."""
    columns = (np.stack([clusters, persons]), clusters[np.newaxis], persons[np.newaxis])
    counted = []
    for column in columns:
        _, codes, counts = np.unique(column, axis=1, return_inverse=True, return_counts=True)
        counted.append(counts[codes.ravel()].astype(np.float64))
    return counted[0], counted[1], counted[2]


def _unit_of(person: Codes, persons: Codes, units: NDArray[np.generic]) -> NDArray[np.generic]:
    order = np.argsort(persons, kind="stable")
    return units[order][np.searchsorted(persons[order], person)]
