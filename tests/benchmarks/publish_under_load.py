"""Publish while readers read, and kill the publisher; count what readers should not see.

Usage: `python -m tests.benchmarks.publish_under_load [--publishes 1000] [--kills 100]
[--rows 20000] [--database-url postgresql://…]`; without an address on SQLite, in a folder that
is thrown away.

A reader reads the suggestions of one person, as a page does, and times it; each twentieth time it
reads all rows. Every answer must be of one run, whole. On PostgreSQL one reader stays in a
REPEATABLE READ transaction for several questions, whose answers must not differ.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import text

from pipeline.lake import Dataset
from pipeline.serving.database import Engine, open_database, reading
from pipeline.serving.publish import publish
from pipeline.serving.rollback import rollback
from pipeline.serving.schema import RUN_TABLES
from pipeline.settings import Settings
from tests.serving.world import run, tables

READERS, RANKS = 4, 20
BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
Tables = Mapping[str, Dataset]
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["pipeline.serving.publish", "duckdb", "tests.serving.world"])

_OF_ONE = text(
    "SELECT COUNT(*), COUNT(DISTINCT run_id), COUNT(DISTINCT score), MIN(run_id)"
    " FROM v1_recommendations WHERE author_id = :author_id"
)
_OF_ALL = text(
    "SELECT COUNT(*), COUNT(DISTINCT run_id), COUNT(DISTINCT score), MIN(run_id)"
    " FROM v1_recommendations"
)


@dataclass
class Seen:
    """What readers saw. `milliseconds` are those of each question about one person."""

    read_count: int = 0
    bad: list[tuple[Any, ...]] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share (in percent) was answered."""
        return float(np.percentile(self.milliseconds, share))


