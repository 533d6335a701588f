"""Serve a run of an earlier night again: its rows are still there, so only the pointer moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from pipeline.errors import ConfrereError, WrongUse
from pipeline.lake import Dataset
from pipeline.serving.database import Engine, exclusively, writing
from pipeline.serving.publish import serve
from pipeline.serving.schema import RUNS, hold_pointer
from pipeline.serving.suppressions import add_suppressions
from pipeline.settings import Settings

SOURCES = ("identities", "authors", "redirects")
"""Lake tables that `rollback` reads."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What is served now, and instead of what. `row_count` counts its suggestions."""

    run_id: str
    as_of: date
    instead_of: str
    row_count: int


def rollback(
    engine: Engine, run_id: str | None, tables: Mapping[str, Dataset], settings: Settings
) -> RolledBack:
    """Serve run `run_id` again, by default the one before the current.

    Who has asked to be left alone since then is left out of it too. The run that is left stays, and
    is not published anew from the same inputs.

    Raises
    ------
    WrongUse
        The run is not kept, or is the current one.
    ConfrereError
        There is no run before.
    """
    with exclusively(engine, "publish"), writing(engine) as connection:
        current_id = hold_pointer(connection)
        kept = connection.execute(
            select(RUNS).where(RUNS.c.status == "served").order_by(RUNS.c.generated_at.desc())
        ).all()
        chosen = _chosen(kept, current_id, run_id)
        add_suppressions(connection, chosen.run_id, tables, settings)
        serve(connection, chosen.run_id)
        return RolledBack(chosen.run_id, chosen.as_of, str(current_id), chosen.row_count)


def _chosen(kept: Sequence[Row[Any]], current_id: str | None, run_id: str | None) -> Row[Any]:
    names = [run.run_id for run in kept]
    if run_id is not None:
        if run_id == current_id:
            raise WrongUse(f"[run {run_id}] is the one that is served: nothing to do")
        if run_id not in names:
            others = ", ".join(name for name in names if name != current_id) or "none"
            raise WrongUse(f"[run {run_id}] is not kept: give one of those that are ({others})")
        return kept[names.index(run_id)]
    before = kept[names.index(current_id) + 1 :] if current_id in names else []
    if not before:
        raise ConfrereError(
            "[rollback] no run before the current one is kept: CONFRERE_RUNS_KEPT says how many are"
        )
    return before[0]
