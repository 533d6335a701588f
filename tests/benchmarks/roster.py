"""How right roster matching is in the demo's made-up world, where it is known who is who.

`python -m tests.benchmarks.roster [SEED …]` draws worlds (by default of seeds 1, 2, 3: the weights
were set on the demo's own), identifies them, and matches rosters of everybody active, and of the
largest institution alone, that tell more or less. Precision: of automatic matches, those to an
author most of whose papers are the person's. Recall: of people with papers, those found so.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline import lake, stages
from pipeline.demo.people import Person
from pipeline.demo.records import article_set, record_xml
from pipeline.demo.teams import decimal_year
from pipeline.demo.world import World, build_world
from pipeline.identity.roster.match import PEOPLE, TABLES, match
from pipeline.settings import Settings

ROSTERS = {
    "name only": (),
    "department": ("department",),
    "institution": ("institution",),
    "department, institution": ("department", "institution"),
    "department, institution, past": ("department", "institution", "past_affiliations"),
    "e-mail": ("email",),
    "e-mail, department": ("email", "department"),
    "three PMIDs": ("pmids",),
    "ORCID iD (a third have one), department": ("orcid", "department"),
    "all": ("orcid", "department", "institution", "email", "pmids", "past_affiliations"),
}
"""What rosters tell beside the name."""

SEEDS = (1, 2, 3)
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Quality:
    """What automatic matching did for one roster."""

    person_count: int
    author_count: int
    match_count: int
    wrong_count: int
    found_count: int
    undecided_count: int

    @property
    def precision(self) -> float:
        """Share of automatic matches that are right."""
        return 1 - self.wrong_count / max(self.match_count, 1)

    @property
    def recall(self) -> float:
        """Share of the people with papers who were found automatically."""
        return self.found_count / max(self.author_count, 1)


@dataclass(frozen=True)
class Known:
    """A world read in and identified, and whom each author mostly is."""

    world: World
    settings: Settings
    bearers: dict[int, str]
    papers: dict[str, list[int]]


def read_in(world: World, folder: Path, paper_count: int | None = None) -> Known:
    """Identify the (latest) papers of a world."""
    settings = Settings(home=folder)
    shown = world.visible(world.first_night)[-(paper_count or 0) :]
    text = article_set(record_xml(world, pmid, world.first_night) for pmid in shown)
    file = folder / "records.xml"
    file.write_text(text, encoding="utf-8")
    stages.take_in(settings, [file], NOW)
    stages.identify(settings)
    truth = {
        (row["pmid"], row["position"]): row["person_id"]
        for row in world.authorship_truth().to_pylist()
    }
    names = ["pmid", "position", "author_id"]
    counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
    papers: defaultdict[str, list[int]] = defaultdict(list)
    for row in lake.read(settings.lake_folder, "identities").read(names).to_pylist():
        person_id = truth[row["pmid"], row["position"]]
        counts[row["author_id"]][person_id] += 1
        papers[person_id].append(row["pmid"])
    bearers = {author_id: found.most_common(1)[0][0] for author_id, found in counts.items()}
    return Known(world, settings, bearers, dict(papers))


def measure(known: Known, chosen: Sequence[Person], told: Sequence[str]) -> Quality:
    """Match a roster of people that tells `told`, and hold the matches against the truth."""
    people = pa.Table.from_pylist(list(_rows(known, chosen, told)), PEOPLE)
    tables = lake.datasets(known.settings.lake_folder, TABLES)
    found = match(people, tables, known.settings).to_pylist()
    sure = [(row["person_id"], row["author_id"]) for row in found if row["status"] == "matched"]
    right = {who for who, author_id in sure if known.bearers.get(author_id) == who}
    wrong_count = sum(known.bearers.get(author_id) != who for who, author_id in sure)
    return Quality(
        person_count=len(chosen),
        author_count=len({p.person_id for p in chosen} & set(known.bearers.values())),
        match_count=len(sure),
        wrong_count=wrong_count,
        found_count=len(right),
        undecided_count=len({row["person_id"] for row in found} - {who for who, _ in sure}),
    )


def active(world: World) -> list[Person]:
    """Everybody active on the first night."""
    year = decimal_year(world.first_night)
    return [person for person in world.people if person.is_active(year)]


def largest_institution(world: World) -> list[Person]:
    """Everybody active at the institution that has most of them."""
    year, chosen = decimal_year(world.first_night), active(world)
    sizes = Counter(person.stint(year).institution.name for person in chosen)
    [(name, _)] = sizes.most_common(1)
    return [person for person in chosen if person.stint(year).institution.name == name]


def _rows(
    known: Known, chosen: Sequence[Person], told: Sequence[str]
) -> Iterator[dict[str, object]]:
    year, rng = decimal_year(known.world.first_night), np.random.default_rng(0)
    for person in chosen:
        stint = person.stint(year)
        own = known.papers.get(person.person_id, [])
        row: dict[str, object] = {
            "orcid": person.orcid,
            "email": person.email(year),
            "department": stint.department,
            "institution": stint.institution.name,
            "pmids": rng.choice(own, min(3, len(own)), replace=False).tolist() if own else [],
            "past_affiliations": [
                other.institution.name for other in person.stints if other.since < stint.since
            ],
        }
        kept = {name: value if name in told else None for name, value in row.items()}
        yield {"person_id": person.person_id, "name": person.full_name, **kept}


def main(seeds: Sequence[int]) -> None:
    """Print a table for each world and roster."""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            known = read_in(build_world(seed=seed, nights=2), Path(folder))
            rosters = {
                "everybody": active(known.world),
                "one institution": largest_institution(known.world),
            }
            for whom, chosen in rosters.items():
                print(f"\nseed {seed}, {whom}: {len(chosen)} people")
                print(f"{'told beside the name':42} matches wrong precision recall undecided")
                for name, told in ROSTERS.items():
                    q = measure(known, chosen, told)
                    print(
                        f"{name:42} {q.match_count:7} {q.wrong_count:5} {q.precision:9.4f} "
                        f"{q.recall:6.3f} {q.undecided_count:9}"
                    )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or SEEDS)
