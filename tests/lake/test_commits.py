"""The lake changes whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import lake
from pipeline.errors import ConfrereError
from pipeline.tables import ID, TABLES
from tests.builders import arrow, write_lake


def add(folder: Path, name: str, rows: list[dict[str, object]], hides: list[int]) -> None:
    """Put a layer on top of a table."""
    with lake.begin(folder) as commit:
        commit.add(name, arrow(name, rows).to_batches(), pa.array(hides, ID))


def fill_the_disk(folder: Path) -> None:
    """Write a layer, then fail."""
    with lake.begin(folder) as commit:
        commit.add("citations", arrow("citations", [{"pmid": 2}]).to_batches(), pa.array([1], ID))
        raise RuntimeError("the disk is full")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.glob("*/*")}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rows = [{"pmid": 2, "position": 1}, {"pmid": 1, "position": 2}, {"pmid": 1, "position": 1}]
    write_lake(tmp_path, authorships=rows)
    dataset = lake.read(tmp_path, "authorships")
    assert dataset.row_count == 3
    assert dataset.read(["pmid", "position"]).to_pylist() == rows[::-1]
    assert sum(batch.num_rows for batch in dataset.batches()) == 3


def test_a_table_never_written_is_empty(tmp_path: Path) -> None:
    dataset = lake.read(tmp_path, "authors")
    assert (dataset.row_count, dataset.version) == (0, "")
    assert dataset.read().schema == TABLES["authors"].schema


def test_a_failed_commit_changes_no_table_and_leaves_no_file(tmp_path: Path) -> None:
    write_lake(tmp_path, authors=[{"author_id": 1}], citations=[{"pmid": 1}])
    before = lake.datasets(tmp_path, ["authors", "citations"])
    two = {"authors": [{"author_id": 2}], "citations": [{"pmid": -5}]}
    with pytest.raises(ConfrereError, match="-5 is below 1"):
        write_lake(tmp_path, **two)
    assert lake.datasets(tmp_path, ["authors", "citations"]) == before
    write_lake(tmp_path, topics=[{"pmid": 1}])
    assert len(list(tmp_path.glob("authors/*"))) == 1


def test_a_reader_keeps_the_tables_it_looked_up(tmp_path: Path) -> None:
    write_lake(tmp_path, authors=[{"author_id": 1}])
    before = lake.read(tmp_path, "authors")
    write_lake(tmp_path, authors=[{"author_id": 2}])
    assert before.read(["author_id"]).to_pylist() == [{"author_id": 1}]
    assert lake.read(tmp_path, "authors").read(["author_id"]).to_pylist() == [{"author_id": 2}]
    write_lake(tmp_path, citations=[{}])
    write_lake(tmp_path)
    assert before.read(["author_id"]).to_pylist() == [{"author_id": 1}]
    write_lake(tmp_path, authors=[{"author_id": 3}])
    assert len(list(tmp_path.glob("authors/*"))) == 2


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with lake.begin(tmp_path), pytest.raises(ConfrereError, match="another run is writing"):
        write_lake(tmp_path, authors=[{}])


def test_a_commit_that_fails_between_two_layers_leaves_manifest_and_files_as_they_were(
    tmp_path: Path,
) -> None:
    write_lake(tmp_path, citations=[{"pmid": 1}], topics=[{"pmid": 1}])
    manifest, before = (tmp_path / "manifest.json").read_bytes(), files(tmp_path)
    with pytest.raises(RuntimeError, match="the disk is full"):
        fill_the_disk(tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() == manifest
    assert files(tmp_path) > before
    with lake.begin(tmp_path):
        assert files(tmp_path) == before


def test_files_that_no_table_names_are_removed(tmp_path: Path) -> None:
    write_lake(tmp_path, citations=[{"pmid": 1}])
    before = files(tmp_path)
    for orphan in ("citations/0.parquet", "citations/0.hides.parquet", "topics/0.parquet"):
        (tmp_path / orphan).parent.mkdir(exist_ok=True)
        (tmp_path / orphan).touch()
    with lake.begin(tmp_path):
        assert files(tmp_path) == before


def test_a_layer_of_nothing_changes_nothing(tmp_path: Path) -> None:
    add(tmp_path, "citations", [{"pmid": 1}], [])
    before, names = lake.read(tmp_path, "citations"), files(tmp_path)
    add(tmp_path, "citations", [], [])
    assert lake.read(tmp_path, "citations") == before
    assert files(tmp_path) == names


def test_a_table_changed_twice_in_one_commit_is_refused(tmp_path: Path) -> None:
    with lake.begin(tmp_path) as commit:
        commit.write("citations", [])
        with pytest.raises(ConfrereError, match=r"citations.*twice"):
            commit.write("citations", [])


def test_compaction_merges_high_stacks_from_the_top_and_changes_no_version(tmp_path: Path) -> None:
    write_lake(tmp_path, citations=[{"pmid": pmid} for pmid in range(1, 101)], topics=[{}])
    for pmid in range(101, 109):
        add(tmp_path, "citations", [{"pmid": pmid}, {"pmid": pmid - 100}], [pmid - 100, 50])
    before = lake.read(tmp_path, "citations")
    rows = before.read()
    assert len(before.layers) == 9
    assert dict(lake.compact(tmp_path)) == {"citations": 2}
    after = lake.read(tmp_path, "citations")
    assert [layer.row_count for layer in after.layers] == [100, 16]
    assert (after.version, after.read()) == (before.version, rows)
    assert before.read() == rows  # for who looked it up before
    assert dict(lake.compact(tmp_path)) == {}
    write_lake(tmp_path, topics=[{}])
    assert before.read() == rows
    add(tmp_path, "citations", [{"pmid": 200}], [])
    assert len(files(tmp_path) & {f"citations/{layer.file.name}" for layer in before.layers}) == 1


def test_tables_of_one_commit_change_together(tmp_path: Path) -> None:
    write_lake(tmp_path, citations=[{"pmid": 1}])
    with lake.begin(tmp_path) as commit:
        commit.add("citations", arrow("citations", [{"pmid": 2}]).to_batches(), pa.array([], ID))
        commit.write("topics", arrow("topics", [{}]).to_batches())
        assert commit.dataset("citations").row_count == 2
        assert lake.read(tmp_path, "citations").row_count == 1
    found = lake.datasets(tmp_path, ["citations", "topics"])
    assert [table.row_count for table in found.values()] == [2, 1]
    assert found["citations"].version == found["topics"].version
