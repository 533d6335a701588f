"""One record element of PubMed XML to a `Record`: single pass over children, tags as keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from hashlib import blake2b
from typing import TypeAlias, cast
from xml.sax.saxutils import escape

from lxml import etree

from pipeline.ingest import fields
from pipeline.ingest.records import (
    UNDATED,
    Authorship,
    Link,
    Record,
    Topic,
    keyword,
    merged_topics,
    retraction_as_type,
)

Element: TypeAlias = etree._Element  # lxml gives its element type no public name
Parts: TypeAlias = dict[str, Element]

_INLINE = frozenset({"i", "b", "u", "sub", "sup"})
_SPACES = re.compile(r"[ \t\r\n]+")
# one call in C: reference lists are half of a record
_CITED = etree.XPath("ReferenceList//ArticleId[@IdType='pubmed']/text()", smart_strings=False)


class UnreadableError(Exception):
    """A record cannot be used; the message is what is wrong and the remedy."""


def read_record(element: Element) -> Record:
    """Read a PubmedArticle, PubmedBookArticle or (of a MedlineCitationSet) MedlineCitation.

    Raises
    ------
    UnreadableError
        It has no PMID, no title element, or lacks its main part.
    """
    if element.tag == "PubmedBookArticle":
        return _book_record(element)
    if element.tag == "MedlineCitation":
        return _article_record(element, element, {})
    parts = _parts(element)
    return _article_record(
        element, _need(parts, "MedlineCitation"), _parts(parts.get("PubmedData"))
    )


def pmid_of(record: Element) -> int | None:
    """PMID of a record element of any kind."""
    text: str | None = record.findtext("{*}PMID") or record.findtext("*/PMID")
    return fields.pmid(text)


def read_pmid(element: Element) -> int:
    """Read a PMID element."""
    pmid = fields.pmid(element.text)
    if pmid is None:
        raise UnreadableError(f"has a PMID that is no number ({element.text!r}): fetch it again")
    return pmid


def _article_record(element: Element, medline: Element, data: Parts) -> Record:
    citation = _parts(medline)
    article = _parts(_need(citation, "Article"))
    journal = _parts(article.get("Journal"))
    printed = _parts(journal.get("JournalIssue")).get("PubDate")
    published_on = _printed_date(printed)
    if published_on is None:
        published_on = _printed_date(article.get("ArticleDate"))
    notices = list(citation.get("CommentsCorrectionsList", ()))
    name = journal.get("Title")
    if name is None:
        name = _parts(citation.get("MedlineJournalInfo")).get("MedlineTA")
    return Record(
        *_identity(citation),
        title=_title(article.get("ArticleTitle"), article.get("VernacularTitle")),
        abstract=_abstract(article.get("Abstract")),
        journal=_text(name),
        published_on=published_on,
        entered_on=_entered_on(data, citation, published_on),
        revised_on=_printed_date(citation.get("DateRevised")),
        publication_types=retraction_as_type(
            _texts(article.get("PublicationTypeList", ())), _is_retraction_noted(notices)
        ),
        language=_text(article.get("Language")),
        doi=_doi(medline.iterfind("Article/ELocationID"), data.get("ArticleIdList")),
        checksum=_checksum(element),
        authorships=_with_affiliation(
            _authorships(article.get("AuthorList", ())), article.get("Affiliation")
        ),
        topics=_topics(citation.get("MeshHeadingList", ()), medline.iterchildren("KeywordList")),
        links=_links(notices, data),
    )


def _book_record(element: Element) -> Record:
    parts = _parts(element)
    document = _need(parts, "BookDocument")
    citation = _parts(document)
    book_element = _need(citation, "Book")
    book = _parts(book_element)
    data = _parts(parts.get("PubmedBookData"))
    published_on = _printed_date(book.get("PubDate"))
    if published_on is None:
        published_on = _printed_date(citation.get("ContributionDate"))
    return Record(
        *_identity(citation),
        title=_title(
            citation.get("ArticleTitle"), book.get("BookTitle"), citation.get("VernacularTitle")
        ),
        abstract=_abstract(citation.get("Abstract")),
        journal=_text(book.get("BookTitle")),
        published_on=published_on,
        entered_on=_entered_on(data, citation, published_on),
        revised_on=_printed_date(citation.get("DateRevised")),
        publication_types=_texts(document.iterchildren("PublicationType")),
        language=_text(citation.get("Language")),
        doi=_doi(book_element.iterfind("ELocationID"), citation.get("ArticleIdList")),
        checksum=_checksum(element),
        authorships=_book_authorships(document, book_element),
        topics=_topics((), document.iterchildren("KeywordList")),
        links=_links((), citation),
    )


def _parts(element: Element | None) -> Parts:
    """Children by tag; of a repeated tag the first."""
    if element is None:
        return {}
    parts: Parts = {}
    for child in element:
        parts.setdefault(child.tag, child)
    return parts


def _need(parts: Parts, tag: str) -> Element:
    try:
        return parts[tag]
    except KeyError:
        raise UnreadableError(f"has no {tag}: fetch the record again") from None


def _identity(citation: Parts) -> tuple[int, int]:
    """PMID and version."""
    element = _need(citation, "PMID")
    version = element.get("Version", "1")
    if fields.pmid(version) is None:
        raise UnreadableError(
            f"has version {version!r}, which is no number: fetch the record again"
        )
    return read_pmid(element), int(version)


def _checksum(element: Element) -> str:
    """Hash of the XML in which white space, quoting and character references do not count.

    `xml:` sorts after the `nbib:` of MEDLINE text, which tells less: XML wins a tie.
    """
    xml = etree.tostring(element, encoding="utf-8", with_tail=False)
    digest = blake2b(xml.translate(None, b" \t\r\n"), digest_size=16)
    return f"xml:{digest.hexdigest()}"


def _text(element: Element | None) -> str | None:
    """All text inside, spaces collapsed; None for a missing or empty element."""
    if element is None:
        return None
    text = "".join(cast(Iterable[str], element.itertext())) if len(element) else element.text
    return _collapsed(text).strip() or None if text else None


def _collapsed(text: str) -> str:
    if "\n" in text or "  " in text or "\t" in text or "\r" in text:
        return _SPACES.sub(" ", text)
    return text


def _texts(elements: Iterable[Element]) -> list[str]:
    return [text for element in elements if (text := _text(element)) is not None]


def _title(*choices: Element | None) -> str:
    """First title that is not empty, as markup; '' where all are empty."""
    present = [element for element in choices if element is not None]
    if not present:
        raise UnreadableError("has no title: fetch the record again")
    titles = (_collapsed(_markup(element)).strip() for element in present)
    return next((title for title in titles if title), "")


def _markup(element: Element) -> str:
    pieces = [escape(element.text or "")]
    for child in element:
        inner = _markup(child)
        pieces.append(f"<{child.tag}>{inner}</{child.tag}>" if child.tag in _INLINE else inner)
        pieces.append(escape(child.tail or ""))
    return "".join(pieces)


def _abstract(element: Element | None) -> str | None:
    if element is None:
        return None
    sections = []
    for section in element.iterchildren("AbstractText"):
        text = _text(section)
        if text:
            label = section.get("Label")
            sections.append(f"{label}: {text}" if label else text)
    return "\n".join(sections) or None


def _printed_date(element: Element | None) -> date | None:
    if element is None:
        return None
    parts = {child.tag: child.text for child in element}
    if "Year" in parts:
        return fields.day(
            parts["Year"], parts.get("Month") or parts.get("Season"), parts.get("Day")
        )
    return fields.first_day(parts.get("MedlineDate") or "")


def _entered_on(data: Parts, citation: Parts, published_on: date | None) -> date:
    history = {printed.get("PubStatus"): printed for printed in data.get("History", ())}
    for status in ("entrez", "pubmed", "medline"):
        entered_on = _printed_date(history.get(status))
        if entered_on is not None:
            return entered_on
    kept = ("DateCreated", "DateCompleted", "DateRevised", "ContributionDate")
    days = [day for tag in kept if (day := _printed_date(citation.get(tag))) is not None]
    return min(days) if days else published_on or UNDATED


def _doi(locations: Iterable[Element], ids: Element | None) -> str | None:
    for location in locations:
        if location.get("EIdType") == "doi" and location.get("ValidYN") != "N":
            found = fields.doi(location.text or "")
            if found:
                return found
    for article_id in () if ids is None else ids:
        if article_id.get("IdType") == "doi":
            return fields.doi(article_id.text or "")
    return None


def _authorships(authors: Iterable[Element]) -> list[Authorship]:
    """Names of a list, without those marked invalid: each stands beside its correction."""
    names = [_authorship(author) for author in authors if author.get("ValidYN") != "N"]
    return [name for name in names if name.last_name or name.fore_name or name.collective_name]


def _authorship(author: Element) -> Authorship:
    last_name = fore_name = initials = suffix = collective_name = orcid = None
    affiliations: list[str] = []
    for child in author:
        tag = child.tag
        if tag == "LastName":
            last_name = _text(child)
        elif tag == "ForeName":
            fore_name = _text(child)
        elif tag == "Initials":
            initials = _text(child)
        elif tag == "AffiliationInfo":
            affiliations += _texts(child.iterchildren("Affiliation"))
        elif tag == "Identifier":
            if orcid is None and child.get("Source") == "ORCID":
                orcid = fields.orcid(child.text or "")
        elif tag == "Suffix":
            suffix = _text(child)
        elif tag == "CollectiveName":
            collective_name = _text(child)
        elif tag == "Affiliation":  # before 2015
            affiliations += _texts([child])
    if collective_name is not None:
        return Authorship(None, None, None, None, collective_name, orcid, affiliations)
    return Authorship(last_name, fore_name or initials, initials, suffix, None, orcid, affiliations)


def _with_affiliation(names: list[Authorship], element: Element | None) -> list[Authorship]:
    """Give the one affiliation that records had before 2014 to the first author, whose it is."""
    if element is None or not names or names[0].affiliations:
        return names
    return [names[0]._replace(affiliations=_texts([element])), *names[1:]]


def _book_authorships(document: Element, book: Element) -> list[Authorship]:
    """Take the authors of the chapter, else of the book; editors did not write it."""
    for holder in (document, book):
        for authors in holder.iterchildren("AuthorList"):
            if authors.get("Type") != "editors":
                return _authorships(authors)
    return []


def _topics(headings: Iterable[Element], keyword_lists: Iterable[Element]) -> list[Topic]:
    topics = []
    for heading in headings:
        ui = name = None
        is_major = False
        for part in heading:  # the descriptor, then its qualifiers
            is_major = is_major or part.get("MajorTopicYN") == "Y"
            if part.tag == "DescriptorName":
                ui, name = part.get("UI"), _text(part)
        if name is not None:
            topics.append(Topic(ui, name, is_major) if ui else keyword(name, is_major))
    for keywords in keyword_lists:
        for element in keywords:
            name = _text(element)
            if name is not None:
                topics.append(keyword(name, element.get("MajorTopicYN") == "Y"))
    return merged_topics(topics)


def _links(notices: Iterable[Element], data: Parts) -> list[Link]:
    links = dict.fromkeys(
        Link(notice.get("RefType", ""), ref_pmid)
        for notice in notices
        if (ref_pmid := fields.pmid(notice.findtext("PMID"))) is not None
    )
    if "ReferenceList" in data:
        cited = _CITED(cast(Element, data["ReferenceList"].getparent()))
        links |= dict.fromkeys(
            Link("Cites", ref_pmid)
            for text in cast(list[str], cited)
            if (ref_pmid := fields.pmid(text)) is not None
        )
    return list(links)


def _is_retraction_noted(notices: Iterable[Element]) -> bool:
    return any(
        notice.get("RefType") == "RetractionIn" and fields.pmid(notice.findtext("PMID")) is None
        for notice in notices
    )
