"""Every SQL file parses as DuckDB and as Spark SQL, and keeps to what both share."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "pipeline").rglob("*.sql"))
DIALECTS = ("duckdb", "spark")


def names(files: list[Path]) -> list[str]:
    return [file.relative_to(ROOT).as_posix() for file in files]


def parse(text: str, dialect: str) -> exp.Expression:
    [statement] = sqlglot.parse(text, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    assert statement is not None
    return statement


def test_there_are_sql_files() -> None:
    assert len(FILES) >= 5


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("file", FILES, ids=names(FILES))
def test_a_file_is_one_select_in_both_dialects(file: Path, dialect: str) -> None:
    statement = parse(file.read_text(encoding="utf-8"), dialect)
    assert isinstance(statement, exp.Query)
    is_one_row = file.read_text(encoding="utf-8").startswith("-- The one row")
    assert is_one_row or statement.args.get("order"), "the lake wants rows in order of their key"


@pytest.mark.parametrize("file", FILES, ids=names(FILES))
def test_a_file_keeps_to_the_shared_subset(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("-- "), "begin with a comment that says what a row of the result is"
    code = re.sub(r"--[^\n]*|'[^']*'", "", text)
    for pattern in (
        r"\bQUALIFY\b",
        r"\bFILTER\s*\(",
        r"GROUP\s+BY\s+ALL",
        r"::",
        r"\bEXCLUDE\b",
        r"->",
    ):
        assert not re.search(pattern, code, re.IGNORECASE), pattern


def test_the_lint_sees_what_only_one_dialect_can_read() -> None:
    with pytest.raises(sqlglot.errors.SqlglotError):
        parse("SELECT FROM WHERE", "spark")
