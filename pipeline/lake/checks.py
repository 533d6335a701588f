"""What the lake takes: rows that fit their declaration, in order of their key."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import ConfrereError
from pipeline.tables import Column, Table


def write_checked(table: Table, path: Path, batches: Iterable[pa.RecordBatch]) -> int:
    """Write a file of rows; return how many there are.

    Raises
    ------
    ConfrereError
        A row does not fit; the message names table, column and row.
    """
    row_count = 0
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for group in _groups(_checked(table, batches), table.rows_per_group):
            writer.write_table(group, row_group_size=table.rows_per_group)
            row_count += group.num_rows
    sync(path)
    return row_count


def _checked(table: Table, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    row_count = 0
    last: pa.RecordBatch | None = None
    for batch in batches:
        if batch.num_rows == 0:
            continue
        fitted = _fit(table, batch, row_count)
        _check_key(table, last, fitted, row_count)
        yield fitted
        row_count += fitted.num_rows
        last = fitted.slice(fitted.num_rows - 1)


def _groups(batches: Iterable[pa.RecordBatch], row_count: int) -> Iterator[pa.Table]:
    """Put rows together that come in small portions, else each would be a row group of its own."""
    held: list[pa.RecordBatch] = []
    missing = row_count
    for batch in batches:
        start = 0
        while batch.num_rows - start >= missing:
            yield pa.Table.from_batches([*held, batch.slice(start, missing)])
            start, held, missing = start + missing, [], row_count
        if start < batch.num_rows:
            held.append(batch.slice(start))
            missing -= batch.num_rows - start
    if held:
        yield pa.Table.from_batches(held)


def sync(path: Path) -> None:
    """Wait until a written file, and its name in its folder, are on the disk."""
    for written in (path, path.parent):
        opened = os.open(written, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _fit(table: Table, batch: pa.RecordBatch, offset: int) -> pa.RecordBatch:
    arrays = []
    for column in table.columns:
        index = batch.schema.get_field_index(column.name)
        if index < 0:
            raise ConfrereError(f"[table {table.name}] has no column {column.name}")
        try:
            array = batch.column(index).cast(column.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ConfrereError(f"[table {table.name}, column {column.name}] {error}") from None
        _check_values(table, column, array, offset)
        arrays.append(array)
    extra = set(batch.schema.names) - {column.name for column in table.columns}
    if extra:
        raise ConfrereError(f"[table {table.name}] has undeclared columns: {sorted(extra)}")
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)


def _check_values(table: Table, column: Column, array: pa.Array, offset: int) -> None:
    if not column.nullable and array.null_count:
        _refuse(table, column, array, pc.is_null(array), offset, "is missing")
    if column.low is not None:
        # NaN compares false with everything, so ask for what is right, not for what is wrong
        _refuse(
            table,
            column,
            array,
            _not(pc.greater_equal(array, column.low)),
            offset,
            f"is below {column.low:g}",
        )
    if column.high is not None:
        _refuse(
            table,
            column,
            array,
            _not(pc.less_equal(array, column.high)),
            offset,
            f"is above {column.high:g}",
        )
    if column.values:
        known = pc.is_in(array, pa.array(column.values))
        _refuse(table, column, array, _not(known), offset, f"is none of {', '.join(column.values)}")


def _not(right: pa.Array) -> pa.Array:
    return pc.fill_null(pc.invert(right), False)


def _refuse(
    table: Table, column: Column, array: pa.Array, wrong: pa.Array, offset: int, why: str
) -> None:
    row = pc.index(wrong, True).as_py()
    if row >= 0:
        raise ConfrereError(
            f"[table {table.name}, row {offset + row}, column {column.name}] "
            f"{array[row].as_py()!r} {why}: nothing was written"
        )


def _check_key(
    table: Table, last: pa.RecordBatch | None, batch: pa.RecordBatch, offset: int
) -> None:
    """Refuse rows whose key is not strictly greater than the key of the row before."""
    keys = pa.Table.from_batches([batch] if last is None else [last, batch]).select(list(table.key))
    if keys.num_rows < 2:
        return
    greater, equal = pa.scalar(False), pa.scalar(True)
    for name in table.key:
        column = keys.column(name).combine_chunks()
        before, after = column.slice(0, len(column) - 1), column.slice(1)
        greater = pc.or_(greater, pc.and_(equal, pc.greater(after, before)))
        equal = pc.and_(equal, pc.equal(after, before))
    row = pc.index(greater, False).as_py()
    if row >= 0:
        place = offset + row + (1 if last is None else 0)
        key = {name: keys.column(name)[row + 1].as_py() for name in table.key}
        raise ConfrereError(
            f"[table {table.name}, row {place}, key {', '.join(table.key)}] "
            f"{key} is out of order or there twice: nothing was written"
        )
