"""The ranker: planted weights and chances come back, and files keep every number."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.ranker import (
    ANSWERS_OF_A_LIST,
    Lists,
    Ranker,
    Reals,
    fit_probability,
    fit_weights,
    load_ranker,
    save_ranker,
)

PLANTED = np.array([1.5, -1.0, 0.5, 0.0])
NONE_FREE = np.zeros(4, bool)
ONES, ZEROS = np.ones(4), np.zeros(4)


def drawn(count: int, size: int, seed: int = 0, answers: int = 1) -> Lists:
    """Lists whose answers are drawn by a softmax over the planted weights, one after the other."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, size, 4)).astype(np.float32)
    # the highest of scores with Gumbel noise are such draws
    noisy = values @ PLANTED + rng.gumbel(size=(count, size))
    order = np.argsort(-noisy, axis=1)
    is_answer = np.zeros((count, size), bool)
    np.put_along_axis(is_answer, order[:, :answers], True, axis=1)
    number = np.repeat(np.arange(count), size)
    return Lists(values.reshape(-1, 4), number, is_answer.ravel(), np.ones(count * size))


def some_of(lists: Lists, share: int, seed: int = 0) -> Lists:
    """All answers, and one of `share` others, which stands for so many."""
    rng = np.random.default_rng(seed)
    kept = lists.is_answer | (rng.integers(share, size=lists.lists.size) == 0)
    stands_for = np.where(lists.is_answer, 1.0, share)
    return Lists(lists.values[kept], lists.lists[kept], lists.is_answer[kept], stands_for[kept])


def objective(lists: Lists, scale: Reals, penalty: Reals, prior: Reals, weights: Reals) -> float:
    """What `fit_weights` minimises, list by list, as its docstring and paper say."""
    total = float(penalty @ (weights - prior) ** 2 / 2)
    score = (lists.values.astype(np.float64) / scale) @ weights
    for number in np.unique(lists.lists):
        own = lists.lists == number
        answers = score[own & lists.is_answer]
        if not answers.size:
            continue
        log_sum = np.log(np.sum(lists.stands_for[own] * np.exp(score[own])))
        total -= min(answers.size, ANSWERS_OF_A_LIST) * float(np.mean(answers - log_sum))
    return total


def ranker(**given: Any) -> Ranker:
    made = Ranker(
        ("walk", "topics"), (0.5, -1.0), (2.0, 0.5), (3.0, -0.25), -2.0, 1.5, 24, "a drawn world"
    )
    return replace(made, **given)


def test_planted_weights_come_back() -> None:
    weights = fit_weights(drawn(800, 40), ONES, 1e-3, ZEROS, NONE_FREE)
    assert weights == pytest.approx(PLANTED, abs=0.15)


def test_weights_are_told_on_scaled_values() -> None:
    scale = np.array([2.0, 0.5, 1.0, 4.0])
    weights = fit_weights(drawn(800, 40), scale, 1e-3, ZEROS, NONE_FREE)
    assert weights / scale == pytest.approx(PLANTED, abs=0.15)


@pytest.mark.parametrize("answers", [1, 2, 5])
@pytest.mark.parametrize("ridge", [0.1, 30.0])
def test_the_weights_are_where_the_objective_is_least(answers: int, ridge: float) -> None:
    lists = some_of(drawn(120, 25, answers=answers, seed=answers), 3)
    lists.is_answer[lists.lists % 7 == 0] = False  # lists without an answer teach nothing
    scale, prior = np.array([2.0, 0.5, 1.0, 1.5]), np.array([0.0, 0.5, -0.5, 1.0])
    free = np.array([True, False, False, False])
    penalty = np.where(free, ridge / 1_000, ridge)
    found = fit_weights(lists, scale, ridge, prior, free)
    least = objective(lists, scale, penalty, prior, found)
    for step in 1e-3 * np.eye(4):
        above, below = (
            objective(lists, scale, penalty, prior, found + side * step) for side in (1, -1)
        )
        curvature = (above - 2 * least + below) / 1e-6
        slope = (above - below) / 2e-3
        # as far from the optimum as single precision lets it come
        assert abs(slope / curvature) < 2e-3
    rng = np.random.default_rng(answers)
    for step in rng.normal(scale=0.05, size=(20, 4)):
        assert objective(lists, scale, penalty, prior, found + step) > least


def test_pairs_that_stand_for_others_teach_nearly_the_same() -> None:
    lists = drawn(400, 400)
    whole = fit_weights(lists, ONES, 1e-3, ZEROS, NONE_FREE)
    some = fit_weights(some_of(lists, 4), ONES, 1e-3, ZEROS, NONE_FREE)
    assert some == pytest.approx(whole, abs=0.1)
    assert whole == pytest.approx(PLANTED, abs=0.2)


def test_a_huge_ridge_leaves_the_prior() -> None:
    prior = np.array([0.3, 0.7, -2.0, 4.0])
    for free in (NONE_FREE, ~NONE_FREE):
        weights = fit_weights(drawn(50, 10), ONES, 1e12, prior, free)
        assert weights == pytest.approx(prior, abs=1e-5)


def test_only_free_features_get_away_from_the_prior() -> None:
    free = np.array([True, False, False, False])
    weights = fit_weights(drawn(400, 40), ONES, 1e6, ZEROS, free)
    assert weights[0] > 0.1
    assert abs(weights[1:]).max() < 0.01


