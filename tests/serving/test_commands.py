"""The commands that leave people alone and read the roster, over a drawn home."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from pipeline import lake, stages
from pipeline.__main__ import main
from pipeline.serving.database import open_database
from pipeline.settings import Settings
from tests.builders import write_lake
from tests.serving.world import ADA, BO, CY, DEE, EVE, WORLD, Rows, seeded, world

Printed = pytest.CaptureFixture[str]
BO2 = 106
UNKNOWN_ORCID = "0000-0002-1694-233X"
GIVEN_UP: Rows = [
    {"author_id": 7, "current_id": BO},
    {"author_id": 8, "current_id": None},
    {"author_id": 9, "current_id": CY},
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a home whose current run knows everybody but Cy; the lake knows Cy too.

    Bo was once 7, Cy was 9, and 8 is gone.
    """
    settings = Settings(home=tmp_path)
    people = [row for row in WORLD["authors"] if row["author_id"] != CY]
    engine = open_database(settings)
    seeded(engine, world(authors=people, redirects=GIVEN_UP))
    engine.dispose()
    write_lake(
        settings.lake_folder,
        authors=WORLD["authors"],
        identities=WORLD["identities"],
        redirects=GIVEN_UP,
    )
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


def test_suggestions_by_an_id_that_was_given_up(home: Path, capsys: Printed) -> None:
    assert main(["suggestions", "7", "--home", str(home)]) == 0
    assert f"author {BO}" in capsys.readouterr().out
    for who, said in [("8", "[8] is gone: PubMed has none"), ("9", f"run (now {CY}), and is")]:
        assert main(["suggestions", who, "--home", str(home)]) == 2
        told = capsys.readouterr()
        assert said in told.err
        assert (told.out, told.err.count("\n")) == ("", 1)


def test_who_is_on_the_roster_and_not_found_is_told_so(
    home: Path, tmp_path: Path, capsys: Printed
) -> None:
    roster = tmp_path / "roster.csv"
    line = "P77,Nia Unknown,nia@example.org,no"
    roster.write_text(f"person_id,name,email,digest\n{line}\n", encoding="utf-8")
    assert main(["roster", "import", str(roster), "--home", str(home)]) == 0
    capsys.readouterr()
    assert main(["suggestions", "P77", "--home", str(home)]) == 2
    assert "[P77] is Nia Unknown on the roster, and no author" in capsys.readouterr().err


def test_an_id_that_was_given_up_leaves_alone_who_it_is_now(home: Path, capsys: Printed) -> None:
    said = _suppress(home, "7", capsys)
    assert said.startswith(f"Bo Adams (author {BO}) is left alone from now on: 1 new")
    for who in ("7", str(BO)):
        assert main(["suggestions", who, "--home", str(home)]) == 2
        assert f"[{who}] is nobody in the current run" in capsys.readouterr().err
    assert _suppress(home, "8", capsys).startswith("8 is left alone from now on: 1 new")
    assert main(["suggestions", "8", "--home", str(home)]) == 2
    assert "[8] is nobody" in capsys.readouterr().err


def test_an_export_of_ids_leaves_out_those_that_lead_to_the_suppressed(
    home: Path, capsys: Printed
) -> None:
    for count, who in [(3, None), (2, "7"), (1, str(CY))]:
        if who:
            _suppress(home, who, capsys)
        out = home / "redirects.csv"
        assert main(["export", "redirects", "--out", str(out), "--home", str(home)]) == 0
        assert capsys.readouterr().out.endswith(f": {count} rows of redirects\n")


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


ROSTER = """person_id,name,email,digest,department,pmids
P1,Ada Lovelace-Smith,ada@example.org,yes,Analysis,1
P2,"Adams, Bo",bo@example.org,yes,,
P3,Nobody Here,no@example.org,no,,
"""


@pytest.fixture
def rostered(tmp_path: Path, capsys: Printed) -> Path:
    """Give a home with mentions, and the roster imported; Bo has two ids, of papers 5 and 6."""
    settings = Settings(home=tmp_path)
    names = {ADA: ("lovelacesmith|a", "ada"), CY: ("muller|c", "cy"), BO: ("adams|b", "bo"),
             EVE: ("wei|e", "eve li"), DEE: ("obrien|d", "dee")}  # fmt: skip
    said = {
        author_id: {"block": block, "given_names": given}
        for author_id, (block, given) in names.items()
    }
    said[BO2] = said[BO]
    authors = [*WORLD["authors"], {"author_id": BO2, "display_name": "B Adams"}]
    identities = [*WORLD["identities"], {"pmid": 6, "position": 1, "author_id": BO2}]
    engine = open_database(settings)
    seeded(engine, world(authors=authors))
    engine.dispose()
    write_lake(
        settings.lake_folder,
        authors=[{**row, **said[row["author_id"]]} for row in authors],
        identities=identities,
        mentions=[{**row, **said[row["author_id"]]} for row in identities],
        authorships=identities,
        redirects=[*GIVEN_UP, {"author_id": 5, "current_id": BO}],
        publications=[{"pmid": row["pmid"]} for row in identities if row["position"] == 1],
    )
    file = tmp_path / "roster.csv"
    file.write_text(ROSTER, encoding="utf-8")
    assert main(["roster", "import", str(file), "--home", str(tmp_path)]) == 0
    return tmp_path


