"""Author lists of PubMed XML."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.ingest.read import fields
from pipeline.ingest.read.records import Authorship, new_tuple
from pipeline.ingest.read.texts import Element, children, text_of, texts_of

_PLACES = frozenset({"AffiliationInfo", "Affiliation", "Identifier"})


def authorships_of(authors: Element | None) -> list[Authorship]:
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
    for element in children(author):
        tag = element.tag
        if tag in _PLACES:
            places.append(element)
        else:
            parts[tag] = text_of(element)
    get = parts.get
    orcid, affiliations, identifiers = _places(places) if places else (None, [], [])
    more = (orcid, author.get("EqualContrib") == "Y", affiliations, identifiers)
    if group := get("CollectiveName"):
        return new_tuple(Authorship, (None, None, None, None, group, *more))
    last_name, initials = get("LastName"), get("Initials")
    fore_name = get("ForeName") or initials
    if not last_name and not fore_name:
        return None
    names = (last_name, fore_name, initials, get("Suffix"), group)
    return new_tuple(Authorship, (*names, *more))


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
        for element in (holder,) if holder.tag == "Affiliation" else children(holder):
            if element.tag == "Affiliation":
                affiliations.append(text_of(element) or "")
            elif element.tag == "Identifier":
                source = element.get("Source", "")
                identifiers.append((len(affiliations), source, text_of(element) or ""))
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


def with_affiliation(names: list[Authorship], element: Element) -> list[Authorship]:
    """Give the one affiliation that records had before 2014 to the first author, whose it is."""
    if not names or names[0].affiliations:
        return names
    return [names[0]._replace(affiliations=texts_of([element])), *names[1:]]


def book_authorships(document: Element, book: Element) -> list[Authorship]:
    """Take the authors of the chapter, else of the book; editors did not write it."""
    for holder in (document, book):
        for authors in holder.iterchildren("AuthorList"):
            if authors.get("Type") != "editors":
                return authorships_of(authors)
    return []
