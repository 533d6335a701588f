"""A table of layers is read as if it were one file, however it came to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from pipeline import engine, lake
from pipeline.lake.manifest import files_of, load
from pipeline.settings import Settings
from pipeline.tables import ID
from tests.builders import arrow

NAME = "authorships"
COLUMNS = ["pmid", "position", "last_name", "affiliations"]
SELECTIONS = (COLUMNS, ["last_name"], ["position", "pmid"], ["affiliations", "position"])

pmids = st.integers(1, 9)
names = st.sampled_from(["Doe", "Roe", "Poe"])
papers = st.dictionaries(pmids, st.lists(names, min_size=1, max_size=4), max_size=5)
"""PMID → last names in order of their positions: what the machine's table is compared with."""


def rows_of(model: dict[int, list[str]]) -> list[dict[str, Any]]:
    return [
        {"pmid": pmid, "position": place, "last_name": name, "affiliations": [name.upper()]}
        for pmid in sorted(model)
        for place, name in enumerate(model[pmid], start=1)
    ]


def failing(batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield from batches
    raise RuntimeError("at the last moment")


class Layers(RuleBasedStateMachine):
    """Writes, layers and merges in any order, beside a dictionary that says what must be there."""

    @initialize()
    def empty(self) -> None:
        self.folder = TemporaryDirectory()
        self.settings = Settings(home=Path(self.folder.name) / "home", threads=1)
        self.lake = self.settings.lake_folder
        self.query = Path(self.folder.name) / "query.sql"
        self.query.write_text(f"SELECT {', '.join(COLUMNS)} FROM {NAME} ORDER BY pmid, position")
        self.model: dict[int, list[str]] = {}
        self.before = (lake.read(self.lake, NAME), rows_of(self.model))
        self.lent: list[tuple[Path, list[dict[str, Any]]]] = []

    def teardown(self) -> None:
        self.folder.cleanup()

    def remember(self) -> lake.Dataset:
        """Look the table up, as a reader does who goes on while it changes."""
        dataset = lake.read(self.lake, NAME)
        self.before = (dataset, rows_of(self.model))
        return dataset

    def was_written(self) -> bool:
        return bool(lake.read(self.lake, NAME).layers)

    def batches(self, model: dict[int, list[str]]) -> list[pa.RecordBatch]:
        return arrow(NAME, rows_of(model)).to_batches(max_chunksize=2)

    @rule(papers=papers)
    def write(self, papers: dict[int, list[str]]) -> None:
        old = self.remember()
        with lake.begin(self.lake) as commit:
            commit.write(NAME, self.batches(papers))
        self.model = papers
        assert lake.read(self.lake, NAME).version != old.version

    @rule(papers=papers, gone=st.sets(pmids, max_size=3))
    def add(self, papers: dict[int, list[str]], gone: set[int]) -> None:
        old = self.remember()
        hides = sorted(gone | (papers.keys() & self.model.keys()))
        with lake.begin(self.lake) as commit:
            commit.add(NAME, self.batches(papers), pa.array(hides, ID))
        changed = {pmid: own for pmid, own in self.model.items() if pmid not in gone} | papers
        same = changed == self.model
        self.model = changed
        assert same or lake.read(self.lake, NAME).version != old.version

    @rule(papers=papers, gone=st.sets(pmids, max_size=3))
    def fail_to_add(self, papers: dict[int, list[str]], gone: set[int]) -> None:
        old = lake.read(self.lake, NAME)
        with pytest.raises(RuntimeError, match="at the last moment"), lake.begin(self.lake) as new:
            new.add(NAME, failing(self.batches(papers)), pa.array(sorted(gone), ID))
        assert lake.read(self.lake, NAME) == old

    @precondition(lambda self: self.was_written())
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        old = self.remember()
        first = data.draw(st.integers(0, len(old.layers) - 1))
        with lake.begin(self.lake) as commit:
            commit.merge(NAME, first)
        new = lake.read(self.lake, NAME)
        assert (len(new.layers), new.version) == (first + 1, old.version)

    @rule()
    def compact(self) -> None:
        old = self.remember()
        dict(lake.compact(self.lake))
        new = lake.read(self.lake, NAME)
        assert new.version == old.version
        assert len(new.layers) <= 8

    @precondition(lambda self: len(self.lent) < 2 and self.was_written())
    @rule()
    def lend(self) -> None:
        other = Path(self.folder.name) / f"lent{len(self.lent)}"
        lake.lend(self.lake, other, [NAME])
        self.lent.append((other, rows_of(self.model)))

    @invariant()
    def every_reading_says_the_same(self) -> None:
        dataset, expected = lake.read(self.lake, NAME), rows_of(self.model)
        assert dataset.row_count == len(expected)
        assert dataset.is_empty is (not expected)
        assert dataset.read(COLUMNS).to_pylist() == expected
        for columns in SELECTIONS:
            wanted = [{column: row[column] for column in columns} for row in expected]
            for size in (1, 2, 3, 64_000):  # the authors of a paper end up in several batches
                batches = list(dataset.batches(columns, size))
                assert [row for batch in batches for row in batch.to_pylist()] == wanted
                assert all(batch.num_rows for batch in batches)
        assert engine.fetch(self.query, {NAME: dataset}, {}, self.settings).to_pylist() == expected

    @invariant()
    def earlier_readers_and_borrowers_read_what_they_found(self) -> None:
        dataset, rows = self.before
        assert dataset.read(COLUMNS).to_pylist() == rows
        for other, rows in self.lent:
            assert lake.read(other, NAME).read(COLUMNS).to_pylist() == rows

    @invariant()
    def there_are_no_other_files(self) -> None:
        entries = load(self.lake).values()
        kept = {file for entry in entries for file in (*files_of(entry), *entry["replaced"])}
        with lake.begin(self.lake):  # after a failure, the next commit sweeps
            found = {path.relative_to(self.lake).as_posix() for path in self.lake.glob("*/*")}
        assert found == kept


Layers.TestCase.settings = hypothesis_settings(
    max_examples=25, stateful_step_count=14, deadline=None
)
TestLayers = Layers.TestCase
