"""Requests to PubMed: paced, retried with growing pauses, and silent about the API key."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from pipeline.errors import BadCredentials, RateLimited, UpstreamError
from pipeline.settings import Settings

TRIES = 5
FIRST_PAUSE = 0.5
"""Seconds before the second try, doubled each time, plus up to as much again by chance."""

LONGEST_PAUSE = 120.0
"""Seconds; whoever asks us to wait longer is not asked again in this run."""

TIMEOUT = httpx.Timeout(60.0, connect=10.0)

logger = logging.getLogger(__name__)

_turn = threading.Lock()
_next_request_at = 0.0


@dataclass(frozen=True, slots=True)
class Http:
    """An open connection to PubMed with our name, address and key on every request."""

    client: httpx.Client
    settings: Settings

    @classmethod
    @contextmanager
    def open(cls, settings: Settings) -> Iterator[Http]:
        """Open, and close at the end of the block."""
        with httpx.Client(timeout=TIMEOUT, follow_redirects=True) as client:
            yield cls(client, settings)

    def post(self, endpoint: str, form: Mapping[str, str], name: str) -> bytes:
        """POST to an E-utility; the key travels in the body, so no address can show it."""
        own = {
            "db": "pubmed",
            "tool": self.settings.ncbi_tool,
            "email": self.settings.ncbi_email,
            "api_key": self.settings.ncbi_api_key,
        }
        data = {key: value for key, value in {**own, **form}.items() if value}
        url = f"{self.settings.eutils_url.rstrip('/')}/{endpoint}"
        return self._request("POST", url, name, data)

    def get(self, url: str, name: str) -> bytes:
        """GET a file."""
        return self._request("GET", url, name, None)

    def download(self, url: str, name: str, target: Path) -> None:
        """GET a file to disk."""
        target.write_bytes(self.get(url, name))

    def _request(self, method: str, url: str, name: str, data: dict[str, str] | None) -> bytes:
        """Body of a good answer.

        Raises
        ------
        RateLimited, BadCredentials, UpstreamError
            There was none; the message names the slice (`name`) and never the key.
        """
        pause = FIRST_PAUSE
        for attempt in range(1, TRIES + 1):
            self._await_turn()
            wait, problem = None, ""
            try:
                answer = self.client.request(method, url, data=data)
            except httpx.RequestError as error:
                problem = type(error).__name__
                failure: type[UpstreamError] = UpstreamError
            else:
                if answer.is_success:
                    return answer.content
                problem = f"HTTP {answer.status_code}"
                _refuse_for_good(answer, name)
                failure = RateLimited if answer.status_code == 429 else UpstreamError
                wait = _retry_after(answer)
            if attempt == TRIES or (wait or 0.0) > LONGEST_PAUSE:
                break
            # chance only spreads retries of many clients, so any generator will do
            seconds = wait if wait is not None else pause * (1 + random.random())  # noqa: S311
            logger.info("%s: %s, try %d again in %.1f s", name, problem, attempt, seconds)
            time.sleep(seconds)
            pause *= 2
        raise failure(
            f"[{name}] PubMed gave no answer ({problem}, tried {attempt}): run again later"
        )

    def _await_turn(self) -> None:
        """Keep to three requests a second in this process, ten with a key (NCBI's limits)."""
        global _next_request_at  # noqa: PLW0603  # one limit for all clients of the process
        gap = 0.1 if self.settings.ncbi_api_key else 1 / 3
        with _turn:
            now = time.monotonic()
            at = max(now, _next_request_at)
            _next_request_at = at + gap
        time.sleep(at - now)


def _refuse_for_good(answer: httpx.Response, name: str) -> None:
    """Raise for answers that another try would not change."""
    code = answer.status_code
    if code in (401, 403) or (code == 400 and "api key" in answer.text.lower()):
        raise BadCredentials(
            f"[{name}] PubMed refuses the request (HTTP {code}): check the setting ncbi_api_key"
        )
    if code != 429 and code < 500:
        raise UpstreamError(
            f"[{name}] PubMed refuses the request (HTTP {code}): check the settings "
            "pubmed_query and eutils_url"
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
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
