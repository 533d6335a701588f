"""From a score to the probability of a joint paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMALLEST_SCORE = 1e-12


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling on the logarithm of the score: 1 / (1 + exp(-(intercept + slope ln score))).

    Platt, Advances in Large Margin Classifiers, 1999. Trained on pairs proposed as of
    `trained_as_of`; the probability is that of a first joint paper within `horizon_months`.
    """

    intercept: float
    slope: float
    horizon_months: int
    trained_as_of: str
    pair_count: int
    positive_count: int

    def probability(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability for each score, shape as given.

        Examples
        --------
        >>> even = Calibration(0.0, 1.0, 24, "2024-01-01", 2, 1)
        >>> even.probability(np.array([1.0])).tolist()
        [0.5]
        """
        exponent = self.intercept + self.slope * np.log(np.maximum(score, SMALLEST_SCORE))
        return 1.0 / (1.0 + np.exp(-exponent))


def fit_calibration(
    score: NDArray[np.float64],
    is_positive: NDArray[np.bool_],
    horizon_months: int,
    trained_as_of: str,
) -> Calibration:
    """Fit a `Calibration` on pairs with known outcome, both shape (pairs,).

    Raises
    ------
    ValueError
        All outcomes are alike.
    """
    from sklearn.linear_model import LogisticRegression

    if is_positive.all() or not is_positive.any():
        raise ValueError("outcomes are all alike: nothing to learn from")
    feature = np.log(np.maximum(score, SMALLEST_SCORE))[:, np.newaxis]
    model = LogisticRegression(C=1e6).fit(feature, is_positive)
    return Calibration(
        float(model.intercept_[0]),
        float(model.coef_[0, 0]),
        horizon_months,
        trained_as_of,
        len(score),
        int(is_positive.sum()),
    )
