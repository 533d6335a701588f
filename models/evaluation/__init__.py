"""Measures of how good a prediction was, with their sources and bootstrap intervals."""

from models.evaluation.clusters import (
    Errors,
    b_cubed,
    cluster_pairs,
    splitting_and_lumping,
    without_singletons,
)
from models.evaluation.probabilities import (
    CalibrationCurve,
    calibration_curve,
    expected_calibration_error,
    log_loss,
)
from models.evaluation.ranking import (
    Places,
    best,
    find_places,
    found_within,
    gini,
    hit,
    ndcg,
    recall,
    reciprocal_rank,
    reciprocal_ranks,
)
from models.evaluation.scores import Measure, Scores, pair_scores, shares_of

__all__ = [
    "CalibrationCurve",
    "Errors",
    "Measure",
    "Places",
    "Scores",
    "b_cubed",
    "best",
    "calibration_curve",
    "cluster_pairs",
    "expected_calibration_error",
    "find_places",
    "found_within",
    "gini",
    "hit",
    "log_loss",
    "ndcg",
    "pair_scores",
    "recall",
    "reciprocal_rank",
    "reciprocal_ranks",
    "shares_of",
    "splitting_and_lumping",
    "without_singletons",
]
