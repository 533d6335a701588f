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
from pipeline.recommend.evaluation.logistic import Model, train
from pipeline.recommend.evaluation.methods import METHODS, Method, scores_of
from pipeline.recommend.evaluation.past import (
    TABLES_OF_PAST,
    Past,
    load_past,
    months_later,
)
from pipeline.settings import Settings
from pipeline.stages.intake import ingest, require_whole
from pipeline.stages.night import connect, identify, recommend

LEARNED = "logistic regression"


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
        # the database of the real home, and the wishes in it, are left out of this
        whole = replace(settings, home=Path(folder) / "whole", database_url="")
        require_whole(ingest(whole, now, files))
        identify(whole)
        then = make_past(whole, Path(folder) / "past", cutoff)
        past = load_past(lake.datasets(then.lake_folder, TABLES_OF_PAST), cutoff, then)
        questions = _questions(past, then, whole, horizon_months)
        if not questions.sources.size:
            until = months_later(cutoff, horizon_months)
            raise WrongUse(
                f"[cutoff {cutoff}] nobody active then has a new coauthor by {until}: give a day "
                "with more papers before it and after it"
            )
        model = _learned(then, Path(folder) / "earlier", cutoff, horizon_months)
        methods: dict[str, Method] = dict(METHODS)
        if model:
            methods[LEARNED] = model
        rankings = rank(past, questions, methods, {LEARNED: scores_of(LEARNED)})
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


def _learned(then: Settings, home: Path, cutoff: date, horizon_months: int) -> Model | None:
    """Learn from the window that ends at the cutoff: what came true in it was known by then."""
    since = months_later(cutoff, -horizon_months)
    try:
        earlier = make_past(then, home, since)
    except WrongUse:
        return None  # nothing had entered
    past = load_past(lake.datasets(earlier.lake_folder, TABLES_OF_PAST), since, earlier)
    return train(past, _questions(past, earlier, then, horizon_months))


def _questions(past: Past, then: Settings, since: Settings, horizon_months: int) -> Questions:
    """Ask about the past of home `then`; home `since` knows the answers."""
    until = months_later(past.as_of, horizon_months)
    identities_then = lake.read(then.lake_folder, "identities")
    current = lake.datasets(since.lake_folder, TABLES_OF_LABELS)
    return find_questions(past, identities_then, current, until, since)


def _named(files: Sequence[Path]) -> str:
    return ", ".join(file.name.split(".")[0] for file in files)
