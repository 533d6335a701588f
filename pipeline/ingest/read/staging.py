"""One file's records as Parquet in a scratch folder, or the reason why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import ConfrereError
from pipeline.ingest import spool
from pipeline.ingest.read import deleted, nbib, xml
from pipeline.ingest.read.records import Item, Unread
from pipeline.ingest.read.rows import Batch, batches, staged_schema
from pipeline.tables import TABLES

BATCHES_PER_GROUP = 10
"""Batches of 1,000 records a Parquet row group."""

MOST_UNREAD = 0.001
"""Share of a file's records that may be unreadable; one may always be, if others can be read."""

READERS: dict[str, Callable[[Path, Callable[[int], object]], Iterator[Item]]] = {
    ".xml": xml.read,
    ".xml.gz": xml.read,
    ".nbib": nbib.read,
    ".pmids": deleted.read,
    ".pmids.gz": deleted.read,
}


@dataclass(frozen=True, slots=True)
class Staged:
    """A row of the ledger: what a file holds."""

    name: str
    sha256: str
    byte_count: int
    record_count: int
    deletion_count: int
    quarantined_count: int


def kind(file: Path) -> str:
    """Ending by which a file's reader is known; '' for files that are none of ours."""
    return next((ending for ending in READERS if file.name.endswith(ending)), "")


def sha256(file: Path) -> str:
    """Checksum of a file's bytes.

    Raises
    ------
    ConfrereError
        It cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfrereError(
            f"[{file}] cannot be read ({error.strerror}): give a file that can be read"
        ) from None


def stage(
    file: Path, digest: str, folder: Path, first_record: int, show: Callable[[int, int], object]
) -> Staged:
    """Write the rows of `file` to Parquet files in `folder`, records numbered from `first_record`.

    Parameters
    ----------
    show
        Is told, now and then, how many bytes and how many records have been read.

    Raises
    ------
    ConfrereError
        The file cannot be read, or too many of its records cannot.
    """
    folder.mkdir()
    name = spool.source_name(file)
    done = record_count = deletion_count = 0

    def read_so_far(byte_count: int) -> None:
        nonlocal done
        done = byte_count

    items = _watched(READERS[kind(file)](file, read_so_far), unread := _Unread())
    with ExitStack() as stack:
        write = _writer(stack, folder)
        for batch in batches(items, name, spool.source_number(file), first_record):
            write(batch)
            record_count += batch.publications.num_rows
            deletion_count += batch.deletions.num_rows
            first_record += batch.publications.num_rows
            show(done, record_count)
        write(None)
    _refuse_if_too_many(file, unread, record_count, deletion_count)
    size = file.stat().st_size
    return Staged(name, digest, size, record_count, deletion_count, unread.count)


@dataclass(slots=True)
class _Unread:
    """Records of a file that could not be read."""

    count: int = 0
    first: str = ""


def _watched(items: Iterator[Item], unread: _Unread) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Unread) and item.record_count:
            unread.count += item.record_count
            unread.first = unread.first or f"pubmed:{item.pmid or '?'} {item.reason}"
        yield item


def _refuse_if_too_many(
    file: Path, unread: _Unread, record_count: int, deletion_count: int
) -> None:
    everything = record_count + unread.count
    most = max(1, int(MOST_UNREAD * everything)) if record_count or deletion_count else 0
    if unread.count > most:
        raise ConfrereError(
            f"[{file}] {unread.count} of its {everything} records cannot be read, and at most "
            f"{most} may be; the first: {unread.first}"
        )


def _writer(stack: ExitStack, folder: Path) -> Callable[[Batch | None], None]:
    """A function that writes batches in row groups of ten; None writes what is left."""
    writers = [
        stack.enter_context(
            pq.ParquetWriter(folder / f"{name}.parquet", staged_schema(TABLES[name]))
        )
        for name in Batch._fields
    ]
    held: list[Batch] = []

    def write(batch: Batch | None) -> None:
        if batch is not None:
            held.append(batch)
        if held and (batch is None or len(held) == BATCHES_PER_GROUP):
            for writer, own in zip(writers, zip(*held, strict=True), strict=True):
                writer.write_table(pa.Table.from_batches(own))
            held.clear()

    return write
