"""A table as it stood at one moment, and its rows in order of the key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.tables import Table

ROWS_PER_GROUP = 64_000

Keys = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layer:
    """Some rows of a table, and the keys that they take over from the layers below.

    `hides` is a file of one sorted column, named as the first column of the table's key.
    """

    file: Path
    hides: Path | None
    row_count: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """One table as it stood when it was asked for. `version` changes with every change of its rows.

    A row is there if no layer above its own hides its key.
    """

    table: Table
    layers: tuple[Layer, ...] = ()
    version: str = ""
    made_from: str = ""
    as_of: date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it has no rows; cheaper than their count."""
        return next(self.batches([self.table.key[0]]), None) is None

    @property
    def row_count(self) -> int:
        """Number of rows; read from the keys where layers hide some."""
        if not any(layer.hides for layer in self.layers):
            return sum(layer.row_count for layer in self.layers)
        return sum(
            batch.num_rows for stream in self._streams([self.table.key[0]]) for batch in stream
        )

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Load the table (or some columns) into memory, sorted by key."""
        schema = self.table.schema
        wanted = pa.schema([schema.field(name) for name in columns]) if columns else schema
        return pa.Table.from_batches(self.batches(columns), wanted)

    def batches(
        self, columns: list[str] | None = None, rows_per_batch: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Stream the table in key order; no batch is empty.

        `rows_per_batch` is about how many rows come at a time; None: those of a row group.
        """
        wanted = columns or self.table.schema.names
        key = list(self.table.key)
        needed = wanted if len(self.layers) < 2 else [*dict.fromkeys([*wanted, *key])]
        streams = self._streams(needed, rows_per_batch)
        for batch in streams[0] if len(streams) == 1 else _merged(streams, key):
            yield batch.select(wanted)

    def _streams(
        self, columns: list[str], rows_per_batch: int | None = None
    ) -> list[Iterator[pa.RecordBatch]]:
        """Rows of each layer that are there; none empty."""
        key = self.table.key[0]
        size = rows_per_batch or self.table.rows_per_group
        gone = np.array([], np.int64)
        streams: list[Iterator[pa.RecordBatch]] = []
        for layer in reversed(self.layers):
            streams.append(_visible(layer.file, columns, key, gone, size))
            if layer.hides:
                gone = np.union1d(gone, pq.read_table(layer.hides)[key].to_numpy())
        return streams[::-1]


def _visible(
    file: Path, columns: list[str], key: str, gone: Keys, rows_per_batch: int
) -> Iterator[pa.RecordBatch]:
    """Rows of a file whose key is not among the sorted keys `gone`."""
    needed = columns if key in columns or not gone.size else [*columns, key]
    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(rows_per_batch, columns=needed):
            kept = batch.select(columns)
            if gone.size and batch.num_rows:
                keys = batch[key].to_numpy()
                first, last = np.searchsorted(gone, (keys[0], keys[-1] + 1))
                kept = kept.filter(pa.array(~np.isin(keys, gone[first:last])))
            if kept.num_rows:
                yield kept


def _merged(
    streams: Sequence[Iterator[pa.RecordBatch]], key: list[str]
) -> Iterator[pa.RecordBatch]:
    """Merge sorted streams; the rows of one first key all come from one of them."""
    heads = {stream: head for stream in streams if (head := next(stream, None))}
    while heads:
        limit = reduce(min, (head[key[0]][-1].as_py() for head in heads.values()))
        taken = []
        for stream, head in list(heads.items()):
            count = int(np.searchsorted(head[key[0]].to_numpy(), limit, side="right"))
            taken.append(head.slice(0, count))
            left = head.slice(count) if count < head.num_rows else next(stream, None)
            if left is None:
                del heads[stream]
            else:
                heads[stream] = left
        whole = pa.Table.from_batches([batch for batch in taken if batch.num_rows])
        if len(taken) > 1:
            whole = whole.sort_by([(name, "ascending") for name in key])
        yield from whole.combine_chunks().to_batches()
