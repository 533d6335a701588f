"""What the questions are answered with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ServedRun:
    """A run. `valid_until`: after it the data is stale; `horizon_months`: of its probabilities."""

    run_id: str
    as_of: date
    generated_at: datetime
    valid_until: datetime
    model_version: str
    row_count: int
    author_count: int
    people_count: int
    horizon_months: int = 24


@dataclass(frozen=True, slots=True)
class Person:
    """A person of a run. `is_served`: receives recommendations.

    `has_little_history`: served though fewer than two papers, or no coauthor, are known.
    """

    author_id: int
    name: str
    orcid: str | None
    institution: str | None
    department: str | None
    country: str | None
    publication_count: int
    first_on: date
    last_on: date
    is_served: bool
    has_little_history: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that a reason names. `title` keeps inline <i> <b> <u> <sub> <sup> as markup."""

    pmid: int
    title: str | None
    journal: str | None
    published_on: date | None
    is_retracted: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact; `kind` says how person, other_person, topic, paper and other_paper belong together.

    shared_coauthor: `person` wrote `paper` with the author and `other_paper` with the candidate.
    path: `person` and `other_person` wrote `paper` together, one step from author to candidate.
    walk: what longer walks and further shared coauthors bring.
    topics: how alike what the two write is; `paper` and `other_paper` are the closest.
    shared_topic: the author's `paper` and the candidate's `other_paper` have `topic`.
    venues: the author's `paper` and the candidate's `other_paper` are in the journal `topic`.
    workplace: both have worked at `topic`.
    activity, career: how much the candidate writes; how the two careers go together.
    recent_paper: the candidate's `paper`.
    """

    kind: str
    contribution: float
    person: Person | None
    other_person: Person | None
    topic: str | None
    paper: Paper | None
    other_paper: Paper | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Whom to work with. `probability` of a joint paper within the run's horizon; None in old runs.

    `placed_by`: score, or the place kept for others that it has (other_institution …).
    """

    rank: int
    person: Person
    score: float
    probability: float | None
    introducer: Person | None
    reasons: tuple[Reason, ...]
    placed_by: str = "score"


@dataclass(frozen=True, slots=True)
class Suggestions:
    """A person's recommendations, all read at one instant."""

    run: ServedRun
    person: Person
    recommendations: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """`person` and `other_person` wrote `paper` together."""

    person: Person
    other_person: Person
    paper: Paper | None


def steps_of(author: Person, suggestion: Recommendation) -> list[Step]:
    """Give the chain of joint papers from an author to the person suggested, as the reasons say it.

    Through the introducer (else the strongest shared coauthor) where there is one, else the path
    of the reasons; empty where nothing is known that leads there.
    """
    shared = [r for r in suggestion.reasons if r.kind == "shared_coauthor" and r.person]
    shared.sort(key=lambda reason: reason.person != suggestion.introducer)
    if shared and shared[0].person is not None:
        first = shared[0]
        return [
            Step(author, shared[0].person, first.paper),
            Step(shared[0].person, suggestion.person, first.other_paper),
        ]
    return [
        Step(reason.person, reason.other_person, reason.paper)
        for reason in suggestion.reasons
        if reason.kind == "path" and reason.person and reason.other_person
    ]
