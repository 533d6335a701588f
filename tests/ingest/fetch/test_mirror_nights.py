"""Nights on a mirror in a folder, as the stages drive them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import lake, stages
from pipeline.errors import ConfrereError, WrongUse
from pipeline.ingest.spool import query_hash
from pipeline.settings import Settings
from tests.builders import SHARED
from tests.ingest.conftest import QUERY, PubMed
from tests.ingest.drawn import article, article_set, tables, write
from tests.ingest.fetch.drawn_mirror import Mirror, packed

PUBMED = SHARED / "pubmed"
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def own(tmp_path: Path) -> Mirror:
    drawn = Mirror(tmp_path / "pubmed")
    drawn.put("baseline/pubmed26n0001", packed(article_set([article(1), article(2)])))
    drawn.put("baseline/pubmed26n0002", packed(article_set([article(3)])))
    return drawn


@pytest.fixture
def following(own: Mirror, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", pubmed_mirror=str(own.folder), deleted_pmids_url="")


def titles(settings: Settings) -> dict[int, str]:
    return {row["pmid"]: row["title"] for row in tables(settings.home)["publications"]}


def ledger(settings: Settings) -> list[str]:
    names: list[str] = (
        lake.read(settings.lake_folder, "sources").read(["name"]).column("name").to_pylist()
    )
    return names


def test_a_revision_and_a_deletion_arrive_the_next_night(own: Mirror, following: Settings) -> None:
    stages.run(following, None, None, MORNING)
    assert titles(following) == {1: "T", 2: "T", 3: "T"}
    assert lake.read(following.lake_folder, "identities").row_count == 3
    revised = article(1, title="New", revised="2026-11-23")
    own.put("updatefiles/pubmed26n0003", packed(article_set([revised], deleted=[2])))
    stages.run(following, None, None, MORNING + timedelta(days=1))
    assert titles(following) == {1: "New", 3: "T"}
    assert ledger(following) == [f"pubmed26n000{number}.xml.gz" for number in (1, 2, 3)]
    # what was read left the spool, not the mirror
    assert list(following.spool_folder.iterdir()) == []
    assert len(list(own.folder.glob("*/*.xml.gz"))) == 3
    assert stages.plan_fetch(following, MORNING) == []


def test_what_stands_before_a_gap_or_a_new_year_is_read_and_the_night_is_red(
    own: Mirror, following: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    own.put("updatefiles/pubmed26n0004")
    own.put("baseline/pubmed27n0001")
    read_26 = replace(following, pubmed_year="26")
    with pytest.raises(
        ConfrereError, match=r"files/pubmed26n0003, files/pubmed27n0001\] were not.*run again"
    ):
        stages.run(read_26, None, None, MORNING)
    assert "[pubmed26n0003.xml.gz] is missing" in caplog.text
    assert "CONFRERE_PUBMED_YEAR=27" in caplog.text
    assert ledger(following) == ["pubmed26n0001.xml.gz", "pubmed26n0002.xml.gz"]
    own.put("updatefiles/pubmed26n0003")
    with pytest.raises(ConfrereError, match=r"slices files/pubmed27n0001\] were not"):
        stages.run(following, None, None, MORNING)
    assert ledger(following)[-1] == "pubmed26n0004.xml.gz"
    stages.run(replace(following, pubmed_year="27"), None, None, MORNING)
    assert ledger(following)[-1] == "pubmed27n0001.xml.gz"


def test_a_file_put_into_the_spool_by_hand_fills_a_gap(own: Mirror, following: Settings) -> None:
    own.put("updatefiles/pubmed26n0004")
    following.spool_folder.mkdir(parents=True)
    write(following.spool_folder / "pubmed26n0003.xml.gz", [article(3)])
    stages.run(following, None, None, MORNING)
    assert ledger(following) == [f"pubmed26n000{number}.xml.gz" for number in range(1, 5)]


def test_a_mirror_and_a_query_may_be_followed_each_or_both(
    own: Mirror, pubmed: PubMed, settings: Settings
) -> None:
    pieces = ["files/pubmed26n0001..pubmed26n0002"]
    days = [f"{kind}/2026-11-22@{query_hash(QUERY)}" for kind in ("new", "revised")]
    deleted = ["deleted/2026-11-22"]
    both = replace(settings, pubmed_mirror=str(own.folder), pubmed_since="2026-11-22")
    assert stages.plan_fetch(both, MORNING) == [*pieces, *days, *deleted]
    mirror_only = replace(both, pubmed_query="")
    assert stages.plan_fetch(mirror_only, MORNING) == [*pieces, *deleted]
    assert stages.plan_fetch(replace(both, pubmed_mirror=""), MORNING) == [*days, *deleted]
    for name in stages.plan_fetch(both, MORNING):
        stages.fetch(both, name)
    assert stages.plan_fetch(both, MORNING) == []
    with pytest.raises(WrongUse, match=r"pubmed_query and pubmed_mirror\] are empty"):
        stages.plan_fetch(Settings(home=both.home / "other"), MORNING)


@pytest.mark.skipif(not PUBMED.exists(), reason=f"{PUBMED} is absent")
@pytest.mark.shared
def test_the_real_pair_of_2026_is_followed(tmp_path: Path) -> None:
    real = Settings(home=tmp_path / "home", pubmed_mirror=str(PUBMED), deleted_pmids_url="")
    assert stages.plan_fetch(real, MORNING) == ["files/pubmed26n1334..pubmed26n1335"]
    assert stages.fetch(real, "files/pubmed26n1334..pubmed26n1335") == {"fetched": 60}
    stages.ingest(real, MORNING)
    rows = lake.read(real.lake_folder, "sources").read().to_pylist()
    assert [(row["name"], row["record_count"], row["deletion_count"]) for row in rows] == [
        ("pubmed26n1334.xml.gz", 30, 0),
        ("pubmed26n1335.xml.gz", 30, 6),
    ]
    assert stages.plan_fetch(real, MORNING) == []
    assert len(list(PUBMED.glob("*/pubmed26n133*.xml.gz"))) == 2
