"""A campaign of faults: many made-up records, fetched over sockets that go wrong all the time."""

from __future__ import annotations

import gzip
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from lxml import etree

from pipeline.demo.corpus import Drawn, DrawnCorpus
from pipeline.demo.faults import Fault, Faults
from pipeline.demo.server import serve
from pipeline.errors import UpstreamError
from pipeline.ingest.fetch import eutilities
from pipeline.ingest.fetch.patience import Patience
from pipeline.ingest.spool import Slice, query_hash
from pipeline.settings import Settings

QUERY = "all[sb]"
FIRST = date(2026, 3, 1)
DAYS = 11
BUSY = FIRST + timedelta(days=4)
DELETED = tuple(range(5, 500, 5))
PATIENCE = Patience(
    tries=40, first_pause=0.001, longest_pause=0.01, connect=5, read=0.6, total=5, gap=0
)
WEIGHTS = dict.fromkeys((Fault.STALL_BEFORE, Fault.STALL_WITHIN, Fault.DRIP), 0.15) | {
    Fault.DRIP_HEADERS: 0.1,
    Fault.CHANGED_COUNT: 5,
    Fault.BAD_GZIP: 5,
}
"""Faults that cost the client a timeout are rarer, those that seldom fit are more frequent."""


@dataclass
class Result:
    """What was planted, what came, and what went wrong on the way."""

    planted: dict[str, list[int]]
    withheld: set[int]
    came: dict[str, list[int]] = field(default_factory=dict)
    unavailable: dict[str, list[int]] = field(default_factory=dict)
    faults: Counter[Fault] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    """Fetches that had to be started anew, by the error's type."""
    request_count: int = 0
    seconds: float = 0.0


def planted(count: int, busy: int) -> DrawnCorpus:
    """Draw `count` records, `busy` of them on one day; one in 2,000 is withheld."""
    others = [FIRST + timedelta(days=n) for n in range(DAYS) if FIRST + timedelta(days=n) != BUSY]
    records = {}
    for number in range(count):
        # odd gaps, and the records of a day not in a row
        pmid = 30_000_000 + number * 3 + number % 2
        entered = BUSY if number * 7 % count < busy else others[number % len(others)]
        revised = others[(number // 7) % len(others)]
        xml = "" if number % 2_000 == 1_999 else _xml(pmid)
        records[pmid] = Drawn(pmid, entered, revised, xml)
    return DrawnCorpus(records, DELETED)


def run(home: Path, count: int, busy: int, rate: float, seed: int = 1) -> Result:
    """Fetch all slices, each until it is there, as the nights after a failure would."""
    corpus = planted(count, busy)
    faults = Faults(rate=rate, seed=seed, weights=WEIGHTS)
    started = time.monotonic()
    with serve(corpus, FIRST + timedelta(days=DAYS), faults) as pubmed:
        settings = Settings(
            home=home,
            pubmed_query=QUERY,
            eutils_url=pubmed.eutils_url,
            deleted_pmids_url=pubmed.deleted_pmids_url,
        )
        result = Result(
            _truth(corpus), {pmid for pmid, one in corpus.records.items() if not one.xml}
        )
        with ThreadPoolExecutor(4) as threads:
            for failed in threads.map(lambda part: _fetch(part.name, settings), _slices()):
                result.failed += failed
        result.request_count = len(pubmed.arrivals)
    result.faults = faults.counts
    result.seconds = time.monotonic() - started
    for part in _slices():
        _read(part, settings.spool_folder / part.file_name, result)
    return result


def _slices() -> list[Slice]:
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    hashed = query_hash(QUERY)
    slices = [Slice("new", BUSY, BUSY, hashed)]
    slices += [Slice("new", days[0], days[3], hashed), Slice("new", days[5], days[-1], hashed)]
    slices += [Slice("revised", day, day, hashed) for day in days]
    return slices + [Slice("deleted", day, day) for day in days]


def _truth(corpus: DrawnCorpus) -> dict[str, list[int]]:
    truth = {}
    for part in _slices():
        if part.kind == "deleted":
            truth[part.name] = list(DELETED)
            continue
        days = set(part.days())
        truth[part.name] = [
            pmid
            for pmid, one in sorted(corpus.records.items())
            if (one.entered_on if part.kind == "new" else one.revised_on) in days
        ]
    return truth


def _fetch(name: str, settings: Settings) -> Counter[str]:
    """Fetch one slice, anew after each failure."""
    failed: Counter[str] = Counter()
    for _ in range(20):
        try:
            eutilities.fetch_slice(name, settings, PATIENCE)
        except UpstreamError as error:
            failed[type(error).__name__] += 1
        else:
            return failed
    raise AssertionError(f"{name} failed 20 times: {failed}")


def _read(part: Slice, file: Path, result: Result) -> None:
    content = gzip.decompress(file.read_bytes())
    if part.kind == "deleted":
        result.came[part.name] = [int(line) for line in content.split()]
        return
    root = etree.fromstring(content)
    pmids = root.iterfind("PubmedArticle/MedlineCitation/PMID")
    result.came[part.name] = numbers(pmids)
    result.unavailable[part.name] = numbers(root.iterfind("Unavailable/PMID"))
    assert root.get("Count") == str(len(result.came[part.name]))


def numbers(elements: Iterable[etree._Element]) -> list[int]:
    return [int(element.text or "") for element in elements]


def _xml(pmid: int) -> str:
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID>'
        f"<Article><ArticleTitle>Öde an {pmid} &amp; mehr</ArticleTitle></Article>"
        "</MedlineCitation></PubmedArticle>"
    )
