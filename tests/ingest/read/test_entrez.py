"""Real records, column by column, as Bio.Entrez and the standard library's parser read them."""

from __future__ import annotations

import gzip
import io
import re
from datetime import date
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import unescape

import pytest
from Bio import Entrez

from pipeline.ingest.read import xml
from pipeline.ingest.read.records import Deletion, Item, Record
from tests.builders import SHARED

PUBMED = SHARED / "pubmed"
pytestmark = pytest.mark.skipif(not PUBMED.exists(), reason=f"{PUBMED} is absent")

FILES = [
    "records.xml.gz",
    "baseline/pubmed26n1334.xml.gz",
    "updatefiles/pubmed26n1335.xml.gz",
    "odd/PubmedArticleSet.xml",
    "odd/medline16n0902.xml.gz",
    "odd/pubmed20n1203.xml.gz",
    "odd/pubmed7.xml",
    "odd/pubmed_sample.xml",
]
WITH_BOOKS = ["odd/PubmedArticleSet.xml", "odd/book.xml", "odd/PubmedBookArticleSet.xml"]

DIFFERENCES = {
    "before 2014": "Entrez reads no record of before 2014: it is given one with the article's only "
    "affiliation moved to the first author, without creation date and clock times",
    "spaces": "runs of spaces and line breaks are one space, none at the ends",
    "markup": "markup is left out, but for i, b, u, sub and sup in titles",
    "vernacular": "an empty title gives way to the vernacular one",
    "label": "a section of an abstract begins with its label",
    "first day": "a date is the first day of what is printed; a season begins with a month",
    "range": "a range of dates is its first day",
    "not entered": "without a history the earliest date of the record is that of its entry",
    "undated": "a record without any date, as made-up ones are, entered on 1900-01-01",
    "language": "language codes are in lower case",
    "doi": "a DOI is in lower case and begins with `10.`; of several the first such",
    "invalid": "an author marked ValidYN=N stands beside the right name and is left out",
    "initials": "where no fore name is printed the initials stand for it",
    "orcid": "ORCID ids lose their address, get their dashes, and must pass their check digit",
    "keyword": "a keyword's identifier is `keyword:` and itself in lower case",
    "repeated": "a topic that stands twice is one topic, major if either is",
    "major": "a heading with a major qualifier is major",
    "retracted": "the publication type Retracted Publication is a notice",
    "cites": "of old, references stand among CommentsCorrections: they are citations, not notices",
    "cited": "a paper cited twice is one citation; a PMID of 0 is none",
}
"""Why a column is not what Bio.Entrez gives: all there is, and each is met in the real records."""

seen: set[str] = set()
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
SEASONS = {"win": 1, "spr": 4, "sum": 7, "aut": 10, "fal": 10}
KINDS = {
    r"Retract(ion|edandRepublished)": "retraction",
    r"PartialRetraction": "partial_retraction",
    r"ExpressionOfConcern": "expression_of_concern",
    r"Erratum": "erratum",
    r"(CorrectedandR|R)epublished": "corrected_and_republished",
    r"Update": "update",
}
DOCTYPE = (
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<!DOCTYPE %s PUBLIC "x" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/%s.dtd">\n'
)


@cache
def own(name: str) -> list[Item]:
    return list(xml.read(PUBMED / name))


