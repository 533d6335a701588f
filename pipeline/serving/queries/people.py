"""Who is meant: by id, by name, by where they work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from pipeline.serving.author_ids import current_id, id_number
from pipeline.serving.database import Connection, Engine, reading
from pipeline.serving.names import fold_name
from pipeline.serving.orcid import printed_orcid
from pipeline.serving.queries.records import Person
from pipeline.serving.queries.runs import run_now
from pipeline.serving.queries.shown import SHOWN_PEOPLE
from pipeline.serving.roster import IS_SUPPRESSED
from pipeline.serving.schema import PEOPLE, SUBSCRIBERS

PEOPLE_FOUND = 50
After = tuple[int, int, int]
"""Where a page of people ends: whether of exactly this name, papers, author_id."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What people are looked for by; all that is given must fit.

    `name`: words of it, in any order; `orcid`: in any printed form; `institution`, `department`:
    a part of what is printed.
    """

    name: str | None = None
    orcid: str | None = None
    institution: str | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class OnRoster:
    """Somebody on the roster: `author_id` is None where their papers are not found."""

    person_id: str
    name: str
    institution: str | None
    author_id: int | None


def find_people(engine: Engine, who: str) -> list[Person]:
    """Find people by author id, ORCID iD (any printed form), roster person_id or name.

    Returns
    -------
    The one person whom an id means; else everyone whose name fits: those of exactly this name, or,
    where there is none, those whose name has words that begin with each of the words given.
    """
    with reading(engine) as connection:
        run = run_now(connection)
        if run is None:
            return []
        person = person_of_id(connection, run.run_id, who)
        if person is not None:
            return [person]
        found = search_people(connection, run.run_id, Sought(name=who), PEOPLE_FOUND)
    words = sorted(fold_name(who).split())
    exact = [person for person in found if sorted(fold_name(person.name).split()) == words]
    return exact or found


def find_person(engine: Engine, who: str) -> Person | None:
    """Find the person of the current run whom an id means; see `person_of_id`."""
    with reading(engine) as connection:
        run = run_now(connection)
        return person_of_id(connection, run.run_id, who) if run else None


def person_of_id(connection: Connection, run_id: str, who: str) -> Person | None:
    """Find the person of a run whom an id means.

    Parameters
    ----------
    who
        Author id (of today or of any earlier run), ORCID iD in any printed form, or roster
        person_id; where an author id and a person_id are the same number, the author id is meant.
    """
    for condition in _meanings(connection, who.strip()):
        chosen = SHOWN_PEOPLE.where(condition).order_by(PEOPLE.c.author_id)
        row = connection.execute(chosen.limit(1), {"run_id": run_id}).first()
        if row is not None:
            return Person(*row)
    return None


def _meanings(connection: Connection, who: str) -> Iterator[ColumnElement[bool]]:
    """Say what an id may mean, one after the other; most often the first is right."""
    orcid = printed_orcid(who)
    if orcid is not None:
        yield PEOPLE.c.orcid == orcid
    number = id_number(who)
    if number is not None:
        yield PEOPLE.c.author_id == number
        yield PEOPLE.c.author_id == current_id(connection, number)
    yield PEOPLE.c.author_id.in_(
        select(SUBSCRIBERS.c.author_id).where(SUBSCRIBERS.c.person_id == who)
    )


def listed_as(engine: Engine, who: str) -> OnRoster | None:
    """Find somebody on the roster; see `person_on_roster`."""
    with reading(engine) as connection:
        return person_on_roster(connection, who)


def person_on_roster(connection: Connection, who: str) -> OnRoster | None:
    """Find somebody on the roster by person_id or ORCID iD; None for who asked to be left alone."""
    names = SUBSCRIBERS.c
    is_meant = names.person_id == who.strip()
    orcid = printed_orcid(who)
    if orcid is not None:
        is_meant = or_(is_meant, names.orcid == orcid)
    chosen = (
        select(names.person_id, names.name, names.institution, names.author_id)
        .where(is_meant, ~IS_SUPPRESSED)
        .order_by(names.person_id)
    )
    row = connection.execute(chosen.limit(1)).first()
    return OnRoster(*row) if row is not None else None


def works_at(connection: Connection, person: Person, institution: str) -> bool:
    """Whether somebody is of an institution: by their latest paper, or on the roster."""
    if person.institution == institution:
        return True
    names = SUBSCRIBERS.c
    listed = select(names.person_id).where(
        names.author_id == person.author_id, names.institution == institution
    )
    return connection.execute(listed.limit(1)).first() is not None


def search_people(
    connection: Connection, run_id: str, sought: Sought, limit: int, after: After | None = None
) -> list[Person]:
    """Find people of a run; those of exactly this name first, then those with the most papers.

    Parameters
    ----------
    after
        Where the page before ended, as `place_of` says it.
    """
    words = fold_name(sought.name).split() if sought.name is not None else None
    if words == []:
        return []
    is_whole = _is_whole(words)
    found = _sought(SHOWN_PEOPLE, sought, words)
    if after is not None:
        whole, count, author_id = after
        papers = PEOPLE.c.publication_count
        is_later = or_(papers < count, and_(papers == count, PEOPLE.c.author_id > author_id))
        found = found.where(or_(is_whole < whole, and_(is_whole == whole, is_later)))
    order = (is_whole.desc(), PEOPLE.c.publication_count.desc(), PEOPLE.c.author_id)
    rows = connection.execute(found.order_by(*order).limit(limit), {"run_id": run_id}).all()
    return [Person(*row) for row in rows]


def place_of(person: Person, sought: Sought) -> After:
    """Say where in the order of `search_people` somebody stands."""
    words = fold_name(sought.name).split() if sought.name is not None else []
    is_whole = bool(words) and len(fold_name(person.name)) == len(" ".join(words))
    return int(is_whole), person.publication_count, person.author_id


def _is_whole(words: list[str] | None) -> ColumnElement[int]:
    """1 for a name of exactly these words, in whatever order."""
    length = len(" ".join(words or []))
    return case((func.length(PEOPLE.c.name_key) == length, 1), else_=0)


def _sought(people: Select[Any], sought: Sought, words: list[str] | None) -> Select[Any]:
    key = " " + PEOPLE.c.name_key
    for word in words or []:  # folded words hold letters and digits only: nothing LIKE would read
        people = people.where(key.like(f"% {word}%"))
    if sought.orcid is not None:
        people = people.where(PEOPLE.c.orcid == (printed_orcid(sought.orcid) or ""))
    for column, part in (
        (PEOPLE.c.institution, sought.institution),
        (PEOPLE.c.department, sought.department),
    ):
        if part is not None:
            people = people.where(column.icontains(part.strip(), autoescape=True))
    return people
