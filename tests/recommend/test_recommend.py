"""Recommendations on small drawn worlds whose answer is known in the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.ranker import Ranker
from pipeline import engine, lake
from pipeline.graph import connect
from pipeline.recommend import recommend
from pipeline.recommend.features import FEATURES
from pipeline.recommend.records import Records, load_records
from pipeline.settings import Settings
from tests.builders import write_lake

NOW = date(2025, 6, 1)
NAMES = (
    "notices",
    "publications",
    "topics",
    "identities",
    "authors",
    "author_affiliations",
    "coauthorships",
)
WALKS = Ranker(
    tuple(feature.name for feature in FEATURES),
    tuple(feature.of_strangers or 0.0 for feature in FEATURES),
    (1.0,) * len(FEATURES),
    tuple(1.0 if feature.name == "walk" else 0.0 for feature in FEATURES),
    -9.0,
    1.0,
    24,
    "nothing",
)
"""Ranks by walks alone: ln(walk + 0.00001) - ln(0.00001)."""


class World:
    """Papers written as words: `paper(1, "ann bob")`. Every person has their own block."""

    def __init__(self, home: Path, **options: Any) -> None:
        self.settings = Settings(home=home, **options)
        self.ids: dict[str, int] = {}
        self.papers: list[dict[str, Any]] = []
        self.identities: list[dict[str, Any]] = []
        self.topics: list[dict[str, Any]] = []
        self.names: dict[str, tuple[str, str]] = {}
        self.orcids: dict[str, str] = {}

    def paper(self, pmid: int, people: str, topics: str = "", **overrides: Any) -> None:
        entered_on = overrides.get("entered_on", date(2024, 1, 1))
        count = len(people.split())
        self.papers.append(
            {"pmid": pmid, "author_count": count, "entered_on": entered_on, **overrides}
        )
        for position, name in enumerate(people.split(), start=1):
            author = self.ids.setdefault(name, len(self.ids) + 1)
            self.identities.append({"pmid": pmid, "position": position, "author_id": author})
        self.topics += [{"pmid": pmid, "descriptor_ui": t, "name": t} for t in topics.split()]

    def recommend(
        self,
        suppressed: str = "",
        ranker: Ranker = WALKS,
        shown: Sequence[tuple[str, str]] = (),
        records: Records | None = None,
        roster: str = "",
    ) -> list[tuple[str, str]]:
        """Pairs (author, candidate) in order of author and rank."""
        entered = {p["pmid"]: p["entered_on"] for p in self.papers}
        authors = []
        for name, author in self.ids.items():
            dates = [entered[i["pmid"]] for i in self.identities if i["author_id"] == author]
            block, given = self.names.get(name, (f"{name}|x", "x"))
            authors.append(
                {"author_id": author, "display_name": name, "block": block, "given_names": given,
                 "first_on": min(dates), "last_on": max(dates), "publication_count": len(dates),
                 "orcid": self.orcids.get(name)}
            )  # fmt: skip
        folder = self.settings.lake_folder
        write_lake(
            folder,
            publications=self.papers,
            identities=self.identities,
            topics=self.topics,
            authors=authors,
        )
        with lake.begin(folder) as commit:
            connect.connect(lake.datasets(folder, NAMES), commit, NOW, self.settings, "")
        current = lake.datasets(folder, NAMES)
        gone = np.array([self.ids[name] for name in suppressed.split()], dtype=np.int64)
        records = records or load_records(current, self.settings)
        impressions = pa.table(
            {
                "author_id": pa.array([self.ids[author] for author, _ in shown], pa.int64()),
                "candidate_id": pa.array([self.ids[who] for _, who in shown], pa.int64()),
                "impression_count": pa.array([1] * len(shown), pa.int64()),
            }
        )
        with lake.begin(folder) as commit:
            recommend.recommend(
                current,
                records,
                gone,
                np.array([self.ids[name] for name in roster.split()], dtype=np.int64),
                impressions,
                ranker,
                commit,
                NOW,
                self.settings,
                "",
            )
        named = {author: name for name, author in self.ids.items()}
        rows = lake.read(folder, "recommendations").read().to_pylist()
        return [(named[r["author_id"]], named[r["candidate_id"]]) for r in rows]

    def reasons(self, author: str, candidate: str) -> list[dict[str, Any]]:
        rows = lake.read(self.settings.lake_folder, "reasons").read().to_pylist()
        pair = (self.ids[author], self.ids[candidate])
        return [r for r in rows if (r["author_id"], r["candidate_id"]) == pair]


@pytest.fixture
def chain(tmp_path: Path) -> World:
    """Four in a row, ann - bob - cy - dee: two papers a tie, so that everybody is served."""
    world = World(tmp_path)
    for pmid, people in enumerate(
        ("ann bob", "ann bob", "bob cy", "bob cy", "cy dee", "cy dee"), start=1
    ):
        world.paper(pmid, people)
    return world


def test_people_of_a_chain_are_suggested_over_two_and_three_steps(chain: World) -> None:
    pairs = chain.recommend()
    assert [c for a, c in pairs if a == "ann"] == ["cy", "dee"]
    assert [c for a, c in pairs if a == "bob"] == ["dee"]


def test_a_shared_coauthor_is_named_with_a_paper_for_each_side(chain: World) -> None:
    chain.recommend()
    [shared] = [r for r in chain.reasons("ann", "cy") if r["kind"] == "shared_coauthor"]
    assert (shared["person_id"], shared["pmid"], shared["other_pmid"]) == (chain.ids["bob"], 2, 4)
    # two steps of probability 1 and 1/2, and none of three
    assert shared["contribution"] == pytest.approx(np.log(0.5 + 1e-5) - np.log(1e-5))


def test_without_a_shared_coauthor_the_whole_path_is_shown(chain: World) -> None:
    chain.recommend()
    steps = [r for r in chain.reasons("ann", "dee") if r["kind"] == "path"]
    assert [(s["person_id"], s["other_person_id"], s["pmid"]) for s in steps] == [
        (1, 2, 2),
        (2, 3, 4),
        (3, 4, 6),
    ]


def test_contributions_add_up_to_the_score(chain: World) -> None:
    chain.recommend()
    for row in lake.read(chain.settings.lake_folder, "recommendations").read().to_pylist():
        named = {author: name for name, author in chain.ids.items()}
        reasons = chain.reasons(named[row["author_id"]], named[row["candidate_id"]])
        assert sum(r["contribution"] for r in reasons) == pytest.approx(row["score"], abs=1e-9)


def test_the_introducer_is_the_strongest_shared_coauthor(tmp_path: Path) -> None:
    world = World(tmp_path)
    for pmid, people in enumerate(
        ("ann bob", "bob cy", "ann eve", "ann eve", "eve cy", "eve cy"), start=1
    ):
        world.paper(pmid, people)
    world.recommend()
    rows = lake.read(world.settings.lake_folder, "recommendations").read().to_pylist()
    [row] = [
        r
        for r in rows
        if (r["author_id"], r["candidate_id"]) == (world.ids["ann"], world.ids["cy"])
    ]
    assert row["introducer_id"] == world.ids["eve"]


def test_past_coauthors_stay_out_even_where_the_paper_gives_no_edge(chain: World) -> None:
    chain.paper(90, "ann cy", is_retracted=True)
    pairs = chain.recommend()
    assert ("ann", "cy") not in pairs
    assert ("cy", "ann") not in pairs
    assert ("ann", "dee") in pairs


def test_coauthors_of_a_paper_above_the_cap_stay_out(tmp_path: Path) -> None:
    world = World(tmp_path, author_cap=3)
    for pmid, people in enumerate(("ann bob", "ann bob", "bob cy", "bob cy"), start=1):
        world.paper(pmid, people)
    assert ("ann", "cy") in world.recommend()
    world.paper(90, "ann x y cy")
    assert ("ann", "cy") not in world.recommend()


def test_a_possible_duplicate_of_the_author_is_not_suggested(chain: World) -> None:
    chain.names = {"ann": ("lee|a", "ann"), "cy": ("lee|a", "a")}
    assert ("ann", "cy") not in chain.recommend()
    chain.names = {"ann": ("lee|a", "a min"), "cy": ("lee|a", "amin")}
    assert ("ann", "cy") not in chain.recommend()
    chain.names = {"ann": ("lee|a", "ann"), "cy": ("lee|a", "amy")}
    assert ("ann", "cy") in chain.recommend()


def test_a_possible_duplicate_of_a_coauthor_is_not_suggested(chain: World) -> None:
    chain.names = {"bob": ("kim|b", "bob"), "dee": ("kim|b", "b h")}
    assert ("ann", "dee") not in chain.recommend()


def test_suppressed_people_are_neither_served_nor_suggested(chain: World) -> None:
    chain.paper(90, "ann eve")
    chain.paper(91, "eve dee")
    pairs = chain.recommend(suppressed="cy")
    assert "cy" not in {name for pair in pairs for name in pair}
    assert ("ann", "dee") in pairs


def test_suppressed_people_stand_in_no_reason(chain: World) -> None:
    chain.paper(90, "ann eve")
    chain.paper(91, "eve cy", entered_on=date(2010, 1, 1))  # a weaker tie than over bob
    chain.recommend(suppressed="bob")
    reasons = lake.read(chain.settings.lake_folder, "reasons").read().to_pylist()
    assert reasons
    assert chain.ids["bob"] not in {r[c] for r in reasons for c in ("person_id", "other_person_id")}
    rows = lake.read(chain.settings.lake_folder, "recommendations").read().to_pylist()
    pair = (chain.ids["ann"], chain.ids["cy"])
    [row] = [row for row in rows if (row["author_id"], row["candidate_id"]) == pair]
    assert row["introducer_id"] == chain.ids["eve"]


def test_people_long_silent_are_not_suggested_and_newcomers_are_not_served(chain: World) -> None:
    chain.paper(90, "bob old", entered_on=date(2010, 1, 1))
    chain.paper(91, "bob new")
    pairs = chain.recommend()
    assert "old" not in {candidate for _, candidate in pairs}
    assert ("ann", "new") in pairs
    assert "new" not in {author for author, _ in pairs}


def test_shared_topics_leave_out_what_everybody_writes_about(tmp_path: Path) -> None:
    world = World(tmp_path)
    for pmid, people in enumerate(("ann bob", "ann bob", "bob cy", "bob cy"), start=1):
        world.paper(pmid, people, topics="tau humans" if pmid in (1, 3) else "humans")
    for pmid in range(100, 120):
        world.paper(pmid, f"p{pmid} q{pmid}", topics="humans")
    world.recommend()
    topics = [r for r in world.reasons("ann", "cy") if r["kind"] == "shared_topic"]
    assert [(t["topic"], t["pmid"], t["other_pmid"]) for t in topics] == [("tau", 1, 3)]


def test_a_heading_and_a_keyword_of_the_same_words_are_one_topic(chain: World) -> None:
    for pmid in (1, 3):
        for ui, name in (("D1", "Heart Failure"), ("keyword:heart failure", "heart failure")):
            chain.topics.append({"pmid": pmid, "descriptor_ui": ui, "name": name})
    chain.recommend()
    topics = [r["topic"] for r in chain.reasons("ann", "cy") if r["kind"] == "shared_topic"]
    assert topics == ["Heart Failure"]


def test_retracted_papers_support_no_reason(chain: World) -> None:
    chain.papers[3]["is_retracted"] = True  # the later of two papers of bob and cy
    chain.papers[1]["is_retracted"] = True
    chain.recommend()
    pmids = {
        r[c]
        for r in lake.read(chain.settings.lake_folder, "reasons").read().to_pylist()
        for c in ("pmid", "other_pmid")
    }
    assert not pmids & {2, 4}


def test_with_nobody_to_serve_the_tables_are_empty_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path)
    world.paper(1, "ann bob")
    assert world.recommend() == []
    assert "nobody to serve as of 2025-06-01" in caplog.text


def test_the_check_of_reasons_finds_wrong_papers_and_people(chain: World) -> None:
    chain.recommend()
    reasons = lake.read(chain.settings.lake_folder, "reasons").read().to_pylist()
    names = ("reasons", "identities", "publications", "topics")
    for change in ({"pmid": 6}, {"other_pmid": 999}, {"person_id": chain.ids["dee"]}):
        wrong = [{**reasons[0], "kind": "shared_coauthor", **change}]
        write_lake(chain.settings.lake_folder, reasons=wrong)
        rows = engine.fetch(
            recommend.ROOM / "unsupported.sql",
            lake.datasets(chain.settings.lake_folder, names),
            {},
            chain.settings,
        )
        assert rows.num_rows > 0


def test_a_reason_that_does_not_hold_takes_its_row_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The arrays still hold a paper that the tables call retracted by now."""
    world = World(tmp_path)
    for pmid, people in ((1, "ann bob"), (2, "ann bob"), (13, "cy")):
        world.paper(pmid, people, title="Tau imaging of memory loss")
    for pmid in (11, 12):
        world.paper(pmid, "cy dee", title="Imaging of broken hips and memory")
    ranker = replace(WALKS, weights=tuple(float(f.name == "topics_lifetime") for f in FEATURES))
    before = world.recommend(ranker=ranker)
    assert [c for a, c in before if a == "ann"] == ["cy", "dee"]
    [told] = [r for r in world.reasons("ann", "cy") if r["kind"] == "topics"]
    [paper] = [p for p in world.papers if p["pmid"] == told["other_pmid"]]
    records = load_records(lake.datasets(world.settings.lake_folder, NAMES), world.settings)
    paper["is_retracted"] = True
    after = world.recommend(ranker=ranker, records=records)
    assert "is not borne out by PMID" in caplog.text
    assert [c for a, c in after if a == "ann"] == ["dee"]
    rows = lake.read(world.settings.lake_folder, "recommendations").read().to_pylist()
    assert {r["rank"] for r in rows if r["author_id"] == world.ids["ann"]} == {1}
    assert world.reasons("ann", "cy") == []


