"""What the command line shows to people."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipeline.outreach import wording
from pipeline.outreach.markup import as_text
from pipeline.serving.queries import Person, Recommendation, Suggestions

INDENT = "    "


def show_suggestions(console: Console, suggestions: Suggestions) -> None:
    """Print one person's suggestions with reasons, best first."""
    person, run = suggestions.person, suggestions.run
    where = wording.affiliation(person)
    console.print(f"[bold]{escape(person.name)}[/bold]" + (f", {escape(where)}" if where else ""))
    console.print(
        f"[dim]author {person.author_id}"
        + (f" · ORCID {person.orcid}" if person.orcid else "")
        + f" · {_papers(person)} · as of {run.as_of}[/dim]"
    )
    if not suggestions.recommendations:
        console.print(_why_none(person))
        return
    for suggestion in suggestions.recommendations:
        console.print()
        console.print(f"[bold]{suggestion.rank:2}  {_who(suggestion)}[/bold]")
        for line in _lines(suggestion):
            for part in Text.from_markup(line).wrap(console, console.width - len(INDENT)):
                part.rstrip()
                console.print(INDENT, part, sep="")


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


def _who(suggestion: Recommendation) -> str:
    if suggestion.probability is None:
        return f"{escape(suggestion.person.name)}  [dim]score {suggestion.score:.3f}[/dim]"
    chance = f"{suggestion.probability:.1%} within 24 months"
    return f"{escape(suggestion.person.name)}  [dim]{chance}[/dim]"


def _lines(suggestion: Recommendation) -> list[str]:
    """Where the person is, why, and the papers that show it."""
    lines = [wording.affiliation(suggestion.person), wording.why(suggestion)]
    lines.append(wording.introduction(suggestion))
    shown = ", ".join(str(fact.pmid) for fact in wording.evidence(suggestion))
    lines = [escape(line) for line in lines if line]
    if shown:
        lines.append(f"[dim]shown by PMID {shown}[/dim]")
    for paper in wording.recent_papers(suggestion):
        lines.append(f"[dim]recent: {escape(as_text(paper.title or ''))} (PMID {paper.pmid})[/dim]")
    return lines


def _papers(person: Person) -> str:
    return "1 paper" if person.publication_count == 1 else f"{person.publication_count} papers"


def _why_none(person: Person) -> str:
    if person.publication_count < 2:
        return "No suggestions: they start with a person's second paper."
    if not person.is_served:
        return f"No suggestions: the latest paper is of {person.last_on:%B %Y}, too long ago."
    return "No suggestions: nobody new is within three steps of this person's coauthors."
