"""The made-up world: people, papers, nights, and the truth. The same seed, the same world."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations, takewhile

import numpy as np
import pyarrow as pa

from pipeline.demo.changes import Change, plan_changes
from pipeline.demo.medicine import Topic, make_journals, make_topics
from pipeline.demo.papers import CONSORTIUM_SIZE, Paper, write_papers
from pipeline.demo.people import Person, make_groups, make_people
from pipeline.demo.teams import Team, decimal_year, grow, uniform

SEED = 20260302
FIRST_DAY = date(2013, 6, 3)
FIRST_NIGHT = date(2026, 3, 2)
BACKLOG = 11_600
"""Papers before the first night, preprints and notices not counted."""

CONSORTIUM_DAY = date(2021, 9, 15)
FUTURE_DAYS = 730
FUTURE_PAPERS = 2_800
AUTHOR_CAP = 50
"""Papers with more authors than this make nobody a collaborator (as in the coauthorship graph)."""

ROSTER_SIZE = 25


@dataclass(frozen=True)
class World:
    """All there is to know.

    `papers` holds each record as it entered, by ascending PMID; `changes` what happened to it
    later, oldest first. `withdrawn` are PMIDs on the deleted list that no record of this world ever
    had. `future_collaborations` are pairs of person ids (smaller first), both published by the last
    night, whose first joint paper comes within the 24 months after it. `roster` is the CSV text of
    one institution.
    """

    seed: int
    nights: tuple[date, ...]
    topics: tuple[Topic, ...]
    people: tuple[Person, ...]
    papers: dict[int, Paper]
    changes: tuple[Change, ...]
    withdrawn: tuple[int, ...]
    namesakes: tuple[tuple[str, str], ...]
    future_collaborations: tuple[tuple[str, str], ...]
    roster: str
    changes_of: dict[int, list[Change]] = field(repr=False)

    @property
    def first_night(self) -> date:
        """The night before which everything is backlog."""
        return self.nights[0]

    def record(self, pmid: int, as_of: date) -> Paper | None:
        """Look up a record as of the evening of `as_of`; None before it enters or once deleted."""
        paper: Paper | None = self.papers.get(pmid)
        if paper is None or paper.entered_on > as_of:
            return None
        for change in self._happened(pmid, as_of):
            paper = change.paper
        return paper

    def revised_on(self, pmid: int, as_of: date) -> date:
        """Day of the latest revision by `as_of`: entry, indexing or a change."""
        paper = self.papers[pmid]
        days = [paper.entered_on, *(c.changed_on for c in self._happened(pmid, as_of))]
        if paper.indexed_on is not None and paper.indexed_on <= as_of:
            days.append(paper.indexed_on)
        return max(days)

    def visible(self, as_of: date) -> list[int]:
        """PMIDs of all records on the evening of `as_of`, ascending."""
        return [pmid for pmid in self.papers if self.record(pmid, as_of) is not None]

    def deleted(self, as_of: date) -> list[int]:
        """PMIDs on PubMed's deleted list on the evening of `as_of`, ascending."""
        gone = (c.pmid for c in self.changes if c.kind == "deletion" and c.changed_on <= as_of)
        return sorted((*self.withdrawn, *gone))

    def changed(self, kind: str, on: date) -> list[Change]:
        """List the changes of one kind on one day."""
        return [c for c in self.changes if c.kind == kind and c.changed_on == on]

    def authorship_truth(self) -> pa.Table:
        """Who wrote what: pmid, position, person_id; collectives left out, deleted records kept."""
        rows = [
            (paper.pmid, position, author.person_id)
            for paper in self.papers.values()
            for position, author in enumerate(paper.authors, start=1)
            if author.person_id is not None
        ]
        pmids, positions, people = zip(*rows, strict=True)
        return pa.table({
            "pmid": pa.array(pmids, pa.int64()),
            "position": pa.array(positions, pa.int32()),
            "person_id": pa.array(people, pa.string()),
        })  # fmt: skip

    def _happened(self, pmid: int, as_of: date) -> Iterator[Change]:
        return takewhile(lambda c: c.changed_on <= as_of, self.changes_of.get(pmid, ()))


