"""PubMed XML to records, drawn by hand and drawn at random; real ones are in test_entrez."""

from __future__ import annotations

import contextlib
import gzip
import html
import io
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfrereError
from pipeline.ingest.read import rows, xml
from pipeline.ingest.read.records import Deletion, Record, Unread
from tests.ingest.drawn import article, article_set, author, write


def read_records(path: Path) -> list[Record]:
    return [item for item in xml.read(path) if isinstance(item, Record)]


def one(tmp_path: Path, record: str) -> Record:
    (found,) = read_records(write(tmp_path / "one.xml", [record]))
    return found


# -- drawn records --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("A <i>gene</i> &amp; H<sub>2</sub>O", "A <i>gene</i> &amp; H<sub>2</sub>O"),
        ("<b>x<sup>2</sup></b> &lt;y&gt;", "<b>x<sup>2</sup></b> &lt;y&gt;"),
        ("p <script>bad</script> q", "p bad q"),
        ('<i onclick="x">a</i><?pi z?><!-- c -->b', "<i>a</i>b"),
        ("two\n   lines", "two lines"),
    ],
)
def test_titles_keep_inline_markup_and_nothing_else(
    tmp_path: Path, printed: str, expected: str
) -> None:
    record = one(tmp_path, article(1, title_element=f"<ArticleTitle>{printed}</ArticleTitle>"))
    assert record.title == expected


def test_an_empty_title_gives_way_to_the_vernacular_one(tmp_path: Path) -> None:
    both = "<ArticleTitle/><VernacularTitle>Über <i>etwas</i></VernacularTitle>"
    assert one(tmp_path, article(1, title_element=both)).title == "Über <i>etwas</i>"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("https://orcid.org/0000-0002-1694-233X", "0000-0002-1694-233X"),
        ("http://orcid.org/000000021694233x", "0000-0002-1694-233X"),
        (" 0000 0002 1825 0097 ", "0000-0002-1825-0097"),
        ("0000-0002-1825-0098", None),
        ("12345", None),
        ("", None),
    ],
)
def test_orcid_ids_are_normalised_and_checked(
    tmp_path: Path, printed: str, expected: str | None
) -> None:
    record = one(tmp_path, article(1, authors=[author("Doe", "Jane", orcid=printed)]))
    assert record.authorships[0].orcid == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("<Year>1998</Year><Month>Dec</Month><Day>31</Day>", date(1998, 12, 31)),
        ("<Year>1998</Year><Season>Summer</Season>", date(1998, 7, 1)),
        ("<Year>1998</Year><Month>2</Month><Day>30</Day>", date(1998, 2, 1)),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", date(1998, 12, 1)),
        ("<MedlineDate>Spring 2001</MedlineDate>", date(2001, 4, 1)),
        ("<MedlineDate>2000 Jul 15-Aug 3</MedlineDate>", date(2000, 7, 15)),
        ("<MedlineDate>no date</MedlineDate>", None),
        ("<Year>0000</Year>", None),
    ],
)
def test_publication_dates_of_every_form(
    tmp_path: Path, printed: str, expected: date | None
) -> None:
    assert one(tmp_path, article(1, pub_date=printed)).published_on == expected


def test_an_author_marked_invalid_stands_beside_the_right_name_and_is_left_out(
    tmp_path: Path,
) -> None:
    wrong = author("Deo", "Jane").replace('"Y"', '"N"')
    record = one(tmp_path, article(1, authors=[author("Doe", "Jane"), wrong, author("Roe", "Jo")]))
    assert [a.last_name for a in record.authorships] == ["Doe", "Roe"]


def test_the_checksum_sees_content_and_not_indentation(tmp_path: Path) -> None:
    tree = ET.fromstring(article(1, title="A é title", keywords=["x"]))
    plainly = one(tmp_path, ET.tostring(tree, encoding="unicode"))
    ET.indent(tree)
    indented = one(tmp_path, ET.tostring(tree, encoding="unicode"))
    assert indented == plainly
    assert one(tmp_path, article(1, title="Another", keywords=["x"])).checksum != plainly.checksum


