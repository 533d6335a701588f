"""Named questions to the serving database: who is this, whom should they meet, and why.

Everything is read through the `v1_*` views, so suppressed people never appear: not as a person, not
as an introducer, not by name inside a reason. An author id that was given up is followed to who
bears it now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from pipeline.serving.author_ids import current_id, id_number, portions
from pipeline.serving.database import Connection, Engine, reading
from pipeline.serving.names import fold_name
from pipeline.serving.orcid import printed_orcid
from pipeline.serving.schema import (
    PAPERS,
    SUBSCRIBERS,
    V1_PEOPLE,
    V1_RECOMMENDATIONS,
    V1_RUNS,
)

PEOPLE_FOUND = 50


@dataclass(frozen=True, slots=True)
class ServedRun:
    """The run that is served. `valid_until`: after it the data is stale."""

    run_id: str
    as_of: date
    generated_at: datetime
    valid_until: datetime
    model_version: str
    row_count: int
    author_count: int
    people_count: int


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the current run. `is_served`: receives recommendations."""

    author_id: int
    name: str
    orcid: str | None
    institution: str | None
    department: str | None
    country: str | None
    publication_count: int
    first_on: date
    last_on: date
    is_served: bool


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that a reason names. `title` keeps inline <i> <b> <u> <sub> <sup> as markup."""

    pmid: int
    title: str | None
    journal: str | None
    published_on: date | None


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact; `kind` says how person, other_person, topic, paper and other_paper belong together.

    shared_coauthor: `person` wrote `paper` with the author and `other_paper` with the candidate.
    path: `person` and `other_person` wrote `paper` together, one step from author to candidate.
    walk: what longer walks and further shared coauthors bring.
    topics: how alike what the two write is; `paper` and `other_paper` are the closest.
    shared_topic: the author's `paper` and the candidate's `other_paper` have `topic`.
    venues: the author's `paper` and the candidate's `other_paper` are in the journal `topic`.
    workplace: both have worked at `topic`.
    activity, career: how much the candidate writes; how the two careers go together.
    recent_paper: the candidate's `paper`.
    """

    kind: str
    contribution: float
    person: Person | None
    other_person: Person | None
    topic: str | None
    paper: Paper | None
    other_paper: Paper | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Whom to work with. `probability` of a joint paper within 24 months; None in old runs."""

    rank: int
    person: Person
    score: float
    probability: float | None
    introducer: Person | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """A person's recommendations, all read at one instant."""

    run: ServedRun
    person: Person
    recommendations: tuple[Recommendation, ...]


def current_run(engine: Engine) -> ServedRun | None:
    """Give the run that is served, None before the first."""
    with reading(engine) as connection:
        return _current_run(connection)


def find_people(engine: Engine, who: str) -> list[Person]:
    """Find people by author id, ORCID iD (any printed form), roster person_id or name.

    Returns
    -------
    The one person whom an id means; else everyone whose name fits: those of exactly this name, or,
    where there is none, those whose name has words that begin with each of the words given.
    """
    with reading(engine) as connection:
        person = _person_of_id(connection, who)
        if person is not None:
            return [person]
        found = _people_named(connection, who, PEOPLE_FOUND)
    words = sorted(fold_name(who).split())
    exact = [person for person in found if sorted(fold_name(person.name).split()) == words]
    return exact or found


def search_people(engine: Engine, name: str, limit: int) -> list[Person]:
    """Find people whose name has words beginning with each word of `name`.

    Those of exactly this name come first, then those with the most papers.
    """
    with reading(engine) as connection:
        return _people_named(connection, name, limit)


def suggestions_of(engine: Engine, who: str, limit: int) -> Suggestions | None:
    """Give the best `limit` recommendations of a person; None where nobody has this id.

    Parameters
    ----------
    who
        Author id (of today or of any earlier run), ORCID iD in any printed form, or roster
        person_id; where an author id and a person_id are the same number, the author id is meant.
    """
    with reading(engine) as connection:
        run, person = _current_run(connection), _person_of_id(connection, who)
        if run is None or person is None:
            return None
        return Suggestions(run, person, _recommendations(connection, person.author_id, limit))


def recommendations_of(engine: Engine, author_id: int, limit: int) -> list[Recommendation]:
    """Give the best `limit` recommendations of an author; none where nobody has this id."""
    with reading(engine) as connection:
        return list(_recommendations(connection, current_id(connection, author_id), limit))


def find_person(engine: Engine, who: str) -> Person | None:
    """Find the person of the current run whom an id means, read as in `suggestions_of`."""
    with reading(engine) as connection:
        return _person_of_id(connection, who)


def _current_run(connection: Connection) -> ServedRun | None:
    row = connection.execute(select(V1_RUNS).where(V1_RUNS.c.is_current)).mappings().first()
    if row is None:
        return None
    return ServedRun(**{name: value for name, value in row.items() if name != "is_current"})


