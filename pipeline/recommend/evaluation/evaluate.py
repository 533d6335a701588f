"""Rank the whole universe for everybody asked about, by every method, and measure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.baselines import Ints, Reals, Sparse
from models.evaluation.ranking import NOBODY, Flags, Places, best, find_places
from pipeline.progress import track
from pipeline.recommend.evaluation.labels import Questions
from pipeline.recommend.evaluation.methods import Method, score
from pipeline.recommend.evaluation.past import Past

SOURCES_AT_ONCE = 64
LIST_LENGTH = 20


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What one method made of all questions.

    Attributes
    ----------
    places
        Where the answers stand.
    is_said
        Whether the method says anything of each answer: scores it above 0.
    lists
        The first 20 for each query, rows of the past, best first, `NOBODY` where there are fewer.
    probabilities
        Scores of those lists, of a method whose scores are probabilities; else None.
    """

    places: Places
    is_said: Flags
    lists: Ints
    probabilities: Reals | None


@dataclass(frozen=True, slots=True, eq=False)
class Rankings:
    """What all methods made of all questions about one past.

    Attributes
    ----------
    distances
        Steps over ties from query to answer, of each answer: 2, 3, or 4 for more or no path.
    """

    past: Past
    questions: Questions
    distances: Ints
    of: Mapping[str, Ranking]


def rank(
    past: Past,
    questions: Questions,
    methods: Mapping[str, Method],
    calibrated: Collection[str] = (),
) -> Rankings:
    """Rank all candidates for each query.

    Parameters
    ----------
    methods
        See `Method`; a fusion after what it fuses.
    calibrated
        Names of methods whose scores are probabilities.
    """
    bounds = range(0, questions.sources.size, SOURCES_AT_ONCE)
    parts: dict[str, list[tuple[Any, ...]]] = {name: [] for name in methods}
    for start in track(bounds, "ranking everybody, by every method", len(bounds)):
        batch = slice(start, start + SOURCES_AT_ONCE)
        first, last = np.searchsorted(questions.queries, (start, start + SOURCES_AT_ONCE))
        queries, answers = questions.queries[first:last] - start, questions.answers[first:last]
        for name, scores in score(past, questions.sources[batch], methods).items():
            lists = best(scores, LIST_LENGTH, random_state=start)
            chosen = np.take_along_axis(scores, np.maximum(lists, 0), axis=1)
            chances = np.where(lists == NOBODY, np.nan, chosen).astype(np.float64)
            said = scores[queries, answers] > 0
            parts[name].append((*find_places(scores, queries, answers), said, lists, chances))
    of = {}
    for name, own in parts.items():
        above, tied, said, lists, chances = (
            np.concatenate(column) for column in zip(*own, strict=True)
        )
        places = Places(questions.sources.size, questions.queries, above, tied)
        of[name] = Ranking(places, said, lists, chances if name in calibrated else None)
    return Rankings(past, questions, distances(past.ties, questions), of)


def distances(ties: Sparse, questions: Questions) -> Ints:
    """Steps from query to answer: 2, 3, or 4 for more or no path at all; shape (answers,)."""
    found = np.full(questions.answers.size, 4)
    near = ties[questions.sources]
    for start in range(0, questions.sources.size, SOURCES_AT_ONCE):
        first, last = np.searchsorted(questions.queries, (start, start + SOURCES_AT_ONCE))
        own = questions.queries[first:last] - start, questions.answers[first:last]
        two = near[start : start + SOURCES_AT_ONCE] @ ties
        three = ties @ two.toarray().T
        part = found[first:last]
        part[three[own[1], own[0]] > 0] = 3
        part[two.toarray()[own] > 0] = 2
    return found
