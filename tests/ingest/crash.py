"""A log of 40 files, and a process that kills its ingest over and over.

Run as `python -m tests.ingest.crash FOLDER KILLS`: imports what an ingest needs, then forks a child
for each try, which costs milliseconds instead of seconds (DuckDB is not started before the fork).
Prints which phase each kill hit, by what was on the disk, and how many homes were completed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import duckdb  # noqa: F401  # here, so that no child spends time on it
import pandas as pd  # noqa: F401  # likewise: pyarrow imports it at its first array

from pipeline import stages
from pipeline.lake.manifest import files_of, load
from pipeline.settings import Settings
from tests.ingest.drawn import NIGHT, article, author, write

FILES, RECORDS_PER_FILE, FILES_PER_COMMIT = 40, 10, 2

Moment = Callable[[Settings, random.Random], None]


def write_log(folder: Path) -> None:
    """Write 40 files: every one revises and deletes papers of earlier ones, and retracts some."""
    draw = random.Random(7)
    for number in range(1, FILES + 1):
        known = number * RECORDS_PER_FILE
        pmids = draw.sample(range(1, known + 1), RECORDS_PER_FILE)
        records = [_record(pmid, number, draw.randint(1, known)) for pmid in pmids]
        deleted = draw.sample(range(1, known + 1), 2)
        if number % 5 == 0:  # one that cannot be read
            records.append(article(known, title_element=""))
        write(folder / f"pubmed26n{number:04}.xml.gz", records, deleted)


def _record(pmid: int, number: int, other: int) -> str:
    links = [("RetractionOf", other)] if pmid % 4 == 0 else []
    return article(
        pmid,
        revised=f"2026-{1 + number // 28:02}-{1 + number % 28:02}",
        title=f"Paper {pmid} of file {number}",
        authors=[author("Doe", f"Jane{number}"), author("Roe", "Jo")],
        keywords=[f"k{pmid}", f"n{number}"],
        links=links,
        cites=[other],
    )


def settings_of(home: Path) -> Settings:
    """Settings under which a commit takes two files."""
    return Settings(home=home, records_per_commit=FILES_PER_COMMIT * RECORDS_PER_FILE, threads=1)


def fill_spool(log: Path, home: Path) -> Settings:
    """Make a home in whose spool the log waits."""
    settings = settings_of(home)
    shutil.copytree(log, settings.spool_folder)
    return settings


def any_time(settings: Settings, draw: random.Random) -> None:
    """Wait for a moment in the first commits of a run."""
    time.sleep(draw.uniform(0.0, 0.45))


def at_the_manifest(settings: Settings, draw: random.Random) -> None:
    """Wait until a new manifest is being written beside the old."""
    beside = settings.lake_folder / "manifest.json.new"
    _wait_until(beside.exists)
    time.sleep(draw.choice((0.0, 0.0, 0.001)))


def at_the_sweep(settings: Settings, draw: random.Random) -> None:
    """Wait until the manifest has been replaced."""
    before = _manifest_at(settings)
    _wait_until(lambda: _manifest_at(settings) != before)
    time.sleep(draw.choice((0.0, 0.0, 0.0005)))


MOMENTS: tuple[Moment, ...] = (*[any_time] * 8, at_the_manifest, at_the_sweep)


def _wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 3
    while not done() and time.monotonic() < until:
        pass  # the moment lasts a millisecond: no time to sleep


def _manifest_at(settings: Settings) -> int:
    try:
        return (settings.lake_folder / "manifest.json").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def phase(settings: Settings, since: int) -> str:
    """Name what a killed ingest was about, by what it left; `since` is when it began (ns)."""
    beside = [settings.lake_folder / "manifest.json.new"]
    orphans = list(orphans_of(settings))
    staged = settings.scratch_folder.glob("*/*/publications.parquet")
    complete = [path.read_bytes().endswith(b"PAR1") for path in _written(staged, since)]
    if _written(beside, since):
        return "replacing the manifest"
    if _written(orphans, max(since, _manifest_at(settings))):
        return "writing the tables"
    if orphans and _manifest_at(settings) >= since:
        return "sweeping"
    if sum(complete) == FILES_PER_COMMIT:
        return "working out the merge"
    return "staging" if complete else "before the first file"


def _written(paths: Iterable[Path], since: int) -> list[Path]:
    return [path for path in paths if path.exists() and path.stat().st_mtime_ns >= since]


def orphans_of(settings: Settings) -> Iterator[Path]:
    """Files of the lake that its manifest does not name."""
    entries = load(settings.lake_folder).values()
    kept = {file for entry in entries for file in (*files_of(entry), *entry["replaced"])}
    for path in settings.lake_folder.glob("*/*"):
        if path.relative_to(settings.lake_folder).as_posix() not in kept:
            yield path


def start(settings: Settings) -> int:
    """Begin an ingest in a child; return the child's process id."""
    child = os.fork()
    if not child:
        try:
            stages.ingest(settings, NIGHT)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return child


def end(child: int) -> bool:
    """Wait for a child; tell whether it was killed.

    Raises
    ------
    SystemExit
        It failed by itself.
    """
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("an ingest failed where it should have gone on: see above")
    return os.WIFSIGNALED(status)


def main() -> None:
    """Kill until enough kills have landed, in as many homes as that takes; finish each."""
    folder, kills = Path(sys.argv[1]), int(sys.argv[2])
    draw = random.Random(2026)
    phases: Counter[str] = Counter()
    homes = 0
    while phases.total() < kills:
        homes += 1
        settings = fill_spool(folder / "log", folder / f"home{homes}")
        while any(settings.spool_folder.iterdir()) and phases.total() < kills:
            since, child = time.time_ns(), start(settings)
            draw.choice(MOMENTS)(settings, draw)
            os.kill(child, signal.SIGKILL)
            if end(child):
                phases[phase(settings, since)] += 1
        end(start(settings))
    told = {"homes": homes, "kills": phases.total(), "phases": phases}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
