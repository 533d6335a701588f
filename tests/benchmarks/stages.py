"""Wall time, CPU time and peak memory of each stage, each in a process of its own.

python -m tests.benchmarks.stages            on the real records and the real nightly batches
python -m tests.benchmarks.stages PATH…      on other files
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from pipeline import stages
from pipeline.settings import Settings
from tests.builders import SHARED

STAGES = ("ingest", "identify", "connect", "recommend", "publish", "notify")


def run_stage(name: str, home: Path, files: list[Path]) -> None:
    """Run one stage in this process."""
    settings = Settings(home=home)
    now = datetime.now(UTC)
    if name == "ingest":
        print(stages.ingest(settings, now, files))
    elif name == "identify":
        print(stages.identify(settings, today=now.date()))
    elif name == "publish":
        print(stages.publish(settings, now))
    elif name == "notify":
        print(stages.notify(settings, now))
    else:
        print({"connect": stages.connect, "recommend": stages.recommend}[name](settings))


def measure(title: str, files: list[Path]) -> None:
    """Run all stages on `files` in a fresh home and print a row each."""
    print(f"\n{title}: {len(files)} files, {sum(f.stat().st_size for f in files) / 1e6:.1f} MB")
    print(f"{'stage':10} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}  result")
    totals = [0.0, 0.0, 0.0]
    with tempfile.TemporaryDirectory() as home:
        for name in STAGES:
            command = [sys.executable, "-m", __spec__.name, "--stage", name, home, *map(str, files)]
            started = time.perf_counter()
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            assert process.stdout is not None
            assert process.stderr is not None
            output, errors = process.stdout.read(), process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise SystemExit(f"{name} failed: {errors}")
            figures = (
                time.perf_counter() - started,
                usage.ru_utime + usage.ru_stime,
                usage.ru_maxrss / 1024,  # Linux gives KiB
            )
            totals = [totals[0] + figures[0], totals[1] + figures[1], max(totals[2], figures[2])]
            row = f"{name:10} {figures[0]:8.1f} {figures[1]:8.1f} {figures[2]:8.0f}"
            print(f"{row}  {output.strip()}", flush=True)
    print(f"{'all':10} {totals[0]:8.1f} {totals[1]:8.1f} {totals[2]:8.0f}")


def main() -> None:
    """Measure on the files given, else on the data beside the project."""
    if sys.argv[1:2] == ["--stage"]:
        run_stage(sys.argv[2], Path(sys.argv[3]), [Path(p) for p in sys.argv[4:]])
    elif sys.argv[1:]:
        measure("files", [Path(p) for p in sys.argv[1:]])
    elif not SHARED.is_dir():
        raise SystemExit(f"{SHARED} is not there: name PubMed files to measure on")
    else:
        pubmed = SHARED / "pubmed"
        updates = sorted((pubmed / "baseline").iterdir()) + sorted(
            (pubmed / "updatefiles").iterdir()
        )
        measure("real records", [pubmed / "records.xml.gz", *updates])
        measure("nightly batches", sorted((SHARED / "nightly").glob("*.xml.gz")))


if __name__ == "__main__":
    main()
