"""Requests to PubMed: paced, retried until an answer proves itself, silent about the API key."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import httpx

from pipeline.errors import BadCredentials, RateLimited, TimedOut, UpstreamError
from pipeline.ingest.fetch.deadline import Deadline, Sockets
from pipeline.ingest.fetch.patience import SLOWEST_DOWNLOAD, Patience
from pipeline.ingest.fetch.turns import Turns
from pipeline.ingest.spool import whole
from pipeline.settings import Settings

NO_IDS = "<error>id list is empty"
"""What efetch says, sometimes with HTTP 400, where it has none of the records; in lower case."""

_PASSING_400 = "proxy_stream()"
"""PubMed says so, as if the request were bad, when its own machines fail for a moment."""

_AS_IT_IS = {"Accept-Encoding": "identity"}
"""Files are gzip as they are: some servers call that an encoding, and httpx would undo it."""

_LEAST_CHUNK = 1 << 16

T = TypeVar("T")
logger = logging.getLogger(__name__)


class NoProofError(Exception):
    """An answer that proves nothing: it is asked for again, and then is an error of `kind`."""

    def __init__(self, problem: str, kind: type[UpstreamError] = UpstreamError) -> None:
        super().__init__(problem)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class _Failure:
    """A try that gave no answer."""

    problem: str
    kind: type[UpstreamError] = UpstreamError
    wait: float | None = None
    """Seconds to wait, where PubMed says so."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What to ask, and how to take the answer."""

    method: str
    url: str
    name: str
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Http:
    """An open connection to PubMed with our name, address and key on every POST."""

    client: httpx.Client
    settings: Settings
    patience: Patience
    turns: Turns
    sockets: Sockets = field(default_factory=WeakSet)

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, patience: Patience | None = None) -> Iterator[Http]:
        """Open, and close at the end of the block; for one thread at a time."""
        patience = patience or Patience(total=settings.request_seconds)
        with httpx.Client() as client:
            yield cls(client, settings, patience, Turns.of(settings, patience))

    def post(
        self, endpoint: str, form: Mapping[str, str], name: str, prove: Callable[[bytes], T]
    ) -> T:
        """POST to an E-utility; the key travels in the body, so no address can show it.

        Parameters
        ----------
        endpoint
            Such as `esearch.fcgi`.
        name
            The slice, for messages.
        prove
            Turns the body into the result, or raises NoProofError: then PubMed is asked again.

        Raises
        ------
        RateLimited, TimedOut, BadCredentials, UpstreamError
            There was no answer; the message names the slice and never the key.
        """
        own = {
            "db": "pubmed",
            "tool": self.settings.ncbi_tool,
            "email": self.settings.ncbi_email,
            "api_key": self.settings.ncbi_api_key,
        }
        data = {key: value for key, value in {**own, **form}.items() if value}
        url = f"{self.settings.eutils_url.rstrip('/')}/{endpoint}"

        def accept(answer: httpx.Response, _: Deadline) -> T:
            kind = answer.headers.get("Content-Type", "nothing")
            body = answer.read()
            if "xml" not in kind:
                raise NoProofError(f"its answer is {kind}, not XML")
            return prove(body)

        return self._ask(_Request("POST", url, name, data), accept)

    def get(self, url: str, name: str, prove: Callable[[bytes], object] | None = None) -> bytes:
        """GET something small as it is there; `prove` and errors are as those of `post`."""

        def accept(answer: httpx.Response, _: Deadline) -> bytes:
            body = b"".join(answer.iter_raw())
            if prove is not None:
                prove(body)
            return body

        return self._ask(_Request("GET", url, name, headers=_AS_IT_IS), accept)

    def download(self, url: str, name: str, target: Path) -> None:
        """GET a file to `target`, byte by byte as it is there, whole or not at all.

        It may take as long as it comes at SLOWEST_DOWNLOAD or faster, and is never silent for
        longer than the read timeout. Errors are as those of `post`.
        """

        def accept(answer: httpx.Response, deadline: Deadline) -> None:
            size = 0
            with path.open("wb", buffering=_LEAST_CHUNK) as file:
                for chunk in answer.iter_raw():
                    file.write(chunk)
                    size += len(chunk)
                    deadline.put_off(len(chunk) / SLOWEST_DOWNLOAD)
            told = answer.headers.get("Content-Length")
            if told is not None and told != str(size):
                raise NoProofError(f"says {told} bytes but sends {size}")

        with whole(target) as path:
            self._ask(_Request("GET", url, name, headers=_AS_IT_IS), accept)

    def _ask(self, request: _Request, accept: Callable[[httpx.Response, Deadline], T]) -> T:
        """Ask until the answer is accepted, the tries are used up or the time is over."""
        deadline = Deadline(self.patience.total)
        pause = self.patience.first_pause
        failure = _Failure("no turn within the time of a request", RateLimited)
        attempt = 0
        while attempt < self.patience.tries:
            if not self.turns.take(deadline.left):
                break
            attempt += 1
            result = self._try(request, accept, deadline)
            if not isinstance(result, _Failure):
                return result
            failure = result
            logger.info("%s: %s, try %d", request.name, self._told(failure), attempt)
            # chance only spreads the retries of many clients, so any generator will do
            own = pause * (1 + random.random())  # noqa: S311
            pause = min(2 * pause, self.patience.longest_pause)
            seconds = own if failure.wait is None else failure.wait
            is_too_long = (failure.wait or 0.0) > self.patience.longest_pause
            if attempt == self.patience.tries or is_too_long or seconds > deadline.left:
                break
            self._wait(failure, seconds)
        raise failure.kind(
            f"[{request.name}] PubMed gave no answer ({self._told(failure)}, tried {attempt}): "
            "run again later"
        )

    def _try(
        self, request: _Request, accept: Callable[[httpx.Response, Deadline], T], deadline: Deadline
    ) -> T | _Failure:
        # nothing is raised from within an `except`: what httpx raises carries the form, and so
        # would the context of ours
        try:
            with deadline.watch(self.sockets), self._send(request, deadline) as answer:
                result = _judged(answer, request) or accept(answer, deadline)
        except NoProofError as error:
            result = _Failure(str(error), error.kind)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            is_late = isinstance(error, httpx.TimeoutException)
            told = f"{type(error).__name__} {error}".strip()[:200]
            result = _Failure(told, TimedOut if is_late else UpstreamError)
        if deadline.left_of_try == 0:
            # the watch may have cut what came, even where it looks whole
            return _Failure("the answer did not end in time", TimedOut)
        return result

    @contextmanager
    def _send(self, request: _Request, deadline: Deadline) -> Iterator[httpx.Response]:
        left = max(0.01, deadline.left_of_try)
        with self.client.stream(
            request.method,
            request.url,
            data=request.form,
            headers=request.headers,
            timeout=httpx.Timeout(
                min(self.patience.read, left), connect=min(self.patience.connect, left)
            ),
            # a form that holds the key goes where it was sent and nowhere else
            follow_redirects=request.form is None,
            extensions={"trace": self._note_socket},
        ) as answer:
            yield answer

    def _note_socket(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember each socket when it is opened, for the watch."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.sockets.add(info["return_value"].get_extra_info("socket"))

    def _wait(self, failure: _Failure, seconds: float) -> None:
        if failure.kind is RateLimited or failure.wait is not None:
            # who shares our key shares the limit: all wait, we for our next turn
            self.turns.pause(seconds)
        else:
            time.sleep(seconds)

    def _told(self, failure: _Failure) -> str:
        key = self.settings.ncbi_api_key
        return failure.problem.replace(key, "…") if key else failure.problem


def _judged(answer: httpx.Response, request: _Request) -> _Failure | None:
    """None for a success; raise for answers that another try would not change."""
    if answer.is_success:
        return None
    code, form = answer.status_code, request.form
    text = answer.read().decode(errors="replace").lower() if code == 400 else ""
    if form and "api_key" in form and (code in (401, 403) or "api key" in text):
        raise BadCredentials(
            f"[{request.name}] PubMed refuses the request (HTTP {code}): check the setting "
            "ncbi_api_key"
        )
    if form and NO_IDS in text:
        return None
    if code in (408, 429) or code >= 500 or _PASSING_400 in text:
        kind = RateLimited if code == 429 else UpstreamError
        return _Failure(f"HTTP {code}", kind, _retry_after(answer))
    remedy = "the settings pubmed_query and eutils_url" if form else f"the address {request.url}"
    raise UpstreamError(
        f"[{request.name}] PubMed refuses the request (HTTP {code}): check {remedy}"
    )


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds that the server asks us to wait, by number or by date; None if it does not say."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:  # "-0000" says that the zone is unknown; HTTP knows one only
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
