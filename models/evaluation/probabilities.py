"""How good probabilities are: log loss and calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def log_loss(probability: NDArray[np.float64], is_positive: NDArray[np.bool_]) -> float:
    """Mean negative log-likelihood of the outcomes, in nats; lower is better.

    Examples
    --------
    >>> round(log_loss(np.array([0.5, 0.5]), np.array([True, False])), 4)
    0.6931
    """
    sure = np.clip(probability, 1e-12, 1 - 1e-12)
    return float(-np.mean(np.where(is_positive, np.log(sure), np.log(1 - sure))))


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """Points of a calibration curve; all of shape (bins,), empty bins left out."""

    predicted: NDArray[np.float64]
    """Mean probability in the bin."""
    observed: NDArray[np.float64]
    """Share of positives in the bin."""
    counts: NDArray[np.int64]


def calibration_curve(
    probability: NDArray[np.float64], is_positive: NDArray[np.bool_], bin_count: int = 10
) -> CalibrationCurve:
    """Compare probabilities with outcomes in bins of equal width (DeGroot & Fienberg 1983).

    Examples
    --------
    >>> curve = calibration_curve(np.array([0.1, 0.2, 0.9]), np.array([False, True, True]), 2)
    >>> curve.predicted.round(2).tolist(), curve.observed.tolist(), curve.counts.tolist()
    ([0.15, 0.9], [0.5, 1.0], [2, 1])
    """
    bins = np.minimum((probability * bin_count).astype(np.int64), bin_count - 1)
    counts = np.bincount(bins, minlength=bin_count)
    there = counts > 0
    sums = (np.bincount(bins, column, bin_count)[there] for column in (probability, is_positive))
    predicted, observed = (total / counts[there] for total in sums)
    return CalibrationCurve(predicted, observed, counts[there])


def expected_calibration_error(
    probability: NDArray[np.float64], is_positive: NDArray[np.bool_], bin_count: int = 10
) -> float:
    """Mean distance of the calibration curve from the diagonal, bins weighing what they hold.

    Naeini, Cooper & Hauskrecht, AAAI 2015.

    Examples
    --------
    >>> round(expected_calibration_error(np.array([0.8, 0.8]), np.array([True, True])), 3)
    0.2
    """
    curve = calibration_curve(probability, is_positive, bin_count)
    if not curve.counts.size:
        return float("nan")
    return float(np.average(np.abs(curve.predicted - curve.observed), weights=curve.counts))
