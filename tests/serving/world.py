"""A small drawn run: Ada and Bo are suggested to each other's neighbours.

Ada wrote papers 1 and 2 with Dee; Dee wrote paper 3 with Cy. Ada is suggested Cy (Dee introduces)
and Eve; Bo is suggested Eve.
"""

# ruff: noqa: E501  (rows read best one a line)
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq
from sqlalchemy import Table, insert, update

from pipeline.lake import Dataset, Layer
from pipeline.serving.database import Connection, Engine, writing
from pipeline.serving.names import fold_name
from pipeline.serving.publish import VALID_FOR, Published, Run, publish
from pipeline.serving.schema import (
    AUTHORED,
    CURRENT_RUN,
    PAPERS,
    PEOPLE,
    PERSON_TOPICS,
    RECOMMENDATIONS,
    REDIRECTS,
    RUNS,
    SERVED_IDS,
    TIES,
)
from pipeline.settings import Settings
from pipeline.tables import TABLES
from tests.builders import arrow

Rows = list[dict[str, Any]]
ADA, BO, CY, DEE, EVE = 101, 102, 103, 104, 105
ADA_ORCID, CY_ORCID = "0000-0002-1825-0097", "0000-0001-5109-3700"
NIGHT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
AS_OF = date(2026, 2, 28)

WORLD: dict[str, Rows] = {
    "authors": [
        {"author_id": ADA, "display_name": "Ada Løvelace-Smith", "orcid": ADA_ORCID, "institution": "Example University", "department": "Analysis", "publication_count": 5},
        {"author_id": BO, "display_name": "Bo Adams"},
        {"author_id": CY, "display_name": "Cy Müller", "orcid": CY_ORCID, "institution": "Other Hospital"},
        {"author_id": DEE, "display_name": "Dee O'Brien"},
        {"author_id": EVE, "display_name": "Eve Li Wei"},
    ],
    "recommendations": [
        {"author_id": ADA, "rank": 1, "candidate_id": CY, "score": 0.75, "introducer_id": DEE},
        {"author_id": ADA, "rank": 2, "candidate_id": EVE, "score": 0.25, "probability": 0.1},
        {"author_id": BO, "rank": 1, "candidate_id": EVE, "score": 0.5},
    ],
    "reasons": [
        {"author_id": ADA, "candidate_id": CY, "kind": "shared_coauthor", "contribution": 0.5, "person_id": DEE, "pmid": 1, "other_pmid": 3},
        {"author_id": ADA, "candidate_id": CY, "kind": "shared_topic", "contribution": 0.25, "topic": "Engines", "pmid": 2, "other_pmid": 3},
        {"author_id": ADA, "candidate_id": EVE, "kind": "recent_paper", "contribution": 0.25, "pmid": 4},
        {"author_id": BO, "candidate_id": EVE, "kind": "recent_paper", "contribution": 0.5, "pmid": 4},
    ],
    "publications": [
        *({"pmid": pmid, "title": f"Paper <i>{pmid}</i>", "journal": "Journal"} for pmid in (1, 2, 3, 4, 5)),
        {"pmid": 6, "title": "Withdrawn", "is_retracted": True}, {"pmid": 7, "title": "Of somebody else"},
    ],
    "identities": [
        {"pmid": 1, "position": 1, "author_id": ADA}, {"pmid": 1, "position": 2, "author_id": DEE},
        {"pmid": 3, "position": 1, "author_id": CY}, {"pmid": 4, "position": 1, "author_id": EVE},
        {"pmid": 5, "position": 1, "author_id": BO},
    ],
    "redirects": [],
    "coauthorships": [
        {"author_id": ADA, "coauthor_id": DEE, "publication_count": 2}, {"author_id": CY, "coauthor_id": DEE, "publication_count": 1},
    ],
    "topics": [
        {"pmid": pmid, "descriptor_ui": "D1", "name": "Engines"} for pmid in (1, 3)
    ],
}  # fmt: skip


def world(**changed: Rows) -> dict[str, Rows]:
    """Give the drawn tables, some of them replaced."""
    return deepcopy({**WORLD, **changed})


def tables(folder: Path, rows: Mapping[str, Sequence[dict[str, Any]]]) -> dict[str, Dataset]:
    """Write rows as Parquet without the lake's checks, so that defects can be drawn too."""
    found = {}
    for name, listed in rows.items():
        path = folder / f"{name}-{uuid4().hex}.parquet"
        pq.write_table(arrow(name, listed), path)
        found[name] = Dataset(TABLES[name], (Layer(path, None, len(listed)),))
    return found


