"""Load Arrow batches into a table of the serving database, many rows a second."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.csv as csv
from sqlalchemy import Table, text

from pipeline.serving.database import Connection, Engine, writing


def load(engine: Engine, table: Table, run_id: str, batches: Iterable[pa.RecordBatch]) -> None:
    """Insert rows of run `run_id`; each batch is a transaction, so that other writers get a turn.

    Parameters
    ----------
    batches
        Columns named as in `table`, without run_id.
    """
    for batch in batches:
        run_ids = pa.repeat(pa.scalar(run_id, pa.string()), batch.num_rows)
        with writing(engine) as connection:
            insert_batch(connection, table, batch.add_column(0, "run_id", run_ids))


def insert_batch(connection: Connection, table: Table, batch: pa.RecordBatch) -> None:
    """Insert rows whose columns are named as in `table`."""
    insert = _copy if connection.dialect.name == "postgresql" else _insert_many
    insert(connection, table, batch)


def refresh_statistics(engine: Engine, tables: Iterable[Table]) -> None:
    """Tell PostgreSQL what was loaded: without it, it plans the gates as scans in scans."""
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            # only an owner may, and the pipeline need not be one: see portals.py
            known = connection.scalar(text("SELECT to_regprocedure('refresh_statistics()')"))
            if known is not None:
                connection.execute(text("SELECT refresh_statistics()"))
                return
            connection.execute(text(f"ANALYZE {', '.join(table.name for table in tables)}"))


def _insert_many(connection: Connection, table: Table, batch: pa.RecordBatch) -> None:
    columns = [_for_sqlite(column).to_pylist() for column in batch.columns]
    places = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table.name} ({', '.join(batch.schema.names)}) VALUES ({places})"
    cursor = (
        connection.connection.cursor()
    )  # the driver's own: SQLAlchemy would take each row apart
    try:
        cursor.executemany(statement, list(zip(*columns, strict=True)))
    finally:
        cursor.close()


def _for_sqlite(column: pa.Array) -> pa.Array:
    """Dates become ISO text, as SQLAlchemy reads them back."""
    return column.cast(pa.string()) if pa.types.is_date(column.type) else column


def _copy(connection: Connection, table: Table, batch: pa.RecordBatch) -> None:
    rows = pa.BufferOutputStream()
    csv.write_csv(batch, rows, csv.WriteOptions(include_header=False))
    names = ", ".join(batch.schema.names)
    # who does not own a table with row-level security (see portals.py) may insert and not copy
    is_guarded = connection.scalar(
        text("SELECT row_security_active(:table)"), {"table": table.name}
    )
    into = "beside" if is_guarded else table.name
    cursor = connection.connection.cursor()
    try:
        if is_guarded:
            columns = f"SELECT {names} FROM {table.name} LIMIT 0"
            cursor.execute(f"CREATE TEMP TABLE beside ON COMMIT DROP AS {columns}")
        with cursor.copy(f"COPY {into} ({names}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(rows.getvalue())
        if is_guarded:
            cursor.execute(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM beside")
            cursor.execute("DROP TABLE beside")
    finally:
        cursor.close()
