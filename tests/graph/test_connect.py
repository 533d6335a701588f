"""Coauthorships on small drawn tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline import lake
from pipeline.graph import connect
from pipeline.settings import Settings
from tests.builders import write_lake

NOW = date(2025, 6, 1)
AFFECTED = ("affected_authors", "affected_pairs")


def coauthorships(
    home: Path,
    papers: list[dict[str, Any]],
    names: dict[int, list[int]],
    notices: Sequence[dict[str, Any]] = (),
    **options: Any,
) -> list[dict[str, Any]]:
    """Connect `papers`, whose authors are `names[pmid]`; return the rows."""
    settings = Settings(home=home, **options)
    identities = [
        {"pmid": pmid, "position": place, "author_id": author}
        for pmid, authors in names.items()
        for place, author in enumerate(authors, start=1)
    ]
    everyone = sorted({author for authors in names.values() for author in authors})
    write_lake(
        settings.lake_folder,
        publications=[
            {"author_count": len(names[p["pmid"]]), "entered_on": NOW, **p} for p in papers
        ],
        identities=identities,
        notices=notices,
        authors=[{"author_id": author} for author in everyone],
    )
    current = lake.datasets(settings.lake_folder, ["identities", "publications", "notices"])
    with lake.begin(settings.lake_folder) as commit:
        connect.connect(current, commit, NOW, settings, "test")
    return lake.read(settings.lake_folder, "coauthorships").read().to_pylist()


def test_a_paper_of_three_gives_each_pair_a_half(tmp_path: Path) -> None:
    rows = coauthorships(tmp_path, [{"pmid": 1}], {1: [30, 10, 20]})
    assert [(r["author_id"], r["coauthor_id"], r["weight"]) for r in rows] == [
        (10, 20, 0.5),
        (10, 30, 0.5),
        (20, 30, 0.5),
    ]


def test_a_paper_halves_every_half_life_and_the_latest_paper_is_named(tmp_path: Path) -> None:
    papers = [
        {"pmid": 7, "entered_on": date(2020, 6, 9)},
        {"pmid": 3, "entered_on": date(2015, 6, 30)},
    ]
    [row] = coauthorships(tmp_path, papers, {7: [1, 2], 3: [2, 1]}, half_life_years=5.0)
    assert row["weight"] == pytest.approx(0.5 + 0.25)
    assert (row["first_on"], row["last_on"]) == (date(2015, 6, 30), date(2020, 6, 9))
    assert (row["publication_count"], row["last_pmid"]) == (2, 7)


def test_retracted_papers_large_papers_and_lone_authors_give_no_edge(tmp_path: Path) -> None:
    papers = [{"pmid": 1, "is_retracted": True}, {"pmid": 2}, {"pmid": 3}]
    assert coauthorships(tmp_path, papers, {1: [1, 2], 2: [1, 2, 3, 4], 3: [5]}, author_cap=3) == []


def test_the_same_tables_give_the_same_rows_twice(tmp_path: Path) -> None:
    papers = [
        {"pmid": pmid, "entered_on": date(2000 + pmid % 25, 1 + pmid % 12, 1)}
        for pmid in range(1, 200)
    ]
    names = {pmid: sorted({pmid % 7, pmid % 11, pmid % 13} - {0}) or [1] for pmid in range(1, 200)}
    first = coauthorships(tmp_path, papers, names)
    assert len(first) > 20
    assert coauthorships(tmp_path, papers, names) == first


def test_whom_notices_affect_is_listed_with_the_day_they_were_noted(tmp_path: Path) -> None:
    notice = {"ref_type": "RetractionOf", "kind": "retraction", "subject_pmid": 1, "notice_pmid": 9}
    coauthorships(
        tmp_path,
        [
            {"pmid": 1, "is_retracted": True},
            {"pmid": 2, "revised_on": date(2025, 3, 1)},
            {"pmid": 3},
            {"pmid": 9, "entered_on": date(2025, 2, 1)},
        ],
        {1: [11, 12, 13], 2: [11, 14], 3: [11, 15], 9: [16]},
        [
            {"pmid": 1, "kind": "retraction", "subject_pmid": 1, "notice_pmid": 9},
            {"pmid": 9, **notice},
            {"pmid": 9, "place": 2, "kind": "other", "subject_pmid": 3, "notice_pmid": 9},
            # a notice that PubMed does not hold, and one of a paper that the lake does not
            {"pmid": 2, "kind": "erratum", "subject_pmid": 2, "notice_pmid": None},
            {"pmid": 3, "kind": "erratum", "subject_pmid": 77, "notice_pmid": 3},
        ],
        author_cap=2 + 1,
    )
    affected = lake.datasets(Settings(home=tmp_path).lake_folder, AFFECTED)
    people = affected["affected_authors"].read().to_pylist()
    assert [(r["pmid"], r["kind"], r["author_id"], r["noted_on"]) for r in people] == [
        (1, "retraction", 11, date(2025, 2, 1)),
        (1, "retraction", 12, date(2025, 2, 1)),
        (1, "retraction", 13, date(2025, 2, 1)),
        (2, "erratum", 11, date(2025, 3, 1)),
        (2, "erratum", 14, date(2025, 3, 1)),
    ]
    pairs = affected["affected_pairs"].read().to_pylist()
    assert [(r["pmid"], r["author_id"], r["coauthor_id"]) for r in pairs] == [
        (1, 11, 12),
        (1, 11, 13),
        (1, 12, 13),
        (2, 11, 14),
    ]


def test_a_notice_of_after_the_day_asked_for_affects_nobody_yet(tmp_path: Path) -> None:
    coauthorships(
        tmp_path,
        [{"pmid": 1}, {"pmid": 9, "entered_on": date(2025, 6, 2)}],
        {1: [11, 12], 9: [16]},
        [{"pmid": 9, "kind": "retraction", "subject_pmid": 1, "notice_pmid": 9}],
    )
    affected = lake.datasets(Settings(home=tmp_path).lake_folder, AFFECTED)
    assert [table.row_count for table in affected.values()] == [0, 0]
