"""The commands that leave people alone and read the roster, over a drawn home."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.serving.database import open_database
from pipeline.settings import Settings
from tests.builders import write_lake
from tests.serving.world import ADA, CY, DEE, WORLD, seeded, world

Printed = pytest.CaptureFixture[str]
UNKNOWN_ORCID = "0000-0002-1694-233X"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a home whose current run knows everybody but Cy; the lake knows Cy too."""
    settings = Settings(home=tmp_path)
    people = [row for row in WORLD["authors"] if row["author_id"] != CY]
    engine = open_database(settings)
    seeded(engine, world(authors=people))
    engine.dispose()
    write_lake(settings.lake_folder, authors=WORLD["authors"], identities=WORLD["identities"])
    return tmp_path


def _suppress(home: Path, who: str, capsys: Printed) -> str:
    assert main(["suppress", who, "--home", str(home)]) == 0
    return capsys.readouterr().out


def test_somebody_is_left_alone_by_name_and_told_so_the_second_time(
    home: Path, capsys: Printed
) -> None:
    said = _suppress(home, "Dee O'Brien", capsys)
    assert said.startswith(f"Dee O'Brien (author {DEE}) is left alone from now on: 1 new")
    assert "already left alone" in _suppress(home, str(DEE), capsys)
    database = sqlite3.connect(home / "serving.sqlite")
    rows = database.execute("SELECT reasons FROM v1_recommendations").fetchall()
    database.close()
    assert not any(fact.get("person_id") == DEE for (row,) in rows for fact in json.loads(row))


@pytest.mark.parametrize("who", [str(CY), UNKNOWN_ORCID])
def test_somebody_outside_the_current_run_can_be_left_alone(
    home: Path, capsys: Printed, who: str
) -> None:
    assert _suppress(home, who, capsys).startswith(f"{who} is left alone from now on")
    assert _suppress(home, who, capsys).startswith(f"{who} was already left alone")


def test_who_is_known_nowhere_is_named(home: Path, capsys: Printed) -> None:
    assert main(["suppress", "Nobody Atall", "--home", str(home)]) == 2
    assert "[Nobody Atall] is nobody" in capsys.readouterr().err


def test_the_roster_says_who_cannot_be_found_and_who_wants_nothing(
    home: Path, tmp_path: Path, capsys: Printed
) -> None:
    file = tmp_path / "roster.csv"
    file.write_text(
        "person_id,name,email,orcid,department,digest\n"
        "P1,Ada,ada@example.org,0000-0002-1825-0097,,yes\n"
        "P2,Bo,bo@example.org,,,yes\n"
        f"P3,New,new@example.org,{UNKNOWN_ORCID},,yes\n",
        encoding="utf-8",
    )
    _suppress(home, str(ADA), capsys)
    assert main(["roster", "import", str(file), "--home", str(home)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "3 people, 2 of them want the digest",
        "1 asked to be left alone: they get none",
        "of the whole roster: 0 found among the authors, 0 to decide, 2 not found; "
        "every run asks again",
    ]
    assert "P2 was already" not in _suppress(home, "P2", capsys)
