"""Files into the lake: stage every record, merge with what is there, write all or nothing.

The newest record of a PMID wins, by version, then day of revision, then place in PubMed's log
(`source_number`), then checksum, by which XML wins over .nbib; a deletion keeps out every record up
to its own place in the log.
So the order of files, and whether they come in one run or several, do not matter as long as a
PMID's versions and revisions rise along the log, as they do in PubMed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import engine, lake
from pipeline.errors import ConfrereError, WrongUse
from pipeline.ingest import deleted, nbib, spool, xml
from pipeline.ingest.records import Batch, Item, batches, staged_schema
from pipeline.progress import track
from pipeline.settings import Settings
from pipeline.tables import SOURCES, TABLES

MERGED = ("publications", "authorships", "topics", "links")
TABLES_OF_INGEST = (*MERGED, "deletions", "sources")
"""Tables that `ingest_files` reads and may write."""

DELETED_LIST_NUMBER = 99_999_999
"""Place of PubMed's list of deleted PMIDs in its log: after every file."""

_READERS: dict[str, Callable[[Path], Iterator[Item]]] = {
    ".xml": xml.read,
    ".xml.gz": xml.read,
    ".nbib": nbib.read,
    ".pmids": deleted.read,
    ".pmids.gz": deleted.read,
}
_LOG_FILE = re.compile(r"(?:pubmed|medline)([0-9]{2})n([0-9]{4})\.")
_SQL = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a run of `ingest_files` did.

    Papers are counted once each: of those read, `new_count` came in, `revised_count` changed,
    `unchanged_count` stayed; `deleted_count` of those read or held are kept out by deletions.
    """

    source_count: int = 0
    skipped_count: int = 0
    record_count: int = 0
    new_count: int = 0
    revised_count: int = 0
    unchanged_count: int = 0
    deleted_count: int = 0
    retracted_count: int = 0


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row of the ledger."""

    name: str
    sha256: str
    record_count: int
    deletion_count: int


def ingest_files(
    paths: Sequence[Path],
    current: Mapping[str, lake.Dataset],
    commit: lake.Commit,
    settings: Settings,
) -> Ingested:
    """Read PubMed files (or the PubMed files of folders) and merge them into the lake.

    Parameters
    ----------
    current
        The tables of `TABLES_OF_INGEST` as they stand.
    commit
        Takes the new tables; a table that does not change is not written.

    Raises
    ------
    ConfrereError
        A file cannot be read; nothing was written.
    WrongUse
        A path is of no known kind.
    """
    files = pubmed_files(paths)
    ledger = {row["name"]: row for row in current["sources"].read().to_pylist()}
    digests = {file: _sha256(file) for file in files}
    unread = [f for f in files if ledger.get(spool.source_name(f), {}).get("sha256") != digests[f]]
    skipped_count = len(files) - len(unread)
    if not unread:
        return Ingested(skipped_count=skipped_count)
    settings.scratch_folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="ingest-", dir=settings.scratch_folder) as folder:
        entries = _stage(unread, digests, Path(folder))
        ledger |= {entry.name: _row(entry) for entry in entries}
        counts = _merge(Path(folder), current, commit, settings)
    rows = [ledger[name] for name in sorted(ledger)]
    commit.write("sources", [pa.RecordBatch.from_pylist(rows, schema=SOURCES.schema)])
    return Ingested(
        source_count=len(unread),
        skipped_count=skipped_count,
        record_count=sum(entry.record_count for entry in entries),
        **counts,
    )


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


def source_number(file: Path) -> int:
    """Place of a baseline or update file in PubMed's log; 0 for other files.

    >>> source_number(Path("pubmed26n1335.xml.gz"))
    261335
    """
    if _kind(file) in (".pmids", ".pmids.gz"):
        return DELETED_LIST_NUMBER
    match = _LOG_FILE.match(file.name)
    return int(match[1]) * 10_000 + int(match[2]) if match else 0


def _files_at(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file() and _kind(file))
        if not files:
            raise WrongUse(f"[{path}] holds no file ending in {', '.join(_READERS)}")
        return files
    if not path.exists():
        raise WrongUse(f"[{path}] does not exist: give PubMed files or folders of them")
    if not _kind(path):
        raise WrongUse(f"[{path}] is of no known kind: give {', '.join(_READERS)}")
    return [path]


def _kind(file: Path) -> str:
    return next((ending for ending in _READERS if file.name.endswith(ending)), "")


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfrereError(
            f"[{file}] cannot be read ({error.strerror}): give a file that can be read"
        ) from None


def _row(entry: _Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in SOURCES.schema.names}


def _stage(files: Sequence[Path], digests: Mapping[Path, str], folder: Path) -> list[_Entry]:
    """Write the rows of all files to Parquet in `folder`; return the rows of the ledger."""
    entries = []
    first_record = 1
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(
                pq.ParquetWriter(_staged(folder, name), staged_schema(TABLES[name]))
            )
            for name in Batch._fields
        }
        for place, file in enumerate(files, start=1):
            record_count = deletion_count = 0
            items = track(
                _READERS[_kind(file)](file), f"reading {file.name} ({place} of {len(files)})"
            )
            for batch in batches(items, source_number(file), first_record):
                for name, rows in zip(Batch._fields, batch, strict=True):
                    writers[name].write_batch(rows)
                record_count += batch.publications.num_rows
                deletion_count += batch.deletions.num_rows
                first_record += batch.publications.num_rows
            name = spool.source_name(file)
            entries.append(_Entry(name, digests[file], record_count, deletion_count))
    return entries


def _staged(folder: Path, name: str) -> Path:
    return folder / f"staged_{name}.parquet"


def _merge(
    folder: Path, current: Mapping[str, lake.Dataset], commit: lake.Commit, settings: Settings
) -> dict[str, int]:
    """Merge what `_stage` wrote with the lake; return the counts of `Ingested`."""
    sources: dict[str, engine.Source] = {name: current[name] for name in TABLES_OF_INGEST}
    sources |= {f"staged_{name}": _staged(folder, name) for name in Batch._fields}
    for name, sql_name in (
        ("merged_deletions", "deletions"),
        ("winners", "winners"),
        ("retracted", "retracted"),
    ):
        sources[name] = _save(folder / f"{name}.parquet", sql_name, sources, settings)
    counts: dict[str, int] = {
        name: int(value)
        for name, value in engine.fetch(_SQL / "counts.sql", sources, {}, settings)
        .to_pylist()[0]
        .items()
    }
    changed = MERGED if counts.pop("touched_count") else ()
    if counts.pop("deletion_count"):
        changed = (*changed, "deletions")
    for name in track(changed, "merging tables", len(changed)):
        with engine.query(_SQL / f"{name}.sql", sources, {}, settings) as rows:
            commit.write(name, rows)
    return counts


def _save(
    path: Path, sql_name: str, sources: Mapping[str, engine.Source], settings: Settings
) -> Path:
    with (
        engine.query(_SQL / f"{sql_name}.sql", sources, {}, settings) as rows,
        pq.ParquetWriter(path, rows.schema) as writer,
    ):
        for batch in rows:
            writer.write_batch(batch)
    return path
