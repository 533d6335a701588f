"""Errors: problem+json (RFC 9457) for programs, a page for people."""

from __future__ import annotations

import http
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from pipeline.errors import ConfrereError
from pipeline.web.answers import Problem
from pipeline.web.rendering import page

logger = logging.getLogger(__name__)

NOT_YET = "No run has been published yet: `confrere run` makes one."
NO_JSON = "The body is no JSON object: send one, with Content-Type: application/json."
_REMEDIES = {
    "Not Found": "There is nothing at this address: /api lists what there is.",
    "Method Not Allowed": "This address takes another method: /api says which.",
}
"""What Starlette says in two words, with the remedy."""
MEANINGS = {
    401: "A key is needed, or the one given opens nothing.",
    403: "The key has not the scope, or sees the recommendations of another institution only.",
    404: "Nobody of the run has this id, or the person has opted out.",
    410: "It is gone: an author without papers, or a run that is no longer kept.",
    422: "A parameter is wrong.",
    429: "Too many requests: `Retry-After` says in how many seconds to come back.",
    503: "No run has been published yet, or the database cannot be reached.",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document error answers for the OpenAPI description."""
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {"application/problem+json": {"schema": schema}}
    return {status: {"description": MEANINGS[status], "content": content} for status in statuses}


def add_problems(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.add_exception_handler(StarletteHTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(ConfrereError, _on_failure)
    app.add_exception_handler(Exception, _on_defect)


def no_run() -> HTTPException:
    """Say that there is no run to read."""
    return HTTPException(503, NOT_YET)


def _answer(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    title = http.HTTPStatus(status).phrase
    if _is_page(request):
        return page(
            request, "problem.html", status, dict(headers or {}), title=title, detail=detail
        )
    problem = Problem(title=title, status=status, detail=detail)
    return JSONResponse(
        problem.model_dump(), status, headers=headers, media_type="application/problem+json"
    )


def _is_page(request: Request) -> bool:
    """Whether a person looks at it: outside of what programs ask for."""
    program = ("/v1", "/healthz", "/openapi.json", "/static")
    return not request.url.path.startswith(program) and "text/html" in request.headers.get(
        "accept", ""
    )


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101  # what it is registered for
    detail = _REMEDIES.get(str(error.detail), str(error.detail))
    return _answer(request, error.status_code, detail, error.headers)


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # what it is registered for
    if any(item["type"] in ("json_invalid", "model_attributes_type") for item in error.errors()):
        return _answer(request, 422, NO_JSON)
    wrong = [f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.errors()]
    return _answer(request, 422, "; ".join(wrong))


def _on_failure(request: Request, error: Exception) -> Response:
    logger.error("%s", error)
    # the message may name files and hosts: it is for the operator's log, not for the caller
    return _answer(request, 503, "The database cannot be reached: try again later.")


def _on_defect(request: Request, _error: Exception) -> Response:
    # the server logs it with its traceback
    return _answer(request, 500, "A defect of this program: its log says which.")
