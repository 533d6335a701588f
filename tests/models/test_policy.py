"""The re-ranking policy: each part known in the head, and what holds for every night."""

from __future__ import annotations

import dataclasses
import doctest
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import policy as module
from models.policy import OFF, Chosen, Policy, Shortlists, rerank
from pipeline.errors import WrongUse
from pipeline.settings import Settings
from tests.models.drawn import nights, policies, shortlists

TWO_HUNDRED = settings(max_examples=200, deadline=None, derandomize=True)


def order(given: Shortlists, policy: Policy) -> list[int]:
    return rerank(given, policy).pairs.tolist()


def rows(given: Shortlists, chosen: Chosen) -> list[tuple[int, ...]]:
    columns = (given.author[chosen.pairs], chosen.places, given.candidate[chosen.pairs])
    return list(zip(*(c.tolist() for c in (*columns, chosen.causes)), strict=True))


def in_order_of(given: Shortlists, codes: list[int]) -> Shortlists:
    """Give the same night with the authors one after the other as told."""
    pairs = np.concatenate([np.flatnonzero(given.author == code) for code in codes])
    columns = {f.name: getattr(given, f.name)[pairs] for f in dataclasses.fields(given)}
    return Shortlists(**columns)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(module).failed == 0


def test_a_team_is_worth_less_each_time() -> None:
    """0.30, then 0.29 * 0.5 and 0.28 * 0.25: behind 0.20, around 0.10."""
    given = shortlists([0.30, 0.29, 0.28, 0.20, 0.10], team=[7, 7, 7, 8, 9])
    assert order(given, replace(OFF, diversity=0.5)) == [0, 3, 1, 4, 2]


def test_nobody_without_a_team_is_like_anybody() -> None:
    given = shortlists([0.30, 0.29, 0.28, 0.20], team=[-1, -1, -1, 8])
    assert order(given, replace(OFF, diversity=0.1)) == [0, 1, 2, 3]


def test_diversity_reaches_below_what_is_kept() -> None:
    given = shortlists([0.30, 0.29, 0.28], team=[7, 7, 8])
    assert order(given, replace(OFF, diversity=0.9, kept=2)) == [0, 2]


def test_novelty_lifts_who_shares_no_coauthor() -> None:
    given = shortlists([0.30, 0.20, 0.14], shares_coauthor=[0, 1])
    assert order(given, OFF) == [0, 1, 2]
    assert order(given, replace(OFF, novelty=0.5)) == [0, 2, 1]  # 0.14 * 1.5 = 0.21
    given = shortlists([0.30, 0.20, 0.16], shares_coauthor=[0, 1])
    assert order(given, replace(OFF, novelty=1.0)) == [2, 0, 1]  # 0.16 * 2 = 0.32


def test_what_was_shown_in_vain_goes_down() -> None:
    given = shortlists([0.30, 0.20, 0.10], impressions=[2, 0, 0])
    assert order(given, replace(OFF, impression_discount=0.8)) == [1, 0, 2]  # 0.3 * 0.64 = 0.192
    assert order(given, replace(OFF, impression_discount=0.5)) == [1, 2, 0]
    assert order(given, replace(OFF, impression_discount=0.0)) == [1, 2, 0]


def test_who_everybody_wants_is_suggested_to_the_likeliest_and_others_get_their_next() -> None:
    given = shortlists(
        [0.5, 0.1, 0.6, 0.2, 0.4, 0.3],
        author=[0, 0, 1, 1, 2, 2],
        candidate=[9, 0, 9, 1, 9, 2],
    )
    policy = replace(OFF, kept=1, exposure_cap=2)
    assert order(given, policy) == [0, 2, 5]
    assert order(given, replace(policy, exposure_cap=0)) == [0, 2, 4]


def test_an_author_whose_shortlist_runs_out_has_a_shorter_list() -> None:
    given = shortlists([0.5, 0.4, 0.6], author=[0, 0, 1], candidate=[9, 8, 9])
    assert order(given, replace(OFF, exposure_cap=1)) == [1, 2]


def test_an_empty_night_has_no_lists() -> None:
    assert order(shortlists([]), Policy()) == []


@TWO_HUNDRED
@given(nights(), st.integers(1, 9))
def test_switched_off_it_keeps_the_best_in_their_order(given: Shortlists, kept: int) -> None:
    expected = [
        pair
        for code in np.unique(given.author)
        for pair in np.flatnonzero(given.author == code)[:kept].tolist()
    ]
    chosen = rerank(given, replace(OFF, kept=kept))
    assert chosen.pairs.tolist() == expected
    assert not chosen.causes.any()


