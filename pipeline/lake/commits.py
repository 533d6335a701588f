"""Writing: a commit's tables change together, or none of them does."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import ConfrereError
from pipeline.lake.checks import sync, write_checked
from pipeline.lake.datasets import Dataset
from pipeline.lake.manifest import Entry, LayerEntry, dataset_of, files_of, load, save
from pipeline.tables import ID, TABLES

MOST_LAYERS = 8
"""Higher stacks are merged: each layer costs every reader a little."""


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
        layer = self._layer(name, batches, None)
        self.entries[name] = {
            "layers": [layer],
            # for readers that looked the table up before: they keep what they found
            "replaced": files_of(load(self.folder).get(name)),
            "version": self.id,
            "made_from": made_from,
            "as_of": as_of.isoformat() if as_of else None,
        }
        return layer["row_count"]

    def add(
        self,
        name: str,
        batches: Iterable[pa.RecordBatch],
        hides: pa.Array,
        made_from: str = "",
        as_of: date | None = None,
    ) -> int:
        """Put rows on top of table `name`; return how many there are.

        Where no row changes, neither does the table's version.

        Parameters
        ----------
        batches
            As for `write`.
        hides
            Values of the first key column, sorted, whose rows so far are there no longer: all those
            of `batches` that the table has already, and those that go.
        made_from, as_of
            As for `write`.
        """
        before = load(self.folder).get(name)
        layer = self._layer(name, batches, hides)
        day = as_of.isoformat() if as_of else None
        if layer["row_count"] or len(hides) or before is None:
            layers = before["layers"] if before else []
            self.entries[name] = {
                "layers": [*layers, layer],
                "replaced": [],
                "version": self.id,
                "made_from": made_from,
                "as_of": day,
            }
        elif (made_from, as_of) != ("", None):
            self.entries[name] = {**before, "made_from": made_from, "as_of": day}
        return layer["row_count"]

    def merge(self, name: str, first: int) -> None:
        """Make one layer of those from number `first` (the lowest is 0) up; no row changes."""
        before = load(self.folder)[name]
        upper: Entry = {**before, "layers": before["layers"][first:]}
        dataset = dataset_of(self.folder, TABLES[name], {name: upper})
        hides = pa.concat_arrays(
            [
                pq.read_table(layer.hides).column(0).combine_chunks()
                for layer in dataset.layers
                if layer.hides and first
            ]
            or [pa.array([], ID)]
        )
        merged = self._layer(name, dataset.batches(), hides.unique().sort())
        self.entries[name] = {
            **before,
            "layers": [*before["layers"][:first], merged],
            "replaced": files_of(upper),
        }

    def dataset(self, name: str) -> Dataset:
        """Table `name` as this commit has written it so far."""
        return dataset_of(self.folder, TABLES[name], self.entries)

    def _layer(
        self, name: str, batches: Iterable[pa.RecordBatch], hides: pa.Array | None
    ) -> LayerEntry:
        table = TABLES[name]
        if name in self.entries:
            raise ConfrereError(f"[table {name}] is changed twice in one commit: change it once")
        path = self.folder / name / f"{self.id}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        row_count = write_checked(table, path, batches)
        hidden = None
        if hides is not None and len(hides):
            hidden = self.folder / name / f"{self.id}.hides.parquet"
            pq.write_table(pa.table({table.key[0]: hides}), hidden)
            sync(hidden)
        return {
            "file": path.relative_to(self.folder).as_posix(),
            "hides": hidden.relative_to(self.folder).as_posix() if hidden else None,
            "row_count": row_count,
        }


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
            save(folder, {**load(folder), **commit.entries})
        _sweep(folder)


def compact(folder: Path, most_layers: int = MOST_LAYERS) -> Iterator[tuple[str, int]]:
    """Merge the layers of tables that have more than so many; yield each and the layers left of it.

    The newest are merged, and those below while they are no larger than twice what is on top: a
    row is rewritten a logarithmic number of times (Bentley and Saxe, J. Algorithms 1, 1980).
    """
    with begin(folder) as commit:
        stacks = {
            name: [layer["row_count"] for layer in entry["layers"]]
            for name, entry in load(folder).items()
        }
        for name, rows in stacks.items():
            if len(rows) > most_layers:
                first = first_to_merge(rows)
                commit.merge(name, first)
                yield name, first + 1


def first_to_merge(row_counts: list[int]) -> int:
    """Number of the lowest layer to merge, of a stack of at least two.

    >>> first_to_merge([1000, 50, 5, 5, 5, 5]), first_to_merge([100, 60, 30, 10])
    (2, 0)
    """
    first = len(row_counts) - 2
    total = sum(row_counts[first:])
    while first and row_counts[first - 1] <= 2 * total:
        first -= 1
        total += row_counts[first]
    return first


def _sweep(folder: Path) -> None:
    """Delete files that the manifest does not name: left by a crash, or replaced twice since."""
    entries = load(folder).values()
    kept = {file for entry in entries for file in (*files_of(entry), *entry["replaced"])}
    for path in folder.glob("*/*.parquet"):
        if path.relative_to(folder).as_posix() not in kept:
            path.unlink()
