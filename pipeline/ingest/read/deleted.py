"""PubMed's plain list of deleted PMIDs (deleted.pmids.gz): one number a line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from pipeline.errors import ConfrereError
from pipeline.ingest.read import fields
from pipeline.ingest.read.records import Deletion


def read(path: Path, show: Callable[[int], object] = lambda _: None) -> Iterator[Deletion]:
    """Yield the PMIDs of a list in order.

    Raises
    ------
    ConfrereError
        The file is damaged, empty, or holds a line that is no PMID.

    `show` is told at the end how many bytes of the file (as stored) were read.
    """
    try:
        with path.open("rb") as stored:
            opened = gzip.GzipFile(fileobj=stored) if path.suffix == ".gz" else stored
            yield from read_lines(path, cast(IO[bytes], opened))
            show(stored.tell())
    except OSError as error:
        raise ConfrereError(
            f"[{path}] cannot be read ({error.strerror}): give a file that can be read"
        ) from None


def read_lines(name: object, lines: Iterable[bytes]) -> Iterator[Deletion]:
    """Yield the PMIDs of an open list, called `name` in messages."""
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            pmid = fields.pmid(line.decode("latin-1"))
            if pmid is None:
                raise ConfrereError(
                    f"[{name}, line {number}] {line[:40]!r} is no PMID: fetch the list again"
                )
            yield Deletion(pmid)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfrereError(f"[{name}] is a damaged gzip file ({error}): fetch it again") from None
    if number == 0:
        raise ConfrereError(f"[{name}] lists no PMID: fetch the list again")
