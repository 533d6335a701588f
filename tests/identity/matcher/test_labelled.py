"""CSV files of labels: what is read, what is refused and how it is said, and names on papers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import WrongUse
from pipeline.identity.matcher.labelled import (
    CLUSTER_COLUMNS,
    PAIR_COLUMNS,
    LabelledMention,
    LabelledPair,
    Printed,
    locate,
    read_clusters,
    read_pairs,
)
from tests.identity.drawn import author, identified

HEADER = ",".join(PAIR_COLUMNS)
ROW = "1,Doe,J,Jane,2,Doe,null,null,1"
SHORT = ",".join(CLUSTER_COLUMNS)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "labels.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_pairs_are_read_and_null_is_no_name(tmp_path: Path) -> None:
    [pair] = read_pairs(written(tmp_path, f"\ufeff{HEADER}\r\n{ROW}\r\n"))
    assert pair == LabelledPair(Printed(1, "Doe", "J", "Jane"), Printed(2, "Doe"), is_same=True)


def test_columns_may_come_in_another_order_and_with_others(tmp_path: Path) -> None:
    file = written(tmp_path, "person,note,last_name,pmid\nP1,x,Doe,7\n")
    assert read_clusters(file) == [LabelledMention(Printed(7, "Doe"), "P1")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1] has no column pmid1: the header is pmid1,"),
        ("pmid,last_name,person\n", "line 1] has no column pmid1"),
        (HEADER + "\n", "line 2] is missing: give at least one row"),
        (f"{HEADER}\n{ROW}\nx{ROW}\n", "line 3] pmid1 is 'x1': give a PubMed number"),
        (f"{HEADER}\n0{ROW[1:]}\n", "line 2] pmid1 is '0'"),
        (f"{HEADER}\n{'9' * 30}{ROW[1:]}\n", "line 2] pmid1 is '999"),
        (f"{HEADER}\n²{ROW[1:]}\n", "line 2] pmid1 is '²'"),
        (f"{HEADER}\n{ROW[:-1]}yes\n", "line 2] same_author is 'yes': give 1 or 0"),
        (f"{HEADER}\n1,,J,Jane,2,Doe,J,J,1\n", "line 2] last_name1 is empty"),
        (f"{HEADER}\n{ROW},5\n", "line 2] has not as many cells as the header"),
        (f"{HEADER}\n1,Doe\n", "line 2] has not as many cells as the header"),
        (f'{HEADER}\n{ROW}\n"1,Doe\n', "] is no CSV"),
    ],
)
def test_a_bad_file_of_pairs_is_one_line_with_its_number_and_the_remedy(
    text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(WrongUse) as error:
        read_pairs(written(tmp_path, text))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{SHORT}\n7,Doe,\n", "line 2] has no person: give a code for each person"),
        (f"{SHORT}\n7,Doe,P\n-7,Doe,P\n", "line 3] pmid is '-7'"),
    ],
)
def test_a_bad_file_of_persons_is_one_line_too(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse) as error:
        read_clusters(written(tmp_path, text))
    assert said in str(error.value)


def test_other_encodings_and_missing_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="is not UTF-8: save it as CSV in UTF-8"):
        read_clusters(written(tmp_path, f"{SHORT}\n7,Müller,P\n", "latin-1"))
    with pytest.raises(WrongUse, match="No such file or directory: give a CSV file"):
        read_clusters(tmp_path / "nowhere.csv")


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_whatever_follows_the_header_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = written(tmp_path_factory.mktemp("labels"), f"{SHORT}\n{text}")
    said = ""
    try:
        assert all(mention.person for mention in read_clusters(file))
    except WrongUse as error:
        said = str(error)
    assert said.isprintable()


@pytest.mark.parametrize(
    ("asked", "position"),
    [
        (Printed(1, "müller", "", ""), 1),
        (Printed(1, "M?ller"), 1),
        (Printed(1, "M\x9aller"), 1),
        (Printed(1, "Wang", "X", ""), None),  # two of them
        (Printed(1, "Wang", "XY", ""), 2),
        (Printed(1, "Wang", "", "Xin"), 3),
        (Printed(1, "Wang", "X", "Xin"), 3),
        (Printed(1, "Nobody"), None),
        (Printed(9, "Müller"), None),
    ],
)
def test_names_are_found_on_their_papers(
    asked: Printed, position: int | None, tmp_path: Path
) -> None:
    authors = [
        "Ann Müller",
        author("Xiao Yu Wang", initials="XY"),
        author("Xin Wang", initials="X"),
        author("Xu Wang", initials="X"),
        {"collective_name": "The Group"},
    ]
    tables = identified(tmp_path, {1: {"authors": authors}})
    found = locate([asked], tables["authorships"])
    assert found.positions == (position,)


def test_names_that_are_missing_and_that_several_have_are_counted(tmp_path: Path) -> None:
    tables = identified(tmp_path, {1: {"authors": ["Jane Doe", "John Doe", "Ann Lee"]}})
    asked = [Printed(1, "Doe"), Printed(1, "Ray"), Printed(2, "Lee"), Printed(1, "Lee")]
    found = locate(asked, tables["authorships"])
    assert found.positions == (None, None, None, 3)
    assert (found.missing_count, found.ambiguous_count) == (2, 1)
