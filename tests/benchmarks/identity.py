"""The figures of docs/identity.md, and the matcher that the package ships.

python -m tests.benchmarks.identity            ablation and calibration, five-fold by name block
python -m tests.benchmarks.identity --free     what labels for free are worth, on the labelled pairs
python -m tests.benchmarks.identity --prior    what a probability means for common names
python -m tests.benchmarks.identity --ship     train on all labelled pairs, write the shipped model
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.evaluation import calibration_curve, expected_calibration_error, pair_scores
from models.same_author import SHIPPED, save_matcher
from pipeline import lake, stages
from pipeline.identity.features import FEATURES, GROUPS, TABLES_OF_FEATURES, pair_features
from pipeline.identity.matcher import learn as matching
from pipeline.identity.matcher.evaluate import JOINED_FROM, locate_pairs
from pipeline.identity.matcher.labelled import read_pairs
from pipeline.settings import Settings
from tests.benchmarks import free_labels
from tests.benchmarks.free_labels import printed
from tests.builders import SHARED

GOLD = SHARED / "identity"
PAIRS = "gs_train_pairs.csv"
LABELLED = [GOLD / "gs_train.xml.gz"]
MORE = [
    SHARED / "pubmed" / "records.xml.gz",
    SHARED / "recommend" / "neurosynth.xml.gz",
    *sorted((SHARED / "nightly").glob("2023-0[1-3]-*.xml.gz")),
]
"""Papers that make a second corpus, ten times as large, around the labelled ones."""


@dataclass(frozen=True, slots=True)
class Gold:
    """The labelled pairs as either corpus measures them, with labels, blocks and fingerprint."""

    small: NDArray[np.float64]
    large: NDArray[np.float64]
    is_same: NDArray[np.bool_]
    blocks: NDArray[np.str_]
    fingerprint: str


def measure() -> Gold:
    """Measure the labelled pairs in both corpora."""
    views = []
    for files in (LABELLED, LABELLED + MORE):
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(home=Path(folder))
            stages.ingest(settings, datetime.now(UTC), files)
            stages.identify(settings)
            current = lake.datasets(settings.lake_folder, TABLES_OF_FEATURES)
            labelled = read_pairs(GOLD / PAIRS)
            pairs, is_same, _ = locate_pairs(labelled, current["authorships"])
            features = pair_features(current, matching.as_table(pairs), settings)
            views.append(matching.as_matrix(features))
            blocks = matching.blocks_of(current["mentions"], pairs[:, :2])
    return Gold(views[0], views[1], is_same, blocks, matching.fingerprint(pairs))


def report(gold: Gold) -> None:
    """Print how corpora carry over, the ablation by group of features, and the calibration."""
    views = {"small": gold.small, "large": gold.large}
    print("| trained on | tried on | precision | recall | F1 | ECE |\n|---|---|---|---|---|---|")
    for trained, tried in product((["small"], ["large"], ["small", "large"]), views):
        probability = crossed(gold, views[tried], [views[name] for name in trained])
        print(f"| {' and '.join(trained)} | {tried} | {figures(gold, probability)}", flush=True)
    print("\n| without | precision | recall | F1 | ECE |\n|---|---|---|---|---|")
    for group in ("nothing", *GROUPS):
        kept = np.array([1.0 if feature.group != group else np.nan for feature in FEATURES])
        both = [gold.small * kept, gold.large * kept]
        probability = crossed(gold, both[0], both)
        print(f"| {group} | {figures(gold, probability)}", flush=True)
        if group == "nothing":
            curve = calibration_curve(probability, gold.is_same)
    print("\n| predicted | observed | pairs |\n|---|---|---|")
    for row in zip(curve.predicted, curve.observed, curve.counts, strict=True):
        print("| {:.3f} | {:.3f} | {:d} |".format(*row))


def crossed(
    gold: Gold, tried: NDArray[np.float64], trained: list[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Probabilities in one corpus, five-fold, of matchers trained on others."""
    return matching.cross_validated(tried, gold.is_same, gold.blocks, trained)


def figures(gold: Gold, probability: NDArray[np.float64]) -> str:
    """Cells of a row of figures, in percent."""
    scores = pair_scores(gold.is_same, probability >= JOINED_FROM, gold.blocks)
    shown = [printed(m) for m in (scores.precision, scores.recall, scores.f1)]
    error = expected_calibration_error(probability, gold.is_same)
    return f"{' | '.join(shown)} | {error:.3f} |"


if __name__ == "__main__":
    if "--free" in sys.argv[1:]:
        # the ORCID iDs of neurosynth are made up from names: they are no labels
        honest = [file for file in MORE if file.name != "neurosynth.xml.gz"]
        free_labels.report(*free_labels.measure(LABELLED + honest, GOLD / PAIRS))
        sys.exit()
    found = measure()
    if "--ship" in sys.argv[1:]:
        learner = matching.learn([found.small, found.large], found.is_same, found.blocks)
        save_matcher(SHIPPED, replace(learner.matcher_, trained_on=found.fingerprint))
        print(f"{SHIPPED.name}: {learner.best_params_}, {SHIPPED.stat().st_size:,} bytes")
    elif "--prior" in sys.argv[1:]:
        probability = crossed(found, found.small, [found.small, found.large])
        free_labels.report_priors(found.small, found.is_same, probability)
    else:
        report(found)
