"""A night's cost on lakes of 100,000 and of 1,000,000 papers; compaction after eight nights.

python -m tests.benchmarks.nightly            build both lakes, measure, remove them
python -m tests.benchmarks.nightly FOLDER     keep the lakes in FOLDER, to measure again

The papers are real records with PMIDs of their own. A night is 5,000 records: half new, half
revisions anywhere in the lake; 50 deletions; 25 notices that retract a paper anywhere.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline import engine, lake, stages
from pipeline.ingest.files import TABLES_OF_INGEST
from pipeline.ingest.merge.merge import MERGED
from pipeline.settings import Settings
from tests.benchmarks import corpus
from tests.benchmarks.measured import HEADER, Figures, run
from tests.builders import SHARED

SIZES = (100_000, 1_000_000)
SEED_RECORDS = 20_000
NIGHT_RECORDS, DELETIONS, RETRACTIONS = 5_000, 50, 25
REPEATS, NIGHTS = 5, 8

_NOTICE = (
    b'<CommentsCorrections RefType="RetractionOf"><PMID>%d</PMID></CommentsCorrections>'
    b"</CommentsCorrectionsList>"
)


def build(home: Path, paper_count: int) -> None:
    """Read some records as they come, then copy their rows under other PMIDs."""
    settings = Settings(home=home.with_name("seed"))
    if not settings.lake_folder.exists():
        file = home.with_name("pubmed26n0001.xml.gz")
        corpus.write(file, corpus.renumbered(SEED_RECORDS, 1))
        stages.ingest(settings, datetime.now(UTC), [file])
    seed = lake.datasets(settings.lake_folder, TABLES_OF_INGEST)
    with lake.begin(Settings(home=home).lake_folder) as commit:
        for name, table in seed.items():
            if table.layers:
                is_copied = name in MERGED
                rows = _copies(table, paper_count) if is_copied else table.batches()
                commit.write(name, rows)


def _copies(table: lake.Dataset, paper_count: int) -> Iterator[pa.RecordBatch]:
    """The rows of a table, over and over; what names the paper itself follows its PMID."""
    [layer] = table.layers
    changed = {
        "pmid": "pmid + $shift",
        "title": "(pmid + $shift) || ' ' || title",  # else Parquet stores a text once
        "abstract": "(pmid + $shift) || ' ' || abstract",
        "checksum": "'xml:' || md5(checksum || $shift)",
        "subject_pmid": "CASE WHEN subject_pmid = pmid THEN pmid + $shift ELSE subject_pmid END",
        "notice_pmid": "CASE WHEN notice_pmid = pmid THEN pmid + $shift ELSE notice_pmid END",
    }
    columns = [f"{changed.get(name, name)} AS {name}" for name in table.table.schema.names]
    query = f"SELECT {', '.join(columns)} FROM read_parquet('{layer.file}')"
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        for shift in range(0, paper_count, SEED_RECORDS):
            rows = connection.sql(query, params={"shift": shift})
            yield from rows.to_arrow_reader(20_000)


def write_night(path: Path, paper_count: int, number: int) -> Path:
    """Write the update file of a night."""
    draw = random.Random(number)
    half = NIGHT_RECORDS // 2
    first_new = paper_count + number * half + 1
    touched = draw.sample(range(1, paper_count + 1), half + DELETIONS + RETRACTIONS)
    pmids = [*range(first_new, first_new + half), *touched[:half]]
    records = list(corpus.renumbered(NIGHT_RECORDS, first_new))
    new = [
        corpus.renumber(record, pmid, 2027)
        for record, pmid in zip(draw.sample(records, len(records)), pmids, strict=True)
    ]
    for place, subject in zip(
        (place for place, record in enumerate(new) if b"</CommentsCorrectionsList>" in record),
        touched[half + DELETIONS :],
        strict=False,
    ):
        new[place] = new[place].replace(b"</CommentsCorrectionsList>", _NOTICE % subject, 1)
    gone = b"".join(b"<PMID>%d</PMID>" % pmid for pmid in touched[half : half + DELETIONS])
    return corpus.write(path, iter([*new, b"<DeleteCitation>%b</DeleteCitation>" % gone]))


def measure_nights(folder: Path) -> None:
    """Run a night several times, each on a lake of its own; sizes by turns, for machines vary."""
    every: dict[int, list[Figures]] = {paper_count: [] for paper_count in SIZES}
    print(f"\na night of {NIGHT_RECORDS:,} records\n{'papers':>14} {HEADER}")
    for paper_count in [*SIZES] * REPEATS:
        night = write_night(folder / "pubmed26n1001.xml.gz", paper_count, 1)
        with tempfile.TemporaryDirectory(dir=folder) as other:
            lend(folder / f"{paper_count}", Path(other))
            every[paper_count].append(run(__spec__.name, "--ingest", other, night))
        print(f"{paper_count:14,} {every[paper_count][-1]}", flush=True)
    for name in ("wall_seconds", "cpu_seconds", "peak_mb", "written_mb"):
        small, large = (
            statistics.median(getattr(figures, name) for figures in every[paper_count])
            for paper_count in SIZES
        )
        print(f"median {name:14} {small:8.2f} {large:8.2f} ratio {large / small:.2f}")


def lend(home: Path, other: Path) -> None:
    """Show the lake of `home` in another home."""
    lake.lend(Settings(home=home).lake_folder, Settings(home=other).lake_folder, TABLES_OF_INGEST)


def measure_layers(folder: Path) -> None:
    """Read under the layers of eight nights, after compaction has merged them, and from one."""
    paper_count = SIZES[-1]
    print(f"\n{NIGHTS} nights on {paper_count:,} papers\n{'':14} {HEADER}")
    with tempfile.TemporaryDirectory(dir=folder) as other:
        lend(folder / f"{paper_count}", Path(other))
        for number in range(1, NIGHTS + 1):
            night = write_night(folder / f"pubmed26n{1000 + number}.xml.gz", paper_count, number)
            print(f"{f'night {number}':14} {run(__spec__.name, '--ingest', other, night)}")
        measure_reads(other)
        print(f"{'compact':14} {run(__spec__.name, '--compact', other)}")
        measure_reads(other)
        print(f"{'merge all':14} {run(__spec__.name, '--merge', other)}")
        measure_reads(other)


def measure_reads(home: str) -> None:
    """Count and scan by SQL, and stream in order of the key."""
    for name in ("count", "scan", "batches"):
        print(f"{name:14} {run(__spec__.name, f'--{name}', home)}", flush=True)


def step(name: str, home: Path, files: list[Path]) -> str:
    """Do in this process what is measured; return what it tells."""
    settings = Settings(home=home)
    authorships = lake.read(settings.lake_folder, "authorships")
    if name == "ingest":
        return json.dumps(stages.ingest(settings, datetime.now(UTC), files))
    if name == "compact":
        return json.dumps(stages.compact(settings))
    if name == "merge":
        with lake.begin(settings.lake_folder) as commit:
            for own in MERGED:
                commit.merge(own, 0)
        return "every table one layer"
    if name == "batches":
        return f"{sum(batch.num_rows for batch in authorships.batches()):,} authorships"
    text = {
        "count": "SELECT COUNT(*) AS n FROM authorships",
        "scan": "SELECT SUM(LEN(last_name) + LEN(affiliations)) AS n FROM authorships",
    }[name]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "query.sql"
        file.write_text(text, encoding="utf-8")
        return str(engine.fetch(file, {"authorships": authorships}, {}, settings).to_pylist()[0])


def main() -> None:
    """Measure in the folder given, else in one that is removed at the end."""
    if sys.argv[1:2] and sys.argv[1].startswith("--"):
        print(step(sys.argv[1][2:], Path(sys.argv[2]), [Path(path) for path in sys.argv[3:]]))
        return
    if not SHARED.is_dir():
        raise SystemExit(f"{SHARED} is not there: the records are made of the real ones in it")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(sys.argv[1]) if sys.argv[1:] else Path(folder))


def measure(folder: Path) -> None:
    """Build what is missing, then measure."""
    for paper_count in SIZES:
        home = folder / f"{paper_count}"
        if not home.exists():
            build(home, paper_count)
    measure_nights(folder)
    measure_layers(folder)


if __name__ == "__main__":
    main()
