"""Gradient boosting that copes with columns in which nothing can be learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier


class Boosting(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """`HistGradientBoostingClassifier` on those columns that hold at least two different values.

    scikit-learn 1.9 cannot bin a column that is missing throughout or holds one value only, and
    both are normal in a fold of pairs.

    Parameters
    ----------
    columns
        Columns that may be used at all.
    directions
        Of each column: 1 rising, -1 falling, 0 free.
    """

    def __init__(
        self,
        columns: Sequence[int] = (),
        directions: Sequence[int] = (),
        max_leaf_nodes: int = 4,
        min_samples_leaf: int = 20,
        learning_rate: float = 0.1,
        max_iter: int = 150,
        max_features: float = 0.3,
        l2_regularization: float = 1.0,
        random_state: int = 0,
    ) -> None:
        self.columns = columns
        self.directions = directions
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_features = max_features
        self.l2_regularization = l2_regularization
        self.random_state = random_state

    def fit(self, features: NDArray[np.float64], labels: NDArray[np.bool_]) -> Boosting:
        """Learn from rows of `features`."""
        several = [np.unique(features[~np.isnan(features[:, c]), c]).size > 1 for c in self.columns]
        self.columns_ = np.array(self.columns, np.int64)[several]
        self.classes_ = np.array([False, True])
        model = HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.max_features,
            l2_regularization=self.l2_regularization,
            monotonic_cst=[self.directions[column] for column in self.columns_],
            early_stopping=False,
            random_state=self.random_state,
        )
        self.model_ = model.fit(features[:, self.columns_], labels)
        return self

    def decision_function(self, features: NDArray[np.float64]) -> Any:
        """Log-odds, shape (rows,)."""
        return self.model_.decision_function(features[:, self.columns_])

    def predict_proba(self, features: NDArray[np.float64]) -> Any:
        """Probabilities, shape (rows, 2)."""
        return self.model_.predict_proba(features[:, self.columns_])

    def predict(self, features: NDArray[np.float64]) -> Any:
        """Labels, shape (rows,)."""
        return self.model_.predict(features[:, self.columns_])
