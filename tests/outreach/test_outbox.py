"""Who gets a file, on a real database filled by publishing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from pipeline.errors import WrongUse
from pipeline.outreach.outbox import Notified, _prepared, notify
from pipeline.serving.database import Engine, open_database, reading
from pipeline.serving.outbox import claim_delivery, opted_in
from pipeline.serving.schema import DELIVERIES
from pipeline.serving.suppressions import address_hash, suppress
from pipeline.settings import Settings
from tests.outreach import world
from tests.outreach.drawn import parsed, part
from tests.outreach.world import (
    ANA,
    BEN,
    BEN_ORCID,
    CANDIDATES,
    KIM,
    MONDAY,
    PEOPLE,
    TOM,
    TUESDAY,
    ZOE_ORCID,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Zoë has opted in; a run that suggests seven people to her is served."""
    engine = open_database(settings)
    world.serve(engine, settings)
    world.enrol(engine, settings.home)
    yield engine
    engine.dispose()


def messages(settings: Settings) -> list[EmailMessage]:
    files = sorted(settings.outbox_folder.rglob("*"))
    return [parsed(file.read_bytes()) for file in files if file.is_file()]


def suggested(message: EmailMessage) -> set[int]:
    html = part(message, "html")
    return {who for who in CANDIDATES if f">{_escaped(who)}</h2>" in html}


def deliveries(engine: Engine) -> list[tuple[str, str | None, str | None]]:
    with reading(engine) as connection:
        rows = connection.execute(select(DELIVERIES.c.state, DELIVERIES.c.path, DELIVERIES.c.error))
        return [(row.state, row.path, row.error) for row in rows]


def test_who_opted_in_gets_the_five_best_as_one_file(engine: Engine, settings: Settings) -> None:
    assert notify(engine, settings, MONDAY) == Notified(1, 1, 0, 0, 0)
    (file,) = (path for path in settings.outbox_folder.rglob("*") if path.is_file())
    assert file.parent == settings.outbox_folder / "run-1"
    assert file.name.startswith("zoe-muller-ukasz-")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.suffix == ".eml"
    (message,) = messages(settings)
    assert message["To"].addresses[0].addr_spec == "zoe@example.org"
    assert message["Subject"] == "Five colleagues you may want to meet"
    assert suggested(message) == set(CANDIDATES[:5])
    assert deliveries(engine) == [("written", str(file), None)]


def test_a_second_run_on_the_same_suggestions_delivers_nothing(
    engine: Engine, settings: Settings
) -> None:
    notify(engine, settings, MONDAY)
    assert notify(engine, settings, TUESDAY) == Notified(1, 0, 0, 1, 0)
    assert len(messages(settings)) == 1


def test_nobody_is_suggested_twice_and_nothing_new_gives_no_mail(
    engine: Engine, settings: Settings
) -> None:
    notify(engine, settings, MONDAY)
    world.serve(engine, settings, "run-2")
    assert notify(engine, settings, TUESDAY).delivered == 1
    first, second = sorted(messages(settings), key=lambda message: str(message["Date"]))
    assert suggested(second) == set(CANDIDATES[5:])
    assert not suggested(first) & suggested(second)
    assert second["Subject"] == "Two colleagues you may want to meet"
    world.serve(engine, settings, "run-3")
    assert notify(engine, settings, TUESDAY) == Notified(0, 0, 1, 0, 0)
    assert len(messages(settings)) == 2


def test_somebody_suggested_before_is_known_again_by_orcid_after_reclustering(
    engine: Engine, settings: Settings
) -> None:
    notify(engine, settings, MONDAY)
    people = {**PEOPLE, KIM: {"display_name": "Somebody Else"}, 18: PEOPLE[KIM]}
    world.serve(engine, settings, "run-2", [18, *CANDIDATES[1:5]], people)
    assert notify(engine, settings, TUESDAY) == Notified(0, 0, 1, 0, 0)


def test_who_did_not_opt_in_gets_nothing(engine: Engine, settings: Settings) -> None:
    world.enrol(engine, settings.home, zoe={"digest": "no"})
    assert notify(engine, settings, MONDAY) == Notified(0, 0, 0, 0, 0)
    assert not settings.outbox_folder.exists()


def test_a_suppressed_person_is_neither_mailed_nor_suggested(
    engine: Engine, settings: Settings
) -> None:
    world.enrol(engine, settings.home, ben={"digest": "yes"})
    suppress(engine, MONDAY, "test", orcid=BEN_ORCID, author_id=BEN)
    suppress(engine, MONDAY, "test", mentions=[(104, 1)], author_id=KIM)
    assert notify(engine, settings, MONDAY).delivered == 1
    (message,) = messages(settings)
    assert message["To"].addresses[0].addr_spec == "zoe@example.org"
    assert suggested(message) == set(CANDIDATES[1:6])
    assert b"Kim Park" not in message.as_bytes()


