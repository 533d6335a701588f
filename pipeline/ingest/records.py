"""What every reader yields, and how it becomes Arrow batches."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.tables import (
    AUTHORSHIPS,
    CITATIONS,
    DELETIONS,
    GRANTS,
    ID,
    NOTICES,
    PUBLICATIONS,
    QUARANTINE,
    TEXT,
    TOPICS,
    Table,
)

RECORDS_PER_BATCH = 1_000

UNDATED = date(1900, 1, 1)
"""Entry date of a record that prints no date at all (made-up fixtures; PubMed always has one)."""

RETRACTED = "Retracted Publication"
PREPRINT = "Preprint"

_KINDS = {
    "Retraction": "retraction",
    "RetractedandRepublished": "retraction",
    "PartialRetraction": "partial_retraction",
    "ExpressionOfConcern": "expression_of_concern",
    "Erratum": "erratum",
    "CorrectedandRepublished": "corrected_and_republished",
    "Republished": "corrected_and_republished",
    "Update": "update",
}
"""RefType without its ending → kind of notice."""


class Authorship(NamedTuple):
    """One printed name; columns of table `authorships` after the position."""

    last_name: str | None
    fore_name: str | None
    initials: str | None
    suffix: str | None
    collective_name: str | None
    orcid: str | None
    equal_contribution: bool
    affiliations: Sequence[str]
    affiliation_identifiers: Sequence[tuple[int, str, str]]


class Topic(NamedTuple):
    """Columns of table `topics` after the PMID."""

    descriptor_ui: str
    name: str
    is_major: bool
    qualifiers: tuple[tuple[str, str, bool], ...] = ()

    def qualified(self, ui: str, name: str, is_major: bool) -> Topic:
        """The heading with one qualifier more; a major qualifier makes it major."""
        key, heading, was_major, qualifiers = self
        return Topic(key, heading, was_major or is_major, (*qualifiers, (ui, name, is_major)))


class Notice(NamedTuple):
    """Columns of table `notices` after the place."""

    ref_type: str
    ref_pmid: int | None
    ref_source: str | None
    kind: str
    subject_pmid: int | None
    notice_pmid: int | None


class Grant(NamedTuple):
    """Columns of table `grants` after the place."""

    grant_id: str | None
    acronym: str | None
    agency: str | None
    country: str | None


class Deletion(NamedTuple):
    """A PMID that PubMed withdraws."""

    pmid: int


class Unread(NamedTuple):
    """A record that cannot be used, or (text empty) one that PubMed lists and does not deliver.

    `record_count` is the number of records in `text`: several where their borders are damaged.
    """

    pmid: int | None
    reason: str
    text: str
    record_count: int = 1


@dataclass(frozen=True, slots=True)
class Record:
    """One version of one paper as read; fields are the columns of the tables."""

    pmid: int
    version: int
    title: str
    abstract: str | None
    journal: str | None
    published_on: date | None
    entered_on: date
    revised_on: date | None
    publication_types: Sequence[str]
    languages: Sequence[str]
    doi: str | None
    checksum: str
    authorships: Sequence[Authorship]
    topics: Sequence[Topic]
    notices: Sequence[Notice]
    citations: Sequence[int]
    grants: Sequence[Grant]


Item = Record | Deletion | Unread


class UnreadableError(Exception):
    """A record cannot be used; the message is what is wrong and the remedy."""


class Batch(NamedTuple):
    """Rows of up to 1,000 records.

    All but the last two have the columns of their tables and `record`, a number that ties the rows
    of one record together while several versions of one PMID are at hand.
    """

    publications: pa.RecordBatch
    authorships: pa.RecordBatch
    topics: pa.RecordBatch
    notices: pa.RecordBatch
    citations: pa.RecordBatch
    grants: pa.RecordBatch
    deletions: pa.RecordBatch
    quarantine: pa.RecordBatch


def staged_schema(table: Table) -> pa.Schema:
    """Columns of a member of `Batch`."""
    if table in (DELETIONS, QUARANTINE):
        return table.schema
    return table.schema.append(pa.field("record", ID, nullable=False))


def batches(
    items: Iterable[Item], name: str, source_number: int, first_record: int = 1
) -> Iterator[Batch]:
    """Turn what a reader yields of source `name` into Arrow batches.

    Records are numbered from `first_record`, places in the quarantine from 1.
    """
    items = iter(items)
    first_unread = 1
    while chunk := _next(items):
        records = [item for item in chunk if isinstance(item, Record)]
        deletions = [item.pmid for item in chunk if isinstance(item, Deletion)]
        unread = [item for item in chunk if isinstance(item, Unread)]
        numbers = range(first_record, first_record + len(records))
        yield Batch(
            _publications(records, source_number, numbers),
            _children(AUTHORSHIPS, records, numbers, [r.authorships for r in records]),
            _children(TOPICS, records, numbers, [r.topics for r in records]),
            _children(NOTICES, records, numbers, [r.notices for r in records]),
            _citations(records, numbers),
            _children(GRANTS, records, numbers, [r.grants for r in records]),
            _columns(DELETIONS, [deletions, [source_number] * len(deletions)]),
            _quarantine(unread, name, first_unread),
        )
        first_record += len(records)
        first_unread += len(unread)


def _next(items: Iterator[Item]) -> list[Item]:
    """Take the items of a batch; no collection of garbage meanwhile, for records hold no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return list(islice(items, RECORDS_PER_BATCH))
    finally:
        if was_on:
            gc.enable()