def _person_of_id(connection: Connection, who: str) -> Person | None:
    who, people = who.strip(), V1_PEOPLE.c
    meant: list[ColumnElement[bool]] = []
    orcid = printed_orcid(who)
    if orcid is not None:
        meant.append(people.orcid == orcid)
    number = id_number(who)
    if number is not None:
        meant.append(people.author_id == current_id(connection, number))
    on_roster = select(SUBSCRIBERS.c.author_id).where(SUBSCRIBERS.c.person_id == who)
    meant.append(people.author_id.in_(on_roster))
    for condition in meant:
        found = _people(connection, condition, 1)
        if found:
            return found[0]
    return None


def _people_named(connection: Connection, name: str, limit: int) -> list[Person]:
    """People with a word beginning with each word of `name`; whole names first."""
    words = fold_name(name).split()
    if not words:
        return []
    key, people = " " + V1_PEOPLE.c.name_key, V1_PEOPLE.c
    is_whole = func.length(people.name_key) == len(" ".join(words))
    found = select(V1_PEOPLE).order_by(
        is_whole.desc(), people.publication_count.desc(), people.author_id
    )
    for word in words:  # folded words hold letters and digits only: nothing that LIKE would read
        found = found.where(key.like(f"% {word}%"))
    rows = connection.execute(found.limit(limit)).mappings()
    return [_person(row) for row in rows]


def _people(connection: Connection, condition: ColumnElement[bool], limit: int) -> list[Person]:
    found = select(V1_PEOPLE).where(condition).order_by(V1_PEOPLE.c.author_id).limit(limit)
    return [_person(row) for row in connection.execute(found).mappings()]


def _person(row: Mapping[Any, Any]) -> Person:
    return Person(
        row["author_id"],
        row["display_name"],
        row["orcid"],
        row["institution"],
        row["department"],
        row["country"],
        row["publication_count"],
        row["first_on"],
        row["last_on"],
        row["is_served"],
    )


def _recommendations(
    connection: Connection, author_id: int, limit: int
) -> tuple[Recommendation, ...]:
    given = V1_RECOMMENDATIONS.c
    chosen = select(V1_RECOMMENDATIONS).where(given.author_id == author_id)
    rows = connection.execute(chosen.order_by(given.rank).limit(limit)).mappings().all()
    if not rows:
        return ()
    facts = {row["rank"]: json.loads(row["reasons"]) for row in rows}
    flat = [fact for listed in facts.values() for fact in listed]
    people = _people_by_id(
        connection,
        [row["candidate_id"] for row in rows]
        + [row["introducer_id"] for row in rows]
        + [fact.get(name) for fact in flat for name in ("person_id", "other_person_id")],
    )
    papers = _papers_by_id(
        connection,
        rows[0]["run_id"],
        [fact.get(name) for fact in flat for name in ("pmid", "other_pmid")],
    )
    return tuple(
        Recommendation(
            row["rank"],
            people[row["candidate_id"]],
            row["score"],
            row["probability"],
            people.get(row["introducer_id"]),
            _reasons(facts[row["rank"]], people, papers),
        )
        for row in rows
    )


def _reasons(
    facts: Sequence[Mapping[str, Any]], people: Mapping[int, Person], papers: Mapping[int, Paper]
) -> tuple[Reason, ...]:
    """Name people and papers; leave out facts about people who want to be left alone."""
    hidden_kinds = {fact["kind"] for fact in facts if not _may_be_told(fact, people)}
    return tuple(
        Reason(
            fact["kind"],
            fact["contribution"],
            people.get(fact.get("person_id", 0)),
            people.get(fact.get("other_person_id", 0)),
            fact.get("topic"),
            papers.get(fact.get("pmid", 0)),
            papers.get(fact.get("other_pmid", 0)),
        )
        for fact in facts
        # a path with a gap leads nowhere: all its steps go with the hidden one
        if _may_be_told(fact, people) and not (fact["kind"] == "path" and "path" in hidden_kinds)
    )


def _may_be_told(fact: Mapping[str, Any], people: Mapping[int, Person]) -> bool:
    named = [fact[name] for name in ("person_id", "other_person_id") if name in fact]
    return all(author_id in people for author_id in named)


def _people_by_id(connection: Connection, ids: Iterable[int | None]) -> dict[int, Person]:
    found: dict[int, Person] = {}
    for some in portions(ids):
        chosen = select(V1_PEOPLE).where(V1_PEOPLE.c.author_id.in_(some))
        rows = connection.execute(chosen).mappings()
        found |= {row["author_id"]: _person(row) for row in rows}
    return found


def _papers_by_id(
    connection: Connection, run_id: str, ids: Iterable[int | None]
) -> dict[int, Paper]:
    found: dict[int, Paper] = {}
    for some in portions(ids):
        chosen = select(PAPERS).where(PAPERS.c.run_id == run_id, PAPERS.c.pmid.in_(some))
        for row in connection.execute(chosen).mappings():
            found[row["pmid"]] = Paper(
                row["pmid"], row["title"], row["journal"], row["published_on"]
            )
    return found
