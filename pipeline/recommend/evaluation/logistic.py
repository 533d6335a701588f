"""A baseline that learns: logistic regression on the scores of all single baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.baselines import Ints, Reals
from models.evaluation.ranking import NOBODY, Matrix, best
from pipeline.progress import track
from pipeline.recommend.evaluation.evaluate import batches
from pipeline.recommend.evaluation.labels import Questions
from pipeline.recommend.evaluation.methods import SINGLE, score
from pipeline.recommend.evaluation.past import Past

QUERIES_AT_MOST = 2_000
HARD_BY = ("walk, recency", "PageRank, recency", "topic cosine")
"""Whoever heads one of these lists is learned from; of the others a sample stands for all."""

HARD_FROM_EACH = 50
EASY = 50
POSITIVES_NEEDED = 50
RIDGE = 1_000.0
"""Strength of the L2 penalty: the scores say nearly the same, and positives are few."""

SMALLEST_SPREAD = 1e-9
"""A feature that varies less is the same for everybody."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Pairs to learn from; features of shape (pairs, features), the others (pairs,).

    `weight` says for how many pairs of the past one stands, so that probabilities come out right.
    """

    features: NDArray[np.float32]
    is_positive: NDArray[np.bool_]
    weight: Reals


@dataclass(frozen=True, slots=True)
class Model:
    """Logistic regression on ln(1 + score / scale) of each method in `names`, shape (names,)."""

    names: Sequence[str]
    scale: Reals
    coefficients: Reals
    intercept: float

    def __call__(self, _: Past, __: Ints, before: Mapping[str, Matrix]) -> Matrix:
        """Probability of a joint paper within the window, as a `Method`."""
        total = np.full_like(before[self.names[0]], self.intercept)
        for name, scale, coefficient in zip(self.names, self.scale, self.coefficients, strict=True):
            total += np.float32(coefficient) * _feature(before[name], scale)
        chance: Matrix = expit(total)
        return chance


def train(past: Past, questions: Questions, random_state: int = 0) -> Model | None:
    """Fit on an earlier past and what came of it; None where too little came.

    All methods of `SINGLE` are features. The log loss is over all candidates of each query: hard
    ones in person, easy ones by a sample weighed to stand for all.
    """
    from sklearn.linear_model import LogisticRegression

    if questions.answers.size < POSITIVES_NEEDED:
        return None
    examples = _examples(past, questions, np.random.default_rng(random_state))
    scale = np.array([_median(column) for column in examples.features.T])
    features = np.log1p(np.maximum(examples.features, 0) / scale)
    mean = np.average(features, axis=0, weights=examples.weight)
    spread = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=examples.weight))
    spread[spread < SMALLEST_SPREAD] = 1.0
    model = LogisticRegression(C=1 / RIDGE, max_iter=1_000).fit(
        (features - mean) / spread, examples.is_positive, sample_weight=examples.weight
    )
    coefficients = model.coef_[0] / spread
    return Model(
        tuple(SINGLE), scale, coefficients, float(model.intercept_[0] - coefficients @ mean)
    )


def _median(scores: NDArray[np.float32]) -> float:
    """Of the scores that say something; 1 where none does."""
    said = scores[scores > 0]
    return float(np.median(said)) if said.size else 1.0


def _feature(scores: Matrix, scale: float) -> Matrix:
    return np.log1p(np.maximum(scores, 0) / np.float32(scale))


def _examples(past: Past, questions: Questions, generator: np.random.Generator) -> Examples:
    count = questions.sources.size
    asked = np.sort(generator.permutation(count)[:QUERIES_AT_MOST])
    is_kept = np.isin(questions.queries, asked)
    queries, answers = (
        np.searchsorted(asked, questions.queries[is_kept]),
        questions.answers[is_kept],
    )
    parts: list[tuple[NDArray[np.float32], NDArray[np.bool_], Reals]] = []
    bounds = batches(asked.size, past)
    for start in track(bounds, "scoring what to learn from", len(bounds)):
        first, last = np.searchsorted(queries, (start, start + bounds.step))
        sources = questions.sources[asked[start : start + bounds.step]]
        made = score(past, sources, SINGLE)
        pairs = _drawn(made, queries[first:last] - start, answers[first:last], generator)
        rows, columns, is_positive, weight = pairs
        features = np.column_stack([scores[rows, columns] for scores in made.values()])
        parts.append((features, is_positive, weight))
    return Examples(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _drawn(
    made: Mapping[str, Matrix], queries: Ints, answers: Ints, generator: np.random.Generator
) -> tuple[Ints, Ints, NDArray[np.bool_], Reals]:
    """Rows and columns of answers, hard and easy candidates, and what each stands for."""
    first = next(iter(made.values()))
    is_open = np.isfinite(first)
    weight = np.zeros(first.shape)
    for name in HARD_BY:
        hard = best(made[name], HARD_FROM_EACH)
        rows, places = np.nonzero(hard != NOBODY)
        weight[rows, hard[rows, places]] = 1.0
    weight[queries, answers] = 1.0
    easy = is_open & (weight == 0)
    drawn = easy & (generator.random(first.shape) < EASY / np.maximum(easy.sum(axis=1), 1)[:, None])
    each = easy.sum(axis=1) / np.maximum(drawn.sum(axis=1), 1)
    weight[drawn] = np.broadcast_to(each[:, np.newaxis], first.shape)[drawn]
    rows, columns = np.nonzero(weight)
    is_positive = np.zeros(first.shape, np.bool_)
    is_positive[queries, answers] = True
    return rows, columns, is_positive[rows, columns], weight[rows, columns]
