"""Reasons in plain sentences, said to the person who receives a suggestion.

Used by the digest and by `confrere suggestions`. Names are repeated where a pronoun would have to
guess. Each sentence says only what its reasons show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.outreach.markup import one_line
from pipeline.serving.queries import Paper, Person, Reason, Recommendation

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Fact:
    """A paper and what it shows: "Ana Ruiz with Li Wei (2022)"."""

    text: str
    pmid: int


def why(suggestion: Recommendation) -> str:
    """Say what links the two, in one sentence; empty where no reason does."""
    shared = listed([name_of(reason.person) for reason in _of_kind(suggestion, "shared_coauthor")])
    topics = listed([_topic(reason) for reason in _of_kind(suggestion, "shared_topic")])
    if shared and topics:
        return f"You have both written with {shared}, and both publish on {topics}."
    if shared:
        return f"You have both written with {shared}."
    if topics:
        return f"You both publish on {topics}."
    return _path(suggestion) or _alike(suggestion)


def introduction(suggestion: Recommendation) -> str:
    """Say who could bring the two together; empty where `why` says it or nobody can."""
    if suggestion.introducer is not None:
        return _introducer(suggestion, suggestion.introducer)
    path = _path(suggestion)
    return "" if path == why(suggestion) else path


def evidence(suggestion: Recommendation) -> list[Fact]:
    """List the papers that show what `why` and `introduction` say, each paper once."""
    them = name_of(suggestion.person)
    facts: list[tuple[str, Paper | None]] = []
    for reason in _of_kind(suggestion, "shared_coauthor"):
        between = name_of(reason.person)
        facts += [(f"you with {between}", reason.paper)]
        facts += [(f"{between} with {them}", reason.other_paper)]
    for reason in _of_kind(suggestion, "shared_topic"):
        topic = _topic(reason)
        facts += [(f"you on {topic}", reason.paper), (f"{them} on {topic}", reason.other_paper)]
    if not facts and not _path(suggestion):
        for reason in _of_kind(suggestion, "topics"):
            facts += [("you", reason.paper), (them, reason.other_paper)]
    for place, step in enumerate(_of_kind(suggestion, "path")):
        start = "you" if place == 0 else name_of(step.person)
        facts += [(f"{start} with {name_of(step.other_person)}", step.paper)]
    shown: dict[Paper, list[str]] = {}
    for text, paper in facts:
        if paper is not None:
            shown.setdefault(paper, []).append(text)
    return [Fact("; ".join(texts) + _dated(paper), paper.pmid) for paper, texts in shown.items()]


def recent_papers(suggestion: Recommendation) -> list[Paper]:
    """List the papers to read first: recent ones of the person suggested."""
    reasons = _of_kind(suggestion, "recent_paper")
    return [reason.paper for reason in reasons if reason.paper is not None]


def affiliation(person: Person) -> str:
    """Department and institution, as far as they are known."""
    return ", ".join(one_line(part) for part in (person.department, person.institution) if part)


def little_history(person: Person) -> str:
    """Say that suggestions rest on little, where they do; else empty."""
    if not person.has_little_history:
        return ""
    count = person.publication_count
    papers = "one paper" if count == 1 else f"{counted(count)} papers"
    alone = ", none with a coauthor we know" if count > 1 else ""
    return (
        f"We know few papers of yours: {papers} so far{alone}. These suggestions rest on that and "
        "on where you work, and get better with each paper."
    )


def name_of(person: Person | None) -> str:
    """Give the printed name on one line."""
    return one_line(person.name) if person is not None else ""


def source_of(paper: Paper) -> str:
    """Journal and year, as far as they are known."""
    year = str(paper.published_on.year) if paper.published_on else ""
    return ", ".join(part for part in (one_line(paper.journal or ""), year) if part)


def pubmed_url(pmid: int) -> str:
    """Give the address of a paper's page on PubMed."""
    return f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"


def counted(number: int) -> str:
    """Give a number as it stands in running text.

    >>> counted(3), counted(12)
    ('three', '12')
    """
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def listed(items: Sequence[str]) -> str:
    """Join items as they stand in running text.

    >>> listed(["Ana Ruiz", "Tom Okafor", "Li Wei"])
    'Ana Ruiz, Tom Okafor and Li Wei'
    """
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)


def _of_kind(suggestion: Recommendation, kind: str) -> list[Reason]:
    return [reason for reason in suggestion.reasons if reason.kind == kind]


def _topic(reason: Reason) -> str:
    return f"“{one_line(reason.topic or '')}”"  # bare, “Diabetes Mellitus, Type 2” reads as two


def _alike(suggestion: Recommendation) -> str:
    """Say what the two have in common who have nobody in common."""
    workplaces = [one_line(reason.topic or "") for reason in _of_kind(suggestion, "workplace")]
    if any(workplaces):
        return f"You have both worked at {listed(workplaces)}."
    if any(reason.paper for reason in _of_kind(suggestion, "topics")):
        return "You have written about the same."
    journals = [f"in {one_line(r.topic)}" for r in _of_kind(suggestion, "venues") if r.topic]
    return f"You have both published {listed(journals)}." if journals else ""


def _path(suggestion: Recommendation) -> str:
    """Say a path step by step, from the reader's coauthor to the person suggested."""
    steps = _of_kind(suggestion, "path")
    if not steps:
        return ""
    first, *rest = steps
    said = f"{name_of(first.other_person)}, with whom you wrote{_in_year(first.paper)}"
    for place, step in enumerate(rest):
        said += f", {'who ' if place else ''}wrote{_in_year(step.paper)}"
        said += f" with {name_of(step.other_person)}"
    return said + "."


def _introducer(suggestion: Recommendation, introducer: Person) -> str:
    name, them = name_of(introducer), name_of(suggestion.person)
    for reason in _of_kind(suggestion, "shared_coauthor"):
        if reason.person != introducer:
            continue
        own, other = _in_year(reason.paper), _in_year(reason.other_paper)
        if own and other:
            return f"{name} wrote with you{own} and with {them}{other}, and could introduce you."
    return f"{name} has written with both of you and could introduce you."


def _in_year(paper: Paper | None) -> str:
    return f" in {paper.published_on.year}" if paper and paper.published_on else ""


def _dated(paper: Paper) -> str:
    return f" ({paper.published_on.year})" if paper.published_on else ""
