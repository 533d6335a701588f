"""Names of slices and of the files they are fetched to.

A slice is what PubMed says of a day or of several: `new/2026-11-22@1a2b3c4d` (created that day),
`revised/2026-11-01..2026-11-22@1a2b3c4d` (last revised in those days), `deleted/2026-11-22` (the
list of deleted PMIDs as of that day). After the `@` stands a hash of the query, so that another
query asks for the same days anew. Its file in the spool has `_` for `/`; the ledger knows the file
by the slice's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from pipeline.errors import WrongUse

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
