"""Matching a roster to authors: names read, evidence weighed, doubts left open; planted truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import lake
from pipeline.demo.world import build_world
from pipeline.identity.roster.match import PEOPLE, PROPOSALS, SURE, TABLES, match
from pipeline.identity.roster.names import readings
from pipeline.settings import Settings
from tests.benchmarks import roster as benchmark
from tests.builders import write_lake

ADA_ORCID, OTHER_ORCID = "0000-0002-1825-0097", "0000-0001-5109-3700"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Jane Doe", [("doe", "jane")]),
        ("Doe, Jane A.", [("doe", "jane a")]),
        ("Prof. Dr. med. Jane Doe", [("doe", "jane")]),
        ("Univ.-Prof. Dr. h.c. Jane Doe, PhD, MSc", [("doe", "jane")]),
        ("Jane Doe MD PhD", [("doe", "jane")]),
        ("John Doe Jr.", [("doe", "john")]),
        ("Doe, Jane, MD", [("doe", "jane")]),
        ("JL Smith", [("smith", "j l")]),
        ("J.-L. Smith", [("smith", "j l")]),
        ("Jean-Luc Smith", [("smith", "jean luc")]),
        ("DUPONT Marie-Claire", [("dupont", "marie claire")]),
        ("Marie DUPONT LEROY", [("dupontleroy", "marie")]),
        ("MARIE DUPONT", [("dupont", "marie")]),
        ("Ludwig van Beethoven", [("vanbeethoven", "ludwig")]),
        ("Ana Maria de la Cruz", [("delacruz", "ana maria")]),
        ("María García López", [("lopez", "maria garcia"), ("garcialopez", "maria")]),
        ("Anna B. Meier", [("meier", "anna b")]),
        ("Robert (Bob) Smith", [("smith", "robert")]),
        ("Sinéad O’Brien", [("obrien", "sinead")]),
        ("Sukarno", [("sukarno", "")]),
        ("Dr. Who", [("who", "")]),
        ("王 伟", [("伟", "王")]),
        ("123 ... !", []),
        ("", []),
    ],
)  # fmt: skip
def test_names_are_read_as_rosters_write_them(
    printed: str, expected: list[tuple[str, str]]
) -> None:
    assert [tuple(reading) for reading in readings(printed)] == expected


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(printed: str) -> None:
    for reading in readings(printed):
        assert reading.last_name
        assert reading.block == f"{reading.last_name}|{reading.given_names[:1]}"


class Drawn:
    """Authors drawn as (author_id, name, papers), each paper with an authorship of its own."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}

    def author(self, author_id: int, name: str, count: int = 3, **more: Any) -> Drawn:
        """Add an author of papers `author_id * 100 + 1` and so on."""
        [reading, *_] = readings(name)
        said = {"block": reading.block, "given_names": reading.given_names}
        place = {key: more.get(key) for key in ("institution", "department", "orcid")}
        self.rows["authors"].append(
            {
                "author_id": author_id,
                "display_name": name,
                "publication_count": count,
                **said,
                **place,
            }
        )
        for pmid in range(author_id * 100 + 1, author_id * 100 + count + 1):
            key = {"pmid": pmid, "position": more.get("position", 1)}
            self.rows["authorships"].append({**key, "affiliations": more.get("affiliations", [])})
            self.rows["mentions"].append({**key, **said, **place})
            self.rows["identities"].append({**key, "author_id": author_id})
        return self

    def crowd(self, count: int = 300) -> Drawn:
        """Add authors of other names at other places, so that names and places are rare."""
        for n in range(count):
            letters = "".join(chr(97 + (n // 26**k) % 26) for k in range(3))
            place: dict[str, Any] = {
                "institution": f"University of {letters}",
                "department": f"Department of {letters}",
            }
            self.author(1000 + n, f"{letters[::-1]}o {letters}son", **place)
        return self

    def match(
        self, folder: Path, *people: Mapping[str, Any]
    ) -> dict[tuple[str, int], dict[str, Any]]:
        """Match people (name and whatever else) and give the proposals by person and author."""
        write_lake(folder, **self.rows)
        rows = [{"person_id": f"P{n}", **person} for n, person in enumerate(people, start=1)]
        found = match(
            pa.Table.from_pylist(rows, PEOPLE), lake.datasets(folder, TABLES), Settings(home=folder)
        )
        assert found.schema == PROPOSALS
        return {(row["person_id"], row["author_id"]): row for row in found.to_pylist()}


@pytest.fixture
def drawn() -> Drawn:
    return Drawn().crowd()


def _sure(found: Mapping[tuple[str, int], Mapping[str, Any]]) -> set[tuple[str, int]]:
    for row in found.values():
        assert (row["status"] == "matched") == (row["confidence"] >= SURE)
    return {key for key, row in found.items() if row["status"] == "matched"}


def _kinds(row: Mapping[str, Any]) -> set[str]:
    return {fact["kind"] for fact in json.loads(row["evidence"])}


def test_an_orcid_decides_whatever_the_name(drawn: Drawn, tmp_path: Path) -> None:
    drawn.author(1, "Ada Doe", orcid=ADA_ORCID).author(2, "Ada Roe")
    found = drawn.match(tmp_path, {"name": "Ada Roe", "orcid": ADA_ORCID})
    assert _sure(found) == {("P1", 1)}
    assert "orcid" in _kinds(found["P1", 1])


def test_another_orcid_never_matches(drawn: Drawn, tmp_path: Path) -> None:
    drawn.author(1, "Ada Doe", orcid=OTHER_ORCID, institution="Example University")
    person = {"name": "Ada Doe", "institution": "Example University", "pmids": [101]}
    assert drawn.match(tmp_path / "a", person | {"orcid": ADA_ORCID}) == {}
    assert _sure(drawn.match(tmp_path / "b", person)) == {("P1", 1)}


def test_a_common_name_alone_is_left_to_decide(drawn: Drawn, tmp_path: Path) -> None:
    for n in range(1, 31):
        drawn.author(n, f"{'abcdefghijklmnopqrstuvwxyzabcd'[n - 1]}a Wang").author(
            100 + n, f"Wei L{'abcdefghijklmnopqrstuvwxyzabcd'[n - 1]}o"
        )
    drawn.author(50, "Wei Wang")
    [(key, row)] = drawn.match(tmp_path, {"name": "Wang, Wei"}).items()
    assert key == ("P1", 50)
    assert row["status"] == "to decide"
    assert _kinds(row) == {"name", "rarity"}


def test_two_authors_equally_likely_leave_both_to_decide(drawn: Drawn, tmp_path: Path) -> None:
    place: dict[str, Any] = {
        "institution": "Example University",
        "department": "Department of Surgery",
    }
    drawn.author(1, "Ada Doe", **place).author(2, "Ada Doe", **place)
    person = {"name": "Ada Doe", "institution": "Example University", "department": "Surgery"}
    found = drawn.match(tmp_path, person)
    assert set(found) == {("P1", 1), ("P1", 2)}
    assert _sure(found) == set()
    assert max(row["confidence"] for row in found.values()) <= 0.5


def test_places_tell_namesakes_apart(drawn: Drawn, tmp_path: Path) -> None:
    drawn.author(1, "Ada Doe", institution="Example University", department="Department of Surgery")
    drawn.author(
        2, "Ada Doe", institution="University of Elsewhere", department="Institute of Botany"
    )
    person = {
        "name": "Dr. Ada Doe",
        "institution": "Example University",
        "department": "Division of Surgery",
    }
    found = drawn.match(tmp_path / "now", person)
    assert _sure(found) == {("P1", 1)}
    assert {"institution", "department"} <= _kinds(found["P1", 1])
    past = {"name": "Ada Doe", "past_affiliations": ["Univ of Elsewhere, Elsewhere"]}
    found = drawn.match(tmp_path / "past", past)
    assert max(found, key=lambda key: found[key]["confidence"]) == ("P1", 2)
    assert "past" in _kinds(found["P1", 2])


def test_two_people_of_one_name_leave_their_author_to_decide(drawn: Drawn, tmp_path: Path) -> None:
    drawn.author(1, "Ada Doe", institution="Example University")
    person = {"name": "Ada Doe", "institution": "Example University"}
    assert _sure(drawn.match(tmp_path / "one", person)) == {("P1", 1)}
    assert _sure(drawn.match(tmp_path / "two", person, person)) == set()
    told = drawn.match(tmp_path / "told", person, person | {"pmids": [101, 102]})
    assert _sure(told) == {("P2", 1)}


def test_a_known_paper_decides_by_the_one_name_that_agrees(drawn: Drawn, tmp_path: Path) -> None:
    drawn.author(1, "A Doe").author(2, "Ada Doe")
    assert _sure(drawn.match(tmp_path / "a", {"name": "Ada Doe", "pmids": [101, 102]})) == {
        ("P1", 1)
    }
    assert _sure(drawn.match(tmp_path / "b", {"name": "Bea Roe", "pmids": [101, 102]})) == set()
    drawn.rows["mentions"].append({**drawn.rows["mentions"][-6], "position": 2})
    drawn.rows["identities"].append({**drawn.rows["identities"][-6], "position": 2, "author_id": 2})
    found = drawn.match(
        tmp_path / "c", {"name": "Ada Doe", "pmids": [101]}
    )  # two of the name on it
    assert not any("pmid" in _kinds(row) for row in found.values())


def test_a_person_split_over_two_authors_may_be_both(drawn: Drawn, tmp_path: Path) -> None:
    drawn.author(1, "Ada Doe").author(2, "A Doe")
    found = drawn.match(tmp_path, {"name": "Ada Doe", "pmids": [101, 102, 201, 202]})
    assert _sure(found) == {("P1", 1), ("P1", 2)}


def test_a_printed_address_names_the_paper_and_never_the_address(
    drawn: Drawn, tmp_path: Path
) -> None:
    text = "Example University. Electronic address: Ada.Doe@example.org."
    drawn.author(1, "A Doe", 1, affiliations=[text]).author(2, "A Doe")
    drawn.author(3, "A Doe", 1, affiliations=["Elsewhere. xada.doe@example.org"])
    found = drawn.match(tmp_path, {"name": "Ada Doe", "email": "ada.doe@EXAMPLE.org"})
    assert _sure(found) == {("P1", 1)}
    [fact] = [fact for fact in json.loads(found["P1", 1]["evidence"]) if fact["kind"] == "email"]
    assert (fact["pmid"], fact["papers"]) == (101, 1)
    assert not any("@" in row["evidence"] for row in found.values())


@pytest.mark.parametrize(
    ("printed", "agrees"),
    [
        ("Ada Doe", True),
        ("A Doe", True),
        ("Ada B Doe", True),
        ("Eve Doe", False),
        ("Ada C Doe", False),
        ("Al Doe", False),
    ],
)
def test_names_that_differ_are_no_candidates(
    printed: str, agrees: bool, drawn: Drawn, tmp_path: Path
) -> None:
    drawn.author(1, printed, institution="Example University")
    found = drawn.match(tmp_path, {"name": "Ada B. Doe", "institution": "Example University"})
    assert bool(found) == agrees


def test_a_two_word_family_name_is_found_as_either(drawn: Drawn, tmp_path: Path) -> None:
    drawn.author(1, "García López, María", institution="Example University")
    found = drawn.match(
        tmp_path, {"name": "María García López", "institution": "Example University"}
    )
    assert _sure(found) == {("P1", 1)}


def test_nobody_is_found_where_there_is_nobody(tmp_path: Path) -> None:
    assert (
        Drawn().match(tmp_path / "a", {"name": "Ada Doe", "pmids": [1], "email": "a@b.org"}) == {}
    )
    assert Drawn().author(1, "Bea Roe").match(tmp_path / "b", {"name": "!?"}) == {}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> benchmark.Known:
    """A made-up world that no weight was set on; its latest papers are identified."""
    return benchmark.read_in(build_world(seed=4, nights=2), tmp_path_factory.mktemp("known"), 4000)


@pytest.mark.parametrize(
    ("told", "recall"),
    [
        ("name only", 0.1),
        ("department", 0.45),
        ("department, institution", 0.6),
        ("e-mail", 0.3),
        ("three PMIDs", 0.95),
        ("all", 0.97),
    ],
)
def test_automatic_matches_are_right_in_a_world_whose_truth_is_known(
    told: str, recall: float, known: benchmark.Known
) -> None:
    chosen = benchmark.active(known.world)
    quality = benchmark.measure(known, chosen, benchmark.ROSTERS[told])
    assert quality.precision >= 0.99
    assert quality.recall >= recall
