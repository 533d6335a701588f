"""By what a person is known who asks to be left alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.lake import Dataset
from pipeline.serving.database import Engine
from pipeline.serving.evidence import Evidence, find_evidence
from pipeline.serving.roster import import_roster
from pipeline.serving.suppressions import address_hash, suppress
from pipeline.settings import Settings
from tests.serving.world import (
    ADA,
    ADA_ORCID,
    CY,
    CY_ORCID,
    DEE,
    NIGHT,
    WORLD,
    seeded,
    tables,
    world,
)

KEY = b"key"
ROSTER = f"""person_id,name,email,orcid,department,digest
P1,Ada Lovelace,ada@example.org,{ADA_ORCID},,yes
P2,Nobody Here,no@example.org,,,yes
P3,Not Yet,yet@example.org,0000-0002-1694-233X,,yes
"""
HASHES = {name: address_hash(f"{name}@example.org", KEY) for name in ("ada", "no", "yet")}


@pytest.fixture
def known(engine: Engine, settings: Settings, tmp_path: Path) -> Mapping[str, Dataset]:
    """Give the lake beside a roster; the current run knows neither Cy nor Dee."""
    people = [row for row in WORLD["authors"] if row["author_id"] not in (CY, DEE)]
    seeded(engine, world(authors=people, recommendations=[]))
    file = tmp_path / "roster.csv"
    file.write_text(ROSTER, encoding="utf-8")
    import_roster(engine, file, KEY, NIGHT)
    return tables(settings.home, WORLD)


@pytest.mark.parametrize(
    ("who", "found"),
    [
        (f"https://orcid.org/{ADA_ORCID}", Evidence(ADA, ADA_ORCID, ((1, 1),), (HASHES["ada"],))),
        (str(ADA), Evidence(ADA, ADA_ORCID, ((1, 1),), (HASHES["ada"],))),
        ("P1", Evidence(ADA, ADA_ORCID, ((1, 1),), (HASHES["ada"],))),
        (CY_ORCID, Evidence(CY, CY_ORCID, ((3, 1),), ())),
        (str(CY), Evidence(CY, CY_ORCID, ((3, 1),), ())),
        (f" {DEE} ", Evidence(DEE, None, ((1, 2),), ())),
        ("P2", Evidence(None, None, (), (HASHES["no"],))),
        ("P3", Evidence(None, "0000-0002-1694-233X", (), (HASHES["yet"],))),
        ("0000-0001-2345-6789", Evidence(None, "0000-0001-2345-6789", (), ())),
    ],
)
def test_whoever_is_known_anywhere_can_be_left_alone(
    engine: Engine, known: Mapping[str, Dataset], who: str, found: Evidence
) -> None:
    assert find_evidence(engine, who, known) == found


@pytest.mark.parametrize("who", ["", "Lovelace", "999", "9" * 5000, "0000-0001-2345-6788"])
def test_what_is_no_id_finds_nothing(
    engine: Engine, known: Mapping[str, Dataset], who: str
) -> None:
    assert find_evidence(engine, who, known) is None


def test_what_is_found_is_enough_to_suppress(engine: Engine, known: Mapping[str, Dataset]) -> None:
    for who, new in [("P2", 1), (CY_ORCID, 2), (str(CY), 0), ("0000-0001-2345-6789", 1)]:
        found = find_evidence(engine, who, known)
        assert found is not None
        kept = suppress(
            engine,
            NIGHT,
            "test",
            author_id=found.author_id,
            orcid=found.orcid,
            mentions=found.mentions,
            address_hashes=found.address_hashes,
        )
        assert kept == new
