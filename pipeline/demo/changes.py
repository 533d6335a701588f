"""What happens to records after they entered: retractions, deletions, revisions, updates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from pipeline.demo.papers import CONSORTIUM_SIZE, Paper
from pipeline.demo.people import Person

EARLIER_RETRACTIONS = (date(2019, 5, 14), date(2022, 10, 4), date(2024, 3, 19))


@dataclass(frozen=True, slots=True)
class Change:
    """A record turns into `paper` on a day; a deletion leaves none.

    `kind` is "retraction", "revision", "deletion", or "update" (a preprint appears in a journal).
    `notice` is the PMID of the notice that a retraction brings along.
    """

    kind: str
    changed_on: date
    pmid: int
    paper: Paper | None
    notice: int | None = None


def plan_changes(
    papers: dict[int, Paper], journal_versions: dict[int, int], people: tuple[Person, ...],
    nights: tuple[date, ...], seed: int,
) -> tuple[list[Change], list[Paper]]:  # fmt: skip
    """Plan all changes, oldest first, and write the retraction notices.

    From the second night on each night brings one deletion and one revision, and every third night
    (the second, the fifth, …) one retraction.
    """
    changes = [_updated(papers[a], papers[b]) for a, b in journal_versions.items()]
    notices: list[Paper] = []
    touched = {change.pmid for change in changes} | set(journal_versions.values())
    retracted_on = [*EARLIER_RETRACTIONS, *nights[1::3]]
    for target, day in zip(
        _retractable(papers, touched, nights[0], retracted_on), retracted_on, strict=True
    ):
        notice = _notice(target, day, papers)
        notices.append(notice)
        changes.append(_retracted(target, notice))
        touched.add(target.pmid)
    orcids = {p.person_id: p.orcid for p in people if p.orcid}
    for number, night in enumerate(nights[1:], start=2):
        rng = np.random.default_rng([seed, 1000 + number])
        doomed, revised = _recent(papers, touched, nights[0], orcids, rng)
        touched |= {doomed.pmid, revised.pmid}
        changes.append(Change("deletion", night, doomed.pmid, None))
        changes.append(_revised(revised, night, orcids))
    return sorted(changes, key=lambda c: (c.changed_on, c.pmid)), notices


def _updated(preprint: Paper, version: Paper) -> Change:
    linked = replace(preprint, links=(*preprint.links, ("UpdateIn", version.pmid)))
    return Change("update", version.entered_on, preprint.pmid, linked)


def _retracted(paper: Paper, notice: Paper) -> Change:
    changed = replace(
        paper,
        publication_types=(*paper.publication_types, "Retracted Publication"),
        links=(*paper.links, ("RetractionIn", notice.pmid)),
    )
    return Change("retraction", notice.entered_on, paper.pmid, changed, notice.pmid)


def _notice(paper: Paper, day: date, papers: dict[int, Paper]) -> Paper:
    """Write a notice without authors, on the first number left free after the day's records."""
    last = max(pmid for pmid, other in papers.items() if other.entered_on <= day)
    return replace(
        paper,
        pmid=last + 1,
        entered_on=day,
        published_on=day,
        indexed_on=None,
        title="Retraction: " + paper.title,
        publication_types=("Retraction of Publication",),
        authors=(),
        cites=(),
        links=(("RetractionOf", paper.pmid),),
        has_abstract=False,
    )


def _revised(paper: Paper, day: date, orcids: dict[str, str]) -> Change:
    """Give it a better title, and an ORCID iD where one was missing."""
    place = next(i for i, a in enumerate(paper.authors) if a.person_id in orcids and not a.orcid)
    author = replace(paper.authors[place], orcid=orcids[str(paper.authors[place].person_id)])
    authors = (*paper.authors[:place], author, *paper.authors[place + 1 :])
    title = "Updated analysis: " + paper.title
    return Change("revision", day, paper.pmid, replace(paper, title=title, authors=authors))


def _retractable(
    papers: dict[int, Paper], touched: set[int], first_night: date, days: list[date]
) -> Iterator[Paper]:
    """For each day a paper one to five years old of the next of the best connected people."""
    written: defaultdict[str, list[Paper]] = defaultdict(list)
    coauthors: defaultdict[str, set[str]] = defaultdict(set)
    for paper in papers.values():
        names = [a.person_id for a in paper.authors if a.person_id]
        if paper.entered_on < first_night and len(names) < CONSORTIUM_SIZE:
            for name in names:
                written[name].append(paper)
                coauthors[name].update(names)
    taken = set(touched)
    ranked = iter(sorted(coauthors, key=lambda name: (-len(coauthors[name]), name)))
    for day in days:
        paper = next(
            paper
            for person in ranked  # goes on where the day before stopped
            for paper in written[person]
            if paper.pmid not in taken and _is_ripe(paper, day)
        )
        taken.add(paper.pmid)
        yield paper


def _is_ripe(paper: Paper, day: date) -> bool:
    age = day - paper.entered_on
    has_team = 3 <= len(paper.authors) <= 8
    return has_team and paper.has_abstract and timedelta(365) < age < timedelta(5 * 365)


def _recent(
    papers: dict[int, Paper], touched: set[int], first_night: date,
    orcids: dict[str, str], rng: np.random.Generator,
) -> tuple[Paper, Paper]:  # fmt: skip
    """Two papers of the last months before the nights: one to delete, one to revise."""
    recent = [
        paper for paper in papers.values()
        if timedelta(0) < first_night - paper.entered_on < timedelta(240)
        and paper.pmid not in touched and 2 <= len(paper.authors) <= 8
    ]  # fmt: skip
    revisable = [p for p in recent if any(a.person_id in orcids and not a.orcid for a in p.authors)]
    revised = revisable[int(rng.integers(len(revisable)))]
    others = [paper for paper in recent if paper is not revised]
    return others[int(rng.integers(len(others)))], revised
