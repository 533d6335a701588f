"""The lake: Parquet tables that change whole or not at all.

A table is a list of files named in `manifest.json`. Writers put new files beside the old ones and
replace the manifest as their last act (replaced files stay until the table changes once more), so
a reader, a crash or a full disk sees either all of the new tables or all of the old. One writer
at a time; readers need no lock. Only this module writes lake files, and it refuses rows that do
not fit their declaration in `tables`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypedDict
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import ConfrereError
from pipeline.tables import TABLES, Column, Table

ROWS_PER_GROUP = 64_000


class Entry(TypedDict):
    """What the manifest says of a table; files relative to the lake."""

    files: list[str]
    replaced: list[str]
    version: str
    row_count: int
    made_from: str
    as_of: str | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """One table as it stood when it was asked for. `version` changes with every commit of it."""

    table: Table
    files: tuple[Path, ...] = ()
    version: str = ""
    row_count: int = 0
    made_from: str = ""
    as_of: date | None = None

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Load the table (or some columns) into memory, sorted by key."""
        if not self.files:
            empty = self.table.schema.empty_table()
            return empty.select(columns) if columns else empty
        return pa.concat_tables(pq.read_table(file, columns=columns) for file in self.files)

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Stream the table in key order, about 64,000 rows at a time."""
        for file in self.files:
            with pq.ParquetFile(file) as parquet:
                yield from parquet.iter_batches(ROWS_PER_GROUP, columns=columns)


def read(folder: Path, name: str) -> Dataset:
    """Look up the current files of table `name`; empty if it was never written."""
    return datasets(folder, [name])[name]


def datasets(folder: Path, names: Iterable[str]) -> dict[str, Dataset]:
    """Look up several tables as of one commit."""
    manifest = _manifest(folder)
    return {name: _dataset(folder, TABLES[name], manifest) for name in names}


def lend(folder: Path, other: Path, names: Iterable[str]) -> None:
    """Make a new lake at `other` that shows tables of this one as they stand now.

    The files are shared, not copied; commits to either lake do not touch the other.
    """
    tables = _manifest(folder)
    lent: dict[str, Entry] = {
        name: {
            **tables[name],
            "files": [str(folder.resolve() / file) for file in tables[name]["files"]],
            "replaced": [],
        }
        for name in names
        if name in tables
    }
    other.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"tables": lent})
    (other / "manifest.json").write_text(text, encoding="utf-8")


@dataclass(slots=True)
class Commit:
    """New tables in the making: nothing is visible until the `begin` block ends."""

    folder: Path
    id: str
    entries: dict[str, Entry] = field(default_factory=dict)

    def write(
        self,
        name: str,
        batches: Iterable[pa.RecordBatch],
        made_from: str = "",
        as_of: date | None = None,
    ) -> int:
        """Replace table `name` by the rows of `batches`; return how many there are.

        Parameters
        ----------
        batches
            Record batches with the declared columns (any order), rows sorted by key.
        made_from
            Fingerprint of the inputs, for `Dataset.made_from`: lets a stage see that nothing is
            pending.
        as_of
            Last day whose records the rows know of, for tables that depend on one.

        Raises
        ------
        ConfrereError
            A row does not fit the declaration; the message names table, column and row.
        """
        table = TABLES[name]
        path = self.folder / name / f"{self.id}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        row_count = _write_checked(table, path, batches)
        self.entries[name] = {
            "files": [f"{name}/{path.name}"],
            # for readers that looked the table up before: they keep what they found
            "replaced": _files_of(_manifest(self.folder).get(name)),
            "version": self.id,
            "row_count": row_count,
            "made_from": made_from,
            "as_of": as_of.isoformat() if as_of else None,
        }
        return row_count

    def dataset(self, name: str) -> Dataset:
        """Table `name` as this commit has written it so far."""
        return _dataset(self.folder, TABLES[name], self.entries)


@contextmanager
def begin(folder: Path) -> Iterator[Commit]:
    """Open a commit; when the block ends without error all its tables change at once.

    Raises
    ------
    ConfrereError
        Another process is writing to this lake.
    OSError
        The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfrereError(
                f"[{folder}] another run is writing here: wait for it to end"
            ) from None
        _sweep(folder)
        commit = Commit(folder, uuid4().hex[:12])
        yield commit
        if commit.entries:
            _publish(folder, commit)
            _sweep(folder)


def _publish(folder: Path, commit: Commit) -> None:
    beside = folder / "manifest.json.new"
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"tables": {**_manifest(folder), **commit.entries}}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / "manifest.json")


def _sweep(folder: Path) -> None:
    """Delete files that the manifest does not name: left by a crash, or replaced twice since."""
    entries = _manifest(folder).values()
    kept = {file for entry in entries for part in ("files", "replaced") for file in entry[part]}
    for path in folder.glob("*/*.parquet"):
        if path.relative_to(folder).as_posix() not in kept:
            path.unlink()


def _manifest(folder: Path) -> dict[str, Entry]:
    """Read what is there: an entry for each table that was ever written."""
    path = folder / "manifest.json"
    try:
        tables: dict[str, Entry] = json.loads(path.read_text(encoding="utf-8"))["tables"]
    except FileNotFoundError:
        return {}
    except (KeyError, ValueError) as error:
        raise ConfrereError(f"[{path}] is damaged ({error}): restore it from a backup") from None
    return tables


def _files_of(entry: Entry | None) -> list[str]:
    return list(entry["files"]) if entry else []


def _dataset(folder: Path, table: Table, manifest: Mapping[str, Entry]) -> Dataset:
    entry = manifest.get(table.name)
    if entry is None:
        return Dataset(table)
    return Dataset(
        table,
        tuple(folder / file for file in entry["files"]),
        entry["version"],
        entry["row_count"],
        entry["made_from"],
        date.fromisoformat(entry["as_of"]) if entry["as_of"] else None,
    )


def _write_checked(table: Table, path: Path, batches: Iterable[pa.RecordBatch]) -> int:
    row_count = 0
    last: pa.RecordBatch | None = None
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for batch in batches:
            if batch.num_rows == 0:
                continue
            fitted = _fit(table, batch, row_count)
            _check_key(table, last, fitted, row_count)
            writer.write_batch(fitted, row_group_size=ROWS_PER_GROUP)
            row_count += fitted.num_rows
            last = fitted.slice(fitted.num_rows - 1)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return row_count


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
