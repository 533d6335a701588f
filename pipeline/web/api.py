"""The API: suggestions of a person, people by name, health.

It answers from the serving database through the named queries of `pipeline.serving`, so an opt-out
holds from the next request on. Errors are problem+json (RFC 9457). CORS is off.
"""

from __future__ import annotations

import http
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from pipeline.errors import ConfrereError
from pipeline.serving.author_ids import absence_of
from pipeline.serving.database import open_database
from pipeline.serving.queries import current_run, search_people, suggestions_of
from pipeline.settings import Settings
from pipeline.web.answers import (
    HealthAnswer,
    PeopleAnswer,
    PersonAnswer,
    Problem,
    RunAnswer,
    SuggestionsAnswer,
)

logger = logging.getLogger(__name__)

API_VERSION = "1.0"
NOT_YET = "No run has been published yet: `confrere run` makes one."


def _problems(**meanings: str) -> dict[int | str, dict[str, Any]]:
    """Document error answers: `_404="…"`."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {
        int(status.removeprefix("_")): {"description": meaning, "content": content}
        for status, meaning in meanings.items()
    }


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
        description="Whom to work with next, with reasons that can be checked.",
    )
    app.add_exception_handler(StarletteHTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(ConfrereError, _on_failure)

    @app.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        return RedirectResponse("/docs")

    @app.get(
        "/v1/people/{id}/recommendations",
        responses=_problems(
            _404="Nobody of the current run has this id, or the person has opted out.",
            _410="The author with this id is gone: PubMed has none of their papers any more.",
            _422="A parameter is wrong.",
            _503="No run has been published yet, or the database cannot be reached.",
        ),
    )
    def recommendations(
        who: Annotated[str, Path(alias="id", description="author id, ORCID iD or roster id")],
        limit: Annotated[int, Query(ge=1, le=100, description="how many at most")] = 20,
    ) -> SuggestionsAnswer:
        """Give a person's recommendations, best first, with reasons and introducer.

        An author id that an earlier run served is followed to who it is now: `person.author_id` is
        the id of today.
        """
        suggestions = suggestions_of(engine, who, limit)
        if suggestions is not None:
            return SuggestionsAnswer.model_validate(suggestions)
        if current_run(engine) is None:
            raise HTTPException(503, NOT_YET)
        absence = absence_of(engine, who)
        if absence is not None and absence.is_gone:
            raise HTTPException(
                410, f"The author {who} is gone: PubMed has none of their papers any more."
            )
        if absence is not None:
            raise HTTPException(
                404,
                f"The author {absence.author_id} is not in the current run, which holds people "
                "with suggestions and those suggested: ask again after another run.",
            )
        raise HTTPException(
            404, f"Nobody has the id {who}: give an author id, an ORCID iD or a roster id."
        )

    @app.get(
        "/v1/people",
        responses=_problems(_422="A parameter is wrong.", _503="The database cannot be reached."),
    )
    def people(
        name: Annotated[
            str,
            Query(min_length=1, max_length=200, description="words of the name, in any order"),
        ],
        limit: Annotated[int, Query(ge=1, le=100, description="how many at most")] = 20,
    ) -> PeopleAnswer:
        """Find people of the current run by name."""
        found = search_people(engine, name, limit)
        return PeopleAnswer(people=[PersonAnswer.model_validate(person) for person in found])

    @app.get(
        "/healthz",
        responses=_problems(
            _503="No run has been published yet, or the database cannot be reached."
        ),
    )
    def healthz() -> HealthAnswer:
        """Say whether the service can answer, and from which run."""
        run = current_run(engine)
        if run is None:
            raise HTTPException(503, NOT_YET)
        return HealthAnswer(run=RunAnswer.model_validate(run))

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


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve the API until interrupted."""
    uvicorn.Server(uvicorn.Config(app, log_level="info")).run(sockets=[listener])


def _problem(status: int, detail: str, headers: Any = None) -> JSONResponse:
    problem = Problem(title=http.HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(
        problem.model_dump(), status, headers=headers, media_type="application/problem+json"
    )


def _on_http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101  # what it is registered for
    return _problem(error.status_code, str(error.detail), error.headers)


def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # what it is registered for
    wrong = [f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.errors()]
    return _problem(422, "; ".join(wrong))


def _on_failure(_request: Request, error: Exception) -> JSONResponse:
    logger.error("%s", error)
    # the message may name files and hosts: it is for the operator's log, not for the caller
    return _problem(503, "The database cannot be reached: try again later.")
