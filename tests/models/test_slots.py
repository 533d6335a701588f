"""Slots: who is lifted, who gives way, and what never moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings

from models.policy import CAUSES, OFF, Chosen, Policy, Shortlists, rerank
from tests.models.drawn import nights, policies, shortlists

HUNDRED = settings(max_examples=100, deadline=None, derandomize=True)
TWELVE = [0.30, 0.29, 0.28, 0.27, 0.26, 0.25, 0.24, 0.23, 0.22, 0.21, 0.20, 0.15]
KINDS = ("is_other_institution", "is_other_department", "is_early_career")
ONE_INSTITUTION = replace(OFF, other_institution_slots=1)


def causes(chosen: Chosen) -> list[str]:
    return [CAUSES[cause] for cause in chosen.causes.tolist()]


def without_slots(policy: Policy) -> Policy:
    return replace(
        policy, other_institution_slots=0, other_department_slots=0, early_career_share=0.0
    )


def test_another_institution_takes_the_tenth_place_and_the_rest_move_down() -> None:
    chosen = rerank(shortlists(TWELVE, is_other_institution=[11]), ONE_INSTITUTION)
    assert chosen.pairs.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 9, 10]
    assert causes(chosen) == ["score"] * 9 + ["other_institution"] + ["score"] * 2


def test_who_is_on_the_list_already_needs_no_further_room() -> None:
    given = shortlists(TWELVE, is_other_institution=[11])
    assert rerank(given, replace(ONE_INSTITUTION, exposure_cap=1)).pairs[9] == 11


def test_nothing_moves_where_one_stands_there_by_its_chance() -> None:
    chosen = rerank(shortlists(TWELVE, is_other_institution=[3, 11]), ONE_INSTITUTION)
    assert chosen.pairs.tolist() == list(range(12))
    assert set(causes(chosen)) == {"score"}


def test_slots_go_upward_from_the_tenth_place() -> None:
    policy = replace(ONE_INSTITUTION, other_department_slots=1, early_career_share=0.1)
    given = shortlists(
        [*TWELVE, 0.14, 0.13],
        is_other_institution=[13],
        is_other_department=[12],
        is_early_career=[11],
    )
    chosen = rerank(given, policy)
    assert chosen.pairs.tolist() == [0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 7, 8, 9, 10]
    assert causes(chosen)[7:10] == ["early_career", "other_department", "other_institution"]


def test_one_person_can_fill_two_slots() -> None:
    policy = replace(ONE_INSTITUTION, other_department_slots=1)
    given = shortlists(TWELVE, is_other_institution=[11], is_other_department=[10, 11])
    assert rerank(given, policy).pairs.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 9, 10]


def test_who_holds_a_place_for_one_floor_is_not_pushed_out_for_another() -> None:
    policy = replace(ONE_INSTITUTION, early_career_share=0.1)
    given = shortlists(TWELVE, is_other_institution=[11], is_early_career=[9])
    assert rerank(given, policy).pairs.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 11, 9, 8, 10]


def test_who_gave_way_after_all_stands_there_by_the_score() -> None:
    """Pair 11 is lifted first, but 12, from another institution too, makes it dispensable."""
    policy = replace(ONE_INSTITUTION, other_department_slots=1, early_career_share=0.1)
    given = shortlists(
        [*TWELVE, 0.14, 0.13],
        is_other_institution=[11, 12],
        is_other_department=[12],
        is_early_career=[13],
    )
    chosen = rerank(given, policy)
    assert chosen.pairs.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 11, 8, 9, 10]
    assert causes(chosen)[8:11] == ["other_department", "early_career", "score"]


def test_a_slot_is_not_given_to_who_is_much_less_likely() -> None:
    given = shortlists(TWELVE, is_other_institution=[11])  # 0.15 beside 0.21
    assert rerank(given, replace(ONE_INSTITUTION, slot_floor=0.7)).pairs.tolist()[9] == 11
    assert rerank(given, replace(ONE_INSTITUTION, slot_floor=0.75)).pairs.tolist()[9] == 9


def test_the_upper_half_is_never_given_up() -> None:
    policy = replace(ONE_INSTITUTION, slot_floor=0.0)
    given = shortlists(TWELVE, is_other_institution=[11])
    assert rerank(given, replace(policy, kept=1)).pairs.tolist() == [0]
    assert rerank(given, replace(policy, kept=2)).pairs.tolist() == [0, 11]


def test_the_share_of_early_careers_is_rounded_up() -> None:
    given = shortlists(TWELVE, is_early_career=[9, 10, 11])
    assert Policy(slot_span=100, early_career_share=0.07).floors(100) == (1, 1, 7)
    for share, count in ((0.0, 1), (0.1, 1), (0.2, 2), (0.21, 3), (0.3, 3)):
        policy = replace(OFF, early_career_share=share, slot_floor=0.0)
        top = rerank(given, policy).pairs[:10]
        assert given.is_early_career[top].sum() == count


def test_the_last_room_goes_to_the_likelier_and_the_other_takes_the_next() -> None:
    """Both authors want candidate 2 for the second of two places, for which only one has room."""
    policy = replace(ONE_INSTITUTION, kept=2, slot_span=2, exposure_cap=1, slot_floor=0.0)
    given = shortlists(
        [0.9, 0.8, 0.3, 0.2, 0.9, 0.8, 0.4, 0.2],
        author=[0] * 4 + [1] * 4,
        candidate=[0, 1, 2, 3, 4, 5, 2, 6],
        is_other_institution=[2, 3, 6, 7],
    )
    chosen = rerank(given, policy)
    assert given.candidate[chosen.pairs].tolist() == [0, 3, 4, 2]


def test_no_slot_breaks_the_cap() -> None:
    policy = replace(ONE_INSTITUTION, kept=2, slot_span=2, exposure_cap=1, slot_floor=0.0)
    given = shortlists(
        [0.9, 0.8, 0.3, 0.9],
        author=[0, 0, 0, 1],
        candidate=[0, 1, 2, 2],
        is_other_institution=[2],
    )
    assert rerank(given, policy).pairs.tolist() == [0, 1, 3]


def test_room_taken_by_one_slot_is_gone_for_the_next() -> None:
    """Author 0 wants candidate 2 for its institution, author 1 a round later for its department."""
    policy = Policy(kept=4, slot_span=4, exposure_cap=1, slot_floor=0.0, early_career_share=0.0)
    given = shortlists(
        [0.9, 0.8, 0.7, 0.6, 0.3, 0.9, 0.8, 0.7, 0.6, 0.4],
        author=[0] * 5 + [1] * 5,
        candidate=[0, 1, 3, 4, 2, 5, 6, 7, 8, 2],
        is_other_institution=[4, 5],
        is_other_department=[0, 9],
    )
    assert rerank(given, policy).pairs.tolist() == [0, 1, 2, 4, 5, 6, 7, 8]


@HUNDRED
@given(nights(), policies())
def test_slots_are_filled_where_the_shortlist_can(given: Shortlists, policy: Policy) -> None:
    policy = replace(policy, exposure_cap=0, slot_floor=0.0, kept=9)
    chosen = rerank(given, policy)
    whose, is_top = given.author[chosen.pairs], chosen.places <= policy.slot_span
    for code in np.unique(given.author):
        for kind, floor in zip(KINDS, policy.floors(policy.slot_span), strict=True):
            flags = getattr(given, kind)
            there = flags[chosen.pairs[(whose == code) & is_top]].sum()
            assert there >= min(floor, flags[given.author == code].sum())


@HUNDRED
@given(nights(), policies())
def test_slots_change_only_the_lower_half_of_the_span_and_say_why(
    given: Shortlists, policy: Policy
) -> None:
    chosen, plain = rerank(given, policy), rerank(given, without_slots(policy))
    span = min(policy.slot_span, policy.kept)
    assert chosen.places.tolist() == plain.places.tolist()
    stays = chosen.places <= (span + 1) // 2
    assert chosen.pairs[stays].tolist() == plain.pairs[stays].tolist()
    for pair, place, cause in zip(chosen.pairs, chosen.places, chosen.causes, strict=True):
        if cause:
            assert (span + 1) // 2 < place <= span
            assert getattr(given, KINDS[cause - 1])[pair]
