"""What humans said of matches: kept for ever, by evidence that survives re-clustering.

A decision is a row that is added and never changed. It knows its author again by the places of the
author's names on papers and by ORCID iD, as they were on that day. No stage of the pipeline writes
here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from sqlalchemy import insert, select

from pipeline import engine as sql
from pipeline.lake import Dataset
from pipeline.serving.database import Connection, Engine, reading, writing
from pipeline.serving.roster import resolve_subscribers
from pipeline.serving.roster_matches import write_verdicts
from pipeline.serving.schema import (
    ROSTER_DECISION_MENTIONS,
    ROSTER_DECISIONS,
    SUBSCRIBERS,
    hold_pointer,
)
from pipeline.settings import Settings
from pipeline.tables import COUNT, FLAG, ID, TEXT

TABLES = ("mentions", "identities", "authors")
"""Lake tables that decisions are read against."""

PAIRS = pa.schema(
    [
        ("pmid", ID),
        ("position", COUNT),
        ("other_pmid", ID),
        ("other_position", COUNT),
        ("is_same", FLAG),
    ]
)
PAIRS_PER_PERSON = 200
_ROOM = Path(__file__).parent
_DECIDED = pa.schema(
    [
        ("decision_id", ID),
        ("person_id", TEXT),
        ("author_id", ID),
        ("is_same", FLAG),
        ("orcid", TEXT),
    ]
)
_DECIDED_MENTIONS = pa.schema(
    [("decision_id", ID), ("person_id", TEXT), ("pmid", ID), ("position", COUNT)]
)
_KNOWN_PAPERS = pa.schema([("person_id", TEXT), ("pmid", ID)])


@dataclass(frozen=True, slots=True)
class Decision:
    """A human's word on whether somebody on the roster is an author.

    `mentions` are (pmid, position) of all the author's papers, `orcid` is theirs: by these the
    author is known again.
    """

    person_id: str
    author_id: int
    is_same: bool
    orcid: str | None
    mentions: Sequence[tuple[int, int]]
    decided_by: str
    decided_at: datetime


def decide(engine: Engine, decision: Decision) -> None:
    """Keep a decision, and act on it at once. The newest one on an author holds."""
    row = {
        "person_id": decision.person_id,
        "author_id": decision.author_id,
        "is_same": decision.is_same,
        "orcid": decision.orcid,
        "decided_by": decision.decided_by,
        "decided_at": decision.decided_at,
    }
    with writing(engine) as connection:
        hold_pointer(connection)
        added = insert(ROSTER_DECISIONS).values(row).returning(ROSTER_DECISIONS.c.decision_id)
        decision_id = connection.scalar(added)
        connection.execute(
            insert(ROSTER_DECISION_MENTIONS),
            [
                {"decision_id": decision_id, "pmid": pmid, "position": position}
                for pmid, position in decision.mentions
            ],
        )
        write_verdicts(connection, [row])
        resolve_subscribers(connection)


def apply_decisions(
    connection: Connection, tables: Mapping[str, Dataset], settings: Settings
) -> None:
    """Write into `roster_matches` what the decisions mean now.

    Where one author gathers what was confirmed and what was rejected, no goes before yes.
    """
    sources = _decided(connection) | {name: tables[name] for name in ("identities", "authors")}
    if sources["decided"].num_rows == 0:
        return
    meant = sql.fetch(_ROOM / "roster_verdicts.sql", sources, {}, settings).to_pylist()
    decisions = {
        row["decision_id"]: row for row in connection.execute(select(ROSTER_DECISIONS)).mappings()
    }
    verdicts = [{**decisions[row["decision_id"]], "author_id": row["author_id"]} for row in meant]
    # the last of a key is written: yes before no, older before newer
    verdicts.sort(key=lambda row: (not row["is_same"], row["decision_id"]))
    write_verdicts(connection, verdicts)


def decided_pairs(engine: Engine, tables: Mapping[str, Dataset], settings: Settings) -> pa.Table:
    """Give what humans decided as pairs of mentions.

    Returns
    -------
    pmid, position, other_pmid, other_position, is_same; each pair once, the smaller key first. See
    roster_pairs.sql for which pairs; at most `PAIRS_PER_PERSON` of a kind for each person.
    """
    with reading(engine) as connection:
        sources = _decided(connection) | {"mentions": tables["mentions"]}
        known = select(SUBSCRIBERS.c.person_id, SUBSCRIBERS.c.pmids).where(
            SUBSCRIBERS.c.pmids.is_not(None)
        )
        papers = [
            {"person_id": row.person_id, "pmid": int(pmid)}
            for row in connection.execute(known)
            for pmid in row.pmids.split()
        ]
    sources["known_papers"] = pa.Table.from_pylist(papers, _KNOWN_PAPERS)
    limit: dict[str, sql.Value] = {"pairs_per_person": PAIRS_PER_PERSON}
    return sql.fetch(_ROOM / "roster_pairs.sql", sources, limit, settings).cast(PAIRS)


def _decided(connection: Connection) -> dict[str, pa.Table]:
    """Read decisions and their mentions, for SQL over the lake."""
    chosen = select(*(ROSTER_DECISIONS.c[name] for name in _DECIDED.names))
    mentions = select(
        ROSTER_DECISION_MENTIONS.c.decision_id,
        ROSTER_DECISIONS.c.person_id,
        ROSTER_DECISION_MENTIONS.c.pmid,
        ROSTER_DECISION_MENTIONS.c.position,
    ).join(ROSTER_DECISIONS)
    return {
        "decided": _arrow(connection.execute(chosen).all(), _DECIDED),
        "decided_mentions": _arrow(connection.execute(mentions).all(), _DECIDED_MENTIONS),
    }


def _arrow(rows: Sequence[Sequence[object]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([list(column) for column in columns], schema=schema)
