"""Where a run of identity writes: on top of its tables, or in place of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from pipeline import lake
from pipeline.tables import ID


@dataclass(frozen=True, slots=True)
class Output:
    """Where rows go: on top of a table, or in place of it where all is made `anew`."""

    commit: lake.Commit
    made_from: str
    as_of: date
    anew: bool

    def put(
        self, table: str, rows: Iterable[pa.RecordBatch], hides: pa.ChunkedArray | pa.Array
    ) -> None:
        """Write rows sorted by key; those of before go whose first key is in the sorted `hides`."""
        if self.anew:
            self.commit.write(table, rows, self.made_from, self.as_of)
        else:
            keys = hides.combine_chunks() if isinstance(hides, pa.ChunkedArray) else hides
            self.commit.add(table, rows, keys.cast(ID), self.made_from, self.as_of)
