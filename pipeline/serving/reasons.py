"""Reasons as one JSON text per recommendation, made with Arrow kernels while rows stream by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

GROUP = ("author_id", "rank")
TEXTS = ("kind", "topic")
NUMBERS = ("contribution", "person_id", "other_person_id", "pmid", "other_pmid")


def join_reasons(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Turn rows of `recommendations.sql` into one row a recommendation.

    Parameters
    ----------
    batches
        One row per reason, rows of one recommendation next to each other; may go on in the next
        batch.

    Yields
    ------
    The recommendation's columns and `reasons`, a JSON array: `[{"kind":…,"contribution":…,…}, …]`.
    """
    rest: pa.RecordBatch | None = None
    for batch in batches:
        rows = batch if rest is None else pa.concat_batches([rest, batch])
        if rows.num_rows == 0:
            continue
        starts = _group_starts(rows)
        if len(starts) > 1:
            yield _grouped(rows, starts[:-1], int(starts[-1]))
        rest = rows.slice(int(starts[-1]))  # the last recommendation may go on in the next batch
    if rest is not None:
        yield _grouped(rest, np.zeros(1, np.int32), rest.num_rows)


def _group_starts(rows: pa.RecordBatch) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    is_new = np.ones(rows.num_rows, dtype=bool)
    keys = [rows.column(name).to_numpy(zero_copy_only=False) for name in GROUP]
    is_new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return np.flatnonzero(is_new).astype(np.int32)


def _grouped(
    rows: pa.RecordBatch, starts: np.ndarray[tuple[int], np.dtype[np.int32]], end: int
) -> pa.RecordBatch:
    """Join the reasons of rows[:end]; each recommendation begins at one of `starts`."""
    offsets = pa.array(np.append(starts, np.int32(end)), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, _objects(rows))
    reasons = pc.binary_join_element_wise("[", pc.binary_join(lists, ","), "]", "")
    kept = [name for name in rows.schema.names if name not in (*TEXTS, *NUMBERS)]
    first = rows.select(kept).take(pa.array(starts))
    return pa.RecordBatch.from_arrays([*first.columns, reasons], names=[*kept, "reasons"])


def _objects(rows: pa.RecordBatch) -> pa.Array:
    """One JSON object a row without its null keys; the empty text where there is no reason."""
    # a row whose values are all null would vanish from the join (Arrow's null_handling="skip"),
    # so the first value never is
    kinds = pc.fill_null(rows.column("kind"), "")
    pairs = [
        pc.binary_join_element_wise(f'"{name}":', value, "")
        for name, value in (
            ("kind", _quoted(kinds)),
            *((name, rows.column(name).cast(pa.string())) for name in NUMBERS),
            ("topic", _quoted(rows.column("topic"))),
        )
    ]
    inside = pc.binary_join_element_wise(*pairs, ",", null_handling="skip")
    objects = pc.binary_join_element_wise("{", inside, "}", "")
    return pc.if_else(pc.is_null(rows.column("kind")), "", objects)


def _quoted(texts: pa.Array) -> pa.Array:
    """Give texts as JSON strings; each different text is escaped once."""
    coded = pc.dictionary_encode(texts)
    escaped = [json.dumps(text, ensure_ascii=False) for text in coded.dictionary.to_pylist()]
    return pa.array(escaped, pa.string()).take(coded.indices)
