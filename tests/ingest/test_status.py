"""What `confrere ingest --status` knows."""

from __future__ import annotations

import fcntl
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline import lake
from pipeline.__main__ import main
from pipeline.errors import ConfrereError
from pipeline.ingest import spool
from pipeline.ingest.status import TABLES_OF_STATUS, Status, read_status
from pipeline.settings import Settings
from tests.builders import write_lake
from tests.ingest.drawn import article, ingest, write

QUERY = "Geneva[ad]"
AT = f"@{spool.query_hash(QUERY)}"
TODAY = date(2026, 11, 23)


def status(settings: Settings, *waiting: str) -> Status:
    tables = lake.datasets(settings.lake_folder, TABLES_OF_STATUS)
    return read_status(tables, waiting, TODAY, settings)


def test_a_watermark_stands_before_the_first_gap(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, pubmed_query=QUERY, deleted_pmids_url="")
    names = [
        "pubmed26n0001.xml.gz",
        "pubmed26n0002.xml.gz",
        "pubmed26n0004.xml.gz",
        f"new/2026-11-01..2026-11-10{AT}",
        f"new/2026-11-11{AT}",
        f"new/2026-11-13{AT}",
        f"revised/2026-11-01..2026-11-22{AT}",
        "new/2026-11-12@00000000",
        "deleted/2026-11-21",
        "deleted/2026-11-22",
        "notes.xml",
    ]
    write_lake(settings.lake_folder, sources=[{"name": name} for name in sorted(names)])
    found = status(settings, f"new/2026-11-12{AT}", "a.xml.gz")
    assert found.watermarks == {
        "files of 2026": "pubmed26n0002.xml.gz",
        "new records": "2026-11-11",
        "revised records": "2026-11-22",
        "deleted PMIDs": "2026-11-22",
    }
    assert f"new/2026-11-14..2026-11-22{AT}" in found.pending
    assert not any("revised" in name and "11-2" in name for name in found.pending[1:])
    assert found.waiting == (f"new/2026-11-12{AT}", "a.xml.gz")


def test_the_last_run_is_the_sum_of_its_commits(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.xml", [article(n), article(n + 10)]) for n in (1, 2, 3)]
    ingest(tmp_path / "home", *files[:2], records_per_commit=1)
    first = status(Settings(home=tmp_path / "home")).last_run
    assert (first["source_count"], first["record_count"], first["new_count"]) == (2, 4, 4)
    later = datetime(2026, 11, 24, 9, tzinfo=UTC)
    ingest(tmp_path / "home", files[2], started_at=later)
    found = status(Settings(home=tmp_path / "home"))
    assert (found.last_run["started_at"], found.last_run["new_count"]) == (later, 2)
    assert (found.paper_count, found.source_count) == (6, 3)


def test_an_empty_home_has_nothing_to_tell(tmp_path: Path) -> None:
    found = status(Settings(home=tmp_path))
    assert (found.paper_count, found.watermarks, found.last_run) == (0, {}, {})
    pending = status(replace(Settings(home=tmp_path), pubmed_query=QUERY)).pending
    assert pending[0].startswith("new/2026-10-24..2026-11-22@")


def test_a_person_sees_what_was_read_and_what_was_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    good = write(tmp_path / "a.xml", [article(7), article(8), article(9, title_element="")])
    bad = tmp_path / "b.xml"
    bad.write_text("<html/>")
    home = str(tmp_path / "home")
    assert main(["ingest", "--files", str(good), str(bad), "--home", home]) == 1
    assert "[b.xml] cannot be read and is left out" in capsys.readouterr().err
    assert main(["ingest", "--status", "--home", home]) == 0
    told = capsys.readouterr().out
    assert "2, from 1 file or slice" in told
    assert "1 record that cannot be read" in told
    assert "pubmed:9 of a.xml: has no title" in told
    assert "2 records of 1 file or slice: 2 new, 1 put aside" in told
    assert main(["ingest", "--status", "--home", str(tmp_path / "none")]) == 2


def test_a_refused_file_of_the_spool_is_set_aside_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / "spool").mkdir(parents=True)
    write(home / "spool" / "a.xml", [article(7)])
    (home / "spool" / "b.xml").write_text("<html/>")
    (home / "spool" / "notes.txt").write_text("junk")
    assert main(["ingest", "--home", str(home)]) == 1
    assert [path.name for path in (home / "spool").iterdir()] == ["refused"]
    assert main(["ingest", "--status", "--home", str(home)]) == 0
    told = capsys.readouterr().out
    assert "1, from 1 file or slice" in told
    assert "b.xml, notes.txt" in told.split("refused")[1]


def test_a_second_ingest_of_a_home_is_refused_before_it_reads_anything(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with (home / "ingest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConfrereError, match="another ingest is running here"):
            ingest(home, write(tmp_path / "a.xml", [article(7)]))
    assert ingest(home, tmp_path / "a.xml").new_count == 1
