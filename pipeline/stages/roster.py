"""The roster: imported, matched to authors, and decided on by humans where matching is not sure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import lake
from pipeline.errors import WrongUse
from pipeline.identity.roster import match as matching
from pipeline.serving import author_ids, roster, roster_decisions, roster_matches, suppressions
from pipeline.serving.database import Engine, exclusively, open_database, writing
from pipeline.serving.roster import Imported, resolve_subscribers
from pipeline.serving.roster_decisions import Decision
from pipeline.serving.roster_matches import Found
from pipeline.serving.schema import hold_pointer
from pipeline.settings import Settings
from pipeline.stages.results import Counts, told

_SHOWN = ("author_id", "display_name", "institution", "department", "publication_count")


@dataclass(frozen=True, slots=True)
class Question:
    """Is this person of the roster that author? `facts` are as in table `roster_matches`."""

    person_id: str
    name: str
    author_id: int
    author_name: str
    institution: str | None
    department: str | None
    publication_count: int
    confidence: float
    facts: Sequence[Mapping[str, Any]]


def import_roster(settings: Settings, file: Path, now: datetime) -> tuple[Imported, Found]:
    """Add or update the people of a CSV file, and find them among the authors.

    Returns
    -------
    What was imported, and how many of the whole roster are found.

    Raises
    ------
    ConfrereError
        Lines are wrong; the message names them and nothing is changed.
    """
    engine = open_database(settings)
    imported = roster.import_roster(engine, file, suppressions.secret_key(settings), now)
    match_roster(settings)
    return imported, roster_matches.count_found(engine)


def match_roster(settings: Settings) -> Counts:
    """Find everybody on the roster among the authors of the lake, and apply what humans decided."""
    engine = open_database(settings)
    with exclusively(engine, "roster"):
        people = roster_matches.read_people(engine)
        if people.num_rows == 0:
            return told("match_roster", {"nobody on the roster": 0})
        tables = lake.datasets(settings.lake_folder, matching.TABLES)
        if tables["authors"].is_empty:
            return told("match_roster", {"no authors yet": 0})
        proposals = matching.match(people, tables, settings)
        with writing(engine) as connection:
            hold_pointer(connection)
            roster_matches.replace_proposals(connection, proposals)
            roster_decisions.apply_decisions(connection, tables, settings)
            resolve_subscribers(connection)
    found = roster_matches.count_found(engine)
    return told(
        "match_roster",
        {
            "found": found.found_count,
            "to decide": found.undecided_count,
            "unknown": found.unknown_count,
        },
    )


def questions(settings: Settings, limit: int | None = None) -> list[Question]:
    """List whom a human should decide on, as `undecided` orders them, without hidden authors."""
    engine = open_database(settings)
    asked = roster_matches.undecided(engine)
    shown = _authors(engine, {row.author_id for row in asked}, settings)
    found = [
        Question(
            row.person_id,
            row.name,
            row.author_id,
            author["display_name"],
            author["institution"],
            author["department"],
            author["publication_count"],
            row.confidence,
            row.facts,
        )
        for row in asked
        if (author := shown.get(row.author_id)) is not None
    ]
    return found[:limit]


def decide_match(
    settings: Settings, person_id: str, author_id: int, is_same: bool, by: str, now: datetime
) -> tuple[str, int, str]:
    """Keep a human's word on whether somebody on the roster is an author, and act on it at once.

    An author id that was given up means who bears it now.

    Returns
    -------
    The person's name on the roster, the author id of today, and that author's name.

    Raises
    ------
    WrongUse
        Nobody on the roster, or no author, has this id.
    """
    engine = open_database(settings)
    name = roster.name_of_person(engine, person_id)
    if name is None:
        raise WrongUse(f"[{person_id}] is nobody on the roster: give a person_id of it")
    tables = lake.datasets(settings.lake_folder, (*roster_decisions.TABLES, "redirects"))
    author_id, is_gone = author_ids.author_today(author_id, tables["redirects"])
    if is_gone:
        raise WrongUse(
            f"[{author_id}] is gone, PubMed has none of the author's papers any more: give an "
            "author id that `confrere roster review` shows"
        )
    author = _rows(tables["authors"], {author_id}, ["author_id", "orcid", "display_name"])
    mentions = _rows(tables["identities"], {author_id}, ["pmid", "position", "author_id"])
    if not author or not mentions:
        raise WrongUse(
            f"[{author_id}] is no author: give an author id that `confrere roster review` shows"
        )
    places = [(row["pmid"], row["position"]) for row in mentions]
    roster_decisions.decide(
        engine, Decision(person_id, author_id, is_same, author[0]["orcid"], places, by, now)
    )
    return name, author_id, author[0]["display_name"]


def _authors(
    engine: Engine, wanted: Collection[int], settings: Settings
) -> dict[int, dict[str, Any]]:
    """Read what is shown of authors; those who asked to be left alone are left out."""
    if not wanted:
        return {}
    tables = lake.datasets(settings.lake_folder, ("identities", "authors"))
    hidden = suppressions.suppressed_author_ids(engine, tables, settings)
    shown = _rows(tables["authors"], set(wanted) - set(hidden.tolist()), list(_SHOWN))
    return {row["author_id"]: row for row in shown}


def _rows(table: lake.Dataset, wanted: Collection[int], names: list[str]) -> list[Any]:
    ids = pa.array(sorted(wanted), pa.int64())
    return [
        row
        for batch in table.batches(names)
        for row in batch.filter(pc.is_in(batch["author_id"], ids)).to_pylist()
    ]
