"""Corpora written as words, as the recommender loads them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import lake
from pipeline.recommend.records import TABLES_OF_RECORDS, Records, load_records
from pipeline.settings import Settings
from tests.builders import write_lake

SOON = date(2024, 6, 1)
WORDS = ("liver", "bile", "cochlea", "noise", "valve", "stent", "cortex", "axon")
JOURNALS = ("Gut", "Ear", "Heart", None)


class Corpus:
    """`paper(1, "ann bob")`, `works("ann", "oslo", "surgery")`; people get ids as they come."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.papers: list[dict[str, Any]] = []
        self.identities: list[dict[str, Any]] = []
        self.places: list[dict[str, Any]] = []

    def paper(self, pmid: int, people: str, entered_on: date = SOON, **overrides: Any) -> None:
        names = people.split()
        row = {"pmid": pmid, "author_count": len(names), "entered_on": entered_on}
        self.papers.append({**row, **overrides})
        for position, name in enumerate(names, start=1):
            author = self.ids.setdefault(name, len(self.ids) + 1)
            self.identities.append({"pmid": pmid, "position": position, "author_id": author})

    def works(self, name: str, institution: str, department: str = "", **overrides: Any) -> None:
        author = self.ids.setdefault(name, len(self.ids) + 1)
        row = {"author_id": author, "affiliation_key": institution, "department_key": department}
        self.places.append({**row, **overrides})

    def until(self, day: date) -> Corpus:
        """The corpus in which nothing later has been written; people keep their ids."""
        past = Corpus()
        past.papers = [paper for paper in self.papers if paper["entered_on"] <= day]
        pmids = {paper["pmid"] for paper in past.papers}
        past.identities = [row for row in self.identities if row["pmid"] in pmids]
        seen = {row["author_id"] for row in past.identities}
        past.ids = {name: author for name, author in self.ids.items() if author in seen}
        past.places = [
            row for row in self.places if row["first_on"] <= day and row["author_id"] in seen
        ]
        return past

    def records(self, home: Path, **options: Any) -> Records:
        """Write the corpus into a lake of its own, and load it."""
        settings = Settings(home=home, **options)
        write_lake(
            settings.lake_folder,
            publications=self.papers,
            topics=[],
            identities=self.identities,
            authors=[{"author_id": author} for author in self.ids.values()],
            author_affiliations=self.places,
        )
        return load_records(lake.datasets(settings.lake_folder, TABLES_OF_RECORDS), settings)

    def rows(self, names: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Rows of people: they stand in order of their ids."""
        order = sorted(self.ids.values())
        return np.array([order.index(self.ids[name]) for name in names.split()], np.int64)


def at_random(seed: int, people: int = 24, papers: int = 60) -> Corpus:
    """Papers of one to five people, some retracted, some after `SOON`; nothing in order."""
    rng = np.random.default_rng(seed)
    corpus = Corpus()
    names = [f"p{i}" for i in range(people)]
    corpus.ids = dict(zip(names, (rng.permutation(people) + 1).tolist(), strict=True))
    for pmid in rng.permutation(papers) + 1:
        # people write mostly with those who stand near them
        middle = rng.integers(people)
        count = int(rng.integers(1, 6))
        who = rng.choice(np.arange(middle, middle + 8) % people, count, replace=False)
        corpus.paper(
            int(pmid),
            " ".join(names[i] for i in who),
            SOON - timedelta(days=int(rng.integers(-730, 2920))),
            title=" ".join(rng.choice(WORDS, 3, replace=False)),
            journal=JOURNALS[rng.integers(4)],
            is_retracted=bool(rng.random() < 0.1),
        )
    for name in names:
        pairs = {(int(rng.integers(3)), int(rng.integers(3))) for _ in range(rng.integers(3))}
        for house, room in sorted(pairs):
            day = SOON - timedelta(days=int(rng.integers(-730, 2920)))
            corpus.works(name, f"house {house}", ["", "surgery", "eye"][room], first_on=day)
    return corpus
