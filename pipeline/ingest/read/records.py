"""What every reader yields, and how it becomes Arrow batches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from pipeline.tables import MENTIONS_PER_PAPER

UNDATED = date(1900, 1, 1)
"""Entry date of a record that prints no date at all (made-up fixtures; PubMed always has one)."""

MOST_VERSIONS = 2**31 - 1
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


# half the time of a named tuple's own constructor
new_tuple = tuple.__new__


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


class UnreadableError(Exception):
    """A record cannot be used; the message is what is wrong and the remedy."""


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

    def __post_init__(self) -> None:
        # what no table can hold is this record's trouble, not that of all that came with it
        if self.version > MOST_VERSIONS:
            raise UnreadableError(f"has version {self.version}: fetch the record again")
        if len(self.authorships) >= MENTIONS_PER_PAPER:
            raise UnreadableError(f"has {len(self.authorships):,} names: fetch the record again")


Item = Record | Deletion | Unread


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
