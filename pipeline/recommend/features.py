"""What the ranker looks at: one table of features, declared once, in the field's terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kernels import Flags, Ints
from models.pairs import MEASURES, measure, places
from pipeline.recommend.known import Known
from pipeline.recommend.records import Singles
from pipeline.recommend.sources import BUDGET

Reals32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Columns:
    """Measures and traits of pairs by name, each of shape (pairs,).

    Attributes
    ----------
    starts
        Where the pairs of each author begin, shape (authors + 1,).
    """

    starts: Ints
    of_pair: dict[str, Reals32]
    of_source: dict[str, Reals32]
    of_target: dict[str, Reals32]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the ranker.

    Attributes
    ----------
    group
        What it speaks of; contributions to a score are told by group.
    of_strangers
        Its value where two people have nothing in common; None: what is usual counts as nothing.
    """

    name: str
    group: str
    meaning: str
    value: Callable[[Columns], Reals32]
    of_strangers: float | None = None


GROUPS = ("coauthors", "topics", "venues", "workplace", "activity", "career")

_FLOOR_2, _FLOOR_3 = 1e-4, 1e-5
"""Walks less probable than this are as good as none; it makes their logarithm finite."""

_FAINT = 1e-3
"""A tie weaker than this is as good as none."""


def _walk(name: str, group: str, meaning: str, floor: float) -> Feature:
    def value(columns: Columns) -> Reals32:
        return np.log(columns.of_pair[name] + np.float32(floor))

    return Feature(name, group, meaning, value, float(np.log(floor)))


def _pair(name: str, group: str, meaning: str, shape: Callable[[Reals32], Reals32]) -> Feature:
    return Feature(name, group, meaning, lambda columns: shape(columns.of_pair[name]), 0.0)


def _place(name: str, group: str, meaning: str, measured: Callable[[Columns], Reals32]) -> Feature:
    def value(columns: Columns) -> Reals32:
        return -np.log1p(places(columns.starts, measured(columns)))

    return Feature(name, group, meaning, value, -float(np.log1p(BUDGET)))


def _of(name: str) -> Callable[[Columns], Reals32]:
    return lambda columns: columns.of_pair[name]


def _target(name: str, group: str, meaning: str, shape: Callable[[Reals32], Reals32]) -> Feature:
    return Feature(name, group, meaning, lambda columns: shape(columns.of_target[name]))


def _same(values: Reals32) -> Reals32:
    return values


def _root(values: Reals32) -> Reals32:
    return np.sqrt(np.maximum(values, 0))


def _log(values: Reals32) -> Reals32:
    return np.log(values + np.float32(0.02))


def _strength(values: Reals32) -> Reals32:
    return np.log(values + np.float32(_FAINT)) - np.float32(np.log(_FAINT))


def _any_walk(columns: Columns) -> Reals32:
    total = columns.of_pair["walk_2"] + columns.of_pair["walk_3"]
    return np.log(total + np.float32(_FLOOR_3))


def _growth(columns: Columns) -> Reals32:
    return _log(columns.of_target["papers_last_year"]) - _log(columns.of_target["papers_recent"])


def _gap(name: str, shape: Callable[[Reals32], Reals32]) -> Callable[[Columns], Reals32]:
    return lambda c: np.abs(shape(c.of_target[name]) - shape(c.of_source[name]))


def _both(first: str, second: str) -> Callable[[Columns], Reals32]:
    return lambda columns: columns.of_source[first] * columns.of_target[second]


