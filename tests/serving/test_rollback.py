"""The pointer goes back to a run that is kept, and on again."""

# ruff: noqa: E501  (rows read best one a line)
from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from pipeline.errors import ConfrereError, WrongUse
from pipeline.serving.database import Engine, reading
from pipeline.serving.publish import publish
from pipeline.serving.queries import current_run, find_person, recommendations_of
from pipeline.serving.rollback import RolledBack, rollback
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from tests.serving.world import (
    ADA,
    AS_OF,
    BO,
    CY,
    DEE,
    EVE,
    NIGHT,
    WORLD,
    Rows,
    many,
    published,
    run,
    tables,
    world,
)


def night(engine: Engine, settings: Settings, number: int) -> None:
    at = NIGHT + timedelta(days=number)
    assert published(engine, settings, WORLD, f"run-{number}", at).accepted


def back(engine: Engine, settings: Settings, run_id: str | None = None) -> RolledBack:
    given = tables(settings.home, WORLD)
    return rollback(engine, run_id, given, settings)


def served(engine: Engine) -> str | None:
    found = current_run(engine)
    return found.run_id if found else None


def test_the_run_before_is_served_again(engine: Engine, settings: Settings) -> None:
    for number in (1, 2, 3):
        night(engine, settings, number)
    assert back(engine, settings) == RolledBack("run-2", AS_OF, "run-3", 3)
    assert served(engine) == "run-2"
    assert back(engine, settings).run_id == "run-1"
    assert back(engine, settings, "run-3") == RolledBack("run-3", AS_OF, "run-1", 3)
    assert served(engine) == "run-3"


def test_the_same_inputs_do_not_bring_back_what_was_rolled_back_and_new_ones_go_forward(
    engine: Engine, settings: Settings
) -> None:
    for number in (1, 2):
        night(engine, settings, number)
    back(engine, settings)
    again = replace(run("run-3", NIGHT + timedelta(days=3)), made_from="made for run-2")
    result = publish(engine, again, tables(settings.home, WORLD), settings)
    assert (result.run_id, result.accepted, served(engine)) == ("run-1", True, "run-1")
    night(engine, settings, 4)
    assert served(engine) == "run-4"


def test_who_opted_out_since_is_left_out_of_the_earlier_run_under_the_ids_of_that_night(
    engine: Engine, settings: Settings
) -> None:
    night(engine, settings, 1)
    night(engine, settings, 2)
    # Dee and Cy bear other ids in the lake by now; Eve's wish came in by her paper alone
    ids = {DEE: 904, CY: 903}

    def today(rows: Rows) -> Rows:
        return [{**row, "author_id": ids.get(row["author_id"], row["author_id"])} for row in rows]

    leads = [{"author_id": old, "current_id": new} for old, new in ids.items()]
    lake = world(
        authors=today(WORLD["authors"]), identities=today(WORLD["identities"]), redirects=leads
    )
    for place in ((1, 2), (3, 1), (4, 1)):
        suppress(engine, NIGHT, "test", mentions=[place])
    rollback(engine, None, tables(settings.home, lake), settings)
    assert served(engine) == "run-1"
    for author_id in (DEE, CY, EVE):
        assert find_person(engine, str(author_id)) is None
    assert find_person(engine, str(ADA)) is not None
    assert recommendations_of(engine, ADA, 9) == []
    with reading(engine) as connection:
        assert not any(
            str(DEE) in reasons
            for reasons in connection.scalars(
                text("SELECT reasons FROM recommendations WHERE run_id = 'run-1'")
            )
        )


def test_who_was_hidden_in_the_earlier_run_stays_hidden_in_it(
    engine: Engine, settings: Settings
) -> None:
    night(engine, settings, 1)
    suppress(engine, NIGHT, "test", author_id=BO, mentions=[(999, 1)])  # no paper says so today
    night(engine, settings, 2)
    back(engine, settings)
    assert find_person(engine, str(BO)) is None


@pytest.mark.parametrize(
    ("run_id", "why"),
    [("run-3", "is the one that is served"), ("run-0", r"is not kept: .*\(run-2\)"), ("run-1", "is not kept")],
)  # fmt: skip
def test_a_run_that_is_not_there_is_refused(
    run_id: str, why: str, engine: Engine, settings: Settings
) -> None:
    kept = replace(settings, runs_kept=2)
    for number in (1, 2, 3):
        night(engine, kept, number)
    with pytest.raises(WrongUse, match=why):
        back(engine, settings, run_id)
    assert served(engine) == "run-3"


def test_the_first_run_has_none_before_it(engine: Engine, settings: Settings) -> None:
    with pytest.raises(ConfrereError, match="no run before"):
        back(engine, settings)
    night(engine, settings, 1)
    with pytest.raises(ConfrereError, match="no run before"):
        back(engine, settings)


def test_going_back_takes_less_than_a_second(engine: Engine, settings: Settings) -> None:
    for number in (1, 2):
        rows = many(score=float(number), author_count=2_000)
        published(engine, settings, rows, f"run-{number}", NIGHT + timedelta(days=number))
    started = time.perf_counter()
    assert back(engine, settings).row_count == 4_000
    assert time.perf_counter() - started < 1
