"""Compare the names of two mentions."""

from __future__ import annotations

from difflib import SequenceMatcher
from math import nan
from typing import NamedTuple

from pipeline.identity.names import spelled

PREFIX = 0.95
"""Likeness of a name to a longer one that begins with it, as Alex and Alexander."""


class NameAgreement(NamedTuple):
    """How far the names of two mentions agree; NaN where one of them does not print the part."""

    first_name: float
    """Likeness of whole first names in [0, 1]: 1 equal, hyphens and spaces apart."""
    middle_names: float
    """1 equal, 0.5 one the initial of the other, 0 different."""
    initials: float
    """1 equal, 0.5 one has more of them, 0 different."""
    whole_names: float
    """How many of the two print a whole first name: 0, 1 or 2."""
    middle_count: float
    """How many of the two print a middle name: 0, 1 or 2."""
    last_name: float
    """1 equal, 0.95 spelled otherwise, 0.9 swapped with the given name, 0.8 part of a compound,
    else likeness below 0.8."""


def compare(last_one: str, given_one: str, last_other: str, given_other: str) -> NameAgreement:
    """Compare folded names: last names of letters only, given names as tokens between spaces.

    >>> found = compare("doe", "jane a", "doe", "j")
    >>> found.first_name, found.initials, found.whole_names, found.last_name
    (nan, 0.5, 1.0, 1.0)
    >>> compare("kim", "mi jung", "kim", "mijung").first_name
    1.0
    """
    one, other = given_one.split(), given_other.split()
    whole = (_is_whole(one), _is_whole(other))
    middle = (len(one) > 1, len(other) > 1)
    return NameAgreement(
        first_name=_first_name(one, other) if all(whole) else nan,
        middle_names=_middle_names(one[1], other[1]) if all(middle) else nan,
        initials=_initials("".join(t[0] for t in one), "".join(t[0] for t in other)),
        whole_names=float(sum(whole)),
        middle_count=float(sum(middle)),
        last_name=_last_name(last_one, "".join(one), last_other, "".join(other)),
    )


def _is_whole(tokens: list[str]) -> bool:
    return bool(tokens) and len(tokens[0]) > 1


def _first_name(one: list[str], other: list[str]) -> float:
    if one[0] == other[0] or "".join(one) == "".join(other):
        return 1.0
    if one[0].startswith(other[0]) or other[0].startswith(one[0]):
        return PREFIX
    return _likeness(one[0], other[0])


def _middle_names(one: str, other: str) -> float:
    if one == other:
        return 1.0
    return 0.5 if one[0] == other[0] and 1 in (len(one), len(other)) else 0.0


def _initials(one: str, other: str) -> float:
    if not one or not other:
        return nan
    if one == other:
        return 1.0
    return 0.5 if one.startswith(other) or other.startswith(one) else 0.0


def _last_name(last_one: str, given_one: str, last_other: str, given_other: str) -> float:
    if last_one == last_other:
        return 1.0
    if spelled(last_one) == spelled(last_other):
        return 0.95
    if (last_one, given_one) == (given_other, last_other):
        return 0.9
    shorter, longer = sorted((last_one, last_other), key=len)
    if len(shorter) > 2 and (longer.startswith(shorter) or longer.endswith(shorter)):
        return 0.8
    return 0.79 * _likeness(last_one, last_other)


def _likeness(one: str, other: str) -> float:
    """Share of letters in common runs (Ratcliff & Metzener 1988), the same both ways round."""
    first, second = sorted((one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()
