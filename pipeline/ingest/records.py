"""What every reader yields, and how it becomes Arrow batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa

from pipeline.tables import AUTHORSHIPS, DELETIONS, ID, LINKS, PUBLICATIONS, TOPICS, Table

RECORDS_PER_BATCH = 10_000

UNDATED = date(1900, 1, 1)
"""Entry date of a record that prints no date at all (made-up fixtures; PubMed always has one)."""

RETRACTED = "Retracted Publication"
PREPRINT = "Preprint"


class Authorship(NamedTuple):
    """One printed name; columns of table `authorships` after the position."""

    last_name: str | None
    fore_name: str | None
    initials: str | None
    suffix: str | None
    collective_name: str | None
    orcid: str | None
    affiliations: list[str]


class Topic(NamedTuple):
    """Columns of table `topics` after the PMID."""

    descriptor_ui: str
    name: str
    is_major: bool


class Link(NamedTuple):
    """Columns of table `links` after the PMID."""

    ref_type: str
    ref_pmid: int


class Deletion(NamedTuple):
    """A PMID that PubMed withdraws."""

    pmid: int


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
    publication_types: list[str]
    language: str | None
    doi: str | None
    checksum: str
    authorships: Sequence[Authorship]
    topics: Sequence[Topic]
    links: Sequence[Link]


Item = Record | Deletion


class Batch(NamedTuple):
    """Rows of up to 10,000 records.

    The first four have the columns of their tables and `record`, a number that ties the rows of
    one record together while several versions of one PMID are at hand.
    """

    publications: pa.RecordBatch
    authorships: pa.RecordBatch
    topics: pa.RecordBatch
    links: pa.RecordBatch
    deletions: pa.RecordBatch


def staged_schema(table: Table) -> pa.Schema:
    """Columns of a member of `Batch`."""
    if table is DELETIONS:
        return table.schema
    return table.schema.append(pa.field("record", ID, nullable=False))


def batches(items: Iterable[Item], source_number: int, first_record: int = 1) -> Iterator[Batch]:
    """Turn what a reader yields into Arrow batches, numbering records from `first_record`."""
    items = iter(items)
    while chunk := list(islice(items, RECORDS_PER_BATCH)):
        records = [item for item in chunk if isinstance(item, Record)]
        yield Batch(
            _publications(records, source_number, first_record),
            _children(AUTHORSHIPS, records, first_record, _authorship_rows(records)),
            _children(TOPICS, records, first_record, [record.topics for record in records]),
            _children(LINKS, records, first_record, [record.links for record in records]),
            _deletions([item.pmid for item in chunk if isinstance(item, Deletion)], source_number),
        )
        first_record += len(records)


def merged_topics(topics: Iterable[Topic]) -> list[Topic]:
    """One topic a key; major if it is so anywhere; the name as first printed."""
    merged: dict[str, Topic] = {}
    for topic in topics:
        known = merged.get(topic.descriptor_ui)
        if known is None:
            merged[topic.descriptor_ui] = topic
        elif topic.is_major and not known.is_major:
            merged[topic.descriptor_ui] = known._replace(is_major=True)
    return list(merged.values())


def keyword(name: str, is_major: bool) -> Topic:
    """Topic of a keyword, or of a heading printed without its MeSH identifier."""
    return Topic(f"keyword:{name.lower()}", name, is_major)


def retraction_as_type(publication_types: list[str], is_noted: bool) -> list[str]:
    """Publication types, with 'Retracted Publication' where a RetractionIn names no PMID.

    Such a notice cannot be a link, and the flag is drawn from types and links alone.
    """
    if is_noted and RETRACTED not in publication_types:
        return [*publication_types, RETRACTED]
    return publication_types


def _publications(records: list[Record], source_number: int, first: int) -> pa.RecordBatch:
    columns: dict[str, Any] = {
        field.name: [getattr(record, field.name) for record in records] for field in fields(Record)
    }
    columns["author_count"] = [len(record.authorships) for record in records]
    columns["is_preprint"] = [PREPRINT in record.publication_types for record in records]
    columns["is_retracted"] = [
        RETRACTED in record.publication_types
        or any(link.ref_type == "RetractionIn" for link in record.links)
        for record in records
    ]
    columns["source_number"] = [source_number] * len(records)
    columns["record"] = range(first, first + len(records))
    schema = staged_schema(PUBLICATIONS)
    return pa.record_batch([pa.array(columns[f.name], f.type) for f in schema], schema=schema)


def _authorship_rows(records: list[Record]) -> list[list[tuple[Any, ...]]]:
    return [
        [(position, *authorship) for position, authorship in enumerate(record.authorships, start=1)]
        for record in records
    ]


def _children(
    table: Table, records: list[Record], first: int, rows: Sequence[Sequence[tuple[Any, ...]]]
) -> pa.RecordBatch:
    """Put the rows of all records into columns: PMID in front, record number behind."""
    schema = staged_schema(table)
    counts = [len(own) for own in rows]
    pmids = pa.array([record.pmid for record in records], ID)
    owner = pa.array([place for place, count in enumerate(counts) for _ in range(count)], ID)
    values = list(zip(*(row for own in rows for row in own), strict=True))
    if not values:
        return pa.record_batch([pa.array([], field.type) for field in schema], schema=schema)
    numbers = pa.array(range(first, first + len(records)), ID)
    inner = [pa.array(column, f.type) for column, f in zip(values, list(schema)[1:-1], strict=True)]
    return pa.record_batch([pmids.take(owner), *inner, numbers.take(owner)], schema=schema)


def _deletions(pmids: list[int], source_number: int) -> pa.RecordBatch:
    columns = [pa.array(pmids, ID), pa.array([source_number] * len(pmids), ID)]
    return pa.record_batch(columns, schema=DELETIONS.schema)
