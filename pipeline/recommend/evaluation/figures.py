"""From places to figures: metrics with intervals, slices, comparisons, who gets shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from models.baselines import Ints, Reals, is_entry
from models.evaluation import (
    CalibrationCurve,
    Measure,
    calibration_curve,
    expected_calibration_error,
    gini,
    hit,
    ndcg,
    recall,
    reciprocal_rank,
)
from models.evaluation.ranking import NOBODY, Flags, Places
from models.evaluation.scores import shares_of
from pipeline.recommend.evaluation.evaluate import Ranking, Rankings
from pipeline.recommend.evaluation.methods import PRODUCT, REFERENCES
from pipeline.recommend.evaluation.past import Past
from pipeline.recommend.known import EARLY_YEARS

METRICS: Mapping[str, Callable[[Places, Flags], Reals]] = {
    "ndcg10": lambda places, _: ndcg(places, 10),
    "hit10": lambda places, _: hit(places, 10),
    "recall20": lambda places, _: recall(places, 20),
    "recall500": lambda places, is_said: recall(places, 500, is_said),
    "mrr": lambda places, _: reciprocal_rank(places),
}
"""Of each query, from where its answers stand and which of them the method says anything of.

Recall@500 is of candidates: whoever a method says nothing of is none, and not found by chance.
"""

SHOWN = 10
"""So many of a list count for coverage, exposure and shares."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """NDCG@10 beside that of another method, over the same queries: ratio and difference."""

    ratio: Measure
    difference: Measure


@dataclass(frozen=True, slots=True)
class Slice:
    """Some queries, or some answers of all queries: how many there are, and the metrics."""

    query_count: int
    answer_count: int
    metrics: Mapping[str, Measure]


@dataclass(frozen=True, slots=True)
class Shown:
    """Whom the first 10 show. NaN where there is nothing to take a share of.

    Attributes
    ----------
    coverage
        Share of the universe that is on some list.
    exposure_gini
        Gini coefficient of how often each of the universe is on a list.
    early_career_share
        Share of suggestions with a first paper less than 5 years before.
    cross_institution_share
        Share of suggestions of another institution, of those where both are known.
    """

    coverage: float
    exposure_gini: float
    early_career_share: float
    cross_institution_share: float


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How far probabilities can be taken at their word.

    Those of the product over all that is served to anybody; others' over the first 20 of each list
    of those asked about.
    """

    curve: CalibrationCurve
    error: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is measured of a method; `versus` is against each of `REFERENCES`."""

    metrics: Mapping[str, Measure]
    slices: Mapping[str, Slice]
    versus: Mapping[str, Comparison]
    shown: Shown
    calibrated: Calibrated | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of all methods on one corpus at one cutoff."""

    corpus: str
    cutoff: date
    horizon_months: int
    query_count: int
    answer_count: int
    universe_count: int
    methods: Mapping[str, Figures]


def measure(rankings: Rankings, corpus: str, horizon_months: int) -> Evaluation:
    """Measure every method; intervals are of 95 %, by bootstrap over the queries."""
    per_query = {
        name: {metric: take(ranking.places, ranking.is_said) for metric, take in METRICS.items()}
        for name, ranking in rankings.of.items()
    }
    everybody = np.ones(rankings.questions.sources.size, np.bool_)
    metrics = _means(per_query, everybody)
    slices = _slices(rankings, per_query)
    versus = _compare({name: own["ndcg10"] for name, own in per_query.items()})
    return Evaluation(
        corpus,
        rankings.past.as_of,
        horizon_months,
        rankings.questions.sources.size,
        rankings.questions.answers.size,
        int(rankings.past.in_universe.sum()),
        {
            name: Figures(
                metrics[name],
                {title: own[name] for title, own in slices.items()},
                versus[name],
                _shown(ranking, rankings.past, rankings.questions.sources),
                _calibrated_as_served(rankings)
                if name in PRODUCT
                else _calibrated(ranking, rankings),
            )
            for name, ranking in rankings.of.items()
        },
    )


def best_reference(found: Evaluation) -> str:
    """Name of the single recency-weighted heuristic with the highest NDCG@10."""
    recent = [name for name in REFERENCES if "recency" in name and name in found.methods]
    others = recent or [name for name in found.methods if name not in PRODUCT]
    return max(others, key=lambda name: found.methods[name].metrics["ndcg10"].value)


def _means(
    per_query: Mapping[str, Mapping[str, Reals]], kept: Flags
) -> dict[str, dict[str, Measure]]:
    """Mean of each metric over the queries kept, the same draws for all."""
    keys = [(name, metric) for name, own in per_query.items() for metric in own]
    one = np.ones(int(kept.sum()))
    sums = [part for name, metric in keys for part in (per_query[name][metric][kept], one)]
    found = shares_of(np.column_stack(sums), np.arange(one.size))
    means: dict[str, dict[str, Measure]] = {name: {} for name in per_query}
    for (name, metric), mean in zip(keys, found, strict=True):
        means[name][metric] = mean
    return means