def merged_topics(topics: Sequence[Topic]) -> Sequence[Topic]:
    """One topic a key; major if it is so anywhere; the name as first printed."""
    if len({topic[0] for topic in topics}) == len(topics):
        return topics
    merged: dict[str, Topic] = {}
    for topic in topics:
        known = merged.setdefault(topic[0], topic)
        if known is not topic:
            merged[topic[0]] = known._replace(
                is_major=known.is_major or topic.is_major,
                qualifiers=tuple(dict.fromkeys((*known.qualifiers, *topic.qualifiers))),
            )
    return tuple(merged.values())


def keyword(name: str, is_major: bool) -> Topic:
    """Topic of a keyword, or of a heading printed without its MeSH identifier."""
    return Topic(f"keyword:{name.lower()}", name, is_major)


def notice(pmid: int, ref_type: str, ref_pmid: int | None, ref_source: str | None) -> Notice:
    """Type what the record `pmid` says: `…In` speaks of itself, `…Of`, `…For`, `…On` of another.

    >>> notice(7, "RetractionOf", 3, None)[3:], notice(3, "RetractionIn", 7, None)[3:]
    (('retraction', 3, 7), ('retraction', 3, 7))
    """
    kind, concerns_itself = _kind(ref_type)
    subject, says_so = (pmid, ref_pmid) if concerns_itself else (ref_pmid, pmid)
    return Notice(ref_type, ref_pmid, ref_source, kind, subject, says_so)


@lru_cache(maxsize=1_000)
def _kind(ref_type: str) -> tuple[str, bool]:
    """Kind of a RefType, and whether the record that prints it is the paper concerned."""
    stem = re.sub("(In|On|Of|For|From)$", "", ref_type)
    return _KINDS.get(stem, "other"), ref_type.endswith("In")


def with_types(
    pmid: int, notices: Sequence[Notice], publication_types: Sequence[str]
) -> Sequence[Notice]:
    """Notices, and one more where the publication types call the paper retracted."""
    if RETRACTED not in publication_types:
        return notices
    return (*notices, Notice(RETRACTED, None, None, "retraction", pmid, None))


def _publications(records: list[Record], source_number: int, numbers: range) -> pa.RecordBatch:
    derived: dict[str, Any] = {
        "author_count": [len(r.authorships) for r in records],
        "is_preprint": [PREPRINT in r.publication_types for r in records],
        "is_retracted": [
            any(n.kind == "retraction" and n.subject_pmid == r.pmid for n in r.notices)
            for r in records
        ],
        "source_number": [source_number] * len(records),
    }
    own = [
        derived[column] if column in derived else [getattr(r, column) for r in records]
        for column in PUBLICATIONS.schema.names
    ]
    return _columns(PUBLICATIONS, [*own, numbers])


def _children(
    table: Table,
    records: list[Record],
    numbers: range,
    rows: Sequence[Sequence[tuple[Any, ...]]],
) -> pa.RecordBatch:
    """Put the rows of all records into columns: PMID (and place) in front, record number behind."""
    counts = np.fromiter(map(len, rows), np.int64, len(rows))
    flat = list(chain.from_iterable(rows))
    places = [_places(counts)] if table.key[-1] in ("position", "place") else []
    width = len(table.columns) - 1 - len(places)
    own = [[row[part] for row in flat] for part in range(width)]
    pmids = _repeat((r.pmid for r in records), counts)
    return _columns(table, [pmids, *places, *own, _repeat(numbers, counts)])


def _places(counts: np.ndarray[Any, np.dtype[np.int64]]) -> Any:
    """1 … n for each count n, one after the other."""
    ends = np.cumsum(counts)
    return np.arange(1, counts.sum() + 1) - np.repeat(ends - counts, counts)


def _repeat(values: Iterable[int], counts: np.ndarray[Any, np.dtype[np.int64]]) -> Any:
    return np.repeat(np.fromiter(values, np.int64, len(counts)), counts)


def _citations(records: list[Record], numbers: range) -> pa.RecordBatch:
    counts = np.fromiter((len(r.citations) for r in records), np.int64, len(records))
    pmids = _repeat((r.pmid for r in records), counts)
    cited = np.fromiter(chain.from_iterable(r.citations for r in records), np.int64, counts.sum())
    return _columns(CITATIONS, [pmids, cited, _repeat(numbers, counts)])


def _quarantine(unread: list[Unread], name: str, first: int) -> pa.RecordBatch:
    columns = [
        [name] * len(unread),
        range(first, first + len(unread)),
        *([item[part] for item in unread] for part in range(3)),
    ]
    return _columns(QUARANTINE, columns)


def _columns(table: Table, columns: Sequence[Any]) -> pa.RecordBatch:
    schema = staged_schema(table)
    arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    """Arrow array; lists are made of their flat values, many times faster than one by one."""
    if not pa.types.is_list(kind):
        return pa.array(values, kind)
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, values), np.int32, len(values)), out=offsets[1:])
    flat = list(chain.from_iterable(values))
    inner = kind.value_type
    if pa.types.is_struct(inner):
        own = [
            pa.array([item[part] for item in flat], field.type) for part, field in enumerate(inner)
        ]
        items: pa.Array = pa.StructArray.from_arrays(own, fields=list(inner))
    else:
        items = pa.array(flat, TEXT)
    return pa.ListArray.from_arrays(pa.array(offsets), items, type=kind)
