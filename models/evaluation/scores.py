"""Precision, recall and F1, with bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Reals: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int64]

RESAMPLES = 2_000
LEVEL = 0.95
ROWS_AT_ONCE = 4_000_000
"""Draws made at once: bounds the memory of a bootstrap to some ten times as many bytes."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A share in [0, 1] and its interval; NaN where there is nothing to take a share of."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1, and how many items (pairs or mentions) they are taken of."""

    precision: Measure
    recall: Measure
    f1: Measure
    count: int


def pair_scores(
    is_same: Flags, is_predicted: Flags, units: NDArray[np.generic], random_state: int = 0
) -> Scores:
    """Score a decision on pairs of mentions.

    Precision is the share of pairs joined that are one person, recall the share of pairs of one
    person that are joined, F1 their harmonic mean (van Rijsbergen, Information Retrieval, 1979).

    Parameters
    ----------
    is_same, is_predicted
        Truth and decision, shape (pairs,).
    units
        What is drawn together in the bootstrap, such as the block of each pair, shape (pairs,).

    Examples
    --------
    >>> same, joined = np.array([1, 1, 1, 0], bool), np.array([1, 1, 0, 1], bool)
    >>> found = pair_scores(same, joined, np.arange(4))
    >>> round(found.precision.value, 3), round(found.recall.value, 3), round(found.f1.value, 3)
    (0.667, 0.667, 0.667)
    """
    right = (is_same & is_predicted).astype(np.float64)
    sums = np.column_stack([right, is_predicted, right, is_same])
    return scores_of(sums, units, random_state)


def scores_of(sums: Reals, units: NDArray[np.generic], random_state: int = 0) -> Scores:
    """Score from the parts of two shares.

    Parameters
    ----------
    sums
        What each item adds to numerator and denominator of precision and of recall, (items, 4).
    units
        What is drawn together, shape (items,).
    """
    per_unit = _per_unit(sums, units)
    drawn = _resampled(per_unit, random_state)
    point = _shares(per_unit.sum(axis=0, keepdims=True))
    draws = _shares(drawn)
    precision, recall, f1 = (_measure(point[0, place], draws[:, place]) for place in range(3))
    return Scores(precision, recall, f1, len(sums))


def shares_of(sums: Reals, units: NDArray[np.generic], random_state: int = 0) -> list[Measure]:
    """Shares with intervals from numerators and denominators in turn, shape (items, 2 · shares)."""
    per_unit = _per_unit(sums, units)
    drawn = _resampled(per_unit, random_state)
    point = per_unit.sum(axis=0)
    return [
        _measure(
            _divide(point[place], point[place + 1]), _divide(drawn[:, place], drawn[:, place + 1])
        )
        for place in range(0, sums.shape[1], 2)
    ]


def _per_unit(sums: Reals, units: NDArray[np.generic]) -> Reals:
    names, codes = np.unique(units, return_inverse=True)
    columns = [np.bincount(codes.ravel(), column, minlength=names.size) for column in sums.T]
    return np.column_stack(columns)


def _resampled(per_unit: Reals, random_state: int) -> Reals:
    """Sums of `RESAMPLES` draws of as many units with replacement, shape (draws, columns).

    Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13 (percentile intervals).
    """
    count = len(per_unit)
    if not count:
        return np.zeros((1, per_unit.shape[1]))
    generator = np.random.default_rng(random_state)
    shares = np.full(count, 1 / count)
    at_once = max(ROWS_AT_ONCE // count, 1)
    drawn = []
    for start in range(0, RESAMPLES, at_once):
        times = generator.multinomial(count, shares, size=min(at_once, RESAMPLES - start))
        drawn.append(times @ per_unit)
    return np.concatenate(drawn)


def _shares(sums: Reals) -> Reals:
    """Precision, recall and F1 of each row of sums."""
    precision, recall = _divide(sums[:, 0], sums[:, 1]), _divide(sums[:, 2], sums[:, 3])
    both = precision + recall
    # nothing joined at all is a recall of 0 and an F1 of 0, whatever precision is then
    f1 = np.where(recall == 0, 0.0, _divide(2 * precision * recall, both))
    return np.column_stack([precision, recall, f1])


def _divide(over: Reals, under: Reals) -> Reals:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(under > 0, over / under, np.nan)


def _measure(value: float | Reals, draws: Reals) -> Measure:
    draws = draws[~np.isnan(draws)]
    if not draws.size:
        return Measure(float(value), np.nan, np.nan)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Measure(float(value), float(low), float(high))
