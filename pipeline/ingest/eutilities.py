"""A first E-utilities client: what PubMed has new or revised, day by day, into the spool.

Nothing is believed because it arrived: every answer is checked for status, root element and error
body, the number of ids against PubMed's own count, the records against the ids asked for. A file
reaches the spool whole or not at all.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr

from lxml import etree

from pipeline import lake
from pipeline.errors import ConfrereError, UpstreamError, WrongUse
from pipeline.ingest import deleted
from pipeline.ingest.elements import Element, pmid_of
from pipeline.ingest.http import Http
from pipeline.ingest.spool import Slice, query_hash, slice_named, slice_of
from pipeline.ingest.xml import new_parser, read_prolog
from pipeline.settings import Settings

MOST_IDS = 9_999
"""PubMed lists no more ids than this for one search."""

IDS_PER_REQUEST = 200
DAYS_BEFORE_FIRST_RUN = 30
FEW_DAYS = 7
"""Up to so many pending days in a row are fetched day by day; longer gaps by calendar year."""

_DATE_FIELD = {"new": "CRDT", "revised": "LR"}
_QUERY_CHANGED = ("PhraseNotFound", "FieldNotFound", "QuotedPhraseNotFound", "PhraseIgnored")

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
    for kind in _DATE_FIELD if settings.pubmed_query else ():
        pending += _runs(kind, query, [day for day in days if (kind, query, day) not in known])
    pending.sort(key=lambda part: (part.first, part.kind))
    if settings.deleted_pmids_url and ("deleted", "", yesterday) not in known:
        pending.append(Slice("deleted", yesterday, yesterday))
    return [part.name for part in pending]


def fetch_slice(name: str, settings: Settings) -> int:
    """Fetch one slice into the spool; return how many records (or deleted PMIDs) it holds.

    A day without records gives a file that says so, for the ledger to remember.

    Raises
    ------
    UpstreamError, RateLimited, BadCredentials
        PubMed did not answer, or the answer is not whole.
    ConfrereError
        The slice cannot be fetched as asked (query not understood, too many records on one day).
    """
    part = slice_named(name)
    settings.spool_folder.mkdir(parents=True, exist_ok=True)
    target = settings.spool_folder / part.file_name
    beside = target.with_name(f"{target.name}.part")
    try:
        with Http.open(settings) as http:
            if part.kind == "deleted":
                count = _fetch_deleted(http, settings, part, beside)
            else:
                count = _fetch_records(http, settings, part, beside)
        beside.replace(target)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    logger.info("%s: %d records", name, count)
    return count


def _first_day(had: list[Slice], today: date, settings: Settings) -> date:
    if not settings.pubmed_since:
        asked = [part.first for part in had if part.kind in _DATE_FIELD]
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


def _fetch_deleted(http: Http, settings: Settings, part: Slice, target: Path) -> int:
    target.write_bytes(http.get(settings.deleted_pmids_url, part.name))
    # `deleted.read` tells gzip by the name's ending, which `.part` hides
    with gzip.open(target, "rb") as lines:
        return sum(1 for _ in deleted.read_lines(part.name, lines))


def _fetch_records(http: Http, settings: Settings, part: Slice, target: Path) -> int:
    if not settings.pubmed_query:
        raise WrongUse("[setting pubmed_query] is empty: give a PubMed query such as Geneva[ad]")
    if part.query != query_hash(settings.pubmed_query):
        raise WrongUse(
            f"[slice {part.name}] is of another query than the setting pubmed_query: plan anew"
        )
    ids = _search(http, settings, part)
    with gzip.GzipFile(target, "wb", mtime=0) as file:
        # the count lets the reader prove that it has all, and tell an empty day from a broken file
        file.write(
            b'<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet '
            + f'Slice={quoteattr(part.name)} Count="{len(ids)}">\n'.encode()
        )
        for start in range(0, len(ids), IDS_PER_REQUEST):
            for record in _records(http, part, ids[start : start + IDS_PER_REQUEST]):
                file.write(etree.tostring(record, encoding="utf-8", with_tail=False) + b"\n")
        file.write(b"</PubmedArticleSet>\n")
    return len(ids)


def _search(http: Http, settings: Settings, part: Slice) -> list[int]:
    """Ids of a slice in order; a span of days that is too long is halved until it fits."""
    term = f"({settings.pubmed_query}) AND {_date_clause(part)}"
    body = http.post(
        "esearch.fcgi", {"term": term, "retmax": str(MOST_IDS), "retmode": "xml"}, part.name
    )
    result = _parsed(body, "eSearchResult", part.name)
    count = int(result.findtext("Count", "-1"))
    _check_query(result, part, count)
    if count > MOST_IDS:
        return _search_halves(http, settings, part, count)
    ids = [int(element.text or "0") for element in result.iterfind("IdList/Id")]
    if len(set(ids)) != count or len(ids) != count:
        raise UpstreamError(
            f"[{part.name}] PubMed counts {count} records but lists {len(ids)}: run again later"
        )
    return sorted(ids)


def _search_halves(http: Http, settings: Settings, part: Slice, count: int) -> list[int]:
    if part.first == part.last:
        raise ConfrereError(
            f"[{part.name}] matches {count} records and PubMed lists at most {MOST_IDS}: "
            "narrow the setting pubmed_query"
        )
    middle = part.first + (part.last - part.first) // 2
    earlier = _search(http, settings, replace(part, last=middle))
    later = _search(http, settings, replace(part, first=middle + timedelta(days=1)))
    ids = sorted({*earlier, *later})
    if len(ids) != count:
        raise UpstreamError(
            f"[{part.name}] PubMed counts {count} records but {len(ids)} over its halves: "
            "run again later"
        )
    return ids


def _date_clause(part: Slice) -> str:
    tag = _DATE_FIELD[part.kind]
    first, last = (f'"{day:%Y/%m/%d}"[{tag}]' for day in (part.first, part.last))
    return first if part.first == part.last else f"({first} : {last})"


def _check_query(result: Element, part: Slice, count: int) -> None:
    """Refuse an answer to another question than ours: PubMed drops phrases that it does not know.

    It also calls our own date clause unknown on a day without records, which is an answer.
    """
    if count < 0:
        raise UpstreamError(f"[{part.name}] PubMed's answer has no count: run again later")
    own = {f"{part.first:%Y/%m/%d}", f"{part.last:%Y/%m/%d}"}
    for tag in _QUERY_CHANGED:
        for element in result.iter(tag):
            phrase = element.text or ""
            if count == 0 and any(day in phrase for day in own):
                continue
            raise ConfrereError(
                f"[{part.name}] PubMed does not understand {phrase!r} ({tag}): "
                "correct the setting pubmed_query"
            )


def _records(http: Http, part: Slice, ids: list[int]) -> Iterator[Element]:
    """Record elements of `ids`, each exactly once."""
    form = {"id": ",".join(map(str, ids)), "retmode": "xml"}
    root = _parsed(http.post("efetch.fcgi", form, part.name), "PubmedArticleSet", part.name)
    records = [child for child in root if child.tag in ("PubmedArticle", "PubmedBookArticle")]
    returned = [pmid_of(record) for record in records]
    missing = sorted(set(ids) - set(returned))
    if missing:
        shown = ", ".join(map(str, missing[:10]))
        raise UpstreamError(
            f"[{part.name}] PubMed left out {len(missing)} of the records asked for ({shown}): "
            "run again later"
        )
    if len(returned) != len(ids):
        raise UpstreamError(
            f"[{part.name}] PubMed sent {len(returned)} records for {len(ids)} ids: run again later"
        )
    return iter(records)


def _parsed(body: bytes, root_tag: str, name: str) -> Element:
    """Parse an answer; refuse another root element than `root_tag`, and error bodies."""
    try:
        prolog = read_prolog(f"{name}, PubMed's answer", [body])
        root: Element = etree.fromstring(body, new_parser())
    except (ConfrereError, etree.XMLSyntaxError) as error:
        raise UpstreamError(
            f"[{name}] PubMed's answer is no XML ({error}): run again later"
        ) from None
    told = [*root.iter("ERROR"), *root.iter("error")]
    if told:
        raise UpstreamError(
            f"[{name}] PubMed answers with an error ({(told[0].text or '').strip()[:200]}): "
            "run again later"
        )
    if prolog.root != root_tag:
        raise UpstreamError(
            f"[{name}] PubMed's answer is {prolog.root}, not {root_tag}: run again later"
        )
    return root
