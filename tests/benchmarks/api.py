"""What an answer of the API costs beside the bare SQL query, on SQLite and on PostgreSQL.

Usage: `python -m tests.benchmarks.api [AUTHORS] [sqlite|postgres]…` (default: 50,000 authors of 20
recommendations, both). Requests are for a person's recommendations, whole: 20 with reasons, people
and papers, of people drawn at random, over four connections kept alive. CPU seconds are those of
the asking process and of the database's own processes together. The bare query is that of the
recommendations alone, `SELECT … FROM v1_recommendations WHERE author_id = ? ORDER BY rank`, in a
transaction of its own, through the same driver; beside it, all that the answer needs: also the
run, the person, and the people and papers that the reasons name.
"""

# ruff: noqa: E501  (a report prints)
from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import insert, update

from pipeline.serving.bulk import load, refresh_statistics
from pipeline.serving.database import Engine, open_database, writing
from pipeline.serving.schema import CURRENT_RUN, PAPERS, PEOPLE, RECOMMENDATIONS, RUN_TABLES, RUNS
from pipeline.settings import Settings
from tests.serving.conftest import postgres

RANKS, PORT, CONNECTIONS, SECONDS = 20, 8765, 4, 5.0
NIGHT, DAY = datetime(2026, 3, 1, 2, tzinfo=UTC), date(2026, 2, 28)
AT_ONCE = 2_500
TICKS = os.sysconf("SC_CLK_TCK")


def fill(engine: Engine, author_count: int) -> None:
    """Put a made-up run into the database and point to it."""
    papers = author_count * 4
    with writing(engine) as connection:
        values = {"as_of": DAY, "generated_at": NIGHT, "valid_until": NIGHT + timedelta(days=7)}
        counts = {"row_count": author_count * RANKS, "author_count": author_count}
        connection.execute(
            insert(RUNS).values(
                run_id="r",
                model_version="made-up",
                made_from="x",
                status="served",
                people_count=author_count,
                **values,
                **counts,
            )
        )
    load(engine, PEOPLE, "r", _people(author_count))
    load(engine, PAPERS, "r", _papers(papers))
    load(engine, RECOMMENDATIONS, "r", _recommendations(author_count, papers))
    refresh_statistics(engine, RUN_TABLES)
    with writing(engine) as connection:
        connection.execute(update(CURRENT_RUN).values(run_id="r"))


def _people(count: int) -> Iterator[pa.RecordBatch]:
    ids = np.arange(1, count + 1)
    yield pa.record_batch(
        {
            "author_id": ids,
            "display_name": [f"Jane Maria Doe-{n}" for n in ids],
            "name_key": [f"jane maria doe {n}" for n in ids],
            "orcid": pa.nulls(count, pa.string()),
            "institution": [f"University Hospital of the City {n % 300}" for n in ids],
            "department": [f"Department of Internal Medicine {n % 40}" for n in ids],
            "country": ["France"] * count,
            "publication_count": ids % 90 + 2,
            "first_on": [date(2015, 1, 1)] * count,
            "last_on": [DAY] * count,
            "is_served": [True] * count,
            "has_little_history": [False] * count,
        }
    )


def _papers(count: int) -> Iterator[pa.RecordBatch]:
    ids = np.arange(1, count + 1)
    title = "A title of the usual length, as papers in PubMed have it, with <i>markup</i>"
    yield pa.record_batch(
        {
            "pmid": ids,
            "title": [title] * count,
            "journal": [f"Journal of Clinical Medicine {n % 500}" for n in ids],
            "published_on": [date(2024, 5, 1)] * count,
            "is_retracted": [False] * count,
        }
    )


def _recommendations(author_count: int, papers: int) -> Iterator[pa.RecordBatch]:
    """Six facts each, as nights on the demo have: two shared coauthors of a few, topics, papers."""
    draw = random.Random(7)
    for start in range(1, author_count + 1, AT_ONCE):
        ids = range(start, min(start + AT_ONCE, author_count + 1))
        rows = [
            _row(draw, a, rank, author_count, papers) for a in ids for rank in range(1, RANKS + 1)
        ]
        yield pa.RecordBatch.from_pylist(rows)


