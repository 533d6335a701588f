"""PubMed in: plan, fetch, ingest, compact."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path

from pipeline import lake
from pipeline.errors import ConfrereError, WrongUse
from pipeline.ingest.fetch import eutilities, mirror
from pipeline.ingest.files import ingest_files
from pipeline.ingest.log_files import is_piece
from pipeline.ingest.read.staging import READERS, kind
from pipeline.ingest.spool import source_name
from pipeline.ingest.status import TABLES_OF_STATUS, Status, read_status
from pipeline.progress import track
from pipeline.settings import Settings
from pipeline.stages.results import Counts, told

logger = logging.getLogger(__name__)


def plan_fetch(settings: Settings, now: datetime) -> list[str]:
    """Name what of PubMed has not been fetched yet: files of the mirror, slices of the query.

    A day is asked for once it is over for PubMed at the instant `now` (UTC). With neither a mirror
    nor a query there is nothing: then files in the spool are all there is to read.
    """
    spooled = [source_name(path) for path in _waiting(settings)]
    if not (settings.pubmed_query or settings.pubmed_mirror):
        if spooled:
            return []
        raise WrongUse(
            "[settings pubmed_query and pubmed_mirror] are empty: set CONFRERE_PUBMED_QUERY to "
            "what to follow, e.g. 'Geneva[ad]', or CONFRERE_PUBMED_MIRROR to follow all of PubMed, "
            "or read files with `confrere run --files`"
        )
    today = _today(now)
    sources = lake.read(settings.lake_folder, "sources")
    pieces = mirror.pending_files(sources, spooled, settings) if settings.pubmed_mirror else []
    return [*pieces, *eutilities.pending_slices(sources, spooled, today, settings)]


def fetch(settings: Settings, slice_name: str) -> Counts:
    """Fetch one slice, or one piece of the mirror, into the spool."""
    fetch_into_spool = mirror.fetch_files if is_piece(slice_name) else eutilities.fetch_slice
    return {"fetched": fetch_into_spool(slice_name, settings)}


def ingest(settings: Settings, now: datetime, paths: Sequence[Path] | None = None) -> Counts:
    """Read files into the lake: those given, or all that wait in the spool (then removed).

    A file that cannot be read holds up no other: it is named in the log and under `refused`, and
    one of the spool is moved to `spool/refused`, so that it is fetched again.
    """
    waiting = _waiting(settings) if paths is None else list(paths)
    strange = [path for path in waiting if paths is None and not kind(path)]
    for path in strange:
        logger.warning("[%s] is no file of PubMed: give %s", path, ", ".join(READERS))
    result = ingest_files([path for path in waiting if path not in strange], settings, now)
    refused = [*strange, *(file for file, _ in result.refused)]
    if paths is None:
        for path in waiting:
            if path in refused:
                settings.refused_folder.mkdir(exist_ok=True)
                path.replace(settings.refused_folder / path.name)
            else:
                path.unlink()
    counts: Counts = asdict(result)
    del counts["refused"]
    if refused:
        counts["refused"] = " ".join(file.name for file in refused)
    return told("ingest", counts)


def require_whole(ingested: Counts) -> None:
    """Fail if `ingest` refused a file.

    Raises
    ------
    ConfrereError
        It did; all else was read.
    """
    if ingested.get("refused"):
        raise ConfrereError(_refusal(ingested))


def compact(settings: Settings) -> Counts:
    """Merge the layers of tables that have many, which keeps reading fast; changes no row."""
    left = track(lake.compact(settings.lake_folder), "merging layers of tables")
    return told("compact", dict(left))


def take_in(settings: Settings, paths: Sequence[Path] | None, now: datetime) -> list[str]:
    """Fetch (unless files are given), ingest and compact; return what went wrong, in words.

    What went wrong holds up nothing else.
    """
    failed = _fetch_pending(settings, now) if paths is None else []
    ingested = ingest(settings, now, paths)
    compact(settings)
    problems = []
    if failed:
        problems.append(
            f"[slices {', '.join(failed)}] were not fetched, all else was read: do what the "
            "warnings above say, then run again."
        )
    if "refused" in ingested:
        problems.append(_refusal(ingested))
    return problems


def status_of_ingest(settings: Settings, now: datetime) -> Status:
    """How far ingest has come."""
    waiting = [source_name(path) for path in _waiting(settings)]
    tables = lake.datasets(settings.lake_folder, TABLES_OF_STATUS)
    return read_status(tables, waiting, _today(now), settings)


def _fetch_pending(settings: Settings, now: datetime) -> list[str]:
    """Fetch all that is pending; return the slices that failed: one must not hold up the rest."""
    failed = []
    for name in plan_fetch(settings, now):
        try:
            fetch(settings, name)
        except ConfrereError as error:
            logger.warning("%s", error)
            failed.append(name)
    return failed


def _refusal(ingested: Counts) -> str:
    return (
        f"[{ingested['refused']}] cannot be read and is left out: do what the warnings above "
        "say, then run again."
    )


def _today(now: datetime) -> date:
    """PubMed's day: it ends at midnight US Eastern time, at most five hours behind UTC."""
    return (now - timedelta(hours=5)).date()


def _waiting(settings: Settings) -> list[Path]:
    """Files in the spool, without those still being written."""
    files = (path for path in settings.spool_folder.glob("*") if path.is_file())
    return sorted(path for path in files if not path.name.endswith(".part"))
