"""How well recommendations foresee who works together next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline import lake
from pipeline.errors import WrongUse
from pipeline.recommend.evaluation.entered import RECORDS, write_entered
from pipeline.recommend.evaluation.evaluate import rank
from pipeline.recommend.evaluation.figures import Evaluation, measure
from pipeline.recommend.evaluation.labels import TABLES_OF_LABELS, Questions, find_questions
from pipeline.recommend.evaluation.methods import METHODS
from pipeline.recommend.evaluation.past import TABLES_OF_PAST, Past, load_past
from pipeline.settings import Settings, months_before
from pipeline.stages.intake import ingest, require_whole
from pipeline.stages.night import connect, identify, recommend


def evaluate_recommendations(
    settings: Settings,
    files: Sequence[Path],
    now: datetime,
    cutoff: date,
    horizon_months: int = 24,
) -> Evaluation:
    """Recommend as of `cutoff`, and look who did work together in the months after.

    `files` are read into a home that is thrown away. The past is made anew in homes of their own,
    which hold only records that had entered PubMed by then.

    Raises
    ------
    WrongUse
        Nothing had entered by the cutoff, or nobody found a new coauthor after it.
    """
    with TemporaryDirectory(prefix="confrere-") as folder:
        whole = replace(settings, home=Path(folder) / "whole")
        require_whole(ingest(whole, now, files))
        identify(whole)
        then = make_past(whole, Path(folder) / "past", cutoff)
        past = load_past(lake.datasets(then.lake_folder, TABLES_OF_PAST), cutoff, then)
        questions = _questions(past, then, whole, horizon_months)
        rankings = rank(past, questions, METHODS)
        return measure(rankings, _named(files), horizon_months)


def make_past(settings: Settings, home: Path, as_of: date) -> Settings:
    """Make a home as it would have been on a day: records, identities, graph, recommendations."""
    past = replace(settings, home=home)
    current = lake.datasets(settings.lake_folder, RECORDS)
    with lake.begin(past.lake_folder) as commit:
        write_entered(current, commit, as_of, settings)
    identify(past, as_of)
    connect(past)
    recommend(past)
    return past


def _questions(past: Past, then: Settings, whole: Settings, horizon_months: int) -> Questions:
    until = months_before(past.as_of, -horizon_months)
    identities_then = lake.read(then.lake_folder, "identities")
    current = lake.datasets(whole.lake_folder, TABLES_OF_LABELS)
    questions = find_questions(past, identities_then, current, until, whole)
    if not questions.sources.size:
        raise WrongUse(
            f"[cutoff {past.as_of}] nobody active then has a new coauthor by {until}: give a day "
            "with more papers before it and after it"
        )
    return questions


def _named(files: Sequence[Path]) -> str:
    return ", ".join(file.name.split(".")[0] for file in files)
