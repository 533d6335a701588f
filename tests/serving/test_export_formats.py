"""One table, many formats: the same rows in each, safe to open, with a manifest."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as sizes
from hypothesis import strategies as st

from pipeline import lake
from pipeline.errors import WrongUse
from pipeline.serving.export import FORMATS, GRAPH_FORMATS, export
from pipeline.serving.export.manifest import schema_version
from pipeline.tables import TABLES
from tests.builders import write_lake

NOBODY = np.array([], dtype=np.int64)
# a triangle, and an edge to somebody without a name; the ids are as long as real ones
ADA, BO, CY, DEE = (9_001_209_000_001 + 100_000 * place for place in range(4))
EDGES = [(ADA, BO, 2.5, 3), (ADA, CY, 1.0, 1), (BO, CY, 0.125, 1), (CY, DEE, 1e-7, 2)]
HOSTILE = 'O\'Brien, "Ada" <b>&</b>\t=1+1'
PEOPLE = {ADA: HOSTILE, BO: "Bo Łukasz", CY: "李伟"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a lake with four people and four ties."""
    write_lake(
        tmp_path,
        authors=[{"author_id": who, "display_name": name} for who, name in PEOPLE.items()],
        coauthorships=[
            {"author_id": a, "coauthor_id": b, "weight": weight, "publication_count": papers}
            for a, b, weight, papers in EDGES
        ],
    )
    return tmp_path


def exported(home: Path, ending: str, hidden: np.ndarray[Any, Any] = NOBODY) -> tuple[Path, int]:
    tables = lake.datasets(home, ("coauthorships", "authors"))
    out = home / f"ties.{ending}"
    row_count = export(tables["coauthorships"], tables["authors"], hidden, NOBODY, out)
    return out, row_count


def vosviewer(out: Path) -> tuple[list[list[str]], list[list[str]]]:
    return tuple(  # type: ignore[return-value]  # a list of lines of each of the two files
        [
            line.split("\t")
            for line in out.with_name(f"ties.{part}.txt").read_text(encoding="utf-8").splitlines()
        ]
        for part in ("map", "network")
    )


def rows_in(out: Path) -> int:
    """Count the rows of a file by the means of its format, not of ours."""
    match out.suffix:
        case ".csv":
            with out.open(encoding="utf-8", newline="") as file:
                return len(list(csv.DictReader(file)))
        case ".parquet":
            return int(pq.read_metadata(out).num_rows)
        case ".jsonl":
            return len([json.loads(line) for line in out.read_text().splitlines()])
        case ".graphml":
            return int(nx.read_graphml(out).number_of_edges())
        case ".gexf":
            return int(nx.read_gexf(out).number_of_edges())
        case _:
            return len(vosviewer(out)[1])


@pytest.mark.parametrize("hidden", [[], [DEE], [ADA]])
def test_all_formats_hold_the_same_number_of_rows(hidden: list[int], home: Path) -> None:
    kept = [edge for edge in EDGES if not {edge[0], edge[1]} & set(hidden)]
    for ending in FORMATS:
        out, row_count = exported(home, ending, np.array(hidden, dtype=np.int64))
        manifest = json.loads(out.with_name(f"{out.name}.manifest.json").read_text())
        assert (rows_in(out), row_count, manifest["row_count"]) == (len(kept),) * 3
        for file in home.glob("ties.*"):
            if not file.name.endswith(".manifest.json"):
                assert not any(str(who).encode() in file.read_bytes() for who in hidden)
    assert [file for file in home.iterdir() if file.name.endswith(".part")] == []


@pytest.mark.parametrize("ending", ["graphml", "gexf"])
def test_a_graph_comes_back_with_names_weights_and_papers(ending: str, home: Path) -> None:
    read = {"graphml": nx.read_graphml, "gexf": nx.read_gexf}[ending]
    graph = read(exported(home, ending)[0])
    assert not graph.is_directed()
    labels = {int(node): data["label"] for node, data in graph.nodes(data=True)}
    assert labels == {**PEOPLE, ADA: labels[ADA], DEE: str(DEE)}
    assert labels[ADA].split() == HOSTILE.split()  # XML may turn a tab into a space
    edges = {
        (*sorted((int(a), int(b))), data["weight"], data["papers"])
        for a, b, data in graph.edges(data=True)
    }
    assert edges == set(EDGES)


def test_vosviewer_gets_a_map_and_a_network_of_numbered_items(home: Path) -> None:
    out, _ = exported(home, "vosviewer")
    items, links = vosviewer(out)
    assert items[0] == [
        "id",
        "label",
        "description",
        "weight<Links>",
        "weight<Total link strength>",
    ]
    assert [row[:4] for row in items[1:]] == [
        ["1", "\"O'Brien, 'Ada' <b>&</b> =1+1\"", f"author {ADA}", "2"],
        ["2", "Bo Łukasz", f"author {BO}", "2"],
        ["3", "李伟", f"author {CY}", "3"],
        ["4", str(DEE), f"author {DEE}", "1"],
    ]
    assert [float(row[4]) for row in items[1:]] == pytest.approx([3.5, 2.625, 1.125, 1e-7])
    numbered = {who: place for place, who in enumerate((ADA, BO, CY, DEE), start=1)}
    assert [(int(a), int(b), float(w)) for a, b, w in links] == [
        (numbered[a], numbered[b], weight) for a, b, weight, _ in EDGES
    ]