@pytest.mark.parametrize("way", ["orcid", "address"])
def test_a_subscriber_who_opts_out_is_not_mailed(
    engine: Engine, settings: Settings, way: str
) -> None:
    if way == "orcid":
        suppress(engine, MONDAY, "test", orcid=ZOE_ORCID)
    else:
        suppress(
            engine, MONDAY, "test", address_hashes=[address_hash("zoe@example.org", world.KEY)]
        )
    assert notify(engine, settings, MONDAY) == Notified(0, 0, 0, 0, 0)
    assert messages(settings) == []


def test_one_failure_is_counted_and_noted_and_the_others_are_served(
    engine: Engine, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    world.enrol(engine, settings.home, ben={"digest": "yes"}, zoe={"email": "zoë@example.org"})
    assert notify(engine, settings, MONDAY) == Notified(1, 1, 0, 0, 1)
    (message,) = messages(settings)
    assert message["To"].addresses[0].addr_spec == "ben@example.org"
    assert "[subscriber staff/7] no digest" in caplog.text
    assert "zoë@" not in caplog.text
    world.enrol(engine, settings.home)  # corrected in the roster
    assert notify(engine, settings, TUESDAY).delivered == 1


def test_an_outbox_that_cannot_be_written_leaves_no_half_file(
    engine: Engine, settings: Settings
) -> None:
    settings.outbox_folder.write_text("in the way")
    assert notify(engine, settings, MONDAY) == Notified(1, 0, 0, 0, 1)
    ((state, path, error),) = deliveries(engine)
    assert (state, path) == ("failed", None)
    assert error is not None
    assert "run-1" in error
    settings.outbox_folder.unlink()
    assert notify(engine, settings, TUESDAY).delivered == 1
    (message,) = messages(settings)
    assert suggested(message) == set(CANDIDATES[:5])  # what failed was not told


def test_a_file_that_cannot_be_put_in_place_leaves_nothing_beside_it(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    notify(engine, settings, MONDAY)
    ((_, path, _),) = deliveries(engine)
    other = Settings(home=tmp_path / "other")
    in_the_way = other.outbox_folder / Path(str(path)).relative_to(settings.outbox_folder)
    in_the_way.mkdir(parents=True)
    second = open_database(other)
    world.serve(second, other)
    world.enrol(second, other.home)
    assert notify(second, other, MONDAY).failed == 1
    assert [file for file in other.outbox_folder.rglob("*") if file.is_file()] == []
    second.dispose()


def test_a_suppressed_go_between_is_not_named_and_who_has_no_reason_left_is_not_suggested(
    engine: Engine, settings: Settings
) -> None:
    suppress(engine, MONDAY, "test", mentions=[(101, 2)], author_id=ANA)
    assert notify(engine, settings, MONDAY).delivered == 1
    (message,) = messages(settings)
    assert suggested(message) == {KIM}  # known through Tom too, and by topics
    assert b"Ana Ruiz" not in message.as_bytes()


def test_the_claim_names_everybody_in_the_message(engine: Engine, settings: Settings) -> None:
    (zoe,) = opted_in(engine)
    prepared = _prepared(engine, zoe, settings, MONDAY)
    assert prepared is not None
    assert {ANA, TOM} <= set(prepared[0].named_ids)
    suppress(engine, MONDAY, "test", mentions=[(103, 1)], author_id=TOM)
    assert not claim_delivery(engine, prepared[0])


def test_without_a_run_nobody_is_written_to(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new")
    engine = open_database(settings)
    world.enrol(engine, tmp_path)
    assert notify(engine, settings, MONDAY) == Notified(0, 0, 0, 0, 0)
    engine.dispose()


def test_a_wrong_sender_stops_before_anybody_is_claimed(engine: Engine, settings: Settings) -> None:
    with pytest.raises(WrongUse, match="mail_from"):
        notify(engine, replace(settings, mail_from="nobody"), MONDAY)
    assert deliveries(engine) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "李伟", "a" * 200, ".hidden", "Zoë\tMüller"])
def test_a_file_name_is_safe_whatever_the_name_on_the_roster(
    engine: Engine, settings: Settings, name: str
) -> None:
    world.enrol(engine, settings.home, zoe={"name": name})
    assert notify(engine, settings, MONDAY).delivered == 1
    ((_, path, _),) = deliveries(engine)
    assert path is not None
    assert Path(path).parent == settings.outbox_folder / "run-1"
    assert Path(path).name.replace("-", "").removesuffix(".eml").isalnum()
    assert Path(path).name.isascii()
    assert len(Path(path).name) < 70


def _escaped(who: int) -> str:
    return str(PEOPLE[who]["display_name"]).replace("'", "&#39;")
