"""What is known of a person who asks to be left alone, wherever they are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import exists, or_, select

from pipeline.lake import Dataset
from pipeline.serving.author_ids import author_today, id_number, names_of
from pipeline.serving.database import Connection, Engine, reading
from pipeline.serving.orcid import printed_orcid
from pipeline.serving.schema import PEOPLE, ROSTER_MATCHES, SUBSCRIBERS, SUPPRESSIONS
from pipeline.tables import MENTIONS_PER_PAPER

_MATCH = ROSTER_MATCHES.c
Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """By what later runs know a person again.

    `author_id` is who they are now, if anybody; `former_ids` lead there.
    """

    author_id: int | None
    orcid: str | None
    mentions: tuple[tuple[int, int], ...]
    address_hashes: tuple[str, ...]
    former_ids: tuple[int, ...] = ()


def find_evidence(engine: Engine, who: str, tables: Mapping[str, Dataset]) -> Evidence | None:
    """Gather what is known of `who`: an ORCID iD, an author id or a roster id, in this order.

    The person need not be in the current run: any ORCID iD counts, known or not, and any author id
    that the lake tables `authors`, `identities` and `redirects` know, also one that was given up:
    it means who bears it now. Where the author is gone, the place of the name that founded the id
    is the evidence: the id comes back with it. None where `who` is no such id.
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
        author_id, former_ids = _names(author_id, tables)
        orcid = orcid or _orcid_of(connection, author_id, former_ids, tables)
        if author_id is None and orcid is not None:
            author_id, former_ids = _names(_with_orcid(orcid, tables), tables)
        confirmed = {_names(known, tables)[0] for known in _confirmed(connection, person_id)}
        return Evidence(
            author_id,
            orcid,
            tuple(
                sorted(
                    place for known in {author_id} | confirmed for place in _mentions(known, tables)
                )
            ),
            _address_hashes(connection, person_id, orcid, [author_id, *former_ids]),
            former_ids,
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


def mention_numbers(batch: pa.RecordBatch, which: str = "") -> Numbers:
    """Number the mentions of a batch with `pmid` and `position`, shape (rows,).

    `which` is what stands before these names, where a row has more than one mention.
    """
    pmids: Numbers = batch[f"{which}pmid"].to_numpy()
    return pmids * MENTIONS_PER_PAPER + batch[f"{which}position"].to_numpy()


def _author(connection: Connection, number: int, tables: Mapping[str, Dataset]) -> int | None:
    in_a_run = select(PEOPLE.c.author_id).where(PEOPLE.c.author_id == number).limit(1)
    is_known = (
        connection.scalar(in_a_run) is not None
        or any(_rows(tables[name], "author_id", number, []) for name in ("authors", "redirects"))
        or bool(_rows(tables["identities"], "author_id", number, []))
    )
    return number if is_known else None


def _names(
    author_id: int | None, tables: Mapping[str, Dataset]
) -> tuple[int | None, tuple[int, ...]]:
    """Give the author id of today, and all ids that lead there."""
    if author_id is None:
        return None, ()
    today, _ = author_today(author_id, tables["redirects"])
    names = names_of(np.array([today]), tables["redirects"])
    return today, tuple(name for name in names.tolist() if name != today)


def _orcid_of(
    connection: Connection,
    author_id: int | None,
    former_ids: tuple[int, ...],
    tables: Mapping[str, Dataset],
) -> str | None:
    if author_id is None:
        return None
    known = [row["orcid"] for row in _rows(tables["authors"], "author_id", author_id, ["orcid"])]
    in_runs = select(PEOPLE.c.orcid).where(PEOPLE.c.author_id.in_([author_id, *former_ids]))
    known += connection.scalars(in_runs.order_by(PEOPLE.c.run_id.desc()))
    return next((orcid for orcid in known if orcid), None)


def _with_orcid(orcid: str, tables: Mapping[str, Dataset]) -> int | None:
    found = _rows(tables["authors"], "orcid", orcid, ["author_id"])
    return min((row["author_id"] for row in found), default=None)


def _mentions(author_id: int | None, tables: Mapping[str, Dataset]) -> tuple[tuple[int, int], ...]:
    if author_id is None:
        return ()
    rows = _rows(tables["identities"], "author_id", author_id, ["pmid", "position"])
    if not rows and author_today(author_id, tables["redirects"]) == (author_id, True):
        return _founding(author_id, tables)
    return tuple((row["pmid"], row["position"]) for row in rows)


def _founding(author_id: int, tables: Mapping[str, Dataset]) -> tuple[tuple[int, int], ...]:
    """Where the name stood that founded an id; nowhere, if that is somebody else's now."""
    pmid, position = divmod(author_id, MENTIONS_PER_PAPER)
    there = _rows(tables["identities"], "pmid", pmid, ["position"])
    return () if position in {row["position"] for row in there} else ((pmid, position),)


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
    connection: Connection,
    person_id: str | None,
    orcid: str | None,
    author_ids: Sequence[int | None],
) -> tuple[str, ...]:
    """Hashes of the addresses under which the person is on the roster."""
    known = {"person_id": person_id, "orcid": orcid}
    same = [SUBSCRIBERS.c[name] == value for name, value in known.items() if value is not None]
    same.append(SUBSCRIBERS.c.author_id.in_(author_ids))
    confirmed = exists().where(
        _MATCH.person_id == SUBSCRIBERS.c.person_id,
        _MATCH.author_id.in_(author_ids),
        _MATCH.status == "confirmed",
    )
    same.append(confirmed)
    found = select(SUBSCRIBERS.c.address_hash).where(or_(*same))
    return tuple(connection.scalars(found.order_by(SUBSCRIBERS.c.person_id)))
