"""The application: the API and the pages, from the serving database.

Everything is read through the named queries of `pipeline.serving`, so an opt-out holds from the
next request on. Errors are problem+json (RFC 9457), or a page. CORS is off, and no page runs a
script.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from pipeline.errors import ConfrereError
from pipeline.serving.database import open_database
from pipeline.serving.queries import current_run
from pipeline.settings import Settings
from pipeline.web import pages, routes, team
from pipeline.web.access import admission
from pipeline.web.answers import HealthAnswer, Problem, RunAnswer
from pipeline.web.problems import add_problems, documented, no_run
from pipeline.web.rendering import SafeHeaders

logger = logging.getLogger(__name__)

API_VERSION = "1.1"
DESCRIPTION = """Whom to work with next, with reasons that can be checked.

Answers are of one run; lists are read page by page along `next`, and a crawl stays within its run
as long as that is kept. `ETag` and `If-None-Match` save the body where nothing changed. Errors are
problem+json (RFC 9457). No answer holds an e-mail address. Fields are only ever added."""


def create_app(settings: Settings) -> FastAPI:
    """Make the ASGI application; the database is opened now, so its errors show at once."""
    engine = open_database(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        engine.dispose()

    app = FastAPI(
        lifespan=lifespan,
        title="Confrere",
        version=API_VERSION,
        description=DESCRIPTION,
        docs_url=None,  # both load scripts from elsewhere: the page /api is ours
        redoc_url=None,
    )
    add_problems(app)
    app.add_middleware(SafeHeaders)
    app.state.engine, app.state.settings = engine, settings
    app.state.expertise = team.ExpertiseInMemory()
    app.state.admit = admission(engine, settings)

    @app.get("/healthz", responses=documented(503))
    def healthz() -> HealthAnswer:
        """Say whether the service can answer, and from which run; needs no key."""
        run = current_run(engine)
        if run is None:
            raise no_run()
        return HealthAnswer(run=RunAnswer.model_validate(run))

    app.include_router(routes.ROUTER)
    app.include_router(team.EXPERTISE)
    app.include_router(pages.ROUTER)
    app.include_router(team.PAGE)
    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not described:
            described.update(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                )
            )
            described["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        return described

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's docs have it
    return app


def listen(host: str, port: int) -> socket.socket:
    """Take an address to serve on.

    Raises
    ------
    ConfrereError
        It is taken, or is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfrereError(
            f"[{host}:{port}] cannot be listened on ({error.strerror}): stop what uses it, or "
            "choose another with --host or --port"
        ) from None


def warn_if_open(settings: Settings, host: str) -> None:
    """Say so where everybody on the network may read."""
    if settings.api_access == "open" and not _is_loopback(host):
        logger.warning(
            "[%s] everybody who reaches this address may read and export all suggestions: set "
            "CONFRERE_API_ACCESS=keys, and make keys with `confrere keys add`",
            host,
        )


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve until interrupted; nothing keeps who looked at whom, so there is no access log."""
    config = uvicorn.Config(app, log_level="info", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
