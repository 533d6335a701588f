"""Whether two given names can be those of one person, for many pairs at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]

TOKENS = 4
"""Given names that are compared one by one."""
LETTERS = 24
"""Letters of the given names, written together, that are compared."""

_ENDING = re.compile("[yij]+$")
_DOUBLED = re.compile(r"(.)\1")


def name_codes(names: Sequence[str]) -> Ints:
    """Code given names (tokens between spaces, a single letter is an initial) for `conflicts`.

    Returns
    -------
    array, shape (len(names), 2 + TOKENS + LETTERS)
        Length of the first name if it is whole, else 0; length of all names together; for each
        token 0 or its first letter (upper half) and, of a whole name, its rank among all; letters.
    """
    spelled = [[_spelled(token) for token in name.split()] for name in names]
    whole = sorted({token for tokens in spelled for token in tokens if len(token) > 1})
    rank = {token: place for place, token in enumerate(whole, start=1)}
    codes = np.zeros((len(names), 2 + TOKENS + LETTERS), np.int64)
    for row, tokens in enumerate(spelled):
        together = "".join(tokens)[:LETTERS]
        if tokens and len(tokens[0]) > 1:
            codes[row, 0] = min(len(tokens[0]), LETTERS)
        codes[row, 1] = len(together)
        for place, token in enumerate(tokens[:TOKENS]):
            codes[row, 2 + place] = (ord(token[0]) << 32) + rank.get(token, 0)
        codes[row, 2 + TOKENS : 2 + TOKENS + len(together)] = [ord(letter) for letter in together]
    return codes


def _spelled(token: str) -> str:
    """Fold spellings of one sound: Mohammed and Mohamed, Stephan and Stefan, Sergey and Sergei.

    >>> _spelled("mohammed"), _spelled("stephan"), _spelled("sergey"), _spelled("y")
    ('mohamed', 'stefan', 'sergei', 'y')
    """
    if len(token) < 4:
        return token
    plain = _DOUBLED.sub(r"\1", token.replace("ph", "f").replace("ks", "x"))
    return _ENDING.sub("i", plain)


def conflicts(names: Ints, one: Ints, other: Ints) -> NDArray[np.bool_]:
    """Whether two given names, rows of `name_codes`, cannot be those of one person, pair by pair.

    Whole first names agree if one begins with the other, also across hyphens and spaces; an initial
    agrees with whatever begins with it; each further name by its place, and a missing one with any.

    >>> names = name_codes(["xiao ming", "xiaoming", "xiaohong", "x m", "x h", "x"])
    >>> conflicts(names, np.zeros(5, np.int64), np.arange(1, 6)).tolist()
    [False, True, False, True, False]
    """
    found: NDArray[np.bool_] = _conflicts(names, one.astype(np.int64), other.astype(np.int64))
    return found


@njit(cache=True)
def _conflicts(names, one, other):  # type: ignore[no-untyped-def]  # compiled by numba
    found = np.zeros(one.size, np.bool_)
    for pair in range(one.size):
        found[pair] = conflict(names, one[pair], other[pair])
    return found


@njit(cache=True)
def conflict(names, one, other):  # type: ignore[no-untyped-def]  # compiled by numba
    """Whether two rows of `names` cannot be one person's; to be called from other kernels."""
    first, second = names[one], names[other]
    if first[0] and second[0]:
        if _begins(first, second, min(first[1], second[1])):
            return False
        if not _begins(first, second, min(first[0], second[0])):
            return True
        shorter = first if first[0] < second[0] else second
        if first[0] != second[0] and shorter[3] & 0xFFFFFFFF:
            return True  # Xiao Ming and Xiaohong, unlike Alex B and Alexander B
    for token in range(2, 2 + TOKENS):
        x, y = first[token], second[token]
        if x == 0 or y == 0 or x == y:
            continue
        if x >> 32 != y >> 32:
            return True
        if token > 2 and x & 0xFFFFFFFF and y & 0xFFFFFFFF:
            return True
    return False


@njit(cache=True)
def _begins(first, second, length):  # type: ignore[no-untyped-def]  # compiled by numba
    for letter in range(2 + TOKENS, 2 + TOKENS + length):  # noqa: SIM110  # numba has no all()
        if first[letter] != second[letter]:
            return False
    return True
