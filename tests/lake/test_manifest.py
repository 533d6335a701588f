"""The manifest says which files are the tables, and is understood or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import lake
from pipeline.errors import ConfrereError
from pipeline.tables import ID
from tests.builders import arrow, write_lake


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"format": 3}'):
        (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
        with pytest.raises(ConfrereError, match=r"manifest\.json.*damaged"):
            lake.read(tmp_path, "authors")


@pytest.mark.parametrize("found", [{"authors": {"file": "a.parquet"}}, {"format": 1}])
def test_the_manifest_of_an_older_version_is_refused_with_the_remedy(
    tmp_path: Path, found: dict[str, object]
) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(ConfrereError, match=r"another version.*into a new home"):
        lake.read(tmp_path, "authors")
    with pytest.raises(ConfrereError, match="another version"):
        write_lake(tmp_path, authors=[{}])
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8")) == found


def test_no_commit_to_a_lender_or_a_borrower_touches_the_other(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    write_lake(here, citations=[{"pmid": 1}, {"pmid": 2}], topics=[{}])
    with lake.begin(here) as commit:
        commit.add("citations", arrow("citations", [{"pmid": 3}]).to_batches(), pa.array([2], ID))
    lake.lend(here, there, ["citations", "authors"])
    lent = lake.read(there, "citations")
    assert lent.version == lake.read(here, "citations").version
    for pmid in (7, 8, 9):
        write_lake(here, citations=[{"pmid": pmid}])
    assert lent.read(["pmid"])["pmid"].to_pylist() == [1, 3]
    for _ in range(3):
        with lake.begin(there) as commit:
            commit.merge("citations", 0)
    assert lake.read(there, "citations").read(["pmid"])["pmid"].to_pylist() == [1, 3]
    assert lake.read(here, "citations").read(["pmid"])["pmid"].to_pylist() == [9]
    assert lake.read(there, "topics").layers == ()
