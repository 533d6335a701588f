"""The lake refuses what does not fit."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import lake
from pipeline.errors import ConfrereError
from pipeline.tables import TABLES
from tests.builders import arrow


def batches(name: str, rows: list[dict[str, Any]]) -> list[pa.RecordBatch]:
    """Rows as drawn: in the order given, whole or not."""
    complete = [arrow(name, [row]).to_pylist()[0] | row for row in rows]
    schema = pa.schema([pa.field(f.name, f.type) for f in TABLES[name].schema])
    return [pa.RecordBatch.from_pylist(complete, schema=schema)]


@pytest.mark.parametrize(
    ("name", "rows", "complaint"),
    [
        (
            "identities",
            [{"pmid": 1}, {"pmid": 2, "confidence": 1.5}],
            r"row 1, column confidence\] 1.5 is above 1",
        ),
        ("identities", [{"confidence": float("nan")}], "column confidence"),
        ("identities", [{"method": "guess"}], "column method.*is none of"),
        ("citations", [{"pmid": 0}], r"row 0, column pmid\] 0 is below 1"),
        ("citations", [{"ref_pmid": None}], r"row 0, column ref_pmid\] None is missing"),
        ("citations", [{"pmid": 2}, {"pmid": 1}], "row 1, key pmid, ref_pmid.*out of order"),
        ("citations", [{"pmid": 2}, {"pmid": 2}], "there twice"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_row_and_column(
    tmp_path: Path, name: str, rows: list[dict[str, Any]], complaint: str
) -> None:
    with pytest.raises(ConfrereError, match=complaint), lake.begin(tmp_path) as commit:
        commit.write(name, batches(name, rows))


def test_the_key_is_checked_across_batches(tmp_path: Path) -> None:
    twice = [
        *batches("citations", [{"pmid": 1}, {"pmid": 2}]),
        *batches("citations", [{"pmid": 2}]),
    ]
    with pytest.raises(ConfrereError, match="row 2, key"), lake.begin(tmp_path) as commit:
        commit.write("citations", twice)


def test_missing_and_undeclared_columns_are_named(tmp_path: Path) -> None:
    table = arrow("citations", [{}])
    with pytest.raises(ConfrereError, match="has no column pmid"), lake.begin(tmp_path) as commit:
        commit.write("citations", table.drop_columns(["pmid"]).to_batches())
    with pytest.raises(ConfrereError, match=r"undeclared.*mood"), lake.begin(tmp_path) as commit:
        commit.write("citations", table.append_column("mood", [["fine"]]).to_batches())


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=8), st.integers(1, 3))
def test_rows_are_taken_exactly_when_their_keys_ascend(
    tmp_path_factory: pytest.TempPathFactory, keys: list[tuple[int, int]], size: int
) -> None:
    rows = [{"pmid": pmid, "position": position} for pmid, position in keys]
    parts = [
        b for i in range(0, len(rows), size) for b in batches("authorships", rows[i : i + size])
    ]
    ascending = all(a < b for a, b in pairwise(keys))
    folder = tmp_path_factory.mktemp("lake")
    try:
        with lake.begin(folder) as commit:
            commit.write("authorships", parts)
    except ConfrereError:
        assert not ascending
    else:
        assert ascending
        assert lake.read(folder, "authorships").row_count == len(keys)


def test_row_groups_are_full_however_small_the_batches(tmp_path: Path) -> None:
    size = TABLES["publications"].rows_per_group
    rows = arrow("publications", [{"pmid": pmid} for pmid in range(1, 2 * size + 8)])
    for chunk in (7, size - 1, size, size + 1, 3 * size):
        with lake.begin(tmp_path) as commit:
            commit.write("publications", rows.to_batches(max_chunksize=chunk))
        dataset = lake.read(tmp_path, "publications")
        [layer] = dataset.layers
        metadata = pq.read_metadata(layer.file)
        groups = [metadata.row_group(place).num_rows for place in range(metadata.num_row_groups)]
        assert groups == [size, size, 7]
        assert dataset.read() == rows
