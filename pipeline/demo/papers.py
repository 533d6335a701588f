"""Teams become papers: printed names and affiliations, titles, journals, references."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.demo.medicine import Journal, Topic, make_title
from pipeline.demo.names import Name, ascii_name, initials, printed_fore_name
from pipeline.demo.people import Person
from pipeline.demo.places import affiliation
from pipeline.demo.teams import Draw, Team, decimal_year

FIRST_PMID = 90_000_001
"""Far above the numbers PubMed has given out, so that no made-up record looks like a real one."""

CONSORTIUM = "Meridian Heart Failure Genetics Consortium"
CONSORTIUM_SIZE = 800

PREPRINTS = Journal("Northlight Preprints", "Northlight Prepr", "9900-1004", "900000999", "")

_KINDS = ("article", "trial", "review", "letter", "case")
_KIND_SHARES = (0.78, 0.84, 0.92, 0.96)
"""Cumulated shares of the kinds but the last."""
_TYPES = {
    "article": ("Journal Article",),
    "trial": ("Journal Article", "Randomized Controlled Trial"),
    "review": ("Journal Article", "Review"),
    "letter": ("Letter", "Comment"),
    "case": ("Case Reports", "Journal Article"),
    "preprint": ("Journal Article", "Preprint"),
}
_ORCID_FORMS = ("{}", "{}", "{}", "https://orcid.org/{}", "http://orcid.org/{}")


@dataclass(frozen=True, slots=True)
class PrintedAuthor:
    """An author as one paper prints it; a group has a collective name and no person."""

    person_id: str | None = None
    last_name: str = ""
    fore_name: str = ""
    initials: str = ""
    suffix: str = ""
    orcid: str = ""
    affiliations: tuple[str, ...] = ()
    collective_name: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a record says at one time. `title` is a fragment; `topic` indexes the world's topics.

    `indexed_on` is the day MeSH headings were added, if they were. `links` are (RefType, PMID).
    """

    pmid: int
    entered_on: date
    published_on: date
    indexed_on: date | None
    title: str
    topic: int
    pick: int
    journal: Journal
    publication_types: tuple[str, ...]
    authors: tuple[PrintedAuthor, ...]
    cites: tuple[int, ...] = ()
    links: tuple[tuple[str, int], ...] = ()
    has_abstract: bool = True


@dataclass(frozen=True, slots=True)
class _Draft:
    entered_on: date
    team: Team
    kind: str
    pick: int
    journal_version: int = -1


def write_papers(
    teams: Iterable[Team], people: tuple[Person, ...], topics: tuple[Topic, ...],
    journals: tuple[Journal, ...], first_night: date, draws: tuple[Draw, Draw, Draw],
) -> tuple[dict[int, Paper], dict[int, int]]:  # fmt: skip
    """Write up teams, oldest first.

    Parameters
    ----------
    draws
        Separate streams for what is written, for its PMIDs, and for its print: so a longer world
        begins with the shorter one.

    Returns
    -------
    Papers by PMID (ascending), and for each preprint the PMID of its journal version.
    """
    drafts = list(_drafts(teams, first_night, draws[0]))
    order = sorted(range(len(drafts)), key=lambda i: drafts[i].entered_on)
    pmids = dict(zip(order, _pmids((drafts[i].entered_on for i in order), draws[1]), strict=True))
    press = _Press(people, topics, journals, first_night, draws[2])
    papers = {pmids[i]: press.write(pmids[i], drafts[i]) for i in order}
    versions = {
        pmids[i]: pmids[drafts[i].journal_version] for i in order if drafts[i].kind == "preprint"
    }
    return papers, versions


def _drafts(teams: Iterable[Team], first_night: date, draw: Draw) -> Iterator[_Draft]:
    index = 0
    for team in teams:
        kind = _KINDS[bisect(_KIND_SHARES, draw())]
        if len(team.members) == CONSORTIUM_SIZE:
            kind = "article"
        pick = int(draw() * 600)
        yield _Draft(team.entered_on, team, kind, pick)
        early = team.entered_on - timedelta(60 + int(240 * draw()))
        index += 1
        if (
            draw() < 0.04
            and kind == "article"
            and len(team.members) < CONSORTIUM_SIZE
            and date(2019, 6, 1) < early < team.entered_on < first_night
        ):
            yield _Draft(early, team, "preprint", pick, journal_version=index - 1)
            index += 1


def _pmids(days: Iterable[date], draw: Draw) -> Iterator[int]:
    """Ascending with gaps; after each day at least three numbers stay free for notices."""
    pmid, previous = FIRST_PMID, None
    for day in days:
        pmid += 1 + int(2 * draw()) + (3 if day != previous else 0)
        previous = day
        yield pmid


