"""Rows as a file: CSV that a spreadsheet may open, Parquet, JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins with one of these a spreadsheet takes for a formula (OWASP, "CSV injection")."""


def write_csv(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> int:
    """Write rows so that a spreadsheet shows them and runs none of them; return their number.

    Lists are written as one text: strings joined by '; ', records as JSON. A text that a
    spreadsheet would take for a formula (see `FORMULA`) gets an apostrophe in front; numbers stay
    numbers.
    """
    flat = pa.schema(
        [pa.field(f.name, pa.string()) if pa.types.is_list(f.type) else f for f in schema]
    )
    row_count = 0
    with pyarrow.csv.CSVWriter(path, flat) as writer:
        for batch in batches:
            columns = [_safe(_one_text(column)) for column in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=flat))
            row_count += batch.num_rows
    return row_count


def _safe(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        return column
    starts = "".join(map(re.escape, FORMULA))
    return pc.replace_substring_regex(column, f"^([{starts}])", r"'\1")


def _one_text(column: pa.Array) -> pa.Array:
    if not pa.types.is_list(column.type):
        return column
    if not pa.types.is_struct(column.type.value_type):
        return pc.binary_join(column, "; ")
    return pa.array(
        [json.dumps(rows, ensure_ascii=False) if rows else "" for rows in column.to_pylist()],
        pa.string(),
    )


def write_parquet(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> int:
    """Write rows as they are; return their number."""
    row_count = 0
    with pq.ParquetWriter(path, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            row_count += batch.num_rows
    return row_count


def write_jsonl(batches: Iterable[pa.RecordBatch], _: pa.Schema, path: Path) -> int:
    """Write a JSON object a line, dates as ISO text; return the number of rows."""
    row_count = 0
    with path.open("w", encoding="utf-8") as file:
        for batch in batches:
            rows = batch.to_pylist()
            file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
            row_count += len(rows)
    return row_count