def test_a_graph_without_an_edge_is_a_graph(tmp_path: Path) -> None:
    write_lake(tmp_path, authors=[], coauthorships=[])
    for ending in GRAPH_FORMATS:
        out, row_count = exported(tmp_path, ending)
        assert (row_count, rows_in(out)) == (0, 0)


def test_a_manifest_says_what_the_files_are(home: Path) -> None:
    out, _ = exported(home, "vosviewer")
    said = json.loads(out.with_name("ties.vosviewer.manifest.json").read_text(encoding="utf-8"))
    table = TABLES["coauthorships"]
    assert (said["table"], said["format"], said["as_of"]) == (
        "coauthorships",
        "vosviewer",
        "2020-12-31",
    )
    assert said["schema_version"] == schema_version(table)
    assert [column["name"] for column in said["columns"]] == table.schema.names
    assert [file["name"] for file in said["files"]] == ["ties.map.txt", "ties.network.txt"]
    for file in said["files"]:
        data = (home / file["name"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(data).hexdigest()
        assert file["byte_count"] == len(data)


def test_the_schema_version_changes_with_the_columns_only() -> None:
    versions = {name: schema_version(table) for name, table in TABLES.items()}
    assert len(set(versions.values())) == len(TABLES)
    assert versions == {name: schema_version(table) for name, table in TABLES.items()}


def test_an_export_that_fails_leaves_the_old_file_and_its_manifest(home: Path) -> None:
    out, _ = exported(home, "csv")
    before = {file: file.read_bytes() for file in home.glob("ties.*")}
    tables = lake.datasets(home, ("coauthorships", "authors"))
    for layer in tables["coauthorships"].layers:
        layer.file.write_bytes(b"damaged")
    with pytest.raises(Exception, match=r"Parquet|parquet|damaged"):
        export(tables["coauthorships"], tables["authors"], NOBODY, NOBODY, out)
    assert {file: file.read_bytes() for file in home.glob("ties.*")} == before


texts = st.text(max_size=8) | st.sampled_from(
    ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "'=1", "", "0012"]
)


@sizes(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(texts, min_size=1, max_size=5))
def test_no_cell_of_a_csv_file_is_a_formula(names: list[str], tmp_path: Path) -> None:
    folder = tmp_path / hashlib.sha256(repr(names).encode()).hexdigest()
    folder.mkdir(exist_ok=True)
    rows = [{"author_id": place, "display_name": name} for place, name in enumerate(names, start=1)]
    write_lake(folder, authors=rows)
    table = lake.read(folder, "authors")
    export(table, table, NOBODY, NOBODY, folder / "people.csv")
    with (folder / "people.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    for row, name in zip(found, names, strict=True):
        cell = row["display_name"]
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell in (name, f"'{name}")


def test_numbers_stay_numbers_in_a_csv_file(tmp_path: Path) -> None:
    pair = {"author_id": 1, "candidate_id": 2, "kind": "walk", "contribution": -0.5}
    write_lake(tmp_path, reasons=[pair])
    table = lake.read(tmp_path, "reasons")
    export(table, table, NOBODY, NOBODY, tmp_path / "reasons.csv")
    with (tmp_path / "reasons.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert float(row["contribution"]) == -0.5


def test_only_coauthorships_are_a_graph(home: Path) -> None:
    table = lake.read(home, "authors")
    for ending in GRAPH_FORMATS:
        with pytest.raises(WrongUse, match="is no graph"):
            export(table, table, NOBODY, NOBODY, home / f"people.{ending}")


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_addresses_that_papers_print_are_masked(ending: str, tmp_path: Path) -> None:
    lake_folder = tmp_path / "lake"
    printed: tuple[list[str], ...] = (
        ["Example University. ada@example.org.", "Electronic address: a.b-c@mail.example.org"],
        [],
        ["Other Hospital <bo@example.org>; x@y"],
    )
    write_lake(
        lake_folder,
        authorships=[
            {"pmid": pmid, "position": 1, "affiliations": texts}
            for pmid, texts in enumerate(printed, start=1)
        ],
        authors=[],
    )
    tables = lake.datasets(lake_folder, ("authorships", "authors"))
    nobody = np.zeros(0, np.int64)
    out = tmp_path / f"out.{ending}"
    assert export(tables["authorships"], tables["authors"], nobody, nobody, out) == 3
    if ending == "parquet":
        kept = pq.read_table(out)["affiliations"].to_pylist()
        assert kept[0] == [
            "Example University. [address left out]",
            "Electronic address: [address left out]",
        ]
        assert kept[1] == []
        told = str(kept)
    else:
        told = out.read_text(encoding="utf-8")
    assert "Example University." in told
    assert told.count("[address left out]") == 4
    assert "@" not in told
