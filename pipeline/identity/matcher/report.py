"""What an evaluation found, as plain values for JSON."""

from __future__ import annotations

import math
from typing import Any

from models.evaluation import Measure, Scores
from pipeline.identity.matcher.evaluate import (
    RULES,
    ClusterEvaluation,
    ClusterScores,
    PairEvaluation,
)


def as_plain(evaluation: PairEvaluation | ClusterEvaluation) -> dict[str, Any]:
    """Figures by decider (matcher, clusters, rules), slices, calibration, what was not found.

    Of persons, `clusters` is over all pairs of mentions, and B³, splitting and lumping are added,
    with and without persons of a single mention.
    """
    if isinstance(evaluation, PairEvaluation):
        return _pairs(evaluation)
    plain = _pairs(evaluation.pairs)
    return plain | {
        "clusters": _scores(evaluation.whole.pairwise),
        **_clusters(evaluation.whole),
        "without_singletons": _clusters(evaluation.several)
        | {"clusters": _scores(evaluation.several.pairwise)},
    }


def _pairs(evaluation: PairEvaluation) -> dict[str, Any]:
    slices = {
        name: {
            "matcher": _scores(scores["matcher"]),
            "clusters": _scores(scores["clusters"]),
            "rules": {rule: _scores(scores[rule]) for rule in RULES},
        }
        for name, scores in evaluation.scores.items()
    }
    calibration = evaluation.calibration
    points = zip(
        *(side.tolist() for side in (calibration.curve.predicted, calibration.curve.observed)),
        calibration.curve.counts.tolist(),
        strict=True,
    )
    return {
        **slices.pop("all"),
        "slices": slices,
        "calibration": {
            "expected_calibration_error": _number(calibration.error),
            "points": list(points),
        },
        "names_missing": evaluation.located.missing_count,
        "names_ambiguous": evaluation.located.ambiguous_count,
    }


def _scores(scores: Scores) -> dict[str, Any]:
    return {
        "precision": _number(scores.precision.value),
        "recall": _number(scores.recall.value),
        "f1": _number(scores.f1.value),
        "f1_low": _number(scores.f1.low),
        "f1_high": _number(scores.f1.high),
        "pairs": scores.count,
    }


def _clusters(scores: ClusterScores) -> dict[str, Any]:
    b_cubed = _scores(scores.b_cubed)
    b_cubed["mentions"] = b_cubed.pop("pairs")
    return {
        "b_cubed": b_cubed,
        "splitting": _measure(scores.errors.splitting),
        "lumping": _measure(scores.errors.lumping),
    }


def _measure(measure: Measure) -> dict[str, float | None]:
    return {
        "value": _number(measure.value),
        "low": _number(measure.low),
        "high": _number(measure.high),
    }


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(value) else value
