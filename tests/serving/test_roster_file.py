"""Rosters as institutions hand them in: what is read, what is refused, and that nothing changes."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select

from pipeline.demo.people import orcid_from
from pipeline.errors import ConfrereError
from pipeline.serving.database import Engine, open_database, reading
from pipeline.serving.roster import Imported, import_roster
from pipeline.serving.roster_file import COLUMNS, ERRORS_TOLD
from pipeline.serving.schema import SUBSCRIBERS
from pipeline.settings import Settings
from tests.serving.world import ADA_ORCID, CY_ORCID, NIGHT

KEY = b"key"
OLD_HEADER = "person_id,name,email,orcid,department,digest\n"
GOOD = OLD_HEADER + f"P1,Ada Lovelace,ada@example.org,{ADA_ORCID},Analysis,yes\n"


def _imported(engine: Engine, folder: Path, text: str | bytes) -> Imported:
    file = folder / "roster.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return import_roster(engine, file, KEY, NIGHT)


def _rows(engine: Engine) -> Sequence[Any]:
    with reading(engine) as connection:
        return connection.execute(select(SUBSCRIBERS).order_by("person_id")).all()


def test_the_columns_stand_in_any_order_and_most_may_be_absent(
    engine: Engine, tmp_path: Path
) -> None:
    text = (
        "digest,pmids,email,past_affiliations,name,person_id,institution\n"
        "YES,12;7 12,ada@example.org, Old Place ;; Older ,  Ada   Lovelace ,P1,Example University\n"
    )
    assert _imported(engine, tmp_path, text) == Imported(1, 1, 0)
    [row] = _rows(engine)
    assert (row.name, row.pmids, row.past_affiliations, row.institution, row.orcid) == (
        "Ada Lovelace", "12 7", "Old Place; Older", "Example University", None,
    )  # fmt: skip


def test_an_import_leaves_people_and_columns_alone_that_are_not_in_it(
    engine: Engine, tmp_path: Path
) -> None:
    _imported(engine, tmp_path, GOOD + f"P2,Cy Müller,cy@example.org,{CY_ORCID},,no\n")
    _imported(
        engine, tmp_path, "person_id,name,email,digest,pmids\nP1,Ada King,king@example.org,no,5\n"
    )
    ada, cy = _rows(engine)
    assert (ada.name, ada.email, ada.wants_digest, ada.pmids) == (
        "Ada King", "king@example.org", False, "5",
    )  # fmt: skip
    assert (ada.orcid, ada.department) == (ADA_ORCID, "Analysis")
    assert cy.name == "Cy Müller"


@pytest.mark.parametrize("form", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_marks_do_not_matter(
    form: str, line_end: str, engine: Engine, tmp_path: Path
) -> None:
    text = GOOD.replace("\n", line_end) + line_end + ",,,,," + line_end
    assert _imported(engine, tmp_path, text.encode(form)).person_count == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("P4,X,x@b.org,,,maybe", r"line 3\] has 'maybe' as digest: give yes or no"),
        ("P4,X,not an address,,,yes", r"line 3\] has no e-mail address in email: correct it"),
        ("P4,X,a@b.org\n,,,yes", r"line 3\] has 3 cells: give 6"),
        ("P4,X,x@b.org,0000-0002-1825-0098,,yes", r"line 3\] has '0000-.*', which is no ORCID"),
        ("P1,X,x@b.org,,,yes", r"line 3\] repeats person_id 'P1' of line 2: keep one"),
        (f"P4,X,x@b.org,{ADA_ORCID},,yes", r"line 3\] repeats orcid '0000-.*' of line 2"),
        ("P4,X,ADA@example.org,,,yes", r"line 3\] repeats its e-mail address of line 2"),
        (",X,x@b.org,,,yes", r"line 3\] has no person_id: fill it in"),
        ("P4,,x@b.org,,,yes", r"line 3\] has no name: fill it in"),
        ('P4,"X,x@b.org,,,yes', r"line 3\] is no CSV"),
        ("P4,X\x00,x@b.org,,,yes", r"line 3\] has a NUL byte"),
        ("P4,X\x1b[2J,x@b.org,,,yes", r"line 3\] has a control character in name"),
        ("P" * 201 + ",X,x@b.org,,,yes", r"line 3\] has more than 200 characters in person_id"),
        ("P4," + "X" * 10_001 + ",x@b.org,,,yes", r"line 3\] has more than 10,000 characters"),
        ("P4,X,x@b.org," + "1" * 150_000, r"line 3\] is longer than 100,000 characters"),
        ('P4,X,x@b.org,,"two\nlines",yes\nP5,Y,y@b.org,,,no\nP6,Z,zz,,,no', r"line 6\] has no e-m"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_and_nothing_changes(
    line: str, message: str, engine: Engine, tmp_path: Path
) -> None:
    _imported(engine, tmp_path, GOOD)
    before = _rows(engine)
    changed = GOOD.replace("Lovelace", "King")
    with pytest.raises(ConfrereError, match=message) as error:
        _imported(engine, tmp_path, changed + line + "\n")
    assert _rows(engine) == before
    assert "example.org" not in str(error.value)


@pytest.mark.parametrize("pmid", ["0", "x", "12345678901", "-3", "1.5", "٣"])
def test_a_wrong_pmid_is_named(pmid: str, engine: Engine, tmp_path: Path) -> None:
    text = f"person_id,name,email,digest,pmids\nP1,X,x@b.org,no,7 {pmid}\n"
    with pytest.raises(ConfrereError, match=rf"line 2\] has '{pmid}', which is no PMID"):
        _imported(engine, tmp_path, text)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a,b", r"line 1\] has the unknown columns 'a, b': give person_id, name, email, digest"),
        ("person_id,name,email,digest,phone", "unknown columns 'phone'"),
        ("person_id,name,email,digest,name", r"line 1\] has the column name twice"),
        ("person_id,name,digest", r"line 1\] lacks the columns email"),
        ("P1,Ada,ada@example.org,yes", r"line 1\] has the unknown columns 'P1, Ada, …@… yes'"),
        ("person_id;name;email;digest", "unknown columns 'person_id;name"),
        ("person_id,name,email,digest", "has a header and nobody below it"),
        ("", "is empty: give a header"),
    ],
)
def test_a_wrong_header_is_named(header: str, message: str, engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ConfrereError, match=message):
        _imported(engine, tmp_path, header + "\n\n")
    assert _rows(engine) == []


def test_a_file_that_is_not_there_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ConfrereError, match=r"missing.csv\] cannot be read"):
        import_roster(engine, tmp_path / "missing.csv", KEY, NIGHT)


def test_lines_in_other_encodings_are_named_one_by_one(engine: Engine, tmp_path: Path) -> None:
    text = (
        GOOD.encode()
        + b"P2,M\xfcller,m@b.org,,,yes\nP3,B\xc3\xb6,b@b.org,,,yes\nP4,\x80,c@b.org,,,no\n"
    )
    with pytest.raises(ConfrereError) as error:
        _imported(engine, tmp_path, text)
    assert str(error.value).splitlines() == [
        "[roster.csv line 3] has a byte that is not UTF-8 (0xfc): save the file as CSV UTF-8",
        "[roster.csv line 5] has a byte that is not UTF-8 (0x80): save the file as CSV UTF-8",
    ]
    with pytest.raises(ConfrereError, match=r"line 1\] has a byte that is not UTF-8 \(0xff\)"):
        _imported(engine, tmp_path, GOOD.encode("utf-16"))


def test_up_to_twenty_wrong_lines_are_told_at_once(engine: Engine, tmp_path: Path) -> None:
    bad = "".join(f"P{n},X,nowhere,,,yes\n" for n in range(2, 100))
    with pytest.raises(ConfrereError) as error:
        _imported(engine, tmp_path, GOOD + bad)
    lines = str(error.value).splitlines()
    assert [f"[roster.csv line {n}]" for n in range(3, 23)] == [
        line.split(" has")[0] for line in lines[:ERRORS_TOLD]
    ]
    assert lines[ERRORS_TOLD:] == [
        "[roster.csv] has more wrong lines: correct these first, then try again"
    ]


def _large(count: int, last: str = "") -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for n in range(count):
        orcid = orcid_from(f"0000000{n:08d}")
        writer.writerow(
            [
                f"P{n}",
                f"Fore{n} Last",
                f"a{n}@example.org",
                "yes",
                orcid,
                "Surgery",
                "U",
                n + 1,
                "V",
            ]
        )
    return text.getvalue() + last


def test_a_hundred_thousand_people_are_imported_in_seconds_or_not_at_all(
    engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(ConfrereError, match="line 20002"):  # some batches are written by then
        _imported(engine, tmp_path, _large(20_000, "P1,X\n"))
    assert _rows(engine) == []
    text = _large(100_000)
    started = time.perf_counter()
    assert _imported(engine, tmp_path, text).person_count == 100_000
    assert time.perf_counter() - started < 60  # a bound for busy machines; about 7 s alone


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("hostile")
    engine = open_database(Settings(home=folder))
    _imported(engine, folder, GOOD)
    yield engine
    engine.dispose()


CELLS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["P1", "P2", "yes", "a@b.org", ADA_ORCID, '"', '""', "\n", "\r", ",", "1;2", ""]
    ),
)
HOSTILE = st.one_of(
    st.binary(max_size=300),
    st.lists(st.lists(CELLS, max_size=10), max_size=5).map(
        lambda rows: (OLD_HEADER + "\n".join(",".join(row) for row in rows)).encode(
            "utf-8", "surrogatepass"
        )
    ),
    st.binary(max_size=100).map(lambda tail: GOOD.replace("Ada", "Eve").encode() + tail),
)


@examples(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(content=HOSTILE)
def test_whatever_the_bytes_a_roster_is_taken_whole_or_changes_nothing(
    content: bytes, shared: Engine, tmp_path: Path
) -> None:
    before = _rows(shared)
    refused, imported = "", None
    try:
        imported = _imported(shared, tmp_path, content)
    except ConfrereError as error:
        refused = str(error)
    after = _rows(shared)
    if imported is None:
        assert after == before
        assert all(line.startswith("[roster.csv") for line in refused.splitlines())
    else:
        assert imported.person_count >= 1
        assert len(after) >= len(before)
