"""Ask with an aim: who of a run together covers what a text is about.

The text is compared with each topic of the run: its name, and the titles of papers that show it,
as TF-IDF cosines; a topic whose whole name is in the text counts 1 more. The nearest topics are
what the aim is about; people cover them by their papers.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sqlalchemy import select

from models.team import choose_team
from pipeline.serving.database import Connection
from pipeline.serving.queries.records import Paper, Person
from pipeline.serving.queries.shown import papers_by_id, people_by_id
from pipeline.serving.schema import PAPERS, PERSON_TOPICS, SUPPRESSED_PEOPLE, TIES

TOPICS_OF_AN_AIM = 8
LEAST_LIKENESS = 0.3
"""Topics less like the aim than so much of the most alike are not what it is about."""

NAME_COUNTS = 3
"""The name of a topic counts like the titles of so many papers."""

LEAST_BROUGHT = 0.02
"""Who adds less than so much of the whole adds nothing worth telling; nor does such a topic."""

_MARKUP = re.compile(r"</?(?:i|b|u|sub|sup)>")
PAPERS_FOR_HALF = 2.0
"""So many papers on a topic cover half of it."""


@dataclass(frozen=True, slots=True)
class Aimed:
    """A topic that the aim is about. `importance` is likeness to the aim; the largest is 1."""

    topic: str
    importance: float
    covered: float


@dataclass(frozen=True, slots=True)
class Covers:
    """A topic that a member covers: by so many papers, `paper` the newest of them."""

    topic: str
    covered: float
    publication_count: int
    paper: Paper | None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team, with what they bring to it, most first."""

    person: Person
    is_coauthor: bool
    covers: tuple[Covers, ...]


