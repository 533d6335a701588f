"""Ask with an aim: `POST /v1/team` and its page."""

from __future__ import annotations

from threading import Lock
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from pipeline.serving import queries
from pipeline.serving.database import Connection, reading
from pipeline.serving.queries import Expertise, Person, ServedRun
from pipeline.web import answers
from pipeline.web.access import Reads
from pipeline.web.cursors import run_of
from pipeline.web.parameters import TEXT
from pipeline.web.problems import documented
from pipeline.web.rendering import page
from pipeline.web.routes import nobody

LONGEST_AIM = 20_000
LARGEST_FORM = 12 * LONGEST_AIM
"""Bytes; a character of four bytes takes twelve in a form."""

TEAM_SIZE = 5


class Aim(BaseModel):
    """What the work is to be about, and for whom."""

    model_config = ConfigDict(extra="forbid")

    aim: str = Field(
        min_length=1,
        max_length=LONGEST_AIM,
        pattern=TEXT,
        description="an abstract, or what you mean to do, in English",
    )
    person: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        pattern=TEXT,
        description="who asks: author id, ORCID iD or roster id; others bring what they lack",
    )
    size: int = Field(TEAM_SIZE, ge=1, le=20, description="people at most")


class ExpertiseInMemory:
    """Who writes about what in the run that was asked last; made at the first question of a run."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._run_id = ""
        self._expertise: Expertise | None = None

    def of(self, connection: Connection, run: ServedRun) -> Expertise | None:
        """Give that of a run; None where nobody in it writes about anything."""
        with self._lock:
            if self._run_id != run.run_id:
                self._expertise = queries.load_expertise(connection, run.run_id)
                self._run_id = run.run_id
            return self._expertise


EXPERTISE = APIRouter()
PAGE = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@EXPERTISE.post(
    "/v1/team",
    responses={
        200: {"model": answers.TeamAnswer},
        **documented(401, 403, 404, 410, 422, 429, 503),
    },
)
def team(request: Request, _: Reads, asked: Aim) -> Response:
    """Find people who together cover what an aim is about, and who of them covers what.

    Each adds most to what those before them cover. Nothing of the aim is kept or written to a log.
    """
    with reading(request.app.state.engine) as connection:
        run = run_of(connection, None)
        asking = _asking(request, connection, run, asked.person) if asked.person else None
        found = _find(request, connection, run, asked.aim, asked.size, asking)
    body = to_json({"run": run, "topics": found.topics, "members": found.members})
    return Response(body, 200, {"Cache-Control": "no-store"}, "application/json")


@PAGE.get("/team")
def team_page(
    request: Request, _: Reads, aim: Annotated[str, Query(max_length=LONGEST_AIM)] = ""
) -> Response:
    """Describe an aim, see a team."""
    return _team_page(request, aim)


@PAGE.post("/team")
async def team_told(request: Request, _: Reads) -> Response:
    """See a team for an aim that stands in the body: in no address, history or log."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise HTTPException(413, f"An aim has at most {LONGEST_AIM:,} characters: shorten it.")
    told = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10).get("aim", [""])
    return await run_in_threadpool(_team_page, request, told[0][:LONGEST_AIM])


def _team_page(request: Request, aim: str) -> Response:
    told = aim.replace("\0", "").strip()
    with reading(request.app.state.engine) as connection:
        run = queries.run_now(connection)
        found = _find(request, connection, run, told, TEAM_SIZE, None) if run and told else None
    return page(request, "team.html", run=run, aim=told, found=found, longest=LONGEST_AIM)


def _find(
    request: Request,
    connection: Connection,
    run: ServedRun,
    aim: str,
    size: int,
    asking: Person | None,
) -> queries.TeamFound:
    expertise = request.app.state.expertise.of(connection, run)
    if expertise is None:
        return queries.TeamFound((), ())
    return queries.find_team(connection, expertise, aim, size, asking)


def _asking(request: Request, connection: Connection, run: ServedRun, who: str) -> Person:
    person = queries.person_of_id(connection, run.run_id, who)
    if person is None:
        raise nobody(request, who)
    return person
