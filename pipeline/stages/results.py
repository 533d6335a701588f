"""What stages hand on and say."""

from __future__ import annotations

import logging
from datetime import date

from models.ranker import Ranker, load_ranker
from models.same_author import Matcher, load_matcher
from pipeline import lake
from pipeline.errors import ConfrereError
from pipeline.identity.features import FEATURES
from pipeline.recommend.features import FEATURES as RANKED_BY
from pipeline.settings import Settings

Counts = dict[str, int | str]
"""What a stage did, small enough for a log line or for Airflow to hand on."""

logger = logging.getLogger(__name__)


def ranker_trained_here(settings: Settings) -> Ranker | None:
    """Load the ranker of collaborators that was trained in this home; None where none was.

    Raises
    ------
    ConfrereError
        The file is damaged, or of a version that looked at other features.
    """
    file = settings.ranker_file
    if not file.exists():
        return None
    try:
        ranker = load_ranker(file)
    except (OSError, ValueError) as error:
        raise ConfrereError(f"[{file}] {error}") from None
    if ranker.features != tuple(feature.name for feature in RANKED_BY):
        raise ConfrereError(
            f"[{file}] is of another version of Confrere: delete it, and the next run trains anew"
        )
    return ranker


def matcher_in_use(settings: Settings) -> Matcher:
    """Load the matcher of authorships: the one trained here, if any was promoted, else the shipped.

    Raises
    ------
    ConfrereError
        The file of the promoted one is damaged, or of a version that measured other features.
    """
    file = settings.matcher_file
    if not file.exists():
        return load_matcher()
    try:
        matcher = load_matcher(file)
    except (OSError, ValueError) as error:
        raise ConfrereError(f"[{file}] {error}, or delete it: {_WITHOUT}") from None
    if matcher.features != tuple(feature.name for feature in FEATURES):
        raise ConfrereError(f"[{file}] is of another version of Confrere: delete it: {_WITHOUT}")
    return matcher


_WITHOUT = "the matcher of the package serves until `confrere train` promotes another"


def as_of_table(table: lake.Dataset, settings: Settings) -> date:
    """Last day that a table knows of; an error where it was never made."""
    if table.as_of is None:
        raise ConfrereError(
            f"[{settings.home}] has no {table.table.name} yet: run the stages before it, "
            "or all of them with `confrere run`"
        )
    return table.as_of


def told(stage: str, counts: Counts) -> Counts:
    """Write a log line of what a stage did, and hand it on."""
    shown = ", ".join(
        f"{name.replace('_', ' ')} {value:,}" if isinstance(value, int) else f"{name} {value}"
        for name, value in counts.items()
    )
    logger.info("%s: %s", stage, shown or "nothing to do")
    return counts
