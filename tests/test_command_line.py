"""The command line as people meet it: what it prints, and how it fails."""

from __future__ import annotations

import gzip
import re
import shutil
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.demo.records import article_set, record_xml
from pipeline.demo.world import World, build_world
from pipeline.tables import TABLES


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(nights=2)


@pytest.fixture(scope="module")
def records(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slice of the made-up PubMed that runs fast: the last 800 papers."""
    pmids = world.visible(world.first_night)[-800:]
    path = tmp_path_factory.mktemp("records") / "records.xml.gz"
    text = article_set(record_xml(world, pmid, world.first_night) for pmid in pmids)
    path.write_bytes(gzip.compress(text.encode()))
    return path


@pytest.fixture(scope="module")
def home(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    assert main(["run", "--files", str(records), "--home", str(home)]) == 0
    return home


@pytest.fixture(scope="module")
def somebody(home: Path, world: World) -> str:
    """A name with suggestions."""
    import sqlite3

    database = sqlite3.connect(home / "serving.sqlite")
    [(name,)] = database.execute(
        "SELECT display_name FROM v1_people WHERE is_served GROUP BY name_key"
        " HAVING COUNT(*) = 1 ORDER BY publication_count DESC, author_id LIMIT 1"
    ).fetchall()
    return str(name)


Printed = pytest.CaptureFixture[str]


def test_suggestions_are_found_by_name_and_by_id(
    home: Path, somebody: str, capsys: Printed
) -> None:
    assert main(["suggestions", somebody, "--home", str(home), "--limit", "3"]) == 0
    by_name = capsys.readouterr().out
    assert by_name.startswith(somebody)
    assert " 3  " in by_name
    assert "PMID" in by_name
    author_id = by_name.split("author ")[1].split()[0]
    assert main(["suggestions", author_id, "--home", str(home), "--limit", "3"]) == 0
    assert capsys.readouterr().out == by_name


def test_a_name_that_fits_several_people_lists_them(home: Path, capsys: Printed) -> None:
    assert main(["suggestions", "wang", "--home", str(home)]) == 2
    printed = capsys.readouterr()
    assert "give the author id" in printed.err
    assert printed.out.lower().count("wang") >= 2


def one_line(printed: str) -> str:
    """The one line an error prints, without log lines."""
    [line] = [line for line in printed.splitlines() if line.startswith("confrere: ")]
    assert "Traceback" not in printed
    return line


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["suggestions", "Nobody Atall"], 2, "[Nobody Atall] is nobody in the current run"),
        (["export", "authors", "--out", "/nowhere/x.csv"], 2, "[/nowhere] is no folder"),
        (["export", "authors", "--out", "x.doc"], 2, "ends in none of"),
        (["export", "authors", "--out", "x.graphml"], 2, "is no graph"),
        (["rollback", "nowhere"], 2, "[run nowhere] is not kept"),
        (["grants", "--portal", "intranet"], 2, "[grants] are for PostgreSQL"),
        (["grants", "--pipeline", "night", "--institution", "x"], 2, "[--institution] is for"),
        (["roster", "import", "/nowhere.csv"], 1, "/nowhere.csv"),
        (["run", "--files", "/nowhere.xml"], 2, "/nowhere.xml"),
    ],
)
def test_a_mistake_prints_one_line_and_the_remedy(
    home: Path, capsys: Printed, arguments: list[str], code: int, said: str
) -> None:
    assert main([*arguments, "--home", str(home)]) == code
    assert said in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("arguments", [["run", "--as-of", "soon"], ["fly"], []])
def test_wrong_options_exit_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2


def test_bad_files_are_refused_by_name_and_the_result_before_stays_served(
    home: Path, records: Path, somebody: str, tmp_path: Path, capsys: Printed
) -> None:
    main(["suggestions", somebody, "--home", str(home)])
    before = capsys.readouterr().out
    truncated = tmp_path / "truncated.xml.gz"
    truncated.write_bytes(records.read_bytes()[:20_000])
    prose = tmp_path / "prose.xml"
    prose.write_text("Dear Sir or Madam,", encoding="utf-8")
    page = tmp_path / "page.xml"
    page.write_text("<html><body>Bad gateway</body></html>", encoding="utf-8")
    for bad in (truncated, prose, page):
        assert main(["run", "--files", str(records), str(bad), "--home", str(home)]) == 1
        assert bad.name in one_line(capsys.readouterr().err)
        main(["suggestions", somebody, "--home", str(home)])
        assert capsys.readouterr().out == before


def test_too_few_papers_to_serve_anybody_are_no_failure(
    world: World, home: Path, somebody: str, tmp_path: Path, capsys: Printed
) -> None:
    alone = tmp_path / "alone.xml"
    pmid = world.visible(world.first_night)[-1]
    alone.write_text(article_set([record_xml(world, pmid, world.first_night)]), encoding="utf-8")
    assert main(["run", "--files", str(alone), "--home", str(tmp_path / "new")]) == 0
    assert main(["suggestions", somebody, "--home", str(tmp_path / "new")]) == 1
    assert "nobody to serve yet" in one_line(capsys.readouterr().err)
    # but where a run is served, an empty one does not take its place
    served = tmp_path / "served"
    shutil.copytree(home, served)
    assert main(["run", "--files", str(alone), "--home", str(served), "--as-of", "1990-01-01"]) == 1
    assert "the run before stays served" in one_line(capsys.readouterr().err)
    assert main(["suggestions", somebody, "--home", str(served)]) == 0


def test_an_unwritable_home_is_named(tmp_path: Path, records: Path, capsys: Printed) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be", encoding="utf-8")
    for command in (["run", "--files", str(records)], ["suggestions", "x"], ["check"]):
        assert main([*command, "--home", str(blocked)]) in (1, 2)
        assert str(blocked) in one_line(capsys.readouterr().err)


def test_an_empty_home_says_what_to_do(tmp_path: Path, capsys: Printed) -> None:
    assert main(["suggestions", "x", "--home", str(tmp_path)]) == 1
    assert "`confrere run` makes one" in one_line(capsys.readouterr().err)
    assert main(["run", "--home", str(tmp_path)]) == 2
    assert "CONFRERE_PUBMED_QUERY" in one_line(capsys.readouterr().err)


def test_an_unknown_setting_is_named(
    tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFRERE_HALF_LIVE", "3")
    assert main(["check", "--home", str(tmp_path)]) == 2
    assert "CONFRERE_HALF_LIVE" in one_line(capsys.readouterr().err)


def test_the_same_run_twice_publishes_once(home: Path, records: Path, capsys: Printed) -> None:
    main(["check", "--home", str(home)])
    before = capsys.readouterr().out
    assert main(["run", "--files", str(records), "--home", str(home)]) == 0
    capsys.readouterr()
    main(["check", "--home", str(home)])
    assert capsys.readouterr().out == before


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "graphml", "gexf"])
def test_an_export_holds_every_row(
    home: Path, tmp_path: Path, capsys: Printed, ending: str
) -> None:
    out = tmp_path / f"coauthorships.{ending}"
    assert main(["export", "coauthorships", "--out", str(out), "--home", str(home)]) == 0
    counted = int(capsys.readouterr().out.split(": ")[1].split(" rows")[0].replace(",", ""))
    assert counted > 1000
    assert rows_of(out) == counted


def rows_of(path: Path) -> int:
    """Count the rows of an export with a library that did not write it."""
    import networkx as nx
    import pandas as pd

    if path.suffix == ".graphml":
        return int(nx.read_graphml(path).number_of_edges())
    if path.suffix == ".gexf":
        return int(nx.read_gexf(path).number_of_edges())
    if path.suffix == ".csv":
        return len(pd.read_csv(path))
    if path.suffix == ".parquet":
        return len(pd.read_parquet(path))
    return len(pd.read_json(path, lines=True))


def test_a_suppressed_person_disappears_at_once_and_stays_away(
    home: Path, records: Path, tmp_path: Path, capsys: Printed
) -> None:
    import sqlite3

    database = sqlite3.connect(home / "serving.sqlite")
    seen = "SELECT COUNT(*) FROM v1_recommendations WHERE {0} IN (author_id, candidate_id)"
    [(gone,)] = database.execute(
        "SELECT candidate_id FROM v1_recommendations GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT 1"
    ).fetchall()
    assert main(["suppress", str(gone), "--home", str(home)]) == 0
    assert database.execute(seen.format(gone)).fetchone() == (0,)
    assert main(["suggestions", str(gone), "--home", str(home)]) == 2
    assert main(["run", "--files", str(records), "--home", str(home)]) == 0
    assert database.execute(seen.format(gone)).fetchone() == (0,)
    out = tmp_path / "recommendations.csv"
    assert main(["export", "recommendations", "--out", str(out), "--home", str(home)]) == 0
    assert str(gone) not in out.read_text(encoding="utf-8").replace(",", "\n").split()
    capsys.readouterr()


def test_a_roster_is_imported_whole_or_not_at_all(
    home: Path, world: World, tmp_path: Path, capsys: Printed
) -> None:
    good = tmp_path / "roster.csv"
    good.write_text(world.roster, encoding="utf-8")
    assert main(["roster", "import", str(good), "--home", str(home)]) == 0
    said = capsys.readouterr().out
    assert "25 people, 15 of them want the digest" in said
    assert re.search(r"[1-9]\d* found among the authors, \d+ to decide, \d+ not found", said)
    bad = tmp_path / "bad.csv"
    bad.write_text(world.roster.replace("@", " at ", 1), encoding="utf-8")
    assert main(["roster", "import", str(bad), "--home", str(home)]) == 1
    assert "bad.csv line 2" in one_line(capsys.readouterr().err)


def test_the_data_dictionary_lists_every_table(capsys: Printed) -> None:
    assert main(["tables"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n## ") == len(TABLES)
