"""A crawl goes on with its own run while the next ones are published."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from pipeline.serving.database import Engine
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from tests.serving.world import ADA, NIGHT, Rows, many, published, seeded
from tests.web.conftest import on_both

pytestmark = on_both


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Two runs are kept, and any run is good enough."""
    return dataclasses.replace(settings, runs_kept=2, smallest_share=0.0)


def _publish(engine: Engine, settings: Settings, number: int, people_count: int) -> None:
    rows: dict[str, Rows] = many(1.0, people_count)
    for author in rows["authors"]:
        author["display_name"] = f"Of run {number}"
    when = NIGHT + timedelta(days=number)
    published(engine, settings, rows, f"run-{number}", when)


def _pages(client: httpx.Client, start: str) -> Iterator[dict[str, object]]:
    address: str | None = start
    while address is not None:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        address = answer.json()["next"]


def test_a_crawl_across_a_publish_loses_and_repeats_nobody(
    client: httpx.Client, engine: Engine, settings: Settings
) -> None:
    _publish(engine, settings, 1, 100)
    seen: list[int] = []
    for number, page in enumerate(_pages(client, "/v1/people?limit=7")):
        people = page["people"]
        assert isinstance(people, list)
        assert {person["name"] for person in people} == {"Of run 1"}
        seen += [person["author_id"] for person in people]
        if number == 3:
            _publish(engine, settings, 2, 120)
    assert sorted(seen) == list(range(1, 101))
    assert len(seen) == len(set(seen))
    anew = [p["people"] for p in _pages(client, "/v1/people?limit=50")]
    assert sum(map(len, anew)) == 120  # type: ignore[arg-type]  # lists, as above


def test_recommendations_are_crawled_within_a_run(
    client: httpx.Client, engine: Engine, settings: Settings
) -> None:
    _publish(engine, settings, 1, 100)
    ranks: list[int] = []
    for number, page in enumerate(_pages(client, "/v1/people/7/recommendations?limit=1")):
        run, found = page["run"], page["recommendations"]
        assert isinstance(run, dict)
        assert isinstance(found, list)
        assert run["run_id"] == "run-1"
        ranks += [row["rank"] for row in found]
        if number == 0:
            _publish(engine, settings, 2, 100)
    assert ranks == [1, 2]


def test_the_cursor_of_a_run_that_is_gone_says_to_begin_again(
    client: httpx.Client, engine: Engine, settings: Settings
) -> None:
    _publish(engine, settings, 1, 100)
    address = client.get("/v1/people?limit=7").json()["next"]
    _publish(engine, settings, 2, 100)
    _publish(engine, settings, 3, 100)
    answer = client.get(address)
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == (
        "The run run-1 is no longer kept: begin again without `cursor`."
    )
    kept = client.get("/v1/runs").json()
    assert kept["current"] == "run-3"
    assert [run["run_id"] for run in kept["runs"]] == ["run-3", "run-2"]


def test_who_opts_out_during_a_crawl_is_on_no_later_page(
    client: httpx.Client, engine: Engine, settings: Settings
) -> None:
    _publish(engine, settings, 1, 100)
    address = client.get("/v1/people?limit=50").json()["next"]
    _publish(engine, settings, 2, 100)
    suppress(engine, NIGHT, "test", author_id=77, mentions=[(1, 1)])
    ids = [person["author_id"] for person in client.get(address).json()["people"]]
    assert ids == [number for number in range(51, 101) if number != 77]


def test_a_cursor_belongs_to_its_question(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    cursor = client.get("/v1/people?limit=1").json()["next"].partition("cursor=")[2]
    for wrong in (
        f"/v1/people?name=a&cursor={cursor}",
        f"/v1/people/{ADA}/recommendations?cursor={cursor}",
        f"/v1/people?cursor={cursor[:-2]}",
        "/v1/people?cursor=bnVsbA",
        "/v1/people?cursor=%C3%A9",
        "/v1/people?cursor=" + "W" * 400,
    ):
        answer = client.get(wrong)
        assert answer.status_code == 422, wrong
        assert "take it from `next`" in answer.json()["detail"]


def test_names_are_paged_in_order_of_search(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    whole = client.get("/v1/people?name=e").json()["people"]
    paged = [page["people"] for page in _pages(client, "/v1/people?name=e&limit=1")]
    assert [people[0] for people in paged if isinstance(people, list)] == whole