def test_neither_output_nor_log_nor_matches_hold_an_address(
    rostered: Path, capsys: Printed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    (rostered / "roster.csv").write_text(ROSTER + "P4,,dee@example.org,dee@example.org,,\n")
    assert main(["roster", "import", str(rostered / "roster.csv"), "--home", str(rostered)]) == 1
    (rostered / "roster.csv").write_text(ROSTER)
    assert main(["roster", "import", str(rostered / "roster.csv"), "--home", str(rostered)]) == 0
    assert main(["roster", "review", "--home", str(rostered)]) == 0
    printed = capsys.readouterr()
    assert "example.org" not in printed.out + printed.err + caplog.text
    database = sqlite3.connect(rostered / "serving.sqlite")
    assert "@" not in str(database.execute("SELECT * FROM roster_matches").fetchall())
    database.close()


def test_a_roster_is_matched_reviewed_and_decided_on(rostered: Path, capsys: Printed) -> None:
    home = ["--home", str(rostered)]
    said = capsys.readouterr().out
    assert said.startswith(
        "3 people, 2 of them want the digest\n"
        "of the whole roster: 1 found among the authors, 1 to decide, 1 not found;"
    )
    question = f"Adams, Bo (P2): author {BO}, Bo Adams? "
    assert question in said
    assert "for: first and last name agree" in said
    assert "ada@" not in said

    assert main(["roster", "review", *home, "--limit", "1"]) == 0
    said = capsys.readouterr().out
    assert said.count("(P2)") == 1
    assert "1 more: confrere roster review --limit 2" in said

    assert main(["roster", "decide", "P2", str(BO), "yes", "--by", "the library", *home]) == 0
    assert (
        capsys.readouterr().out
        == f"Adams, Bo (P2) is Bo Adams, author {BO}: kept, as decided by the library\n"
    )
    assert main(["roster", *home, "decide", "P2", str(BO2), "no"]) == 0
    assert f"is not B Adams, author {BO2}: kept, as decided by " in capsys.readouterr().out
    assert main(["roster", "review", *home]) == 0
    assert capsys.readouterr().out == "nothing to decide\n"
    assert main(["suggestions", "P2", *home]) == 0
    assert capsys.readouterr().out.startswith("Bo Adams")

    pairs = stages.decided_pairs(Settings(home=rostered)).to_pylist()
    assert pairs == [
        {"pmid": 5, "position": 1, "other_pmid": 6, "other_position": 1, "is_same": False}
    ]


def test_a_decision_outlives_new_author_ids(rostered: Path, capsys: Printed) -> None:
    home, settings = ["--home", str(rostered)], Settings(home=rostered)
    assert main(["roster", "decide", "P2", str(BO), "no", *home]) == 0
    assert main(["roster", "decide", "P2", str(BO2), "yes", *home]) == 0
    tables = lake.datasets(settings.lake_folder, ("authors", "identities"))
    swap = {BO: BO2, BO2: BO}
    renamed = {
        name: [
            {**row, "author_id": swap.get(row["author_id"], row["author_id"])}
            for row in tables[name].read().to_pylist()
        ]
        for name in tables
    }
    write_lake(settings.lake_folder, **renamed)
    stages.match_roster(settings)
    database = sqlite3.connect(rostered / "serving.sqlite")
    found = database.execute("SELECT author_id, status FROM roster_matches WHERE person_id = 'P2'")
    assert dict(found.fetchall()) == {BO: "confirmed", BO2: "rejected"}
    found = database.execute("SELECT author_id FROM subscribers WHERE person_id = 'P2'")
    assert found.fetchall() == [(BO,)]
    database.close()


def test_a_suppressed_author_is_not_shown_for_review(rostered: Path, capsys: Printed) -> None:
    _suppress(rostered, str(BO), capsys)
    assert main(["roster", "review", "--home", str(rostered)]) == 0
    assert f"author {BO}," not in capsys.readouterr().out


def test_a_decision_on_an_id_that_was_given_up_is_on_who_it_is_now(
    rostered: Path, capsys: Printed
) -> None:
    capsys.readouterr()
    assert main(["roster", "decide", "P2", "5", "yes", "--by", "me", "--home", str(rostered)]) == 0
    said = capsys.readouterr().out
    assert said == f"Adams, Bo (P2) is Bo Adams, author {BO} (once 5): kept, as decided by me\n"
    database = sqlite3.connect(rostered / "serving.sqlite")
    kept = "SELECT author_id FROM roster_decisions UNION SELECT author_id FROM subscribers"
    assert (BO,) in database.execute(kept).fetchall()
    assert (5,) not in database.execute(kept).fetchall()
    database.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["decide", "P2", "8", "yes"], "[8] is gone"),
        (["decide", "P9", str(BO), "yes"], "[P9] is nobody on the roster"),
        (["decide", "P2", "999", "yes"], "[999] is no author"),
    ],
)
def test_a_decision_on_nobody_is_refused(
    rostered: Path, capsys: Printed, arguments: list[str], said: str
) -> None:
    assert main(["roster", *arguments, "--home", str(rostered)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["decide", "P2", "x", "yes"], ["decide", "P2", "1", "perhaps"], []]
)
def test_wrong_words_after_roster_exit_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["roster", *arguments])
    assert exit_.value.code == 2
