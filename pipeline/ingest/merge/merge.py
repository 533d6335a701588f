"""Staged records into the lake: a layer of what is new or changed on top of each table.

Every query reads narrow columns of the lake, and whole rows only of what was staged: the cost grows
with the night, not with the corpus.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow.compute as pc

from pipeline import engine, lake
from pipeline.ingest.read.rows import Batch
from pipeline.settings import Settings
from pipeline.tables import ID

MERGED = ("publications", "authorships", "topics", "notices", "citations", "grants")
"""Tables of records: a merge puts a layer of what changed on top of each."""

_SQL = Path(__file__).parent
_STEPS = ("deletions", "held", "outcomes", "concerned", "retracted", "flipped")
"""Queries of a merge in order; the result of each is a table for those behind it."""


def merge(
    folder: Path, current: Mapping[str, lake.Dataset], commit: lake.Commit, settings: Settings
) -> dict[str, int]:
    """Merge what was staged below `folder` with the lake; return the counts of `Ingested`."""
    staged = {f"staged_{name}": folder / "*" / f"{name}.parquet" for name in Batch._fields}
    sources: dict[str, engine.Source] = {**{name: current[name] for name in MERGED}, **staged}
    sources["deletions"] = current["deletions"]
    for step in _STEPS:
        name = "merged_deletions" if step == "deletions" else step
        sources[name] = engine.fetch(_SQL / f"{step}.sql", sources, {}, settings)
    told = engine.fetch(_SQL / "counts.sql", sources, {}, settings).to_pylist()[0]
    counts = {name: int(value) for name, value in told.items()}
    if counts.pop("touched_count"):
        hides = engine.fetch(_SQL / "hides.sql", sources, {}, settings)
        replaced = hides.filter(pc.invert(hides["is_flipped"]))
        for name in MERGED:
            hidden = hides if name == "publications" else replaced
            with engine.query(_SQL / f"{name}.sql", sources, {}, settings) as rows:
                commit.add(name, rows, hidden["pmid"].combine_chunks().cast(ID))
    if counts.pop("deletion_count"):
        commit.write("deletions", sources["merged_deletions"].to_batches())  # type: ignore[union-attr]  # fetched above
    return counts
