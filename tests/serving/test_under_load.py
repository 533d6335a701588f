"""A small part of tests/benchmarks/publish_under_load.py: readers see whole runs only."""

from __future__ import annotations

from dataclasses import replace

from pipeline.serving.database import Engine
from pipeline.settings import Settings
from tests.benchmarks.publish_under_load import (
    drawn,
    kill_publishers,
    orphans,
    publish_many,
    readers,
)
from tests.serving.world import tables

ROWS, PUBLISHES, KILLS = 2_000, 25, 5


def test_readers_see_whole_runs_while_publishers_publish_and_are_killed(
    engine: Engine, settings: Settings
) -> None:
    kept = replace(settings, runs_kept=2)
    given = [tables(settings.home, drawn(ROWS, score)) for score in (1.0, 2.0)]
    publish_many(kept, given, range(1))
    with readers(kept, ROWS) as seen:
        publish_many(kept, given, range(1, PUBLISHES))
        number = kill_publishers(kept, given, KILLS, PUBLISHES)
    assert seen.bad == []
    assert seen.read_count > 100
    publish_many(kept, given, range(number, number + 1))
    assert orphans(engine) == 0
