"""Who is to get a digest, and which were claimed, written or failed.

A delivery is claimed by inserting its unique Message-ID before anything is sent, so that no message
goes out twice. A claim left `pending` by a crash is never repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.errors import ConfrereError
from pipeline.serving.database import Connection, Engine, reading, writing
from pipeline.serving.roster import IS_SUPPRESSED
from pipeline.serving.schema import (
    DELIVERED_SUGGESTIONS,
    DELIVERIES,
    REDIRECTS,
    RUNS,
    SUBSCRIBERS,
    V1_PEOPLE,
    hold_pointer,
)
from pipeline.tables import ID


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person on the roster who wants the digest and is served by the current run."""

    person_id: str
    name: str
    email: str
    orcid: str | None
    department: str | None
    author_id: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message about to be sent.

    `candidate_ids` are the people it suggests, `named_ids` those it names beside them.
    """

    person_id: str
    run_id: str
    message_id: str
    subject: str
    candidate_ids: tuple[int, ...]
    named_ids: tuple[int, ...]
    created_at: datetime


IMPRESSIONS = pa.schema([("author_id", ID), ("candidate_id", ID), ("impression_count", ID)])

_OPTED_IN = (
    select(
        SUBSCRIBERS.c.person_id,
        SUBSCRIBERS.c.name,
        SUBSCRIBERS.c.email,
        SUBSCRIBERS.c.orcid,
        SUBSCRIBERS.c.department,
        SUBSCRIBERS.c.author_id,
    )
    .join(V1_PEOPLE, V1_PEOPLE.c.author_id == SUBSCRIBERS.c.author_id)
    .where(SUBSCRIBERS.c.wants_digest, V1_PEOPLE.c.is_served, ~IS_SUPPRESSED)
    .order_by(SUBSCRIBERS.c.person_id)
)


def opted_in(engine: Engine) -> list[Subscriber]:
    """List who wants the digest, is served by the current run and is not suppressed in any way."""
    with reading(engine) as connection:
        return [Subscriber(**row._mapping) for row in connection.execute(_OPTED_IN)]


def already_suggested(engine: Engine, person_id: str) -> set[int]:
    """Give the author ids that earlier digests suggested to `person_id`; failed ones do not count.

    After re-clustering a person is known again by ORCID iD, and by where ids lead in any run that
    is kept.
    """
    told = (
        select(DELIVERED_SUGGESTIONS.c.candidate_id, DELIVERED_SUGGESTIONS.c.candidate_orcid)
        .join(DELIVERIES)
        .where(DELIVERIES.c.person_id == person_id, DELIVERIES.c.state != "failed")
        .subquery()
    )
    candidate_id, led = told.c.candidate_id, REDIRECTS.c
    same_orcid = select(V1_PEOPLE.c.author_id).join(
        told, told.c.candidate_orcid == V1_PEOPLE.c.orcid
    )
    now_called = select(led.current_id).join(told, candidate_id == led.author_id)
    once_called = select(led.author_id).join(told, candidate_id == led.current_id)
    known = select(candidate_id).union(
        same_orcid, now_called.where(led.current_id.is_not(None)), once_called
    )
    with reading(engine) as connection:
        return set(connection.scalars(known))


def impressions(engine: Engine, as_of: date) -> pa.Table:
    """Count how often digests of runs before `as_of` suggested whom to whom.

    Returns
    -------
    Columns author_id, candidate_id, impression_count, in order of the ids.
    """
    author_id, candidate_id = SUBSCRIBERS.c.author_id, DELIVERED_SUGGESTIONS.c.candidate_id
    shown = (
        select(author_id, candidate_id, func.count().label("impression_count"))
        .select_from(DELIVERED_SUGGESTIONS)
        .join(DELIVERIES)
        .join(SUBSCRIBERS)
        .join(RUNS, RUNS.c.run_id == DELIVERIES.c.run_id)
        .where(DELIVERIES.c.state == "written", RUNS.c.as_of < as_of, author_id.is_not(None))
        .group_by(author_id, candidate_id)
        .order_by(author_id, candidate_id)
    )
    with reading(engine) as connection:
        rows = [dict(row._mapping) for row in connection.execute(shown)]
    return pa.Table.from_pylist(rows, IMPRESSIONS)


def claim_delivery(engine: Engine, delivery: Delivery) -> bool:
    """Claim a message before it is sent.

    Returns
    -------
    False if the message was claimed before and has not failed, or if its recipient or somebody it
    suggests or names has opted out in the meantime: then it must not be sent.
    """
    with writing(engine) as connection:
        hold_pointer(connection)  # no opt-out can slip in between
        if not _may_be_sent(connection, delivery):
            return False
        return _insert_claim(connection, delivery)


def mark_delivered(engine: Engine, message_id: str, path: str, at: datetime) -> None:
    """Note that a claimed message was written to `path`."""
    _mark(engine, message_id, state="written", path=path, delivered_at=at)


def mark_failed(engine: Engine, message_id: str, error: str) -> None:
    """Note that a claimed message was not delivered, and why."""
    _mark(engine, message_id, state="failed", error=error)


def _may_be_sent(connection: Connection, delivery: Delivery) -> bool:
    is_wanted = connection.execute(
        _OPTED_IN.where(SUBSCRIBERS.c.person_id == delivery.person_id)
    ).first()
    told = {*delivery.candidate_ids, *delivery.named_ids}
    visible = connection.scalars(
        select(V1_PEOPLE.c.author_id).where(V1_PEOPLE.c.author_id.in_(told))
    )
    return is_wanted is not None and set(visible) == told


def _insert_claim(connection: Connection, delivery: Delivery) -> bool:
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    claim = {
        "state": "pending",
        "subject": delivery.subject,
        "created_at": delivery.created_at,
        "error": None,
    }
    # one statement: of two that claim at once, or take over at once, one gets a row back
    delivery_id = connection.scalar(
        make(DELIVERIES)
        .values(
            person_id=delivery.person_id,
            run_id=delivery.run_id,
            message_id=delivery.message_id,
            **claim,
        )
        .on_conflict_do_update(
            index_elements=["message_id"], set_=claim, where=DELIVERIES.c.state == "failed"
        )
        .returning(DELIVERIES.c.delivery_id)
    )
    if delivery_id is None:
        return False
    # what a failed attempt would have suggested
    earlier = DELIVERED_SUGGESTIONS.c.delivery_id == delivery_id
    connection.execute(delete(DELIVERED_SUGGESTIONS).where(earlier))
    orcids = select(V1_PEOPLE.c.author_id, V1_PEOPLE.c.orcid).where(
        V1_PEOPLE.c.author_id.in_(delivery.candidate_ids)
    )
    rows = [
        {"delivery_id": delivery_id, "candidate_id": author_id, "candidate_orcid": orcid}
        for author_id, orcid in connection.execute(orcids)
    ]
    if rows:
        connection.execute(insert(DELIVERED_SUGGESTIONS), rows)
    return True


def _mark(engine: Engine, message_id: str, **values: object) -> None:
    with writing(engine) as connection:
        result = connection.execute(
            update(DELIVERIES).where(DELIVERIES.c.message_id == message_id).values(**values)
        )
        if result.rowcount != 1:
            raise ConfrereError(
                f"[message {message_id}] was never claimed: claim it before sending"
            )
