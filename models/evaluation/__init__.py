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
from models.evaluation.scores import Measure, Scores, pair_scores

__all__ = [
    "CalibrationCurve",
    "Errors",
    "Measure",
    "Scores",
    "b_cubed",
    "calibration_curve",
    "cluster_pairs",
    "expected_calibration_error",
    "log_loss",
    "pair_scores",
    "splitting_and_lumping",
    "without_singletons",
]
