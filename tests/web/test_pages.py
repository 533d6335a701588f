"""What the pages say, as text."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from pipeline.serving.database import Engine, writing
from pipeline.serving.roster import import_roster
from pipeline.serving.suppressions import suppress
from tests.serving.world import ADA, ADA_ORCID, BO, CY, DEE, EVE, NIGHT, seeded, world

HTML = {"Accept": "text/html"}


def _text(answer: httpx.Response) -> str:
    """What is read: without tags, white space folded."""
    text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", answer.text.partition("<main")[2], flags=re.DOTALL)
    return re.sub(r"\s+", " ", text)


def test_a_page_of_somebody_says_whom_to_meet_and_why(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    answer = client.get(f"/people/{ADA}")
    assert answer.headers["content-type"].startswith("text/html")
    said = _text(answer)
    assert "Cy Müller Other Hospital" in said
    assert "You have both written with Dee O&#39;Brien, and both publish on “Engines”." in said
    assert "could introduce you" in said
    for link in (
        'href="https://pubmed.ncbi.nlm.nih.gov/3/"',
        f'href="/people/{ADA}/why/{CY}"',
        f'href="https://orcid.org/{ADA_ORCID}"',
    ):
        assert link in answer.text
    assert answer.text.count('class="step"') == 4  # two steps in each of two drawings
    assert "<td>" in answer.text  # the network as a table


def test_why_adds_up(client: httpx.Client, engine: Engine) -> None:
    thirds = [0.333, 0.333, 0.333]
    rows = world()
    rows["recommendations"][0]["score"] = sum(thirds)
    rows["reasons"] = [
        {"author_id": ADA, "candidate_id": CY, "kind": kind, "contribution": part}
        for kind, part in zip(("walk", "topics", "career"), thirds, strict=True)
    ]
    seeded(engine, rows)
    answer = client.get(f"/people/{ADA}/why/{CY}")
    table = answer.text.partition('<table class="sum">')[2].partition("</table>")[0]
    *parts, total = re.findall(r'<td class="number">(−?[\d.]+)</td>', table)
    assert sum(round(float(part) * 100) for part in parts) == round(float(total) * 100) == 100
    assert table.count("<rect") == 3


def test_what_can_no_longer_be_told_is_in_the_sum(client: httpx.Client, engine: Engine) -> None:
    rows = world()
    rows["reasons"][0]["person_id"] = 999  # nobody of the run
    seeded(engine, rows)
    said = _text(client.get(f"/people/{ADA}/why/{CY}"))
    assert "Facts that can no longer be told. 0.50" in said
    assert "Sum: the score 0.75" in said


def test_filters_leave_out_who_is_at_the_same_place(client: httpx.Client, engine: Engine) -> None:
    rows = world()
    rows["authors"][4] |= {"institution": "Example University"}
    seeded(engine, rows)
    assert "Eve Li Wei" in client.get(f"/people/{ADA}").text
    filtered = client.get(f"/people/{ADA}?other_institution=true")
    assert "Eve Li Wei" not in filtered.text
    assert re.search(r'name="other_institution" value="true" checked', filtered.text)
    none = _text(client.get(f"/people/{ADA}?other_department=true"))
    assert "Nobody suggested to you is known to be of another department" in none
    assert "Show all suggestions" in none


def test_a_page_is_never_empty(client: httpx.Client, engine: Engine) -> None:
    rows = world()
    rows["authors"][4]["publication_count"] = 1
    seeded(engine, rows)
    assert "Suggestions start with a person's second paper" in _text(
        client.get(f"/people/{EVE}")
    ).replace("&#39;", "'")
    assert "and the latest we know is of" in _text(client.get(f"/people/{CY}"))


def test_little_history_is_said_in_words(client: httpx.Client, engine: Engine) -> None:
    seeded(engine)
    with writing(engine) as connection:
        connection.exec_driver_sql(
            f"UPDATE people SET has_little_history = 1 WHERE author_id = {BO}"
        )
    assert "We know few papers of yours" in _text(client.get(f"/people/{BO}"))
    assert "We know few papers of yours" not in _text(client.get(f"/people/{ADA}"))


def _import_roster(engine: Engine, folder: Path, lines: str) -> None:
    file = folder / "roster.csv"
    file.write_text(f"person_id,name,email,orcid,department,digest\n{lines}", encoding="utf-8")
    import_roster(engine, file, b"key", NIGHT)


def test_who_is_on_the_roster_and_not_found_is_told_why(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    seeded(engine)
    _import_roster(engine, tmp_path, "P9,Zoe Unknown,zoe@example.org,,Surgery,no\n")
    answer = client.get("/people/P9", headers=HTML)
    assert answer.status_code == 200
    assert "We have not found your papers yet" in answer.text
    assert "Zoe Unknown" in answer.text
    assert "@" not in answer.text
    assert client.get("/people/P8", headers=HTML).status_code == 404


def test_who_opted_out_has_no_page_by_any_id(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    seeded(engine)
    _import_roster(engine, tmp_path, f"P1,Ada,ada@example.org,{ADA_ORCID},Analysis,no\n")
    assert client.get("/people/P1").status_code == 200
    suppress(engine, NIGHT, "test", author_id=ADA, orcid=ADA_ORCID, mentions=[(1, 1)])
    for who in (ADA, ADA_ORCID, "P1"):
        answer = client.get(f"/people/{who}", headers=HTML)
        assert answer.status_code == 404, who
        assert "Ada" not in answer.text
    assert client.get(f"/people/{ADA}/why/{CY}").status_code == 404
    assert "Ada" not in client.get(f"/people/{DEE}").text
    assert "Nobody found" in client.get("/?q=lovelace").text


@pytest.mark.parametrize(
    "asked", ["ada lov", "LOVELACE smith", ADA_ORCID, str(ADA), "example univ", "anal"]
)
def test_people_are_found_by_what_is_known_of_them(
    client: httpx.Client, engine: Engine, asked: str
) -> None:
    seeded(engine)
    said = _text(client.get("/", params={"q": asked}))
    assert "One found" in said
    assert "Ada Løvelace-Smith" in said


def test_errors_are_a_page_for_people(client: httpx.Client, engine: Engine) -> None:
    before = client.get("/people/1", headers=HTML)
    assert (before.status_code, "No run has been published yet" in before.text) == (503, True)
    assert "No run has been published yet" in client.get("/", headers=HTML).text
    seeded(engine)
    answer = client.get("/people/<b>x", headers=HTML)
    assert answer.status_code == 404
    assert "&lt;b&gt;x" in answer.text
    assert client.get("/nowhere", headers=HTML).headers["content-type"].startswith("text/html")
    assert client.get("/nowhere").headers["content-type"] == "application/problem+json"
