"""The matching against all stable matchings of small cases, and cases known in the head."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.matching import Flags, Ints, deferred_acceptance

HUNDRED = settings(max_examples=100, deadline=None, derandomize=True)
Pair = tuple[int, int, float]


def matched(lists: dict[int, list[tuple[int, float]]], quota: int, room: int) -> set[Pair]:
    """Match; `lists[author]` are (candidate, worth), whom the author wants most first."""
    pairs = [(author, *wish) for author, wishes in lists.items() for wish in wishes]
    found = match(pairs, quota, room)
    return {pair for pair, is_matched in zip(pairs, found, strict=True) if is_matched}


def match(pairs: list[Pair], quota: int, room: int) -> Flags:
    author, candidate, worth = (np.array([pair[k] for pair in pairs]) for k in range(3))
    codes = np.arange(author.max() + 1)
    begin: Ints = np.array([np.argmax(author == code) for code in codes])
    end: Ints = begin + np.array([np.sum(author == code) for code in codes])
    return deferred_acceptance(
        begin,
        end,
        np.arange(len(pairs)),
        np.ones(len(pairs), dtype=bool),
        author,
        candidate,
        worth.astype(np.float64),
        np.full(len(codes), quota),
        np.full(candidate.max() + 1, room),
    )


def is_stable(pairs: list[Pair], held: tuple[bool, ...], quota: int, room: int) -> bool:
    """Within quota and room, and no pair apart that both would rather have, by the definition."""
    of_author: dict[int, list[int]] = {}
    of_candidate: dict[int, list[tuple[float, int]]] = {}
    for place, (author, candidate, worth) in enumerate(pairs):
        if held[place]:
            of_author.setdefault(author, []).append(place)
            of_candidate.setdefault(candidate, []).append((-worth, author))
    if any(len(has) > quota for has in of_author.values()):
        return False
    if any(len(has) > room for has in of_candidate.values()):
        return False
    for place, (author, candidate, worth) in enumerate(pairs):
        has, had_by = of_author.get(author, []), of_candidate.get(candidate, [])
        author_would = len(has) < quota or place < max(has)
        candidate_would = len(had_by) < room or (-worth, author) < max(had_by)
        if not held[place] and author_would and candidate_would:
            return False
    return True


@st.composite
def small_cases(draw: st.DrawFn) -> list[Pair]:
    """Up to three authors in any order, each with some of four candidates in any order."""
    pairs: list[Pair] = []
    for author in draw(st.permutations(range(3))):
        wishes = draw(st.permutations(range(4)))[: draw(st.integers(1, 4))]
        worths = draw(st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=4, max_size=4))
        pairs += [(author, whom, worth) for whom, worth in zip(wishes, worths, strict=False)]
    return pairs


@HUNDRED
@given(small_cases(), st.integers(1, 3), st.integers(1, 2))
def test_of_all_stable_matchings_it_is_the_one_each_author_likes_best(
    pairs: list[Pair], quota: int, room: int
) -> None:
    found = tuple(match(pairs, quota, room).tolist())
    stable = [
        held
        for held in product((False, True), repeat=len(pairs))
        if is_stable(pairs, held, quota, room)
    ]
    assert found in stable
    for author in range(3):
        mine = [k for k, pair in enumerate(pairs) if pair[0] == author]
        best = [k for k in mine if found[k]]
        for other in stable:
            theirs = [k for k in mine if other[k]]
            assert len(theirs) == len(best)  # the rural hospitals theorem (Roth 1986)
            assert all(a <= b for a, b in zip(best, theirs, strict=True))


def test_a_candidate_keeps_who_is_worth_most_and_the_other_asks_the_next() -> None:
    lists = {0: [(7, 0.5), (8, 0.4)], 1: [(7, 0.6), (8, 0.1)]}
    assert matched(lists, quota=1, room=1) == {(0, 8, 0.4), (1, 7, 0.6)}


def test_of_equal_authors_the_smaller_code_stays_whoever_comes_first() -> None:
    first, second = (0, [(7, 0.5)]), (1, [(7, 0.5)])
    assert matched(dict([first, second]), quota=1, room=1) == {(0, 7, 0.5)}
    assert matched(dict([second, first]), quota=1, room=1) == {(0, 7, 0.5)}


def test_one_refusal_can_move_everybody() -> None:
    lists = {
        0: [(0, 0.1), (1, 0.2)],
        1: [(1, 0.1), (2, 0.2)],
        2: [(2, 0.1), (3, 0.2)],
        3: [(0, 0.9)],
    }
    assert matched(lists, quota=1, room=1) == {(0, 1, 0.2), (1, 2, 0.2), (2, 3, 0.2), (3, 0, 0.9)}


def test_who_runs_out_of_wishes_gets_fewer_and_no_room_means_nobody() -> None:
    lists = {0: [(0, 0.5), (1, 0.5)], 1: [(0, 0.6)]}
    assert matched(lists, quota=2, room=1) == {(0, 1, 0.5), (1, 0, 0.6)}
    assert matched(lists, quota=2, room=0) == set()


@HUNDRED
@given(st.lists(st.integers(0, 20), min_size=1, max_size=40), st.integers(1, 40))
def test_whom_all_ask_first_keeps_the_best_of_them(worths: list[int], room: int) -> None:
    found = match([(author, 0, worth) for author, worth in enumerate(worths)], 1, room)
    best = sorted(range(len(worths)), key=lambda author: (-worths[author], author))[:room]
    assert np.flatnonzero(found).tolist() == sorted(best)
