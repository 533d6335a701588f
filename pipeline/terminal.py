"""What the command line shows: tables for people to read."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.outreach import wording
from pipeline.outreach.markup import as_text
from pipeline.serving.queries import Person, Recommendation, Suggestions


def show_suggestions(console: Console, suggestions: Suggestions) -> None:
    """Print one person's suggestions with reasons, best first."""
    person, run = suggestions.person, suggestions.run
    where = wording.affiliation(person)
    console.print(f"[bold]{escape(person.name)}[/bold]" + (f", {escape(where)}" if where else ""))
    console.print(
        f"[dim]author {person.author_id}"
        + (f" · ORCID {person.orcid}" if person.orcid else "")
        + f" · {person.publication_count} papers · as of {run.as_of}[/dim]"
    )
    if not suggestions.recommendations:
        console.print(_why_none(person))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=True)
    table.add_column("", justify="right")
    table.add_column("whom to work with", ratio=2)
    table.add_column("why", ratio=3)
    with_probability = any(r.probability is not None for r in suggestions.recommendations)
    table.add_column("chance within 24 months" if with_probability else "score", justify="right")
    for suggestion in suggestions.recommendations:
        table.add_row(
            str(suggestion.rank), _who(suggestion.person), _why(suggestion), _how_much(suggestion)
        )
    console.print(table)


def show_people(console: Console, people: Sequence[Person]) -> None:
    """Print people to choose from."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("author id", "name", "where", "papers", "latest"):
        table.add_column(name, justify="right" if name == "papers" else "left")
    for person in people:
        table.add_row(
            str(person.author_id),
            escape(person.name),
            escape(wording.affiliation(person)),
            str(person.publication_count),
            str(person.last_on.year),
        )
    console.print(table)


def _who(person: Person) -> str:
    where = wording.affiliation(person)
    return f"[bold]{escape(person.name)}[/bold]" + (f"\n{escape(where)}" if where else "")


def _why(suggestion: Recommendation) -> str:
    lines = [escape(wording.why(suggestion))]
    introduction = wording.introduction(suggestion)
    lines += [escape(introduction)] if introduction else []
    lines += [f"[dim]PMID {fact.pmid}: {escape(fact.text)}[/dim]" for fact in wording.evidence(suggestion)]  # fmt: skip
    for paper in wording.recent_papers(suggestion):
        title = as_text(paper.title or "")
        lines.append(f"[dim]recent: {escape(title)} (PMID {paper.pmid})[/dim]")
    return "\n".join(line for line in lines if line)


def _how_much(suggestion: Recommendation) -> str:
    if suggestion.probability is None:
        return f"{suggestion.score:.3f}"
    return f"{suggestion.probability:.1%}"


def _why_none(person: Person) -> str:
    if person.publication_count < 2:
        return "No suggestions: they start with a person's second paper."
    if not person.is_served:
        return f"No suggestions: the latest paper is of {person.last_on:%B %Y}, too long ago."
    return "No suggestions: nobody new is within three steps of this person's coauthors."
