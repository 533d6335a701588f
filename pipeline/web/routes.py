"""The routes of the API, `/v1`."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic_core import to_json

from pipeline.serving import queries
from pipeline.serving.author_ids import absence_of
from pipeline.serving.database import Connection, reading
from pipeline.serving.queries import Person, ServedRun, Sought, Wanted
from pipeline.web import answers, linked_data
from pipeline.web.access import Caller, Exports, Reads, sees
from pipeline.web.cursors import read_cursor, run_of, write_cursor
from pipeline.web.exports import CSV, JSONL, stream
from pipeline.web.parameters import (
    Candidate,
    CursorText,
    Department,
    Institution,
    Limit,
    MinProbability,
    Name,
    Orcid,
    OtherDepartment,
    OtherInstitution,
    Topic,
    Who,
)
from pipeline.web.problems import documented
from pipeline.web.rendering import json_answer, json_body

_ALWAYS = (401, 403, 422, 429, 503)
_TAGGED = {
    "ETag": {"description": "names this very answer", "schema": {"type": "string"}},
    "Cache-Control": {"description": "private, no-cache: ask again", "schema": {"type": "string"}},
}


def _says(model: type[answers.Answer], *more: int) -> dict[int | str, dict[str, Any]]:
    """Document an answer, that it may be unchanged, and what can be wrong."""
    return {
        200: {"model": model, "headers": _TAGGED},
        304: {"description": "Unchanged: `If-None-Match` names this very answer."},
        **documented(*_ALWAYS, *more),
    }


ROUTER = APIRouter(prefix="/v1")


@ROUTER.get("/people", responses=_says(answers.PeopleAnswer, 410))
def people(
    request: Request,
    _: Reads,
    name: Name = None,
    orcid: Orcid = None,
    institution: Institution = None,
    department: Department = None,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> Response:
    """Find people: those who fit all that is given; without anything given, everybody.

    Those of exactly this name come first, then those with the most papers. A crawl along
    `next` stays within its run.
    """
    sought = Sought(name, orcid, institution, department)
    place = read_cursor(cursor, sought, 3)
    with reading(request.app.state.engine) as connection:
        run = run_of(connection, place)
        after = (place.after[0], place.after[1], place.after[2]) if place else None
        found = queries.search_people(connection, run.run_id, sought, limit + 1, after)
    shown = found[:limit]
    more = write_cursor(run, sought, queries.place_of(shown[-1], sought)) if found[limit:] else None
    return json_answer(request, {"run": run, "people": shown, "next": _next(request, more)})


@ROUTER.get(
    "/people/{id}.jsonld",
    responses={
        **_says(answers.ProfileAnswer, 404, 410),
        200: {
            "description": "schema.org: a Person and the ScholarlyArticles by them",
            "content": {linked_data.TYPE: {"schema": linked_data.SCHEMA}},
            "headers": _TAGGED,
        },
    },
)
def linked(request: Request, _: Reads, who: Who) -> Response:
    """Give a person and their newest papers as linked data (JSON-LD, schema.org)."""
    with reading(request.app.state.engine) as connection:
        run, person = _person(request, connection, who)
        topics = queries.topics_of(connection, run.run_id, person.author_id)
        papers = queries.papers_of(connection, run.run_id, person.author_id)
    return json_answer(request, linked_data.graph(person, topics, papers), linked_data.TYPE)


@ROUTER.get("/people/{id}", responses=_says(answers.ProfileAnswer, 404, 410))
def profile(request: Request, _: Reads, who: Who) -> Response:
    """Give a person, what they write about, and their newest papers."""
    with reading(request.app.state.engine) as connection:
        run, person = _person(request, connection, who)
        topics = queries.topics_of(connection, run.run_id, person.author_id)
        papers = queries.papers_of(connection, run.run_id, person.author_id)
    return json_answer(request, {"run": run, "person": person, "topics": topics, "papers": papers})


@ROUTER.get("/people/{id}/recommendations", responses=_says(answers.SuggestionsAnswer, 404, 410))
def recommendations(
    request: Request,
    caller: Reads,
    who: Who,
    other_department: OtherDepartment = False,
    other_institution: OtherInstitution = False,
    topic: Topic = None,
    min_probability: MinProbability = None,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> Response:
    """Give a person's recommendations, best first, with reasons and introducer.

    An author id that an earlier run served is followed to who it is now: `person.author_id` is
    the id of today. A crawl along `next` stays within its run.
    """
    wanted = Wanted(other_department, other_institution, topic, min_probability)
    place = read_cursor(cursor, (who, wanted), 1)
    with reading(request.app.state.engine) as connection:
        run = run_of(connection, place)
        person = _person_of(request, connection, run, who)
        _require_sight(connection, caller, person)
        after = place.after[0] if place else 0
        found = queries.written_recommendations(
            connection, run.run_id, person, limit + 1, wanted, after
        )
    shown = found[:limit]
    more = write_cursor(run, (who, wanted), (shown[-1][0],)) if found[limit:] else None
    listed = ",".join(text for _, text in shown)
    around = to_json({"run": run, "person": person, "next": _next(request, more)})
    return json_body(request, around[:-1] + f',"recommendations":[{listed}]}}'.encode())


@ROUTER.get(
    "/people/{id}/recommendations/{candidate_id}",
    responses=_says(answers.SuggestionAnswer, 404, 410),
)
def recommendation(request: Request, caller: Reads, who: Who, candidate_id: Candidate) -> Response:
    """Give one recommendation with its reasons, whose contributions add up to the score."""
    with reading(request.app.state.engine) as connection:
        run, person, found = one_of(request, connection, caller, who, candidate_id)
    return json_answer(request, {"run": run, "person": person, "recommendation": found})


@ROUTER.get(
    "/people/{id}/recommendations/{candidate_id}/path",
    responses=_says(answers.PathAnswer, 404, 410),
)
def path(request: Request, caller: Reads, who: Who, candidate_id: Candidate) -> Response:
    """Give the path of introduction: who has written with whom, from the one to the other."""
    with reading(request.app.state.engine) as connection:
        run, person, found = one_of(request, connection, caller, who, candidate_id)
    steps = queries.steps_of(person, found)
    answer = {"run": run, "person": person, "candidate": found.person, "steps": steps}
    return json_answer(request, answer)


@ROUTER.get("/people/{id}/network", responses=_says(answers.NetworkAnswer, 404, 410))
def network(
    request: Request,
    _: Reads,
    who: Who,
    limit: Annotated[int, Query(ge=1, le=100, description="coauthors at most")] = 40,
) -> Response:
    """Give a person's ego network: coauthors, and who of them has written with whom."""
    with reading(request.app.state.engine) as connection:
        run, person = _person(request, connection, who)
        found = queries.network_of(connection, run.run_id, person, limit)
    return json_answer(request, {"run": run, "people": found.people, "ties": found.ties})


