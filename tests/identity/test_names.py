"""Folding of printed names."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identity import names


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(names).failed == 0


@pytest.mark.parametrize(
    ("printed", "folded"),
    [
        ("O'Neill", "oneill"), ("O’Neill", "oneill"), ("Müller", "muller"), ("Große", "grosse"),
        ("Łukasiewicz", "lukasiewicz"), ("Ødegård", "odegard"), ("Gens Barberà", "gensbarbera"),
        ("Jakob-Roetne", "jakobroetne"), ("HANCE", "hance"), ("Şahin", "sahin"), ("İnan", "inan"),
        ("Æsir", "aesir"), ("王", "王"), ("?", ""),
    ],
)  # fmt: skip
def test_spellings_of_a_family_name_become_one(printed: str, folded: str) -> None:
    assert names.last_name(printed) == folded


@pytest.mark.parametrize(
    ("fore_name", "initials", "folded"),
    [
        ("Jean-Luc", "JL", "jean luc"), ("J-L", "JL", "j l"), ("JL", "JL", "j l"),
        ("J L", "JL", "j l"), ("J.-L.", "JL", "j l"), ("", "JL", "j l"), ("", "", ""),
        ("LI", "L", "li"), ("Li", "L", "li"), ("María", "M", "maria"), ("D'Arcy", "D", "darcy"),
        ("Marco Túlio de", "MT", "marco tulio de"),
        ("a b c d e f g h", "", "a b c d e f"),
    ],
)  # fmt: skip
def test_given_names_become_tokens(fore_name: str, initials: str, folded: str) -> None:
    assert names.given_names(fore_name, initials) == folded


@given(st.text(), st.text())
def test_folding_twice_changes_nothing(one: str, other: str) -> None:
    folded = names.last_name(one)
    assert names.last_name(folded) == folded
    tokens = names.given_names(one, other)
    assert names.given_names(tokens, "") == tokens
