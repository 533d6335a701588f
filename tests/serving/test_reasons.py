"""Reasons as JSON: whatever the topic, wherever a batch ends."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.serving.reasons import join_reasons

SCHEMA = pa.schema(
    [
        ("author_id", pa.int64()), ("rank", pa.int32()), ("candidate_id", pa.int64()),
        ("kind", pa.string()), ("contribution", pa.float64()), ("person_id", pa.int64()),
        ("other_person_id", pa.int64()), ("topic", pa.string()), ("pmid", pa.int64()),
        ("other_pmid", pa.int64()),
    ]
)  # fmt: skip
FACTS = ("kind", "contribution", "person_id", "other_person_id", "pmid", "other_pmid", "topic")
ids = st.none() | st.integers(1, 2**60)
reason = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["path", "shared_topic"]),
        "contribution": st.floats(0, 1e9, allow_nan=False),
        "person_id": ids, "other_person_id": ids, "pmid": ids, "other_pmid": ids,
        "topic": st.none() | st.text(),
    }
)  # fmt: skip
no_reason: dict[str, Any] = dict.fromkeys(FACTS)


@given(st.lists(st.lists(reason, max_size=4), max_size=6), st.integers(1, 7))
def test_reasons_come_back_as_they_were(drawn: list[list[dict[str, Any]]], size: int) -> None:
    rows = [
        {"author_id": 1, "rank": rank, "candidate_id": 100 + rank, **fact}
        for rank, facts in enumerate(drawn, start=1)
        for fact in facts or [no_reason]
    ]
    table = pa.Table.from_pylist(rows, SCHEMA)
    joined = [row for batch in join_reasons(table.to_batches(size)) for row in batch.to_pylist()]
    assert [row["candidate_id"] for row in joined] == [100 + n for n in range(1, len(drawn) + 1)]
    for row, facts in zip(joined, drawn, strict=True):
        expected = [{k: v for k, v in fact.items() if v is not None} for fact in facts]
        assert json.loads(row["reasons"]) == expected


def test_a_hostile_topic_stays_inside_its_string() -> None:
    topic = '","kind":"forged"}]\\\n\u0000\u2028</script>'
    row = {
        **no_reason,
        "author_id": 1,
        "rank": 1,
        "candidate_id": 2,
        "kind": "path",
        "topic": topic,
    }
    (batch,) = join_reasons(pa.Table.from_pylist([row], SCHEMA).to_batches())
    assert json.loads(batch["reasons"][0].as_py()) == [{"kind": "path", "topic": topic}]


def test_no_rows_give_no_rows() -> None:
    assert list(join_reasons(SCHEMA.empty_table().to_batches())) == []
