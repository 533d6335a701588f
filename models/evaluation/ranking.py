"""How high a ranking puts the right answers, and whom its lists show.

Scores often tie: whoever shares no coauthor with a person has the score 0. A figure is therefore
the mean over all orders of those that tie, in closed form (McSherry & Najork, Computing information
retrieval performance measures efficiently in the presence of tied scores, ECIR 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Matrix = NDArray[np.float32]
"""Scores of candidates, a row each query; minus infinity for who is no candidate.

In single precision, so that rounding errors do not break ties.
"""

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Places:
    """Where the right answers stand, each in the ranking of its query; arrays of shape (answers,).

    Attributes
    ----------
    queries
        Row of the query, below `query_count`; every query has an answer.
    above
        Candidates with a higher score.
    tied
        Candidates with the same score, the answer included.
    """

    query_count: int
    queries: Ints
    above: Ints
    tied: Ints

    @property
    def counts(self) -> Ints:
        """Answers of each query, shape (queries,)."""
        return np.bincount(self.queries, minlength=self.query_count)


def find_places(scores: Matrix, queries: Ints, answers: Ints) -> tuple[Ints, Ints]:
    """Count who stands above each answer and who ties with it.

    Parameters
    ----------
    scores
        Shape (queries, candidates).
    queries, answers
        Row and column of each answer, shape (answers,).

    Examples
    --------
    >>> scores = np.array([[3, 1, 1, 0, -np.inf]], np.float32)
    >>> above, tied = find_places(scores, np.array([0, 0]), np.array([1, 3]))
    >>> above.tolist(), tied.tolist()
    ([1, 3], [2, 1])
    """
    return _count(scores, queries, answers)


@njit(cache=True, nogil=True)
def _count(scores: Matrix, queries: Ints, answers: Ints) -> tuple[Ints, Ints]:
    above = np.zeros(len(queries), np.int64)
    tied = np.zeros(len(queries), np.int64)
    for place in range(len(queries)):
        row = scores[queries[place]]
        own = row[answers[place]]
        higher = equal = 0
        for score in row:
            higher += score > own
            equal += score == own
        above[place], tied[place] = higher, equal
    return above, tied


def ndcg(places: Places, k: int) -> Reals:
    """Expected normalised discounted cumulative gain of the first k, shape (queries,).

    Järvelin & Kekäläinen, ACM TOIS 20(4), 2002, with gains of 0 and 1. An answer that ties with t
    candidates behind a others takes each of the places a + 1 … a + t with probability 1/t.

    Examples
    --------
    >>> ndcg(Places(1, np.array([0]), np.array([0]), np.array([2])), 10).round(3).tolist()
    [0.815]
    """
    discounts = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    first, last = np.minimum(places.above, k), np.minimum(places.above + places.tied, k)
    gains = (discounts[last] - discounts[first]) / places.tied
    return _sums(places, gains) / discounts[np.minimum(places.counts, k)]


def recall(places: Places, k: int, counted: Flags | None = None) -> Reals:
    """Expected share of a query's answers among the first k, shape (queries,).

    Parameters
    ----------
    counted
        Answers that count when found, shape (answers,); None: all.

    Examples
    --------
    >>> recall(Places(1, np.array([0, 0]), np.array([0, 1]), np.array([1, 3])), 2).round(3).tolist()
    [0.667]
    """
    found = found_within(places, k)
    return _sums(places, found if counted is None else found * counted) / places.counts


def found_within(places: Places, k: int) -> Reals:
    """Probability that each answer is among the first k, shape (answers,)."""
    room = np.clip(k - places.above, 0, places.tied)
    return room / places.tied


def hit(places: Places, k: int) -> Reals:
    """Probability that some answer is among the first k, shape (queries,).

    Of t that tie, r are answers and the first m are shown: none is an answer with probability
    C(t - r, m) / C(t, m).

    Examples
    --------
    >>> hit(Places(1, np.array([0, 0]), np.array([0, 0]), np.array([4, 4])), 2).round(3).tolist()
    [0.833]
    """
    queries, above, tied, answers = _groups(places)
    shown = np.clip(k - above, 0, tied)
    missed = np.ones(queries.size)
    for place in range(k):
        left = np.maximum(tied - answers - place, 0) / np.maximum(tied - place, 1)
        missed *= np.where(place < shown, left, 1.0)
    none = np.ones(places.query_count)
    np.multiply.at(none, queries, missed)
    return 1 - none


def reciprocal_rank(places: Places) -> Reals:
    """Expected 1 / rank of the first answer, shape (queries,); its mean is the MRR.

    Voorhees, TREC-8 1999. Of t that tie behind a others, r are answers: the first of these is at
    a + j + 1 with probability C(t - j - 1, r - 1) / C(t, r).

    Examples
    --------
    >>> reciprocal_rank(Places(1, np.array([0]), np.array([1]), np.array([2]))).round(4).tolist()
    [0.4167]
    """
    queries, above, tied, answers = _groups(places)
    first = np.unique(queries, return_index=True)[1]
    return _first_ranks(above[first], tied[first], answers[first])


@njit(cache=True, nogil=True)
def _first_ranks(above: Ints, tied: Ints, answers: Ints) -> Reals:
    expected = np.zeros(len(above))
    for query in range(len(above)):
        t, r = tied[query], answers[query]
        probability = r / t
        for j in range(t - r + 1):
            expected[query] += probability / (above[query] + j + 1)
            if j < t - r:
                probability *= (t - r - j) / (t - j - 1)
    return expected


def _groups(places: Places) -> tuple[Ints, Ints, Ints, Ints]:
    """Answers of a query that tie, as one: query, above, tied, number; by the first two."""
    order = np.lexsort((places.above, places.queries))
    keys = np.stack([places.queries, places.above])[:, order]
    groups, first, sizes = np.unique(keys, axis=1, return_index=True, return_counts=True)
    return groups[0], groups[1], places.tied[order][first], sizes


def _sums(places: Places, values: Reals) -> Reals:
    sums: Reals = np.bincount(places.queries, values, places.query_count).astype(np.float64)
    return sums


def best(scores: Matrix, k: int, random_state: int = 0) -> Ints:
    """Who heads each row, best first, shape (queries, k); ties in random order.

    Only scores above 0 count as said; where fewer than k are, `NOBODY` fills the row.

    Examples
    --------
    >>> best(np.array([[0.0, 2.0, 3.0, -np.inf]], np.float32), 3).tolist()
    [[2, 1, -1]]
    """
    return _best(scores, k, np.uint64(random_state))


@njit(cache=True, nogil=True)
def _best(scores: Matrix, k: int, seed: np.uint64) -> Ints:
    query_count, width = scores.shape
    kept = np.full((query_count, k), NOBODY, np.int64)
    lots = np.zeros(k, np.uint64)
    for query in range(query_count):
        size = 0
        for column in range(width):
            score = scores[query, column]
            if score <= 0 or (size == k and score < scores[query, kept[query, k - 1]]):
                continue
            lot = _lot(seed, query * width + column)
            place = size
            while place > 0:
                other = scores[query, kept[query, place - 1]]
                if other > score or (other == score and lots[place - 1] >= lot):
                    break
                if place < k:
                    kept[query, place], lots[place] = kept[query, place - 1], lots[place - 1]
                place -= 1
            if place < k:
                kept[query, place], lots[place] = column, lot
                size = min(size + 1, k)
    return kept


@njit(cache=True, nogil=True)
def _lot(seed: np.uint64, number: int) -> np.uint64:
    """Mix into a random number (SplitMix64: Steele, Lea & Flood, OOPSLA 2014)."""
    lot = (seed + np.uint64(1) + np.uint64(number)) * np.uint64(0x9E3779B97F4A7C15)
    lot = (lot ^ (lot >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    lot = (lot ^ (lot >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return lot ^ (lot >> np.uint64(31))


def reciprocal_ranks(scores: Matrix, offset: float = 60.0) -> Matrix:
    """1 / (offset + rank) of each candidate with a score above 0, else 0; for fusion.

    Cormack, Clarke & Büttcher, Reciprocal rank fusion, SIGIR 2009. Ties share their mean rank.

    Examples
    --------
    >>> reciprocal_ranks(np.array([[5, 7, 0, 5]], np.float32), 0.0).tolist()
    [[0.4000000059604645, 1.0, 0.0, 0.4000000059604645]]
    """
    return _reciprocal_ranks(scores, offset)


@njit(cache=True, nogil=True)
def _reciprocal_ranks(scores: Matrix, offset: float) -> Matrix:
    found = np.zeros(scores.shape, np.float32)
    for query in range(scores.shape[0]):
        row = scores[query]
        said = np.flatnonzero(row > 0)
        order = said[np.argsort(-row[said])]
        start = 0
        while start < len(order):
            stop = start + 1
            while stop < len(order) and row[order[stop]] == row[order[start]]:
                stop += 1
            for place in range(start, stop):
                found[query, order[place]] = 1.0 / (offset + (start + stop + 1) / 2)
            start = stop
    return found


def gini(counts: NDArray[np.int64] | Reals) -> float:
    """Gini coefficient: 0 where all have the same, near 1 where one has everything.

    Gini 1912, by the sorted form of Brown (Social Science & Medicine 38(9), 1994).

    Examples
    --------
    >>> gini(np.array([1, 1, 1, 1])), gini(np.array([0, 0, 0, 4]))
    (0.0, 0.75)
    """
    values = np.sort(np.asarray(counts, np.float64))
    total = values.sum()
    if not total:
        return float("nan")
    order = np.arange(1, values.size + 1)
    return float((2 * order - values.size - 1) @ values / (values.size * total))
