"""What two owners have in common, weighted by rarity: a numba kernel over sorted lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

NOTHING = -1
"""A code that no item has."""


@dataclass(frozen=True, slots=True)
class Items:
    """What each of n owners has, as compressed sparse rows.

    Attributes
    ----------
    starts
        Where the items of each owner begin, and the end of the last, shape (n + 1,).
    codes
        Items, ascending within an owner and each once, at least 0.
    weights
        How much each item says, at least 0.
    """

    starts: Ints
    codes: Ints
    weights: Reals


@dataclass(frozen=True, slots=True)
class Overlap:
    """What pairs share; NaN where one of the two has no items. Each of shape (pairs,).

    Attributes
    ----------
    cosine
        Cosine of the two weight vectors, in [0, 1].
    shared
        Sum of the (smaller) weights of the shared items.
    """

    cosine: Reals
    shared: Reals


def collect(owners: Ints, codes: Ints, weights: Reals, owner_count: int) -> Items:
    """Sort items under their owners, whole numbers below `owner_count`; all of shape (items,)."""
    order = np.lexsort((codes, owners))
    starts = np.searchsorted(owners[order], np.arange(owner_count + 1))
    return Items(starts.astype(np.int64), codes[order].astype(np.int64), weights[order])


def take(items: Items, owners: Ints) -> Items:
    """Give owner k of the result what owner `owners[k]` has; owners may repeat."""
    counts = np.diff(items.starts)[owners]
    starts = np.concatenate([[0], np.cumsum(counts)])
    places = np.arange(starts[-1]) + np.repeat(items.starts[:-1][owners] - starts[:-1], counts)
    return Items(starts, items.codes[places], items.weights[places])


def merge(parts: Sequence[Items]) -> Items:
    """Give each owner the items of all `parts`; with the same owners and no item in common."""
    owner_count = parts[0].starts.size - 1
    offsets = np.cumsum([0, *(part.codes.max(initial=NOTHING) + 1 for part in parts)])
    rows = [
        (np.repeat(np.arange(owner_count), np.diff(part.starts)), part.codes + offset, part.weights)
        for part, offset in zip(parts, offsets, strict=False)
    ]
    owners, codes, weights = (np.concatenate(column) for column in zip(*rows, strict=True))
    return collect(owners, codes, weights, owner_count)


def overlap(
    items: Items, one: Ints, other: Ints, hidden: tuple[Ints, Ints] | None = None
) -> Overlap:
    """Compare pairs of owners.

    Parameters
    ----------
    one, other
        Owners of each pair, shape (pairs,).
    hidden
        Two codes a pair that count as absent, each of shape (pairs,).

    Examples
    --------
    >>> items = collect(np.array([0, 0, 1, 1]), np.array([7, 8, 8, 9]), np.ones(4), 3)
    >>> found = overlap(items, np.array([0, 0]), np.array([1, 2]))
    >>> found.cosine.round(3).tolist(), found.shared.tolist()
    ([0.5, nan], [1.0, nan])
    """
    nothing = np.full(one.size, NOTHING, np.int64)
    left_out = (nothing, nothing) if hidden is None else hidden
    columns = (np.ascontiguousarray(column, np.int64) for column in (one, other, *left_out))
    cosine, shared = _overlap(items.starts, items.codes, items.weights, *columns)
    return Overlap(cosine, shared)


@njit(cache=True)
def _overlap(starts, codes, weights, one, other, hidden, hidden_too):  # type: ignore[no-untyped-def]  # compiled by numba
    cosine = np.full(one.size, np.nan)
    shared = np.full(one.size, np.nan)
    for pair in range(one.size):
        a, a_end = starts[one[pair]], starts[one[pair] + 1]
        b, b_end = starts[other[pair]], starts[other[pair] + 1]
        product = square_a = square_b = common = 0.0
        while a < a_end or b < b_end:
            from_a = b >= b_end or (a < a_end and codes[a] <= codes[b])
            from_b = a >= a_end or (b < b_end and codes[b] <= codes[a])
            code = codes[a] if from_a else codes[b]
            x = weights[a] if from_a else 0.0
            y = weights[b] if from_b else 0.0
            a += from_a
            b += from_b
            if code == hidden[pair] or code == hidden_too[pair]:
                continue
            product += x * y
            square_a += x * x
            square_b += y * y
            common += min(x, y)
        if square_a > 0 and square_b > 0:
            cosine[pair] = min(product / np.sqrt(square_a * square_b), 1.0)
            shared[pair] = common
    return cosine, shared