FEATURES = (
    Feature("walk", "coauthors", "walks of two or three steps over recent ties", _any_walk,
            float(np.log(_FLOOR_3))),
    _walk("walk_2", "coauthors", "the same, of two steps", _FLOOR_2),
    _walk("walk_3", "coauthors", "the same, of three steps", _FLOOR_3),
    _walk("lifetime_walk_2", "coauthors", "two steps over ties of any age", _FLOOR_2),
    _walk("lifetime_walk_3", "coauthors", "three steps over ties of any age", _FLOOR_3),
    _walk("last_year_walk_2", "coauthors", "two steps over ties of the last year", _FLOOR_2),
    _walk("introduction", "coauthors", "two steps, the first to a new coauthor", _FLOOR_2),
    _pair("shared_coauthors", "coauthors", "how many coauthors the two share", np.log1p),
    _pair("active_shared_coauthors", "coauthors", "of these, active with both", np.log1p),
    _pair("strongest_way", "coauthors", "the weaker tie of the strongest way over one", _strength),
    _pair("fresh_ways", "coauthors", "how fresh the ways over them are, together", np.log1p),
    _pair("team_share", "coauthors", "share of one's ties on one paper of the other", _root),
    _pair("recent_team_share", "coauthors", "the same, recent papers more", _root),
    _pair("team_shares", "coauthors", "the same of all papers together", _root),
    _place("walk_place", "coauthors", "place among the candidates by walks", _any_walk),
    _place("walk_3_place", "coauthors", "the same, by walks of three steps", _of("walk_3")),
    _place("last_year_place", "coauthors", "the same, over last year's ties",
           _of("last_year_walk_2")),
    _place("team_place", "coauthors", "the same, by shares of all papers", _of("team_shares")),
    _pair("topics_recent", "topics", "likeness of what both write of late", _same),
    _pair("topics_lifetime", "topics", "likeness of what both ever wrote", _same),
    _pair("topics_around", "topics", "likeness with the topics of coauthors included", _same),
    _place("topics_place", "topics", "place among the candidates by these topics",
           _of("topics_around")),
    _pair("words", "topics", "likeness of the words of titles of late", _root),
    _pair("venues", "venues", "likeness of the journals of late", _root),
    _pair("institution", "workplace", "an institution in common", _same),
    _pair("department", "workplace", "a department in common", _same),
    _target("papers", "activity", "papers of the candidate", np.log1p),
    _target("papers_last_year", "activity", "the same, of the last year", _log),
    _target("papers_recent", "activity", "the same, of late", _log),
    Feature("growth", "activity", "last year's papers beside those of late", _growth),
    _target("years_since_paper", "activity", "years since the candidate's last paper", _same),
    _target("coauthors", "activity", "coauthors of the candidate", np.log1p),
    _target("new_coauthors", "activity", "of these, new", np.log1p),
    _target("strength", "activity", "recent ties of the candidate", _log),
    _target("team", "activity", "people on the candidate's papers", _same),
    Feature("team_gap", "career", "difference of both teams' size", _gap("team", _same), 0.0),
    _target("career_years", "career", "years since the candidate's first paper", np.log1p),
    Feature("career_gap", "career", "difference of both careers' length",
            _gap("career_years", np.log1p), 0.0),
    _target("first_author", "career", "share of papers that the candidate heads", _same),
    _target("last_author", "career", "share of papers that the candidate closes", _same),
    Feature("both_last", "career", "both close papers", _both("last_author", "last_author")),
)  # fmt: skip


def features_of(
    known: Known, sources: Ints, starts: Ints, targets: Ints, threads: int
) -> tuple[Singles, Ints]:
    """Look at pairs; those of `sources[i]` are `targets[starts[i]:starts[i + 1]]`.

    Returns
    -------
    Shape (targets, FEATURES), and through whom each pair is best reached, -1 for nobody.
    """
    measured, through = measure(known.world, sources, starts, targets, threads)
    source = np.repeat(sources, np.diff(starts))
    columns = Columns(
        starts,
        dict(zip(MEASURES, measured.T, strict=True)),
        {name: trait[source].astype(np.float32) for name, trait in known.traits.items()},
        {name: trait[targets].astype(np.float32) for name, trait in known.traits.items()},
    )
    values = np.column_stack([feature.value(columns) for feature in FEATURES])
    return values.astype(np.float32), through


def group_columns() -> dict[str, Flags]:
    """Which columns of `FEATURES` each of `GROUPS` has."""
    return {group: np.array([feature.group == group for feature in FEATURES]) for group in GROUPS}
