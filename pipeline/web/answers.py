"""What the API answers: the public contract, apart from how the database is read.

No answer holds an e-mail address. Fields are only ever added.
"""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Made from the dataclasses of `pipeline.serving.queries`."""

    model_config = ConfigDict(from_attributes=True)


class RunAnswer(Answer):
    """The run that an answer comes from."""

    run_id: str
    as_of: date = Field(description="last day whose PubMed records the run knows of")
    generated_at: datetime
    valid_until: datetime = Field(description="after this instant the data is stale")
    model_version: str
    row_count: int = Field(description="recommendations of the run")
    author_count: int = Field(description="people who receive recommendations")
    people_count: int = Field(description="people of the run, served or named")
    horizon_months: int = Field(description="months within which the probabilities hold")


class PersonAnswer(Answer):
    """A person of the run."""

    author_id: int = Field(description="stable identifier of a person")
    name: str
    orcid: str | None = Field(description="ORCID iD as 0000-0000-0000-000X")
    institution: str | None
    department: str | None
    country: str | None
    publication_count: int
    first_on: date = Field(description="day the first paper entered PubMed")
    last_on: date = Field(description="day the latest paper entered PubMed")
    is_served: bool = Field(description="receives recommendations")
    has_little_history: bool = Field(
        description="served though fewer than two papers, or no coauthor, are known"
    )


class PaperAnswer(Answer):
    """A paper."""

    pmid: int
    title: str | None = Field(
        description="inline <i> <b> <u> <sub> <sup> as markup, all else escaped"
    )
    journal: str | None
    published_on: date | None
    is_retracted: bool = Field(description="retracted since, as the run knows")


class ReasonAnswer(Answer):
    """One fact behind a recommendation.

    - `shared_coauthor`: `person` wrote `paper` with the author, `other_paper` with the candidate.
    - `path`: `person` and `other_person` wrote `paper` together, one step from author to candidate.
    - `walk`: what longer walks and further shared coauthors bring.
    - `topics`: how alike what the two write is; `paper` and `other_paper` are the closest.
    - `shared_topic`: the author's `paper` and the candidate's `other_paper` have `topic`.
    - `venues`: the author's `paper` and the candidate's `other_paper` are in the journal `topic`.
    - `workplace`: both have worked at `topic`.
    - `activity`, `career`: how much the candidate writes; how the two careers go together.
    - `recent_paper`: the candidate's `paper`.
    """

    kind: str
    contribution: float = Field(
        description="what the fact adds to the score or takes from it; 0: it only informs"
    )
    person: PersonAnswer | None
    other_person: PersonAnswer | None
    topic: str | None
    paper: PaperAnswer | None
    other_paper: PaperAnswer | None


class RecommendationAnswer(Answer):
    """Whom to work with."""

    rank: int = Field(description="1 is best; opt-outs leave gaps")
    person: PersonAnswer
    score: float
    probability: float | None = Field(
        description="calibrated probability of a joint paper within the run's horizon_months"
    )
    introducer: PersonAnswer | None = Field(description="who could introduce the two")
    reasons: list[ReasonAnswer]
    placed_by: str = Field(
        description="score, or whose kept place it has: other_institution, other_department, "
        "early_career"
    )


_NEXT = Field(description="address of the next page, of the same run; null: this is the last")


class SuggestionsAnswer(Answer):
    """A person's recommendations, all from one run."""

    run: RunAnswer
    person: PersonAnswer
    recommendations: list[RecommendationAnswer]
    next: str | None = _NEXT


class SuggestionAnswer(Answer):
    """One recommendation."""

    run: RunAnswer
    person: PersonAnswer
    recommendation: RecommendationAnswer


class StepAnswer(Answer):
    """Two people who wrote a paper together."""

    person: PersonAnswer
    other_person: PersonAnswer
    paper: PaperAnswer | None


class PathAnswer(Answer):
    """How a person can be introduced to one who is recommended."""

    run: RunAnswer
    person: PersonAnswer
    candidate: PersonAnswer
    steps: list[StepAnswer] = Field(
        description="chain of joint papers from the one to the other; empty: none is known"
    )


class TopicAnswer(Answer):
    """What somebody writes about."""

    topic: str = Field(description="MeSH heading or keyword")
    publication_count: int = Field(description="papers of the person that have it")
    last_pmid: int = Field(description="the newest of them")


class ProfileAnswer(Answer):
    """A person with what they write about and their newest papers."""

    run: RunAnswer
    person: PersonAnswer
    topics: list[TopicAnswer]
    papers: list[PaperAnswer]


class TieAnswer(Answer):
    """Two people who have written together."""

    author_id: int = Field(description="the smaller of the two author ids")
    coauthor_id: int
    publication_count: int = Field(description="joint papers")
    last_on: date = Field(description="day the latest joint paper entered PubMed")


class NetworkAnswer(Answer):
    """A person's ego network: the strongest coauthors, and all ties among them."""

    run: RunAnswer
    people: list[PersonAnswer] = Field(description="the person first, then the strongest coauthors")
    ties: list[TieAnswer]


class AimedAnswer(Answer):
    """A topic that the aim is about."""

    topic: str = Field(description="MeSH heading or keyword")
    importance: float = Field(description="likeness to the aim, beside the most alike: 0 to 1")
    covered: float = Field(description="how far the team covers it: 0 to 1")


class CoversAnswer(Answer):
    """A topic that somebody covers."""

    topic: str
    covered: float = Field(description="how far the person covers it: 0 to 1")
    publication_count: int = Field(description="papers of the person that have it")
    paper: PaperAnswer | None = Field(description="the newest of them")


class MemberAnswer(Answer):
    """Somebody of the team."""

    person: PersonAnswer
    is_coauthor: bool = Field(description="has written with the person who asks")
    covers: list[CoversAnswer] = Field(description="what they bring, most first")


class TeamAnswer(Answer):
    """What the aim is about, and who together covers it."""

    run: RunAnswer
    topics: list[AimedAnswer] = Field(description="empty: no topic of the run is like the aim")
    members: list[MemberAnswer] = Field(description="in the order they add most")


class PeopleAnswer(Answer):
    """People who fit all that was asked for."""

    run: RunAnswer
    people: list[PersonAnswer]
    next: str | None = _NEXT


class RunsAnswer(Answer):
    """The runs that were served and are kept, the newest first."""

    current: str | None = Field(description="run_id of the run that is served")
    runs: list[RunAnswer]


class HealthAnswer(Answer):
    """The service can answer."""

    status: str = "ok"
    run: RunAnswer


class Problem(BaseModel):
    """An error as RFC 9457 has it."""

    type: str = "about:blank"
    title: str = Field(description="what kind of error, the same for every case of it")
    status: int = Field(description="the HTTP status once more")
    detail: str = Field(description="what is wrong in this case, and the remedy")
