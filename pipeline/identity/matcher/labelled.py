"""Labelled mentions as people write them down: CSV files, and where the names are on the papers."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import lake
from pipeline.errors import WrongUse
from pipeline.identity import names

PAIR_COLUMNS = (
    "pmid1", "last_name1", "initials1", "fore_name1",
    "pmid2", "last_name2", "initials2", "fore_name2", "same_author",
)  # fmt: skip
CLUSTER_COLUMNS = ("pmid", "last_name", "person")
_LARGEST_PMID = 2**63 // 100_000


class Printed(NamedTuple):
    """A name on a paper; initials and fore name are empty where the file does not say."""

    pmid: int
    last_name: str
    initials: str = ""
    fore_name: str = ""


class LabelledPair(NamedTuple):
    """Two names, and whether they are one person."""

    one: Printed
    other: Printed
    is_same: bool


class LabelledMention(NamedTuple):
    """A name, and the code of its person."""

    printed: Printed
    person: str


@dataclass(frozen=True, slots=True)
class Located:
    """Positions of printed names, in their order; None where it is not one name.

    `missing_count` have no such name on the paper or no such paper, `ambiguous_count` several.
    """

    positions: tuple[int | None, ...]
    missing_count: int
    ambiguous_count: int


def read_pairs(file: Path) -> list[LabelledPair]:
    """Read pairs from a CSV file with (at least) the columns `PAIR_COLUMNS`.

    Raises
    ------
    WrongUse
        A line cannot be read; the message names it.
    """
    return [
        LabelledPair(_printed(file, line, row, "1"), _printed(file, line, row, "2"), is_same)
        for line, row in _rows(file, PAIR_COLUMNS)
        for is_same in [_flag(file, line, row["same_author"])]
    ]


def read_clusters(file: Path) -> list[LabelledMention]:
    """Read mentions with their persons from a CSV file with the columns `CLUSTER_COLUMNS`.

    Raises
    ------
    WrongUse
        A line cannot be read; the message names it.
    """
    mentions = []
    for line, row in _rows(file, CLUSTER_COLUMNS):
        if not row["person"]:
            raise WrongUse(f"[{file} line {line}] has no person: give a code for each person")
        mentions.append(LabelledMention(_printed(file, line, row, ""), row["person"]))
    return mentions


def locate(printed: Sequence[Printed], authorships: lake.Dataset) -> Located:
    """Find the position of each name on its paper.

    Names are compared without case and accents; "?" and control characters, which bad conversions
    leave behind, stand for any one letter. Of several names alike, those with the initials and the
    fore name asked for are kept.
    """
    entries = _entries({name.pmid for name in printed}, authorships)
    found = [_narrowed(name, entries.get(name.pmid, [])) for name in printed]
    counts = [len(places) for places in found]
    return Located(
        tuple(places[0] if len(places) == 1 else None for places in found),
        missing_count=counts.count(0),
        ambiguous_count=sum(count > 1 for count in counts),
    )


def _rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and cells, trimmed."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            lacking = [name for name in columns if name not in (reader.fieldnames or ())]
            if lacking:
                raise WrongUse(
                    f"[{file} line 1] has no column {lacking[0]}: the header is {','.join(columns)}"
                )
            row = None
            for row in reader:
                if None in row or None in row.values():
                    raise WrongUse(
                        f"[{file} line {reader.line_num}] has not as many cells as the header: "
                        "put names that hold a comma between quotes"
                    )
                yield reader.line_num, {name: row[name].strip() for name in columns}
            if row is None:
                raise WrongUse(f"[{file} line 2] is missing: give at least one row")
    except UnicodeDecodeError:
        raise WrongUse(f"[{file}] is not UTF-8: save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise WrongUse(f"[{file} line {reader.line_num}] is no CSV ({error})") from None
    except OSError as error:
        raise WrongUse(f"[{file}] {error.strerror}: give a CSV file") from None


def _printed(file: Path, line: int, row: dict[str, str], side: str) -> Printed:
    pmid, last_name = row[f"pmid{side}"], row[f"last_name{side}"]
    if not (pmid.isascii() and pmid.isdigit() and 0 < int(pmid[:20]) < _LARGEST_PMID):
        raise WrongUse(f"[{file} line {line}] pmid{side} is {pmid!r}: give a PubMed number")
    if not last_name:
        raise WrongUse(f"[{file} line {line}] last_name{side} is empty: give a family name")
    more = (row.get(f"{part}{side}", "") for part in ("initials", "fore_name"))
    return Printed(int(pmid), last_name, *("" if cell == "null" else cell for cell in more))


def _flag(file: Path, line: int, text: str) -> bool:
    if text not in ("0", "1"):
        raise WrongUse(f"[{file} line {line}] same_author is {text!r}: give 1 or 0")
    return text == "1"


class _Entry(NamedTuple):
    position: int
    last_name: str
    given_names: str


def _entries(pmids: set[int], authorships: lake.Dataset) -> dict[int, list[_Entry]]:
    """Names on the papers asked for, folded."""
    entries: dict[int, list[_Entry]] = defaultdict(list)
    wanted = pa.array(sorted(pmids), pa.int64())
    for batch in authorships.batches(["pmid", "position", "last_name", "fore_name", "initials"]):
        for row in batch.filter(pc.is_in(batch["pmid"], wanted)).to_pylist():
            last_name = names.last_name(row["last_name"] or "")
            if last_name:
                given = names.given_names(row["fore_name"] or "", row["initials"] or "")
                entries[row["pmid"]].append(_Entry(row["position"], last_name, given))
    return entries


_GARBLED = re.compile("[?\ufffd\x00-\x1f\x7f-\x9f]")


def _narrowed(name: Printed, entries: list[_Entry]) -> list[int]:
    """Positions of the entries that may be meant: one if it can be told."""
    letters = [names.last_name(part) for part in _GARBLED.split(name.last_name)]
    pattern = re.compile(".".join(letters))
    alike = [entry for entry in entries if pattern.fullmatch(entry.last_name)]
    for fore_name in ("", name.fore_name):
        if len(alike) < 2 or not (name.initials or fore_name):
            continue
        wanted = names.given_names(fore_name, name.initials)
        alike = [e for e in alike if _begins(e.given_names, wanted)] or alike
    return [entry.position for entry in alike]


def _begins(given_names: str, wanted: str) -> bool:
    """Whether names are the ones wanted: initials alone for initials alone, else whole."""
    if all(len(token) == 1 for token in wanted.split()):
        return "".join(token[0] for token in given_names.split()) == wanted.replace(" ", "")
    return given_names == wanted