@TWO_HUNDRED
@given(nights(), policies())
def test_nobody_is_there_twice_too_often_or_beyond_what_is_kept(
    given: Shortlists, policy: Policy
) -> None:
    chosen = rerank(given, policy)
    whose, whom = given.author[chosen.pairs], given.candidate[chosen.pairs]
    assert len(np.unique(chosen.pairs)) == len(chosen.pairs)
    if policy.exposure_cap:
        assert np.bincount(whom, minlength=1).max() <= policy.exposure_cap
    for code in np.unique(given.author):
        count = int((whose == code).sum())
        assert chosen.places[whose == code].tolist() == list(range(1, count + 1))
        assert count <= policy.kept
        if not policy.exposure_cap:
            assert count == min(policy.kept, (given.author == code).sum())


@TWO_HUNDRED
@given(nights(), policies(), st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_authors(
    given: Shortlists, policy: Policy, random: Random
) -> None:
    codes = np.unique(given.author).tolist()
    if not codes:
        return
    random.shuffle(codes)
    again = in_order_of(given, codes)
    assert rows(again, rerank(again, policy)) == rows(given, rerank(given, policy))


@TWO_HUNDRED
@given(nights(), policies())
def test_before_slots_no_two_would_rather_have_each_other(
    given: Shortlists, policy: Policy
) -> None:
    """The lists with nobody capped and nothing cut are the lines in which authors ask."""
    plain = replace(
        policy, other_institution_slots=0, other_department_slots=0, early_career_share=0.0
    )
    chosen = rerank(given, plain)
    lines = rerank(given, replace(plain, kept=9, exposure_cap=0))
    place = dict(zip(lines.pairs.tolist(), lines.places.tolist(), strict=True))
    held = set(chosen.pairs.tolist())

    def rank(pair: int) -> tuple[float, int]:
        return -float(given.probability[pair]), int(given.author[pair])

    for pair in set(place) - held:
        mine = [place[other] for other in held if given.author[other] == given.author[pair]]
        theirs = [rank(other) for other in held if given.candidate[other] == given.candidate[pair]]
        author_would = len(mine) < plain.kept or place[pair] < max(mine)
        has_room = not plain.exposure_cap or len(theirs) < plain.exposure_cap
        assert not (author_would and (has_room or rank(pair) < max(theirs)))


@TWO_HUNDRED
@given(nights(), st.sampled_from([0.0, 0.5, 0.9, 0.97]))
def test_diversity_takes_the_best_of_the_rest_each_time(
    given: Shortlists, diversity: float
) -> None:
    chosen = rerank(given, replace(OFF, diversity=diversity))
    for code in np.unique(given.author):
        rest = np.flatnonzero(given.author == code).tolist()
        for pair in chosen.pairs[given.author[chosen.pairs] == code].tolist():
            taken = set(np.flatnonzero(given.author == code).tolist()) - set(rest)

            def utility(pair: int, taken: set[int] = taken) -> float:
                value = float(given.probability[pair])
                for other in taken:
                    if given.team[other] == given.team[pair] != module.NO_TEAM:
                        value *= diversity
                return value

            assert utility(pair) == max(map(utility, rest))
            assert pair == min(p for p in rest if utility(p) == utility(pair))
            rest.remove(pair)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"probability": [0.1, 0.2]}, "rising"),
        ({"probability": [1.5, 0.2]}, "outside 0 to 1"),
        ({"probability": [0.2, float("nan")]}, "outside 0 to 1"),
        ({"candidate": [3, 3]}, "twice"),
        ({"candidate": [-1, 3]}, "negative code"),
        ({"author": [-1, 3]}, "negative code"),
        ({"author": [0]}, "sizes"),
        ({"impressions": [0, -1]}, "negative impressions"),
    ],
)
def test_arrays_that_are_not_as_described_are_refused(
    wrong: dict[str, list[float]], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        shortlists(**{"probability": [0.2, 0.1], **wrong})  # type: ignore[arg-type]  # wrong on purpose


def test_an_author_in_two_places_is_refused() -> None:
    with pytest.raises(ValueError, match="two places"):
        shortlists([0.2, 0.2, 0.1], author=[0, 1, 0])


WRONG = [
    ("diversity", 1.1),
    ("novelty", -0.1),
    ("impression_discount", float("nan")),
    ("exposure_cap", -1),
    ("slot_floor", 2.0),
    ("slot_span", 5),
    ("other_institution_slots", 4),
    ("other_department_slots", -1),
    ("early_career_share", 0.31),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_refused_as_policy_and_as_setting(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=r"^\[\w+\] is"):
        Policy(**{name: value})  # type: ignore[arg-type]  # of any field
    with pytest.raises(WrongUse, match=r"^\[setting \w+\] is"):
        Settings(**{name: value})  # type: ignore[arg-type]  # of any field


def test_each_part_of_the_policy_is_a_setting_with_the_same_default() -> None:
    told = {field.name: field.default for field in dataclasses.fields(Settings)}
    told["kept"] = told["recommendations_per_author"]
    for field in dataclasses.fields(Policy):
        assert told[field.name] == field.default, field.name
