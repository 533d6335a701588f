"""Small tables drawn by hand: rows with overrides, everything else filled in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline import lake
from pipeline.tables import TABLES

SHARED = Path(__file__).parents[2] / "shared" / "data"
"""Real data beside the project; tests that need it skip where it is absent."""

DEFAULTS: dict[str, Any] = {
    "pmid": 1,
    "position": 1,
    "author_id": 1,
    "version": 1,
    "title": "A title",
    "entered_on": date(2020, 1, 1),
    "publication_types": ["Journal Article"],
    "author_count": 2,
    "is_retracted": False,
    "is_preprint": False,
    "source_number": 0,
    "checksum": "0",
    "affiliations": [],
    "affiliation_identifiers": [],
    "equal_contribution": False,
    "languages": ["eng"],
    "qualifiers": [],
    "descriptor_ui": "D000001",
    "name": "Topic",
    "is_major": False,
    "ref_type": "Cites",
    "ref_pmid": 2,
    "block": "doe|j",
    "last_name": "doe",
    "code": 0,
    "field": "title",
    "text_count": 1,
    "other_pmid": 1,
    "other_position": 1,
    "probability": 1.0,
    "event_id": 1,
    "as_of": date(2020, 12, 31),
    "mention_count": 1,
    "given_names": "jane",
    "confidence": 1.0,
    "method": "alone",
    "display_name": "Jane Doe",
    "first_on": date(2019, 1, 1),
    "last_on": date(2020, 1, 1),
    "publication_count": 2,
    "coauthor_id": 2,
    "last_pmid": 1,
    "weight": 1.0,
    "candidate_id": 2,
    "placed_by": "score",
    "proposed_by": 1,
    "rank": 1,
    "score": 0.0,
    "model_version": "test",
    "kind": "recent_paper",
    "place": 1,
    "contribution": 0.0,
    "sha256": "0",
    "record_count": 0,
    "deletion_count": 0,
    "byte_count": 0,
    "quarantined_count": 0,
    "reason": "",
    "noted_on": date(2020, 1, 1),
    "text": "",
    "institution": "University of Oslo",
    "affiliation_key": "university of oslo",
    "department_key": "",
}


def arrow(name: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Make table `name` from rows, sorted by key; columns left out take a default or null."""
    table = TABLES[name]
    complete = [
        {c.name: row.get(c.name, None if c.nullable else DEFAULTS[c.name]) for c in table.columns}
        for row in rows
    ]
    built = pa.Table.from_pylist(complete, schema=table.schema)
    return built.sort_by([(column, "ascending") for column in table.key])


def write_lake(folder: Path, **tables: Sequence[dict[str, Any]]) -> None:
    """Write tables drawn as rows into a lake."""
    with lake.begin(folder) as commit:
        for name, rows in tables.items():
            commit.write(name, arrow(name, rows).to_batches(), as_of=date(2020, 12, 31))
