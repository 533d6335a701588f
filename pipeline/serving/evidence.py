"""What is known of a person who asks to be left alone, wherever they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import exists, or_, select

from pipeline.lake import Dataset
from pipeline.serving.database import Connection, Engine, reading
from pipeline.serving.orcid import printed_orcid
from pipeline.serving.queries import id_number
from pipeline.serving.schema import PEOPLE, ROSTER_MATCHES, SUBSCRIBERS, SUPPRESSIONS
from pipeline.tables import MENTIONS_PER_PAPER

_MATCH = ROSTER_MATCHES.c
Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """By what later runs know a person again; `author_id` is who they are now, if anybody."""

    author_id: int | None
    orcid: str | None
    mentions: tuple[tuple[int, int], ...]
    address_hashes: tuple[str, ...]


def find_evidence(engine: Engine, who: str, tables: Mapping[str, Dataset]) -> Evidence | None:
    """Gather what is known of `who`: an ORCID iD, an author id or a roster id, in this order.

    The person need not be in the current run: any ORCID iD counts, known or not, and any author of
    the lake tables `authors` and `identities`. None where `who` is no such id.
    """
    who = who.strip()
    with reading(engine) as connection:
        orcid, number = printed_orcid(who), id_number(who)
        author_id = None if orcid or number is None else _author(connection, number, tables)
        person_id = who if orcid is None and author_id is None else None
        if person_id is not None:
            on_roster = select(SUBSCRIBERS.c.orcid, SUBSCRIBERS.c.author_id)
            row = connection.execute(on_roster.where(SUBSCRIBERS.c.person_id == who)).first()
            if row is None:
                return None
            orcid, author_id = row.orcid, row.author_id
        orcid = orcid or _orcid_of(connection, author_id, tables)
        if author_id is None and orcid is not None:
            author_id = _with_orcid(orcid, tables)
        authors = {author_id} | _confirmed(connection, person_id)
        return Evidence(
            author_id,
            orcid,
            tuple(sorted(place for known in authors for place in _mentions(known, tables))),
            _address_hashes(connection, person_id, orcid, author_id),
        )


def hidden_mentions(engine: Engine, hidden_ids: Numbers, identities: Dataset) -> Numbers:
    """Number the mentions of hidden authors and those that are evidence themselves, sorted.

    The number is `pmid * MENTIONS_PER_PAPER + position`, as in author ids.
    """
    theirs = [
        mention_numbers(batch.filter(pc.is_in(batch["author_id"], pa.array(hidden_ids))))
        for batch in identities.batches(["pmid", "position", "author_id"])
    ]
    with reading(engine) as connection:
        chosen = select(SUPPRESSIONS.c.value).where(SUPPRESSIONS.c.kind == "mention")
        places = [value.split(":") for value in connection.scalars(chosen)]
    told = [int(pmid) * MENTIONS_PER_PAPER + int(position) for pmid, position in places]
    return np.unique(np.concatenate([*theirs, np.array(told, dtype=np.int64)]))


def mention_numbers(batch: pa.RecordBatch) -> Numbers:
    """Number the mentions of a batch with `pmid` and `position`, shape (rows,)."""
    pmids: Numbers = batch["pmid"].to_numpy()
    return pmids * MENTIONS_PER_PAPER + batch["position"].to_numpy()


def _author(connection: Connection, number: int, tables: Mapping[str, Dataset]) -> int | None:
    in_a_run = select(PEOPLE.c.author_id).where(PEOPLE.c.author_id == number).limit(1)
    is_known = (
        connection.scalar(in_a_run) is not None
        or bool(_rows(tables["authors"], "author_id", number, []))
        or bool(_mentions(number, tables))
    )
    return number if is_known else None


def _orcid_of(
    connection: Connection, author_id: int | None, tables: Mapping[str, Dataset]
) -> str | None:
    if author_id is None:
        return None
    known = [row["orcid"] for row in _rows(tables["authors"], "author_id", author_id, ["orcid"])]
    in_runs = select(PEOPLE.c.orcid).where(PEOPLE.c.author_id == author_id)
    known += connection.scalars(in_runs.order_by(PEOPLE.c.run_id.desc()))
    return next((orcid for orcid in known if orcid), None)


def _with_orcid(orcid: str, tables: Mapping[str, Dataset]) -> int | None:
    found = _rows(tables["authors"], "orcid", orcid, ["author_id"])
    return min((row["author_id"] for row in found), default=None)


def _mentions(author_id: int | None, tables: Mapping[str, Dataset]) -> tuple[tuple[int, int], ...]:
    if author_id is None:
        return ()
    rows = _rows(tables["identities"], "author_id", author_id, ["pmid", "position"])
    return tuple((row["pmid"], row["position"]) for row in rows)


def _confirmed(connection: Connection, person_id: str | None) -> set[int | None]:
    """Author ids that a human confirmed for somebody on the roster: they may be split over many."""
    chosen = select(_MATCH.author_id).where(
        _MATCH.person_id == person_id, _MATCH.status == "confirmed"
    )
    return set(connection.scalars(chosen))


def _rows(table: Dataset, column: str, value: int | str, names: list[str]) -> list[dict[str, Any]]:
    return [
        row
        for batch in table.batches([*names, column])
        for row in batch.filter(pc.equal(batch[column], value)).to_pylist()
    ]


def _address_hashes(
    connection: Connection, person_id: str | None, orcid: str | None, author_id: int | None
) -> tuple[str, ...]:
    """Hashes of the addresses under which the person is on the roster."""
    known = {"person_id": person_id, "orcid": orcid, "author_id": author_id}
    same = [SUBSCRIBERS.c[name] == value for name, value in known.items() if value is not None]
    confirmed = exists().where(
        _MATCH.person_id == SUBSCRIBERS.c.person_id,
        _MATCH.author_id == author_id,
        _MATCH.status == "confirmed",
    )
    same.append(confirmed)
    found = select(SUBSCRIBERS.c.address_hash).where(or_(*same))
    return tuple(connection.scalars(found.order_by(SUBSCRIBERS.c.person_id)))
