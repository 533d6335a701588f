"""Who the people of the roster may be: proposals of matching beside what humans said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import case, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.serving.bulk import insert_batch
from pipeline.serving.database import Connection, Engine, reading
from pipeline.serving.evidence import Numbers
from pipeline.serving.roster import IS_SUPPRESSED
from pipeline.serving.schema import ROSTER_MATCHES, SUBSCRIBERS
from pipeline.tables import ID, TEXT

ROSTER = pa.schema(
    [
        ("person_id", TEXT),
        ("name", TEXT),
        ("email", TEXT),
        ("orcid", TEXT),
        ("department", TEXT),
        ("institution", TEXT),
        ("pmids", pa.list_(ID)),
        ("past_affiliations", pa.list_(TEXT)),
    ]
)
ROWS_AT_ONCE = 20_000
_SURE = ("confirmed", "matched")


@dataclass(frozen=True, slots=True)
class Undecided:
    """A person of the roster and an author they may be. `facts` are as in `roster_matches`."""

    person_id: str
    name: str
    department: str | None
    author_id: int
    confidence: float
    facts: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """How many of the roster are found, have candidates to decide on, or are nobody known."""

    found_count: int
    undecided_count: int
    unknown_count: int


def read_people(engine: Engine) -> pa.Table:
    """Read the roster for matching, as in `ROSTER`, by person_id."""
    with reading(engine) as connection:
        chosen = select(*(SUBSCRIBERS.c[name] for name in ROSTER.names))
        rows = connection.execute(chosen.order_by(SUBSCRIBERS.c.person_id)).all()
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * len(ROSTER)
    columns[-2] = [[int(pmid) for pmid in (text or "").split()] for text in columns[-2]]
    columns[-1] = [(text or "").split("; ") if text else [] for text in columns[-1]]
    return pa.table(columns, schema=ROSTER)


def matched_author_ids(engine: Engine) -> Numbers:
    """Author ids of who on the roster is found for sure, ascending; shape (authors,)."""
    sure = select(ROSTER_MATCHES.c.author_id).where(ROSTER_MATCHES.c.status.in_(_SURE))
    with reading(engine) as connection:
        found = connection.scalars(sure.distinct().order_by(ROSTER_MATCHES.c.author_id)).all()
    return np.array(found, np.int64)


def replace_proposals(connection: Connection, proposals: pa.Table) -> None:
    """Take these for all earlier matches: person_id, author_id, status, confidence, evidence."""
    connection.execute(delete(ROSTER_MATCHES))
    for batch in proposals.to_batches(ROWS_AT_ONCE):
        insert_batch(connection, ROSTER_MATCHES, batch)


def write_verdicts(connection: Connection, verdicts: Iterable[Mapping[str, Any]]) -> None:
    """Mark matches as confirmed or rejected; of two verdicts on a match the last is written."""
    rows = {
        (verdict["person_id"], verdict["author_id"]): {
            "person_id": verdict["person_id"],
            "author_id": verdict["author_id"],
            "status": "confirmed" if verdict["is_same"] else "rejected",
            "confidence": None,
            "evidence": "[]",
            "decided_by": verdict["decided_by"],
            "decided_at": verdict["decided_at"],
        }
        for verdict in verdicts
    }
    if not rows:
        return
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = make(ROSTER_MATCHES)
    told = ("status", "decided_by", "decided_at")
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["person_id", "author_id"],
            set_={name: new.excluded[name] for name in told},
        ),
        list(rows.values()),
    )


def undecided(engine: Engine) -> list[Undecided]:
    """List what a human should decide: people nobody is sure of first, then the likeliest first.

    People who asked to be left alone are not in it; authors who did may be.
    """
    matches = ROSTER_MATCHES.c
    chosen = (
        select(
            matches.person_id,
            SUBSCRIBERS.c.name,
            SUBSCRIBERS.c.department,
            matches.author_id,
            matches.confidence,
            matches.evidence,
        )
        .join(SUBSCRIBERS, SUBSCRIBERS.c.person_id == matches.person_id)
        .where(matches.status == "to decide", ~IS_SUPPRESSED)
        .order_by(
            case((_is_found(), 1), else_=0),
            matches.confidence.desc(),
            matches.person_id,
            matches.author_id,
        )
    )
    with reading(engine) as connection:
        return [Undecided(*row[:-1], json.loads(row[-1])) for row in connection.execute(chosen)]


def count_found(engine: Engine) -> Found:
    """Count the people of the roster who did not ask to be left alone, by what is known of them."""
    asked = exists().where(
        ROSTER_MATCHES.c.person_id == SUBSCRIBERS.c.person_id,
        ROSTER_MATCHES.c.status == "to decide",
    )
    state = case((_is_found(), 0), (asked, 1), else_=2).label("state")
    chosen = select(state, func.count()).where(~IS_SUPPRESSED).group_by(state)
    with reading(engine) as connection:
        counts = {row[0]: row[1] for row in connection.execute(chosen)}
    return Found(*(counts.get(state, 0) for state in range(3)))


def _is_found() -> Any:
    sure = ROSTER_MATCHES.alias("sure")
    return or_(
        SUBSCRIBERS.c.author_id.is_not(None),
        exists().where(
            sure.c.person_id == SUBSCRIBERS.c.person_id,
            sure.c.status.in_(_SURE),
        ),
    )
