"""Small corpora: papers as words, and a random one that goes on after the cutoff."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import lake
from pipeline.recommend.evaluation.labels import Questions, find_questions
from pipeline.recommend.evaluation.past import TABLES_OF_PAST, Past, load_past, months_later
from pipeline.settings import Settings
from tests.builders import write_lake

CUTOFF = date(2014, 12, 31)

Papers = Mapping[int, tuple[date, str]]
"""PMID → day and names of the authors."""


class Drawn:
    """A corpus whose identities are as printed, unless a mention is said to be somebody else."""

    def __init__(self, folder: Path, papers: Papers) -> None:
        self.folder = folder
        self.papers = papers
        names = sorted({name for _, people in papers.values() for name in people.split()})
        self.ids = {name: place for place, name in enumerate(names, start=1)}
        self.settings = Settings(home=folder)
        self.overrides: dict[str, Any] = {}
        self.topics: list[dict[str, Any]] = []

    def tables(self, until: date, elsewhere: Mapping[tuple[int, str], int] | None = None) -> Path:
        """Write a lake that knows of all papers to a day; `elsewhere` gives mentions other ids."""
        folder = self.folder / f"{until}"
        ids = elsewhere or {}
        publications: list[dict[str, Any]] = []
        identities = []
        days: dict[int, list[date]] = {}
        for pmid, (day, people) in self.papers.items():
            if day > until:
                continue
            count = len(people.split())
            paper = {"pmid": pmid, "entered_on": day, "author_count": count}
            publications.append({**paper, **self.overrides})
            for position, name in enumerate(people.split(), start=1):
                author = ids.get((pmid, name), self.ids[name])
                identities.append({"pmid": pmid, "position": position, "author_id": author})
                days.setdefault(author, []).append(day)
        authors = [
            {"author_id": author, "first_on": min(own), "last_on": max(own),
             "publication_count": len(own)}
            for author, own in days.items()
        ]  # fmt: skip
        tables = {"publications": publications, "identities": identities, "authors": authors}
        write_lake(folder, **tables, topics=self.topics)
        return folder

    def past(self, elsewhere: Mapping[tuple[int, str], int] | None = None) -> Past:
        """What was known at the cutoff."""
        folder = self.tables(CUTOFF, elsewhere)
        tables = lake.datasets(folder, TABLES_OF_PAST)
        # builders stamp a day of their own on tables
        return load_past(_without_days(tables), CUTOFF, self.settings)

    def questions(self, elsewhere: Mapping[tuple[int, str], int] | None = None) -> Questions:
        """Who is asked about, by papers of the 24 months after the cutoff."""
        past = self.past(elsewhere)
        now = lake.datasets(self.tables(date(2020, 1, 1)), ("identities", "publications"))
        then = lake.read(self.folder / f"{CUTOFF}", "identities")
        return find_questions(past, then, now, months_later(CUTOFF, 24), self.settings)

    def asked(self, elsewhere: Mapping[tuple[int, str], int] | None = None) -> dict[str, list[str]]:
        """Name → names of the new coauthors."""
        past, found = self.past(elsewhere), self.questions(elsewhere)
        names = {author: name for name, author in self.ids.items()}

        def named(row: int) -> str:
            author = int(past.author_ids[row])
            return names.get(author, str(author))

        answers: dict[str, list[str]] = {}
        for query, answer in zip(found.queries.tolist(), found.answers.tolist(), strict=True):
            answers.setdefault(named(int(found.sources[query])), []).append(named(answer))
        return answers


def _without_days(tables: Mapping[str, lake.Dataset]) -> dict[str, lake.Dataset]:
    from dataclasses import replace

    return {name: replace(table, as_of=None) for name, table in tables.items()}


def day(year: int, month: int = 6, of_month: int = 1) -> date:
    return date(year, month, of_month)


def record_rows(
    seed: int = 5, people: int = 60, papers: int = 420
) -> dict[str, list[dict[str, Any]]]:
    """Rows of the record tables of a random corpus, 2009 to 2016: groups that mix over time.

    Everybody has an ORCID iD, so that identity is settled.
    """
    generator = np.random.default_rng(seed)
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("publications", "authorships", "topics", "notices")
    }
    for number in range(papers):
        pmid = 1_000 + number
        entered = date(2009, 1, 5) + timedelta(int(number * 2_900 / papers))
        group = int(generator.integers(people // 6))
        near = (
            group * 6 + generator.choice(9, int(generator.integers(2, 5)), replace=False)
        ) % people
        rows["publications"].append(
            {"pmid": pmid, "entered_on": entered, "author_count": near.size, "checksum": str(pmid),
             "title": f"word{group} and word{int(generator.integers(40))} of liver",
             "journal": f"Journal {'abcdefgh'[group % 8]} {entered.year}"}
        )  # fmt: skip
        rows["topics"].append({"pmid": pmid, "descriptor_ui": f"D00000{group % 8}"})
        for position, who in enumerate(near.tolist(), start=1):
            rows["authorships"].append({"pmid": pmid, "position": position, **person(who)})
    return rows


def person(number: int) -> dict[str, str]:
    """Names and ORCID iD of one of many."""
    letters = "".join("bcdfghklmnprst"[(number // 14**place) % 14] for place in range(3))
    return {
        "last_name": f"{letters.title()}son",
        "fore_name": f"{letters[::-1].title()}a",
        "orcid": f"0000-0009-0000-{number:04d}",
    }
