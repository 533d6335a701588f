"""Publish a made-up run twice, go back, and print seconds and peak memory.

Usage: `python tests/benchmarks/bench_publish.py [AUTHORS] [DATABASE_URL]`.
"""

# ruff: noqa: E501  (a report prints; rows read best one a line)
from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline import lake
from pipeline.serving.database import open_database
from pipeline.serving.publish import SOURCES, Run, publish
from pipeline.serving.rollback import rollback
from pipeline.settings import Settings
from pipeline.tables import AUTHORS, PUBLICATIONS, REASONS, RECOMMENDATIONS, Table

RANKS, REASONS_EACH, AUTHORS_AT_ONCE = 20, 4, 3_000
AS_OF = date(2026, 1, 1)


def _batch(table: Table, count: int, **columns: object) -> pa.RecordBatch:
    """Fill the columns left out with null, or one value where null is not allowed."""
    plain: dict[str, object] = {
        "title": "A title of the usual length, as papers in PubMed have it, with <i>markup</i>",
        "display_name": "Jane Maria Doe",
        "block": "doe|j",
        "given_names": "jane maria",
        "method": "alone",
        "checksum": "0",
        "model_version": "made-up",
        "kind": "recent_paper",
        "placed_by": "score",
    }
    arrays = []
    for column in table.columns:
        if column.name in columns:
            array = pa.array(columns[column.name], column.type)
        elif column.nullable:
            array = pa.nulls(count, column.type)
        elif pa.types.is_list(column.type):
            array = pa.array([["Journal Article"]] * count, column.type)
        else:
            value = plain.get(
                column.name,
                AS_OF
                if pa.types.is_date(column.type)
                else False
                if pa.types.is_boolean(column.type)
                else 1,
            )
            array = pa.repeat(pa.scalar(value, column.type), count)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, names=table.schema.names)


def _recommendations(author_count: int) -> Iterator[pa.RecordBatch]:
    for start in range(1, author_count + 1, AUTHORS_AT_ONCE):
        authors = np.arange(start, min(start + AUTHORS_AT_ONCE, author_count + 1))
        ranks = np.tile(np.arange(1, RANKS + 1), len(authors))
        author_ids = np.repeat(authors, RANKS)
        yield _batch(
            RECOMMENDATIONS,
            len(ranks),
            author_id=author_ids,
            rank=ranks,
            candidate_id=(author_ids + ranks * 7 - 1) % author_count + 1,
            score=1.0 / ranks,
            introducer_id=(author_ids + 1) % author_count + 1,
        )


def _reasons(author_count: int) -> Iterator[pa.RecordBatch]:
    for batch in _recommendations(author_count):
        rows = pa.Table.from_batches([batch]).sort_by(
            [("author_id", "ascending"), ("candidate_id", "ascending")]
        )
        author_ids = np.repeat(rows["author_id"].to_numpy(), REASONS_EACH)
        candidate_ids = np.repeat(rows["candidate_id"].to_numpy(), REASONS_EACH)
        places = np.tile(np.arange(1, REASONS_EACH + 1), rows.num_rows)
        yield _batch(
            REASONS,
            len(places),
            author_id=author_ids,
            candidate_id=candidate_ids,
            place=places,
            kind=np.where(places == 1, "shared_coauthor", "shared_topic"),
            contribution=np.repeat(rows["score"].to_numpy(), REASONS_EACH) / REASONS_EACH,
            topic=np.char.add('Topic "quoted" ', (author_ids % 5_000).astype(str)),
            person_id=candidate_ids % author_count + 1,
            pmid=author_ids * 3 + places,
            other_pmid=candidate_ids * 3 + places,
        )


def main(author_count: int, database_url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), database_url=database_url)
        ids, pmids = np.arange(1, author_count + 1), np.arange(1, author_count * 3 + 10)
        with lake.begin(settings.lake_folder) as commit:
            commit.write("authors", [_batch(AUTHORS, len(ids), author_id=ids)])
            commit.write("publications", [_batch(PUBLICATIONS, len(pmids), pmid=pmids)])
            commit.write("recommendations", _recommendations(author_count))
            commit.write("reasons", _reasons(author_count))
        tables = lake.datasets(settings.lake_folder, SOURCES)
        engine = open_database(settings)
        for number in (1, 2):
            run = Run(
                f"bench-{number}-{time.time()}",
                datetime.now(UTC),
                AS_OF,
                "made-up",
                f"{time.time()}",
            )
            started, cpu = time.perf_counter(), time.process_time()
            result = publish(engine, run, tables, settings)
            seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            red = [name for name, passed in result.gates.items() if not passed]
            print(
                f"{result.row_count:,} rows, {result.people_count:,} people, red gates {red}: {seconds:.1f} s, CPU {cpu:.1f} s, peak {peak:,.0f} MB"
            )
        started = time.perf_counter()
        rollback(engine, None, tables, settings)
        print(f"rollback: {time.perf_counter() - started:.2f} s")
        engine.dispose()
        size = sum(file.stat().st_size for file in settings.home.glob("serving.sqlite*")) / 2**20
        print(f"database {size:,.0f} MB")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 60_000, sys.argv[2] if len(sys.argv) > 2 else ""
    )
