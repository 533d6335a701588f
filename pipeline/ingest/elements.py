"""One record element of PubMed XML to a `Record`: single pass over children, tags as keys.

An empty element is '', a missing one None. Speed counts here (PubMed has forty million records):
children are looked at once, in C where lxml can, and never searched for by path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from hashlib import sha256
from operator import itemgetter
from typing import TypeAlias, cast
from xml.sax.saxutils import escape

from lxml import etree

from pipeline.ingest import fields
from pipeline.ingest.records import (
    UNDATED,
    Authorship,
    Grant,
    Notice,
    Record,
    Topic,
    UnreadableError,
    keyword,
    merged_topics,
    notice,
    with_types,
)

Element: TypeAlias = etree._Element  # lxml gives its element type no public name
Parts: TypeAlias = dict[str, Element]

_INLINE = frozenset({"i", "b", "u", "sub", "sup"})
_SPACES = re.compile(r"[ \t\r\n]+")
_PLACES = frozenset({"AffiliationInfo", "Affiliation", "Identifier"})
# a slice makes all children in one call of C, in half the time of iterating
_children: Callable[[Element], list[Element]] = itemgetter(slice(None))
_backwards: Callable[[Element], list[Element]] = itemgetter(slice(None, None, -1))
# half the time of a named tuple's own constructor
_tuple = tuple.__new__


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
    parts = _parts(element)
    data = parts.get("PubmedData")
    return _article_record(
        _need(parts, "MedlineCitation"), {} if data is None else _parts(data), checksum
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
    if pmid is None:
        raise UnreadableError(f"has a PMID that is no number ({element.text!r}): fetch it again")
    return pmid


def _article_record(medline: Element, data: Parts, checksum: str) -> Record:
    citation = _parts(medline)
    article_element = _need(citation, "Article")
    article = _parts(article_element)
    pmid, version = _identity(citation)
    journal = _parts_of(article.get("Journal"))
    printed = _parts_of(journal.get("JournalIssue")).get("PubDate")
    published_on = _printed_date(printed)
    if published_on is None:
        published_on = _printed_date(article.get("ArticleDate"))
    name = journal.get("Title")
    if name is None:
        name = _parts_of(citation.get("MedlineJournalInfo")).get("MedlineTA")
    types = _texts(article.get("PublicationTypeList", ()))
    notices, cited = _notices(pmid, citation.get("CommentsCorrectionsList"))
    authorships = _authorships(article.get("AuthorList"))
    if "Affiliation" in article:  # before 2014 a record had one, the first author's
        authorships = _with_affiliation(authorships, article["Affiliation"])
    return Record(
        pmid,
        version,
        _title(article.get("ArticleTitle"), article.get("VernacularTitle")),
        _abstract(article.get("Abstract")),
        _text(name),
        published_on,
        _entered_on(data, citation, published_on),
        _printed_date(citation.get("DateRevised")),
        types,
        _texts(article_element.iterchildren("Language")),
        _doi(article_element.iterchildren("ELocationID"), data.get("ArticleIdList")),
        checksum,
        authorships,
        _topics(citation.get("MeshHeadingList"), medline.iterchildren("KeywordList")),
        with_types(pmid, notices, types),
        tuple(dict.fromkeys((*cited, *_citations(data.get("ReferenceList"))))),
        _grants(article.get("GrantList", ())),
    )


def _book_record(element: Element, checksum: str) -> Record:
    parts = _parts(element)
    document = _need(parts, "BookDocument")
    citation = _parts(document)
    book_element = _need(citation, "Book")
    book = _parts(book_element)
    data = _parts_of(parts.get("PubmedBookData"))
    pmid, version = _identity(citation)
    published_on = _printed_date(book.get("PubDate"))
    if published_on is None:
        published_on = _printed_date(citation.get("ContributionDate"))
    types = _texts(document.iterchildren("PublicationType"))
    return Record(
        pmid,
        version,
        _title(
            citation.get("ArticleTitle"), book.get("BookTitle"), citation.get("VernacularTitle")
        ),
        _abstract(citation.get("Abstract")),
        _text(book.get("BookTitle")),
        published_on,
        _entered_on(data, citation, published_on),
        _printed_date(citation.get("DateRevised")),
        types,
        _texts(document.iterchildren("Language")),
        _doi(book_element.iterchildren("ELocationID"), citation.get("ArticleIdList")),
        checksum,
        _book_authorships(document, book_element),
        _topics(None, document.iterchildren("KeywordList")),
        with_types(pmid, (), types),
        _citations(citation.get("ReferenceList")),
        _grants(citation.get("GrantList", ())),
    )


def _parts(element: Element) -> Parts:
    """Children by tag; of a repeated tag the first."""
    return {child.tag: child for child in _backwards(element)}


def _parts_of(element: Element | None) -> Parts:
    return {} if element is None else _parts(element)


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


def _text(element: Element | None) -> str | None:
    """All text inside, spaces collapsed; '' for an empty element, None for a missing one."""
    if element is None:
        return None
    text = "".join(cast(Iterable[str], element.itertext())) if len(element) else element.text
    if not text:
        return ""
    return text if text.isalnum() else _collapsed(text)


def _collapsed(text: str) -> str:
    if "\n" in text or "  " in text or "\t" in text or "\r" in text:
        text = _SPACES.sub(" ", text)
    return text.strip()


def _texts(elements: Iterable[Element]) -> list[str]:
    return [text for element in elements if (text := _text(element))]


def _title(*choices: Element | None) -> str:
    """First title that is not empty, as markup; '' where all are empty."""
    present = [element for element in choices if element is not None]
    if not present:
        raise UnreadableError("has no title: fetch the record again")
    titles = (_collapsed(_markup(element)) for element in present)
    return next((title for title in titles if title), "")


def _markup(element: Element) -> str:
    if not len(element):
        return escape(element.text or "")
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
    for section in _children(element):
        text = _text(section) if section.tag == "AbstractText" else ""
        if text:
            label = section.get("Label")
            sections.append(f"{label}: {text}" if label else text)
    return "\n".join(sections)


def _printed_date(element: Element | None) -> date | None:
    if element is None:
        return None
    parts = {child.tag: child.text for child in _children(element)}
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


def _authorships(authors: Element | None) -> list[Authorship]:
    """Names of a list, without those marked invalid: each stands beside its correction."""
    if authors is None:
        return []
    found = map(_authorship, authors.iterchildren("Author"))
    return [authorship for authorship in found if authorship is not None]


def _authorship(author: Element) -> Authorship | None:
    """One author; None where the name is marked invalid or empty."""
    if author.get("ValidYN") == "N":
        return None
    parts: dict[str, str | None] = {}
    places: list[Element] = []
    for element in _children(author):
        tag = element.tag
        if tag in _PLACES:
            places.append(element)
        else:
            parts[tag] = _text(element)
    get = parts.get
    orcid, affiliations, identifiers = _places(places) if places else (None, [], [])
    more = (orcid, author.get("EqualContrib") == "Y", affiliations, identifiers)
    if group := get("CollectiveName"):
        return _tuple(Authorship, (None, None, None, None, group, *more))
    last_name, initials = get("LastName"), get("Initials")
    fore_name = get("ForeName") or initials
    if not last_name and not fore_name:
        return None
    names = (last_name, fore_name, initials, get("Suffix"), group)
    return _tuple(Authorship, (*names, *more))


def _places(
    elements: list[Element],
) -> tuple[str | None, Sequence[str], Sequence[tuple[int, str, str]]]:
    """ORCID iD, affiliations and their identifiers (place from 1, source, value) of an author."""
    orcid = None
    affiliations: list[str] = []
    identifiers: list[tuple[int, str, str]] = []
    for holder in elements:
        if holder.tag == "Identifier":
            if orcid is None and holder.get("Source") == "ORCID":
                orcid = fields.orcid(holder.text or "")
            continue
        for element in (holder,) if holder.tag == "Affiliation" else _children(holder):
            if element.tag == "Affiliation":
                affiliations.append(_text(element) or "")
            elif element.tag == "Identifier":
                source = element.get("Source", "")
                identifiers.append((len(affiliations), source, _text(element) or ""))
    if "" in affiliations:
        affiliations, identifiers = _without_empty(affiliations, identifiers)
    return orcid, affiliations, identifiers


def _without_empty(
    affiliations: list[str], identifiers: list[tuple[int, str, str]]
) -> tuple[list[str], list[tuple[int, str, str]]]:
    """Leave out affiliations that say nothing, by text or by identifier."""
    named = {place for place, _, _ in identifiers}
    kept = [place for place, text in enumerate(affiliations, start=1) if text or place in named]
    moved = {old: new for new, old in enumerate(kept, start=1)}
    return [affiliations[place - 1] for place in kept], [
        (moved[place], source, value) for place, source, value in identifiers if place in moved
    ]


def _with_affiliation(names: list[Authorship], element: Element) -> list[Authorship]:
    if not names or names[0].affiliations:
        return names
    return [names[0]._replace(affiliations=_texts([element])), *names[1:]]


def _book_authorships(document: Element, book: Element) -> list[Authorship]:
    """Take the authors of the chapter, else of the book; editors did not write it."""
    for holder in (document, book):
        for authors in holder.iterchildren("AuthorList"):
            if authors.get("Type") != "editors":
                return _authorships(authors)
    return []


def _topics(headings: Element | None, keyword_lists: Iterable[Element]) -> Sequence[Topic]:
    topics: list[Topic] = []
    if headings is not None:
        # one flat walk in C: a descriptor, then its qualifiers
        for element in headings.iter("DescriptorName", "QualifierName"):
            name, ui = _text(element) or "", element.get("UI", "")
            is_major = element.get("MajorTopicYN") == "Y"
            if element.tag == "QualifierName":
                if topics:
                    topics[-1] = topics[-1].qualified(ui, name, is_major)
            elif name:
                topics.append(_tuple(Topic, (ui or f"keyword:{name.lower()}", name, is_major, ())))
    topics += [
        keyword(word, element.get("MajorTopicYN") == "Y")
        for keywords in keyword_lists
        for element in keywords
        if (word := _text(element))
    ]
    return merged_topics(topics)


def _notices(pmid: int, elements: Element | None) -> tuple[list[Notice], list[int]]:
    """Read what a record says of others, and whom it cites: of old, references stood there too."""
    notices: list[Notice] = []
    cited: list[int] = []
    for element in () if elements is None else elements:
        ref_pmid = ref_source = None
        for part in _children(element):
            if part.tag == "PMID":
                ref_pmid = fields.pmid(part.text)
            elif part.tag == "RefSource":
                ref_source = _text(part)
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
        parts = _parts(element)
        values = (_text(parts.get(tag)) for tag in ("GrantID", "Acronym", "Agency", "Country"))
        grants.append(Grant(*values))
    return grants
