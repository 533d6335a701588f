"""The institution's roster: who may get a digest, under which address, and who that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Dialect,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.serving.database import Connection, Engine, reading, writing
from pipeline.serving.roster_file import COLUMNS, Row, read_roster
from pipeline.serving.schema import (
    CURRENT_RUN,
    PEOPLE,
    ROSTER_MATCHES,
    SUBSCRIBERS,
    SUPPRESSED_PEOPLE,
    SUPPRESSIONS,
    hold_pointer,
)

__all__ = ["COLUMNS", "IS_SUPPRESSED", "Imported", "import_roster", "resolve_subscribers"]

_KIND, _VALUE = SUPPRESSIONS.c.kind, SUPPRESSIONS.c.value
IS_SUPPRESSED = or_(
    exists().where(
        or_(
            and_(_KIND == "address_hash", SUBSCRIBERS.c.address_hash == _VALUE),
            and_(_KIND == "orcid", SUBSCRIBERS.c.orcid == _VALUE),
        )
    ),
    exists().where(
        SUPPRESSED_PEOPLE.c.run_id == CURRENT_RUN.c.run_id,
        SUPPRESSED_PEOPLE.c.author_id == SUBSCRIBERS.c.author_id,
    ),
)
"""Whether somebody on the roster asked to be left alone, as far as the current run knows."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    `opted_in_count` is without the `suppressed_count` people who asked to be left alone.
    """

    person_count: int
    opted_in_count: int
    suppressed_count: int


def import_roster(engine: Engine, file: Path, key: bytes, now: datetime) -> Imported:
    """Add or update the people of a CSV file; people who are not in it stay as they are.

    So do columns that are not in it. See `read_roster` for the file and `key`.

    Raises
    ------
    ConfrereError
        Lines are wrong; the message names them and nothing is changed.
    """
    wishes: dict[object, object] = {}
    with writing(engine) as connection:
        hold_pointer(connection)
        for rows in read_roster(file, key):
            connection.execute(
                _upsert(engine.dialect, rows[0]), [{**row, "updated_at": now} for row in rows]
            )
            wishes |= {row["person_id"]: row["wants_digest"] for row in rows}
        resolve_subscribers(connection)
        suppressed = set(connection.scalars(select(SUBSCRIBERS.c.person_id).where(IS_SUPPRESSED)))
    told = [person_id for person_id in wishes if person_id not in suppressed]
    return Imported(
        person_count=len(wishes),
        opted_in_count=sum(bool(wishes[person_id]) for person_id in told),
        suppressed_count=len(wishes) - len(told),
    )


def resolve(engine: Engine) -> None:
    """Find everyone on the roster among the people of the current run, now."""
    with writing(engine) as connection:
        hold_pointer(connection)
        resolve_subscribers(connection)


def resolve_subscribers(connection: Connection) -> None:
    """Find everyone on the roster among the people of the current run.

    A human's decision counts first, then the ORCID iD, then what matching is sure of; whom a human
    rejected is never taken. Of several authors the one that is served and has most papers is taken,
    but one who is suppressed before all: then the person gets nothing.
    """
    best = _best()
    connection.execute(update(SUBSCRIBERS).values(author_id=None, matched_by=None))
    connection.execute(
        update(SUBSCRIBERS)
        .where(SUBSCRIBERS.c.person_id == best.c.person_id, best.c.place == 1)
        .values(author_id=best.c.author_id, matched_by=best.c.matched_by)
    )


def _best() -> Subquery:
    """Rank the authors that each person may be: person_id, author_id, matched_by, place."""
    claims = _claims()
    hidden = exists().where(
        SUPPRESSED_PEOPLE.c.run_id == CURRENT_RUN.c.run_id,
        SUPPRESSED_PEOPLE.c.author_id == claims.c.author_id,
    )
    place = func.row_number().over(
        partition_by=claims.c.person_id,
        order_by=(
            case((hidden, 0), else_=1),
            claims.c.strength,
            case((PEOPLE.c.is_served, 0), else_=1),
            func.coalesce(PEOPLE.c.publication_count, 0).desc(),
            claims.c.author_id,
        ),
    )
    return (
        select(claims.c.person_id, claims.c.author_id, claims.c.matched_by, place.label("place"))
        .select_from(claims)
        .join(CURRENT_RUN, CURRENT_RUN.c.run_id.is_not(None))
        .outerjoin(
            PEOPLE,
            and_(PEOPLE.c.run_id == CURRENT_RUN.c.run_id, PEOPLE.c.author_id == claims.c.author_id),
        )
        .where(or_(PEOPLE.c.author_id.is_not(None), hidden))
        .subquery("best")
    )


def _claims() -> Subquery:
    """List who may be whom, without what a human rejected; strength 1 goes first."""
    matches = ROSTER_MATCHES.c

    def told(status: str, matched_by: str, strength: int) -> Select[Any]:
        return select(
            matches.person_id,
            matches.author_id,
            literal(matched_by).label("matched_by"),
            literal(strength).label("strength"),
        ).where(matches.status == status)

    rejected = ROSTER_MATCHES.alias("rejected")
    by_orcid = (
        select(SUBSCRIBERS.c.person_id, PEOPLE.c.author_id, literal("orcid"), literal(2))
        .join(PEOPLE, PEOPLE.c.orcid == SUBSCRIBERS.c.orcid)
        .join(CURRENT_RUN, CURRENT_RUN.c.run_id == PEOPLE.c.run_id)
        .where(
            ~exists().where(
                rejected.c.person_id == SUBSCRIBERS.c.person_id,
                rejected.c.author_id == PEOPLE.c.author_id,
                rejected.c.status == "rejected",
            )
        )
    )
    return union_all(
        told("confirmed", "decision", 1), by_orcid, told("matched", "matching", 3)
    ).subquery("claims")


def _upsert(dialect: Dialect, row: Row) -> postgresql.Insert | sqlite.Insert:
    """Insert people, or replace what the columns of `row` say about them."""
    make = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    new = make(SUBSCRIBERS)
    told = {*row, "updated_at"} - {"person_id"}
    return new.on_conflict_do_update(
        index_elements=["person_id"], set_={name: new.excluded[name] for name in told}
    )


def name_of_person(engine: Engine, person_id: str) -> str | None:
    """Give the name of somebody on the roster; None where nobody has this person_id."""
    with reading(engine) as connection:
        chosen = select(SUBSCRIBERS.c.name).where(SUBSCRIBERS.c.person_id == person_id)
        return connection.scalar(chosen)
