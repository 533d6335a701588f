"""The numbered files of PubMed's log: their names, their order, and pieces of them to fetch.

A piece is a file or a run of consecutive files: `files/pubmed26n0001..pubmed26n0020`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.errors import WrongUse

FILES_PER_PIECE = 20
"""A baseline is about 1,334 files, and Airflow maps at most 1,024 tasks."""

_FILE = re.compile(r"pubmed([0-9]{2})n([0-9]{4})\.xml\.gz")
_PIECE = re.compile(r"files/pubmed([0-9]{2})n([0-9]{4})(?:\.\.pubmed\1n([0-9]{4}))?")


@dataclass(frozen=True, slots=True, order=True)
class LogFile:
    """A file of PubMed's log, by year (two digits) and number."""

    year: str
    number: int

    @property
    def stem(self) -> str:
        """Name without its ending."""
        return f"pubmed{self.year}n{self.number:04}"

    @property
    def name(self) -> str:
        """File name, which is its name in the ledger too."""
        return f"{self.stem}.xml.gz"


def log_files(names: Iterable[str]) -> list[LogFile]:
    """Files of the log among `names`, in order."""
    matches = map(_FILE.fullmatch, names)
    return sorted(LogFile(match[1], int(match[2])) for match in matches if match)


def piece_names(year: str, numbers: Iterable[int]) -> list[str]:
    """Cut `numbers`, which rise, into pieces.

    >>> piece_names("26", [3, 4, 5, 9])
    ['files/pubmed26n0003..pubmed26n0005', 'files/pubmed26n0009']
    """
    runs: list[list[LogFile]] = []
    for file in (LogFile(year, number) for number in numbers):
        last = runs[-1] if runs else []
        if last and last[-1].number == file.number - 1 and len(last) < FILES_PER_PIECE:
            last.append(file)
        else:
            runs.append([file])
    return [f"files/{_span(run[0].stem, run[-1].stem)}" for run in runs]


def files_of(piece: str) -> list[LogFile]:
    """Files of a piece in order.

    Raises
    ------
    WrongUse
        It names no piece.
    """
    match = _PIECE.fullmatch(piece)
    files = (
        [LogFile(match[1], n) for n in range(int(match[2]), int(match[3] or match[2]) + 1)]
        if match
        else []
    )
    if not files:
        raise WrongUse(f"[{piece}] names no files: give such as files/pubmed26n0001..pubmed26n0020")
    return files


def is_piece(name: str) -> bool:
    """Whether this is to be a piece, not a slice of the query."""
    return name.startswith("files/")


def gapless(
    listed: Collection[int], had: Collection[int], *, is_complete: bool
) -> tuple[list[int], int | None]:
    """Numbers to fetch before the first gap, in order, and the number missing there, if any.

    Parameters
    ----------
    listed, had
        Numbers on the mirror, and those in the ledger or the spool.
    is_complete
        The log begins at 1; else it begins at the first number there is.

    >>> gapless({3, 4, 5, 7}, {4}, is_complete=False)
    ([3, 5], 6)
    """
    if not listed:
        return [], None
    known = {*listed, *had}
    number = 1 if is_complete else min(known)
    pending = []
    while number in known:
        if number not in had:
            pending.append(number)
        number += 1
    return pending, number if number < max(listed) else None


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}..{last}"
