"""Who may ask for what: every route, every kind of caller."""

from __future__ import annotations

import base64
import dataclasses
import logging
from datetime import timedelta

import httpx
import pytest
from fastapi.routing import APIRoute

from pipeline.__main__ import main
from pipeline.errors import WrongUse
from pipeline.serving.api_keys import add_key, keys, revoke_key
from pipeline.serving.database import Engine
from pipeline.settings import Settings, from_environment
from pipeline.web.api import create_app, warn_if_open
from tests.serving.world import ADA, BO, CY, NIGHT, seeded
from tests.web.conftest import serving

CALLERS = ("no key", "bad key", "wrong scope", "other institution", "right")
FOR_ALL = (200, 200, 200, 200, 200)
FACTS = (401, 401, 403, 200, 200)
"""Public facts: whoever may read at all."""
OWN = (401, 401, 403, 403, 200)
"""Recommendations of Ada, who is at Example University."""

MATRIX = {
    "/healthz": ("/healthz", FOR_ALL),
    "/openapi.json": ("/openapi.json", FOR_ALL),
    "/static/confrere.css": ("/static/confrere.css", FOR_ALL),
    "/v1/people": ("/v1/people?name=ada", FACTS),
    "/v1/people/{id}.jsonld": (f"/v1/people/{ADA}.jsonld", FACTS),
    "/v1/people/{id}": (f"/v1/people/{ADA}", FACTS),
    "/v1/people/{id}/network": (f"/v1/people/{ADA}/network", FACTS),
    "/v1/people/{id}/recommendations": (f"/v1/people/{ADA}/recommendations", OWN),
    "/v1/people/{id}/recommendations/{candidate_id}": (
        f"/v1/people/{ADA}/recommendations/{CY}",
        OWN,
    ),
    "/v1/people/{id}/recommendations/{candidate_id}/path": (
        f"/v1/people/{ADA}/recommendations/{CY}/path",
        OWN,
    ),
    "/v1/runs": ("/v1/runs", FACTS),
    "/v1/exports/recommendations.jsonl": ("/v1/exports/recommendations.jsonl", FACTS),
    "/v1/exports/recommendations.csv": ("/v1/exports/recommendations.csv", FACTS),
    "/v1/team": ("/v1/team", FACTS),
    "/team": ("/team?aim=engines", FACTS),
    "/": ("/?q=ada", FACTS),
    "/people/{id}": (f"/people/{ADA}", FACTS),
    "/people/{id}/why/{candidate_id}": (f"/people/{ADA}/why/{CY}", OWN),
    "/about": ("/about", FACTS),
    "/api": ("/api", FACTS),
}
CASES = [
    pytest.param(path, caller, status, id=f"{route} {caller}")
    for route, (path, statuses) in MATRIX.items()
    for caller, status in zip(CALLERS, statuses, strict=True)
]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Whoever asks needs a key."""
    return dataclasses.replace(settings, api_access="keys")


@pytest.fixture
def asked(engine: Engine, client: httpx.Client) -> httpx.Client:
    """A client of a service that has the drawn world."""
    seeded(engine)
    return client


def _headers(engine: Engine, caller: str, path: str) -> dict[str, str]:
    scope, other = ("export", "read") if "/exports/" in path else ("read", "export")
    match caller:
        case "no key":
            return {}
        case "bad key":
            return {"Authorization": "Bearer confrere_guessed"}
        case "wrong scope":
            token = add_key(engine, "k", [other], None, NIGHT)
        case "other institution":
            token = add_key(engine, "k", [scope], "Other Hospital", NIGHT)
        case _:
            token = add_key(engine, "k", [scope], "Example University", NIGHT)
    return {"Authorization": f"Bearer {token}"}


def test_the_matrix_has_every_route(settings: Settings) -> None:
    app = create_app(settings)
    routes = {route.path for route in app.routes if isinstance(route, APIRoute)}
    app.state.engine.dispose()
    assert routes | {"/openapi.json"} == set(MATRIX)


@pytest.mark.parametrize(("path", "caller", "status"), CASES)
def test_every_route_answers_each_caller_as_documented(
    asked: httpx.Client, engine: Engine, path: str, caller: str, status: int
) -> None:
    headers = _headers(engine, caller, path)
    answer = (
        asked.post(path, headers=headers, json={"aim": "engines"})
        if path == "/v1/team"
        else asked.get(path, headers=headers)
    )
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic")
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Cy" not in answer.text


def _rows(client: httpx.Client, token: str) -> set[tuple[int, int]]:
    header = {"Authorization": f"Bearer {token}"}
    text = client.get("/v1/exports/recommendations.csv", headers=header).text
    head, *rows = [line.split(",") for line in text.splitlines()]
    author, rank = head.index("author_id"), head.index("rank")
    return {(int(row[author]), int(row[rank])) for row in rows}


def test_an_export_has_the_rows_of_the_keys_institution_only(
    asked: httpx.Client, engine: Engine
) -> None:
    tokens = [
        add_key(engine, f"k{place}", ["export"], institution, NIGHT)
        for place, institution in enumerate((None, "Example University", "Other Hospital"))
    ]
    assert [_rows(asked, token) for token in tokens] == [
        {(ADA, 1), (ADA, 2), (BO, 1)},
        {(ADA, 1), (ADA, 2)},
        set(),
    ]


def test_a_page_of_somebody_elses_institution_shows_facts_and_no_suggestions(
    asked: httpx.Client, engine: Engine
) -> None:
    token = add_key(engine, "k", ["read"], "Other Hospital", NIGHT)
    page = asked.get(f"/people/{ADA}", headers={"Authorization": f"Bearer {token}"})
    assert page.status_code == 200
    assert "Your key shows the suggestions of people of Other Hospital" in page.text
    assert "Cy Müller" not in page.text
    assert "Dee O" in page.text  # a coauthor


def test_a_browser_may_send_the_token_as_a_password(asked: httpx.Client, engine: Engine) -> None:
    token = add_key(engine, "portal", ["read"], None, NIGHT)
    assert asked.get("/", auth=("anybody", token)).status_code == 200
    assert asked.get("/", auth=("anybody", "no")).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !", "Basic " + base64.b64encode(b"\xff:\xff").decode(), "Bearer", "Digest a"],
)
def test_a_header_that_is_none_opens_nothing(asked: httpx.Client, header: str) -> None:
    assert asked.get("/v1/runs", headers={"Authorization": header}).status_code == 401


def test_a_revoked_key_opens_nothing_from_then_on(asked: httpx.Client, engine: Engine) -> None:
    header = {"Authorization": f"Bearer {add_key(engine, 'k', ['read'], None, NIGHT)}"}
    assert asked.get("/v1/runs", headers=header).status_code == 200
    revoke_key(engine, "k", NIGHT)
    assert asked.get("/v1/runs", headers=header).status_code == 401
    add_key(engine, "k", ["read"], None, NIGHT)  # the name is free again
    assert asked.get("/v1/runs", headers=header).status_code == 401


def test_only_a_hash_of_a_token_is_kept(engine: Engine) -> None:
    token = add_key(engine, "k", ["read"], None, NIGHT)
    with engine.connect() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM api_keys").all())
    assert token not in kept
    assert token.removeprefix("confrere_") not in kept
    assert len(token) > 50


def test_a_key_without_a_name_is_refused(engine: Engine) -> None:
    with pytest.raises(WrongUse, match="has no name"):
        add_key(engine, "  ", ["read"], None, NIGHT)


def test_keys_are_told_apart_by_name_and_scope(engine: Engine) -> None:
    add_key(engine, "k", ["read", "export"], "Example University", NIGHT)
    with pytest.raises(WrongUse, match="is in use"):
        add_key(engine, "k", ["read"], None, NIGHT)
    with pytest.raises(WrongUse, match="scope write"):
        add_key(engine, "l", ["write"], None, NIGHT)
    with pytest.raises(WrongUse, match="not in use"):
        revoke_key(engine, "l", NIGHT)
    [key] = keys(engine)
    assert (key.name, key.revoked_at) == ("k", None)
    assert key.scopes == {"read", "export"}


def test_too_many_requests_are_told_when_to_come_back(engine: Engine, settings: Settings) -> None:
    seeded(engine)
    limited = dataclasses.replace(settings, api_rate_limit="3/minute")
    token, other = (add_key(engine, name, ["read"], None, NIGHT) for name in "ab")
    header = {"Authorization": f"Bearer {token}"}
    with serving(limited) as address, httpx.Client(base_url=address, timeout=30) as client:
        statuses = [client.get("/v1/runs", headers=header).status_code for _ in range(4)]
        refused = client.get("/v1/runs", headers=header)
        apart = client.get("/v1/runs", headers={"Authorization": f"Bearer {other}"})
        guessed = [client.get("/v1/runs").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["title"] == "Too Many Requests"
    assert apart.status_code == 200
    assert guessed == [401, 401, 401, 429]


def test_open_access_beyond_this_machine_is_warned_of(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    open_ = dataclasses.replace(settings, api_access="open")
    for host in ("127.0.0.1", "::1", "localhost"):
        warn_if_open(open_, host)
    warn_if_open(settings, "0.0.0.0")
    assert caplog.text == ""
    with caplog.at_level(logging.WARNING):
        warn_if_open(open_, "0.0.0.0")
    assert "everybody who reaches this address" in caplog.text


def test_the_command_makes_lists_and_revokes_keys(
    settings: Settings, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    seeded(engine)
    home = ["--home", str(settings.home)]
    add = ["keys", "add", "portal", "--scope", "read", "--scope", "export"]
    assert main([*add, "--institution", "Nowhere", *home]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("confrere_")
    assert "shown once" in said.err
    assert "nobody of the current run or the roster is at Nowhere" in said.err
    assert main(["keys", "list", *home]) == 0
    listed = capsys.readouterr().out
    assert "portal" in listed
    assert "export read" in listed
    assert said.out.strip() not in listed
    assert main(["keys", "revoke", "portal", *home]) == 0
    assert main(["keys", "revoke", "portal", *home]) == 2
    assert "not in use" in capsys.readouterr().err
    assert keys(engine)[0].revoked_at is not None


def test_the_day_of_use_is_noted(asked: httpx.Client, engine: Engine) -> None:
    header = {"Authorization": f"Bearer {add_key(engine, 'k', ['read'], None, NIGHT)}"}
    assert keys(engine)[0].last_used_on is None
    asked.get("/v1/runs", headers=header)
    used = keys(engine)[0].last_used_on
    assert used is not None
    assert used > (NIGHT - timedelta(days=1)).date()


@pytest.mark.parametrize("name", ["api_access", "api_rate_limit"])
def test_a_wrong_setting_is_named(name: str) -> None:
    with pytest.raises(WrongUse, match=name):
        from_environment({f"CONFRERE_{name.upper()}": "always"})
