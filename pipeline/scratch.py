"""A place for intermediate files, which holds nothing when nothing runs."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.settings import Settings

_FOLDER = "run-"


@contextmanager
def scratch(settings: Settings) -> Iterator[Path]:
    """Make a folder for intermediate files; removed at the end, or by the next run if killed."""
    with (
        in_scratch(settings),
        TemporaryDirectory(prefix=_FOLDER, dir=settings.scratch_folder) as folder,
    ):
        yield Path(folder)


@contextmanager
def in_scratch(settings: Settings) -> Iterator[None]:
    """Hold a share of the scratch folder; who comes when nobody does removes what was left there.

    The machine gives a lock back when its holder dies, however it dies.
    """
    settings.scratch_folder.mkdir(parents=True, exist_ok=True)
    place = os.open(settings.scratch_folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # somebody is at work there
        else:
            _clear(settings.scratch_folder)
        fcntl.flock(place, fcntl.LOCK_SH)
        yield
    finally:
        os.close(place)


def _clear(folder: Path) -> None:
    for left in folder.glob(f"{_FOLDER}*"):
        shutil.rmtree(left)
    for left in folder.glob("duckdb_temp*"):  # what DuckDB spilled
        left.unlink(missing_ok=True)
