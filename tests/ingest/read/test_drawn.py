"""Five thousand records drawn at random, written by one hand and read by the other."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.read import xml
from pipeline.ingest.read.records import Record
from tests.ingest.read.drawn_record import draw_record
from tests.ingest.read.written import Writer

RECORDS_PER_EXAMPLE = 20
EXAMPLES = 250

XML_TEXT = st.text(
    st.one_of(
        st.characters(
            codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
        ),
        st.sampled_from(" \n\t\r&<>]'\"\u00a0\u200b\u202e\u0301\ufeff\U0001f9ec"),
    ),
    max_size=12,
)
HEADS = [
    "",
    '<?xml version="1.0"?>',
    "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n<!-- drawn -->\n",
    '<?xml version="1.0" encoding="us-ascii"?>',
    '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "x" "x.dtd">',
]


def columns(record: Record) -> dict[str, Any]:
    found = {name: getattr(record, name) for name in Record.__dataclass_fields__}
    del found["checksum"]
    return found | {name: list(found[name]) for name in ("topics", "notices")}


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    texts=st.lists(XML_TEXT, min_size=8, max_size=24),
    seed=st.integers(0, 2**32),
    block=st.integers(50, 20_000),
    head=st.sampled_from(HEADS),
)
def test_what_is_written_is_read(texts: list[str], seed: int, block: int, head: str) -> None:
    is_ascii = "us-ascii" in head
    writer = Writer(Random(seed), texts, is_ascii)
    drawn = [draw_record(writer, pmid) for pmid in range(1, RECORDS_PER_EXAMPLE + 1)]
    declared = {"xmlns:mml": "http://www.w3.org/1998/Math/MathML", "note": "a>b/"}
    document = head + writer.of("PubmedArticleSet", *(xml for xml, _ in drawn), **declared)
    encoded = document.encode("ascii" if is_ascii else "utf-8", "xmlcharrefreplace")
    at_once = list(xml.read_stream("drawn", io.BytesIO(encoded)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml, "_BLOCK", block)
        items = list(xml.read_stream("drawn", io.BytesIO(encoded)))
    assert items == at_once  # checksums as well
    for item, (written, expected) in zip(items, drawn, strict=True):
        assert isinstance(item, Record), (item, written)
        assert columns(item) == expected, written
