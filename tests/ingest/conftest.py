"""A small server on loopback, which answers as PubMed does and should not."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from pipeline.ingest.fetch import eutilities
from pipeline.ingest.fetch.patience import Patience
from pipeline.settings import Settings
from tests.ingest.drawn import article, article_set

KEY = "secret-api-key-0123"
QUERY = "Geneva[ad]"
XML = {"Content-Type": "text/xml; charset=UTF-8"}
FAST = Patience(first_pause=0.001, longest_pause=0.5, connect=5, read=5, total=20, gap=0)
Answer = tuple[int, dict[str, str], bytes]
Form = dict[str, str]


@dataclass
class PubMed:
    """A server that holds `ids` and answers by `search`, `fetch` and `download`."""

    ids: list[int] = field(default_factory=lambda: [11, 12, 13])
    failures: list[Answer] = field(default_factory=list)
    """Answered first, one a request."""
    search: Callable[[PubMed, Form], bytes] = lambda own, _: found(own.ids)
    fetch: Callable[[PubMed, Form], bytes] = lambda _, form: records(form["id"])
    download: bytes = gzip.compress(b"7\n8\n")
    asked: list[tuple[str, Form]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, form: Form) -> Answer:
        self.asked.append((path, form))
        if self.failures:
            return self.failures.pop(0)
        if path.endswith("/esearch.fcgi"):
            return 200, XML, self.search(self, form)
        if path.endswith("/efetch.fcgi"):
            return 200, XML, self.fetch(self, form)
        return 200, {}, self.download


def found(ids: list[int], count: int | None = None, more: str = "") -> bytes:
    listed = "".join(f"<Id>{pmid}</Id>" for pmid in ids)
    count = len(ids) if count is None else count
    return (
        f"<eSearchResult><Count>{count}</Count><IdList>{listed}</IdList>{more}</eSearchResult>"
    ).encode()


def records(ids: str) -> bytes:
    return article_set([article(int(pmid)) for pmid in ids.split(",")])


def fetch_slice(name: str, settings: Settings) -> int:
    return eutilities.fetch_slice(name, settings, FAST)


def spooled(settings: Settings) -> list[str]:
    return sorted(file.name for file in settings.spool_folder.iterdir())


@pytest.fixture
def pubmed() -> Iterator[PubMed]:
    own = PubMed()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that http.server calls
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
            code, headers, answer = own.answer(self.path, form)
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815  # the name that http.server calls

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    own.url = f"http://127.0.0.1:{server.server_port}"
    yield own
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(pubmed: PubMed, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path / "home",
        eutils_url=f"{pubmed.url}/eutils/",
        deleted_pmids_url=f"{pubmed.url}/deleted.pmids.gz",
        pubmed_query=QUERY,
        pubmed_since="2026-11-21",
        ncbi_api_key=KEY,
        ncbi_email="a@example.org",
        request_seconds=4,
    )
