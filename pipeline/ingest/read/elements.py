"""One record element of PubMed XML to a `Record`: single pass over children, tags as keys.

An empty element is '', a missing one None. Speed counts here (PubMed has forty million records):
children are looked at once, in C where lxml can, and never searched for by path.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from typing import cast

from pipeline.ingest.read import fields
from pipeline.ingest.read.authors import authorships_of, book_authorships, with_affiliation
from pipeline.ingest.read.records import (
    UNDATED,
    Grant,
    Notice,
    Record,
    Topic,
    UnreadableError,
    keyword,
    merged_topics,
    new_tuple,
    notice,
    with_types,
)
from pipeline.ingest.read.texts import (
    Element,
    Parts,
    abstract_of,
    children,
    tagged,
    tagged_of,
    text_of,
    texts_of,
    title_of,
)


def read_record(element: Element, raw: bytes) -> Record:
    """Read a PubmedArticle, PubmedBookArticle or (of a MedlineCitationSet) MedlineCitation.

    Parameters
    ----------
    raw
        The bytes that `element` was parsed from.

    Raises
    ------
    UnreadableError
        It has no PMID, no title element, or lacks its main part.
    """
    checksum = f"xml:{sha256(raw.translate(None, _WHITE)).hexdigest()[:32]}"
    if element.tag == "PubmedBookArticle":
        return _book_record(element, checksum)
    if element.tag == "MedlineCitation":
        return _article_record(element, {}, checksum)
    parts = tagged(element)
    data = parts.get("PubmedData")
    return _article_record(
        _need(parts, "MedlineCitation"), {} if data is None else tagged(data), checksum
    )


_WHITE = b" \t\r\n"
"""Left out of checksums: indentation is no content. `xml:` sorts after the `nbib:` of MEDLINE text,
which tells less: XML wins a tie."""


def pmid_of(record: Element) -> int | None:
    """PMID of a record element of any kind."""
    text: str | None = record.findtext("{*}PMID") or record.findtext("*/PMID")
    return fields.pmid(text)


def read_pmid(element: Element) -> int:
    """Read a PMID element."""
    pmid = fields.pmid(element.text)
    if pmid is None and not (element.text or "").strip():
        raise UnreadableError("has an empty PMID: fetch it again")
    if pmid is None:
        raise UnreadableError(f"has a PMID that is no number ({element.text!r}): fetch it again")
    return pmid


def _article_record(medline: Element, data: Parts, checksum: str) -> Record:
    citation = tagged(medline)
    article_element = _need(citation, "Article")
    article = tagged(article_element)
    pmid, version = _identity(citation)
    journal = tagged_of(article.get("Journal"))
    printed = tagged_of(journal.get("JournalIssue")).get("PubDate")
    published_on = _printed_date(printed)
    if published_on is None:
        published_on = _printed_date(article.get("ArticleDate"))
    name = journal.get("Title")
    if name is None:
        name = tagged_of(citation.get("MedlineJournalInfo")).get("MedlineTA")
    types = texts_of(article.get("PublicationTypeList", ()))
    notices, cited = _notices(pmid, citation.get("CommentsCorrectionsList"))
    authorships = authorships_of(article.get("AuthorList"))
    if "Affiliation" in article:  # before 2014 a record had one, the first author's
        authorships = with_affiliation(authorships, article["Affiliation"])
    return Record(
        pmid,
        version,
        title_of(article.get("ArticleTitle"), article.get("VernacularTitle")),
        abstract_of(article.get("Abstract")),
        text_of(name),
        published_on,
        _entered_on(data, citation, published_on),
        _printed_date(citation.get("DateRevised")),
        types,
        [code.lower() for code in texts_of(article_element.iterchildren("Language"))],
        _doi(article_element.iterchildren("ELocationID"), data.get("ArticleIdList")),
        checksum,
        authorships,
        _topics(citation.get("MeshHeadingList"), medline.iterchildren("KeywordList")),
        with_types(pmid, notices, types),
        tuple(dict.fromkeys((*cited, *_citations(data.get("ReferenceList"))))),
        _grants(article.get("GrantList", ())),
    )


def _book_record(element: Element, checksum: str) -> Record:
    parts = tagged(element)
    document = _need(parts, "BookDocument")
    citation = tagged(document)
    book_element = _need(citation, "Book")
    book = tagged(book_element)
    data = tagged_of(parts.get("PubmedBookData"))
    pmid, version = _identity(citation)
    published_on = _printed_date(book.get("PubDate"))
    if published_on is None:
        published_on = _printed_date(citation.get("ContributionDate"))
    types = texts_of(document.iterchildren("PublicationType"))
    return Record(
        pmid,
        version,
        title_of(
            citation.get("ArticleTitle"), book.get("BookTitle"), citation.get("VernacularTitle")
        ),
        abstract_of(citation.get("Abstract")),
        text_of(book.get("BookTitle")),
        published_on,
        _entered_on(data, citation, published_on),
        _printed_date(citation.get("DateRevised")),
        types,
        [code.lower() for code in texts_of(document.iterchildren("Language"))],
        _doi(book_element.iterchildren("ELocationID"), citation.get("ArticleIdList")),
        checksum,
        book_authorships(document, book_element),
        _topics(None, document.iterchildren("KeywordList")),
        with_types(pmid, (), types),
        _citations(citation.get("ReferenceList")),
        _grants(citation.get("GrantList", ())),
    )


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


def _printed_date(element: Element | None) -> date | None:
    if element is None:
        return None
    parts = {child.tag: child.text for child in children(element)}
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


def _topics(headings: Element | None, keyword_lists: Iterable[Element]) -> Sequence[Topic]:
    topics: list[Topic] = []
    if headings is not None:
        # one flat walk in C: a descriptor, then its qualifiers
        for element in headings.iter("DescriptorName", "QualifierName"):
            name, ui = text_of(element) or "", element.get("UI", "")
            is_major = element.get("MajorTopicYN") == "Y"
            if element.tag == "QualifierName":
                if topics:
                    topics[-1] = topics[-1].qualified(ui, name, is_major)
            elif name:
                topics.append(
                    new_tuple(Topic, (ui or f"keyword:{name.lower()}", name, is_major, ()))
                )
    topics += [
        keyword(word, element.get("MajorTopicYN") == "Y")
        for keywords in keyword_lists
        for element in keywords
        if (word := text_of(element))
    ]
    return merged_topics(topics)


def _notices(pmid: int, elements: Element | None) -> tuple[list[Notice], list[int]]:
    """Read what a record says of others, and whom it cites: of old, references stood there too."""
    notices: list[Notice] = []
    cited: list[int] = []
    for element in () if elements is None else elements:
        ref_pmid = ref_source = None
        for part in children(element):
            if part.tag == "PMID":
                ref_pmid = fields.pmid(part.text)
            elif part.tag == "RefSource":
                ref_source = text_of(part)
        ref_type = element.get("RefType", "")
        if ref_type != "Cites":
            notices.append(notice(pmid, ref_type, ref_pmid, ref_source))
        elif ref_pmid is not None:
            cited.append(ref_pmid)
    return notices, cited


def _citations(references: Element | None) -> Sequence[int]:
    if references is None:
        return ()
    holder = cast(Element, references.getparent())  # which may have several lists
    return fields.pmids(
        [
            element.text or ""
            for one in holder.iterchildren("ReferenceList")
            for element in one.iter("ArticleId")
            if element.get("IdType") == "pubmed"
        ]
    )


def _grants(elements: Iterable[Element]) -> list[Grant]:
    grants = []
    for element in elements:
        parts = tagged(element)
        values = (text_of(parts.get(tag)) for tag in ("GrantID", "Acronym", "Agency", "Country"))
        grants.append(Grant(*values))
    return grants