def build_world(seed: int = SEED, nights: int = 3) -> World:
    """Make the world with `nights` consecutive nights (at least 2) from the first on.

    A world with more nights has the same papers on the nights both have.
    """
    calendar = tuple(FIRST_NIGHT + timedelta(n) for n in range(nights))
    topics = make_topics()
    people, namesakes = make_people(topics, make_groups(topics, _rng(seed, 0)), _rng(seed, 1))
    published_days = [*_backlog_days(seed), *_night_days(calendar, seed)]
    grown = grow(
        [*published_days, *_future_days(calendar[-1], seed)], people, topics, uniform(_rng(seed, 3))
    )
    teams = list(grown)
    published = teams[: len(published_days)]
    _insert(published, _consortium(people, topics, _rng(seed, 4)))
    journals = make_journals(tuple(dict.fromkeys(topic.department for topic in topics)))
    draws = uniform(_rng(seed, 5)), uniform(_rng(seed, 6)), uniform(_rng(seed, 7))
    papers, versions = write_papers(published, people, topics, journals, FIRST_NIGHT, draws)
    changes, notices = plan_changes(papers, versions, people, calendar, seed)
    papers = dict(sorted((papers | {notice.pmid: notice for notice in notices}).items()))
    changes_of: defaultdict[int, list[Change]] = defaultdict(list)
    for change in changes:
        changes_of[change.pmid].append(change)
    return World(
        seed=seed,
        nights=calendar,
        topics=topics,
        people=people,
        papers=papers,
        changes=tuple(changes),
        withdrawn=_withdrawn(papers, _rng(seed, 8)),
        namesakes=namesakes,
        future_collaborations=_first_collaborations(
            published, teams[len(published_days) :], people
        ),
        roster=_roster(people, published),
        changes_of=dict(changes_of),
    )


def _rng(seed: int, purpose: int) -> np.random.Generator:
    """Give each purpose a stream of its own, so that one more draw here moves nothing there."""
    return np.random.default_rng([seed, purpose])


def _backlog_days(seed: int) -> list[date]:
    """Days before the first night; slightly more papers each year."""
    span = (FIRST_NIGHT - FIRST_DAY).days
    offsets = np.sort(span * _rng(seed, 2).random(BACKLOG) ** 0.85).astype(int)
    return [FIRST_DAY + timedelta(int(offset)) for offset in offsets]


def _night_days(nights: tuple[date, ...], seed: int) -> list[date]:
    """40 to 80 papers each night."""
    counts = (int(_rng(seed, 100 + n).integers(40, 81)) for n in range(len(nights)))
    return [night for night, count in zip(nights, counts, strict=True) for _ in range(count)]


def _future_days(last_night: date, seed: int) -> list[date]:
    offsets = np.sort(_rng(seed, 9).integers(1, FUTURE_DAYS + 1, size=FUTURE_PAPERS))
    return [last_night + timedelta(int(offset)) for offset in offsets]


def _consortium(
    people: tuple[Person, ...], topics: tuple[Topic, ...], rng: np.random.Generator
) -> Team:
    year = decimal_year(CONSORTIUM_DAY)
    active = [i for i, person in enumerate(people) if person.is_active(year)]
    members = tuple(int(i) for i in rng.choice(active, CONSORTIUM_SIZE, replace=False))
    topic = next(t for t, topic in enumerate(topics) if topic.subject.startswith("heart failure"))
    return Team(CONSORTIUM_DAY, topic, members)


def _insert(teams: list[Team], team: Team) -> None:
    place = sum(other.entered_on <= team.entered_on for other in teams)
    teams.insert(place, team)


def _withdrawn(papers: dict[int, Paper], rng: np.random.Generator) -> tuple[int, ...]:
    """PMIDs in the gaps between records: withdrawn long ago."""
    low, high = min(papers), max(papers)
    numbers = sorted({int(n) for n in rng.integers(low, high, size=40)} - set(papers))
    return tuple(numbers[:20])


def _first_collaborations(
    published: list[Team], future: list[Team], people: tuple[Person, ...]
) -> tuple[tuple[str, str], ...]:
    known = {member for team in published for member in team.members}
    past = {pair for team in published for pair in _pairs(team)}
    new = {pair for team in future for pair in _pairs(team)} - past
    return tuple(
        (people[a].person_id, people[b].person_id)
        for a, b in sorted(new)
        if a in known and b in known
    )


def _pairs(team: Team) -> Iterator[tuple[int, int]]:
    if len(team.members) <= AUTHOR_CAP:
        yield from combinations(sorted(team.members), 2)


def _roster(people: tuple[Person, ...], published: list[Team]) -> str:
    """People of the institution with most recent authors, as it would hand them in."""
    year = decimal_year(FIRST_NIGHT)
    recent = (t for t in published if (FIRST_NIGHT - t.entered_on).days < 730)
    counts: defaultdict[int, int] = defaultdict(int)
    for team in recent:
        for member in team.members:
            counts[member] += 1
    staff: defaultdict[str, list[int]] = defaultdict(list)
    for member in sorted(counts):
        if counts[member] >= 3 and people[member].is_active(year):
            staff[people[member].stint(year).institution.name].append(member)
    chosen = max(staff.values(), key=len)[:ROSTER_SIZE]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["person_id", "name", "email", "orcid", "department", "digest"])
    for place, member in enumerate(chosen):
        person = people[member]
        digest = "no" if place % 5 in (1, 4) else "yes"
        department = person.stint(year).department
        writer.writerow(
            [
                person.person_id,
                person.full_name,
                person.email(year),
                person.orcid or "",
                department,
                digest,
            ]
        )
    return text.getvalue()
