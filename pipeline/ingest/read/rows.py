"""Records to Arrow batches."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.ingest.read.records import PREPRINT, Deletion, Item, Record, Unread
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
