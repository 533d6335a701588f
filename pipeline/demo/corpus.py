"""What the stand-in for PubMed holds: the made-up world, or records drawn for a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from pipeline.demo.medicine import plain
from pipeline.demo.names import ascii_name
from pipeline.demo.records import record_xml
from pipeline.demo.world import World


class Corpus(Protocol):
    """Records by PMID, as they stand on the evening of a day."""

    def visible(self, day: date) -> Iterable[int]:
        """PMIDs that a search finds."""

    def entered_on(self, pmid: int) -> date:
        """Day of creation."""

    def revised_on(self, pmid: int, day: date) -> date:
        """Day of the latest revision by `day`."""

    def xml(self, pmid: int, day: date) -> str:
        """The record; empty where PubMed finds it but does not give it."""

    def text(self, pmid: int, day: date) -> str:
        """What the words of a query are looked for in: lower case, without accents."""

    def deleted(self, day: date) -> Sequence[int]:
        """PMIDs on the list of deleted ones."""


@dataclass(frozen=True, slots=True)
class WorldCorpus:
    """The records of a made-up world."""

    world: World

    def visible(self, day: date) -> Iterable[int]:
        """PMIDs that a search finds."""
        return self.world.visible(day)

    def entered_on(self, pmid: int) -> date:
        """Day of creation."""
        return self.world.papers[pmid].entered_on

    def revised_on(self, pmid: int, day: date) -> date:
        """Day of the latest revision by `day`."""
        return self.world.revised_on(pmid, day)

    def xml(self, pmid: int, day: date) -> str:
        """The record."""
        return record_xml(self.world, pmid, day)

    def text(self, pmid: int, day: date) -> str:
        """Title, journal, names, affiliations."""
        paper = self.world.record(pmid, day)
        if paper is None:
            return ""
        parts = [plain(paper.title), paper.journal.title]
        for author in paper.authors:
            parts += [f"{author.last_name} {author.initials}", author.fore_name]
            parts += author.affiliations
        return ascii_name(" | ".join(parts)).lower()

    def deleted(self, day: date) -> Sequence[int]:
        """PMIDs on the list of deleted ones."""
        return self.world.deleted(day)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A record as a test draws it; `xml` is empty where PubMed finds it but does not give it."""

    pmid: int
    entered_on: date
    revised_on: date
    xml: str


@dataclass(frozen=True, slots=True)
class DrawnCorpus:
    """Drawn records by PMID, all of them there on any day."""

    records: Mapping[int, Drawn]
    deleted_pmids: Sequence[int] = ()

    def visible(self, day: date) -> Iterable[int]:  # noqa: ARG002  # all, on any day
        """PMIDs that a search finds."""
        return self.records

    def entered_on(self, pmid: int) -> date:
        """Day of creation."""
        return self.records[pmid].entered_on

    def revised_on(self, pmid: int, day: date) -> date:  # noqa: ARG002  # the same on any day
        """Day of the latest revision."""
        return self.records[pmid].revised_on

    def xml(self, pmid: int, day: date) -> str:  # noqa: ARG002  # the same on any day
        """The record."""
        return self.records[pmid].xml

    def text(self, pmid: int, day: date) -> str:
        """Nothing: a drawn corpus is searched by day and PMID."""
        raise ValueError(f"drawn records have no words to search (pubmed:{pmid}, {day})")

    def deleted(self, day: date) -> Sequence[int]:  # noqa: ARG002  # the same on any day
        """PMIDs on the list of deleted ones."""
        return self.deleted_pmids