def run(name: str = "run-1", generated_at: datetime = NIGHT) -> Run:
    """Name a run; it is made from inputs of its own."""
    return Run(name, generated_at, AS_OF, "test-1", f"made for {name}")


def published(
    engine: Engine,
    settings: Settings,
    rows: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    name: str = "run-1",
    generated_at: datetime = NIGHT,
) -> Published:
    """Publish rows (the drawn ones, if none are given)."""
    given = tables(settings.home, WORLD if rows is None else rows)
    return publish(engine, run(name, generated_at), given, settings)


def seeded(engine: Engine, rows: Mapping[str, Rows] | None = None) -> None:
    """Put rows (the drawn ones, if none are given) into the database as the current run "run-1".

    For tests of what reads the database: it needs no publish, and no gate looks.
    """
    rows = WORLD if rows is None else rows
    given = [{"probability": 1.0, "introducer_id": None, **row} for row in rows["recommendations"]]
    served = {row["author_id"] for row in given}
    run_values = asdict(run()) | {"valid_until": NIGHT + VALID_FOR, "status": "served"}
    counts = {
        "row_count": len(given),
        "author_count": len(served),
        "people_count": len(rows["authors"]),
    }
    with writing(engine) as connection:
        connection.execute(insert(RUNS), [run_values | counts])
        connection.execute(update(CURRENT_RUN).values(run_id="run-1"))
        _insert(
            connection,
            RECOMMENDATIONS,
            [{**row, "reasons": _facts(row, rows["reasons"])} for row in given],
        )
        people = arrow("authors", rows["authors"]).to_pylist()
        _insert(
            connection,
            PEOPLE,
            [
                {
                    **row,
                    "name_key": fold_name(row["display_name"]),
                    "is_served": row["author_id"] in served,
                }
                for row in people
            ],
        )
        _insert(connection, PAPERS, arrow("publications", rows["publications"]).to_pylist())
        _insert(connection, REDIRECTS, rows["redirects"])
        _insert(connection, TIES, arrow("coauthorships", rows["coauthorships"]).to_pylist())
        standing = {row["pmid"] for row in rows["publications"] if not row.get("is_retracted")}
        wrote = [row for row in rows["identities"] if row["pmid"] in standing]
        _insert(connection, AUTHORED, wrote)
        _insert(connection, PERSON_TOPICS, _topics(wrote, rows["topics"]))
        ids = [{"author_id": row["author_id"]} for row in [*people, *rows["redirects"]]]
        connection.execute(insert(SERVED_IDS), ids)


def _topics(wrote: Rows, topics: Rows) -> Rows:
    """Every topic of everybody who wrote, once."""
    found = {
        (row["author_id"], topic["name"]): topic["pmid"]
        for row in wrote
        for topic in topics
        if topic["pmid"] == row["pmid"]
    }
    return [
        {"author_id": who, "topic": name, "publication_count": 1, "last_pmid": pmid}
        for (who, name), pmid in found.items()
    ]


def _facts(row: dict[str, Any], reasons: Rows) -> str:
    pair = ("author_id", "candidate_id")
    facts = [fact for fact in reasons if all(fact[name] == row[name] for name in pair)]
    return json.dumps(
        [{k: v for k, v in fact.items() if k not in (*pair, "place")} for fact in facts],
        separators=(",", ":"),
    )


def _insert(connection: Connection, table: Table, rows: Rows) -> None:
    columns = set(table.c.keys())
    known = [{"run_id": "run-1"} | {k: v for k, v in row.items() if k in columns} for row in rows]
    if known:
        connection.execute(insert(table), known)


def many(score: float, author_count: int = 100) -> dict[str, Rows]:
    """A run of two recommendations an author, all with the same score."""
    people = range(1, author_count + 1)
    pairs = [(a, rank, (a + rank - 1) % author_count + 1) for a in people for rank in (1, 2)]
    return {
        "authors": [{"author_id": a} for a in people],
        "recommendations": [
            {"author_id": a, "rank": rank, "candidate_id": c, "score": score}
            for a, rank, c in pairs
        ],
        "reasons": [
            {"author_id": a, "candidate_id": c, "contribution": score, "pmid": 1}
            for a, _, c in pairs
        ],
        "publications": [{"pmid": 1}],
        "identities": [],
        "redirects": [],
        "coauthorships": [],
        "topics": [],
    }
