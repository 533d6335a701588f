"""Publish a run: rows beside those of the old run, gates, then the pointer moves.

Readers follow the pointer, so they see the whole old run or the whole new one. A red gate keeps
the old run. Nothing that was loaded is seen before the pointer moves; what a crash leaves behind
is swept by the next publish.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Table, and_, delete, func, insert, select, update

from pipeline import engine as sql
from pipeline.errors import ConfrereError
from pipeline.lake import Dataset
from pipeline.progress import track
from pipeline.serving.author_ids import note_served, served_ids
from pipeline.serving.bulk import load, refresh_statistics
from pipeline.serving.database import Connection, Engine, exclusively, reading, writing
from pipeline.serving.forget import forget_suppressed
from pipeline.serving.gates import GATES, check_gates
from pipeline.serving.names import fold_names
from pipeline.serving.reasons import join_reasons
from pipeline.serving.roster import resolve_subscribers
from pipeline.serving.schema import (
    AUTHORED,
    CURRENT_RUN,
    GATE_RESULTS,
    PAPERS,
    PEOPLE,
    PERSON_TOPICS,
    RECOMMENDATIONS,
    REDIRECTS,
    RUN_TABLES,
    RUNS,
    TIES,
    hold_pointer,
)
from pipeline.serving.suppressions import resolve_suppressions
from pipeline.settings import Settings

logger = logging.getLogger(__name__)

SOURCES = (
    "recommendations",
    "reasons",
    "authors",
    "publications",
    "identities",
    "redirects",
    "coauthorships",
    "topics",
)
"""Lake tables that `publish` reads."""

VALID_FOR = timedelta(days=7)
"""After so long without a new run readers should count the data as stale."""

_ROOM = Path(__file__).parent
Reshape = Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class Run:
    """What is published.

    `run_id` names it once and for all; `generated_at` is in UTC; `made_from` is the fingerprint of
    the inputs; `horizon_months` is the time within which its probabilities hold.
    """

    run_id: str
    generated_at: datetime
    as_of: date
    model_version: str
    made_from: str
    horizon_months: int = 24


@dataclass(frozen=True, slots=True)
class Published:
    """What came of it.

    `gates` says for each gate whether it passed; `why` has a line for each that did not.
    """

    run_id: str
    row_count: int
    people_count: int
    gates: Mapping[str, bool]
    accepted: bool
    why: tuple[str, ...] = ()


def publish(
    engine: Engine, run: Run, tables: Mapping[str, Dataset], settings: Settings
) -> Published:
    """Publish a run from the lake tables named in `SOURCES`.

    Returns
    -------
    `accepted` is False where a gate was red: the old run stays, and `gate_results` says why. Where
    the current run was made from the same inputs, nothing is done and it is returned.

    Raises
    ------
    ConfrereError
        A run of this name was served before.
    """
    with exclusively(engine, "publish"):
        current = _current_made_from(engine, run.made_from)
        if current is not None:
            return current
        _sweep(engine)
        _register(engine, run)
        _load(engine, run, tables, settings)
        published = _decide(engine, run, tables, settings)
        _retire(engine, settings.runs_kept)
        return published


def _current_made_from(engine: Engine, made_from: str) -> Published | None:
    """The current run, where these inputs gave it or a later one that was rolled back."""
    current = select(RUNS).join(CURRENT_RUN, RUNS.c.run_id == CURRENT_RUN.c.run_id)
    with reading(engine) as connection:
        row = connection.execute(current).mappings().first()
        if row is None or not made_from:
            return None
        if row["made_from"] != made_from:
            later = select(RUNS.c.run_id).where(
                RUNS.c.made_from == made_from,
                RUNS.c.status.in_(["served", "retired"]),
                RUNS.c.generated_at > row["generated_at"],
            )
            rolled_back = connection.scalar(later)
            if rolled_back is None:
                return None
            logger.warning(
                "[run %s] was rolled back and nothing has changed since: run %s stays served. "
                "New papers or settings give a new run; `confrere rollback %s` serves the old one",
                *(rolled_back, row["run_id"], rolled_back),
            )
        results = select(GATE_RESULTS.c.name, GATE_RESULTS.c.passed)
        chosen = connection.execute(results.where(GATE_RESULTS.c.run_id == row["run_id"]))
        gates = {gate.name: gate.passed for gate in chosen}
        return Published(row["run_id"], row["row_count"], row["people_count"], gates, True)


def _register(engine: Engine, run: Run) -> None:
    with writing(engine) as connection:
        status = connection.scalar(select(RUNS.c.status).where(RUNS.c.run_id == run.run_id))
        if status == "refused":  # tried before; nothing of it is left but the verdict
            connection.execute(delete(GATE_RESULTS).where(GATE_RESULTS.c.run_id == run.run_id))
            connection.execute(delete(RUNS).where(RUNS.c.run_id == run.run_id))
        elif status is not None:
            raise ConfrereError(
                f"[run {run.run_id}] was served before: give the new run a new name"
            )
        connection.execute(
            insert(RUNS).values(
                run_id=run.run_id,
                as_of=run.as_of,
                generated_at=run.generated_at,
                valid_until=run.generated_at + VALID_FOR,
                model_version=run.model_version,
                made_from=run.made_from,
                status="loading",
                row_count=0,
                author_count=0,
                people_count=0,
                horizon_months=run.horizon_months,
            )
        )


def _load(engine: Engine, run: Run, tables: Mapping[str, Dataset], settings: Settings) -> None:
    sources: dict[str, sql.Source] = {**tables, "served_ids": served_ids(engine)}

    def put(table: Table, reshape: Reshape = iter) -> None:
        with sql.query(_ROOM / f"{table.name}.sql", sources, {}, settings) as batches:
            load(engine, table, run.run_id, reshape(track(batches, f"loading {table.name}")))

    def noting(name: str, column: str) -> Reshape:
        """Make the values of a column of what is loaded the table `name` of later queries."""

        def note(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            seen = [pa.array([], pa.int64())]
            for batch in batches:
                seen.append(batch.column(column).unique())
                yield batch
            sources[name] = pa.table({column: pa.chunked_array(seen).unique()})

        return note

    note_people = noting("people", "author_id")
    put(PEOPLE, lambda batches: note_people(map(_with_name_key, batches)))
    put(TIES)
    put(AUTHORED, noting("authored", "pmid"))
    put(PERSON_TOPICS, noting("person_topics", "last_pmid"))
    put(PAPERS)
    put(RECOMMENDATIONS, join_reasons)
    put(REDIRECTS)
    refresh_statistics(engine, RUN_TABLES)


def _with_name_key(people: pa.RecordBatch) -> pa.RecordBatch:
    return people.append_column("name_key", fold_names(people.column("display_name")))


def _decide(
    engine: Engine, run: Run, tables: Mapping[str, Dataset], settings: Settings
) -> Published:
    with writing(engine) as connection:
        _count(connection, run.run_id)
        resolve_suppressions(connection, run.run_id, tables, settings)
        results = check_gates(connection, run.run_id, settings.smallest_share, GATES)
    red = [result for result in results if not result.passed]
    for result in red:
        logger.warning("[run %s] %s", run.run_id, result)
    accepted = all(result.gate.severity != "error" for result in red)
    with writing(engine) as connection:
        if accepted:
            _move_pointer(connection, run.run_id, tables, settings)
        else:
            connection.execute(
                update(RUNS).where(RUNS.c.run_id == run.run_id).values(status="refused")
            )
            _delete_rows(connection, run.run_id)
        row = connection.execute(select(RUNS).where(RUNS.c.run_id == run.run_id)).mappings().one()
    gates = {result.gate.name: result.passed for result in results}
    why = tuple(str(result) for result in red)
    return Published(run.run_id, row["row_count"], row["people_count"], gates, accepted, why)


def _count(connection: Connection, run_id: str) -> None:
    given, people = RECOMMENDATIONS.c, PEOPLE.c
    connection.execute(
        update(RUNS)
        .where(RUNS.c.run_id == run_id)
        .values(
            row_count=select(func.count()).where(given.run_id == run_id).scalar_subquery(),
            author_count=select(func.count())
            .where(and_(people.run_id == run_id, people.is_served))
            .scalar_subquery(),
            people_count=select(func.count()).where(people.run_id == run_id).scalar_subquery(),
        )
    )


def _move_pointer(
    connection: Connection, run_id: str, tables: Mapping[str, Dataset], settings: Settings
) -> None:
    """Serve run `run_id`, with every opt-out that was written up to this instant."""
    hold_pointer(connection)
    resolve_suppressions(connection, run_id, tables, settings)
    serve(connection, run_id)


def serve(connection: Connection, run_id: str) -> None:
    """Move the pointer, which is held, to a run whose suppressions are resolved."""
    forget_suppressed(connection, run_id)
    connection.execute(update(RUNS).where(RUNS.c.run_id == run_id).values(status="served"))
    connection.execute(update(CURRENT_RUN).values(run_id=run_id))
    note_served(connection, run_id)
    resolve_subscribers(connection)


def _sweep(engine: Engine) -> None:
    """Delete what a publish that did not end has loaded; ours is the only one that runs."""
    with reading(engine) as connection:
        unfinished = connection.scalars(select(RUNS.c.run_id).where(RUNS.c.status == "loading"))
        run_ids = unfinished.all()
    for run_id in run_ids:
        with writing(engine) as connection:
            _delete_rows(connection, run_id)
            connection.execute(delete(GATE_RESULTS).where(GATE_RESULTS.c.run_id == run_id))
            connection.execute(delete(RUNS).where(RUNS.c.run_id == run_id))


def _retire(engine: Engine, runs_kept: int) -> None:
    """Delete the rows of all but the newest runs; the run itself stays in the book."""
    served = select(RUNS.c.run_id).where(RUNS.c.status == "served")
    current = select(CURRENT_RUN.c.run_id)
    old = (
        served.where(RUNS.c.run_id.not_in(current))
        .order_by(RUNS.c.generated_at.desc(), RUNS.c.run_id.desc())
        .offset(runs_kept - 1)
    )
    with reading(engine) as connection:
        run_ids = connection.scalars(old).all()
    for run_id in run_ids:
        with writing(engine) as connection:
            connection.execute(update(RUNS).where(RUNS.c.run_id == run_id).values(status="retired"))
            _delete_rows(connection, run_id)


def _delete_rows(connection: Connection, run_id: str) -> None:
    for table in RUN_TABLES:
        connection.execute(delete(table).where(table.c.run_id == run_id))
