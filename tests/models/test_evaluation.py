"""Measures on cases whose answer is known in the head."""

from __future__ import annotations

import doctest
import math
from itertools import combinations
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation import (
    Scores,
    b_cubed,
    calibration_curve,
    cluster_pairs,
    clusters,
    expected_calibration_error,
    pair_scores,
    probabilities,
    scores,
    splitting_and_lumping,
    without_singletons,
)

YES, NO = True, False


def points(found: Scores) -> tuple[float, float, float]:
    return found.precision.value, found.recall.value, found.f1.value


def codes(text: str) -> np.ndarray:
    return np.array([ord(letter) for letter in text], np.int64)


@pytest.mark.parametrize("module", [scores, clusters, probabilities])
def test_the_examples_in_the_docstrings_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def test_a_decision_that_joins_half_of_the_right_pairs_has_a_recall_of_a_half() -> None:
    same = np.array([YES, YES, NO, NO])
    joined = np.array([YES, NO, NO, NO])
    found = pair_scores(same, joined, np.arange(4))
    assert points(found) == pytest.approx((1.0, 0.5, 2 / 3))
    assert found.count == 4


def test_joining_nothing_is_a_recall_of_nothing_and_no_precision() -> None:
    found = pair_scores(np.array([YES, NO]), np.array([NO, NO]), np.arange(2))
    assert math.isnan(found.precision.value)
    assert (found.recall.value, found.f1.value) == (0.0, 0.0)


def test_no_pairs_at_all_give_no_figures() -> None:
    found = pair_scores(np.zeros(0, bool), np.zeros(0, bool), np.zeros(0, int))
    assert all(math.isnan(value) for value in points(found))
    assert found.count == 0


def test_an_interval_is_the_same_for_the_same_seed_and_holds_the_value() -> None:
    draw = np.random.default_rng(3)
    same = draw.random(500) < 0.6
    joined = same ^ (draw.random(500) < 0.1)
    one, again = (pair_scores(same, joined, np.arange(500)) for _ in range(2))
    assert one == again
    assert one.f1.low < one.f1.value < one.f1.high
    assert one.f1.high - one.f1.low < 0.1


def test_pairs_of_one_block_are_drawn_together() -> None:
    same = np.array([YES, NO] * 50)
    joined = np.ones(100, bool)
    alone = pair_scores(same, joined, np.arange(100))
    together = pair_scores(same, joined, np.repeat(np.arange(10), 10))
    assert alone.precision.high > alone.precision.low
    # every block is half right, so no draw of blocks can differ
    assert together.precision.low == together.precision.high == 0.5


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    draw = np.random.default_rng(5)
    hits = 0
    for seed in range(100):
        joined = np.ones(200, bool)
        found = pair_scores(draw.random(200) < 0.7, joined, np.arange(200), seed)
        hits += found.precision.low <= 0.7 <= found.precision.high
    assert 88 <= hits <= 100


def test_b_cubed_of_the_example_of_bagga_and_baldwin() -> None:
    # three persons of 5, 2 and 5 mentions; the last two are lumped
    found = b_cubed(codes("aaaaabbbbbbb"), codes("11111223333" + "3"))
    precision = (5 * 1 + 2 * 2 / 7 + 5 * 5 / 7) / 12
    assert points(found) == pytest.approx((precision, 1.0, 2 * precision / (1 + precision)))


def test_perfect_clusters_have_no_errors_and_all_apart_only_splits() -> None:
    persons = codes("aaabbc")
    perfect, apart = splitting_and_lumping(persons, persons), np.arange(6)
    assert (perfect.splitting.value, perfect.lumping.value) == (0.0, 0.0)
    found = splitting_and_lumping(apart, persons)
    assert (found.splitting.value, found.lumping.value) == (3 / 6, 0.0)
    assert points(b_cubed(apart, persons))[:2] == (1.0, 0.5)


def test_all_in_one_cluster_only_lumps() -> None:
    persons = codes("aaab")
    found = splitting_and_lumping(np.zeros(4, np.int64), persons)
    # the cluster of 4 is the largest of both: 1 stranger for a, 3 for b
    assert (found.splitting.value, found.lumping.value) == (0.0, 4 / 8)


def test_persons_of_one_mention_can_be_left_out() -> None:
    assert without_singletons(codes("abacc")).tolist() == [YES, NO, YES, YES, YES]


labelled = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


@settings(deadline=None, max_examples=60)
@given(labelled)
def test_scores_of_clusters_equal_a_count_over_all_pairs(rows: list[tuple[int, int]]) -> None:
    found, persons = np.array(rows, np.int64).T
    pairs = list(combinations(range(len(rows)), 2))
    same = np.array([persons[a] == persons[b] for a, b in pairs], bool)
    joined = np.array([found[a] == found[b] for a, b in pairs], bool)
    expected = pair_scores(same, joined, np.arange(len(pairs)))
    result = cluster_pairs(found, persons)
    assert points(result) == pytest.approx(points(expected), nan_ok=True)
    assert result.count == same.sum()


@settings(deadline=None, max_examples=60)
@given(labelled)
def test_b_cubed_equals_a_count_over_all_mentions(rows: list[tuple[int, int]]) -> None:
    found, persons = np.array(rows, np.int64).T
    precision = recall = 0.0
    for cluster, person in rows:
        both = sum(row == (cluster, person) for row in rows)
        precision += both / (found == cluster).sum() / len(rows)
        recall += both / (persons == person).sum() / len(rows)
    assert points(b_cubed(found, persons))[:2] == pytest.approx((precision, recall))


def test_probabilities_that_come_true_as_often_as_they_say_have_no_calibration_error() -> None:
    probability = np.repeat([0.25, 0.75], 4)
    outcome = np.array([1, 0, 0, 0, 1, 1, 1, 0], bool)
    assert expected_calibration_error(probability, outcome) == pytest.approx(0)
    curve = calibration_curve(probability, outcome)
    assert curve.predicted.tolist() == curve.observed.tolist() == [0.25, 0.75]
    assert curve.counts.tolist() == [4, 4]


def test_being_sure_and_wrong_is_the_greatest_error() -> None:
    assert expected_calibration_error(np.array([1.0, 0.0]), np.array([NO, YES])) == 1.0
    assert math.isnan(expected_calibration_error(np.zeros(0), np.zeros(0, bool)))
