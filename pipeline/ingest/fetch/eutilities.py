"""The E-utilities client: what PubMed has new or revised, slice by slice, into the spool.

A slice that fails leaves nothing behind, and is pending until it is fetched.
"""

from __future__ import annotations

import gzip
import io
import logging
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from pipeline import lake
from pipeline.errors import ConfrereError, WrongUse
from pipeline.ingest.fetch.answers import Batch, read_batch
from pipeline.ingest.fetch.http import Http, NoProofError
from pipeline.ingest.fetch.patience import Patience
from pipeline.ingest.fetch.search import DATE_FIELD, pmids_of
from pipeline.ingest.read import deleted
from pipeline.ingest.spool import Slice, query_hash, slice_named, slice_of, whole, write_records
from pipeline.progress import track
from pipeline.settings import Settings

IDS_PER_REQUEST = 200
DAYS_BEFORE_FIRST_RUN = 30
FEW_DAYS = 7
"""Up to so many pending days in a row are fetched day by day; longer gaps by calendar year."""

_COMPRESSION = 4
"""Level of gzip: 92 MB/s to 18 % of the size on real records; level 6: 57 MB/s to 17 %."""

logger = logging.getLogger(__name__)


def pending_slices(
    sources: lake.Dataset, spooled: Collection[str], today: date, settings: Settings
) -> list[str]:
    """Names of the slices that neither the ledger nor the spool has, oldest first.

    All days to yesterday count: today is not over, so what PubMed says of it is not complete. The
    first is `pubmed_since`, or else thirty days ago or the first day ever asked for, whatever the
    query was. The list of deleted PMIDs is asked for as of yesterday, without a query too.

    Parameters
    ----------
    sources
        The ledger.
    spooled
        Names of slices that were fetched and not read yet.
    today
        PubMed's day, in US Eastern time.
    """
    yesterday = today - timedelta(days=1)
    names = [*sources.read(["name"]).column("name").to_pylist(), *spooled]
    had = [part for name in names if (part := slice_of(name))]
    known = {(part.kind, part.query, day) for part in had for day in part.days()}
    query = query_hash(settings.pubmed_query)
    days = Slice("new", _first_day(had, today, settings), yesterday).days()
    pending = []
    for kind in DATE_FIELD if settings.pubmed_query else ():
        pending += _runs(kind, query, [day for day in days if (kind, query, day) not in known])
    pending.sort(key=lambda part: (part.first, part.kind))
    if settings.deleted_pmids_url and ("deleted", "", yesterday) not in known:
        pending.append(Slice("deleted", yesterday, yesterday))
    return [part.name for part in pending]


def fetch_slice(name: str, settings: Settings, patience: Patience | None = None) -> int:
    """Fetch one slice into the spool; return how many records (or deleted PMIDs) it holds.

    A day without records gives a file that says so, for the ledger to remember.

    Raises
    ------
    UpstreamError, RateLimited, TimedOut, Incomplete
        PubMed did not answer, or its answers prove nothing.
    BadCredentials, QueryRejected, WrongUse
        The slice cannot be fetched with these settings.
    """
    part = slice_named(name)
    with (
        whole(settings.spool_folder / part.file_name) as path,
        Http.open(settings, patience) as http,
    ):
        if part.kind == "deleted":
            count = _fetch_deleted(http, settings, part, path)
        else:
            count = _fetch_records(http, settings, part, path)
    logger.info("%s: %d records", name, count)
    return count


def _first_day(had: list[Slice], today: date, settings: Settings) -> date:
    if not settings.pubmed_since:
        asked = [part.first for part in had if part.kind in DATE_FIELD]
        return min([today - timedelta(days=DAYS_BEFORE_FIRST_RUN), *asked])
    try:
        return date.fromisoformat(settings.pubmed_since)
    except ValueError:
        raise WrongUse(
            f"[setting pubmed_since] is {settings.pubmed_since!r}: give a day as YYYY-MM-DD"
        ) from None


def _runs(kind: str, query: str, days: list[date]) -> list[Slice]:
    """Slices that cover `days`: one a day, but one a calendar year where many follow each other."""
    runs: list[Slice] = []
    for day in days:
        last = runs[-1] if runs else None
        if last and day - last.last == timedelta(days=1) and day.year == last.first.year:
            runs[-1] = replace(last, last=day)
        else:
            runs.append(Slice(kind, day, day, query))
    slices = []
    for run in runs:
        own = run.days()
        slices += [run] if len(own) > FEW_DAYS else [Slice(kind, day, day, query) for day in own]
    return slices


def _fetch_deleted(http: Http, settings: Settings, part: Slice, path: Path) -> int:
    def count(body: bytes) -> int:
        try:
            with gzip.open(io.BytesIO(body)) as lines:
                return sum(1 for _ in deleted.read_lines(part.name, lines))
        except ConfrereError as error:
            raise NoProofError(str(error)) from None

    body = http.get(settings.deleted_pmids_url, part.name, count)
    path.write_bytes(body)
    return count(body)


def _fetch_records(http: Http, settings: Settings, part: Slice, path: Path) -> int:
    if not settings.pubmed_query:
        raise WrongUse("[setting pubmed_query] is empty: give a PubMed query such as Geneva[ad]")
    if part.query != query_hash(settings.pubmed_query):
        raise WrongUse(
            f"[slice {part.name}] is of another query than the setting pubmed_query: plan anew"
        )
    left = set(ids := pmids_of(http, settings.pubmed_query, part))
    parts = [ids[start : start + IDS_PER_REQUEST] for start in range(0, len(ids), IDS_PER_REQUEST)]
    body = path.with_name("records.gz")
    with gzip.GzipFile(body, "wb", compresslevel=_COMPRESSION, mtime=0) as file:
        for asked in track(parts, f"fetching {part.name} by {IDS_PER_REQUEST}", len(parts)):
            for batch in _batches(http, part.name, asked):
                file.write(batch.xml)
                left -= set(batch.pmids)
    if left:
        logger.warning("%s: PubMed finds %d records but does not give them", part.name, len(left))
    write_records(path, body, part.name, len(ids) - len(left), sorted(left))
    return len(ids) - len(left)


def _batches(http: Http, name: str, asked: list[int]) -> Iterator[Batch]:
    """Yield the records of `asked`, each once; those that PubMed withholds thrice are left out.

    What is missing is asked for once more together, because mostly it was left out in passing, and
    then singly, because one record may keep others from coming.
    """
    missing = asked
    for size in (IDS_PER_REQUEST, IDS_PER_REQUEST, 1):
        came: set[int] = set()
        for start in range(0, len(missing), size):
            batch = _batch(http, name, missing[start : start + size])
            came.update(batch.pmids)
            yield batch
        missing = [pmid for pmid in missing if pmid not in came]


def _batch(http: Http, name: str, asked: list[int]) -> Batch:
    form = {"id": ",".join(map(str, asked)), "retmode": "xml"}
    return http.post("efetch.fcgi", form, name, lambda body: read_batch(body, asked))
