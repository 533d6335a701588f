"""Teams on small tables whose best answer is known by trying all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.team import choose_team

Reals = NDArray[np.float64]


def worth(coverage: Reals, importance: Reals, members: tuple[int, ...]) -> float:
    return float(importance @ (1 - np.prod(1 - coverage[list(members)], axis=0)))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 2**31))
def test_the_greedy_team_is_worth_nearly_as_much_as_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people, topics, size = int(rng.integers(1, 9)), int(rng.integers(1, 6)), int(rng.integers(1, 4))
    coverage = rng.random((people, topics)) * (rng.random((people, topics)) < 0.6)
    importance = rng.random(topics)
    team = choose_team(coverage, importance, size)
    best = max(
        worth(coverage, importance, chosen)
        for chosen in combinations(range(people), min(size, people))
    )
    assert team.brings.sum() >= (1 - 1 / np.e) * best - 1e-12
    assert team.brings.sum() == pytest.approx(worth(coverage, importance, tuple(team.members)))
    assert importance @ team.covered == pytest.approx(team.brings.sum())
    assert len(set(team.members.tolist())) == team.members.size <= size


def test_a_second_expert_of_one_topic_comes_after_the_only_one_of_another() -> None:
    coverage = np.array([[0.9, 0.0], [0.9, 0.0], [0.0, 0.4]])
    team = choose_team(coverage, np.array([1.0, 1.0]), 5)
    assert team.members.tolist() == [0, 2, 1]
    assert team.brings[1].tolist() == [0.0, 0.4]
    assert team.covered == pytest.approx([0.99, 0.4])


def test_who_adds_nothing_is_not_in_the_team() -> None:
    coverage = np.array([[0.0], [1.0], [1.0]])
    assert choose_team(coverage, np.ones(1), 3).members.tolist() == [1]
    assert choose_team(np.zeros((0, 2)), np.ones(2), 3).members.tolist() == []
    assert choose_team(coverage, np.zeros(1), 3).members.tolist() == []
    assert choose_team(np.array([[0.9], [0.8]]), np.ones(1), 3, 0.1).members.tolist() == [0]