def test_the_same_tables_give_the_same_recommendations_twice(chain: World) -> None:
    assert chain.recommend() == chain.recommend()


def test_probabilities_follow_the_score_and_the_version_says_what_ranked(chain: World) -> None:
    chain.recommend()
    rows = lake.read(chain.settings.lake_folder, "recommendations").read()
    expected = WALKS.probability(rows["score"].to_numpy())
    assert rows["probability"].to_pylist() == pytest.approx(expected.tolist(), abs=1e-12)
    assert set(rows["model_version"].to_pylist()) == {"linear-2: nothing"}


def test_different_orcid_ids_tell_namesakes_apart(chain: World) -> None:
    chain.names = {"ann": ("lee|a", "ann"), "cy": ("lee|a", "a")}
    chain.orcids = {"ann": "0000-0001-2345-6789", "cy": "0000-0002-1825-0097"}
    assert ("ann", "cy") in chain.recommend()


def test_who_was_shown_before_comes_later(tmp_path: Path) -> None:
    world = World(tmp_path, diversity=1.0)
    for pmid, people in enumerate(("ann bob", "ann bob", "bob cy", "bob dee", "bob dee"), start=1):
        world.paper(pmid, people)
    assert [c for a, c in world.recommend() if a == "ann"] == ["dee", "cy"]
    shown = [("ann", "dee")]
    world.settings = replace(world.settings, impression_discount=0.1)
    assert [c for a, c in world.recommend(shown=shown) if a == "ann"] == ["cy", "dee"]


