"""The right to be left alone: at once, on every side, and through re-clustering."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.errors import ConfrereError
from pipeline.serving.database import Engine, reading
from pipeline.serving.forget import without_facts_about
from pipeline.serving.queries import find_people, recommendations_of, suggestions_of
from pipeline.serving.schema import RECOMMENDATIONS, V1_PEOPLE, V1_RECOMMENDATIONS
from pipeline.serving.suppressions import (
    address_hash,
    secret_key,
    suppress,
    suppressed_author_ids,
)
from pipeline.settings import Settings
from tests.serving.world import (
    ADA,
    ADA_ORCID,
    BO,
    CY,
    CY_ORCID,
    DEE,
    EVE,
    NIGHT,
    WORLD,
    Rows,
    published,
    seeded,
    tables,
)

LATER = NIGHT + timedelta(hours=1)


def _pairs(engine: Engine) -> set[tuple[int, int, int | None]]:
    view = V1_RECOMMENDATIONS.c
    with reading(engine) as connection:
        chosen = select(view.author_id, view.candidate_id, view.introducer_id)
        return {(a, c, i) for a, c, i in connection.execute(chosen)}


def _people(engine: Engine) -> set[int]:
    with reading(engine) as connection:
        return set(connection.scalars(select(V1_PEOPLE.c.author_id)))


def test_an_author_is_left_alone_at_once(engine: Engine) -> None:
    seeded(engine)
    assert suppress(engine, LATER, "test", author_id=ADA, orcid=ADA_ORCID, mentions=[(1, 1)]) == 2
    assert _pairs(engine) == {(BO, EVE, None)}
    assert ADA not in _people(engine)
    assert suggestions_of(engine, ADA_ORCID, 5) is None
    assert recommendations_of(engine, ADA, 5) == []
    assert find_people(engine, "Lovelace") == []


def test_a_candidate_is_left_alone_at_once(engine: Engine) -> None:
    seeded(engine)
    suppress(engine, LATER, "test", author_id=EVE, mentions=[(4, 1)])
    assert _pairs(engine) == {(ADA, CY, DEE)}
    assert [found.person.author_id for found in recommendations_of(engine, ADA, 5)] == [CY]
    assert recommendations_of(engine, BO, 5) == []


def test_an_introducer_is_left_out_with_the_reason(engine: Engine) -> None:
    seeded(engine)
    suppress(engine, LATER, "test", author_id=DEE, mentions=[(1, 2)])
    assert (ADA, CY, None) in _pairs(engine)
    first = recommendations_of(engine, ADA, 1)[0]
    assert first.introducer is None
    assert [reason.kind for reason in first.reasons] == ["walk", "shared_topic"]


def _raw(engine: Engine, candidate_id: int = CY) -> list[dict[str, Any]]:
    """The reasons why Ada is suggested somebody, as platforms read them."""
    view = V1_RECOMMENDATIONS.c
    chosen = select(view.reasons).where(view.author_id == ADA, view.candidate_id == candidate_id)
    with reading(engine) as connection:
        found: list[dict[str, Any]] = json.loads(connection.execute(chosen).scalar_one())
    return found


@pytest.mark.parametrize("has_walk", [True, False])
def test_the_reasons_of_a_kept_run_forget_who_is_suppressed(engine: Engine, has_walk: bool) -> None:
    facts = [row for row in WORLD["reasons"] if row["contribution"] != 0.25]
    walk = {"author_id": ADA, "candidate_id": CY, "kind": "walk", "contribution": 0.125}
    steps = [
        {"author_id": ADA, "candidate_id": CY, "kind": "path", "contribution": 0.0,
         "person_id": person_id, "other_person_id": other_id, "pmid": 1}
        for person_id, other_id in [(ADA, BO), (BO, DEE), (DEE, CY)]
    ]  # fmt: skip
    like_dee = {**facts[0], "person_id": 1040, "contribution": 0.25, "pmid": DEE}
    seeded(engine, {**WORLD, "reasons": [*facts, like_dee, *steps, *([walk] if has_walk else [])]})
    total = sum(fact["contribution"] for fact in _raw(engine))
    suppress(engine, LATER, "test", author_id=DEE, mentions=[(1, 2)])
    told = _raw(engine)
    assert [fact["kind"] for fact in told] == ["walk", "shared_coauthor"]
    assert (told[1]["person_id"], told[1]["pmid"]) == (1040, DEE)
    assert sum(fact["contribution"] for fact in told) == pytest.approx(total)
    with reading(engine) as connection:
        kept = select(RECOMMENDATIONS.c.introducer_id)
        assert connection.scalars(kept).all() == [None, None, None]


def test_any_role_in_a_path_is_forgotten(engine: Engine) -> None:
    walk = {"author_id": ADA, "candidate_id": CY, "kind": "walk", "contribution": 0.75}
    for ids in [{"person_id": DEE}, {"person_id": BO, "other_person_id": DEE}]:
        fact = {**walk, "kind": "path", "contribution": 0.0, **ids}
        assert without_facts_about([walk, fact, {**fact, "person_id": BO}], DEE) == [walk]


def test_a_path_with_a_hidden_step_is_not_told(engine: Engine) -> None:
    chain = [(ADA, BO), (BO, EVE), (EVE, CY)]
    steps = [
        {"author_id": ADA, "candidate_id": CY, "kind": "path", "contribution": 0.0, "place": place,
         "person_id": person_id, "other_person_id": other_id, "pmid": 1}
        for place, (person_id, other_id) in enumerate(chain, start=1)
    ]  # fmt: skip
    seeded(engine, {**WORLD, "reasons": [*WORLD["reasons"], *steps]})
    assert [r.kind for r in recommendations_of(engine, ADA, 1)[0].reasons].count("path") == 3
    suppress(engine, LATER, "test", author_id=EVE, mentions=[(4, 1)])
    assert [r.kind for r in recommendations_of(engine, ADA, 1)[0].reasons].count("path") == 0


def _reclustered(shift: int) -> dict[str, Rows]:
    """The drawn world after a night that gave everyone another author id."""
    named = ("author_id", "candidate_id", "introducer_id", "person_id", "other_person_id")

    def moved(row: dict[str, Any]) -> dict[str, Any]:
        return {k: v + shift if k in named and v is not None else v for k, v in row.items()}

    return {name: [moved(row) for row in rows] for name, rows in WORLD.items()}


def test_a_wish_outlives_three_reclustered_nights(engine: Engine, settings: Settings) -> None:
    published(engine, settings)
    suppress(engine, LATER, "test", author_id=CY, orcid=CY_ORCID)
    suppress(engine, LATER, "test", author_id=DEE, mentions=[(1, 2)])
    suppress(engine, LATER, "test", author_id=BO, mentions=[(5, 1)])
    anyhow = replace(settings, smallest_share=0.0)  # else a gate sees that nobody has their old id
    for night in (1, 2, 3):
        shift = 1000 * night
        # the recommender's rows still hold the three: only the views stand between
        assert published(engine, anyhow, _reclustered(shift), f"night-{night}").accepted
        assert _people(engine) == {ADA + shift, EVE + shift}
        assert _pairs(engine) == {(ADA + shift, EVE + shift, None)}


def test_the_recommender_is_told_who_it_is(engine: Engine, settings: Settings) -> None:
    suppress(engine, NIGHT, "test", orcid=CY_ORCID)
    suppress(engine, NIGHT, "test", mentions=[(4, 1), (99, 1)])
    given = tables(settings.home, _reclustered(7))
    assert suppressed_author_ids(engine, given, settings).tolist() == [CY + 7, EVE + 7]


def test_nobody_is_suppressed_at_first(engine: Engine, settings: Settings) -> None:
    assert suppressed_author_ids(engine, tables(settings.home, WORLD), settings).tolist() == []


def test_the_same_wish_twice_is_one(engine: Engine) -> None:
    seeded(engine)
    for expected in (1, 0):
        assert suppress(engine, LATER, "test", author_id=CY, orcid=CY_ORCID) == expected


def test_a_wish_without_evidence_is_refused(engine: Engine) -> None:
    with pytest.raises(ConfrereError, match="no evidence"):
        suppress(engine, NIGHT, "test", author_id=ADA)


def test_an_address_is_compared_without_being_kept() -> None:
    hashed = address_hash(" Ada@Example.org ", b"key")
    assert hashed == address_hash("ada@example.org", b"key")
    assert hashed != address_hash("ada@example.org", b"other key")
    assert "ada" not in hashed


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    secret = secret_key(settings)
    assert len(secret) == 64
    assert secret_key(settings) == secret
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert secret_key(Settings(home=tmp_path, secret_key="given")) == b"given"