def test_a_list_of_many_answers_counts_as_one_of_few() -> None:
    """One list says up, one says down; with ten answers it would say so ten times as loud."""
    values = np.zeros((40, 4), np.float32)
    values[:10, 0], values[20:23, 0] = 1.0, -1.0
    lists = Lists(values, np.repeat([0, 1], 20), values[:, 0] != 0, np.ones(40))
    weights = fit_weights(lists, ONES, 1.0, ZEROS, NONE_FREE)
    only_three = Lists(values, lists.lists, lists.is_answer.copy(), lists.stands_for)
    only_three.is_answer[3:10] = False
    assert weights == pytest.approx(fit_weights(only_three, ONES, 1.0, ZEROS, NONE_FREE), abs=1e-4)


def test_contributions_sum_to_the_score() -> None:
    rng = np.random.default_rng(0)
    names = tuple(f"feature {i}" for i in range(40))
    origin, weights = (tuple(rng.normal(size=40).tolist()) for _ in "12")
    made = ranker(features=names, origin=origin, scale=tuple(rng.uniform(0.01, 5, 40).tolist()),
                  weights=weights)  # fmt: skip
    values = rng.normal(scale=5, size=(200, 40)).astype(np.float32)
    each = made.contributions(values)
    assert each.shape == (200, 40)
    assert each.sum(axis=1) == pytest.approx(made.score(values), abs=1e-9)


def test_a_score_known_in_the_head() -> None:
    values = np.array([[0.5, -1.0], [2.5, 0.0]], np.float32)
    assert ranker().contributions(values).tolist() == [[0.0, 0.0], [3.0, -0.5]]
    assert ranker().score(values).tolist() == [0.0, 2.5]
    chance = ranker().probability(np.array([0.0, 4 / 3, 1e6]))
    assert chance == pytest.approx([1 / (1 + np.exp(2.0)), 0.5, 1.0])


def test_probabilities_are_those_that_were_planted() -> None:
    rng = np.random.default_rng(0)
    score = rng.normal(scale=1.5, size=40_000)
    came_true = rng.random(score.size) < ranker().probability(score)
    intercept, slope = fit_probability(score, came_true, np.ones(score.size))
    assert (intercept, slope) == pytest.approx((-2.0, 1.5), abs=0.08)
    fitted = ranker(intercept=intercept, slope=slope).probability(score)
    for part in np.array_split(np.argsort(score), 8):
        assert fitted[part].mean() == pytest.approx(came_true[part].mean(), abs=0.02)


def test_probabilities_of_pairs_that_stand_for_others() -> None:
    rng = np.random.default_rng(0)
    score = rng.normal(scale=1.5, size=80_000)
    came_true = rng.random(score.size) < ranker().probability(score)
    kept = came_true | (rng.integers(4, size=score.size) == 0)
    stands_for = np.where(came_true, 1.0, 4.0)
    found = fit_probability(score[kept], came_true[kept], stands_for[kept])
    assert found == pytest.approx((-2.0, 1.5), abs=0.1)


@pytest.mark.parametrize("outcome", [True, False])
def test_outcomes_all_alike_teach_no_probability(outcome: bool) -> None:
    with pytest.raises(ValueError, match="all alike"):
        fit_probability(np.arange(3.0), np.full(3, outcome), np.ones(3))


def test_a_saved_ranker_is_read_back_to_the_last_digit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for place, size in enumerate((1, 2, 50)):
        exponents = rng.integers(-300, 300, size)
        made = ranker(
            features=tuple(f"ä{i}" for i in range(size)),
            origin=tuple((rng.normal(size=size) * 10.0**exponents).tolist()),
            scale=tuple(rng.uniform(1e-6, 9, size).tolist()),
            weights=tuple(rng.normal(size=size).tolist()),
            intercept=float(rng.normal()),
            slope=0.1 + 0.2,
        )
        path = tmp_path / str(place) / "ranker.json"
        save_ranker(path, made)
        assert load_ranker(path) == made
        assert load_ranker(path).fingerprint == made.fingerprint
        assert [file.name for file in path.parent.iterdir()] == ["ranker.json"]


def test_a_new_ranker_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "ranker.json"
    save_ranker(path, ranker())
    save_ranker(path, ranker(slope=2.0))
    assert load_ranker(path) == ranker(slope=2.0)
    assert ranker().fingerprint != ranker(slope=2.0).fingerprint


WRONG: dict[str, Any] = {
    "a list too short": {"weights": [1.0]},
    "a weight that is no number": {"weights": [1.0, float("nan")]},
    "a weight that is text": {"weights": [1.0, "2"]},
    "an origin that is no number": {"origin": [0.0, float("inf")]},
    "a scale of 0": {"scale": [1.0, 0.0]},
    "no slope": {"slope": None},
    "a slope that is text": {"slope": "1.5"},
    "an intercept that is no number": {"intercept": float("nan")},
    "no list": {"features": None},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=list(WRONG))
def test_a_file_with_wrong_numbers_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    path = tmp_path / "ranker.json"
    path.write_text(json.dumps({**asdict(ranker()), **changed}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"is not a model .*: delete it and train again"):
        load_ranker(path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b'{"weights": 1}']
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ranker.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is not a model .*: delete it and train again"):
        load_ranker(path)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ranker.json"
    save_ranker(path, ranker())
    whole = path.read_bytes()
    for end in range(0, len(whole) - 2, 7):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match="delete it and train again"):
            load_ranker(path)