def test_people_without_a_path_are_suggested_for_their_topics(tmp_path: Path) -> None:
    world = World(tmp_path)
    for pmid, people in enumerate(("ann bob", "ann bob"), start=1):
        world.paper(pmid, people, title="Tau imaging of memory loss")
    for pmid, people in enumerate(("cy dee", "cy dee"), start=11):
        world.paper(pmid, people, title="Memory loss in tau imaging")
    for pmid, people in enumerate(("eve flo", "eve flo"), start=21):
        world.paper(pmid, people, title="Surgery for broken hips")
    pairs = world.recommend()
    assert [c for a, c in pairs if a == "ann"] == ["cy", "dee"]
    kinds = {reason["kind"] for reason in world.reasons("ann", "cy")}
    assert kinds == {"walk", "recent_paper"}


def test_people_on_the_roster_are_served_with_a_single_paper(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.paper(1, "ann bob", title="Tau imaging of memory loss")
    world.paper(2, "cy", title="Memory loss in tau imaging", entered_on=date(2012, 1, 1))
    assert world.recommend() == []
    pairs = world.recommend(roster="cy bob")
    assert [c for a, c in pairs if a == "cy"] == ["ann", "bob"]
    assert {a for a, _ in pairs} == {"cy"}  # nobody new for bob: cy wrote too long ago


def test_people_with_consortium_papers_alone_are_served_for_their_topics(tmp_path: Path) -> None:
    world = World(tmp_path, author_cap=3)
    for pmid in (1, 2):
        world.paper(pmid, "ann x y z", title="Tau imaging of memory loss")
        world.paper(pmid + 10, "cy dee", title="Memory loss in tau imaging")
    pairs = world.recommend()
    assert [c for a, c in pairs if a == "ann"] == ["cy", "dee"]


def test_suppression_comes_before_the_roster(chain: World) -> None:
    pairs = chain.recommend(suppressed="ann", roster="ann")
    assert "ann" not in {name for pair in pairs for name in pair}
