"""Given names that agree, and that cannot be one person's."""

from __future__ import annotations

import numpy as np
import pytest

from models.given_names import conflicts, name_codes


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("jane", "john", True),
        ("jane", "j", False),
        ("j a", "jane", False),
        ("j a", "jane b", True),
        ("jane ann", "jane alice", True),
        ("xiao ming", "xiaoming", False),
        ("xiao ming", "xiaohong", True),
        ("jean luc", "jeanluc p", False),
        ("alex b", "alexander b", False),
        ("alex b", "alexander c", True),
        ("mohammed", "mohamed", False),
        ("stephan", "stefan", False),
        ("wei", "wen", True),
        ("", "jane", False),
    ],
)
def test_given_names_conflict_where_they_cannot_be_one_persons(
    one: str, other: str, expected: bool
) -> None:
    names = name_codes([one, other])
    rows = np.array([0, 1])
    assert conflicts(names, rows, rows[::-1].copy()).tolist() == [expected, expected]