def drawn(row_count: int, score: float) -> dict[str, list[dict[str, Any]]]:
    """A run whose rows all have one score, so that a mix of two runs shows."""
    people = range(1, row_count // RANKS + 1)
    pairs = [(a, r, (a + 2 * r - 1) % len(people) + 1) for a in people for r in range(1, RANKS + 1)]
    return {
        "authors": [{"author_id": a} for a in people],
        "recommendations": [
            {"author_id": a, "rank": r, "candidate_id": c, "score": score} for a, r, c in pairs
        ],
        "reasons": [
            {"author_id": a, "candidate_id": c, "contribution": score, "pmid": 1}
            for a, _, c in pairs
        ],
        "publications": [{"pmid": 1}],
        "identities": [],
        "redirects": [],
        "coauthorships": [{"author_id": a, "coauthor_id": a + 1} for a in people[:-1]],
        "topics": [],
    }


def publish_many(
    settings: Settings, given: Sequence[Tables], numbers: range, began: Pipe | None = None
) -> None:
    """Publish runs of these numbers, turn by turn from two inputs."""
    engine = open_database(settings)
    for number in numbers:
        if began:
            began.send(number)
        at = BEGINNING + timedelta(minutes=number)
        assert publish(engine, run(f"run-{number:06}", at), given[number % 2], settings).accepted
    engine.dispose()


def _read(settings: Settings, row_count: int, is_repeatable: bool, answers: Pipe) -> None:
    engine, seen, drawn_ids = open_database(settings), Seen(), random.Random(os.getpid())
    while not answers.poll():
        author_id = drawn_ids.randint(1, row_count // RANKS)
        started = time.perf_counter()
        with reading(engine) as connection:
            found = tuple(connection.execute(_OF_ONE, {"author_id": author_id}).one())
            seen.milliseconds.append((time.perf_counter() - started) * 1000)
            answer, expected = found, RANKS
            if seen.read_count % 20 == 0:
                answer, expected = tuple(connection.execute(_OF_ALL).one()), row_count
            if is_repeatable:
                time.sleep(0.05)
                again = tuple(connection.execute(_OF_ONE, {"author_id": author_id}).one())
                if again != found:
                    seen.bad.append((found, again))
        if answer[:3] != (expected, 1, 1) or answer[3] != found[3]:
            seen.bad.append(answer)
        seen.read_count += 1
        time.sleep(0.002)
    answers.send(seen)
    engine.dispose()


@contextmanager
def readers(settings: Settings, row_count: int) -> Iterator[Seen]:
    """Let readers read; what they saw is there when the block ends."""
    seen, started = Seen(), []
    for place in range(READERS):
        ours, theirs = _processes.Pipe()
        process = _processes.Process(
            target=_read, args=(settings, row_count, place == 0, theirs), daemon=True
        )
        process.start()
        started.append((process, ours))
    try:
        time.sleep(1)  # they are there before the first publish
        yield seen
    finally:
        for process, pipe in started:
            pipe.send("enough")
            own: Seen = pipe.recv()
            process.join()
            seen.read_count += own.read_count
            seen.bad += own.bad
            seen.milliseconds += own.milliseconds


def kill_publishers(settings: Settings, given: Sequence[Tables], kills: int, first: int) -> int:
    """Kill a publisher `kills` times, each somewhere in a publish; give the next free number."""
    chance, number, seconds = random.Random(6), first, 1.0
    for _ in range(kills):
        ours, theirs = _processes.Pipe()
        numbers = range(number, number + 1_000)
        publisher = _processes.Process(target=publish_many, args=(settings, given, numbers, theirs))
        publisher.start()
        number = ours.recv()
        started = time.perf_counter()
        if ours.poll(chance.random() * seconds):
            number = ours.recv()
            seconds = time.perf_counter() - started  # what a publish takes here
            time.sleep(chance.random() * seconds)
        assert publisher.pid
        os.kill(publisher.pid, signal.SIGKILL)
        publisher.join()
        while ours.poll():
            try:
                number = ours.recv()
            except EOFError:
                break
        number += 1
    return number


def orphans(engine: Engine) -> int:
    """Rows of runs that are not kept."""
    with reading(engine) as connection:
        return sum(
            connection.scalar(
                text(
                    f"SELECT COUNT(*) FROM {table.name} WHERE run_id NOT IN"
                    " (SELECT run_id FROM runs WHERE status = 'served')"
                )
            )
            or 0
            for table in RUN_TABLES
        )


def main(publishes: int, kills: int, row_count: int, database_url: str) -> None:
    """Print what readers saw."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), database_url=database_url, runs_kept=2)
        given = [tables(settings.home, drawn(row_count, score)) for score in (1.0, 2.0)]
        publish_many(settings, given, range(2))
        engine = open_database(settings)
        started = time.perf_counter()
        with readers(settings, row_count) as seen:
            publish_many(settings, given, range(2, publishes + 2))
            seconds = time.perf_counter() - started
        _tell(f"{publishes:,} publishes of {row_count:,} rows in {seconds:,.0f} s", seen)
        with readers(settings, row_count) as seen:
            number = kill_publishers(settings, given, kills, publishes + 2)
        _tell(f"{kills:,} publishers killed", seen)
        publish_many(settings, given, range(number, number + 1))
        print(f"orphaned rows after the next run: {orphans(engine):,}")
        started = time.perf_counter()
        done = rollback(engine, None, given[0], settings)
        print(f"rollback to {done.run_id}: {time.perf_counter() - started:.3f} s")
        engine.dispose()


def _tell(what: str, seen: Seen) -> None:
    print(
        f"{what}; {seen.read_count:,} reads by {READERS} readers: {len(seen.bad)} empty, partial "
        f"or mixed; a person's suggestions p50 {seen.percentile(50):.1f} ms, "
        f"p99 {seen.percentile(99):.1f} ms, longest {max(seen.milliseconds):.0f} ms",
        flush=True,
    )
    for answer in seen.bad[:5]:
        print(f"  {answer}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--publishes", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--database-url", default="")
    asked = parser.parse_args()
    main(asked.publishes, asked.kills, asked.rows, asked.database_url)