@dataclass(frozen=True, slots=True)
class TeamFound:
    """What the aim is about, and who covers it together."""

    topics: tuple[Aimed, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Expertise:
    """Who of a run writes about what, made once a run.

    Attributes
    ----------
    topics
        Names, shape (topics,).
    author_ids
        Ascending, shape (people,).
    counts, pmids
        Papers of each person on each topic, and the newest of them; shape (people, topics).
    words, weighed, names
        The TF-IDF vectorizer (scikit-learn), and of each topic a row of length 1 of all its words,
        and one of those of its name.
    """

    run_id: str
    topics: Sequence[str]
    author_ids: Any
    counts: Any
    pmids: Any
    words: Any
    weighed: Any
    names: Any


def load_expertise(connection: Connection, run_id: str) -> Expertise | None:
    """Read who writes about what in a run; None where nobody writes about anything."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    columns = PERSON_TOPICS.c
    chosen = select(
        columns.author_id, columns.topic, columns.publication_count, columns.last_pmid
    ).where(columns.run_id == run_id)
    rows = connection.execute(chosen).all()
    if not rows:
        return None
    authors, names, counts, pmids = (np.array(column) for column in zip(*rows, strict=True))
    author_ids, people = np.unique(authors, return_inverse=True)
    topics, about = np.unique(names, return_inverse=True)
    shape = (author_ids.size, topics.size)
    words = TfidfVectorizer(
        sublinear_tf=True, stop_words="english", strip_accents="unicode", dtype=np.float32
    )
    titles = _titles(connection, run_id)
    texts = [" ".join([name] * NAME_COUNTS) for name in topics.tolist()]
    for topic, pmid in {(int(t), int(p)) for t, p in zip(about, pmids, strict=True)}:
        texts[topic] += " " + titles.get(pmid, "")
    try:
        weighed = words.fit_transform(texts)
    except ValueError:  # scikit-learn's way to say that no word is left
        return None
    return Expertise(
        run_id,
        topics.tolist(),
        author_ids,
        sparse.csr_array((counts, (people, about)), shape),
        sparse.csr_array((pmids, (people, about)), shape),
        words,
        weighed,
        words.transform(topics.tolist()),
    )


def find_team(
    connection: Connection, expertise: Expertise, aim: str, size: int, asking: Person | None = None
) -> TeamFound:
    """Choose people who together cover what the aim is about.

    Parameters
    ----------
    size
        People at most.
    asking
        Who asks, if anybody of the run: is not in the team, and what they cover themselves need
        not be covered by others.
    """
    run_id = expertise.run_id
    about, importance = _about(expertise, aim)
    counts = expertise.counts[:, about].toarray().astype(np.float64)
    coverage = 1 - 0.5 ** (counts / PAPERS_FOR_HALF)
    coverage[np.isin(expertise.author_ids, _hidden(connection, run_id))] = 0.0
    own = np.zeros(about.size)
    if asking is not None:
        is_asking = expertise.author_ids == asking.author_id
        own = coverage[is_asking].sum(axis=0)
        coverage[is_asking] = 0.0
    least = LEAST_BROUGHT * float(importance.sum())
    team = choose_team(coverage, importance * (1 - own), size, least)
    ids = expertise.author_ids[team.members].tolist()
    people = people_by_id(connection, run_id, ids)
    coauthors = _coauthors(connection, run_id, asking)
    newest = expertise.pmids[team.members][:, about].toarray()
    papers = papers_by_id(connection, run_id, newest[newest > 0].tolist())
    names = [expertise.topics[topic] for topic in about]
    members = []
    for place, author_id in enumerate(ids):
        brought = [
            Covers(
                names[topic],
                round(float(coverage[team.members[place], topic]), 4),
                int(counts[team.members[place], topic]),
                papers.get(int(newest[place, topic])),
            )
            for topic in np.argsort(-team.brings[place], kind="stable")
            if team.brings[place, topic] > LEAST_BROUGHT * importance[topic]
        ]
        if author_id in people:
            members.append(Member(people[author_id], author_id in coauthors, tuple(brought)))
    covered = 1 - (1 - own) * (1 - team.covered)
    aimed = zip(names, importance.tolist(), covered.tolist(), strict=True)
    return TeamFound(tuple(Aimed(n, round(i, 4), round(c, 4)) for n, i, c in aimed), tuple(members))


def _about(expertise: Expertise, aim: str) -> tuple[Any, Any]:
    """Topics of the aim, most like it first, and how like, the first as 1."""
    asked = expertise.words.transform([aim])
    likeness = (expertise.weighed @ asked.T).toarray().ravel().astype(np.float64)
    likeness /= max(likeness.max(initial=0.0), 1e-9)
    # a name of length 1 keeps all of it where every word of it is in the aim
    named = expertise.names.multiply(expertise.names) @ (asked.T > 0)
    likeness += named.toarray().ravel() > 1 - 1e-6
    best = np.argsort(-likeness, kind="stable")[:TOPICS_OF_AN_AIM]
    best = best[likeness[best] > LEAST_LIKENESS * likeness.max(initial=0.0)]
    return best, likeness[best] / max(likeness.max(initial=0.0), 1e-9)


def _titles(connection: Connection, run_id: str) -> Mapping[int, str]:
    chosen = select(PAPERS.c.pmid, PAPERS.c.title).where(PAPERS.c.run_id == run_id)
    rows = connection.execute(chosen)
    return {pmid: html.unescape(_MARKUP.sub("", title or "")) for pmid, title in rows}


def _hidden(connection: Connection, run_id: str) -> list[int]:
    columns = SUPPRESSED_PEOPLE.c
    return list(connection.scalars(select(columns.author_id).where(columns.run_id == run_id)))


def _coauthors(connection: Connection, run_id: str, asking: Person | None) -> set[int]:
    if asking is None:
        return set()
    ends = (TIES.c.author_id, TIES.c.coauthor_id)
    return {
        other
        for one, another in (ends, ends[::-1])
        for other in connection.scalars(
            select(another).where(TIES.c.run_id == run_id, one == asking.author_id)
        )
    }
