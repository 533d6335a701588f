"""An E-utilities stand-in on loopback: esearch, efetch and the list of deleted PMIDs.

It answers like NCBI's service for what the nightly path asks: date slices by CRDT, EDAT or LR with
an optional query of words and a range of PMIDs (`1:99[UID]`), at most 9,999 ids a search, records
by POST. A plan of faults (`faults.py`) makes it go wrong as PubMed does. What it cannot do
it refuses with 400 and an <ERROR>, so that a client never takes a wrong answer for a right one.
"""

from __future__ import annotations

import gzip
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from pipeline.demo.corpus import Corpus, WorldCorpus
from pipeline.demo.faults import Answer, Fault, Faults, send, send_wrong
from pipeline.demo.names import ascii_name
from pipeline.demo.records import article_set
from pipeline.demo.world import World

SEARCH_LIMIT = 9_999
"""Most records one PubMed search gives out, whatever retstart and retmax."""

_SEARCH_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" ?>\n'
    '<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" '
    '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
)
_COMMON = {"db", "retmode", "rettype", "retstart", "retmax", "tool", "email", "api_key"}
_SEARCH_PARAMETERS = _COMMON | {"term", "sort", "usehistory"}
_FETCH_PARAMETERS = _COMMON | {"id", "WebEnv", "query_key"}
_DAY = r'"?(\d{4}/\d{1,2}/\d{1,2})"?'
_FIELD = r"\[(CRDT|EDAT|LR)\]"
_DATE_CLAUSE = re.compile(
    rf"{_DAY}(?:\s*{_FIELD})?\s*:\s*{_DAY}\s*{_FIELD}|{_DAY}\s*{_FIELD}", re.IGNORECASE
)
_PMIDS = re.compile(r"(\d+)\s*:\s*(\d+)\s*\[UID\]", re.IGNORECASE)
_WORD = re.compile(r'("[^"]+"|[^\s()"\[\]]+)\s*(\[[^\]]*\])?')


class PubMedStandIn:
    """A running made-up PubMed. Set `today` to move on: it shows the evening of that day."""

    def __init__(
        self, corpus: Corpus, today: date, base_url: str, faults: Faults | None = None
    ) -> None:
        self.base_url = base_url
        self.eutils_url = f"{base_url}/entrez/eutils/"
        self.deleted_pmids_url = f"{base_url}/pubmed/deleted.pmids.gz"
        self.faults = faults
        self.arrivals: list[float] = []
        """When each request came, on the clock that processes of a machine share."""
        self._corpus = corpus
        self._records: dict[tuple[int, date], str] = {}
        self._texts: dict[tuple[int, date], str] = {}
        self.histories: dict[str, list[int]] = {}
        self.today = today

    @property
    def today(self) -> date:
        """The day whose evening is shown."""
        return self._today

    @today.setter
    def today(self, day: date) -> None:
        pmids = sorted(self._corpus.visible(day), reverse=True)
        self._revised = {pmid: self._corpus.revised_on(pmid, day) for pmid in pmids}
        self._today = day

    def search(self, term: str) -> list[int]:
        """List PMIDs that match, newest first.

        Raises
        ------
        ValueError
            The term is outside what this stand-in understands.
        """
        rest, matches = term, list(self._revised)
        for clause in _DATE_CLAUSE.finditer(term):
            low, low_kind, high, kind, day, day_kind = clause.groups()
            kind = (kind or day_kind).upper()
            if low_kind is not None and low_kind.upper() != kind:
                raise ValueError(f"a date range over two fields: {clause.group(0)}")
            first, last = _day(low or day), _day(high or day)
            rest = rest.replace(clause.group(0), " ", 1)
            matches = [pmid for pmid in matches if first <= self._dated(pmid, kind) <= last]
        for clause in _PMIDS.finditer(rest):
            lowest, highest = int(clause[1]), int(clause[2])
            rest = rest.replace(clause[0], " ", 1)
            matches = [pmid for pmid in matches if lowest <= pmid <= highest]
        words = _words(rest)
        if not words:
            return matches
        return [pmid for pmid in matches if all(word in self._text(pmid) for word in words)]

    def fetch(self, pmids: Sequence[int]) -> str:
        """Write the records asked for; PMIDs that are not there are left out, as PubMed does."""
        records = (self._record(pmid) for pmid in dict.fromkeys(pmids) if pmid in self._revised)
        return article_set(record for record in records if record)

    def deleted(self) -> bytes:
        """Gzip list of deleted PMIDs, one a line."""
        lines = "".join(f"{pmid}\n" for pmid in self._corpus.deleted(self._today))
        return gzip.compress(lines.encode(), mtime=0)

    def _dated(self, pmid: int, kind: str) -> date:
        return self._revised[pmid] if kind == "LR" else self._corpus.entered_on(pmid)

    def _record(self, pmid: int) -> str:
        # nothing has happened to a record since its latest revision: that day's state is today's
        key = pmid, self._revised[pmid]
        if key not in self._records:
            self._records[key] = self._corpus.xml(*key)
        return self._records[key]

    def _text(self, pmid: int) -> str:
        """What the words of a query are looked for in."""
        key = pmid, self._revised[pmid]
        if key not in self._texts:
            self._texts[key] = self._corpus.text(*key)
        return self._texts[key]