def _row(draw: random.Random, author: int, rank: int, people: int, papers: int) -> dict[str, Any]:
    near = [(author + draw.randrange(12)) % people + 1 for _ in range(2)]
    own = [author * 4 - draw.randrange(4) for _ in range(4)]
    their = [draw.randrange(1, papers + 1) for _ in range(4)]
    parts = [round(draw.uniform(0.1, 2.0), 10) for _ in range(4)]
    facts: list[dict[str, Any]] = [
        {"kind": "topics", "contribution": parts[0], "pmid": own[0], "other_pmid": their[0]},
        {"kind": "shared_coauthor", "contribution": parts[1], "person_id": near[0], "pmid": own[1], "other_pmid": their[1]},
        {"kind": "shared_coauthor", "contribution": parts[2], "person_id": near[1], "pmid": own[2], "other_pmid": their[2]},
        {"kind": "walk", "contribution": parts[3]},
        {"kind": "shared_topic", "contribution": 0, "pmid": own[3], "other_pmid": their[0], "topic": "Deep Infiltrating Disease"},
        {"kind": "recent_paper", "contribution": 0, "pmid": their[3]},
    ]  # fmt: skip
    return {
        "author_id": author,
        "rank": rank,
        "candidate_id": draw.randrange(1, people + 1),
        "score": sum(parts),
        "probability": 0.05,
        "introducer_id": near[0],
        "reasons": json.dumps(facts, separators=(",", ":")),
        "placed_by": "score",
    }


def cpu_of(*pids: int) -> float:
    """CPU seconds of processes and of their children, dead or alive."""
    alive = {int(p.name): p for p in Path("/proc").iterdir() if p.name.isdigit()}
    total = 0
    for path in alive.values():
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number, parent = int(path.name), int(fields[1])
        if number in pids or parent in pids:
            total += sum(map(int, fields[11:13]))
        if number in pids:
            total += sum(map(int, fields[13:15]))
    return total / TICKS


def bare(settings: Settings, author_count: int, database: int | None, whole: bool) -> float:
    """Ask for a person's recommendations through the driver; give requests per CPU second."""
    ask = _asker(settings, whole)
    draw = random.Random(1)
    pids = [os.getpid()] + ([database] if database else [])
    for _ in range(200):
        ask(draw.randrange(1, author_count + 1))
    before, count, until = cpu_of(*pids), 0, time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        ask(draw.randrange(1, author_count + 1))
        count += 1
    return count / (cpu_of(*pids) - before)


def _asker(settings: Settings, whole: bool) -> Callable[[int], None]:
    engine = open_database(settings)
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    raw: Any = engine.raw_connection().driver_connection
    cursor = raw.cursor()
    given = f"SELECT * FROM v1_recommendations WHERE author_id = {mark} ORDER BY rank LIMIT 20"
    begin = "BEGIN" if engine.dialect.name == "sqlite" else None

    def listed(table: str, column: str, ids: set[int], condition: str = "") -> None:
        marks = ",".join([mark] * len(ids))
        cursor.execute(
            f"SELECT * FROM {table} AS t WHERE run_id = 'r' AND {column} IN ({marks}) {condition}",
            list(ids),
        )
        cursor.fetchall()

    shown = (
        "AND NOT EXISTS (SELECT 1 FROM suppressed_people AS h WHERE h.run_id = t.run_id"
        " AND h.author_id = t.author_id)"
    )

    def ask(author: int) -> None:
        if begin:
            cursor.execute(begin)
        if whole:
            cursor.execute("SELECT * FROM v1_runs WHERE is_current")
            cursor.fetchall()
            listed("people", "author_id", {author}, shown)
        cursor.execute(given, [author])
        rows = cursor.fetchall()
        assert len(rows) == RANKS
        if whole:
            place = {column[0]: number for number, column in enumerate(cursor.description)}
            facts = [fact for row in rows for fact in json.loads(row[place["reasons"]])]
            people = {row[place["candidate_id"]] for row in rows}
            people |= {fact["person_id"] for fact in facts if "person_id" in fact}
            listed("people", "author_id", people, shown)
            papers = {fact[key] for fact in facts for key in ("pmid", "other_pmid") if key in fact}
            listed("papers", "pmid", papers)
        raw.rollback()

    return ask


