"""The pages: whole without JavaScript, made on the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from pipeline.serving import queries
from pipeline.serving.database import Connection, reading
from pipeline.serving.queries import (
    Network,
    Person,
    Recommendation,
    ServedRun,
    Sought,
    Step,
    Wanted,
)
from pipeline.web import drawing, words
from pipeline.web.access import Caller, Reads, sees
from pipeline.web.parameters import Candidate, OtherDepartment, OtherInstitution, Who
from pipeline.web.rendering import page
from pipeline.web.routes import nobody, one_of

SUGGESTIONS_A_PAGE, PEOPLE_A_PAGE, PAPERS_SHOWN, TOPICS_SHOWN = 8, 20, 5, 8
STYLE = (Path(__file__).parent / "static" / "confrere.css").read_bytes()
Rank = Annotated[int, Query(ge=0, le=10_000, description="suggestions after this rank")]


ROUTER = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@ROUTER.get("/static/confrere.css")
def style() -> Response:
    """The one style sheet."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


@ROUTER.get("/")
def search(request: Request, _: Reads, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Find somebody; the start page."""
    asked = q.replace("\0", "").strip()
    with reading(request.app.state.engine) as connection:
        run = queries.run_now(connection)
        found = _found(connection, run, asked) if run and asked else []
    shown = found[:PEOPLE_A_PAGE]
    more = len(found) > PEOPLE_A_PAGE
    return page(request, "search.html", run=run, query=asked, people=shown, more=more)


@ROUTER.get("/people/{id}")
def person_page(
    request: Request,
    caller: Reads,
    who: Who,
    other_institution: OtherInstitution = False,
    other_department: OtherDepartment = False,
    after: Rank = 0,
) -> Response:
    """A researcher with suggestions, in words."""
    wanted = Wanted(other_department, other_institution)
    with reading(request.app.state.engine) as connection:
        run = _run(connection)
        person = queries.person_of_id(connection, run.run_id, who)
        if person is None:
            return _without_author(request, connection, caller, run, who)
        shown = _profile(connection, run, person)
        may_see = sees(connection, caller, person)
        found = (
            queries.recommendations(
                connection, run.run_id, person, SUGGESTIONS_A_PAGE + 1, wanted, after
            )
            if may_see
            else []
        )
        shown |= _suggested(connection, run, person, found[:SUGGESTIONS_A_PAGE])
    return page(
        request,
        "person.html",
        run=run,
        person=person,
        months=request.app.state.settings.active_months,
        wanted=wanted,
        after=after,
        may_see=may_see,
        institution=caller.institution,
        more=found[SUGGESTIONS_A_PAGE - 1].rank if found[SUGGESTIONS_A_PAGE:] else None,
        **shown,
    )


@ROUTER.get("/people/{id}/why/{candidate_id}")
def why_page(request: Request, caller: Reads, who: Who, candidate_id: Candidate) -> Response:
    """Why one is suggested to the other: reasons that add up to the score."""
    with reading(request.app.state.engine) as connection:
        run, person, found = one_of(request, connection, caller, who, candidate_id)
        network, drawn = _drawn(connection, run, person, [found], found)
        papers = queries.papers_of(connection, run.run_id, found.person.author_id)
        topics = queries.topics_of(connection, run.run_id, found.person.author_id)
    lines, total = words.explained(found)
    return page(
        request,
        "why.html",
        run=run,
        person=person,
        suggestion=found,
        lines=lines,
        total=total,
        informing=words.informing(found),
        network=network,
        steps=queries.steps_of(person, found),
        drawings=drawn,
        papers=papers[:PAPERS_SHOWN],
        topics=topics[:TOPICS_SHOWN],
    )


@ROUTER.get("/about")
def about(request: Request, _: Reads) -> Response:
    """How it works, and one's rights."""
    with reading(request.app.state.engine) as connection:
        run = queries.run_now(connection)
    return page(request, "about.html", run=run, settings=request.app.state.settings)


@ROUTER.get("/api")
def api(request: Request, _: Reads) -> Response:
    """What the API answers: the OpenAPI description, to be read."""
    with reading(request.app.state.engine) as connection:
        run = queries.run_now(connection)
    described = request.app.openapi()
    return page(
        request,
        "api.html",
        run=run,
        routes=[
            (verb.upper(), path, said)
            for path, route in described["paths"].items()
            for verb, said in route.items()
        ],
        needs_key=request.app.state.settings.api_access == "keys",
    )


def _run(connection: Connection) -> ServedRun:
    run = queries.run_now(connection)
    if run is None:
        raise HTTPException(503, "No run has been published yet: come back tomorrow.")
    return run


def _found(connection: Connection, run: ServedRun, asked: str) -> list[Person]:
    """Who is meant by an id, else by a name, else by where they work."""
    person = queries.person_of_id(connection, run.run_id, asked)
    if person is not None:
        return [person]
    by = (Sought(name=asked), Sought(institution=asked), Sought(department=asked))
    limit = PEOPLE_A_PAGE + 1
    found = (queries.search_people(connection, run.run_id, sought, limit) for sought in by)
    return next(filter(None, found), [])


def _without_author(
    request: Request,
    connection: Connection,
    caller: Caller,
    run: ServedRun,
    who: str,
) -> Response:
    """Tell somebody on the roster why there is nothing yet."""
    listed = queries.person_on_roster(connection, who)
    if listed is None or caller.institution not in (None, listed.institution):
        raise nobody(request, who)
    return page(request, "no_author.html", run=run, listed=listed)


def _profile(connection: Connection, run: ServedRun, person: Person) -> dict[str, Any]:
    papers = queries.papers_of(connection, run.run_id, person.author_id)
    topics = queries.topics_of(connection, run.run_id, person.author_id)
    return {"papers": papers[:PAPERS_SHOWN], "topics": topics[:TOPICS_SHOWN]}


def _suggested(
    connection: Connection, run: ServedRun, person: Person, found: Sequence[Recommendation]
) -> dict[str, Any]:
    """What the page shows of suggestions: with the introduction to the first that has one."""
    known = (suggestion for suggestion in found if queries.steps_of(person, suggestion))
    first = next(known, None)
    network, drawn = _drawn(connection, run, person, found[: drawing.SUGGESTED_DRAWN], first)
    steps = queries.steps_of(person, first) if first else []
    return {
        "suggestions": found,
        "introduced": first,
        "network": network,
        "steps": steps,
        "drawings": drawn,
    }


def _drawn(
    connection: Connection,
    run: ServedRun,
    person: Person,
    found: Sequence[Recommendation],
    highlighted: Recommendation | None,
) -> tuple[Network, tuple[drawing.Drawing, ...]]:
    """Draw coauthors and suggested people, those who link the two before the others."""
    path = queries.steps_of(person, highlighted) if highlighted else []
    suggested = [suggestion.person.author_id for suggestion in found]
    everybody = queries.network_of(connection, run.run_id, person, 40, suggested)
    network = _trimmed(everybody, suggested, path)
    sizes = (drawing.WIDE, drawing.NARROW)
    return network, tuple(drawing.draw(network, suggested, path, size) for size in sizes)


def _trimmed(network: Network, suggested: Sequence[int], path: Sequence[Step]) -> Network:
    """Keep as many coauthors as can be drawn: who is on the path, who links, who is strongest."""
    ego, *others = network.people
    on_path = {p.author_id for step in path for p in (step.person, step.other_person)}
    tied = {n for t in network.ties for n in _linking(t.author_id, t.coauthor_id, suggested)}
    coauthors = [person for person in others if person.author_id not in suggested]
    coauthors.sort(key=lambda p: (p.author_id not in on_path, p.author_id not in tied))
    kept = [*coauthors[: drawing.COAUTHORS_DRAWN], *(p for p in others if p.author_id in suggested)]
    ids = {ego.author_id, *(person.author_id for person in kept)}
    ties = [tie for tie in network.ties if {tie.author_id, tie.coauthor_id} <= ids]
    return Network((ego, *kept), tuple(ties))


def _linking(one: int, other: int, suggested: Sequence[int]) -> list[int]:
    """Which of two who have written together links to somebody suggested."""
    return [a for a, b in ((one, other), (other, one)) if b in suggested and a not in suggested]