def _compare(ndcg10: Mapping[str, Reals]) -> dict[str, dict[str, Comparison]]:
    """Ratio of the means, and mean difference, with the same queries drawn for both."""
    references = [name for name in REFERENCES if name in ndcg10]
    keys = [(name, other) for name in ndcg10 for other in references if name != other]
    versus: dict[str, dict[str, Comparison]] = {name: {} for name in ndcg10}
    if not keys:
        return versus
    one = np.ones(next(iter(ndcg10.values())).size)
    sums = [
        part
        for name, other in keys
        for part in (ndcg10[name], ndcg10[other], ndcg10[name] - ndcg10[other], one)
    ]
    found = shares_of(np.column_stack(sums), np.arange(one.size))
    for (name, other), ratio, difference in zip(keys, found[::2], found[1::2], strict=True):
        versus[name][other] = Comparison(ratio, difference)
    return versus


def _slices(
    rankings: Rankings, per_query: Mapping[str, Mapping[str, Reals]]
) -> dict[str, dict[str, Slice]]:
    """Slice → method → figures. Slices by distance are of answers, the others of queries."""
    found = {}
    for title, is_kept in _answer_slices(rankings.distances).items():
        found[title] = _of_answers(rankings, is_kept)
    counts = rankings.questions
    answer_counts = np.bincount(counts.queries, minlength=counts.sources.size)
    for title, is_kept in _query_slices(rankings.past, counts.sources).items():
        if is_kept.any():
            means = _means(per_query, is_kept)
            sizes = int(is_kept.sum()), int(answer_counts[is_kept].sum())
            found[title] = {name: Slice(*sizes, means[name]) for name in per_query}
    return found


def _answer_slices(distance: Ints) -> dict[str, Flags]:
    return {
        "common coauthor (distance 2)": distance == 2,
        "no common coauthor": distance > 2,
        "distance 3": distance == 3,
        "distance 4 or more": distance > 3,
    }


def _query_slices(past: Past, sources: Ints) -> dict[str, Flags]:
    years, papers = past.career_years()[sources], past.paper_counts[sources]
    return {
        f"career below {EARLY_YEARS:.0f} years": years < EARLY_YEARS,
        f"career {EARLY_YEARS:.0f} to 10 years": (years >= EARLY_YEARS) & (years < 10),
        "career 10 years or more": years >= 10,
        "2 or 3 papers": papers <= 3,
        "4 to 9 papers": (papers >= 4) & (papers <= 9),
        "10 papers or more": papers >= 10,
    }


def _of_answers(rankings: Rankings, is_kept: Flags) -> dict[str, Slice]:
    """Recall of some answers, in the ranking of all; mean over queries that have any of them."""
    if not is_kept.any():
        return {}
    asked, queries = np.unique(rankings.questions.queries[is_kept], return_inverse=True)
    per_query = {}
    for name, ranking in rankings.of.items():
        whole = ranking.places
        places = Places(asked.size, queries, whole.above[is_kept], whole.tied[is_kept])
        said = ranking.is_said[is_kept]
        per_query[name] = {key: METRICS[key](places, said) for key in ("recall20", "recall500")}
    means = _means(per_query, np.ones(asked.size, np.bool_))
    sizes = asked.size, int(is_kept.sum())
    return {name: Slice(*sizes, means[name]) for name in per_query}


def _shown(ranking: Ranking, past: Past, sources: Ints) -> Shown:
    lists = ranking.lists[:, :SHOWN]
    is_shown = lists != NOBODY
    targets, asking = (
        lists[is_shown],
        np.broadcast_to(sources[:, np.newaxis], lists.shape)[is_shown],
    )
    exposure = np.bincount(targets, minlength=past.author_ids.size)[past.in_universe]
    places = past.institutions[targets], past.institutions[asking]
    is_known = (places[0] >= 0) & (places[1] >= 0)
    return Shown(
        float((exposure > 0).mean()),
        gini(exposure),
        _share(past.career_years()[targets] < EARLY_YEARS),
        _share((places[0] != places[1])[is_known]),
    )


def _calibrated_as_served(rankings: Rankings) -> Calibrated | None:
    """All that is served to anybody, also to who found no new coauthor."""
    served = rankings.past.probabilities.tocoo()
    if not served.nnz:
        return None
    is_right = is_entry(rankings.questions.came_true, *served.coords)
    return Calibrated(
        calibration_curve(served.data, is_right), expected_calibration_error(served.data, is_right)
    )


def _calibrated(ranking: Ranking, rankings: Rankings) -> Calibrated | None:
    is_shown = (ranking.lists != NOBODY) & (ranking.probabilities > 0)
    if not is_shown.any():
        return None
    width = rankings.past.author_ids.size
    questions = rankings.questions
    keys = np.arange(questions.sources.size)[:, np.newaxis] * width + ranking.lists
    is_right = np.isin(keys[is_shown], questions.queries * width + questions.answers)
    chance = ranking.probabilities[is_shown]
    return Calibrated(
        calibration_curve(chance, is_right), expected_calibration_error(chance, is_right)
    )


def _share(flags: Flags) -> float:
    return float(flags.mean()) if flags.size else float("nan")
