"""Which runs there are to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from pipeline.serving.database import Connection, Engine, reading
from pipeline.serving.queries.records import ServedRun
from pipeline.serving.schema import CURRENT_RUN, RUNS

_RUN = (
    RUNS.c.run_id,
    RUNS.c.as_of,
    RUNS.c.generated_at,
    RUNS.c.valid_until,
    RUNS.c.model_version,
    RUNS.c.row_count,
    RUNS.c.author_count,
    RUNS.c.people_count,
    RUNS.c.horizon_months,
)
_SERVED = select(*_RUN).where(RUNS.c.status == "served")
_CURRENT = _SERVED.join(CURRENT_RUN)


def current_run(engine: Engine) -> ServedRun | None:
    """Give the run that is served, None before the first."""
    with reading(engine) as connection:
        return run_now(connection)


def run_now(connection: Connection) -> ServedRun | None:
    """Give the run that is served, None before the first."""
    row = connection.execute(_CURRENT).first()
    return _of_row(row) if row is not None else None


def kept_run(connection: Connection, run_id: str) -> ServedRun | None:
    """Give a run that was served and is still kept; None where it is not."""
    row = connection.execute(_SERVED.where(RUNS.c.run_id == run_id)).first()
    return _of_row(row) if row is not None else None


def kept_runs(connection: Connection) -> list[ServedRun]:
    """Give the runs that were served and are still kept, the newest first."""
    newest_first = _SERVED.order_by(RUNS.c.generated_at.desc(), RUNS.c.run_id)
    return [_of_row(row) for row in connection.execute(newest_first)]


def _of_row(row: Sequence[Any]) -> ServedRun:
    return ServedRun(*row)
