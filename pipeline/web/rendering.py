"""Bodies and their headers: JSON with a strong ETag, pages from templates."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.outreach import wording
from pipeline.outreach.markup import as_html, one_line
from pipeline.web import words

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    b"content-security-policy": CSP.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
}
_TAG = re.compile(r'"[^"]*"')


def json_answer(
    request: Request, answer: Mapping[str, Any], media_type: str = "application/json"
) -> Response:
    """Give records as JSON; see `json_body`."""
    return json_body(request, to_json(answer), media_type)


def json_body(request: Request, body: bytes, media_type: str = "application/json") -> Response:
    """Give JSON; 304 where the caller has this very answer.

    The ETag is a hash of the body. So it holds for a run and for who is suppressed at this instant:
    nobody's opt-out is hidden by a 304.
    """
    tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if tag in _TAG.findall(request.headers.get("if-none-match", "")):
        return Response(None, 304, headers)
    return Response(body, 200, headers, media_type)


def page(
    request: Request,
    template: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **shown: Any,
) -> HTMLResponse:
    """Give a page made from a template."""
    given = {"query": "", "run": None, **shown, "path": request.url.path}
    html = _TEMPLATES.get_template(template).render(given)
    return HTMLResponse(html, status, {"Cache-Control": "private, no-cache", **(headers or {})})


class SafeHeaders:
    """Adds the headers that keep answers from running, framing and leaking anything.

    HEAD is answered as GET (RFC 9110, 9.3.2); the server leaves the body out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS.items()]
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self.app({**scope, "method": method}, receive, send_safely)


def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.web"),
        autoescape=select_autoescape(["html", "svg"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = one_line
    environment.filters["title"] = lambda title: Markup(as_html(title))  # noqa: S704  # as_html lets nothing live through but five tags
    environment.globals.update(wording=wording, words=words)
    return environment


_TEMPLATES = _templates()
