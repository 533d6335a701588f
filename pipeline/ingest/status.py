"""How far ingest has come: what a person asks before breakfast."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow.compute as pc

from pipeline.ingest.fetch import eutilities
from pipeline.ingest.log_files import log_files
from pipeline.ingest.spool import Slice, query_hash, slice_of
from pipeline.lake import Dataset
from pipeline.settings import Settings

TABLES_OF_STATUS = ("publications", "sources", "quarantine", "merges")
"""Tables that `read_status` reads."""

SHOWN = 5
"""Records of the quarantine that are shown, the latest files' first."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A record of the quarantine."""

    source: str
    pmid: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the lake holds, up to where PubMed was read without a gap, and what is not well.

    A watermark is the last file, or the last day, before which nothing is missing.
    """

    paper_count: int
    source_count: int
    watermarks: Mapping[str, str]
    """What is followed → its watermark."""
    pending: Sequence[str]
    """Slices of the query to fetch next."""
    waiting: Sequence[str]
    """Fetched, not read yet."""
    refused: Sequence[str]
    """Fetched, and could not be read."""
    unread_count: int
    unavailable_count: int
    aside: Sequence[Aside]
    last_run: Mapping[str, Any]
    """Counts of the latest run by name, and `started_at`; empty where there was none."""


def read_status(
    tables: Mapping[str, Dataset], waiting: Sequence[str], today: date, settings: Settings
) -> Status:
    """Put together what is known; asks nobody outside.

    Parameters
    ----------
    tables
        Those of `TABLES_OF_STATUS`.
    waiting
        Names of the sources that lie in the spool.
    today
        PubMed's day.
    """
    names = tables["sources"].read(["name"])["name"].to_pylist()
    aside = tables["quarantine"].read().to_pylist()[::-1]
    pending: list[str] = []
    if settings.pubmed_query:
        pending = eutilities.pending_slices(tables["sources"], waiting, today, settings)
    refused = settings.refused_folder
    return Status(
        paper_count=tables["publications"].row_count,
        source_count=len(names),
        watermarks=_watermarks(names, settings),
        pending=pending,
        waiting=waiting,
        refused=sorted(path.name for path in refused.iterdir()) if refused.is_dir() else [],
        unread_count=sum(1 for row in aside if row["text"]),
        unavailable_count=sum(1 for row in aside if not row["text"]),
        aside=[Aside(row["name"], row["pmid"], row["reason"]) for row in aside[:SHOWN]],
        last_run=_last_run(tables["merges"]),
    )


def _watermarks(names: Collection[str], settings: Settings) -> dict[str, str]:
    marks: dict[str, str] = {}
    for file in log_files(names):
        # in order: the first of a year, then those that follow without a gap
        last = marks.get(f"files of 20{file.year}")
        if last is None or last == f"pubmed{file.year}n{file.number - 1:04}.xml.gz":
            marks[f"files of 20{file.year}"] = file.name
    slices = [part for name in names if (part := slice_of(name))]
    query = query_hash(settings.pubmed_query)
    for kind, label in (("new", "new records"), ("revised", "revised records")):
        day = _last_day([part for part in slices if (part.kind, part.query) == (kind, query)])
        if day:
            marks[label] = day.isoformat()
    listed = [part.last for part in slices if part.kind == "deleted"]
    if listed:
        marks["deleted PMIDs"] = max(listed).isoformat()
    return marks


def _last_day(slices: Sequence[Slice]) -> date | None:
    """Last day up to which no day is missing."""
    days = {day for part in slices for day in part.days()}
    if not days:
        return None
    day = min(days)
    while day + timedelta(days=1) in days:
        day += timedelta(days=1)
    return day


def _last_run(merges: Dataset) -> dict[str, Any]:
    """Counts of the latest run, its commits added up."""
    rows = merges.read()
    if rows.num_rows == 0:
        return {}
    started_at: datetime = pc.max(rows["started_at"]).as_py()
    own = rows.filter(pc.equal(rows["started_at"], pc.max(rows["started_at"])))
    counts = [name for name in own.schema.names if name.endswith("_count")]
    return {"started_at": started_at, **{name: pc.sum(own[name]).as_py() for name in counts}}
