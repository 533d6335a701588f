"""An E-utilities stand-in on loopback: esearch, efetch and the list of deleted PMIDs.

It answers like NCBI's service for what the nightly path asks: date slices by CRDT, EDAT or LR with
an optional query of words, ids of at most 9,999 records a search, records by POST. What it cannot
do it refuses with 400 and an <ERROR>, so that a client never takes a wrong answer for a right one.
"""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from pipeline.demo.medicine import plain
from pipeline.demo.names import ascii_name
from pipeline.demo.records import article_set, record_xml
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
_WORD = re.compile(r'("[^"]+"|[^\s()"\[\]]+)\s*(\[[^\]]*\])?')


class PubMedStandIn:
    """A running made-up PubMed. Set `today` to move on: it shows the evening of that day."""

    def __init__(self, world: World, today: date, base_url: str) -> None:
        self.base_url = base_url
        self.eutils_url = f"{base_url}/entrez/eutils/"
        self.deleted_pmids_url = f"{base_url}/pubmed/deleted.pmids.gz"
        self._world = world
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
        pmids = sorted(self._world.visible(day), reverse=True)
        self._revised = {pmid: self._world.revised_on(pmid, day) for pmid in pmids}
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
        words = _words(rest)
        if not words:
            return matches
        return [pmid for pmid in matches if all(word in self._text(pmid) for word in words)]

    def fetch(self, pmids: Sequence[int]) -> str:
        """Write the records asked for; PMIDs that are not there are left out, as PubMed does."""
        return article_set(
            self._record(pmid) for pmid in dict.fromkeys(pmids) if pmid in self._revised
        )

    def deleted(self) -> bytes:
        """Gzip list of deleted PMIDs, one a line."""
        lines = "".join(f"{pmid}\n" for pmid in self._world.deleted(self._today))
        return gzip.compress(lines.encode(), mtime=0)

    def _dated(self, pmid: int, kind: str) -> date:
        return self._revised[pmid] if kind == "LR" else self._world.papers[pmid].entered_on

    def _record(self, pmid: int) -> str:
        # nothing has happened to a record since its latest revision: that day's state is today's
        key = pmid, self._revised[pmid]
        if key not in self._records:
            self._records[key] = record_xml(self._world, *key)
        return self._records[key]

    def _text(self, pmid: int) -> str:
        """Words a query looks through: title, journal, names, affiliations; folded."""
        key = pmid, self._revised[pmid]
        if key not in self._texts:
            paper = self._world.record(*key)
            parts = [] if paper is None else [plain(paper.title), paper.journal.title]
            for author in () if paper is None else paper.authors:
                parts += [
                    f"{author.last_name} {author.initials}",
                    author.fore_name,
                    *author.affiliations,
                ]
            self._texts[key] = ascii_name(" | ".join(parts)).lower()
        return self._texts[key]


@contextmanager
def serve(world: World, today: date) -> Iterator[PubMedStandIn]:
    """Serve the world on a free port of 127.0.0.1 until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.pubmed = PubMedStandIn(world, today, f"http://127.0.0.1:{server.server_port}")
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
    pubmed: PubMedStandIn


class _Handler(BaseHTTPRequestHandler):
    """Reads parameters from the query or the form body, and answers."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._answer("&".join(filter(None, (urlsplit(self.path).query, body))))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # name set by http.server
        """Stay quiet: the demo's terminal is for people."""

    def _answer(self, query: str) -> None:
        parameters = {
            name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()
        }
        path, pubmed = urlsplit(self.path).path, self.server.pubmed
        try:
            if path == "/entrez/eutils/esearch.fcgi":
                self._send(200, "text/xml", _search_result(pubmed, parameters).encode())
            elif path == "/entrez/eutils/efetch.fcgi":
                self._send(200, "text/xml", _fetch_result(pubmed, parameters).encode())
            elif path == "/pubmed/deleted.pmids.gz":
                self._send(200, "application/x-gzip", pubmed.deleted())
            else:
                self._send(404, "text/plain", b"not here\n")
        except ValueError as error:
            told = f"<ERROR>{escape(str(error))}</ERROR>"
            text = f"{_SEARCH_HEAD}<eSearchResult>{told}</eSearchResult>\n"
            self._send(400, "text/xml", text.encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header(
            "Content-Type", f"{kind}; charset=UTF-8" if kind.startswith("text") else kind
        )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


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
