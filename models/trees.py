"""Boosted trees as plain arrays: safe to store as text, evaluated by a kernel of our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

LEAF = -1
"""Stands as the feature of a node that has none."""
LARGEST = float(np.finfo(np.float64).max)
"""Stands for an infinite threshold, which JSON cannot write: every number goes left."""


@dataclass(frozen=True, slots=True)
class Trees:
    """A sum of binary regression trees; all arrays but `roots` are of shape (nodes,).

    Attributes
    ----------
    baseline
        Where the sum begins.
    roots
        First node of each tree, shape (trees,).
    feature
        Column that a node asks about, or LEAF.
    threshold
        Values up to it go left.
    missing_left
        1 where a missing value (NaN) goes left.
    left, right
        Nodes to go to.
    value
        What a leaf adds.
    """

    baseline: float
    roots: Ints
    feature: Ints
    threshold: Reals
    missing_left: Ints
    left: Ints
    right: Ints
    value: Reals

    def predict(self, features: Reals) -> Reals:
        """Sum over the trees for each row of `features`, shape (rows, columns) → (rows,).

        Examples
        --------
        >>> leaves = np.array([0.0, -1.0, 2.0])
        >>> stump = Trees(0.5, *(np.array(a) for a in ([0], [0, -1, -1])), leaves * 0 + 3.0,
        ...     *(np.array(a) for a in ([1, 0, 0], [1, 0, 0], [2, 0, 0])), leaves)
        >>> stump.predict(np.array([[3.0], [4.0], [np.nan]])).tolist()
        [-0.5, 2.5, -0.5]
        """
        nodes = (self.roots, self.feature, self.threshold, self.missing_left, self.left, self.right)
        return _predict(
            np.ascontiguousarray(features, np.float64), *nodes, self.value, self.baseline
        )


def from_boosting(model: Any, columns: Ints) -> Trees:
    """Copy the trees of a fitted binary `HistGradientBoostingClassifier` (numbers only).

    Parameters
    ----------
    columns
        Column of the whole feature table for each column that the model was fitted on.
    """
    trees = [stage[0].nodes for stage in model._predictors]
    roots = np.cumsum([0, *(tree.size for tree in trees[:-1])])
    nodes = np.concatenate(trees)
    first = np.repeat(roots, [tree.size for tree in trees])
    is_leaf = nodes["is_leaf"].astype(bool)
    return Trees(
        baseline=float(model._baseline_prediction.item()),
        roots=roots.astype(np.int64),
        feature=np.where(is_leaf, LEAF, columns[np.where(is_leaf, 0, nodes["feature_idx"])]),
        threshold=np.minimum(nodes["num_threshold"], LARGEST),
        missing_left=nodes["missing_go_to_left"].astype(np.int64),
        left=np.where(is_leaf, 0, nodes["left"] + first).astype(np.int64),
        right=np.where(is_leaf, 0, nodes["right"] + first).astype(np.int64),
        value=np.where(is_leaf, nodes["value"], 0.0),
    )


@njit(cache=True)
def _predict(features, roots, feature, threshold, missing_left, left, right, value, baseline):  # type: ignore[no-untyped-def]  # compiled by numba
    sums = np.full(features.shape[0], baseline)
    for row in range(features.shape[0]):
        for root in roots:
            node = root
            while feature[node] >= 0:
                number = features[row, feature[node]]
                goes_left = missing_left[node] if np.isnan(number) else number <= threshold[node]
                node = left[node] if goes_left else right[node]
            sums[row] += value[node]
    return sums
