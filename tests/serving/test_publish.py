"""Publishing: all or nothing, gates, retention."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from pipeline.errors import ConfrereError, WrongUse
from pipeline.serving.database import Engine, open_database, reading, writing
from pipeline.serving.publish import publish
from pipeline.serving.queries import current_run
from pipeline.serving.schema import (
    GATE_RESULTS,
    RECOMMENDATIONS,
    RUN_TABLES,
    RUNS,
    V1_RECOMMENDATIONS,
    V1_RUNS,
)
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from tests.serving.world import (
    ADA,
    CY,
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


def _without(author_id: int) -> dict[str, Rows]:
    return world(authors=[row for row in WORLD["authors"] if row["author_id"] != author_id])


def _rows_of(engine: Engine, run_id: str) -> int:
    with reading(engine) as connection:
        return sum(
            connection.execute(
                select(func.count()).select_from(table).where(table.c.run_id == run_id)
            ).scalar_one()
            for table in RUN_TABLES
        )


def test_a_published_run_is_served(engine: Engine, settings: Settings) -> None:
    result = published(engine, settings)
    assert result.accepted
    assert (result.row_count, result.people_count) == (3, 5)
    served = current_run(engine)
    assert served is not None
    assert (served.run_id, served.author_count, served.generated_at) == ("run-1", 2, NIGHT)
    with reading(engine) as connection:
        in_order = select(V1_RECOMMENDATIONS).order_by(text("author_id, rank"))
        rows = connection.execute(in_order).mappings().all()
    assert [(row["author_id"], row["rank"], row["candidate_id"]) for row in rows] == [
        (ADA, 1, CY),
        (ADA, 2, EVE),
        (102, 1, EVE),
    ]
    assert rows[0]["reasons"] == (
        '[{"kind":"shared_coauthor","contribution":0.5,"person_id":104,"pmid":1,"other_pmid":3},'
        '{"kind":"shared_topic","contribution":0.25,"pmid":2,"other_pmid":3,"topic":"Engines"}]'
    )


def test_publishing_the_same_inputs_again_does_nothing(engine: Engine, settings: Settings) -> None:
    first = published(engine, settings)
    given = tables(settings.home, many(score=1.0))
    again = publish(engine, replace(run("run-2"), made_from="made for run-1"), given, settings)
    assert again == first
    with reading(engine) as connection:
        assert connection.scalars(select(RUNS.c.run_id)).all() == ["run-1"]


def test_a_name_is_not_used_twice(engine: Engine, settings: Settings) -> None:
    published(engine, settings)
    given = tables(settings.home, WORLD)
    with pytest.raises(ConfrereError, match=r"run-1\] was served before"):
        publish(engine, replace(run("run-1"), made_from="other"), given, settings)


def test_a_red_gate_refuses_the_run(engine: Engine, settings: Settings) -> None:
    assert not published(engine, settings, _without(CY)).accepted
    assert current_run(engine) is None
    assert _rows_of(engine, "run-1") == 0
    suppress(engine, NIGHT - timedelta(days=2), "test", mentions=[(1, 2)])
    result = published(engine, settings)
    assert [name for name, passed in result.gates.items() if not passed] == [
        "introducer_not_suppressed",
        "reasons_not_suppressed",
    ]
    assert not result.accepted


def test_a_smaller_share_lets_a_run_shrink(engine: Engine, settings: Settings) -> None:
    published(engine, settings)
    small = world(recommendations=WORLD["recommendations"][2:])
    meant = replace(settings, smallest_share=0.3)
    assert published(engine, meant, small, "run-2", NIGHT + timedelta(days=1)).accepted


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(WrongUse, match="smallest_share"):
        Settings(smallest_share=share)


def test_who_opts_out_while_a_run_is_made_stands_in_no_reason_of_it(
    engine: Engine, settings: Settings
) -> None:
    suppress(engine, NIGHT - timedelta(hours=1), "test", mentions=[(1, 2)])
    assert published(engine, settings).accepted
    with reading(engine) as connection:
        rows = connection.execute(
            select(RECOMMENDATIONS.c.reasons, RECOMMENDATIONS.c.introducer_id)
        ).all()
    assert [row.introducer_id for row in rows] == [None, None, None]
    assert not any("104" in row.reasons for row in rows)


def test_a_run_that_lost_most_rows_keeps_the_old_one(engine: Engine, settings: Settings) -> None:
    published(engine, settings)
    small = world(recommendations=WORLD["recommendations"][2:])
    result = published(engine, settings, small, "run-2", NIGHT + timedelta(days=1))
    assert [name for name, passed in result.gates.items() if not passed] == ["not_shrunk"]
    [told] = result.why
    assert told.startswith(
        "gate not_shrunk (error): 0.666667, at most 0.5 passes; it counts share of rows lost "
        "against the median of the last 7 served runs. What to do: if it is meant"
    )
    served = current_run(engine)
    assert served is not None
    assert served.run_id == "run-1"
    with reading(engine) as connection:
        why = connection.execute(
            select(GATE_RESULTS.c.value, GATE_RESULTS.c.threshold).where(
                GATE_RESULTS.c.run_id == "run-2", ~GATE_RESULTS.c.passed
            )
        ).one()
    assert tuple(why) == (pytest.approx(2 / 3), 0.5)


def test_old_runs_are_retired_and_stay_in_the_book(engine: Engine, settings: Settings) -> None:
    kept = Settings(**{**asdict(settings), "runs_kept": 2})
    for number in range(1, 5):
        published(engine, kept, WORLD, f"run-{number}", NIGHT + timedelta(days=number))
    with reading(engine) as connection:
        book = {row.run_id: row.status for row in connection.execute(select(RUNS))}
        seen = {row.run_id: row.is_current for row in connection.execute(select(V1_RUNS))}
    assert book == {"run-1": "retired", "run-2": "retired", "run-3": "served", "run-4": "served"}
    assert seen == {"run-3": False, "run-4": True}
    assert _rows_of(engine, "run-2") == 0
    assert _rows_of(engine, "run-3") > 0


def test_readers_see_whole_runs_only(engine: Engine, settings: Settings) -> None:
    published(engine, settings, many(score=1.0), "run-1")
    wrong: list[object] = []
    read_count, is_over = [0], threading.Event()
    question = text(
        "SELECT COUNT(*), COUNT(DISTINCT run_id), COUNT(DISTINCT score) FROM v1_recommendations"
    )

    def read() -> None:
        while not is_over.is_set():
            with engine.connect() as connection:
                answer = tuple(connection.execute(question).one())
            read_count[0] += 1
            if answer != (200, 1, 1):
                wrong.append(answer)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for number in range(2, 6):
            result = published(engine, settings, many(score=float(number)), f"run-{number}")
            assert result.accepted
    finally:
        is_over.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert read_count[0] > 20


PUBLISHER = """
import pickle, sys
from pipeline.serving.database import open_database
from pipeline.serving.publish import publish
settings, run, tables = pickle.load(open(sys.argv[1], "rb"))
publish(open_database(settings), run, tables, settings)
"""


def test_a_killed_publisher_leaves_the_old_run_and_no_orphans(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    import pickle

    published(engine, settings)
    given = tables(tmp_path, many(score=1.0, author_count=4_000))
    order = tmp_path / "order.pickle"
    order.write_bytes(pickle.dumps((settings, run("run-2"), given)))
    publisher = subprocess.Popen([sys.executable, "-c", PUBLISHER, order], cwd=Path.cwd())
    _wait_until(lambda: _rows_of(engine, "run-2") > 0)
    os.kill(publisher.pid, signal.SIGKILL)
    publisher.wait()
    served = current_run(engine)
    assert served is not None
    assert served.run_id == "run-1"
    assert _rows_of(engine, "run-2") > 0
    assert published(engine, settings, WORLD, "run-3").accepted
    assert _rows_of(engine, "run-2") == 0
    with reading(engine) as connection:
        statuses = connection.scalars(select(RUNS.c.status).order_by(RUNS.c.run_id)).all()
    assert statuses == ["served", "served"]


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_publishers_at_once_take_turns(engine: Engine, settings: Settings) -> None:
    given = tables(settings.home, WORLD)
    accepted: list[bool] = []

    def publish_it(name: str) -> None:
        own = open_database(settings)
        accepted.append(publish(own, run(name), given, settings).accepted)
        own.dispose()

    threads = [threading.Thread(target=publish_it, args=(f"run-{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accepted == [True, True, True]


# SQLite plans by the keys alone: there is nothing to know
@pytest.mark.parametrize(
    "settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_the_planner_knows_what_was_loaded(engine: Engine, settings: Settings) -> None:
    """Without statistics PostgreSQL takes minutes for a gate."""
    published(engine, settings, many(score=1.0))
    question = text("SELECT reltuples FROM pg_class WHERE oid = 'people'::regclass")
    with reading(engine) as connection:
        assert connection.scalar(question) == 100


def test_the_pointer_has_exactly_one_row(engine: Engine) -> None:
    with pytest.raises(ConfrereError), writing(engine) as connection:
        connection.execute(text("INSERT INTO current_run (slot, run_id) VALUES (2, NULL)"))


def test_a_pointer_to_no_run_is_refused(engine: Engine) -> None:
    with pytest.raises(ConfrereError), writing(engine) as connection:
        connection.execute(text("UPDATE current_run SET run_id = 'nowhere'"))


def test_gate_results_need_a_run(engine: Engine) -> None:
    row = {
        "run_id": "none",
        "name": "x",
        "severity": "error",
        "value": 0,
        "threshold": 0,
        "passed": True,
    }
    with pytest.raises(ConfrereError), writing(engine) as connection:
        connection.execute(insert(GATE_RESULTS), [row])
