"""Measures of how good a prediction was."""

from __future__ import annotations

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