@contextmanager
def serve(
    world: World | Corpus, today: date, faults: Faults | None = None
) -> Iterator[PubMedStandIn]:
    """Serve the world on a free port of 127.0.0.1 until the block ends."""
    corpus = WorldCorpus(world) if isinstance(world, World) else world
    server = _Server(("127.0.0.1", 0), _Handler)
    base_url = f"http://127.0.0.1:{server.server_port}"
    server.pubmed = PubMedStandIn(corpus, today, base_url, faults)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield server.pubmed
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    pubmed: PubMedStandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet where a client hung up."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads parameters from the query or the form body, and answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go in two writes: no waiting between them
    server: _Server

    def do_GET(self) -> None:
        self.server.pubmed.arrivals.append(time.monotonic())
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self.server.pubmed.arrivals.append(time.monotonic())
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._answer("&".join(filter(None, (urlsplit(self.path).query, body))))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # name set by http.server
        """Stay quiet: the demo's terminal is for people."""

    def _answer(self, query: str) -> None:
        parameters = {
            name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()
        }
        pubmed = self.server.pubmed
        answer = _good_answer(pubmed, urlsplit(self.path).path, parameters)
        fault = pubmed.faults.draw(answer) if pubmed.faults else None
        if pubmed.faults is None or fault is None:
            send(self, answer)
        else:
            if fault is Fault.HISTORY_EXPIRED:
                del pubmed.histories[answer.history]
            send_wrong(self, answer, fault, pubmed.faults.stall_seconds)


def _good_answer(pubmed: PubMedStandIn, path: str, parameters: dict[str, str]) -> Answer:
    history = parameters.get("WebEnv", "")
    try:
        if path == "/entrez/eutils/esearch.fcgi":
            return Answer("esearch", "text/xml", _search_result(pubmed, parameters).encode())
        if path == "/entrez/eutils/efetch.fcgi":
            body = _fetch_result(pubmed, parameters).encode()
            return Answer("efetch", "text/xml", body, history=history)
        if path == "/pubmed/deleted.pmids.gz":
            return Answer("file", "application/x-gzip", pubmed.deleted())
    except ValueError as error:
        told = f"<ERROR>{escape(str(error))}</ERROR>"
        text = f"{_SEARCH_HEAD}<eSearchResult>{told}</eSearchResult>\n"
        return Answer("esearch", "text/xml", text.encode(), 400)
    return Answer("file", "text/plain", b"not here\n", 404)


def _search_result(pubmed: PubMedStandIn, parameters: dict[str, str]) -> str:
    _check(parameters, _SEARCH_PARAMETERS)
    term = parameters.get("term", "").strip()
    if not term:
        raise ValueError("Empty term and query_key - nothing todo")
    found = pubmed.search(term)
    start, size = int(parameters.get("retstart", 0)), int(parameters.get("retmax", 20))
    if start >= SEARCH_LIMIT:
        raise ValueError(
            "Search Backend failed: Exception: 'retstart' cannot be larger than 9998. For PubMed, "
            "ESearch can only retrieve the first 9,999 records matching the query."
        )
    ids = found[start : min(start + size, SEARCH_LIMIT)]
    listed = "".join(f"<Id>{pmid}</Id>\n" for pmid in ids)
    history = warning = ""
    if parameters.get("usehistory") == "y":
        name = f"MCID_{len(pubmed.histories)}"
        pubmed.histories[name] = found[:SEARCH_LIMIT]
        history = f"<QueryKey>1</QueryKey><WebEnv>{name}</WebEnv>"
    if not found:
        warning = "<WarningList><OutputMessage>No items found.</OutputMessage></WarningList>"
    return (
        f"{_SEARCH_HEAD}<eSearchResult><Count>{len(found)}</Count><RetMax>{len(ids)}</RetMax>"
        f"<RetStart>{start}</RetStart>{history}<IdList>\n{listed}</IdList><TranslationSet/>"
        f"<QueryTranslation>{escape(term)}</QueryTranslation>{warning}</eSearchResult>\n"
    )


def _fetch_result(pubmed: PubMedStandIn, parameters: dict[str, str]) -> str:
    _check(parameters, _FETCH_PARAMETERS)
    if "WebEnv" in parameters:
        found = pubmed.histories.get(parameters["WebEnv"])
        if found is None:
            raise ValueError("Unable to obtain query: there is no such WebEnv")
        start = int(parameters.get("retstart", 0))
        size = int(parameters.get("retmax", SEARCH_LIMIT))
        return pubmed.fetch(found[start : start + size])
    ids = [part.strip() for part in parameters.get("id", "").split(",") if part.strip()]
    if not all(part.isdecimal() for part in ids) or not ids:
        raise ValueError("ID list is empty or holds something else than PMIDs")
    return pubmed.fetch([int(part) for part in ids])


def _check(parameters: dict[str, str], known: set[str]) -> None:
    if unknown := sorted(set(parameters) - known):
        raise ValueError(f"the made-up PubMed does not know the parameter {unknown[0]}")
    if parameters.get("db") != "pubmed":
        raise ValueError(f"Invalid db name specified: {parameters.get('db', '')}")
    if parameters.get("retmode", "xml") != "xml":
        raise ValueError("the made-up PubMed speaks retmode=xml only")


def _day(text: str) -> date:
    year, month, day = text.split("/")
    return date(int(year), int(month), int(day))


def _words(query: str) -> list[str]:
    """Words and phrases that must all occur; their field tags are not told apart."""
    words = []
    for word, tag in _WORD.findall(query):
        if word in ("OR", "NOT"):
            raise ValueError(f"the made-up PubMed knows AND only, not {word}")
        if tag and re.fullmatch(r'"?[\d/]+"?', word):
            raise ValueError(
                f"the made-up PubMed knows dates by CRDT, EDAT and LR, not {word}{tag}"
            )
        if word != "AND" and not (word.lower() == "all" and tag.lower() == "[sb]"):
            words.append(ascii_name(word.strip('"')).lower())
    return words
