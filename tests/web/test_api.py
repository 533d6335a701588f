"""The API over a real socket: answers, problems, and what it never says."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from pipeline.serving.database import Engine, open_database
from pipeline.serving.roster import import_roster
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from pipeline.web.api import create_app
from tests.serving.world import ADA, ADA_ORCID, CY, DEE, EVE, NIGHT, seeded, world

ROSTER = f"""person_id,name,email,orcid,department,digest
P1,Ada Lovelace,ada@secret.example.org,{ADA_ORCID},Analysis,yes
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(Settings(home=tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def client(tmp_path: Path, engine: Engine) -> Iterator[httpx.Client]:
    """A client of a server on a free port of loopback."""
    config = uvicorn.Config(create_app(Settings(home=tmp_path)), port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    server.should_exit = True
    thread.join()


def _is_problem(answer: httpx.Response, status: int, detail: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert detail in problem["detail"]
    assert set(problem) == {"type", "title", "status", "detail"}


def test_suggestions_come_with_people_papers_and_the_run(
    client: httpx.Client, engine: Engine
) -> None:
    seeded(engine)
    answer = client.get(f"/v1/people/{ADA}/recommendations")
    assert answer.status_code == 200
    said = answer.json()
    assert said["run"]["run_id"] == "run-1"
    assert said["run"]["generated_at"] == "2026-03-01T02:00:00Z"
    assert said["person"]["orcid"] == ADA_ORCID
    first, second = said["recommendations"]
    assert (first["rank"], first["person"]["author_id"], first["score"]) == (1, CY, 0.75)
    assert first["introducer"]["author_id"] == DEE
    assert first["reasons"][0]["kind"] == "shared_coauthor"
    assert first["reasons"][0]["paper"]["title"] == "Paper <i>1</i>"
    assert (second["person"]["author_id"], second["probability"]) == (EVE, 0.1)


def test_a_person_is_meant_by_any_of_three_ids(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    seeded(engine)
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    import_roster(engine, tmp_path / "roster.csv", b"key", NIGHT)
    for who in (str(ADA), ADA_ORCID, ADA_ORCID.replace("-", ""), "P1"):
        answer = client.get(f"/v1/people/{who}/recommendations", params={"limit": 1})
        assert answer.json()["person"]["author_id"] == ADA, who
        assert len(answer.json()["recommendations"]) == 1
        assert "@" not in answer.text


def test_an_id_that_was_given_up_is_answered_with_the_id_of_today(
    client: httpx.Client, engine: Engine
) -> None:
    leads = [(7, ADA), (8, None), (9, 999), (10, EVE)]
    redirects = [{"author_id": old, "current_id": new} for old, new in leads]
    seeded(engine, world(redirects=redirects))
    answer = client.get("/v1/people/7/recommendations", params={"limit": 1})
    assert answer.status_code == 200
    assert answer.json() == client.get(f"/v1/people/{ADA}/recommendations?limit=1").json()
    assert answer.json()["person"]["author_id"] == ADA
    path = "/v1/people/{}/recommendations"
    _is_problem(client.get(path.format(8)), 410, "The author 8 is gone")
    _is_problem(client.get(path.format(9)), 404, "The author 999 is not in the current run")
    _is_problem(client.get(path.format(11)), 404, "Nobody has the id 11")
    suppress(engine, NIGHT, "test", author_id=EVE, mentions=[(4, 1)])
    _is_problem(client.get(path.format(10)), 404, "Nobody has the id 10")
    _is_problem(client.get(path.format(EVE)), 404, f"Nobody has the id {EVE}")


def test_people_are_found_by_name(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    answer = client.get("/v1/people", params={"name": "lovelace ada"})
    assert [person["author_id"] for person in answer.json()["people"]] == [ADA]
    assert client.get("/v1/people", params={"name": "nobody"}).json() == {"people": []}


def test_who_opts_out_is_gone_from_the_next_answer_on(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    path = f"/v1/people/{ADA}/recommendations"
    assert "Dee O'Brien" in client.get(path).text
    suppress(engine, NIGHT, "test", author_id=DEE, mentions=[(1, 2)])
    assert "Dee" not in client.get(path).text
    suppress(engine, NIGHT, "test", author_id=CY, mentions=[(3, 1)])
    assert [row["rank"] for row in client.get(path).json()["recommendations"]] == [2]
    suppress(engine, NIGHT + timedelta(hours=1), "test", author_id=ADA, mentions=[(1, 1)])
    _is_problem(client.get(path), 404, f"Nobody has the id {ADA}")
    assert client.get("/v1/people", params={"name": "lovelace"}).json() == {"people": []}


def test_health_tells_a_served_run_from_none(client: httpx.Client, engine: Engine) -> None:
    _is_problem(client.get("/healthz"), 503, "No run has been published yet")
    _is_problem(client.get("/v1/people/1/recommendations"), 503, "No run has been published yet")
    seeded(engine)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["run"]["run_id"]) == ("ok", "run-1")


def test_wrong_requests_get_a_problem(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    _is_problem(client.get("/v1/people/nobody/recommendations"), 404, "Nobody has the id nobody")
    _is_problem(client.get("/v1/people/1/recommendations?limit=0"), 422, "limit: ")
    _is_problem(client.get("/v1/people/1/recommendations?limit=many"), 422, "limit: ")
    _is_problem(client.get("/v1/people"), 422, "name: ")
    _is_problem(client.get("/v2"), 404, "Not Found")
    _is_problem(client.delete("/healthz"), 405, "Method Not Allowed")


def test_a_lost_database_is_a_problem_without_particulars(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    seeded(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW v1_runs")
    answer = client.get("/healthz")
    _is_problem(answer, 503, "The database cannot be reached")
    assert str(tmp_path) not in answer.text


def test_the_first_page_is_the_docs(client: httpx.Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


def test_no_other_site_may_read_the_answers(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    answer = client.get("/healthz", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def _check(description: dict[str, Any], path: str, answer: httpx.Response) -> None:
    """Hold an answer against what the OpenAPI description promises for it."""
    responses = description["paths"][path]["get"]["responses"]
    promised = responses[str(answer.status_code)]["content"]
    schema = promised[answer.headers["content-type"]]["schema"]
    Draft202012Validator({**schema, "components": description["components"]}).validate(
        answer.json()
    )


def test_the_description_is_true(client: httpx.Client, engine: Engine) -> None:
    description = client.get("/openapi.json").json()
    people = "/v1/people/{id}/recommendations"
    assert set(description["paths"]) == {people, "/v1/people", "/healthz"}
    for path in (people, "/healthz"):
        _check(description, path, client.get(path.format(id=1)))
    seeded(engine)
    for path, asked in [
        (people, f"/v1/people/{ADA}/recommendations"),
        (people, "/v1/people/nobody/recommendations"),
        (people, "/v1/people/1/recommendations?limit=0"),
        ("/v1/people", "/v1/people?name=a"),
        ("/v1/people", "/v1/people?name="),
        ("/healthz", "/healthz"),
    ]:
        _check(description, path, client.get(asked))
    schemas = description["components"]["schemas"]
    assert all(schema["required"] for name, schema in schemas.items() if name.endswith("Answer"))
