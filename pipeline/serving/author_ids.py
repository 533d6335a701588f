"""An author id once served always resolves: to who bears it now, or to the word that nobody does.

Identity gives ids up when authors merge or lose all their papers; table `redirects` of the lake
says where they lead. Each run keeps, of the ids that were ever served, those that nobody bears in
it, so that a move of the pointer back finds everybody by the ids of that night.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import delete, exists, insert, or_, select

from pipeline.lake import Dataset
from pipeline.serving.database import Connection, Engine, reading
from pipeline.serving.schema import (
    CURRENT_RUN,
    REDIRECTS,
    SERVED_IDS,
    SUPPRESSED_PEOPLE,
    V1_PEOPLE,
    V1_REDIRECTS,
)
from pipeline.tables import ID

_LARGEST_ID = 2**63 - 1
IDS_AT_ONCE = 500
Ids = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody who was served once and is not among the people of the current run.

    `author_id` is their id of today. `is_gone`: PubMed has none of their papers any more; else the
    run has nothing to suggest to them, and nobody to suggest them to.
    """

    author_id: int
    is_gone: bool


def id_number(text: str) -> int | None:
    """Read an author id; None where `text` is none or larger than a column of ids can hold."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST_ID))):
        return None
    number = int(text)
    return number if number <= _LARGEST_ID else None


def portions(ids: Iterable[int | None]) -> list[list[int]]:
    """Split ids, once each, so that no query has more parameters than a database takes."""
    once = sorted({number for number in ids if number is not None})
    return [once[start : start + IDS_AT_ONCE] for start in range(0, len(once), IDS_AT_ONCE)]


def current_id(connection: Connection, author_id: int) -> int:
    """Say who an id means in the current run: itself, where it leads to nobody else."""
    seen = V1_REDIRECTS.c
    led = connection.scalar(select(seen.current_author_id).where(seen.author_id == author_id))
    return author_id if led is None else led


def absence_of(engine: Engine, who: str) -> Absence | None:
    """Say what became of an author id under which nobody is found in the current run.

    None where it was never served, or where the person asked to be left alone.
    """
    number = id_number(who.strip())
    with reading(engine) as connection:
        if number is None or _is_hidden(connection, number):
            return None
        seen = V1_REDIRECTS.c
        row = connection.execute(select(V1_REDIRECTS).where(seen.author_id == number)).first()
        if row is not None:
            return Absence(row.current_author_id or number, row.current_author_id is None)
        is_known = select(SERVED_IDS).where(SERVED_IDS.c.author_id == number)
        return Absence(number, False) if connection.execute(is_known).first() else None


def _is_hidden(connection: Connection, author_id: int) -> bool:
    """Whether the id, or whom it leads to, is suppressed in the current run."""
    hidden, led = SUPPRESSED_PEOPLE.c, REDIRECTS.c
    leads_to = select(led.current_id).where(
        led.run_id == CURRENT_RUN.c.run_id, led.author_id == author_id
    )
    chosen = select(hidden.author_id).where(
        hidden.run_id == CURRENT_RUN.c.run_id,
        or_(hidden.author_id == author_id, hidden.author_id.in_(leads_to)),
    )
    return connection.execute(chosen).first() is not None


def served_ids(engine: Engine) -> pa.Table:
    """Read all ids that were ever served: author_id."""
    with reading(engine) as connection:
        ids = connection.scalars(select(SERVED_IDS.c.author_id)).all()
    return pa.table({"author_id": pa.array(ids, ID)})


def note_served(connection: Connection, run_id: str) -> None:
    """Remember the ids that run `run_id`, which the pointer has just moved to, shows.

    An id that is gone and whose person had asked to be left alone is forgotten: it means no more
    than one that never was.
    """
    forgotten = _hidden_and_gone(connection, run_id)
    for some in portions(forgotten):
        connection.execute(delete(SERVED_IDS).where(SERVED_IDS.c.author_id.in_(some)))
        theirs = REDIRECTS.c.author_id.in_(some)
        connection.execute(delete(REDIRECTS).where(REDIRECTS.c.run_id == run_id, theirs))
    shown = V1_PEOPLE.c.author_id
    is_known = exists().where(SERVED_IDS.c.author_id == shown)
    connection.execute(
        insert(SERVED_IDS).from_select(["author_id"], select(shown).where(~is_known))
    )


def _hidden_and_gone(connection: Connection, run_id: str) -> set[int]:
    """Ids that are gone in a run and that, in one that is kept, mean somebody suppressed."""
    gone, before, hidden = (
        REDIRECTS.alias("gone").c,
        REDIRECTS.alias("before").c,
        SUPPRESSED_PEOPLE.c,
    )
    chosen = select(gone.author_id).where(gone.run_id == run_id, gone.current_id.is_(None))
    itself = chosen.join(SUPPRESSED_PEOPLE, hidden.author_id == gone.author_id)
    led_there = chosen.join(before.author_id.table, before.author_id == gone.author_id).join(
        SUPPRESSED_PEOPLE,
        (hidden.run_id == before.run_id) & (hidden.author_id == before.current_id),
    )
    return set(connection.scalars(itself.union(led_there)))


def author_today(author_id: int, redirects: Dataset) -> tuple[int, bool]:
    """Follow `redirects` of the lake: the author id of today, and whether its author is gone."""
    led = _led(author_id, redirects)
    while led and led[0] is not None:
        author_id = led[0]
        led = _led(author_id, redirects)
    return author_id, bool(led)


def names_of(author_ids: Ids, redirects: Dataset) -> Ids:
    """Give the ids that lead to any of `author_ids` in the lake, with these themselves; sorted."""
    wanted = pa.array(author_ids, ID)
    leading = [
        batch.filter(pc.is_in(batch["current_id"], wanted))["author_id"].to_numpy()
        for batch in redirects.batches(["author_id", "current_id"])
    ]
    return np.unique(np.concatenate([author_ids, *leading]).astype(np.int64))


def _led(author_id: int, redirects: Dataset) -> list[int | None]:
    """Where an id leads: to one id, to None where its author is gone; empty where it is borne."""
    return [
        current
        for batch in redirects.batches()
        for current in batch.filter(pc.equal(batch["author_id"], author_id))[
            "current_id"
        ].to_pylist()
    ]
