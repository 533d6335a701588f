"""How probable it is that two mentions are one person: calibrated trees, as plain arrays."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.trees import Trees, from_boosting

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

SHIPPED = Path(__file__).with_name("same_author.json")
"""The model that comes with the package; docs/identity.md is its card."""

STATED = {"orcid": float(np.log(99)), "suffix": float(np.log(9))}
"""Log-odds that a feature adds where it is 1 and takes where it is 0: stated, not learned.

Labelled pairs hardly print these. An equal or another ORCID iD is taken to be right 99 times in
100, a generation suffix 9 times in 10, whatever else the pair says (a Bayes factor, Good 1950).
"""

GRID = {"max_leaf_nodes": [3, 4, 6]}
"""Trees that `fit` chooses from."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A trained model, complete: what `SameAuthor.fit` makes and the package ships.

    Attributes
    ----------
    features
        Names of the columns that `probability` takes, in order.
    slope, intercept
        Platt scaling of the sum over the trees.
    stated
        Feature → log-odds, see `STATED`.
    trained_on
        Fingerprint of the pairs it was trained on; empty if not known.
    """

    features: tuple[str, ...]
    trees: Trees
    slope: float
    intercept: float
    stated: Mapping[str, float] = field(default_factory=dict)
    trained_on: str = ""

    @property
    def fingerprint(self) -> str:
        """Short name of what the model says: changes with every number in it."""
        return hashlib.sha256(json.dumps(_plain(self)).encode()).hexdigest()[:12]

    def probability(self, features: Reals) -> Reals:
        """Probability that each pair is one person, (pairs, features) → (pairs,); NaN: missing."""
        log_odds = self.intercept + self.slope * self.trees.predict(features)
        for name, weight in self.stated.items():
            said = 2 * features[:, self.features.index(name)] - 1
            log_odds = log_odds + weight * np.nan_to_num(said)
        probability: Reals = 1 / (1 + np.exp(-log_odds))
        return probability


class SameAuthor:
    """Learn a `Matcher` from labelled pairs.

    Histogram gradient boosting (Ke et al., NeurIPS 2017), which takes missing values as they are
    and keeps to the known directions; Platt scaling (1999) on scores of pairs that the trees did
    not see. The trees' size is chosen by log loss in cross-validation within the data of `fit`, all
    pairs of a block in one fold; so measured from outside, by folds of blocks, no figure has seen
    its own choice.

    Parameters
    ----------
    features
        Names of the columns, in order.
    directions
        Feature → 1 or -1 where the probability may only rise or fall with it; 0 or absent: learn.
    stated
        Feature → log-odds that are given, not learned; the trees do not see these features.
    folds
        Inner folds.
    grid, learning_rate, max_iter, max_features, l2_regularization
        As in scikit-learn's `HistGradientBoostingClassifier`; `grid` is chosen from.
    random_state
        Seed of folds and trees.
    """

    def __init__(
        self,
        features: Sequence[str],
        directions: Mapping[str, int] | None = None,
        stated: Mapping[str, float] | None = None,
        *,
        folds: int = 5,
        grid: Mapping[str, Sequence[Any]] | None = None,
        learning_rate: float = 0.1,
        max_iter: int = 150,
        max_features: float = 0.3,
        l2_regularization: float = 1.0,
        random_state: int = 0,
    ) -> None:
        self.features = features
        self.directions = directions
        self.stated = stated
        self.folds = folds
        self.grid = grid
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_features = max_features
        self.l2_regularization = l2_regularization
        self.random_state = random_state

    def fit(self, pairs: Reals, is_same: Flags, blocks: NDArray[Any]) -> SameAuthor:
        """Learn from `pairs`, shape (n, features), with label and block of each, shape (n,)."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict

        from models.boosting import Boosting

        weights = STATED if self.stated is None else self.stated
        stated = {name: weight for name, weight in weights.items() if name in self.features}
        directions = self.directions or {}
        learner = Boosting(
            columns=[place for place, name in enumerate(self.features) if name not in stated],
            directions=[directions.get(name, 0) for name in self.features],
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_features=self.max_features,
            l2_regularization=self.l2_regularization,
            random_state=self.random_state,
        )
        folds = GroupKFold(self.folds, shuffle=True, random_state=self.random_state)
        splits = list(folds.split(pairs, is_same, blocks))
        search = GridSearchCV(learner, self.grid or GRID, cv=splits, scoring="neg_log_loss")
        best = search.fit(pairs, is_same).best_estimator_
        self.best_params_ = search.best_params_
        unseen = cross_val_predict(best, pairs, is_same, cv=splits, method="decision_function")
        scaling = LogisticRegression(C=1e6).fit(unseen[:, np.newaxis], is_same)
        self.matcher_ = Matcher(
            tuple(self.features),
            from_boosting(best.model_, best.columns_),
            float(scaling.coef_[0, 0]),
            float(scaling.intercept_[0]),
            stated,
        )
        return self

    def predict_proba(self, pairs: Reals) -> Reals:
        """Probabilities of two persons and of one, shape (n, 2)."""
        probability = self.matcher_.probability(pairs)
        return np.column_stack([1 - probability, probability])


def save_matcher(path: Path, matcher: Matcher) -> None:
    """Write the model as JSON beside the old one, then take its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(_plain(matcher)), encoding="utf-8")
    beside.replace(path)


def _plain(matcher: Matcher) -> dict[str, Any]:
    plain = dataclasses.asdict(matcher)
    plain["trees"] = {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in plain["trees"].items()
    }
    return plain


def load_matcher(path: Path = SHIPPED) -> Matcher:
    """Read a model: numbers only, nothing in the file is ever run.

    Raises
    ------
    ValueError
        The file is not a model.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        stored = plain.pop("trees")
        baseline = float(stored.pop("baseline"))
        arrays = {
            name: np.array(value, _KINDS.get(name, np.int64)) for name, value in stored.items()
        }
        trees = Trees(baseline=baseline, **arrays)
        _check(trees, len(plain["features"]))
        if not set(plain["stated"]) <= set(plain["features"]):
            raise ValueError("evidence that is no feature")
        scaling = [plain["slope"], plain["intercept"], *plain["stated"].values()]
        if not all(math.isfinite(number) for number in (*scaling, trees.baseline, *trees.value)):
            raise ValueError("a number that is none")
        return Matcher(**plain | {"trees": trees, "features": tuple(plain["features"])})
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"is not a model of pairs ({error}): train it again") from None


_KINDS: dict[str, type[np.generic]] = {"threshold": np.float64, "value": np.float64}


def _check(trees: Trees, feature_count: int) -> None:
    """Refuse trees whose walk would leave the arrays or not end; the kernel does not look."""
    count = trees.feature.size
    sizes = {a.size for a in (trees.threshold, trees.missing_left, trees.left, trees.right)}
    if sizes | {trees.value.size} != {count}:
        raise ValueError("columns of unequal length")
    inner = trees.feature >= 0
    places = np.flatnonzero(inner)
    for side in (trees.left, trees.right):
        # a child stands behind its parent, so every walk ends
        if np.any(side[inner] <= places) or np.any(side[inner] >= count):
            raise ValueError("a node leads astray")
    if np.any(trees.feature >= feature_count) or np.any((trees.roots < 0) | (trees.roots >= count)):
        raise ValueError("a node that is not there")
