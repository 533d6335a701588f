"""Slots among the first places of lists, filled for all authors of a night at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.matching import Flags, Floats, Ints, deferred_acceptance


@dataclass(frozen=True, slots=True)
class Lines:
    """Whom each author may have, in order.

    Attributes
    ----------
    begin, end
        The pairs of author k are `pairs[begin[k]:end[k]]`, shape (authors,).
    pairs
        The best first, shape (pairs,).
    length
        The list of author k is the first `length[k]` of its pairs, shape (authors,).
    """

    begin: Ints
    end: Ints
    pairs: Ints
    length: Ints


@dataclass(frozen=True, slots=True)
class Slots:
    """Which kinds of people should stand among the first places.

    Attributes
    ----------
    is_of
        Whether a pair is of a kind, shape (kinds, pairs).
    floors
        How many of a kind there should be, shape (kinds,).
    span
        Among how many first places.
    smallest_worth
        Of who gets a slot, as a share of the worth of whom it pushes out.
    """

    is_of: Flags
    floors: Ints
    span: int
    smallest_worth: float


def fill_slots(
    lines: Lines, slots: Slots, author: Ints, candidate: Ints, worth: Floats, room: Ints
) -> NDArray[np.int8]:
    """Lift people into the first places of lists until each kind has its floor there.

    Whoever no floor needs gives up the lowest place and goes right behind the span; the upper half
    of the span is never given up. The slot goes to the first in line who fits and either stands
    lower on the list or has room left; several authors in want of a candidate's last room get it
    by a matching, as whole lists do. Room that is freed at the lower end is not handed on. A list
    that is shorter than the span has nobody to lift.

    Parameters
    ----------
    lines, slots
        Lists, whose pairs change places, and what should stand on them.
    author, candidate, worth
        Of each pair, as in `deferred_acceptance`, shape (pairs,).
    room
        To how many more authors each candidate may be suggested; changes in place.

    Returns
    -------
    NDArray[np.int8]
        0, or 1 + the kind for which a pair was lifted, shape (pairs,).
    """
    begin, end, line = lines.begin, lines.end, lines.pairs
    causes = np.zeros(len(line), dtype=np.int8)
    for kind in np.repeat(np.arange(len(slots.floors)), slots.floors):
        given_up, lifted, wanted = _wishes(
            begin,
            end,
            line,
            lines.length,
            slots.is_of,
            slots.floors,
            kind,
            slots.span,
            worth,
            slots.smallest_worth,
        )
        asks = ((given_up >= 0) & (lifted < 0)).astype(np.int64)
        granted = deferred_acceptance(
            begin, end, line, wanted, author, candidate, worth, asks, room
        )
        room -= np.bincount(candidate[granted], minlength=len(room))
        _lift(begin, end, line, given_up, lifted, granted, slots.span, causes, kind + 1)
    return causes


@njit(cache=True, nogil=True)
def _wishes(
    begin: Ints,
    end: Ints,
    line: Ints,
    length: Ints,
    is_of: Flags,
    floors: Ints,
    kind: int,
    span: int,
    worth: Floats,
    smallest_worth: float,
) -> tuple[Ints, Ints, Flags]:
    """For each author the place in line to give up and to lift from (-1: none), and whom to ask.

    Nobody is asked where somebody fits who stands lower on the list already.
    """
    given_up = np.full(len(begin), -1)
    lifted = np.full(len(begin), -1)
    wanted = np.zeros(len(line), dtype=np.bool_)
    for author in range(len(begin)):
        first = begin[author]
        if length[author] < span:
            continue
        place = _place_to_give_up(line[first : first + span], is_of, floors, kind)
        if place < 0:
            continue
        given_up[author] = first + place
        least = smallest_worth * worth[line[first + place]]
        for place in range(first + span, end[author]):
            pair = line[place]
            if not is_of[kind, pair] or worth[pair] < least:
                continue
            if place < first + length[author]:
                lifted[author] = place
                break
            wanted[pair] = True
    return given_up, lifted, wanted


@njit(cache=True, nogil=True)
def _place_to_give_up(top: Ints, is_of: Flags, floors: Ints, kind: int) -> int:
    """Lowest place whose holder no floor needs; -1 if the floor is met or no place can go."""
    counts = np.zeros(len(floors), dtype=np.int64)
    for pair in top:
        for other in range(len(floors)):
            counts[other] += is_of[other, pair]
    if counts[kind] >= floors[kind]:
        return -1
    for place in range(len(top) - 1, (len(top) + 1) // 2 - 1, -1):
        is_needed = False
        for other in range(len(floors)):
            is_needed |= is_of[other, top[place]] and counts[other] <= floors[other]
        if not is_needed:
            return place
    return -1


@njit(cache=True, nogil=True)
def _lift(
    begin: Ints,
    end: Ints,
    line: Ints,
    given_up: Ints,
    lifted: Ints,
    granted: Flags,
    span: int,
    causes: NDArray[np.int8],
    cause: int,
) -> None:
    """Put the lifted pair into the place given up, and whom it pushes out right behind the span."""
    for author in range(len(begin)):
        place = lifted[author]
        if place < 0 and given_up[author] >= 0:
            for tail in range(begin[author] + span, end[author]):
                if granted[line[tail]]:
                    place = tail
        if place < 0:
            continue
        pair, pushed_out = line[place], line[given_up[author]]
        for behind in range(place, begin[author] + span, -1):
            line[behind] = line[behind - 1]
        line[begin[author] + span] = pushed_out
        line[given_up[author]] = pair
        causes[pair], causes[pushed_out] = cause, 0
