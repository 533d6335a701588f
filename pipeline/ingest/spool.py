"""Names of slices, and the files they are fetched to.

A slice is what PubMed says of a day or of several: `new/2026-11-22@1a2b3c4d` (created that day),
`revised/2026-11-01..2026-11-22@1a2b3c4d` (last revised in those days), `deleted/2026-11-22` (the
list of deleted PMIDs as of that day). After the `@` stands a hash of the query, so that another
query asks for the same days anew. Its file in the spool has `_` for `/`; the ledger knows the file
by the slice's name.

A file of records is gzip (of several members, which every reader takes as one) over

    <PubmedArticleSet Slice="…" Count="N"> records as PubMed sent them
    <Unavailable><PMID>123</PMID>…</Unavailable> </PubmedArticleSet>

N is the number of records; `Unavailable`, which stands only where it is needed, lists what PubMed
finds but does not give. A file reaches the spool whole or not at all.
"""

from __future__ import annotations

import glob
import gzip
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import quoteattr

from pipeline.errors import ConfrereError, WrongUse

_SLICE = re.compile(
    r"(new|revised|deleted)/([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.\.([0-9]{4}-[0-9]{2}-[0-9]{2}))?"
    r"(?:@([0-9a-f]{8}))?"
)
_LOG_FILE = re.compile(r"(?:pubmed|medline)([0-9]{2})n([0-9]{4})\.")
_FILE = re.compile(r"(new|revised|deleted)_([0-9.-]+(?:@[0-9a-f]{8})?)\.(?:xml|pmids)\.gz")

DELETED_LIST_NUMBER = 99_999_999
"""Place of PubMed's list of deleted PMIDs in its log: after every file."""


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """Kind (new, revised, deleted), first and last day (both included), and hash of the query."""

    kind: str
    first: date
    last: date
    query: str = ""

    @property
    def name(self) -> str:
        """Name in the ledger."""
        days = str(self.first) if self.first == self.last else f"{self.first}..{self.last}"
        return f"{self.kind}/{days}@{self.query}" if self.query else f"{self.kind}/{days}"

    @property
    def file_name(self) -> str:
        """Name of its file in the spool."""
        ending = "pmids" if self.kind == "deleted" else "xml"
        return f"{self.name.replace('/', '_')}.{ending}.gz"

    def days(self) -> list[date]:
        """All its days in order."""
        count = (self.last - self.first).days + 1
        return [self.first + timedelta(days=place) for place in range(count)]


def slice_of(name: str) -> Slice | None:
    """Read a slice's name; None where it is another kind of source."""
    match = _SLICE.fullmatch(name)
    if match is None:
        return None
    first = date.fromisoformat(match[2])
    last = date.fromisoformat(match[3]) if match[3] else first
    return Slice(match[1], first, last, match[4] or "")


def query_hash(query: str) -> str:
    """Tell queries apart in the names of slices: 8 hex digits."""
    return sha256(query.encode()).hexdigest()[:8]


def slice_named(name: str) -> Slice:
    """Read a slice's name.

    Raises
    ------
    WrongUse
        It is none.
    """
    found = slice_of(name)
    if found is None or found.last < found.first:
        raise WrongUse(f"[slice {name}] is no slice: give one such as deleted/2026-11-22")
    return found


def source_name(file: Path) -> str:
    """Name of a file in the ledger: of its slice where it is one, else the file name.

    >>> source_name(Path("spool/new_2026-11-22@1a2b3c4d.xml.gz")), source_name(Path("a.xml"))
    ('new/2026-11-22@1a2b3c4d', 'a.xml')
    """
    match = _FILE.fullmatch(file.name)
    name = f"{match[1]}/{match[2]}" if match else ""
    return name if _SLICE.fullmatch(name) else file.name


def source_number(file: Path) -> int:
    """Place of a baseline or update file in PubMed's log; 0 for other files.

    >>> source_number(Path("pubmed26n1335.xml.gz"))
    261335
    """
    if file.name.endswith((".pmids", ".pmids.gz")):
        return DELETED_LIST_NUMBER
    match = _LOG_FILE.match(file.name)
    return int(match[1]) * 10_000 + int(match[2]) if match else 0


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Give a path to write to; what stands there at the end of the block becomes `target`.

    What a killed process left of the same file is removed first. Where that process still lives, it
    loses: the file is of the one that began last.

    Raises
    ------
    ConfrereError
        Another process began to write the same file meanwhile.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f"{glob.escape(target.name)}.*.part"):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(
        dir=target.parent, prefix=f"{target.name}.", suffix=".part", ignore_cleanup_errors=True
    ) as folder:
        path = Path(folder) / target.name
        try:
            yield path
            _sync(path)
            path.replace(target)
        except FileNotFoundError:
            if Path(folder).exists():
                raise
            raise ConfrereError(
                f"[{target.name}] is being fetched by another run too: wait for it to end"
            ) from None
    _sync(target.parent)


def write_records(
    path: Path, body: Path, name: str, count: int, unavailable: Sequence[int] = ()
) -> None:
    """Write a file of records around `body`, which is gzip and holds the `count` records.

    The count is known only after the last record, and gzip lets what is compressed be joined.
    """
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<PubmedArticleSet Slice={quoteattr(name)} Count="{count}">\n'
    )
    pmids = "".join(f"<PMID>{pmid}</PMID>" for pmid in unavailable)
    tail = f"<Unavailable>{pmids}</Unavailable>\n" if unavailable else ""
    with path.open("wb") as file, body.open("rb") as records:
        file.write(gzip.compress(head.encode(), mtime=0))
        shutil.copyfileobj(records, file)
        file.write(gzip.compress(f"{tail}</PubmedArticleSet>\n".encode(), mtime=0))


def _sync(path: Path) -> None:
    """Have the machine write a file, or the names in a folder, to its disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
