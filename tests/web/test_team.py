"""Asking with an aim over HTTP, and on its page."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from pipeline.serving.database import Engine
from pipeline.settings import Settings
from tests.serving.world import ADA, CY, NIGHT, published, seeded, world


def test_a_team_is_told_with_its_topics_papers_and_run(
    engine: Engine, client: httpx.Client
) -> None:
    seeded(engine)
    answer = client.post("/v1/team", json={"aim": "better engines for all"})
    assert answer.status_code == 200
    told = answer.json()
    assert told["run"]["run_id"] == "run-1"
    assert [topic["topic"] for topic in told["topics"]] == ["Engines"]
    assert {member["person"]["author_id"] for member in told["members"]} <= {ADA, 104, CY}
    assert told["members"][0]["covers"][0]["paper"]["pmid"] in (1, 3)
    assert "@" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_who_asks_is_taken_by_any_id_and_nobody_is_told_as_such(
    engine: Engine, client: httpx.Client
) -> None:
    seeded(engine)
    told = client.post("/v1/team", json={"aim": "engines", "person": str(ADA)}).json()
    assert ADA not in {member["person"]["author_id"] for member in told["members"]}
    nobody = client.post("/v1/team", json={"aim": "engines", "person": "P999"})
    assert nobody.status_code == 404
    assert nobody.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "wrong", [{}, {"aim": ""}, {"aim": "x" * 20_001}, {"aim": "x", "size": 0}, {"aim": "x", "y": 1}]
)
def test_a_wrong_question_is_a_problem_that_names_the_field(
    wrong: dict[str, object], client: httpx.Client
) -> None:
    answer = client.post("/v1/team", json=wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_after_a_publish_the_team_is_of_the_new_run(
    engine: Engine, client: httpx.Client, settings: Settings
) -> None:
    published(engine, settings)
    assert client.post("/v1/team", json={"aim": "engines"}).json()["members"]
    renamed = world()
    renamed["topics"] = [{**topic, "name": "Looms"} for topic in renamed["topics"]]
    published(engine, settings, renamed, "run-2", NIGHT + timedelta(days=1))
    told = client.post("/v1/team", json={"aim": "engines and looms"}).json()
    assert told["run"]["run_id"] == "run-2"
    assert [topic["topic"] for topic in told["topics"]] == ["Looms"]


def test_the_page_shows_the_team_and_what_is_not_found(
    engine: Engine, client: httpx.Client
) -> None:
    seeded(engine)
    page = client.get("/team", params={"aim": "engines"})
    assert page.status_code == 200
    assert "What your aim is about" in page.text
    assert f"/people/{ADA}" in page.text or f"/people/{CY}" in page.text
    assert "No topic that people here publish on" in client.get("/team?aim=zzz").text
    assert "<textarea" in client.get("/team").text


def test_the_page_takes_an_aim_in_the_body_and_cuts_nothing_of_an_abstract(
    engine: Engine, client: httpx.Client
) -> None:
    seeded(engine)
    aim = "A sentence that says nothing. " * 200 + "Engines."
    page = client.post("/team", data={"aim": aim})
    assert page.status_code == 200
    assert "What your aim is about" in page.text
    assert 'method="post"' in client.get("/team").text
    assert client.post("/team", data={"aim": "x" * 300_000}).status_code == 413


@pytest.mark.parametrize("body", ["no json", '"text"'])
def test_a_body_that_is_no_json_object_is_told_what_to_send(
    body: str, client: httpx.Client
) -> None:
    answer = client.post("/v1/team", content=body)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("The body is no JSON object")
