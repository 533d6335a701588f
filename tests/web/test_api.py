"""The API over a real socket: answers, problems, and what it never says."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from pipeline.serving.database import Engine
from pipeline.serving.roster import import_roster
from pipeline.serving.suppressions import suppress
from tests.serving.world import ADA, ADA_ORCID, BO, CY, DEE, EVE, NIGHT, seeded, world
from tests.web.conftest import on_both

pytestmark = on_both

ROSTER = f"""person_id,name,email,orcid,department,digest
P1,Ada Lovelace,ada@secret.example.org,{ADA_ORCID},Analysis,yes
"""


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
    answer = client.get("/v1/people/7/recommendations")
    assert answer.status_code == 200
    assert answer.json() == client.get(f"/v1/people/{ADA}/recommendations").json()
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
    assert client.get("/v1/people", params={"name": "nobody"}).json()["people"] == []
    for asked, found in [
        ({"orcid": f"https://orcid.org/{ADA_ORCID}"}, [ADA]),
        ({"orcid": "0000"}, []),
        ({"institution": "hospital"}, [CY]),
        ({"institution": "EXAMPLE", "department": "anal"}, [ADA]),
        ({"institution": "example", "name": "cy"}, []),
        ({"institution": "%"}, []),
        ({}, [ADA, 102, CY, DEE, EVE]),
    ]:
        people = client.get("/v1/people", params=asked).json()["people"]
        assert [person["author_id"] for person in people] == found, asked


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
    assert client.get("/v1/people", params={"name": "lovelace"}).json()["people"] == []


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
    _is_problem(client.get("/v1/people?name="), 422, "name: ")
    _is_problem(client.get("/v1/people?name=a%00b"), 422, "name: ")
    _is_problem(client.get("/v1/people?cursor=x"), 422, "cursor: ")
    _is_problem(client.get(f"/v1/people/{ADA}/recommendations/{ADA}"), 404, "is not recommended")
    _is_problem(client.get("/v2"), 404, "/api lists")
    _is_problem(client.delete("/healthz"), 405, "another method")


def test_a_lost_database_is_a_problem_without_particulars(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    seeded(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE current_run RENAME TO lost")
    answer = client.get("/healthz")
    _is_problem(answer, 503, "The database cannot be reached")
    assert str(tmp_path) not in answer.text


def test_no_other_site_may_read_the_answers(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    answer = client.get("/healthz", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_who_has_the_answer_already_gets_304_until_somebody_opts_out(
    client: httpx.Client, engine: Engine
) -> None:
    seeded(engine)
    path = f"/v1/people/{ADA}/recommendations"
    first = client.get(path)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    suppress(engine, NIGHT, "test", author_id=DEE, mentions=[(1, 2)])
    after = client.get(path, headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert "Dee" not in after.text


def test_recommendations_are_filtered(client: httpx.Client, engine: Engine) -> None:
    changed = world()
    changed["recommendations"][0]["probability"] = 0.05
    changed["authors"][4] |= {"institution": "Example University", "department": "Surgery"}
    seeded(engine, changed)
    for asked, ranks in [
        ("", [1, 2]),
        ("other_institution=true", [1]),
        ("other_department=true", [2]),
        ("other_institution=true&other_department=true", []),
        ("topic=engines", [1]),
        ("topic=Trains", []),
        ("min_probability=0.1", [2]),
        ("min_probability=0.11", []),
    ]:
        answer = client.get(f"/v1/people/{ADA}/recommendations?{asked}").json()
        assert [row["rank"] for row in answer["recommendations"]] == ranks, asked


def test_one_recommendation_adds_up_and_has_its_path(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    path = f"/v1/people/{ADA}/recommendations/{CY}"
    found = client.get(path).json()["recommendation"]
    assert sum(reason["contribution"] for reason in found["reasons"]) == found["score"]
    steps = client.get(f"{path}/path").json()["steps"]
    ends = [(step["person"]["author_id"], step["other_person"]["author_id"]) for step in steps]
    assert ends == [(ADA, DEE), (DEE, CY)]
    assert [step["paper"]["pmid"] for step in steps] == [1, 3]
    assert client.get(f"/v1/people/{ADA}/recommendations/{EVE}/path").json()["steps"] == []


def test_an_ego_network_has_coauthors_and_ties(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    answer = client.get(f"/v1/people/{DEE}/network").json()
    assert [person["author_id"] for person in answer["people"]] == [DEE, ADA, CY]
    ties = [
        (tie["author_id"], tie["coauthor_id"], tie["publication_count"]) for tie in answer["ties"]
    ]
    assert ties == [(ADA, DEE, 2), (CY, DEE, 1)]
    suppress(engine, NIGHT, "test", author_id=ADA, mentions=[(1, 1)])
    answer = client.get(f"/v1/people/{DEE}/network").json()
    assert [person["author_id"] for person in answer["people"]] == [DEE, CY]
    assert len(answer["ties"]) == 1


def test_a_person_comes_with_topics_and_papers(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    answer = client.get(f"/v1/people/{ADA}").json()
    assert answer["person"]["name"] == "Ada Løvelace-Smith"
    assert [topic["topic"] for topic in answer["topics"]] == ["Engines"]
    assert [paper["pmid"] for paper in answer["papers"]] == [1]


def test_a_person_is_linked_data(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    answer = client.get(f"/v1/people/{ADA}.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    person, paper = answer.json()["@graph"]
    assert (person["@type"], person["@id"]) == ("Person", f"https://orcid.org/{ADA_ORCID}")
    assert person["affiliation"]["parentOrganization"]["name"] == "Example University"
    assert (paper["@type"], paper["name"]) == ("ScholarlyArticle", "Paper 1")
    assert paper["author"] == {"@id": person["@id"]}
    assert client.get(f"/v1/people/{BO}.jsonld").json()["@graph"][0]["@id"] == f"#author-{BO}"


def test_an_export_has_every_row_of_the_run(client: httpx.Client, engine: Engine) -> None:
    _is_problem(client.get("/v1/exports/recommendations.csv"), 503, "No run has been published")
    seeded(engine)
    rows = [
        json.loads(line)
        for line in client.get("/v1/exports/recommendations.jsonl").text.splitlines()
    ]
    assert [(row["author_id"], row["rank"]) for row in rows] == [(ADA, 1), (ADA, 2), (BO, 1)]
    assert rows[0]["reasons"][0]["kind"] == "shared_coauthor"
    answer = client.get("/v1/exports/recommendations.csv")
    assert (
        answer.headers["content-disposition"] == 'attachment; filename="recommendations-run-1.csv"'
    )
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["candidate_id"] for row in table] == [str(CY), str(EVE), str(EVE)]
    assert list(table[0]) == list(rows[0])
    suppress(engine, NIGHT, "test", author_id=EVE, mentions=[(4, 1)])
    assert len(client.get("/v1/exports/recommendations.jsonl").text.splitlines()) == 1


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
    id_ = "/v1/people/{id}"
    one = id_ + "/recommendations/{candidate_id}"
    before = ["/v1/people", id_, id_ + ".jsonld", id_ + "/recommendations", id_ + "/network", one]
    for path in (*before, one + "/path", "/healthz"):
        _check(description, path, client.get(path.format(id=1, candidate_id=1)))
    seeded(engine)
    suggested = f"/v1/people/{ADA}/recommendations"
    for path, asked in [
        (id_, f"/v1/people/{ADA}"),
        (id_ + ".jsonld", f"/v1/people/{ADA}.jsonld"),
        (id_ + "/network", f"/v1/people/{ADA}/network"),
        (id_ + "/recommendations", suggested),
        (id_ + "/recommendations", f"{suggested}?limit=1"),
        (id_ + "/recommendations", "/v1/people/nobody/recommendations"),
        (id_ + "/recommendations", "/v1/people/1/recommendations?limit=0"),
        (one, f"{suggested}/{CY}"),
        (one, f"{suggested}/{ADA}"),
        (one + "/path", f"{suggested}/{CY}/path"),
        ("/v1/people", "/v1/people?name=a"),
        ("/v1/people", "/v1/people?name="),
        ("/v1/people", "/v1/people?limit=1"),
        ("/v1/runs", "/v1/runs"),
        ("/healthz", "/healthz"),
    ]:
        _check(description, path, client.get(asked))
    schemas = description["components"]["schemas"]
    answers = {name: schema for name, schema in schemas.items() if name.endswith("Answer")}
    assert all(schema["required"] for schema in answers.values())


def test_answers_have_no_field_that_is_not_described(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    described = client.get("/openapi.json").json()["components"]["schemas"]
    said = client.get(f"/v1/people/{ADA}/recommendations").json()
    assert set(said) == set(described["SuggestionsAnswer"]["properties"])
    recommendation = said["recommendations"][0]
    for part, model in [
        (said["run"], "RunAnswer"),
        (said["person"], "PersonAnswer"),
        (recommendation, "RecommendationAnswer"),
        (recommendation["reasons"][0], "ReasonAnswer"),
        (recommendation["reasons"][0]["paper"], "PaperAnswer"),
    ]:
        assert set(part) == set(described[model]["properties"])


def test_no_answer_loads_frames_or_guesses_anything(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    for path in ("/", "/v1/runs", "/nowhere", "/static/confrere.css"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/healthz", "/v1/runs", "/", f"/people/{ADA}", "/v1/people"])
def test_head_is_answered_as_get_without_the_body(
    engine: Engine, client: httpx.Client, path: str
) -> None:
    seeded(engine)
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers.get("etag") == get.headers.get("etag")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_an_address_without_anything_says_where_to_look(client: httpx.Client) -> None:
    nothing = client.get("/v1/nosuch")
    assert nothing.status_code == 404
    assert "/api lists" in nothing.json()["detail"]
    wrong = client.post("/v1/runs")
    assert wrong.status_code == 405
    assert "another method" in wrong.json()["detail"]
