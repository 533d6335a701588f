"""The outbox, and whom on the roster it is for."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.errors import ConfrereError
from pipeline.serving.database import Engine, reading
from pipeline.serving.outbox import (
    Delivery,
    already_suggested,
    claim_delivery,
    mark_delivered,
    mark_failed,
    opted_in,
)
from pipeline.serving.roster import Imported, import_roster
from pipeline.serving.schema import DELIVERIES
from pipeline.serving.suppressions import address_hash, suppress
from pipeline.settings import Settings
from tests.serving.world import (
    ADA,
    ADA_ORCID,
    CY,
    CY_ORCID,
    DEE,
    EVE,
    NIGHT,
    WORLD,
    published,
    seeded,
    world,
)

KEY = b"key"
HEADER = "person_id,name,email,orcid,department,digest\n"
ROSTER = (
    HEADER
    + f"P1,Ada Lovelace,ada@example.org,https://orcid.org/{ADA_ORCID},Analysis,yes\n"
    + f'P2,"Müller, Cy",cy@example.org,{CY_ORCID},,yes\n'
    + "\n"
    + "P3,Nobody Here,no@example.org,,Archive,NO\n"
)
DELIVERY = Delivery("P1", "run-1", "<1@confrere>", "People to meet", (CY, EVE), (DEE,), NIGHT)


def _imported(engine: Engine, folder: Path, text: str = ROSTER) -> Imported:
    file = folder / "roster.csv"
    file.write_text(text, encoding="utf-8-sig")
    return import_roster(engine, file, KEY, NIGHT)


@pytest.fixture
def ready(engine: Engine, tmp_path: Path) -> Engine:
    """A served run and an imported roster."""
    seeded(engine)
    _imported(engine, tmp_path)
    return engine


def test_only_who_opted_in_and_is_served_gets_a_digest(ready: Engine) -> None:
    assert [(s.person_id, s.author_id, s.email) for s in opted_in(ready)] == [
        ("P1", ADA, "ada@example.org")
    ]


@pytest.mark.parametrize("evidence", ["address", "orcid", "author"])
def test_who_opted_out_gets_none(evidence: str, ready: Engine) -> None:
    if evidence == "address":
        suppress(ready, NIGHT, "test", address_hashes=[address_hash("ADA@example.org", KEY)])
    elif evidence == "orcid":
        suppress(ready, NIGHT, "test", orcid=ADA_ORCID)
    else:
        suppress(ready, NIGHT, "test", author_id=ADA, mentions=[(1, 1)])
    assert opted_in(ready) == []
    assert not claim_delivery(ready, DELIVERY)


def test_a_message_is_claimed_once(ready: Engine) -> None:
    claims: list[bool] = []
    threads = [
        threading.Thread(target=lambda: claims.append(claim_delivery(ready, DELIVERY)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claims) == [False, False, False, True]


def test_nothing_is_sent_that_suggests_who_opted_out(ready: Engine) -> None:
    suppress(ready, NIGHT, "test", author_id=EVE, mentions=[(4, 1)])
    assert not claim_delivery(ready, DELIVERY)
    assert claim_delivery(ready, replace(DELIVERY, candidate_ids=(CY,)))


def test_nothing_is_sent_that_names_who_opted_out(ready: Engine) -> None:
    suppress(ready, NIGHT, "test", author_id=DEE, mentions=[(1, 2)])
    assert not claim_delivery(ready, DELIVERY)
    assert claim_delivery(ready, replace(DELIVERY, named_ids=()))


def test_a_message_that_failed_may_be_claimed_again_and_one_that_was_written_not(
    ready: Engine,
) -> None:
    assert claim_delivery(ready, DELIVERY)
    mark_failed(ready, DELIVERY.message_id, "disk full")
    assert claim_delivery(ready, replace(DELIVERY, candidate_ids=(EVE,)))
    with reading(ready) as connection:
        row = connection.execute(select(DELIVERIES)).one()
    assert (row.state, row.error) == ("pending", None)
    assert already_suggested(ready, "P1") == {EVE}
    assert not claim_delivery(ready, DELIVERY)
    mark_delivered(ready, DELIVERY.message_id, "outbox/1.eml", NIGHT)
    assert not claim_delivery(ready, DELIVERY)


@pytest.mark.parametrize("evidence", ["address", "author"])
def test_an_import_does_not_count_who_opted_out(
    evidence: str, ready: Engine, tmp_path: Path
) -> None:
    if evidence == "address":
        suppress(ready, NIGHT, "test", address_hashes=[address_hash("ada@example.org", KEY)])
    else:
        suppress(ready, NIGHT, "test", author_id=ADA, mentions=[(1, 1)])
    assert _imported(ready, tmp_path) == Imported(3, 1, 1)


def test_what_became_of_a_message_is_kept(ready: Engine) -> None:
    other = replace(DELIVERY, message_id="<2@confrere>", candidate_ids=())
    assert claim_delivery(ready, DELIVERY)
    assert claim_delivery(ready, other)
    mark_delivered(ready, "<1@confrere>", "outbox/1.eml", NIGHT + timedelta(minutes=1))
    mark_failed(ready, "<2@confrere>", "disk full")
    rows = DELIVERIES.c
    with reading(ready) as connection:
        found = connection.execute(
            select(rows.state, rows.path, rows.delivered_at, rows.error).order_by(rows.message_id)
        ).all()
    assert [tuple(row) for row in found] == [
        ("written", "outbox/1.eml", NIGHT + timedelta(minutes=1), None),
        ("failed", None, None, "disk full"),
    ]
    with pytest.raises(ConfrereError, match="never claimed"):
        mark_failed(ready, "<3@confrere>", "?")


def test_nobody_is_suggested_twice(ready: Engine) -> None:
    assert already_suggested(ready, "P1") == set()
    claim_delivery(ready, replace(DELIVERY, candidate_ids=(CY,)))
    claim_delivery(ready, replace(DELIVERY, message_id="<2@confrere>", candidate_ids=(EVE,)))
    assert already_suggested(ready, "P1") == {CY, EVE}
    assert already_suggested(ready, "P2") == set()
    mark_failed(ready, "<2@confrere>", "disk full")
    assert already_suggested(ready, "P1") == {CY}


def test_who_was_suggested_is_known_after_reclustering(ready: Engine, settings: Settings) -> None:
    claim_delivery(ready, replace(DELIVERY, candidate_ids=(CY,)))
    new_id = 999

    def moved(name: str) -> list[dict[str, object]]:
        return [
            {k: new_id if v == CY and k.endswith("_id") else v for k, v in row.items()}
            for row in WORLD[name]
        ]

    again = world(
        **{name: moved(name) for name in ("authors", "recommendations", "reasons", "identities")}
    )
    assert published(ready, settings, again, "run-2").accepted
    assert already_suggested(ready, "P1") == {CY, new_id}
