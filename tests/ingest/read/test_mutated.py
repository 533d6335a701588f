"""Real records, damaged: what lxml refuses is put aside, all else is read, nothing is lost."""

from __future__ import annotations

import gzip
import io
import re
from collections import Counter
from random import Random

import pytest
from lxml import etree

from pipeline.errors import ConfrereError
from pipeline.ingest.read import xml
from pipeline.ingest.read.records import Deletion, Item, Record, Unread
from tests.builders import SHARED

RECORDS = SHARED / "pubmed" / "records.xml.gz"
COUNT = 20_000
TAG = re.compile(rb"</?[A-Za-z]+[^<>]*>")


def damaged(record: bytes, random: Random) -> bytes:
    """One to three things done to the bytes of a record."""
    for _ in range(random.randrange(1, 4)):
        place, length = random.randrange(len(record)), random.randrange(1, 40)
        before, hit, after = (
            record[:place],
            record[place : place + length],
            record[place + length :],
        )
        way = random.randrange(5)
        if way == 0:
            record = (
                before + bytes([record[place] ^ (1 << random.randrange(8))]) + record[place + 1 :]
            )
        elif way == 1:
            record = before + after
        elif way == 2:
            record = before + random.randbytes(length) + hit + after
        elif way == 3:
            target = random.randrange(len(record))
            record = record[:target] + hit + record[target:]
        else:
            tags = list(TAG.finditer(record))
            one, other = sorted(random.sample(tags, 2), key=lambda tag: tag.start())
            record = b"".join(
                (
                    record[: one.start()],
                    other[0],
                    record[one.end() : other.start()],
                    one[0],
                    record[other.end() :],
                )
            )
    return record


def by_lxml(document: bytes) -> int | None:
    """How many records a document has; None where lxml refuses it."""
    try:
        root = etree.fromstring(document, xml.new_parser())
    except etree.XMLSyntaxError:
        return None
    return sum(child.tag == "PubmedArticle" for child in root)


def read(document: bytes) -> list[Item] | None:
    """What is read; None where the file is refused."""
    try:
        return list(xml.read_stream("damaged", io.BytesIO(document)))
    except ConfrereError:
        return None


@pytest.mark.skipif(not RECORDS.exists(), reason=f"{RECORDS} is absent")
def test_twenty_thousand_damaged_records_are_read_or_put_aside_as_lxml_takes_or_refuses_them() -> (
    None
):
    random = Random(4711)
    data = gzip.decompress(RECORDS.read_bytes())
    own = re.findall(rb"<PubmedArticle>.*?</PubmedArticle>", data, re.DOTALL)
    outcomes: Counter[str] = Counter()
    for _ in range(COUNT):
        record = damaged(random.choice(own), random)
        document = b"<PubmedArticleSet>" + record + b"</PubmedArticleSet>"
        items, count = read(document), by_lxml(document)
        kinds = {type(item) for item in items or ()}
        assert kinds <= {Record, Unread, Deletion}
        if count is not None:
            assert items is None or len(items) == count
        elif items is not None:
            # a whole record stands in a damaged one where an end tag was copied into it
            assert Record not in kinds or record.count(b"</PubmedArticle") > 1
        outcomes[", ".join(sorted(kind.__name__ for kind in kinds)) or "refused"] += 1
    assert sum(outcomes.values()) == COUNT
    assert min(outcomes["Record"], outcomes["Unread"], outcomes["refused"]) > 100, outcomes
