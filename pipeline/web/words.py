"""What pages say beside the sentences of `outreach.wording`: numbers, and reasons one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.outreach.markup import one_line
from pipeline.outreach.wording import name_of
from pipeline.serving.queries import Network, Paper, Person, Reason, Recommendation, Tie

DECIMALS = 2
PLACED_BY = {
    "other_institution": "Has a place that is kept for people of other institutions.",
    "other_department": "Has a place that is kept for people of other departments.",
    "early_career": "Has a place that is kept for people early in their career.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A reason on the page that explains a score. `share`: of the longest bar, -1 to 1."""

    text: str
    contribution: str
    share: float
    papers: tuple[tuple[str, Paper], ...]


def explained(suggestion: Recommendation) -> tuple[list[Line], str]:
    """Give the reasons that count, in words, with contributions that add up to the score shown.

    Numbers are rounded together (largest remainder), so that nobody who adds them up is off by one.
    """
    reasons = [reason for reason in suggestion.reasons if reason.contribution]
    rest = suggestion.score - math.fsum(reason.contribution for reason in reasons)
    if abs(rest) > 10**-DECIMALS / 2:  # reasons that name somebody who has just opted out
        reasons.append(Reason("untold", rest, None, None, None, None, None))
    rounded = _rounded([reason.contribution for reason in reasons])
    longest = max((abs(reason.contribution) for reason in reasons), default=1.0)
    lines = [
        Line(
            said(reason, suggestion),
            _signed(number),
            reason.contribution / longest,
            _papers(reason, suggestion),
        )
        for reason, number in zip(reasons, rounded, strict=True)
    ]
    return lines, _signed(sum(rounded))


def informing(suggestion: Recommendation) -> list[Line]:
    """Give the reasons that say something and add nothing."""
    return [
        Line(said(reason, suggestion), "", 0.0, _papers(reason, suggestion))
        for reason in suggestion.reasons
        if not reason.contribution and reason.kind != "path"  # the chain is shown by itself
    ]


def said(reason: Reason, suggestion: Recommendation) -> str:
    """Say one reason in a sentence, to the person who receives the suggestion."""
    them, between = name_of(suggestion.person), name_of(reason.person)
    topic = one_line(reason.topic or "")
    against = reason.contribution < 0
    match reason.kind:
        case "shared_coauthor":
            return f"{between} has written with both of you."
        case "path":
            return f"{between} has written with {name_of(reason.other_person)}."
        case "walk" if against:
            return "Few joint papers lead from you to each other, even by longer chains."
        case "walk":
            return "Longer chains of joint papers lead from you to each other."
        case "topics" if against:
            return "What you write is less alike than with most who find together."
        case "topics":
            return "What you two write is alike."
        case "shared_topic":
            return f"You both write about “{topic}”."
        case "venues" if topic:
            return f"You both publish in {topic}."
        case "venues":
            return "The journals that you publish in."
        case "workplace" if topic:
            return f"You have both worked at {topic}."
        case "workplace":
            return "Where the two of you have worked."
        case "activity" if against:
            return f"{them} writes less, or with fewer people, than most who find new coauthors."
        case "activity":
            return f"{them} writes much, and with many."
        case "career" if against:
            return "Your careers are at stages that less often go together."
        case "career":
            return "Your careers are at stages that often go together."
        case "recent_paper":
            return f"A recent paper of {them}."
        case "untold":
            return "Facts that can no longer be told."
    return one_line(reason.kind).replace("_", " ").capitalize() + "."


def chance(probability: float, months: int) -> str:
    """Say a probability as it is said to people.

    >>> chance(0.081, 24), chance(0.00001, 24)
    ('about 1 in 12 within 2 years', 'less than 1 in 1,000 within 2 years')
    """
    span = f"{months // 12} years" if months % 12 == 0 and months > 12 else f"{months} months"
    if probability < 0.001:
        return f"less than 1 in 1,000 within {span}"
    if probability > 0.5:
        return f"{probability:.0%} within {span}"
    return f"about 1 in {_two_digits(1 / probability):,} within {span}"


def papers(count: int) -> str:
    """Count papers.

    >>> papers(1), papers(1200)
    ('1 paper', '1,200 papers')
    """
    return "1 paper" if count == 1 else f"{count:,} papers"


def years(person: Person) -> str:
    """Say in which years somebody's papers are."""
    first, last = person.first_on.year, person.last_on.year
    return str(last) if first == last else f"{first}–{last}"


def tied(network: Network) -> list[tuple[Person, Person, Tie]]:
    """Give the ties of a network with the people they join."""
    people = {person.author_id: person for person in network.people}
    return [(people[tie.author_id], people[tie.coauthor_id], tie) for tie in network.ties]


def why_none(person: Person, months: int) -> str:
    """Say why somebody has no suggestions."""
    if person.publication_count < 2:
        return "Suggestions start with a person's second paper, and we know one so far."
    if not person.is_served:
        return (
            f"Suggestions go to people with a paper in the last {months} months, and the latest we "
            f"know is of {person.last_on:%B %Y}. Coauthors and suggested people have a page too."
        )
    return (
        "Everybody we could suggest is a coauthor already, or has asked to be left out. "
        "Each night looks anew."
    )


def _two_digits(number: float) -> int:
    digits = max(0, math.floor(math.log10(number)) - 1)
    return int(round(number, -digits))


def _signed(number: int) -> str:
    value = number / 10**DECIMALS
    return f"{'−' if number < 0 else ''}{abs(value):.{DECIMALS}f}"


def _rounded(numbers: Sequence[float]) -> list[int]:
    """Round to units of 10^-DECIMALS such that the sum is the rounded sum."""
    scaled = [number * 10**DECIMALS for number in numbers]
    floors = [math.floor(number) for number in scaled]
    missing = round(math.fsum(scaled)) - sum(floors)
    by_rest = sorted(range(len(scaled)), key=lambda i: floors[i] - scaled[i])
    for place in by_rest[:missing]:
        floors[place] += 1
    return floors


def _papers(reason: Reason, suggestion: Recommendation) -> tuple[tuple[str, Paper], ...]:
    them = name_of(suggestion.person)
    match reason.kind:
        case "shared_coauthor":
            between = name_of(reason.person)
            said = (f"You with {between}", f"{between} with {them}")
        case "path":
            said = (f"{name_of(reason.person)} with {name_of(reason.other_person)}", "")
        case "recent_paper":
            said = (them, "")
        case _:
            said = ("Yours", them)
    both = zip(said, (reason.paper, reason.other_paper), strict=True)
    return tuple((whose, paper) for whose, paper in both if paper is not None)
