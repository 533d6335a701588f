"""An ingest that is killed a hundred times ends as one that never was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline import lake, stages
from pipeline.ingest.files import TABLES_OF_INGEST
from tests.ingest import crash
from tests.ingest.drawn import NIGHT

ROOT = Path(__file__).parents[2]
KILLS = 100


def rows(home: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows, the ledger's too; but not the log of runs, for there were more of them."""
    tables = lake.datasets(crash.settings_of(home).lake_folder, TABLES_OF_INGEST)
    return {name: tables[name].read().to_pylist() for name in tables if name != "merges"}


def test_an_ingest_killed_at_any_moment_goes_on_where_it_was(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.mkdir()
    crash.write_log(log)
    stages.ingest(crash.fill_spool(log, tmp_path / "whole"), NIGHT)
    expected = rows(tmp_path / "whole")
    assert len(expected["sources"]) == crash.FILES
    assert all(expected[name] for name in ("deletions", "quarantine", "notices", "citations"))
    assert len({row["is_retracted"] for row in expected["publications"]}) == 2

    command = [sys.executable, "-m", "tests.ingest.crash", str(tmp_path), str(KILLS)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-3000:]
    told = json.loads(result.stdout)
    sys.stdout.write(result.stdout)  # for pytest -s: which moments the kills hit
    assert told["kills"] == KILLS
    phases = {"working out the merge", "writing the tables", "replacing the manifest"}
    assert phases <= told["phases"].keys(), told
    for number in range(1, told["homes"] + 1):
        settings = crash.settings_of(tmp_path / f"home{number}")
        assert rows(settings.home) == expected
        assert {path.name for path in settings.lake_folder.glob("*") if path.is_file()} == {
            "manifest.json",
            "lock",
        }
        assert list(crash.orphans_of(settings)) == []
        assert list(settings.scratch_folder.iterdir()) == []
        assert list(settings.spool_folder.iterdir()) == []
