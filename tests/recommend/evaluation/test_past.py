"""What a method may see: nothing that came after the cutoff, whatever came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.evaluation.ranking import Matrix
from pipeline import lake
from pipeline.errors import ConfrereError, WrongUse
from pipeline.recommend.evaluation.methods import METHODS, Method, score
from pipeline.recommend.evaluation.past import TABLES_OF_PAST, Past, load_past
from pipeline.settings import Settings
from pipeline.stages.evaluation import make_past
from tests.builders import write_lake
from tests.recommend.evaluation.drawn import CUTOFF, Drawn, day, person, record_rows

Rows = dict[str, list[dict[str, Any]]]


def home_of(folder: Path, rows: Rows) -> Settings:
    settings = Settings(home=folder)
    write_lake(settings.lake_folder, **rows)
    return settings


def past_of(folder: Path, rows: Rows) -> Past:
    then = make_past(home_of(folder / "whole", rows), folder / "past", CUTOFF)
    return load_past(lake.datasets(then.lake_folder, TABLES_OF_PAST), CUTOFF, then)


def later(rows: Rows) -> set[int]:
    return {row["pmid"] for row in rows["publications"] if row["entered_on"] > CUTOFF}


def shuffled(rows: Rows) -> Rows:
    """The same past, and another future: names, words, headings and retractions all change."""
    generator = np.random.default_rng(7)
    gone = later(rows)
    names = [row for row in rows["authorships"] if row["pmid"] in gone]
    order = generator.permutation(len(names)).tolist()
    people = [person(place) for place in order]
    moved = iter(people)
    first = min(rows["publications"], key=lambda row: row["entered_on"])["pmid"]
    return {
        "publications": [
            row | {"title": "quite other words", "journal": "Elsewhere", "checksum": "x"}
            if row["pmid"] in gone
            else row | {"is_retracted": row["pmid"] == first}
            for row in rows["publications"]
        ],
        "authorships": [
            row | next(moved) if row["pmid"] in gone else row for row in rows["authorships"]
        ],
        "topics": [
            row | {"descriptor_ui": "D999999"} if row["pmid"] in gone else row
            for row in rows["topics"]
        ],
        "notices": [
            {"pmid": pmid, "place": 1, "ref_type": "RetractionOf", "ref_pmid": first,
             "kind": "retraction", "subject_pmid": first, "notice_pmid": pmid}
            for pmid in sorted(gone)[:1]
        ],
    }  # fmt: skip


def scores(past: Past, methods: Mapping[str, Method] = METHODS) -> dict[str, Matrix]:
    sources = np.flatnonzero(past.in_universe & (past.paper_counts >= 2))[:20]
    return score(past, sources, methods)


def scores_of_all(past: Past) -> dict[str, Matrix]:
    return score(past, np.arange(past.author_ids.size), METHODS)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, Rows, Past, Past]:
    rows = record_rows()
    others = shuffled(rows)
    folder = tmp_path_factory.mktemp("worlds")
    return rows, others, past_of(folder / "one", rows), past_of(folder / "other", others)


Worlds = tuple[Rows, Rows, Past, Past]


def test_whatever_came_after_the_cutoff_changes_no_score(worlds: Worlds) -> None:
    _, _, one, other = worlds
    assert np.array_equal(one.author_ids, other.author_ids)
    before, after = scores(one), scores(other)
    for name in METHODS:
        assert np.isfinite(before[name]).any()
        assert np.array_equal(before[name], after[name]), name


def test_every_method_says_something_of_strangers(worlds: Worlds) -> None:
    for name, own in scores(worlds[2]).items():
        assert (own > 0).any(), name


def test_a_feature_made_from_the_future_is_caught(worlds: Worlds) -> None:
    rows, others, one, other = worlds

    def peeking(future: Rows) -> Method:
        gone = later(future)
        names = [row["last_name"] for row in future["authorships"] if row["pmid"] in gone]

        def peek(past: Past, sources: Any, _: Mapping[str, Matrix]) -> Any:
            counts = [names.count(person(who)["last_name"]) for who in range(past.author_ids.size)]
            return np.broadcast_to(np.array(counts, float), (sources.size, len(counts)))

        return peek

    before = scores(one, {"peek": peeking(rows)})["peek"]
    after = scores(other, {"peek": peeking(others)})["peek"]
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("name", ["publications", "identities", "candidates", "recommendations"])
def test_a_table_that_knows_of_later_papers_is_refused(tmp_path: Path, name: str) -> None:
    then = make_past(home_of(tmp_path / "whole", record_rows()), tmp_path / "past", CUTOFF)
    tables = lake.datasets(then.lake_folder, TABLES_OF_PAST)
    whole = lake.read(tmp_path / "whole" / "lake", "publications")
    tables[name] = whole if name == "publications" else replace(tables[name], as_of=day(2016))
    with pytest.raises(ConfrereError, match=rf"^\[table {name}\] knows of papers up to 2016-"):
        load_past(tables, CUTOFF, then)


def test_a_day_before_the_first_paper_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"^\[cutoff 1999-01-01\] no paper had entered by then"):
        make_past(home_of(tmp_path / "whole", record_rows()), tmp_path / "past", date(1999, 1, 1))


def notice(pmid: int, subject: int, place: int = 1) -> dict[str, Any]:
    return {"pmid": pmid, "place": place, "ref_type": "RetractionIn", "kind": "retraction",
            "ref_pmid": pmid if pmid != subject else 1_400, "subject_pmid": subject}  # fmt: skip


def test_a_retraction_is_known_from_the_day_its_notice_entered(tmp_path: Path) -> None:
    rows = record_rows()
    # paper 1000 by its own record, in a notice (1400) of after the cutoff; paper 1001 by one before
    rows["notices"] = [notice(1_000, 1_000), notice(1_100, 1_001)]
    for row in rows["publications"][:2]:
        row["is_retracted"] = True
    then = make_past(home_of(tmp_path / "whole", rows), tmp_path / "past", CUTOFF)
    papers = lake.read(then.lake_folder, "publications").read(["pmid", "is_retracted"])
    known = dict(zip(papers["pmid"].to_pylist(), papers["is_retracted"].to_pylist(), strict=True))
    assert [pmid for pmid, is_retracted in known.items() if is_retracted] == [1_001]


def test_ties_of_a_retracted_paper_and_of_a_large_one_are_none(tmp_path: Path) -> None:
    crowd = " ".join(f"x{place}" for place in range(60))
    papers = {1: (day(2014), "ann bob"), 2: (day(2014), f"ann cy {crowd}")}
    drawn = Drawn(tmp_path, papers)
    past = drawn.past()
    ann, bob, cy = (drawn.ids[name] - 1 for name in ("ann", "bob", "cy"))
    assert past.ties[[ann, ann], [bob, cy]].tolist() == [1, 0]
    closed = past.closed_to(np.array([ann]))[0]
    assert closed[[ann, bob, cy]].all()  # but who shared a large paper is no new coauthor either


def test_a_recent_paper_of_few_ties_more_than_an_old_one_of_many(tmp_path: Path) -> None:
    papers = {1: (day(2014, 12, 31), "ann bob"), 2: (day(2011, 12, 31), "ann cy dee")}
    drawn = Drawn(tmp_path, papers)
    past = drawn.past()
    weights = past.recent_ties[[drawn.ids["ann"] - 1]].toarray()[0]
    assert weights[drawn.ids["bob"] - 1] == 1
    assert weights[drawn.ids["cy"] - 1] == pytest.approx(np.exp(-1) / 2, rel=1e-3)


def test_yearly_volumes_of_a_journal_are_one_venue(worlds: Worlds) -> None:
    assert worlds[2].venues.of_people.shape[1] == 8


def test_headings_count_as_words_of_the_papers_that_have_them(tmp_path: Path) -> None:
    papers = {pmid: (day(2014), name) for pmid, name in enumerate(("ann", "bob", "cy"), start=1)}
    drawn = Drawn(tmp_path, papers)
    drawn.overrides = {"title": "", "abstract": None}
    drawn.topics = [{"pmid": pmid, "descriptor_ui": "D1"} for pmid in (1, 3)]
    found = scores_of_all(drawn.past())["topic cosine"]
    ann, bob, cy = (drawn.ids[name] - 1 for name in ("ann", "bob", "cy"))
    assert found[ann, cy] == pytest.approx(1)
    assert found[ann, bob] == 0


def test_what_is_served_stands_above_other_candidates_in_its_order(worlds: Worlds) -> None:
    served = worlds[2].served.toarray()
    kept = Settings().recommendations_per_author
    scored = worlds[2].scored.toarray()
    for row, by_score in zip(served, scored, strict=True):
        if row.max() == 0:
            continue
        is_changed = row != by_score
        assert is_changed.sum() <= kept
        assert len(set(row[is_changed].tolist())) == is_changed.sum()
        assert row[is_changed].min() > by_score.max()
