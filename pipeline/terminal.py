"""What the command line shows to people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from models.evaluation import Measure
from pipeline.identity.matcher.evaluate import ClusterEvaluation, PairEvaluation
from pipeline.ingest.status import Status
from pipeline.outreach import wording
from pipeline.outreach.markup import as_text
from pipeline.recommend.evaluation.figures import Evaluation, best_reference
from pipeline.serving.api_keys import ApiKey
from pipeline.serving.queries import Person, Recommendation, Suggestions
from pipeline.stages.roster import Question

INDENT = "    "
NAMES_SHOWN = 6
SLICES = {
    "all": "all pairs",
    "whole": "both print a whole fore name",
    "initials": "one or none prints a whole fore name",
}
DECIDERS = {"clusters": "author ids"}


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
    if person.has_little_history:
        console.print(wording.little_history(person))
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


def show_keys(console: Console, keys: Sequence[ApiKey]) -> None:
    """Print the keys of the API, without anything that opens it."""
    if not keys:
        console.print("no keys: `confrere keys add NAME` makes one")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("name", "scopes", "institution", "since", "last used", ""):
        table.add_column(name)
    for key in keys:
        table.add_row(
            escape(key.name),
            " ".join(sorted(key.scopes)),
            escape(key.institution or "all"),
            str(key.created_at.date()),
            str(key.last_used_on or "never"),
            f"revoked {key.revoked_at.date()}" if key.revoked_at else "",
        )
    console.print(table)


def show_status(console: Console, status: Status) -> None:
    """Print how far ingest has come, what came last, and what is not well."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row("papers", f"{status.paper_count:,}, from {_sources(status.source_count)}")
    for what, mark in status.watermarks.items():
        table.add_row(what, f"complete to {mark}")
    table.add_row("last run", _last_run(status.last_run))
    for what, names in (
        ("to fetch", status.pending),
        ("in the spool", status.waiting),
        ("refused", status.refused),
    ):
        if names:
            table.add_row(what, _some(names))
    table.add_row("quarantine", _quarantine(status))
    for aside in status.aside:
        text = f"pubmed:{aside.pmid or '?'} of {aside.source}: {aside.reason}"
        table.add_row("", Text(text, style="dim"))
    console.print(table)


def show_identity(console: Console, found: PairEvaluation | ClusterEvaluation) -> None:
    """Print the figures of an evaluation in percent, with their 95 % intervals."""
    if isinstance(found, ClusterEvaluation):
        _show_clusters(console, found)
        found = found.pairs
    for name, title in SLICES.items():
        scores = found.scores[name]
        if not scores["matcher"].count:
            continue
        table = _table(
            f"{title}: {_number(scores['matcher'].count, 'pair')}", "precision", "recall", "F1"
        )
        for decider, figures in scores.items():
            shown = DECIDERS.get(decider, decider)
            table.add_row(shown, *map(_measure, (figures.precision, figures.recall, figures.f1)))
        console.print(table)
    if found.scores["all"]["matcher"].count:
        console.print(f"matcher: expected calibration error {found.calibration.error:.3f}")
    located = found.located
    if located.missing_count or located.ambiguous_count:
        console.print(
            f"not scored: {_number(located.missing_count, 'name')} not in the files, "
            f"{located.ambiguous_count:,} that several authors of the paper have"
        )


def _show_clusters(console: Console, found: ClusterEvaluation) -> None:
    for scores, who in (
        (found.whole, "all persons"),
        (found.several, "persons with several mentions"),
    ):
        table = _table(
            f"author ids, {who}: {_number(scores.mention_count, 'mention')}",
            "precision",
            "recall",
            "F1",
        )
        for name, figures in (("B³", scores.b_cubed), ("pairwise", scores.pairwise)):
            table.add_row(name, *map(_measure, (figures.precision, figures.recall, figures.f1)))
        table.add_section()
        table.add_row("splitting error", _measure(scores.errors.splitting))
        table.add_row("lumping error", _measure(scores.errors.lumping))
        console.print(table)


def show_evaluation(console: Console, found: Evaluation) -> None:
    """Print how well each method foresees new coauthors, in percent; NDCG with its interval."""
    title = (
        f"{found.corpus}, as of {found.cutoff}: {_number(found.query_count, 'author')} with "
        f"{_number(found.answer_count, 'new coauthor')} within {found.horizon_months} months, "
        f"of {found.universe_count:,}"
    )
    columns = ("NDCG@10", "Hit@10", "Recall@20", "Recall@500", "MRR")
    table = _table(title, *columns)
    for name, figures in found.methods.items():
        first, *others = figures.metrics.values()
        table.add_row(name, _measure(first), *(f"{100 * other.value:.1f}" for other in others))
    console.print(table)
    best = best_reference(found)
    ratio = found.methods["confrere"].versus[best].ratio
    shown = f"{ratio.value:.3f} ({ratio.low:.3f}–{ratio.high:.3f})"
    console.print(f"NDCG@10 of confrere, times that of {best}: {shown}", soft_wrap=True)


