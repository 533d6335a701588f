"""What goes wrong between PubMed and a client, on purpose, over real sockets.

A plan draws a fault for an answer, by chance from a seed or from a script, and counts it. Some
faults spoil what is said, others how it is sent.
"""

from __future__ import annotations

import os
import random
import re
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import Literal

Endpoint = Literal["esearch", "efetch", "file"]


class Fault(StrEnum):
    """Kinds of faults."""

    SLOW_DOWN = "429"
    SLOW_DOWN_SECONDS = "429, Retry-After in seconds"
    SLOW_DOWN_DATE = "429, Retry-After as a date"
    ERROR_500 = "500"
    ERROR_502 = "502"
    ERROR_503 = "503"
    PROXY_STREAM = "400 proxy_stream()"
    HTML = "HTML page with 200"
    HTML_AS_XML = "HTML page that calls itself XML"
    ERROR_ELEMENT = "<ERROR> with 200"
    EMPTY = "empty body"
    INVALID_UTF8 = "invalid UTF-8"
    INVALID_CHARACTER = "invalid XML character"
    FOREIGN = "foreign record"
    MISSING = "missing record"
    DUPLICATED = "duplicated record"
    CHANGED_COUNT = "changed count"
    BAD_GZIP = "bad gzip file"
    HISTORY_EXPIRED = "expired WebEnv"
    BAD_ENCODING = "bad Content-Encoding"
    CUT_BY_LENGTH = "cut, with Content-Length"
    CUT_CHUNKED = "cut, chunked"
    CUT_BY_CLOSE = "cut, HTTP/1.0"
    RESET = "reset"
    STALL_BEFORE = "stall before headers"
    STALL_WITHIN = "stall in the body"
    DRIP = "drip in the body"
    DRIP_HEADERS = "drip in the headers"


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer that is about to be sent, or what a fault made of it."""

    endpoint: Endpoint
    kind: str
    """Content-Type."""
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    history: str = ""
    """WebEnv that was asked for."""


class Faults:
    """A plan: of all answers the share `rate` goes wrong; or one by one as in `script`."""

    def __init__(
        self,
        kinds: Collection[Fault] = tuple(Fault),
        rate: float = 1.0,
        seed: int = 0,
        *,
        script: Iterable[Fault | None] | None = None,
        weights: Mapping[Fault, float] | None = None,
        stall_seconds: float = 60.0,
    ) -> None:
        self.kinds = kinds
        self.rate = rate
        self.stall_seconds = stall_seconds
        self.counts: Counter[Fault] = Counter()
        self._weights = weights or {}
        self._script = None if script is None else list(script)
        self._random = random.Random(seed)  # noqa: S311  # a plan, no secret
        self._lock = threading.Lock()

    def draw(self, answer: Answer) -> Fault | None:
        """Draw the fault of an answer, if any; one that does not fit it is not drawn."""
        with self._lock:
            fault = self._drawn(answer)
            if fault is not None:
                self.counts[fault] += 1
            return fault

    def _drawn(self, answer: Answer) -> Fault | None:
        if self._script is not None:
            planned = self._script[0] if self._script else None
            if planned is not None and not _fits(planned, answer):
                return None
            del self._script[:1]
            return planned
        kinds = [kind for kind in self.kinds if _fits(kind, answer)]
        if not kinds or self._random.random() >= self.rate:
            return None
        weights = [self._weights.get(kind, 1.0) for kind in kinds]
        return self._random.choices(kinds, weights)[0]


def send(handler: BaseHTTPRequestHandler, answer: Answer, length: int | None = None) -> None:
    """Send an answer; its Content-Length is `length` where that is given."""
    _send_head(handler, answer, {"Content-Length": str(length or len(answer.body))})
    handler.wfile.write(answer.body)


def send_wrong(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, stall_seconds: float
) -> None:
    """Send what the fault makes of an answer, in the way the fault sends it."""
    if fault in _SPOILED:
        send(handler, _SPOILED[fault](answer))
        return
    handler.close_connection = True
    with suppress(OSError):  # clients hang up on such servers
        _SENT[fault](handler, answer, stall_seconds)


_RECORD = re.compile(rb"<PubmedArticle>.*?</PubmedArticle>", re.DOTALL)
_NEEDED_RECORDS = {Fault.MISSING: 2, Fault.DUPLICATED: 1, Fault.FOREIGN: 1}
_XML_ONLY = {
    Fault.HTML_AS_XML,
    Fault.ERROR_ELEMENT,
    Fault.INVALID_UTF8,
    Fault.INVALID_CHARACTER,
    Fault.PROXY_STREAM,
    Fault.BAD_ENCODING,  # a gzip file that is called gzip is none
}


def _fits(fault: Fault, answer: Answer) -> bool:
    if answer.status != 200:
        return False
    if fault is Fault.CHANGED_COUNT:
        return answer.endpoint == "esearch"
    if fault is Fault.BAD_GZIP:
        return answer.endpoint == "file"
    if fault is Fault.HISTORY_EXPIRED:
        return answer.history != ""
    if fault in _NEEDED_RECORDS:
        found = answer.endpoint == "efetch" and len(_RECORD.findall(answer.body))
        return found >= _NEEDED_RECORDS[fault]
    return answer.endpoint != "file" or fault not in _XML_ONLY


def _status(code: int, text: str = "", **headers: str) -> Callable[[Answer], Answer]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda answer: replace(
        answer, status=code, kind="application/json", body=text.encode(), headers=named
    )


def _page(kind: str) -> Callable[[Answer], Answer]:
    body = b"<html><head><title>PubMed is down for a moment</title></head><body/></html>\n"
    return lambda answer: replace(answer, kind=kind, body=body)


def _error(answer: Answer) -> Answer:
    root = b"eSearchResult" if answer.endpoint == "esearch" else b"eFetchResult"
    body = b"<%s><ERROR>Search Backend failed: timed out</ERROR></%s>" % (root, root)
    return replace(answer, body=body)


def _with(before: bytes) -> Callable[[Answer], Answer]:
    """Put bytes before the last end tag."""
    return lambda answer: replace(
        answer, body=(before + b"</").join(answer.body.rsplit(b"</", maxsplit=1))
    )


def _records(change: Callable[[bytes], bytes]) -> Callable[[Answer], Answer]:
    """Change the first record."""
    return lambda answer: replace(
        answer, body=_RECORD.sub(lambda found: change(found[0]), answer.body, count=1)
    )


def _as_pmid_1(record: bytes) -> bytes:
    return re.sub(rb"(<PMID[^>]*>)\d+", rb"\g<1>1", record, count=1)


def _counted_up(answer: Answer) -> Answer:
    body = re.sub(
        rb"<Count>(\d+)", lambda found: b"<Count>%d" % (int(found[1]) + 1), answer.body, count=1
    )
    return replace(answer, body=body)


_TOO_MANY = '{"error":"API rate limit exceeded","count":"11"}'
_SPOILED: dict[Fault, Callable[[Answer], Answer]] = {
    Fault.SLOW_DOWN: _status(429, _TOO_MANY),
    Fault.SLOW_DOWN_SECONDS: _status(429, _TOO_MANY, Retry_After="0"),
    Fault.SLOW_DOWN_DATE: _status(429, _TOO_MANY, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
    Fault.ERROR_500: _status(500),
    Fault.ERROR_502: _status(502),
    Fault.ERROR_503: _status(503),
    Fault.PROXY_STREAM: _status(400, '{"error":"error forwarding request in proxy_stream()"}'),
    Fault.HTML: _page("text/html"),
    Fault.HTML_AS_XML: _page("text/xml"),
    Fault.ERROR_ELEMENT: _error,
    Fault.EMPTY: lambda answer: replace(answer, body=b""),
    Fault.INVALID_UTF8: _with(b"\xff"),
    Fault.INVALID_CHARACTER: _with(b"\x01"),
    Fault.FOREIGN: _records(lambda record: record + _as_pmid_1(record)),
    Fault.MISSING: _records(lambda record: b""),  # noqa: ARG005  # the record goes
    Fault.DUPLICATED: _records(lambda record: record + record),
    Fault.CHANGED_COUNT: _counted_up,
    Fault.BAD_GZIP: lambda answer: replace(answer, body=answer.body[:-8] + bytes(8)),
    Fault.HISTORY_EXPIRED: lambda answer: replace(
        answer,
        status=400,
        body=b"<eFetchResult><ERROR>Unable to obtain query</ERROR></eFetchResult>",
    ),
    Fault.BAD_ENCODING: lambda answer: replace(answer, headers={"Content-Encoding": "gzip"}),
}


def _send_head(handler: BaseHTTPRequestHandler, answer: Answer, headers: Mapping[str, str]) -> None:
    kind = f"{answer.kind}; charset=UTF-8" if answer.kind.startswith("text") else answer.kind
    handler.send_response(answer.status)
    for name, value in {"Content-Type": kind, **answer.headers, **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()


def _half(answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _cut_by_length(handler: BaseHTTPRequestHandler, answer: Answer, _: float) -> None:
    send(handler, _half(answer), len(answer.body))


def _cut_chunked(handler: BaseHTTPRequestHandler, answer: Answer, _: float) -> None:
    _send_head(handler, answer, {"Transfer-Encoding": "chunked"})
    half = _half(answer).body
    handler.wfile.write(b"%x\r\n%s\r\n" % (len(half), half))


def _cut_by_close(handler: BaseHTTPRequestHandler, answer: Answer, _: float) -> None:
    head = f"HTTP/1.0 200 OK\r\nContent-Type: {answer.kind}\r\n\r\n"
    handler.wfile.write(head.encode() + _half(answer).body)


def _reset(handler: BaseHTTPRequestHandler, answer: Answer, _: float) -> None:  # noqa: ARG001  # all alike
    # lingering for no time makes the close a reset; only the bare close does not say goodbye first
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    os.close(handler.connection.detach())


def _stall_before(handler: BaseHTTPRequestHandler, answer: Answer, seconds: float) -> None:  # noqa: ARG001  # all alike
    # readable means that the client hung up: it has nothing more to say
    select.select([handler.connection], [], [], seconds)


def _stall_within(handler: BaseHTTPRequestHandler, answer: Answer, seconds: float) -> None:
    _cut_by_length(handler, answer, seconds)
    _stall_before(handler, answer, seconds)


def _drip(handler: BaseHTTPRequestHandler, answer: Answer, seconds: float) -> None:
    _send_head(handler, answer, {"Content-Length": str(len(answer.body))})
    _drop_by_drop(handler, answer.body, seconds)


def _drip_headers(handler: BaseHTTPRequestHandler, answer: Answer, seconds: float) -> None:  # noqa: ARG001  # all alike
    _drop_by_drop(handler, b"HTTP/1.1 200 OK\r\nX-Drops: " + b"." * 100_000, seconds)


def _drop_by_drop(handler: BaseHTTPRequestHandler, sent: bytes, seconds: float) -> None:
    end = time.monotonic() + seconds
    for place in range(len(sent)):
        handler.wfile.write(sent[place : place + 1])
        if select.select([handler.connection], [], [], 0.05)[0] or time.monotonic() > end:
            return


_SENT: dict[Fault, Callable[[BaseHTTPRequestHandler, Answer, float], None]] = {
    Fault.CUT_BY_LENGTH: _cut_by_length,
    Fault.CUT_CHUNKED: _cut_chunked,
    Fault.CUT_BY_CLOSE: _cut_by_close,
    Fault.RESET: _reset,
    Fault.STALL_BEFORE: _stall_before,
    Fault.STALL_WITHIN: _stall_within,
    Fault.DRIP: _drip,
    Fault.DRIP_HEADERS: _drip_headers,
}
