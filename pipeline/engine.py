"""Run one SQL file over Parquet: DuckDB by default, Spark for a cluster, the same text.

A SQL file is one SELECT in the subset that both dialects share (the lint in tests/test_sql.py
parses each file as both). It reads tables by name and takes `:named` parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import WrongUse
from pipeline.lake import ROWS_PER_GROUP, Dataset
from pipeline.scratch import in_scratch, scratch
from pipeline.settings import Settings

if TYPE_CHECKING:
    import duckdb

Value = str | int | float | bool | date
Source: TypeAlias = Dataset | pa.Table | Path
Rows: TypeAlias = AbstractContextManager[pa.RecordBatchReader]

_COMMENT = re.compile(r"--[^\n]*")
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)\b")


@contextmanager
def query(
    sql_file: Path,
    sources: Mapping[str, Source],
    parameters: Mapping[str, Value],
    settings: Settings,
) -> Iterator[pa.RecordBatchReader]:
    """Open the rows of `sql_file` as a stream of record batches.

    Parameters
    ----------
    sources
        Table name in the SQL → a lake dataset, an Arrow table, or a Parquet file.
    parameters
        Values of the `:named` parameters.

    Yields
    ------
    Record batches in the order of the query; valid inside the `with` block only.
    """
    text = _COMMENT.sub("", sql_file.read_text(encoding="utf-8"))
    sources = {name: own for name, own in sources.items() if re.search(rf"\b{name}\b", text)}
    open_query = _spark if settings.engine == "spark" else _duckdb
    with open_query(text, sources, parameters, settings) as batches:
        yield batches


def fetch(
    sql_file: Path,
    sources: Mapping[str, Source],
    parameters: Mapping[str, Value],
    settings: Settings,
) -> pa.Table:
    """Run `sql_file` and load all its rows; for results known to be small."""
    with query(sql_file, sources, parameters, settings) as batches:
        return batches.read_all()


@contextmanager
def spilled(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, settings: Settings
) -> Iterator[Path]:
    """Put intermediate rows into a scratch file that a query can read; removed at the end."""
    with scratch(settings) as folder:
        path = folder / "rows.parquet"
        with pq.ParquetWriter(path, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        yield path


@contextmanager
def _duckdb(
    text: str,
    sources: Mapping[str, Source],
    parameters: Mapping[str, Value],
    settings: Settings,
) -> Iterator[pa.RecordBatchReader]:
    instance = _instance(settings.memory_limit, settings.threads, settings.scratch_folder)
    with in_scratch(settings), instance.cursor() as connection:
        for name, source in sources.items():
            rows = _rows(source, lambda file: f"read_parquet({_quoted(str(file))})")
            if rows:
                # temporary, so that queries open at the same time do not see each other's tables
                connection.execute(f'CREATE TEMP VIEW "{name}" AS {rows}')
            else:
                connection.register(name, _arrow(source))
        used = {name: parameters[name] for name in _PARAMETER.findall(text)}
        relation = connection.sql(_PARAMETER.sub(r"$\1", text), params=used)
        yield relation.to_arrow_reader(ROWS_PER_GROUP)


@lru_cache(maxsize=1)
def _instance(memory_limit: str, threads: int, scratch: Path) -> duckdb.DuckDBPyConnection:
    """One DuckDB a process: its memory limit holds for all open queries together."""
    import duckdb

    try:
        return duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "threads": threads,
                "temp_directory": str(scratch),
            }
        )
    except (duckdb.ParserException, duckdb.InvalidInputException):
        raise WrongUse(
            f"[setting memory_limit] is {memory_limit!r}: give an amount such as 1GB"
        ) from None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _spark(
    text: str,
    sources: Mapping[str, Source],
    parameters: Mapping[str, Value],
    settings: Settings,
) -> Iterator[pa.RecordBatchReader]:
    """Rows go through Parquet parts, in order of their names, not through the driver's memory."""
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise WrongUse(
            "[setting engine] is spark, which is not installed: pip install 'confrere[spark]', "
            "and a Java runtime"
        ) from None

    builder = SparkSession.builder.appName("confrere")
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    for name, source in sources.items():
        rows = _rows(source, lambda file: f"parquet.`{file}`")
        frame = spark.sql(rows) if rows else spark.createDataFrame(_arrow(source))
        frame.createOrReplaceTempView(name)
    used = {name: parameters[name] for name in _PARAMETER.findall(text)}
    with scratch(settings) as folder:
        spark.sql(text, args=used).write.mode("overwrite").parquet(str(folder))
        parts = sorted(folder.glob("part-*.parquet"))
        yield pa.RecordBatchReader.from_batches(pq.read_schema(parts[0]), _batches(parts))


def _batches(parts: list[Path]) -> Iterator[pa.RecordBatch]:
    for part in parts:
        with pq.ParquetFile(part) as parquet:
            yield from parquet.iter_batches(ROWS_PER_GROUP)


def _rows(source: Source, table_of: Callable[[Path], str]) -> str:
    """SELECT of a source's rows; empty where it has no file. `table_of` names a file's rows."""
    if isinstance(source, Path):
        return f"SELECT * FROM {table_of(source)}"
    if not isinstance(source, Dataset) or not source.layers:
        return ""
    layers = [(table_of(layer.file), place) for place, layer in enumerate(source.layers)]
    hides = [
        (table_of(layer.hides), place) for place, layer in enumerate(source.layers) if layer.hides
    ]
    columns = ", ".join(source.table.schema.names)
    if not hides:
        return " UNION ALL ".join(f"SELECT {columns} FROM {file}" for file, _ in layers)
    key = source.table.key[0]
    rows = " UNION ALL ".join(
        f"SELECT {columns}, {place} AS layer FROM {file}" for file, place in layers
    )
    hidden = " UNION ALL ".join(
        f"SELECT {key} AS hidden_key, {place} AS hidden_by FROM {file}" for file, place in hides
    )
    return f"""
        SELECT {columns} FROM ({rows}) AS every_row
        LEFT JOIN (
            SELECT hidden_key, MAX(hidden_by) AS hidden_by FROM ({hidden}) AS h GROUP BY hidden_key
        ) AS hidden ON hidden_key = {key}
        WHERE hidden_by IS NULL OR hidden_by <= layer"""


def _arrow(source: Source) -> pa.Table:
    """Rows of a source that has no file: an Arrow table, or a table never written."""
    if isinstance(source, Dataset):
        return source.table.schema.empty_table()
    return source
