"""Files into the lake: stage every record, merge with what is there, commit, go on.

The newest record of a PMID wins, by version, then day of revision, then place in PubMed's log
(`source_number`), then checksum, by which XML wins over .nbib; a deletion keeps out every record up
to its own place in the log. So the order of files, and whether they come in one run or several, do
not matter as long as a PMID's versions and revisions rise along the log, as they do in PubMed.

A commit holds about `records_per_commit` records with the ledger rows of their files: a crash costs
no more than that, and a file is in the lake whole or not at all.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import lake
from pipeline.errors import ConfrereError, WrongUse
from pipeline.ingest import spool
from pipeline.ingest.merge.merge import MERGED, merge
from pipeline.ingest.read.staging import READERS, Staged, kind, sha256, stage
from pipeline.progress import meter
from pipeline.scratch import scratch
from pipeline.settings import Settings
from pipeline.tables import INSTANT, MERGES, QUARANTINE, SOURCES

TABLES_OF_INGEST = (*MERGED, "deletions", "sources", "quarantine", "merges")
"""Tables that `ingest_files` reads and may write."""

MOST_LAYERS_OF_A_LOAD = 32
"""Each layer adds about six milliseconds to a commit."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a run of `ingest_files` did.

    Papers are counted once a commit: of those read, `new_count` came in, `revised_count` changed,
    `unchanged_count` stayed; `deleted_count` of those read or held are kept out by deletions.
    `refused` names the files that could not be read, with the reason.
    """

    source_count: int = 0
    skipped_count: int = 0
    record_count: int = 0
    quarantined_count: int = 0
    new_count: int = 0
    revised_count: int = 0
    unchanged_count: int = 0
    deleted_count: int = 0
    retracted_count: int = 0
    refused: tuple[tuple[Path, str], ...] = ()

    def __add__(self, other: Ingested) -> Ingested:
        return Ingested(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Ingested)))


def ingest_files(paths: Sequence[Path], settings: Settings, started_at: datetime) -> Ingested:
    """Read PubMed files (or the PubMed files of folders) and merge them into the lake.

    A file that cannot be read is refused whole; the others are read all the same.

    Raises
    ------
    WrongUse
        A path is of no known kind.
    ConfrereError
        Another ingest is running on this home, or another run is writing to its lake.
    """
    files = pubmed_files(paths)
    with _alone(settings):
        return _ingest(files, settings, started_at)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Refuse a second ingest of the same home before it reads anything."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "ingest.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfrereError(
                f"[{settings.home}] another ingest is running here: wait for it to end"
            ) from None
        yield


def _ingest(files: Sequence[Path], settings: Settings, started_at: datetime) -> Ingested:
    with lake.begin(settings.lake_folder):
        pass  # removes what a killed run left
    digests, refused = _digests(files)
    ledger = _ledger(lake.read(settings.lake_folder, "sources"))
    unread = {
        file: digest
        for file, digest in digests.items()
        if ledger.get(spool.source_name(file), {}).get("sha256") != digest
    }
    total = Ingested(skipped_count=len(digests) - len(unread), refused=refused)
    with scratch(settings) as folder:
        groups = _staged_groups(unread, folder, settings.records_per_commit)
        for group in groups:
            total += _commit(group, settings, started_at)
            # of a long load only: a night leaves this to the stage that compacts
            for _ in lake.compact(settings.lake_folder, MOST_LAYERS_OF_A_LOAD):
                pass
    return total


def pubmed_files(paths: Sequence[Path]) -> list[Path]:
    """Files to read, each once: the paths themselves, and the PubMed files of folders by name.

    Raises
    ------
    WrongUse
        A path is missing or of no known kind, a folder holds no PubMed file, or two files share
        a name, by which the ledger knows them.
    """
    files: dict[str, Path] = {}
    for path in paths:
        for file in _files_at(path):
            known = files.setdefault(file.name, file)
            if known.resolve() != file.resolve():
                raise WrongUse(f"[{file}] has the name of {known}: rename one, or read it alone")
    return list(files.values())


def _files_at(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file() and kind(file))
        if not files:
            raise WrongUse(f"[{path}] holds no file ending in {', '.join(READERS)}")
        return files
    if not path.exists():
        raise WrongUse(f"[{path}] does not exist: give PubMed files or folders of them")
    if not kind(path):
        raise WrongUse(f"[{path}] is of no known kind: give {', '.join(READERS)}")
    return [path]


def _digests(files: Sequence[Path]) -> tuple[dict[Path, str], tuple[tuple[Path, str], ...]]:
    """Checksums of the files, and those that cannot be opened."""
    digests, refused = {}, []
    for file in files:
        try:
            digests[file] = sha256(file)
        except ConfrereError as error:
            refused.append((file, str(error)))
    return digests, tuple(refused)


def _ledger(sources: lake.Dataset) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in sources.read().to_pylist()}


@dataclass(frozen=True, slots=True)
class _Group:
    """Files staged for one commit, a folder each, and those refused on the way."""

    folder: Path
    staged: tuple[Staged, ...]
    refused: tuple[tuple[Path, str], ...]


def _staged_groups(
    files: Mapping[Path, str], folder: Path, records_per_commit: int
) -> Iterator[_Group]:
    """Stage files one by one; a group is complete when it has enough records."""
    sizes = {file: file.stat().st_size for file in files}
    staged: list[Staged] = []
    refused: list[tuple[Path, str]] = []
    read_bytes = read_records = group_records = 0
    with meter("reading PubMed", sum(sizes.values()), "records") as show:
        for file, digest in files.items():
            here = folder / str(len(staged))
            try:
                entry = stage(
                    file,
                    digest,
                    here,
                    group_records + 1,
                    # called before the loop goes on, so the two sums are those of this file
                    lambda done, count: show(read_bytes + done, read_records + count),  # noqa: B023
                )
            except ConfrereError as error:
                logger.warning("%s", error)
                refused.append((file, str(error)))
                shutil.rmtree(here)
            else:
                staged.append(entry)
                group_records += entry.record_count
                read_records += entry.record_count
            read_bytes += sizes[file]
            if group_records >= records_per_commit:
                yield _Group(folder, tuple(staged), tuple(refused))
                staged, refused, group_records = [], [], 0
    if staged or refused:
        yield _Group(folder, tuple(staged), tuple(refused))


def _commit(group: _Group, settings: Settings, started_at: datetime) -> Ingested:
    """Merge a group into the lake, with its ledger rows; clear its folders."""
    if not group.staged:
        return Ingested(refused=group.refused)
    with lake.begin(settings.lake_folder) as commit:
        current = lake.datasets(settings.lake_folder, TABLES_OF_INGEST)
        done = Ingested(
            source_count=len(group.staged),
            record_count=sum(entry.record_count for entry in group.staged),
            quarantined_count=sum(entry.quarantined_count for entry in group.staged),
            **merge(group.folder, current, commit, settings),
            refused=group.refused,
        )
        rows = _ledger(current["sources"]) | {entry.name: asdict(entry) for entry in group.staged}
        ledger = [rows[name] for name in sorted(rows)]
        commit.write("sources", [pa.RecordBatch.from_pylist(ledger, schema=SOURCES.schema)])
        _write_quarantine(group, current["quarantine"], commit)
        _write_log(done, current["merges"], commit, started_at)
    for entry in group.folder.iterdir():
        shutil.rmtree(entry)
    return done


def _write_quarantine(group: _Group, before: lake.Dataset, commit: lake.Commit) -> None:
    """Put aside what could not be read; a file read anew takes the place of its earlier rows."""
    read_now = pa.array([entry.name for entry in group.staged])
    kept = before.read()
    kept = kept.filter(pc.invert(pc.is_in(kept["name"], read_now)))
    files = sorted(group.folder.glob("*/quarantine.parquet"))
    staged = pa.concat_tables([pq.read_table(file, schema=QUARANTINE.schema) for file in files])
    if staged.num_rows or kept.num_rows < before.row_count:
        rows = pa.concat_tables([kept, staged])
        ordered = rows.sort_by([(column, "ascending") for column in QUARANTINE.key])
        commit.write("quarantine", ordered.to_batches())


def _write_log(
    done: Ingested, before: lake.Dataset, commit: lake.Commit, started_at: datetime
) -> None:
    rows = before.read()
    place = pc.sum(pc.equal(rows["started_at"], pa.scalar(started_at, INSTANT))).as_py() or 0
    row = {"started_at": started_at, "place": place + 1, **asdict(done)}
    rows = pa.concat_tables([rows, pa.Table.from_pylist([row], schema=MERGES.schema)])
    ordered = rows.sort_by([(column, "ascending") for column in MERGES.key])
    commit.write("merges", ordered.to_batches())
