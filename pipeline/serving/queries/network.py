"""Who somebody has written with, on what, and which papers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select

from pipeline.serving.database import Connection
from pipeline.serving.queries.records import Paper, Person
from pipeline.serving.queries.shown import PAPER, people_by_id
from pipeline.serving.schema import AUTHORED, PAPERS, PERSON_TOPICS, TIES


@dataclass(frozen=True, slots=True)
class Tie:
    """Two people who have written together; `author_id` < `coauthor_id`."""

    author_id: int
    coauthor_id: int
    publication_count: int
    last_on: date


@dataclass(frozen=True, slots=True)
class Network:
    """People, the one it is drawn around first, and all ties among them."""

    people: tuple[Person, ...]
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class TopicOf:
    """What somebody writes about: on so many papers, `last_pmid` the newest."""

    topic: str
    publication_count: int
    last_pmid: int


_TIE = (TIES.c.author_id, TIES.c.coauthor_id, TIES.c.publication_count, TIES.c.last_on)


def network_of(
    connection: Connection, run_id: str, ego: Person, limit: int, others: Iterable[int] = ()
) -> Network:
    """Give somebody, their strongest coauthors, and who has written with whom among them.

    Parameters
    ----------
    limit
        Coauthors at most: those with the most joint papers, then the latest.
    others
        Author ids of people to take in beside them, e.g. who is suggested.
    """
    author_id = ego.author_id
    own = (
        select(*_TIE)
        .where(
            TIES.c.run_id == run_id,
            or_(TIES.c.author_id == author_id, TIES.c.coauthor_id == author_id),
        )
        .order_by(
            TIES.c.publication_count.desc(),
            TIES.c.last_on.desc(),
            TIES.c.author_id,
            TIES.c.coauthor_id,
        )
    )
    ends = [
        tie.author_id + tie.coauthor_id - author_id  # whichever of the two is the other
        for tie in connection.execute(own).all()
    ]
    shown = people_by_id(connection, run_id, [*ends, *others])
    coauthors = [number for number in ends if number in shown][:limit]
    wanted = dict.fromkeys(
        n for n in [author_id, *coauthors, *others] if n == author_id or n in shown
    )
    chosen = select(*_TIE).where(
        TIES.c.run_id == run_id,
        and_(TIES.c.author_id.in_(wanted), TIES.c.coauthor_id.in_(wanted)),
    )
    rows = connection.execute(chosen.order_by(TIES.c.author_id, TIES.c.coauthor_id))
    people = tuple(shown[number] for number in wanted if number != author_id)
    return Network((ego, *people), tuple(Tie(*row) for row in rows))


def papers_of(connection: Connection, run_id: str, author_id: int) -> list[Paper]:
    """Give somebody's newest papers that stand, the newest first."""
    chosen = (
        select(*PAPER)
        .join(
            AUTHORED, and_(AUTHORED.c.run_id == PAPERS.c.run_id, AUTHORED.c.pmid == PAPERS.c.pmid)
        )
        .where(AUTHORED.c.run_id == run_id, AUTHORED.c.author_id == author_id)
    )
    papers = [Paper(*row) for row in connection.execute(chosen).all()]
    return sorted(papers, key=lambda p: (p.published_on or date.min, p.pmid), reverse=True)


def topics_of(connection: Connection, run_id: str, author_id: int) -> list[TopicOf]:
    """Give what somebody writes about, what is on the most papers first."""
    topics = PERSON_TOPICS.c
    chosen = select(topics.topic, topics.publication_count, topics.last_pmid).where(
        topics.run_id == run_id, topics.author_id == author_id
    )
    order = (topics.publication_count.desc(), topics.topic)
    return [TopicOf(*row) for row in connection.execute(chosen.order_by(*order))]