@ROUTER.get("/runs", responses=_says(answers.RunsAnswer))
def runs(request: Request, _: Reads) -> Response:
    """Give the runs that are kept; a cursor of any of them works."""
    with reading(request.app.state.engine) as connection:
        now, kept = queries.run_now(connection), queries.kept_runs(connection)
    return json_answer(request, {"current": now.run_id if now else None, "runs": kept})


def _streams(media_type: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string"}}}
    said = {"description": "one row a recommendation, as `v1_recommendations` has it"}
    return {200: {**said, "content": content}, **documented(401, 403, 429, 503)}


@ROUTER.get("/exports/recommendations.jsonl", responses=_streams(JSONL))
def export_jsonl(request: Request, caller: Exports) -> Response:
    """Stream the recommendations of the current run that the key may see, one JSON a line."""
    return _export(request, caller, JSONL, "jsonl")


@ROUTER.get("/exports/recommendations.csv", responses=_streams(CSV))
def export_csv(request: Request, caller: Exports) -> Response:
    """Stream the recommendations of the current run that the key may see as CSV."""
    return _export(request, caller, CSV, "csv")


def _export(request: Request, caller: Caller, media_type: str, ending: str) -> Response:
    with reading(request.app.state.engine) as connection:
        run = run_of(connection, None)
    name = f"recommendations-{run.run_id}.{ending}"
    return stream(request.app.state.engine, caller.institution, media_type, name)


def one_of(
    request: Request, connection: Connection, caller: Caller, who: str, candidate_id: int
) -> tuple[ServedRun, Person, queries.Recommendation]:
    """Read one recommendation of the current run.

    Raises
    ------
    HTTPException
        403: it is not the caller's to see. 404: there is none. 410, 503: as for a person.
    """
    run, person = _person(request, connection, who)
    _require_sight(connection, caller, person)
    found = queries.recommendation_of(connection, run.run_id, person, candidate_id)
    if found is None:
        raise HTTPException(
            404, f"The author {candidate_id} is not recommended to {person.author_id} in this run."
        )
    return run, person, found


def _person(request: Request, connection: Connection, who: str) -> tuple[ServedRun, Person]:
    run = run_of(connection, None)
    return run, _person_of(request, connection, run, who)


def _person_of(request: Request, connection: Connection, run: ServedRun, who: str) -> Person:
    person = queries.person_of_id(connection, run.run_id, who)
    if person is None:
        raise nobody(request, who)
    return person


def nobody(request: Request, who: str) -> HTTPException:
    """Say why nobody is found under an id: gone (410), not in this run, or of nobody (404)."""
    absence = absence_of(request.app.state.engine, who)
    if absence is None:
        return HTTPException(
            404, f"Nobody has the id {who}: give an author id, an ORCID iD or a roster id."
        )
    if absence.is_gone:
        return HTTPException(
            410, f"The author {who} is gone: PubMed has none of their papers any more."
        )
    return HTTPException(
        404,
        f"The author {absence.author_id} is not in the current run, which holds people with "
        "suggestions, those suggested, and their coauthors: ask again after another run.",
    )


def _require_sight(connection: Connection, caller: Caller, person: Person) -> None:
    if not sees(connection, caller, person):
        raise HTTPException(
            403, f"This key sees the recommendations of people of {caller.institution} only."
        )


def _next(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    given = [
        (name, value) for name, value in request.query_params.multi_items() if name != "cursor"
    ]
    return f"{request.url.path}?{urlencode([*given, ('cursor', cursor)])}"
