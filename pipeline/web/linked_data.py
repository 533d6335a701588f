"""A person and their papers in the words of schema.org, as JSON-LD 1.1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipeline.outreach.markup import as_text, one_line
from pipeline.outreach.wording import pubmed_url
from pipeline.serving.queries import Paper, Person, TopicOf

TYPE = "application/ld+json"
SCHEMA = {
    "type": "object",
    "required": ["@context", "@graph"],
    "properties": {
        "@context": {"const": "https://schema.org"},
        "@graph": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["@type", "@id", "name"]},
        },
    },
}


def graph(person: Person, topics: Iterable[TopicOf], papers: Iterable[Paper]) -> dict[str, Any]:
    """Describe a person, and each paper as by them; what is unknown is left out."""
    who = f"https://orcid.org/{person.orcid}" if person.orcid else f"#author-{person.author_id}"
    described = _known(
        {
            "@type": "Person",
            "@id": who,
            "name": one_line(person.name),
            "identifier": _named("Confrere author id", str(person.author_id)),
            "sameAs": who if person.orcid else None,
            "affiliation": _affiliation(person),
            "knowsAbout": [topic.topic for topic in topics] or None,
        }
    )
    return {
        "@context": "https://schema.org",
        "@graph": [described, *(_article(paper, who) for paper in papers)],
    }


def _article(paper: Paper, author: str) -> dict[str, Any]:
    url = pubmed_url(paper.pmid)
    return _known(
        {
            "@type": "ScholarlyArticle",
            "@id": url,
            "name": as_text(paper.title or f"PMID {paper.pmid}"),
            "identifier": _named("PMID", str(paper.pmid)),
            "datePublished": paper.published_on,
            "isPartOf": {"@type": "Periodical", "name": one_line(paper.journal)}
            if paper.journal
            else None,
            "author": {"@id": author},
        }
    )


def _affiliation(person: Person) -> dict[str, Any] | None:
    if not person.institution:
        return None
    place = {"@type": "Organization", "name": one_line(person.institution)}
    if not person.department:
        return place
    return {
        "@type": "Organization",
        "name": one_line(person.department),
        "parentOrganization": place,
    }


def _named(kind: str, value: str) -> dict[str, str]:
    return {"@type": "PropertyValue", "propertyID": kind, "value": value}


def _known(described: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in described.items() if value is not None}
