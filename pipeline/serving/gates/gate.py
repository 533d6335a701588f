"""What a gate is."""

# ruff: noqa: E501  (what a gate says is one line)
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FAULT = "a fault in the tables behind it: run the stages again with `confrere run`, and report it if it stays"


@dataclass(frozen=True, slots=True)
class Gate:
    """One check: red where the number that `query` gives is above `threshold`.

    `meaning` says what the number counts, `remedy` what to do where it is red. A query may use
    `:run_id`; `:known_since`, the day before the run; `:stride`, so that `sampled` rows are at most
    some 100,000; and `FACTS(column)`, the elements of a JSON array as rows with a column `value`.
    """

    name: str
    severity: Literal["error", "warning"]
    meaning: str
    query: str
    threshold: float = 0.0
    remedy: str = FAULT


GIVEN = "SELECT COUNT(*) FROM recommendations AS given WHERE given.run_id = :run_id"


def unknown(table: str, who: str) -> str:
    """SQL that is true where column `who` of alias `table` is nobody of the run."""
    return f"""NOT EXISTS (
        SELECT 1 FROM people
        WHERE people.run_id = {table}.run_id AND people.author_id = {table}.{who}
    )"""
