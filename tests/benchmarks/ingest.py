"""Records per CPU-second and peak memory of readers of PubMed XML, on real records renumbered.

python -m tests.benchmarks.ingest PYTHON     PYTHON has pubmed_parser; `make bench-ingest` gives one

Each reader has a process of its own, which unpacks the file itself; figures are what the system
accounts for that process, start and imports included.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import readers

RECORD_COUNT = 30_000
FIRST_PMID = 50_000_000
PEER = "pubmed_parser"
ENTREZ = "Bio.Entrez"
FOR_ALL = "renumbered.xml.gz"
FOR_ENTREZ = "fitting.xml.gz"
WHAT = {
    "confrere": "to Parquet, all tables of ingest",
    PEER: "to dictionaries",
    ENTREZ: "to dictionaries, without references and records of before 2014",
    "lxml": "nothing extracted",
}


class Figures(NamedTuple):
    """What reading a file takes."""

    records_per_second: float
    peak: float


def measure(python: str, name: str, file: Path) -> Figures:
    """Run one reader: records per CPU-second and megabytes."""
    command = [python, "-m", readers.__name__, name, str(file)]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        told = output.read().strip()
    if process.returncode or told != str(RECORD_COUNT):
        raise SystemExit(f"{name} read {told or 'nothing'} of {RECORD_COUNT} records")
    return Figures(
        RECORD_COUNT / (usage.ru_utime + usage.ru_stime),
        usage.ru_maxrss / 1024,  # Linux gives KiB
    )


def write(folder: Path) -> None:
    """Write the file for Bio.Entrez, and the one for the others."""
    from tests.benchmarks import corpus

    if not corpus.RECORDS.exists():
        raise SystemExit(f"{corpus.RECORDS} is not there: nothing to measure on")
    records = corpus.renumbered(RECORD_COUNT, FIRST_PMID, fits=corpus.fits_dtd)
    corpus.write(folder / FOR_ENTREZ, records, corpus.DOCTYPE)
    records = corpus.renumbered(RECORD_COUNT, FIRST_PMID, fits=corpus.has_journal)
    corpus.write(folder / FOR_ALL, records)


def main() -> None:
    """Write the files, run the readers, print a row each."""
    if sys.argv[1:2] == ["--write"]:
        return write(Path(sys.argv[2]))
    peer_python = sys.argv[1] if sys.argv[1:] else sys.executable
    with tempfile.TemporaryDirectory() as folder:
        # by another process: what this one holds would count as the least peak of its children
        written = subprocess.run([sys.executable, "-m", __spec__.name, "--write", folder])
        if written.returncode:
            raise SystemExit(written.returncode)
        size = (Path(folder) / FOR_ALL).stat().st_size
        print(f"{RECORD_COUNT:,} records, {size / 1e6:.0f} MB compressed", flush=True)
        found = {}
        for name in WHAT:
            file = Path(folder) / (FOR_ENTREZ if name == ENTREZ else FOR_ALL)
            found[name] = measure(peer_python if name == PEER else sys.executable, name, file)
    print(f"{'reader':14} {'records/CPU s':>13} {'ratio':>6} {'peak MB':>8}  what it makes")
    for name, figures in found.items():
        ratio = figures.records_per_second / found[PEER].records_per_second
        row = f"{name:14} {figures.records_per_second:13,.0f} {ratio:6.2f} {figures.peak:8.0f}"
        print(f"{row}  {WHAT[name]}")
    return None


if __name__ == "__main__":
    main()
