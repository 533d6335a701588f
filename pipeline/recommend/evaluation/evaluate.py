"""Rank the whole universe for everybody asked about, by every method, and measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from models.baselines import Ints, Reals
from models.evaluation.ranking import Flags, Places, best, find_places
from pipeline.progress import track
from pipeline.recommend.evaluation.labels import Questions
from pipeline.recommend.evaluation.methods import Method, dense, score
from pipeline.recommend.evaluation.past import Past

SOURCES_AT_ONCE = 64
CELLS_AT_ONCE = 2_500_000
"""Scores of a method held at once: with twenty methods, some 200 MB."""

LIST_LENGTH = 20

_Part: TypeAlias = tuple[Ints, Ints, Flags, Ints, Reals]


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
        Of those on the lists; 0 where the method says none.
    """

    places: Places
    is_said: Flags
    lists: Ints
    probabilities: Reals


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
    probabilities: Mapping[str, Method] | None = None,
) -> Rankings:
    """Rank all candidates for each query.

    Parameters
    ----------
    methods
        See `Method`; a fusion after what it fuses.
    probabilities
        What gives the probabilities of some of them; it may look at the scores of all.
    """
    chances_of = probabilities or {}
    bounds = batches(questions.sources.size, past)
    parts: dict[str, list[_Part]] = {name: [] for name in methods}
    for start in track(bounds, "ranking everybody, by every method", len(bounds)):
        batch, answered = _batch(questions, start, bounds.step)
        sources = questions.sources[batch]
        made = score(past, sources, methods)
        for name, scores in made.items():
            lists = best(scores, LIST_LENGTH, random_state=start)
            chances = np.zeros(lists.shape)
            if name in chances_of:
                given = dense(chances_of[name](past, sources, made))
                chances[:] = np.take_along_axis(given, np.maximum(lists, 0), axis=1)
            parts[name].append(
                (*find_places(scores, *answered), scores[answered] > 0, lists, chances)
            )
    of = {name: _whole(own, questions) for name, own in parts.items()}
    return Rankings(past, questions, distances(past, questions), of)


def batches(count: int, past: Past) -> range:
    """Where batches of so many sources begin; as large as memory allows."""
    step = min(max(CELLS_AT_ONCE // max(past.author_ids.size, 1), 1), SOURCES_AT_ONCE)
    return range(0, count, step)


def _batch(questions: Questions, start: int, size: int) -> tuple[slice, tuple[Ints, Ints]]:
    """Some queries, and of their answers the places among these queries and the rows."""
    stop = start + size
    first, last = np.searchsorted(questions.queries, (start, stop))
    answered = questions.queries[first:last] - start, questions.answers[first:last]
    return slice(start, stop), answered


def _whole(parts: Sequence[_Part], questions: Questions) -> Ranking:
    above, tied, said, lists, chances = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    places = Places(questions.sources.size, questions.queries, above, tied)
    return Ranking(places, said, lists, chances)


def distances(past: Past, questions: Questions) -> Ints:
    """Steps from query to answer: 2, 3, or 4 for more or no path at all; shape (answers,)."""
    found = np.full(questions.answers.size, 4)
    near = past.ties[questions.sources]
    bounds = batches(questions.sources.size, past)
    for start in bounds:
        batch, (queries, answers) = _batch(questions, start, bounds.step)
        first = np.searchsorted(questions.queries, start)
        two = near[batch] @ past.ties
        three = past.ties @ two.toarray().T
        part = found[first : first + queries.size]
        part[three[answers, queries] > 0] = 3
        part[two.toarray()[queries, answers] > 0] = 2
    return found