def show_questions(console: Console, asked: Sequence[Question], total: int) -> None:
    """Print whom a human should decide on, with the evidence in words, and how to answer."""
    for question in asked:
        who = f"[bold]{escape(question.name)}[/bold] ({escape(question.person_id)})"
        author = f"author {question.author_id}, {escape(question.author_name)}"
        where = (question.department, question.institution)
        shown = [_number(question.publication_count, "paper"), *filter(None, where)]
        lines = (
            f"{who}: {author}? [dim]{question.confidence:.0%}[/dim]",
            INDENT + escape(", ".join(shown)),
            INDENT + escape(_facts(question.facts)),
        )
        console.print()
        for line in lines:
            console.print(line, soft_wrap=True)
    if total:
        left = total - len(asked)
        more = f"; {left:,} more: confrere roster review --limit {total}" if left else ""
        answer = "answer: confrere roster decide PERSON_ID AUTHOR_ID yes (or no)"
        console.print(f"\n{answer}{more}", soft_wrap=True)


def _facts(facts: Sequence[Mapping[str, Any]]) -> str:
    """Say what speaks for a match, and then what against it."""
    sides: dict[str, list[str]] = {"for": [], "against": []}
    for fact in facts:
        is_for = fact["agrees"] == "whole" if fact["kind"] == "name" else fact["weight"] > 0
        sides["for" if is_for else "against"].append(_fact(fact))
    return "; ".join(f"{side}: {', '.join(texts)}" for side, texts in sides.items() if texts)


def _fact(fact: Mapping[str, Any]) -> str:
    agrees = fact.get("agrees")
    papers = f"PMID {fact.get('pmid')}"
    if fact.get("papers", 1) > 1:
        papers += f" and {fact['papers'] - 1} more"
    words = {
        "name whole": "first and last name agree",
        "name initial": "only an initial of the first name agrees",
        "name no": "the name differs",
        "rarity": "a rare name" if fact["weight"] > 0 else "a common name",
        "middle_name": "the middle name agrees",
        "orcid": "the ORCID iD is the same",
        "email": f"their e-mail address is printed on {papers}",
        "pmid": f"known to have written {papers}",
        "institution yes": "the institution agrees",
        "institution no": "another institution",
        "department yes": "the department agrees",
        "department no": "another department",
        "past": "an earlier institution agrees",
    }
    return words[f"{fact['kind']} {agrees}" if agrees else fact["kind"]]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table


def _measure(measure: Measure) -> str:
    if math.isnan(measure.value):
        return "none"
    low, value, high = (100 * number for number in (measure.low, measure.value, measure.high))
    return f"{value:.1f} ({low:.1f}–{high:.1f})"


def _last_run(counts: Mapping[str, Any]) -> str:
    if not counts:
        return "none yet"
    told = [
        f"{counts[f'{what}_count']:,} {what}"
        for what in ("new", "revised", "unchanged", "deleted", "retracted")
        if counts[f"{what}_count"]
    ]
    if counts["quarantined_count"]:
        told.append(f"{counts['quarantined_count']:,} put aside")
    read = f"{_number(counts['record_count'], 'record')} of {_sources(counts['source_count'])}"
    return f"{counts['started_at']:%Y-%m-%d %H:%M} UTC: {read}: {', '.join(told) or 'nothing new'}"


def _quarantine(status: Status) -> str:
    if not (status.unread_count or status.unavailable_count):
        return "empty"
    unread = f"{_number(status.unread_count, 'record')} that cannot be read"
    unavailable = f"{status.unavailable_count:,} that PubMed lists and does not deliver"
    told = ((unread, status.unread_count), (unavailable, status.unavailable_count))
    return ", ".join(text for text, count in told if count)


def _sources(count: int) -> str:
    return _number(count, "file or slice", "files and slices")


def _number(count: int, what: str, many: str = "") -> str:
    return f"{count:,} {what if count == 1 else many or what + 's'}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    return shown if len(names) <= NAMES_SHOWN else f"{shown} and {len(names) - NAMES_SHOWN:,} more"


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
    return _number(person.publication_count, "paper")


def _why_none(person: Person) -> str:
    if person.publication_count < 2:
        return (
            "No suggestions: they start with a person's second paper, for people on the roster "
            "with the first."
        )
    if not person.is_served:
        return f"No suggestions: the latest paper is of {person.last_on:%B %Y}, too long ago."
    return (
        "No suggestions: nobody new is near this person's coauthors, topics or workplace, or they "
        "asked to be left alone."
    )