class _Press:
    """Prints drafts one after the other and remembers what can be cited."""

    def __init__(
        self, people: tuple[Person, ...], topics: tuple[Topic, ...],
        journals: tuple[Journal, ...], first_night: date, draw: Draw,
    ) -> None:  # fmt: skip
        self.people, self.topics, self.first_night, self.draw = people, topics, first_night, draw
        self.journals: defaultdict[str, list[Journal]] = defaultdict(list)
        for journal in journals:
            self.journals[journal.department].append(journal)
        self.by_topic: defaultdict[int, list[int]] = defaultdict(list)
        self.by_person: defaultdict[int, list[int]] = defaultdict(list)

    def write(self, pmid: int, draft: _Draft) -> Paper:
        team, topic, draw = draft.team, self.topics[draft.team.topic], self.draw
        field = topic.department if draw() < 0.85 else ""
        shelf = self.journals[field]
        journal = PREPRINTS if draft.kind == "preprint" else shelf[int(draw() * len(shelf))]
        indexed_on = draft.entered_on + timedelta(20 + int(200 * draw()))
        is_indexed = indexed_on < self.first_night and draft.kind != "preprint" and draw() < 0.9
        cites = self._cites(team, draft.kind)
        comments_on = self.by_topic[team.topic][-1:] if draft.kind == "letter" else []
        title_kind = "article" if draft.kind == "preprint" else draft.kind
        paper = Paper(
            pmid=pmid,
            entered_on=draft.entered_on,
            published_on=draft.entered_on - timedelta(int(25 * draw())),
            indexed_on=indexed_on if is_indexed else None,
            title=make_title(title_kind, topic, draft.pick),
            topic=team.topic,
            pick=draft.pick,
            journal=journal,
            publication_types=_TYPES[draft.kind],
            authors=tuple(self._authors(draft, journal)),
            cites=cites,
            links=tuple(("CommentOn", other) for other in comments_on),
            has_abstract=draft.kind != "letter",
        )
        self.by_topic[team.topic].append(pmid)
        if len(team.members) < CONSORTIUM_SIZE:
            for member in team.members:
                self.by_person[member].append(pmid)
        return paper

    def _cites(self, team: Team, kind: str) -> tuple[int, ...]:
        """Pick references to earlier papers of the topic and of the authors themselves."""
        count = int(self.draw() * (24 if kind == "review" else 9))
        cited = set()
        for _ in range(count):
            own = self.by_person[team.members[int(self.draw() * len(team.members))]]
            known = own if self.draw() < 0.3 else self.by_topic[team.topic]
            if known:
                cited.add(known[-1 - int(self.draw() * min(len(known), 60))])
        return tuple(sorted(cited))

    def _authors(self, draft: _Draft, journal: Journal) -> Iterator[PrintedAuthor]:
        """Print the team the way this journal does."""
        draw, members = self.draw, draft.team.members
        year = decimal_year(draft.entered_on)
        initials_only = int(journal.nlm_id) % 12 == 5
        ascii_only = draw() < 0.06
        form = int(draw() * 10)
        contact = members[0] if draw() < 0.6 else members[-1]
        with_email = draw() < 0.12
        for place, member in enumerate(members):
            person = self.people[member]
            style = "initials" if initials_only else self._style(member)
            places: tuple[str, ...] = ()
            if year >= 2014 or (place == 0 and draw() < 0.8):
                places = self._affiliations(person, year, form)
                if with_email and member == contact:
                    label = "" if draw() < 0.4 else "Electronic address: "
                    places = (f"{places[0]} {label}{person.email(year)}.", *places[1:])
            yield _print_name(person, style, ascii_only, self._orcid(person, year), places, draw)
        if len(members) == CONSORTIUM_SIZE:
            yield PrintedAuthor(collective_name=CONSORTIUM)

    def _style(self, member: int) -> str:
        """Everybody has a habit and departs from it now and then."""
        habits = ("middle", "full") if member % 5 < 3 else ("full", "middle")
        u = self.draw()
        if u < 0.92:
            return habits[u > 0.8]
        return "initials" if u < 0.96 else ("joined", "spaced")[u > 0.98]

    def _orcid(self, person: Person, year: float) -> str:
        is_printed = person.orcid is not None and year >= 2018 and self.draw() < 0.7
        return _ORCID_FORMS[int(self.draw() * 5)].format(person.orcid) if is_printed else ""

    def _affiliations(self, person: Person, year: float, form: int) -> tuple[str, ...]:
        stint = person.stint(year)
        main = affiliation(stint.institution, stint.department, form)
        former = [s for s in person.stints if s.since < stint.since]
        if former and self.draw() < 0.15:
            return main, affiliation(former[-1].institution, former[-1].department, form)
        return (main,)


def _print_name(
    person: Person, style: str, ascii_only: bool, orcid: str, places: tuple[str, ...], draw: Draw
) -> PrintedAuthor:
    name: Name = person.name
    last, fore = name.last, printed_fore_name(name, style)
    if "-" in last and draw() < 0.12:
        last = last.replace("-", " ")
    if ascii_only:
        last, fore = ascii_name(last), ascii_name(fore)
    suffix = name.suffix if draw() < 0.8 else ""
    return PrintedAuthor(person.person_id, last, fore, initials(fore), suffix, orcid, places)
