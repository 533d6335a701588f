"""The figures of docs/identity.md, and the matcher that the package ships.

python -m tests.benchmarks.identity            ablation and calibration, five-fold by name block
python -m tests.benchmarks.identity --ship     train on all labelled pairs, write the shipped model
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.evaluation import calibration_curve, expected_calibration_error, pair_scores
from models.evaluation.scores import Measure
from models.same_author import SHIPPED, save_matcher
from pipeline import lake, stages
from pipeline.identity import matching
from pipeline.identity.evaluate import JOINED_FROM, locate_pairs
from pipeline.identity.features import FEATURES, GROUPS, TABLES_OF_FEATURES, pair_features
from pipeline.identity.labelled import read_pairs
from pipeline.settings import Settings
from tests.builders import SHARED

GOLD = SHARED / "identity"


def measured() -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.str_], str]:
    """Features, labels and blocks of the labelled pairs, and the pairs' fingerprint."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        stages.ingest(settings, datetime.now(UTC), [GOLD / "gs_train.xml.gz"])
        stages.identify(settings)
        current = lake.datasets(settings.lake_folder, TABLES_OF_FEATURES)
        labelled = read_pairs(GOLD / "gs_train_pairs.csv")
        pairs, is_same, _ = locate_pairs(labelled, current["authorships"])
        features = pair_features(current, matching.as_table(pairs), settings)
        blocks = matching.blocks_of(current["mentions"], pairs[:, :2])
        return matching.as_matrix(features), is_same, blocks, matching.fingerprint(pairs)


def report(
    pairs: NDArray[np.float64], is_same: NDArray[np.bool_], blocks: NDArray[np.str_]
) -> None:
    """Print the ablation, by group of features, and the calibration of the whole."""
    whole = matching.cross_validated(pairs, is_same, blocks)
    print("| without | precision | recall | F1 | ECE |\n|---|---|---|---|---|")
    for group in ("nothing", *GROUPS):
        without = pairs.copy()
        without[:, [feature.group == group for feature in FEATURES]] = np.nan
        probability = whole
        if group != "nothing":
            probability = matching.cross_validated(without, is_same, blocks)
        scores = pair_scores(is_same, probability >= JOINED_FROM, blocks)
        shown = [printed(m) for m in (scores.precision, scores.recall, scores.f1)]
        error = expected_calibration_error(probability, is_same)
        print(f"| {group} | {' | '.join(shown)} | {error:.3f} |", flush=True)
    curve = calibration_curve(whole, is_same)
    print("\n| predicted | observed | pairs |\n|---|---|---|")
    for row in zip(curve.predicted, curve.observed, curve.counts, strict=True):
        print("| {:.3f} | {:.3f} | {:d} |".format(*row))


def printed(measure: Measure) -> str:
    """A figure with its interval."""
    return f"{measure.value:.3f} ({measure.low:.3f}–{measure.high:.3f})"


if __name__ == "__main__":
    gold = measured()
    if "--ship" in sys.argv[1:]:
        learner = matching.learn(*gold[:3])
        save_matcher(SHIPPED, replace(learner.matcher_, trained_on=gold[3]))
        print(f"{SHIPPED.name}: {learner.best_params_}, {SHIPPED.stat().st_size:,} bytes")
    else:
        report(*gold[:3])
