"""The same SQL text on both engines."""

from __future__ import annotations

import gzip
import importlib.util
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
import sqlglot

from pipeline import engine, lake, stages
from pipeline.demo.records import article_set, record_xml
from pipeline.demo.world import build_world
from pipeline.settings import Settings
from pipeline.tables import ID, TABLES
from tests.builders import arrow

ROOT = Path(__file__).parents[1]
NO_SPARK = importlib.util.find_spec("pyspark") is None or shutil.which("java") is None


def write(folder: Path, text: str) -> Path:
    file = folder / "query.sql"
    file.write_text(text, encoding="utf-8")
    return file


def test_parameters_are_bound_and_comments_are_not_read(tmp_path: Path) -> None:
    file = write(
        tmp_path, "-- up to :nobody\nSELECT pmid FROM citations WHERE pmid < :most ORDER BY pmid"
    )
    sources = {"citations": arrow("citations", [{"pmid": pmid} for pmid in (1, 2, 3)])}
    rows = engine.fetch(
        file, sources, {"most": 3, "since": date(2020, 1, 1)}, Settings(home=tmp_path)
    )
    assert rows["pmid"].to_pylist() == [1, 2]


def test_queries_open_at_the_same_time_keep_their_own_tables(tmp_path: Path) -> None:
    file = write(tmp_path, "SELECT pmid FROM citations ORDER BY pmid")
    settings = Settings(home=tmp_path)
    one, two = (arrow("citations", [{"pmid": pmid}]) for pmid in (1, 2))
    with (
        engine.query(file, {"citations": one}, {}, settings) as first,
        engine.query(file, {"citations": two}, {}, settings) as second,
    ):
        assert first.read_all()["pmid"].to_pylist() == [1]
        assert second.read_all()["pmid"].to_pylist() == [2]


def test_a_table_never_written_is_empty_and_a_quote_in_a_path_does_no_harm(tmp_path: Path) -> None:
    file = write(tmp_path, "SELECT pmid FROM citations ORDER BY pmid")
    settings = Settings(home=tmp_path / "it's")
    dataset = lake.read(settings.lake_folder, "citations")
    assert engine.fetch(file, {"citations": dataset}, {}, settings).num_rows == 0
    with engine.spilled(
        arrow("citations", [{}]).to_batches(), TABLES["citations"].schema, settings
    ) as path:
        assert engine.fetch(file, {"citations": path}, {}, settings).num_rows == 1
    assert not path.exists()


def run_stages(home: Path, records: Path, name: str) -> None:
    """The whole path up to publishing, on one engine."""
    settings = Settings(home=home, engine=name)
    stages.ingest(settings, datetime(2026, 3, 3, tzinfo=UTC), [records])
    stages.identify(settings)
    stages.connect(settings)
    stages.recommend(settings)
    stages.publish(settings, datetime(2026, 3, 3, tzinfo=UTC))


def layered(folder: Path) -> lake.Dataset:
    """A table of three layers, of which the upper two hide papers below them and in between."""
    rows = arrow("citations", [{"pmid": pmid} for pmid in range(1, 7)])
    with lake.begin(folder) as commit:
        commit.write("citations", rows.to_batches())
    for hidden, ref_pmid in (([2, 3], 20), ([3, 5], 30)):
        again = arrow("citations", [{"pmid": pmid, "ref_pmid": ref_pmid} for pmid in hidden[:1]])
        with lake.begin(folder) as commit:
            commit.add("citations", again.to_batches(), pa.array(hidden, ID))
    return lake.read(folder, "citations")


LAYERED_ROWS = [(1, 2), (2, 20), (3, 30), (4, 2), (6, 2)]


def read_layered(folder: Path, name: str) -> list[tuple[int, int]]:
    file = write(folder, "SELECT pmid, ref_pmid FROM citations ORDER BY pmid")
    settings = Settings(home=folder, engine=name)
    rows = engine.fetch(file, {"citations": layered(settings.lake_folder)}, {}, settings)
    return [(row["pmid"], row["ref_pmid"]) for row in rows.to_pylist()]


def test_rows_that_upper_layers_hide_are_not_there(tmp_path: Path) -> None:
    assert read_layered(tmp_path, "duckdb") == LAYERED_ROWS


def test_the_select_of_a_layered_table_is_spark_sql_too(tmp_path: Path) -> None:
    text = engine._rows(layered(tmp_path), lambda file: f"parquet.`{file}`")
    assert isinstance(sqlglot.parse_one(text, dialect="spark"), sqlglot.exp.Select)


@pytest.mark.spark
@pytest.mark.skipif(NO_SPARK, reason="pyspark or java is missing: see requirements-spark.lock")
def test_spark_reads_layers_as_duckdb_does(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.test_engine import read_layered;"
        "print(read_layered(Path(sys.argv[1]), 'spark'))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.strip() == str(LAYERED_ROWS)


@pytest.mark.spark
@pytest.mark.skipif(NO_SPARK, reason="pyspark or java is missing: see requirements-spark.lock")
def test_spark_makes_the_same_tables_as_duckdb(tmp_path: Path) -> None:
    world = build_world(nights=2)
    night = world.first_night
    records = tmp_path / "records.xml.gz"
    text = article_set(record_xml(world, pmid, night) for pmid in world.visible(night)[-600:])
    records.write_bytes(gzip.compress(text.encode()))
    run_stages(tmp_path / "duckdb", records, "duckdb")
    # in a process of its own: Spark warns of much that is not ours
    code = (
        "import sys; from pathlib import Path; from tests.test_engine import run_stages;"
        "run_stages(Path(sys.argv[1]), Path(sys.argv[2]), 'spark')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "spark"), str(records)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)
    assert result.returncode == 0, result.stderr[-3000:]
    for name in TABLES:
        here, there = (lake.read(tmp_path / e / "lake", name).read() for e in ("duckdb", "spark"))
        assert here.equals(there), name
    assert lake.read(tmp_path / "spark" / "lake", "recommendations").row_count > 1000
