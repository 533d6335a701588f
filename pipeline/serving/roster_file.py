"""Read a roster: a CSV file of people, every line checked before anything is believed."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

from pipeline.errors import ConfrereError
from pipeline.serving.orcid import printed_orcid
from pipeline.serving.suppressions import address_hash

REQUIRED = ("person_id", "name", "email", "digest")
OPTIONAL = ("orcid", "department", "institution", "pmids", "past_affiliations")
COLUMNS = (*REQUIRED, *OPTIONAL)
ROWS_AT_ONCE = 5_000
ERRORS_TOLD = 20
LONGEST_LINE = 100_000
LONGEST_CELL = 10_000
LONGEST_KEY = 200

Row = dict[str, object]
_SEPARATORS = {"pmids": " ", "past_affiliations": "; "}
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+")
_ANY_ADDRESS = re.compile(r"\S*@\S*")
_PMID = re.compile(r"[1-9][0-9]{0,8}")
_NOT_UTF_8 = re.compile(r"[\udc80-\udcff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u2029]")


class _Wrong(Exception):
    """What is wrong with a line, and the remedy."""


def read_roster(file: Path, key: bytes) -> Iterator[list[Row]]:
    """Yield the people of a CSV file, some thousand at a time, as rows of `subscribers`.

    Parameters
    ----------
    file
        UTF-8 with a header of the columns `REQUIRED`, and any of `OPTIONAL`, in any order. Columns
        that are not there are not in the rows.
    key
        Secret of `address_hash`.

    Raises
    ------
    ConfrereError
        The file cannot be read, or lines are wrong: then, at its end, with the first 20 of them.
        What was yielded before must not be kept.
    """
    wrong: list[str] = []
    try:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            rows = _rows(text, file.name, key, wrong)
            while batch := list(islice(rows, ROWS_AT_ONCE)):
                yield batch
    except OSError as error:
        raise ConfrereError(
            f"[{file}] cannot be read ({error.strerror}): give a CSV file"
        ) from None
    if wrong:
        more = f"[{file.name}] has more wrong lines: correct these first, then try again"
        raise ConfrereError(
            "\n".join([*wrong[:ERRORS_TOLD], *([more] if len(wrong) > ERRORS_TOLD else ())])
        )


def _rows(text: TextIO, name: str, key: bytes, wrong: list[str]) -> Iterator[Row]:
    """Yield the good rows; note what is wrong with the others."""
    unreadable: dict[int, str] = {}
    reader = csv.reader(_lines(text, unreadable), strict=True)
    columns: tuple[str, ...] | None = None
    seen: dict[tuple[str, object], int] = {}
    is_empty = True
    while len(wrong) <= ERRORS_TOLD:
        line = reader.line_num + 1
        try:
            cells = next(reader)
            if reader.line_num in unreadable or unreadable.keys() & range(line, reader.line_num):
                line = min(unreadable.keys() & range(line, reader.line_num + 1))
                raise _Wrong(unreadable[line])
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _header(cells)
                continue
            is_empty = False
            yield _once(_row(columns, cells, key), seen, line)
        except StopIteration:
            break
        except csv.Error as error:
            wrong.append(
                f"[{name} line {line}] is no CSV ({error}): close each quote, save as CSV UTF-8"
            )
        except _Wrong as error:
            wrong.append(f"[{name} line {line}] {error}")
        if wrong and columns is None:  # without a header nothing below can be read
            return
    if columns is None and not wrong:
        wrong.append(f"[{name}] is empty: give a header with {', '.join(REQUIRED)}, and people")
    elif is_empty and not wrong:
        wrong.append(f"[{name}] has a header and nobody below it: give at least one person")


def _lines(text: TextIO, unreadable: dict[int, str]) -> Iterator[str]:
    """Yield lines that csv can take; note those that no text can hold, by number."""
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if found := _NOT_UTF_8.search(line):
            byte = ord(found[0]) - 0xDC00
            unreadable[number] = (
                f"has a byte that is not UTF-8 (0x{byte:02x}): save the file as CSV UTF-8"
            )
        elif "\0" in line:
            unreadable[number] = "has a NUL byte: save the file as CSV UTF-8"
        elif len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            unreadable[number] = f"is longer than {LONGEST_LINE:,} characters: give a CSV file"
            yield "x\n"
            return
        yield "x\n" if number in unreadable else line


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    columns = tuple(cell.strip() for cell in cells)
    doubled = sorted({column for column in columns if columns.count(column) > 1})
    unknown = [column for column in columns if column not in COLUMNS]
    missing = [column for column in REQUIRED if column not in columns]
    known = f"give {', '.join(REQUIRED)}, and if you like {', '.join(OPTIONAL)}"
    if unknown:
        raise _Wrong(f"has the unknown columns {_shown(', '.join(unknown))}: {known}")
    if doubled:
        raise _Wrong(f"has the column {', '.join(doubled)} twice: keep one")
    if missing:
        raise _Wrong(f"lacks the columns {', '.join(missing)}: {known}")
    return columns


def _row(columns: tuple[str, ...], cells: Sequence[str], key: bytes) -> Row:
    if len(cells) != len(columns):
        raise _Wrong(f"has {len(cells)} cells: give {len(columns)}, in quotes where one has commas")
    row: Row = {}
    for column, cell in zip(columns, cells, strict=True):
        row |= _CHECKS[column](column, _plain(column, cell))
    return row | {"address_hash": address_hash(str(row["email"]), key)}


def _plain(column: str, cell: str) -> str:
    """Write a cell on one line, without spaces at the ends."""
    if _CONTROL.search(cell):
        raise _Wrong(f"has a control character in {column}: remove it")
    plain = " ".join(cell.split())
    longest = LONGEST_KEY if column in ("person_id", "email") else LONGEST_CELL
    if len(plain) > longest:
        raise _Wrong(f"has more than {longest:,} characters in {column}: shorten it")
    return plain


def _needed(column: str, cell: str) -> Row:
    if not cell:
        raise _Wrong(f"has no {column}: fill it in")
    return {column: cell}


def _optional(column: str, cell: str) -> Row:
    return {column: cell or None}


def _email(column: str, cell: str) -> Row:
    # an address is never repeated in an error: errors land in logs
    if not _ADDRESS.fullmatch(cell):
        raise _Wrong(f"has no e-mail address in {column}: correct it")
    return {column: cell}


def _digest(column: str, cell: str) -> Row:
    if cell.lower() not in ("yes", "no"):
        raise _Wrong(f"has {_shown(cell)} as {column}: give yes or no")
    return {"wants_digest": cell.lower() == "yes"}


def _orcid(column: str, cell: str) -> Row:
    printed = printed_orcid(cell)
    if cell and printed is None:
        raise _Wrong(
            f"has {_shown(cell)}, which is no ORCID iD (its last character is a checksum): "
            "correct it or leave it empty"
        )
    return {column: printed}


def _pmids(column: str, cell: str) -> Row:
    pmids = cell.replace(";", " ").split()
    bad = next((pmid for pmid in pmids if not _PMID.fullmatch(pmid)), None)
    if bad is not None:
        raise _Wrong(f"has {_shown(bad)}, which is no PMID: give numbers, separated by ;")
    return {column: _SEPARATORS[column].join(dict.fromkeys(pmids)) or None}


def _places(column: str, cell: str) -> Row:
    places = [place.strip() for place in cell.split(";")]
    return {column: _SEPARATORS[column].join(place for place in places if place) or None}


_CHECKS: dict[str, Callable[[str, str], Row]] = {
    "person_id": _needed,
    "name": _needed,
    "email": _email,
    "digest": _digest,
    "orcid": _orcid,
    "department": _optional,
    "institution": _optional,
    "pmids": _pmids,
    "past_affiliations": _places,
}


def _once(row: Row, seen: dict[tuple[str, object], int], line: int) -> Row:
    """Refuse what stands in another line too; of an address the line is named, not the address."""
    for column in ("person_id", "address_hash", "orcid"):
        value = row.get(column)
        first = line if value is None else seen.setdefault((column, value), line)
        if first != line:
            is_address = column == "address_hash"
            what = "its e-mail address" if is_address else f"{column} {_shown(str(value))}"
            raise _Wrong(f"repeats {what} of line {first}: keep one")
    return row


def _shown(text: str) -> str:
    """Quote what stands in the file, shortened, and without any address: errors land in logs."""
    text = _ANY_ADDRESS.sub("…@…", text)
    return repr(text if len(text) <= 60 else text[:60] + "…")
