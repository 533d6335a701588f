"""The place for intermediate files."""

from __future__ import annotations

from pathlib import Path

from pipeline.scratch import scratch
from pipeline.settings import Settings


def test_what_a_killed_run_left_in_scratch_goes_when_nobody_works_there(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    left = [settings.scratch_folder / name for name in ("run-1", "duckdb_temp_storage-0.tmp")]
    with scratch(settings) as mine:
        left[0].mkdir()
        left[1].touch()
        with scratch(settings):
            assert mine.exists()
            assert all(path.exists() for path in left)
    with scratch(settings) as mine:
        assert list(settings.scratch_folder.iterdir()) == [mine]
    assert list(settings.scratch_folder.iterdir()) == []