def test_batches_tie_rows_to_records_by_number(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xml", [article(5), article(5, authors=[author("A"), author("B")])])
    (batch,) = rows.batches(xml.read(file), "a.xml", source_number=3, first_record=11)
    assert batch.publications.column("record").to_pylist() == [11, 12]
    assert batch.publications.column("author_count").to_pylist() == [1, 2]
    assert batch.publications.column("source_number").to_pylist() == [3, 3]
    assert batch.authorships.column("record").to_pylist() == [11, 12, 12]
    assert batch.authorships.column("position").to_pylist() == [1, 1, 2]


XML_TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(last=XML_TEXT, fore=XML_TEXT, title=XML_TEXT, place=XML_TEXT)
def test_any_unicode_survives(last: str, fore: str, title: str, place: str) -> None:
    document = article_set(
        [article(1, title=title, authors=[author(f"L{last}", fore, affiliation=place)])]
    )
    (record,) = xml.read_stream("drawn", io.BytesIO(document))
    assert isinstance(record, Record)
    kept = [re.sub(" +", " ", text).strip() for text in (f"L{last}", fore, place)]
    found = record.authorships[0]
    assert found.last_name == kept[0]
    assert (found.fore_name or "") == kept[1] or found.fore_name == fore[:1].strip()
    assert found.affiliations == [kept[2]] * bool(kept[2])
    assert html.unescape(record.title) == re.sub(" +", " ", title).strip()


# -- bad input ------------------------------------------------------------------------------------

GOOD = article_set([article(1)])
DOCTYPE = b'<!DOCTYPE PubmedArticleSet PUBLIC "x" "http://127.0.0.1:1/x.dtd">'
BAD = {
    "empty.xml": (b"", "holds no XML element"),
    "page.xml": (b"<html><body><p>Sorry</body></html>", "root element is html"),
    "json.xml": (b'{"error": 1}', "is not XML"),
    "cut.xml": (GOOD[:-30], "not well-formed"),
    "behind.xml": (GOOD + b"<more/>", "not well-formed"),
    "plain.xml.gz": (GOOD, "damaged gzip"),
    "cut.xml.gz": (gzip.compress(GOOD)[:-15], "damaged gzip"),
    "flipped.xml.gz": (gzip.compress(GOOD)[:-8] + b"12345678", "damaged gzip"),
    "none.xml": (b"<PubmedArticleSet/>", "neither a record nor a deletion"),
    "count.xml": (
        article_set([article(1)], root=' Count="2"'),
        "says it holds 2 records but holds 1",
    ),
    "error.xml": (b"<PubmedArticleSet><ERROR>no</ERROR></PubmedArticleSet>", "element ERROR"),
    "subset.xml": (
        b'<!DOCTYPE PubmedArticleSet [<!ENTITY a "b">]>' + GOOD[39:],
        "a DTD of its own",
    ),
    "utf16.xml": (GOOD.decode().replace("utf-8", "utf-16").encode("utf-16"), "is in UTF-16"),
    "latin.xml": (GOOD.replace(b"utf-8", b"iso-8859-1"), "is in iso-8859-1"),
    "long.xml": (GOOD.replace(b">T<", b">%b<" % (b"long " * 7_000_000)), "without the end of a"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_name_with_what_is_wrong(tmp_path: Path, name: str) -> None:
    content, why = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfrereError, match=why) as caught:
        list(xml.read(path))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


UNREAD = {
    "entity": (DOCTYPE + GOOD[39:].replace(b"Doe", b"D&oe;"), 1, "'oe' not defined"),
    "number": (GOOD.replace(b">1</PMID>", b">x</PMID>"), None, "no number"),
    "title": (article_set([article(77, title_element="")]), 77, "has no title"),
    "bytes": (GOOD.replace(b"Doe", b"D\xffe"), 1, "not well-formed"),
    "control": (GOOD.replace(b"Doe", b"D\x01e"), 1, "not well-formed"),
    "deep": (GOOD.replace(b"Doe", b"<i>" * 400 + b"</i>" * 400), 1, "depth"),
    "node": (GOOD.replace(b"Doe", b"long " * 2_100_000), 1, "not well-formed"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_record_that_cannot_be_read_is_told_with_its_reason_and_its_bytes(name: str) -> None:
    document, pmid, why = UNREAD[name]
    (item,) = xml.read_stream(name, io.BytesIO(document))
    assert isinstance(item, Unread)
    assert item.pmid == pmid
    assert why in item.reason
    assert item.text.startswith("<PubmedArticle>")
    assert item.text.endswith("</PubmedArticle>")


@pytest.mark.parametrize("block", [1 << 8, 1 << 12, 1 << 18])
def test_a_damaged_record_costs_no_other(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "_BLOCK", block)
    drawn = [article(pmid, title="x" * 500) for pmid in range(1, 21)]
    drawn[4] = drawn[4].replace("</Author>", "</Autor>")
    drawn[9] = drawn[9].replace("</PubmedArticle>", "</PubmedArticl>")  # joins the next to it
    items = list(xml.read_stream("drawn", io.BytesIO(article_set(drawn, deleted=[99]))))
    assert [item.pmid for item in items if isinstance(item, Record)] == [
        pmid for pmid in range(1, 21) if pmid not in (5, 10, 11)
    ]
    assert [(item.pmid, item.record_count) for item in items if isinstance(item, Unread)] == [
        (5, 1),
        (10, 2),
    ]
    assert items[-1] == Deletion(99)


def test_a_set_that_says_it_is_empty_may_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "new_2026-11-22.xml"
    path.write_bytes(article_set([], root=' Count="0"'))
    assert list(xml.read(path)) == []


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_mutated_documents_give_records_or_one_typed_error(data: st.DataObject) -> None:
    document = bytearray(article_set([article(1, title="A <b"), article(2)], deleted=[3]))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(document) - 1))
        document[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(ConfrereError):
        list(xml.read_stream("mutated", io.BytesIO(bytes(document))))
