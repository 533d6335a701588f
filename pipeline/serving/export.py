"""Lake tables as files for others, without the people who asked to be left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from pipeline.errors import WrongUse
from pipeline.lake import Dataset
from pipeline.serving.evidence import Numbers, mention_numbers

FORMATS = ("csv", "parquet", "jsonl", "graphml")
_PEOPLE = (
    "author_id",
    "coauthor_id",
    "candidate_id",
    "introducer_id",
    "person_id",
    "other_person_id",
    "current_id",
    "other_author_id",
)


def export(table: Dataset, hidden_ids: Numbers, hidden_mentions: Numbers, out: Path) -> int:
    """Write `table` to `out` in the format its name ends in; return the number of rows.

    Rows that name a hidden person, in whatever role, are left out; where a table has mentions
    without saying whose they are, those of `hidden_mentions` (numbered as `mention_numbers` does).
    The file is written beside and then takes its place.

    Raises
    ------
    WrongUse
        The ending is none of `FORMATS`, or graphml is asked of another table than coauthorships, or
        the folder of `out` is missing.
    """
    kind = out.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise WrongUse(f"[{out}] ends in none of {', '.join('.' + name for name in FORMATS)}")
    if kind == "graphml" and table.table.name != "coauthorships":
        raise WrongUse(f"[{table.table.name}] is no graph: .graphml is for coauthorships")
    if not out.parent.is_dir():
        raise WrongUse(f"[{out.parent}] is no folder: make it first, or give another --out")
    beside = out.with_name(f".{out.name}.part")
    write = {"csv": _csv, "parquet": _parquet, "jsonl": _jsonl, "graphml": _graphml}[kind]
    try:
        row_count = write(_visible(table, hidden_ids, hidden_mentions), table.table.schema, beside)
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    return row_count


def _visible(
    table: Dataset, hidden_ids: Numbers, hidden_mentions: Numbers
) -> Iterator[pa.RecordBatch]:
    hidden = pa.array(hidden_ids)
    for batch in table.batches():
        for name in _PEOPLE:
            if name in batch.schema.names:
                batch = batch.filter(pc.invert(pc.is_in(batch[name], hidden)))
        for which in ("", "other_"):
            if f"{which}position" in batch.schema.names:
                is_hidden = np.isin(mention_numbers(batch, which), hidden_mentions)
                batch = batch.filter(pa.array(~is_hidden))
        yield batch


def _csv(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> int:
    """Lists are written as one text: strings joined by '; ', records as JSON."""
    flat = pa.schema(
        [pa.field(f.name, pa.string()) if pa.types.is_list(f.type) else f for f in schema]
    )
    row_count = 0
    with pyarrow.csv.CSVWriter(path, flat) as writer:
        for batch in batches:
            columns = [_one_text(column) for column in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=flat))
            row_count += batch.num_rows
    return row_count


def _one_text(column: pa.Array) -> pa.Array:
    if not pa.types.is_list(column.type):
        return column
    if not pa.types.is_struct(column.type.value_type):
        return pc.binary_join(column, "; ")
    return pa.array(
        [json.dumps(rows, ensure_ascii=False) if rows else "" for rows in column.to_pylist()],
        pa.string(),
    )


def _parquet(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path) -> int:
    row_count = 0
    with pq.ParquetWriter(path, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            row_count += batch.num_rows
    return row_count


def _jsonl(batches: Iterable[pa.RecordBatch], _: pa.Schema, path: Path) -> int:
    row_count = 0
    with path.open("w", encoding="utf-8") as file:
        for batch in batches:
            rows = batch.to_pylist()
            file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
            row_count += len(rows)
    return row_count


def _graphml(batches: Iterable[pa.RecordBatch], _: pa.Schema, path: Path) -> int:
    import networkx as nx

    graph = nx.Graph()
    for batch in batches:
        graph.add_edges_from(
            (
                row["author_id"],
                row["coauthor_id"],
                {"weight": row["weight"], "papers": row["publication_count"]},
            )
            for row in batch.to_pylist()
        )
    nx.write_graphml(graph, path)
    return int(graph.number_of_edges())
