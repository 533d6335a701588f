"""Who may ask, for what, and how often.

With `api_access = "open"` everybody who reaches the address may read and export all. With "keys"
every route of the API and every page needs a key with the right scope: `Authorization: Bearer …`,
or Basic with the token as the password, which browsers and portals' proxies can send.
"""

from __future__ import annotations

import base64
import binascii
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPBearer
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool

from pipeline.serving import queries
from pipeline.serving.api_keys import key_of
from pipeline.serving.database import Connection, Engine
from pipeline.settings import Settings

_BEARER = HTTPBearer(
    auto_error=False, description="a token of `confrere keys add`; not needed where access is open"
)
ASK = {"WWW-Authenticate": 'Basic realm="Confrere", charset="UTF-8"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `institution`: whose people's recommendations they see; None: everybody's."""

    institution: str | None


EVERYBODY = Caller(None)
Admission = Callable[[Request, str], Awaitable[Caller]]


def admission(engine: Engine, settings: Settings) -> Admission:
    """Give the function that lets a request with a scope through, or says why not.

    It raises 401 where the key is none, 403 where it has not the scope, 429 where it comes too
    often.
    """
    limit = parse(settings.api_rate_limit) if settings.api_rate_limit else None
    limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(who: str) -> None:
        if limit is not None and not limiter.hit(limit, who):
            raise _too_many(limit, limiter.get_window_stats(limit, who).reset_time - time.time())

    async def admit(request: Request, scope: str) -> Caller:
        client = request.client.host if request.client else ""
        if settings.api_access == "open":
            count(f"host {client}")
            return EVERYBODY
        token = _token(request.headers.get("authorization", ""))
        today = datetime.now(UTC).date()
        key = await run_in_threadpool(key_of, engine, token, today) if token else None
        count(f"key {key.key_id}" if key else f"host {client}")
        if key is None:
            wrong = "The key given opens nothing" if token else "A key is needed"
            raise HTTPException(401, f"{wrong}: ask whoever runs Confrere for one.", ASK)
        if scope not in key.scopes:
            raise HTTPException(403, f"This key has not the scope {scope}: ask for one that has.")
        return Caller(key.institution)

    return admit


async def _may_read(request: Request, _: object = Security(_BEARER)) -> Caller:
    admit: Admission = request.app.state.admit
    return await admit(request, "read")


async def _may_export(request: Request, _: object = Security(_BEARER)) -> Caller:
    admit: Admission = request.app.state.admit
    return await admit(request, "export")


Reads = Annotated[Caller, Depends(_may_read)]
"""What a route that reads takes as a parameter."""
Exports = Annotated[Caller, Depends(_may_export)]
"""What a route that exports takes as a parameter."""


def _too_many(limit: RateLimitItem, wait: float) -> HTTPException:
    seconds = max(1, math.ceil(wait))
    return HTTPException(
        429,
        f"More than {limit.amount:,} requests in a {limit.GRANULARITY.name}: come back in "
        f"{seconds} seconds.",
        {"Retry-After": str(seconds)},
    )


def sees(connection: Connection, caller: Caller, person: queries.Person) -> bool:
    """Whether the caller may see what a person is recommended."""
    institution = caller.institution
    return institution is None or queries.works_at(connection, person, institution)


def _token(header: str) -> str:
    """Read the token of an Authorization header; empty where there is none."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
