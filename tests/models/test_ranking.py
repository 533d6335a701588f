"""Figures of rankings: ties against all permutations, and cases known in the head."""

from __future__ import annotations

import doctest
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation import ranking
from models.evaluation.ranking import (
    NOBODY,
    Places,
    best,
    find_places,
    found_within,
    gini,
    hit,
    ndcg,
    recall,
    reciprocal_rank,
    reciprocal_ranks,
)

HUNDRED = settings(max_examples=100, deadline=None, derandomize=True)


def placed(scores: list[float], answers: list[int]) -> Places:
    """Answers of one query."""
    queries = np.zeros(len(answers), np.int64)
    row = np.array([scores], np.float32)
    return Places(1, queries, *find_places(row, queries, np.array(answers)))


def orders(scores: list[float]) -> list[tuple[int, ...]]:
    """All orders of the candidates that the scores allow."""
    candidates = [c for c in range(len(scores)) if scores[c] > -np.inf]
    return [
        order
        for order in permutations(candidates)
        if all(scores[a] >= scores[b] for a, b in pairwise(order))
    ]


def brute_force(scores: list[float], answers: list[int], k: int) -> list[float]:
    """NDCG, hit, recall and reciprocal rank, as the mean over all orders."""
    ideal = sum(1 / np.log2(place + 2) for place in range(min(k, len(answers))))
    figures = []
    for order in orders(scores):
        ranks = sorted(order.index(answer) + 1 for answer in answers)
        within = [rank for rank in ranks if rank <= k]
        gain = sum(1 / np.log2(rank + 1) for rank in within)
        figures.append(
            (gain / ideal, float(bool(within)), len(within) / len(answers), 1 / ranks[0])
        )
    return [float(mean) for mean in np.mean(figures, axis=0)]


@st.composite
def rankings(draw: st.DrawFn) -> tuple[list[float], list[int]]:
    size = draw(st.integers(1, 7))
    scores = [float(draw(st.integers(0, 2))) for _ in range(size)]
    answers = draw(st.lists(st.integers(0, size - 1), min_size=1, unique=True))
    scores += [-np.inf] * draw(st.integers(0, 2))
    return scores, answers


@HUNDRED
@given(rankings(), st.integers(1, 8))
def test_figures_are_the_mean_over_all_orders_of_what_ties(
    ranked: tuple[list[float], list[int]], k: int
) -> None:
    places = placed(*ranked)
    found = [ndcg(places, k), hit(places, k), recall(places, k), reciprocal_rank(places)]
    assert [float(own[0]) for own in found] == pytest.approx(brute_force(*ranked, k))


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(ranking).failed == 0


def test_a_perfect_ranking_scores_one_everywhere() -> None:
    places = placed([3, 2, 1, 0], [0, 1])
    assert ndcg(places, 10) == hit(places, 10) == recall(places, 10) == reciprocal_rank(places) == 1


def test_figures_of_one_query_do_not_touch_those_of_another() -> None:
    rows = np.array([[3, 2, 1], [1, 2, 3]], np.float32)
    queries, answers = np.array([0, 1]), np.array([0, 0])
    places = Places(2, queries, *find_places(rows, queries, answers))
    assert reciprocal_rank(places).tolist() == pytest.approx([1, 1 / 3])
    assert hit(places, 2).tolist() == [1, 0]
    assert recall(places, 1).tolist() == [1, 0]


def test_only_what_counts_is_recalled() -> None:
    places = placed([3, 2, 0], [0, 1])
    assert recall(places, 2, np.array([True, False])).tolist() == [0.5]


def test_forty_thousand_that_tie_are_a_chance_of_ten_in_forty_thousand() -> None:
    places = placed([0.0] * 40_000, [17])
    assert found_within(places, 10)[0] == pytest.approx(10 / 40_000)
    assert hit(places, 10)[0] == pytest.approx(10 / 40_000)


def test_the_list_leaves_out_who_is_no_candidate_and_of_whom_nothing_is_said() -> None:
    row = np.array([[0, 5, -np.inf, 7, 6]], np.float32)
    assert best(row, 4).tolist() == [[3, 4, 1, NOBODY]]


def test_who_ties_heads_lists_about_equally_often() -> None:
    lists = best(np.ones((2_000, 20), np.float32), 5)
    assert all(len(set(row)) == 5 for row in lists.tolist())
    assert gini(np.bincount(lists.ravel(), minlength=20)) < 0.1


@HUNDRED
@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(1, 6))
def test_the_list_is_the_head_of_the_sorted_scores(scores: list[int], k: int) -> None:
    row = np.array([scores], np.float32)
    chosen = [place for place in best(row, k)[0].tolist() if place != NOBODY]
    expected = sorted((score for score in scores if score > 0), reverse=True)[:k]
    assert [scores[place] for place in chosen] == expected


def test_reciprocal_ranks_say_nothing_of_whom_nothing_is_said() -> None:
    ranks = reciprocal_ranks(np.array([[2, 0, -np.inf, 9]], np.float32))
    assert ranks[0].tolist() == pytest.approx([1 / 62, 0, 0, 1 / 61])
