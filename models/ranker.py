"""Ranking of collaborators: a linear score, and the probability that it means.

The score of a pair is sum of weight · (value - origin) / scale over the features. Weights maximise
the likelihood of the answers in a softmax over each person's list (conditional logit: McFadden,
1974; ListNet with top-one probabilities: Cao et al., ICML 2007).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHIPPED = Path(__file__).with_name("ranker.json")

ANSWERS_OF_A_LIST = 3.0
"""A list with more answers counts as one with so many: prolific people would drown the others."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """What ranks; plain numbers, one for each of `features`.

    Attributes
    ----------
    origin
        Values that count as nothing: those of two strangers of the usual kind.
    scale
        Spread of the values.
    intercept, slope
        Probability of a joint paper is 1 / (1 + exp(-(intercept + slope · score))): Platt, Advances
        in Large Margin Classifiers, 1999.
    horizon_months
        Time within which the paper is written.
    trained_on
        What it was trained on, and until when.
    """

    features: tuple[str, ...]
    origin: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    slope: float
    horizon_months: int
    trained_on: str

    @property
    def fingerprint(self) -> str:
        """Changes whenever the numbers do."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]

    def contributions(self, values: Singles) -> Reals:
        """What each feature adds to the score, shape (pairs, features)."""
        step = np.array(self.weights) / np.array(self.scale)
        return (values.astype(np.float64) - np.array(self.origin)) * step

    def score(self, values: Singles) -> Reals:
        """Score of each pair, shape (pairs,): the sum of `contributions`."""
        step = np.array(self.weights) / np.array(self.scale)
        return values @ step - float(np.array(self.origin) @ step)

    def probability(self, score: Reals) -> Reals:
        """Probability of a joint paper within the horizon, shape as given.

        Examples
        --------
        >>> even = Ranker(("walk",), (0.0,), (1.0,), (1.0,), 0.0, 1.0, 24, "nothing")
        >>> even.probability(np.array([0.0])).tolist()
        [0.5]
        """
        return 1.0 / (1.0 + np.exp(-(self.intercept + self.slope * score)))


@dataclass(frozen=True, slots=True)
class Lists:
    """Pairs to learn from, in order of the lists.

    Attributes
    ----------
    values
        Features, shape (pairs, features).
    lists
        Number of each pair's list, ascending, shape (pairs,).
    is_answer
        Shape (pairs,).
    stands_for
        How many pairs of the whole list one stands for, shape (pairs,).
    """

    values: Singles
    lists: Ints
    is_answer: Flags
    stands_for: Reals


def fit_weights(lists: Lists, scale: Reals, ridge: float, prior: Reals, free: Flags) -> Reals:
    """Weights on values / scale that make the answers most likely, shape (features,).

    Parameters
    ----------
    ridge
        Strength of the L2 penalty on the distance from `prior`.
    free
        Features whose weight is hardly penalised.
    """
    from scipy.optimize import minimize

    values = (lists.values / scale.astype(np.float32)).astype(np.float32)
    starts = np.flatnonzero(np.r_[True, np.diff(lists.lists) != 0])
    answers = np.add.reduceat(lists.is_answer.astype(np.float64), starts)
    place = np.repeat(np.arange(starts.size), np.diff(np.r_[starts, lists.lists.size]))
    counted = np.minimum(answers, ANSWERS_OF_A_LIST)
    wanted = lists.is_answer * (counted / np.maximum(answers, 1))[place]
    gain = (wanted.astype(np.float32) @ values).astype(np.float64)
    penalty = np.where(free, ridge / 1_000, ridge)

    def loss(weights: Reals) -> tuple[float, Reals]:
        score = (values @ weights.astype(np.float32)).astype(np.float64)
        top = np.maximum.reduceat(score, starts)
        mass = lists.stands_for * np.exp(score - top[place])
        total = np.add.reduceat(mass, starts)
        share = (mass * (counted / total)[place]).astype(np.float32)
        away = weights - prior
        likelihood = wanted @ score - counted @ (np.log(total) + top)
        slope = gain - (share @ values).astype(np.float64)
        return float(penalty @ away**2 / 2 - likelihood), penalty * away - slope

    found = minimize(loss, prior, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    weights: Reals = found.x
    return weights


def fit_probability(score: Reals, is_answer: Flags, stands_for: Reals) -> tuple[float, float]:
    """Intercept and slope of the probability over pairs with known outcome.

    Raises
    ------
    ValueError
        All outcomes are alike.
    """
    from sklearn.linear_model import LogisticRegression

    if is_answer.all() or not is_answer.any():
        raise ValueError("outcomes are all alike: nothing to learn from")
    model = LogisticRegression(C=1e6).fit(score[:, np.newaxis], is_answer, stands_for)
    return float(model.intercept_[0]), float(model.coef_[0, 0])


def save_ranker(path: Path, ranker: Ranker) -> None:
    """Write the model beside the old one, then take its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(asdict(ranker), indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def load_ranker(path: Path = SHIPPED) -> Ranker:
    """Read a model; without a path the one of the package.

    Raises
    ------
    ValueError
        The file is no ranker.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        plain = {field.name: told[field.name] for field in fields(Ranker)}
        lists = {name: tuple(plain[name]) for name in ("features", "origin", "scale", "weights")}
        ranker = Ranker(**{**plain, **lists})
        length = {len(lists[name]) for name in lists}
        numbers = [*ranker.weights, *ranker.origin, ranker.intercept, ranker.slope]
        if len(length) != 1 or not np.isfinite([*numbers, *ranker.scale]).all():
            raise ValueError("its lists do not fit together")
        if min(ranker.scale, default=1.0) <= 0:
            raise ValueError("a scale is not above 0")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"is not a model ({error}): delete it and train again") from None
    return ranker
