"""Stable many-to-many matching by deferred acceptance, as a numba kernel."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NOBODY = -1


@njit(cache=True, nogil=True)
def deferred_acceptance(
    begin: Ints,
    end: Ints,
    line: Ints,
    wanted: Flags,
    author: Ints,
    candidate: Ints,
    worth: Floats,
    quota: Ints,
    room: Ints,
) -> Flags:
    """Match authors and candidates so that no pair would rather have each other.

    Authors ask, each down its own line; a candidate keeps those of highest `worth` for whom it has
    room (of equal ones the author with the smaller code); who is refused asks the next. This is
    deferred acceptance (Gale & Shapley, Am. Math. Monthly 69, 1962) for many partners on both
    sides (Roth, Econometrica 52, 1984; Baïou & Balinski, Discrete Appl. Math. 101, 2000): of all
    stable matchings the one that is best for every author, in whatever order they ask (McVitie &
    Wilson, Commun. ACM 14, 1971). A pair is asked for once at most: pairs * log(room) steps.

    Parameters
    ----------
    begin, end
        The pairs of author k are `line[begin[k]:end[k]]`, shape (authors,).
    line
        Pairs in the order in which their author asks for them, shape (pairs,).
    wanted, author, candidate, worth
        Of each pair: whether it is asked for at all, whose it is, for whom, and how much the
        candidate values it, shape (pairs,). An author has a candidate once.
    quota
        Most candidates for each author, shape (authors,).
    room
        Most authors for each candidate, shape (candidates,).

    Returns
    -------
    Flags
        The pairs that are matched, shape (pairs,).
    """
    held_from = _places(wanted, candidate, room)
    held = np.empty(held_from[-1], dtype=np.int64)
    held_count = np.zeros(len(room), dtype=np.int64)
    upcoming = begin.copy()
    matched = np.zeros(len(line), dtype=np.bool_)
    for starter in range(len(begin)):
        for _ in range(quota[starter]):
            asking = starter
            while asking != NOBODY and upcoming[asking] < end[asking]:
                pair = line[upcoming[asking]]
                upcoming[asking] += 1
                whom = candidate[pair]
                if not wanted[pair] or room[whom] <= 0:
                    continue
                heap = held[held_from[whom] : held_from[whom + 1]]
                matched[pair] = True
                refused = _keep_best(heap, held_count, whom, pair, worth, author)
                if refused == NOBODY:
                    asking = NOBODY
                else:
                    matched[refused] = False
                    asking = author[refused]
    return matched


@njit(cache=True, nogil=True)
def _places(wanted: Flags, candidate: Ints, room: Ints) -> Ints:
    """Where the pairs that each candidate holds begin: at most its room, or all that may come."""
    places = np.zeros(len(room) + 1, dtype=np.int64)
    for pair in range(len(candidate)):
        if wanted[pair]:
            places[candidate[pair] + 1] += 1
    for whom in range(len(room)):
        places[whom + 1] = places[whom] + max(0, min(places[whom + 1], room[whom]))
    return places


@njit(cache=True, nogil=True)
def _is_worse(one: int, other: int, worth: Floats, author: Ints) -> bool:
    if worth[one] != worth[other]:
        return worth[one] < worth[other]
    return author[one] > author[other]


@njit(cache=True, nogil=True)
def _keep_best(
    heap: Ints, held_count: Ints, whom: int, pair: int, worth: Floats, author: Ints
) -> int:
    """Add a pair to a heap with the worst on top; return the pair that finds no room, if any."""
    count = held_count[whom]
    if count < len(heap):
        held_count[whom] += 1
        place = count
        while place > 0 and _is_worse(pair, heap[(place - 1) // 2], worth, author):
            heap[place] = heap[(place - 1) // 2]
            place = (place - 1) // 2
        heap[place] = pair
        return NOBODY
    worst = heap[0]
    if _is_worse(pair, worst, worth, author):
        return pair
    place = 0
    while True:
        child = 2 * place + 1
        if child >= count:
            break
        if child + 1 < count and _is_worse(heap[child + 1], heap[child], worth, author):
            child += 1
        if not _is_worse(heap[child], pair, worth, author):
            break
        heap[place] = heap[child]
        place = child
    heap[place] = pair
    return worst
