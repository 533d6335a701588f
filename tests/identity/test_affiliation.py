"""Department, institution and country from printed affiliations."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identity import affiliation
from pipeline.identity.affiliation import parse


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(affiliation).failed == 0


FORMS = {
    "Department of Physics, Brandeis University, Waltham, MA USA.": (
        "Department of Physics", "Brandeis University", "United States"),
    "3Department of Surgery,University of Maryland School of Medicine,Baltimore,USA": (
        "Department of Surgery", "University of Maryland", "United States"),
    "Nephrology, San Carlo Hospital, Milano, Italy.": (
        "Nephrology", "San Carlo Hospital", "Italy"),
    "Unit of Diabetes, Warwick Medical School, University of Warwick, Coventry, UK.": (
        "Unit of Diabetes", "University of Warwick", "United Kingdom"),
    "1] Institute for Health, University College London, London, UK [2] School of Pathology": (
        "Institute for Health", "University College London", "United Kingdom"),
    "Department of Botany, University of California, Davis, CA 95616, USA": (
        "Department of Botany", "University of California, Davis", "United States"),
    "Neurology, University Hospital, Brno, Czech Republic. m@med.cz": (
        "Neurology", "University Hospital, Brno", "Czechia"),
    "Lab A, Fudan University, Shanghai 200011, People's Republic of China; Lab B, Japan": (
        "Lab A", "Fudan University", "China"),
    "Service de radiothérapie, hôpital Morvan, 29200 Brest, France.": (
        "Service de radiothérapie", "hôpital Morvan", "France"),
    "Boehringer Ingelheim Pharmaceuticals, Inc., Ridgefield, United States.": (
        None, "Boehringer Ingelheim Pharmaceuticals Inc", "United States"),
    "12 Main Street, Springfield": (None, None, None),
    "": (None, None, None),
}  # fmt: skip


@pytest.mark.parametrize("printed", FORMS)
def test_usual_forms_are_taken_apart(printed: str) -> None:
    assert parse(printed)[:3] == FORMS[printed]


def test_one_institution_has_one_key_however_it_is_printed() -> None:
    forms = [
        "Dept. of Surgery, The University of Oslo, 0424 Oslo, Norway",
        "UNIVERSITY OF OSLO",
        "Dental Unit, University of Oslo Medical School, Norway. Electronic address: a@b.no.",
    ]
    assert {parse(form).affiliation_key for form in forms} == {"university of oslo"}


@given(st.text(alphabet=st.sampled_from("aU n,;.@1[]()-É University School of"), max_size=200))
def test_any_text_is_read_without_failing(printed: str) -> None:
    found = parse(printed)
    assert (found.institution is None) == (found.affiliation_key is None)