def content(name: str) -> bytes:
    data = (PUBMED / name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


def changed(why: str, theirs: Any, ours: Any) -> Any:
    """Our form of what Entrez gives, noting the difference."""
    if theirs != ours:
        assert why in DIFFERENCES
        seen.add(why)
    return ours


# -- what Bio.Entrez gives ------------------------------------------------------------------------


@cache
def by_entrez(name: str) -> list[Any]:
    """Articles as Bio.Entrez reads them, with a DTD that it has at hand."""
    data = content(name)
    if b"<MedlineCitationSet" in data:
        return entrez(data[data.index(b"<MedlineCitationSet") :], b"nlmmedlinecitationset_150101")
    # one by one: the book among the articles of one file does not fit the DTD
    articles = re.findall(rb"<PubmedArticle>.*?</PubmedArticle>", data, flags=re.DOTALL)
    body = b"".join(changed("before 2014", one, modern(one)) for one in articles)
    return entrez(b"<PubmedArticleSet>" + body + b"</PubmedArticleSet>", b"pubmed_250101")


def modern(record: bytes) -> bytes:
    pattern = rb"(</Abstract>|</Pagination>)\s*(<Affiliation>.*?</Affiliation>)(.*?)</Author>"
    moved = rb"\1\3<AffiliationInfo>\2</AffiliationInfo></Author>"
    record = re.sub(pattern, moved, record, count=1, flags=re.DOTALL)
    return re.sub(rb"<(DateCreated|Hour|Minute|Second)>.*?</\1>", b"", record, flags=re.DOTALL)


def entrez(body: bytes, dtd: bytes) -> list[Any]:
    prolog = DOCTYPE % (body[1 : body.index(b">")], dtd)
    read = Entrez.read(io.BytesIO(prolog + body), validate=False, escape=True)
    return list(read.get("PubmedArticle") or read["MedlineCitation"])


def text(printed: Any) -> str:
    """Text of what Entrez gives as markup."""
    bare = changed("markup", printed, re.sub(r"<[^<>]*>", "", printed))
    return unescape(spaced(bare))


def spaced(printed: str) -> str:
    return str(changed("spaces", str(printed), re.sub(r"[ \t\r\n]+", " ", printed).strip()))


def maybe(parts: Any, key: str) -> str | None:
    """'' for an empty element, None for a missing one: Entrez tells them apart as we do."""
    return text(parts[key]) if key in parts else None


def title(article: Any) -> str:
    for key in ("ArticleTitle", "VernacularTitle"):
        printed = str(article.get(key, ""))
        kept = re.sub(r"<(/?)(?:(i|b|u|sub|sup)\b)[^<>]*>", r"<\1\2>", printed)
        kept = re.sub(r"</?(?!/|(?:i|b|u|sub|sup)>)[^<>]*>", "", kept)
        if found := spaced(changed("markup", printed, kept)):
            break
    return str(changed("vernacular", spaced(article["ArticleTitle"]) and found, found))


def abstract(article: Any) -> str | None:
    if "Abstract" not in article:
        return None
    sections = [(s.attributes.get("Label"), text(s)) for s in article["Abstract"]["AbstractText"]]
    labelled = [
        changed("label", said, f"{label}: {said}" if label else said) for label, said in sections
    ]
    return "\n".join(labelled)


def day(printed: Any) -> date | None:
    """First day of a date in parts, or in one text."""
    if "Year" in printed:
        parts = [printed["Year"], printed.get("Month") or printed.get("Season"), printed.get("Day")]
    else:
        found = re.match(
            r"(?:[A-Z][a-z]+ )?(\d{4})(?: ([A-Z][a-z]{2}))?(?: (\d+))?",
            printed.get("MedlineDate", ""),
        )
        if found is None:
            return None
        parts = list(found.groups())
        changed("range", " ".join(filter(None, parts)), printed["MedlineDate"])
    year, month, number = (str(part or "1").lower() for part in parts)
    month_number = (
        int(month) if month.isdigit() else SEASONS.get(month[:3]) or MONTHS.index(month[:3]) + 1
    )
    first = date(int(year), month_number, int(number))
    changed("first day", [part for part in parts if part], parts)
    return first


def entered(citation: Any, data: Any, published_on: date | None) -> Any:
    days = {one.attributes["PubStatus"]: day(one) for one in data.get("History", ())}
    printed = days.get("entrez") or days.get("pubmed") or days.get("medline")
    keys = ("DateCreated", "DateCompleted", "DateRevised")
    kept = [found for key in keys if (found := day(citation.get(key, {})))]
    earliest = min(kept, default=published_on) or changed("undated", None, date(1900, 1, 1))
    return changed("not entered", printed, printed or earliest)


def doi(article: Any, data: Any) -> str | None:
    printed = [
        str(one)
        for one in article.get("ELocationID", ())
        if one.attributes["EIdType"] == "doi" and one.attributes.get("ValidYN") != "N"
    ]
    printed += [
        str(one) for one in data.get("ArticleIdList", ()) if one.attributes["IdType"] == "doi"
    ]
    found = [re.search(r"10\.\d{4,9}/\S+", unescape(one).lower()) for one in printed]
    dois = [match[0] for match in found if match]
    return changed("doi", next(iter(printed), None), next(iter(dois), None))


def orcid(printed: str) -> str | None:
    """By the closed form of ISO 7064 MOD 11-2."""
    digits = re.sub(r"[^0-9Xx]", "", printed.rpartition("/")[2]).upper()
    total = sum((10 if d == "X" else int(d)) << (15 - n) for n, d in enumerate(digits))
    valid = len(digits) == 16 and total % 11 == 1
    return changed(
        "orcid", printed, "-".join(digits[n : n + 4] for n in (0, 4, 8, 12)) if valid else None
    )


def authorship(author: Any) -> tuple[Any, ...]:
    last, fore, initials, suffix = (
        maybe(author, key) for key in ("LastName", "ForeName", "Initials", "Suffix")
    )
    ids = [one for one in author.get("Identifier", ()) if one.attributes["Source"] == "ORCID"]
    places = [
        (
            maybe(info, "Affiliation") or "",
            [(one.attributes["Source"], text(one)) for one in info.get("Identifier", ())],
        )
        for info in author.get("AffiliationInfo", ())
    ]
    return (
        last,
        changed("initials", fore, fore or initials),
        initials,
        suffix,
        maybe(author, "CollectiveName"),
        orcid(str(ids[0])) if ids else None,
        author.attributes.get("EqualContrib") == "Y",
        [said for said, _ in places],
        [(n, *one) for n, (_, known) in enumerate(places, start=1) for one in known],
    )


def authorships(article: Any) -> list[tuple[Any, ...]]:
    listed = article.get("AuthorList", [])
    valid = [one for one in listed if one.attributes.get("ValidYN") != "N"]
    return [authorship(one) for one in changed("invalid", listed, valid)]


def topics(citation: Any) -> list[tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}

    def add(key: str, name: str, is_major: bool, qualifiers: tuple[Any, ...] = ()) -> None:
        if key in found:
            _, name, was_major, known = changed("repeated", None, found[key])
            is_major, qualifiers = (
                is_major or was_major,
                tuple(dict.fromkeys((*known, *qualifiers))),
            )
        found[key] = (key, name, is_major, qualifiers)

    for heading in citation.get("MeshHeadingList", ()):
        name = heading["DescriptorName"]
        qualifiers = tuple(
            (one.attributes.get("UI", ""), text(one), one.attributes.get("MajorTopicYN") == "Y")
            for one in heading["QualifierName"]
        )
        printed = name.attributes.get("MajorTopicYN") == "Y"
        is_major = changed("major", printed, printed or any(one[2] for one in qualifiers))
        key = name.attributes.get("UI") or f"keyword:{text(name).lower()}"
        add(key, text(name), is_major, qualifiers)
    for word in (word for words in citation.get("KeywordList", ()) for word in words):
        if said := text(word):
            key = changed("keyword", said, f"keyword:{said.lower()}")
            add(key, said, word.attributes.get("MajorTopicYN") == "Y")
    return list(found.values())


def notices(pmid: int, citation: Any, types: list[str]) -> list[tuple[Any, ...]]:
    found = []
    for one in citation.get("CommentsCorrectionsList", ()):
        ref_type = one.attributes["RefType"]
        if changed("cites", ref_type, None if ref_type == "Cites" else ref_type) is None:
            continue
        other = int(one["PMID"]) if one.get("PMID") else None
        kinds = [
            kind
            for stem, kind in KINDS.items()
            if re.fullmatch(f"{stem}(In|Of|For|From)", ref_type)
        ]
        both = (pmid, other) if ref_type.endswith("In") else (other, pmid)
        found.append((ref_type, other, maybe(one, "RefSource"), *(kinds or ["other"]), *both))
    typed = [("Retracted Publication", None, None, "retraction", pmid, None)]
    is_retracted = "Retracted Publication" in types
    return list(changed("retracted", found, found + typed * is_retracted))


def citations(citation: Any, data: Any) -> tuple[int, ...]:
    def printed(lists: Any) -> list[int]:
        return [
            number
            for one in lists
            for number in (
                *(
                    int(i)
                    for reference in one.get("Reference", ())
                    for i in reference.get("ArticleIdList", ())
                    if i.attributes["IdType"] == "pubmed" and str(i).isdigit()
                ),
                *printed(one.get("ReferenceList", ())),
            )
        ]

    found = [
        int(one["PMID"])
        for one in citation.get("CommentsCorrectionsList", ())
        if one.attributes["RefType"] == "Cites" and one.get("PMID")
    ]
    found += printed(data.get("ReferenceList", ()))
    return tuple(changed("cited", found, [n for n in dict.fromkeys(found) if n > 0]))


def grants(article: Any) -> list[tuple[str | None, ...]]:
    keys = ("GrantID", "Acronym", "Agency", "Country")
    return [tuple(maybe(one, key) for key in keys) for one in article.get("GrantList", ())]


def columns_by_entrez(entry: Any) -> dict[str, Any]:
    citation, data = entry.get("MedlineCitation", entry), entry.get("PubmedData", {})
    article, pmid = citation["Article"], int(citation["PMID"])
    published_on = day(article.get("Journal", {}).get("JournalIssue", {}).get("PubDate", {}))
    types = [text(one) for one in article.get("PublicationTypeList", ())]
    return {
        "pmid": pmid,
        "version": int(citation["PMID"].attributes["Version"]),
        "title": title(article),
        "abstract": abstract(article),
        "journal": maybe(article.get("Journal", {}), "Title"),
        "published_on": published_on,
        "entered_on": entered(citation, data, published_on),
        "revised_on": day(citation["DateRevised"]) if citation.get("DateRevised") else None,
        "publication_types": types,
        "languages": [
            changed("language", text(code), text(code).lower())
            for code in article.get("Language", ())
        ],
        "doi": doi(article, data),
        "authorships": authorships(article),
        "topics": topics(citation),
        "notices": notices(pmid, citation, types),
        "citations": citations(citation, data),
        "grants": grants(article),
    }


def columns(record: Record) -> dict[str, Any]:
    """All that the tables hold of a record, the checksum apart."""
    found = {name: getattr(record, name) for name in Record.__dataclass_fields__}
    del found["checksum"]
    return found | {name: list(found[name]) for name in ("authorships", "topics", "notices")}


@pytest.mark.parametrize("name", FILES)
def test_every_column_of_a_real_article_is_what_bio_entrez_gives(name: str) -> None:
    records = {(r.pmid, r.version): columns(r) for r in own(name) if isinstance(r, Record)}
    theirs = [columns_by_entrez(entry) for entry in by_entrez(name)]
    assert theirs
    for expected in theirs:
        found = records[expected["pmid"], expected["version"]]
        for column, value in expected.items():
            assert found[column] == value, (expected["pmid"], column)
        assert found.keys() == expected.keys()


def test_every_difference_listed_is_met_in_the_real_articles() -> None:
    for name in FILES:
        for entry in by_entrez(name):
            columns_by_entrez(entry)
    assert sorted(seen) == sorted(DIFFERENCES)


# -- book records, and the number of all -----------------------------------------------------------


def inner(element: ET.Element | None) -> str | None:
    return None if element is None else spaced("".join(element.itertext()))


def book_day(element: ET.Element | None) -> date | None:
    return None if element is None else day({part.tag: part.text for part in element})


def person(author: ET.Element) -> tuple[Any, ...]:
    names = [inner(author.find(key)) for key in ("LastName", "ForeName", "Initials", "Suffix")]
    printed = author.findtext("Identifier[@Source='ORCID']")
    places = [inner(place) for place in author.iterfind("AffiliationInfo/Affiliation")]
    group = inner(author.find("CollectiveName"))
    return (*names, group, orcid(printed) if printed else None, False, places, [])


def columns_of_book(element: ET.Element) -> dict[str, Any]:
    """A PubmedBookArticle by paths."""
    book = "BookDocument/Book"
    pmid = int(element.findtext("BookDocument/PMID") or "")
    places = ("BookDocument/AuthorList", f"{book}/AuthorList")
    lists = [found for place in places for found in element.iterfind(place)]
    writers = [found for found in lists if found.get("Type") != "editors"][:1]
    named = element.find("BookDocument/ArticleTitle"), element.find(f"{book}/BookTitle")
    dois = element.findall(f"{book}/ELocationID[@EIdType='doi']")
    dois += element.findall("BookDocument/ArticleIdList/ArticleId[@IdType='doi']")
    sections = element.iterfind("BookDocument/Abstract/AbstractText")
    said = [f"{one.get('Label', '')}: {inner(one)}".removeprefix(": ") for one in sections]
    words = [
        (inner(word) or "", word.get("MajorTopicYN") == "Y")
        for word in element.iterfind("BookDocument/KeywordList/Keyword")
    ]
    cited = element.iterfind("BookDocument/ReferenceList//ArticleId[@IdType='pubmed']")
    keys = ("GrantID", "Acronym", "Agency", "Country")
    history = "PubmedBookData/History/PubMedPubDate[@PubStatus='%s']"
    days = [element.find(history % status) for status in ("entrez", "pubmed", "medline")]
    days += [element.find("BookDocument/ContributionDate"), element.find(f"{book}/PubDate")]
    return {
        "pmid": pmid,
        "version": int(element.find("BookDocument/PMID").get("Version", "")),  # type: ignore[union-attr]
        "title": next(filter(None, map(inner, named))),
        "abstract": "\n".join(said) if element.find("BookDocument/Abstract") is not None else None,
        "journal": inner(element.find(f"{book}/BookTitle")),
        "published_on": book_day(element.find(f"{book}/PubDate")),
        "entered_on": next(found for one in days if (found := book_day(one))),
        "revised_on": book_day(element.find("BookDocument/DateRevised")),
        "publication_types": [inner(e) for e in element.iterfind("BookDocument/PublicationType")],
        "languages": [inner(e) for e in element.iterfind("BookDocument/Language")],
        "doi": (dois[0].text or "").lower() if dois else None,
        "authorships": [person(one) for found in writers for one in found],
        "topics": [(f"keyword:{word.lower()}", word, is_major, ()) for word, is_major in words],
        "notices": [],
        "citations": tuple(dict.fromkeys(int(e.text or "") for e in cited)),
        "grants": [
            tuple(inner(one.find(key)) for key in keys)
            for one in element.iterfind("BookDocument/GrantList/Grant")
        ],
    }


@pytest.mark.parametrize("name", WITH_BOOKS)
def test_every_column_of_a_book_record_is_what_the_standard_parser_finds(name: str) -> None:
    records = {r.pmid: columns(r) for r in own(name) if isinstance(r, Record)}
    books = [columns_of_book(one) for one in ET.fromstring(content(name)).iter("PubmedBookArticle")]
    assert books
    for expected in books:
        assert records[expected["pmid"]] == expected


@pytest.mark.parametrize("name", [*FILES, *WITH_BOOKS[1:]])
def test_every_record_and_deletion_of_a_real_file_is_read(name: str) -> None:
    root = ET.fromstring(content(name))
    kinds = {"PubmedArticle", "PubmedBookArticle"} | ({"MedlineCitation"} & {c.tag for c in root})
    found = [int(child.findtext(".//PMID") or "") for child in root if child.tag in kinds]
    deleted = [int(element.text or "") for element in root.iterfind("DeleteCitation/PMID")]
    assert [item.pmid for item in own(name) if isinstance(item, Record)] == found
    assert [item.pmid for item in own(name) if isinstance(item, Deletion)] == deleted
