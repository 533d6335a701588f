"""Whom a person should meet, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, exists, func, or_, select

from pipeline.serving.database import Connection, Engine, reading
from pipeline.serving.queries.people import person_of_id
from pipeline.serving.queries.records import Paper, Person, Reason, Recommendation, Suggestions
from pipeline.serving.queries.runs import run_now
from pipeline.serving.queries.shown import (
    RUN,
    SHOWN_RECOMMENDATIONS,
    named_ids,
    papers_by_id,
    people_by_id,
)
from pipeline.serving.schema import (
    PEOPLE,
    PERSON_TOPICS,
    RECOMMENDATIONS,
    SUBSCRIBERS,
    V1_PEOPLE,
    V1_RECOMMENDATIONS,
)

PEOPLE_NAMED, PAPERS_NAMED = ("person_id", "other_person_id"), ("pmid", "other_pmid")
ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recommendations are asked for; all that is given must fit.

    `other_department`, `other_institution`: both sides name one, and another. `topic`: a MeSH
    heading or keyword among those that tell most of the person suggested.
    """

    other_department: bool = False
    other_institution: bool = False
    topic: str | None = None
    min_probability: float | None = None


ANY = Wanted()
_OWN = (
    SHOWN_RECOMMENDATIONS.where(
        RECOMMENDATIONS.c.author_id == bindparam("author_id"),
        RECOMMENDATIONS.c.rank > bindparam("after_rank"),
    )
    .order_by(RECOMMENDATIONS.c.rank)
    .limit(bindparam("most"))
)


def suggestions_of(engine: Engine, who: str, limit: int) -> Suggestions | None:
    """Give the best `limit` recommendations of a person; None where nobody has this id.

    `who` is read as `person_of_id` reads it.
    """
    with reading(engine) as connection:
        run = run_now(connection)
        person = person_of_id(connection, run.run_id, who) if run else None
        if run is None or person is None:
            return None
        found = recommendations(connection, run.run_id, person, limit)
        return Suggestions(run, person, tuple(found))


def recommendations_of(engine: Engine, author_id: int, limit: int) -> list[Recommendation]:
    """Give the best `limit` recommendations of an author; none where nobody has this id."""
    found = suggestions_of(engine, str(author_id), limit)
    return list(found.recommendations) if found else []


def recommendations(
    connection: Connection,
    run_id: str,
    author: Person,
    limit: int,
    wanted: Wanted = ANY,
    after_rank: int = 0,
) -> list[Recommendation]:
    """Give a person's recommendations of a run from a rank on, best first."""
    return _told(connection, run_id, rows_of(connection, run_id, author, limit, wanted, after_rank))


def rows_of(
    connection: Connection,
    run_id: str,
    author: Person,
    limit: int,
    wanted: Wanted,
    after_rank: int,
) -> Sequence[Row[Any]]:
    """Read a person's recommendations as they are kept, best first."""
    chosen = _OWN
    for condition in _conditions(author, wanted):
        chosen = chosen.where(condition)
    asked = {
        "run_id": run_id,
        "author_id": author.author_id,
        "after_rank": after_rank,
        "most": limit,
    }
    return connection.execute(chosen, asked).all()


def recommendation_of(
    connection: Connection, run_id: str, author: Person, candidate_id: int
) -> Recommendation | None:
    """Give the recommendation of one person to another; None where there is none."""
    given = RECOMMENDATIONS.c
    chosen = SHOWN_RECOMMENDATIONS.where(
        given.author_id == author.author_id, given.candidate_id == candidate_id
    )
    rows = connection.execute(chosen.order_by(given.rank).limit(1), {"run_id": run_id}).all()
    return next(iter(_told(connection, run_id, rows)), None)


EXPORTED = tuple(column.name for column in V1_RECOMMENDATIONS.columns)
"""The columns of an export."""


def exported(
    connection: Connection, institution: str | None
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Stream the recommendations of the current run in order, `EXPORTED`, some rows at a time.

    Parameters
    ----------
    institution
        Whose people's; None: everybody's.
    """
    seen = V1_RECOMMENDATIONS.c
    chosen = select(V1_RECOMMENDATIONS).order_by(seen.author_id, seen.rank)
    if institution is not None:
        chosen = chosen.where(_is_of(institution))
    streamed = connection.execution_options(yield_per=ROWS_AT_ONCE)
    for rows in streamed.execute(chosen).partitions():
        yield [tuple(row) for row in rows]


def _is_of(institution: str) -> ColumnElement[bool]:
    """Whether the author of a recommendation is of an institution; see `works_at`."""
    author_id, people, names = V1_RECOMMENDATIONS.c.author_id, V1_PEOPLE.c, SUBSCRIBERS.c
    return or_(
        author_id.in_(select(people.author_id).where(people.institution == institution)),
        author_id.in_(
            select(names.author_id).where(
                names.institution == institution, names.author_id.is_not(None)
            )
        ),
    )


def _conditions(author: Person, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    given = RECOMMENDATIONS.c
    for is_asked, column, own in (
        (wanted.other_institution, PEOPLE.c.institution, author.institution),
        (wanted.other_department, PEOPLE.c.department, author.department),
    ):
        if is_asked:  # who names none is compared with nobody, as in `recommend`
            yield exists().where(
                PEOPLE.c.run_id == RUN,
                PEOPLE.c.author_id == given.candidate_id,
                column != own,
            )
    if wanted.topic is not None:
        yield exists().where(
            PERSON_TOPICS.c.run_id == RUN,
            PERSON_TOPICS.c.author_id == given.candidate_id,
            func.lower(PERSON_TOPICS.c.topic) == func.lower(wanted.topic.strip()),
        )
    if wanted.min_probability is not None:
        yield given.probability >= wanted.min_probability


def _told(connection: Connection, run_id: str, rows: Sequence[Row[Any]]) -> list[Recommendation]:
    """Name whom and what the rows and their reasons mean."""
    facts = [json.loads(row.reasons) for row in rows]
    flat = [fact for listed in facts for fact in listed]
    ids = [number for row in rows for number in (row.candidate_id, row.introducer_id)]
    people = people_by_id(connection, run_id, ids + named_ids(flat, *PEOPLE_NAMED))
    papers = papers_by_id(connection, run_id, named_ids(flat, *PAPERS_NAMED))
    return [
        Recommendation(
            row.rank,
            people[row.candidate_id],
            row.score,
            row.probability,
            people.get(row.introducer_id),
            _reasons(listed, people, papers),
            row.placed_by,
        )
        for row, listed in zip(rows, facts, strict=True)
    ]


def _reasons(
    facts: Sequence[Mapping[str, Any]], people: Mapping[int, Person], papers: Mapping[int, Paper]
) -> tuple[Reason, ...]:
    """Name people and papers; leave out facts about people who want to be left alone."""
    told, is_cut = [], False
    for fact in facts:
        names = fact.get
        one, other = names("person_id"), names("other_person_id")
        person, other_person = people.get(one), people.get(other)  # type: ignore[arg-type]  # None: nobody
        if (one is None or person) and (other is None or other_person):
            paper, other_paper = papers.get(names("pmid")), papers.get(names("other_pmid"))  # type: ignore[arg-type]  # as above
            told.append(
                Reason(
                    fact["kind"],
                    fact["contribution"],
                    person,
                    other_person,
                    names("topic"),
                    paper,
                    other_paper,
                )
            )
        else:
            is_cut |= fact["kind"] == "path"
    # a path with a gap leads nowhere: all its steps go with the hidden one
    return tuple(reason for reason in told if not (is_cut and reason.kind == "path"))
