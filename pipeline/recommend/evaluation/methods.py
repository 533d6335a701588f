"""What is compared: the product, and the baselines that it has to beat.

A method gives the people of the past a score for each source; only their order counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from models import baselines
from models.baselines import Ints, Sparse
from models.evaluation.ranking import Matrix, reciprocal_ranks
from pipeline.recommend.evaluation.past import Past

Method: TypeAlias = Callable[[Past, Ints, Mapping[str, Matrix]], Any]
"""Score all people for some of them.

Takes what was known, the rows of the sources, and the scores of the methods before it in `METHODS`
(minus infinity for who is no candidate). Gives a matrix, dense or sparse, (sources, people).
A score of 0 or below says nothing of a person; what is given to who is no candidate is overruled.
"""

Score: TypeAlias = Callable[[Sparse, Ints], Any]


def _plain(score: Score) -> Method:
    return lambda past, sources, _: score(past.ties, sources)


def _recent(score: Score) -> Method:
    return lambda past, sources, _: score(past.recent_ties, sources)


def _served(past: Past, sources: Ints, _: Mapping[str, Matrix]) -> Sparse:
    return past.served[sources]


def _topic_cosine(past: Past, sources: Ints, _: Mapping[str, Matrix]) -> Sparse:
    return baselines.cosine(past.topics.of_people, past.topics.turned, sources)


def _same_venue(past: Past, sources: Ints, _: Mapping[str, Matrix]) -> Sparse:
    return baselines.cosine(past.venues.of_people, past.venues.turned, sources)


def fusion(*names: str) -> Method:
    """Sum reciprocal ranks by several methods that stand before it."""

    def fused(_: Past, __: Ints, before: Mapping[str, Matrix]) -> Matrix:
        return np.sum([reciprocal_ranks(before[name]) for name in names], axis=0)

    return fused


def scores_of(name: str) -> Method:
    """Scores of a method that stands before it, as they are."""
    return lambda _, __, before: before[name]


def _scored(past: Past, sources: Ints, _: Mapping[str, Matrix]) -> Sparse:
    return past.scored[sources]


PRODUCT: Mapping[str, Method] = {"confrere": _served, "confrere (no policy)": _scored}

SINGLE: Mapping[str, Method] = {
    "popularity": _plain(baselines.popularity),
    "common neighbours": _plain(baselines.common_neighbours),
    "Jaccard": _plain(baselines.jaccard),
    "Adamic-Adar": _plain(baselines.adamic_adar),
    "resource allocation": _plain(baselines.resource_allocation),
    "Adamic-Adar, recency": _recent(baselines.reliable_adamic_adar),
    "resource allocation, recency": _recent(baselines.resource_allocation),
    "Katz": _plain(baselines.katz),
    "PageRank": _plain(baselines.pagerank),
    "PageRank, recency": _recent(baselines.pagerank),
    "L3": _plain(baselines.paths_of_three),
    "L3, recency": _recent(baselines.paths_of_three),
    "walk, recency": _recent(baselines.superposed_walk),
    "topic cosine": _topic_cosine,
    "same venue": _same_venue,
}
"""Scores that stand for themselves: the features of the logistic regression, too."""

FUSED: Mapping[str, Method] = {
    "walk + topic": fusion("walk, recency", "topic cosine"),
    "Adamic-Adar + PageRank + topic": fusion("Adamic-Adar", "PageRank", "topic cosine"),
}

METHODS: Mapping[str, Method] = {**PRODUCT, **SINGLE, **FUSED}

REFERENCES = (
    "Adamic-Adar",
    "Adamic-Adar, recency",
    "resource allocation, recency",
    "PageRank, recency",
    "L3, recency",
    "walk, recency",
    "Adamic-Adar + PageRank + topic",
)
"""Everything is held against these, query by query."""


def score(past: Past, sources: Ints, methods: Mapping[str, Method]) -> dict[str, Matrix]:
    """Score by each method, each of shape (sources, people); see `Matrix`."""
    closed = past.closed_to(sources)
    made: dict[str, Matrix] = {}
    for name, method in methods.items():
        scores = dense(method(past, sources, made))
        scores[closed] = -np.inf
        made[name] = scores
    return made


def dense(given: Any) -> Matrix:
    """A matrix of its own, in single precision."""
    whole = given.toarray() if hasattr(given, "toarray") else np.asarray(given)
    return whole.astype(np.float32)