async def _drive(author_count: int, seconds: float, rate: float | None) -> tuple[int, list[float]]:
    """Ask over some connections, as fast as it goes or at a rate; give count and seconds each."""
    draw, times = random.Random(2), []
    until = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        due = time.perf_counter() + draw.random() * (CONNECTIONS / rate if rate else 0)
        while (now := time.perf_counter()) < until:
            if rate:  # at random instants; waiting behind an earlier one counts
                await asyncio.sleep(max(0.0, due - now))
            started = due if rate else now
            who = draw.randrange(1, author_count + 1)
            writer.write(
                f"GET /v1/people/{who}/recommendations HTTP/1.1\r\nHost: a\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            times.append(time.perf_counter() - started)
            if rate:
                due += draw.expovariate(rate / CONNECTIONS)
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return len(times), sorted(times)


@contextmanager
def served(settings: Settings) -> Iterator[int]:
    """Serve in a process of its own; give its number."""
    environment = {
        **os.environ,
        "CONFRERE_HOME": str(settings.home),
        "CONFRERE_DATABASE_URL": settings.database_url,
        "CONFRERE_API_RATE_LIMIT": "",
    }
    command = [sys.executable, "-m", "pipeline", "serve", "--port", str(PORT)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        server.stdout.readline()
        time.sleep(1)
        try:
            yield server.pid
        finally:
            server.terminate()


def measure(name: str, settings: Settings, author_count: int, database: int | None) -> None:
    """Print what one database gives."""
    engine = open_database(settings)
    started = time.perf_counter()
    fill(engine, author_count)
    engine.dispose()
    print(
        f"{name}: {author_count * RANKS:,} recommendations, made in {time.perf_counter() - started:.0f} s"
    )
    alone, whole = (bare(settings, author_count, database, what) for what in (False, True))
    with served(settings) as server:
        pids = [server] + ([database] if database else [])
        asyncio.run(_drive(author_count, 2, None))
        before = cpu_of(*pids)
        count, times = asyncio.run(_drive(author_count, SECONDS, None))
        per_cpu = count / (cpu_of(*pids) - before)
        _, calm = asyncio.run(_drive(author_count, SECONDS, count / SECONDS / 2))
    print(f"  bare query                {alone:8.0f} requests a CPU second")
    print(f"  all that the answer needs {whole:8.0f}")
    print(
        f"  API                       {per_cpu:8.0f}   {per_cpu / alone:.2f} of the bare query, {per_cpu / whole:.2f} of all"
    )
    print(f"  full load: {count / SECONDS:.0f} requests/s, {_percentiles(times)}")
    print(f"  half load: {len(calm) / SECONDS:.0f} requests/s, {_percentiles(calm)}", flush=True)


def _percentiles(times: list[float]) -> str:
    at = [times[min(len(times) - 1, int(len(times) * share))] * 1000 for share in (0.5, 0.99)]
    return f"p50 {at[0]:.1f} ms, p99 {at[1]:.1f} ms"


def main(arguments: list[str]) -> None:
    """Measure both, or the one that is named."""
    count = next((int(word) for word in arguments if word.isdigit()), 50_000)
    kinds = [word for word in arguments if not word.isdigit()] or ["sqlite", "postgres"]
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            if kind == "sqlite":
                measure(kind, Settings(home=Path(folder)), count, None)
                continue
            with postgres() as (address, pid):
                settings = Settings(home=Path(folder), database_url=address)
                measure(kind, settings, count, pid)


if __name__ == "__main__":
    main(sys.argv[1:])
