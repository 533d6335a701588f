"""Models: train them, and measure how right they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from models.ranker import load_ranker, save_ranker
from models.same_author import Matcher, load_matcher, save_matcher
from pipeline import lake
from pipeline.errors import WrongUse
from pipeline.identity.matcher.evaluate import (
    TABLES_OF_EVALUATION,
    ClusterEvaluation,
    PairEvaluation,
    evaluate_clusters,
    evaluate_pairs,
)
from pipeline.identity.matcher.labelled import read_clusters, read_pairs
from pipeline.identity.matcher.train import TABLES_OF_TRAINING
from pipeline.identity.matcher.train import train_matcher as learn_matcher
from pipeline.recommend.records import TABLES_OF_RECORDS, load_records
from pipeline.recommend.train import train as train_ranker
from pipeline.serving import suppressions
from pipeline.serving.database import open_database
from pipeline.settings import Settings
from pipeline.stages.intake import ingest, require_whole
from pipeline.stages.night import identify
from pipeline.stages.people import decided_pairs
from pipeline.stages.results import (
    Counts,
    as_of_table,
    matcher_in_use,
    ranker_trained_here,
    told,
)


def train(settings: Settings) -> Counts:
    """Learn to rank anew, from what came true since earlier days; promote what is surely better.

    Compared with the ranker in use (the package's, until one is trained here) on authors that the
    new one has not seen.
    """
    current = lake.datasets(settings.lake_folder, (*TABLES_OF_RECORDS, "coauthorships"))
    as_of = as_of_table(current["coauthorships"], settings)
    suppressed = suppressions.suppressed_author_ids(open_database(settings), current, settings)
    records = load_records(current, settings)
    hidden = np.flatnonzero(np.isin(records.author_ids, suppressed))
    shipped = load_ranker()
    in_use = ranker_trained_here(settings) or shipped
    result = train_ranker(records, as_of, hidden, shipped, in_use, settings)
    if result.ranker is not None and result.is_better:
        save_ranker(settings.ranker_file, result.ranker)
    return told(
        "train",
        {
            "as_of": as_of.isoformat(),
            "pairs": result.pair_count,
            "new_collaborations": result.answer_count,
            "log_loss": _number(result.loss),
            "in_use": _number(result.loss_in_use),
            "promoted": "yes" if result.is_better else "no",
        },
    )


def train_matcher(settings: Settings) -> Counts:
    """Learn whether two names are one person from what the home's own papers and people say.

    The new matcher takes the place of the one in use (the package's, until one is promoted here)
    only if it is surely better on name blocks that neither has seen; the next `identify` uses it.
    """
    current = lake.datasets(settings.lake_folder, TABLES_OF_TRAINING)
    as_of_table(current["mentions"], settings)
    in_use, is_shipped = matcher_in_use(settings), not settings.matcher_file.exists()
    decided = decided_pairs(settings)
    result = learn_matcher(current, decided, in_use, is_shipped, settings)
    if result.matcher is not None and result.is_better:
        save_matcher(settings.matcher_file, result.matcher)
        is_shipped = False
    return told(
        "train_matcher",
        {
            "labels": sum(result.label_counts.values()),
            **{f"labels_{source}": n for source, n in sorted(result.label_counts.items())},
            "one_person": result.same_count,
            "compared_on": result.compared_count,
            "log_loss": _number(result.loss),
            "log_loss_in_use": _number(result.loss_in_use),
            "promoted": "yes" if result.is_better else "no",
            "why": result.why,
            "in_use": "of the package" if is_shipped else "trained here",
        },
    )


def evaluate_identity(
    settings: Settings,
    files: Sequence[Path],
    now: datetime,
    *,
    pairs: Path | None = None,
    clusters: Path | None = None,
    cross_validate: bool = False,
) -> PairEvaluation | ClusterEvaluation:
    """Ingest `files` into a home that is thrown away, identify, and score on labelled mentions.

    Parameters
    ----------
    pairs, clusters
        One of the two CSV files, see `pipeline.identity.matcher.labelled`.
    cross_validate
        Score a matcher trained on the pairs, five-fold, not the shipped one.

    Raises
    ------
    WrongUse
        The CSV file cannot be read, or is not given.
    """
    labelled_pairs = read_pairs(pairs) if pairs else []
    mentions = read_clusters(clusters) if clusters else []
    if bool(pairs) == bool(clusters):
        raise WrongUse("[labels] give either pairs or clusters")
    matcher = None if cross_validate else load_matcher()
    with TemporaryDirectory(prefix="confrere-") as folder:
        own = replace(settings, home=Path(folder))
        require_whole(ingest(own, now, files))
        identify(own)
        current = lake.datasets(own.lake_folder, TABLES_OF_EVALUATION)

        def identify_with(other: Matcher) -> lake.Dataset:
            identify(own, matcher=other)
            return lake.read(own.lake_folder, "identities")

        if pairs:
            return evaluate_pairs(current, labelled_pairs, matcher, own, identify_with)
        return evaluate_clusters(current, mentions, matcher, own, identify_with)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.5f}"
