"""Where people have worked, on planted papers whose answer is known in the head."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline import engine
from pipeline.identity import identify
from pipeline.identity.affiliations.take_apart import take_apart
from pipeline.settings import Settings
from pipeline.tables import AFFILIATIONS
from tests.builders import arrow

HERE = Path(identify.__file__).parent
OSLO = "Dept. of Surgery, University of Oslo, Norway"
BERGEN = "Department of Surgery, University of Bergen, Norway"
ROR = "https://ror.org/01xtthb56"


def affiliations_of(*names: list[str], rows_a_batch: int = 100, **more: Any) -> pa.Table:
    """Take the affiliations of papers 1, 2, … apart, each by one name."""
    rows = [
        {"pmid": pmid, "last_name": "Doe", "affiliations": texts, **more}
        for pmid, texts in enumerate(names, start=1)
    ]
    printed = arrow("authorships", rows).to_batches(rows_a_batch)
    return pa.Table.from_batches(take_apart(printed), AFFILIATIONS.schema)


def history(
    tmp_path: Path, papers: list[tuple[int, list[str]]], author_ids: list[int] | None = None
) -> list[dict[str, Any]]:
    """Give the rows of author_affiliations, the latest first, of papers (year, affiliations)."""
    authors = author_ids or [7] * len(papers)
    sources: dict[str, engine.Source] = {
        "affiliations": affiliations_of(*[texts for _, texts in papers]),
        "publications": arrow(
            "publications",
            [
                {"pmid": pmid, "entered_on": date(year, 6, 1)}
                for pmid, (year, _) in enumerate(papers, 1)
            ],
        ),
        "identities": arrow(
            "identities",
            [
                {"pmid": pmid, "author_id": who, "confidence": 1.0, "method": "orcid"}
                for pmid, who in enumerate(authors, 1)
            ],
        ),
    }
    settings = Settings(home=tmp_path)
    rows = engine.fetch(HERE / "author_affiliations.sql", sources, {}, settings).to_pylist()
    return sorted(rows, key=lambda row: (row["author_id"], row["rank"]))


def test_every_affiliation_of_a_name_is_a_row_in_the_order_of_print() -> None:
    rows = affiliations_of([f"{OSLO}; {BERGEN}", "Hope Hospital, Rome, Italy"], [], [BERGEN, "?"])
    found = [(row["pmid"], row["place"], row["institution"]) for row in rows.to_pylist()]
    assert found == [
        (1, 1, "University of Oslo"),
        (1, 2, "University of Bergen"),
        (1, 3, "Hope Hospital"),
        (3, 1, "University of Bergen"),
    ]
    assert rows.to_pylist()[0] == {
        "pmid": 1, "position": 1, "place": 1, "institution": "University of Oslo",
        "department": "Dept. of Surgery", "country": "Norway",
        "affiliation_key": "university of oslo", "department_key": "surgery", "ror": None,
    }  # fmt: skip


def test_rows_do_not_depend_on_how_papers_are_cut_into_batches() -> None:
    papers = [[OSLO], [], [BERGEN, OSLO], [f"{OSLO}; {BERGEN}"], [BERGEN]]
    whole = affiliations_of(*papers)
    assert affiliations_of(*papers, rows_a_batch=2).equals(whole)
    [part] = arrow("authorships", [{"pmid": 9, "affiliations": [OSLO]}] * 3).to_batches()
    assert pa.Table.from_batches(take_apart([part.slice(1, 1)])).num_rows == 1


def test_a_table_without_names_has_no_affiliations() -> None:
    assert affiliations_of().num_rows == 0
    assert affiliations_of([], []).num_rows == 0


def identifier(place: int, value: str, source: str = "ROR") -> dict[str, Any]:
    return {"place": place, "source": source, "value": value}


def test_a_printed_ror_id_goes_with_its_affiliation() -> None:
    rows = affiliations_of(
        [BERGEN, OSLO],
        affiliation_identifiers=[
            identifier(1, "grid.7914.b", "GRID"),
            identifier(2, "ROR.org/01XTTHB56/"),
        ],
    )
    assert rows["ror"].to_pylist() == [None, ROR]


@pytest.mark.parametrize("value", ["01xtthb5", "", "https://isni.org/01xtthb5x6"])
def test_what_is_no_ror_id_is_left_out(value: str) -> None:
    rows = affiliations_of([OSLO], affiliation_identifiers=[identifier(1, value)])
    assert rows["ror"].to_pylist() == [None]


def test_an_identifier_of_a_text_that_holds_two_affiliations_says_of_neither() -> None:
    rows = affiliations_of(
        [f"{OSLO}; {BERGEN}", OSLO],
        affiliation_identifiers=[identifier(1, ROR), identifier(9, ROR)],
    )
    assert rows["ror"].to_pylist() == [None, None, None]


def test_a_person_who_moved_has_both_places_the_latest_first(tmp_path: Path) -> None:
    rows = history(tmp_path, [(2010, [OSLO]), (2012, [OSLO]), (2015, [BERGEN]), (2016, [])])
    assert [(r["rank"], r["institution"], r["first_on"].year, r["last_on"].year) for r in rows] == [
        (1, "University of Bergen", 2015, 2015),
        (2, "University of Oslo", 2010, 2012),
    ]
    assert [row["publication_count"] for row in rows] == [1, 2]


def test_of_two_places_on_the_latest_paper_the_one_of_recent_papers_is_first(
    tmp_path: Path,
) -> None:
    papers = [(2001, [BERGEN]), (2002, [BERGEN]), (2019, [OSLO]), (2020, [BERGEN, OSLO])]
    assert [row["institution"] for row in history(tmp_path, papers)] == [
        "University of Oslo",
        "University of Bergen",
    ]


def test_of_two_places_always_printed_together_the_one_printed_first_is_first(
    tmp_path: Path,
) -> None:
    papers = [(2019, [OSLO, BERGEN]), (2020, [OSLO, BERGEN])]
    assert history(tmp_path, papers)[0]["institution"] == "University of Oslo"


def test_spellings_of_one_department_are_one_row_as_printed_last(tmp_path: Path) -> None:
    spellings = [
        (2010, ["Surgery Department, Univ. of Oslo, Oslo, Norway"]),
        (2011, [OSLO, "Division of Surgery, The University of Oslo, Norway"]),
        (2012, ["Department of Surgery, The University of Oslo"]),
    ]
    rows = history(tmp_path, spellings)
    assert [(row["department_key"], row["publication_count"]) for row in rows] == [
        ("surgery", 3),
        ("division surgery", 1),
    ]
    assert rows[0]["department"] == "Dept. of Surgery"  # the last that names the country
    assert rows[0]["country"] == "Norway"


def test_an_institution_without_a_department_and_one_with_are_two_rows(tmp_path: Path) -> None:
    rows = history(tmp_path, [(2010, [OSLO]), (2011, ["University of Oslo, Norway"])])
    assert [(row["department_key"], row["department"]) for row in rows] == [
        ("", None),
        ("surgery", "Dept. of Surgery"),
    ]


def test_authors_given_alone_have_the_rows_they_have_among_others(tmp_path: Path) -> None:
    papers = [(2010, [OSLO]), (2011, [BERGEN]), (2012, [BERGEN, OSLO])]
    among = history(tmp_path, papers, [7, 8, 8])
    assert [row for row in among if row["author_id"] == 7] == history(tmp_path, papers[:1])
    assert [(row["author_id"], row["rank"]) for row in among] == [(7, 1), (8, 1), (8, 2)]


def test_what_names_no_institution_is_no_place_of_work(tmp_path: Path) -> None:
    assert history(tmp_path, [(2010, ["Department of Surgery, Oslo, Norway"])]) == []
