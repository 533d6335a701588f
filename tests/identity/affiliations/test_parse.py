"""Department, institution and country from printed affiliations."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identity.affiliations import countries
from pipeline.identity.affiliations import parse as affiliation
from pipeline.identity.affiliations import split as split_affiliations
from pipeline.identity.affiliations.countries import COUNTRIES, letters
from pipeline.identity.affiliations.parse import department_key, parse, parse_all


@pytest.mark.parametrize("module", [affiliation, countries, split_affiliations])
def test_the_examples_in_the_docstrings_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert found.failed == 0


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
    "Surgery, Università degli Studi di Oltremare, Via Roma 3 - 50139 Oltremare, Italia": (
        "Surgery", "Università degli Studi di Oltremare", "Italy"),
    "Service d'hématologie, Hôpital Nord, 1, rue Haute, 67098 Strasbourg Cedex.": (
        "Service d'hématologie", "Hôpital Nord", "France"),
    "Departamento de Estatística, Universidade Federal do Vale - UFV, Vale, SP, Brasil.": (
        "Departamento de Estatística", "Universidade Federal do Vale - UFV", "Brazil"),
    "Abteilung Innere Medizin, Klinik am See, 8000 Zürich, Schweiz": (
        "Abteilung Innere Medizin", "Klinik am See", "Switzerland"),
    "Institut für Physik, Universität Neustadt, Österreich": (
        "Institut für Physik", "Universität Neustadt", "Austria"),
    "2nd Department of Surgery, Red Lake Hospital, Athens, Greece": (
        "2nd Department of Surgery", "Red Lake Hospital", "Greece"),
    "Hill University, College of Nursing, Daejeon, Republic of Korea.": (
        "College of Nursing", "Hill University", "South Korea"),
    "School of Engineering at Delta Institute of Technology, Atlanta, Georgia 30332.": (
        "School of Engineering", "Delta Institute of Technology", "United States"),
    "Tbilisi Medical Academy, Department of Genetics, Georgia.": (
        "Department of Genetics", "Tbilisi Medical Academy", "Georgia"),
    "Georgian Bay Hospital": (None, "Georgian Bay Hospital", None),
    "Lab of Ecology, Faculty of Science, Lake University, Sydney, New South Wales 2006.": (
        "Lab of Ecology", "Lake University", "Australia"),
    "Lake University, Madison, Wis.": (None, "Lake University", "United States"),
    "Child Health, Bay Hospital, Providence, Rhode Island": (
        "Child Health", "Bay Hospital", "United States"),
    "Renal Unit, Lake Hospital, Ottawa, ON K1H 8L6": ("Renal Unit", "Lake Hospital", "Canada"),
    "Department of Geology, University of New England, Armidale": (
        "Department of Geology", "University of New England", None),
    "Division of Nephrology, National Health System, 5 Low Road, Singapore 119074": (
        "Division of Nephrology", "National Health System", "Singapore"),
    "Pathology, Colorado State University": (
        "Pathology", "Colorado State University", "United States"),
    "Ministry of Health of Malawi, Lilongwe": (None, "Ministry of Health of Malawi", "Malawi"),
    "Department of Virus, Lifestyle and Genes, Danish Cancer Center, Copenhagen, Denmark": (
        "Department of Virus, Lifestyle and Genes", "Danish Cancer Center", "Denmark"),
    "Institute for Brain, Cognition, and Behaviour, Hill University, Nijmegen, The Netherlands": (
        "Institute for Brain, Cognition, and Behaviour", "Hill University", "Netherlands"),
    "Klinik für Viszeral-, Kinder- und Unfallchirurgie, Universitätsklinikum Neustadt, Germany": (
        "Klinik für Viszeral-, Kinder- und Unfallchirurgie", "Universitätsklinikum Neustadt",
        "Germany"),
    "Critical Care Unit University of Florence, Florence, Italy": (
        "Critical Care Unit", "University of Florence", "Italy"),
    "Department of Botany, Medical School of North Lake University, Nanjing, P.R. China": (
        "Department of Botany", "North Lake University", "China"),
    "Acme, Niagara 18, 1186 JP Amstelveen, the Netherlands.": (None, "Acme", "Netherlands"),
    "Toxicology, Acme A/S, DK-2500 Valby, Denmark": ("Toxicology", "Acme A/S", "Denmark"),
    "Snow White National Laboratory, Berkeley, USA": (
        None, "Snow White National Laboratory", "United States"),
    "Center for Addiction (S.M.K., T.C.N.), Lake Medical Center, Chicago, Illinois a@b.edu": (
        "Center for Addiction", "Lake Medical Center", "United States"),
    "Renal Unit, Lake Hospital, Bevaix, Switzerland.a.b@lake.ch": (
        "Renal Unit", "Lake Hospital", "Switzerland"),
    "Lake Hospital and North Medical School, Boston, MA, USA": (
        None, "Lake Hospital", "United States"),
    "Department of Neurology.": ("Department of Neurology", None, None),
    "Oslo, Norway": (None, None, "Norway"),
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


OSLO, BERGEN = "University of Oslo", "University of Bergen"
SEVERAL = {
    "Dept. A, University of Oslo, Norway; Dept. B, University of Bergen, Norway": [
        ("Dept. A", OSLO, "Norway"), ("Dept. B", BERGEN, "Norway")],
    "1] Unit A, University of Oslo. [2] Unit B, University of Bergen, Norway": [
        ("Unit A", OSLO, None), ("Unit B", BERGEN, "Norway")],
    "1 Unit A, University of Oslo, Norway. 2 Hope Hospital, Rome, Italy.": [
        ("Unit A", OSLO, "Norway"), (None, "Hope Hospital", "Italy")],
    "Department of A, University of Oslo, Norway Department of B, University of Bergen, Norway": [
        ("Department of A", OSLO, "Norway"), ("Department of B", BERGEN, "Norway")],
    "Unit A, Lake University, Cleveland, OH 44106 Department of B, Hope Hospital, Boston, USA2"
    "Department of C, University of Bergen": [
        ("Unit A", "Lake University", "United States"),
        ("Department of B", "Hope Hospital", "United States"), ("Department of C", BERGEN, None)],
    "Department of A and Department of B, University of Oslo, Norway": [
        ("Department of A", OSLO, "Norway"), ("Department of B", OSLO, "Norway")],
    "Institute A and Department of B, University of Oslo, Norway": [
        ("Institute A", OSLO, "Norway"), ("Department of B", OSLO, "Norway")],
    "Department of A, Hope Hospital, and Department of B, University of Oslo, Oslo, Norway": [
        ("Department of A", "Hope Hospital", "Norway"), ("Department of B", OSLO, "Norway")],
    "a Department of A; University of Oslo ; Oslo , Norway.": [("Department of A", OSLO, "Norway")],
    "Unit A, Rome, Italy; Department of B, University of Oslo, Norway": [
        ("Unit A", None, "Italy"), ("Department of B", OSLO, "Norway")],
    "Max Institute; Seewiesen, Germany.": [(None, "Max Institute", "Germany")],
    "Unit of Endocrinology and Metabolism, University of Oslo": [
        ("Unit of Endocrinology and Metabolism", OSLO, None)],
    "a@b.no; ;": [],
}  # fmt: skip


@pytest.mark.parametrize("printed", SEVERAL)
def test_a_text_that_holds_several_affiliations_is_split(printed: str) -> None:
    assert [found[:3] for found in parse_all(printed)] == SEVERAL[printed]


def test_spellings_of_a_department_have_one_key_and_other_departments_another() -> None:
    same = ["Dept. of Internal Medicine", "Internal Medicine", "Department of internal medicine"]
    assert {department_key(form) for form in same} == {"internal medicine"}
    assert department_key("Division of Internal Medicine") != "internal medicine"
    assert department_key("Department") == "department"


HOSTILE = st.sampled_from(
    [
        *"aU n,;.@1[]()-É/&'\n",
        "University",
        "School of",
        " Department of",
        " and ",
        "USA",
        "Georgia",
    ]
)


@given(st.lists(HOSTILE, max_size=40).map("".join) | st.text(max_size=100))
def test_any_text_is_read_and_nothing_is_made_up(printed: str) -> None:
    words = set(letters(printed).split())
    for found in parse_all(printed):
        assert any(found)
        assert (found.institution is None) == (found.affiliation_key is None)
        assert found.country is None or found.country in COUNTRIES.values()
        for part in (found.department, found.institution):
            assert part is None or set(letters(part).split()) <= words
    assert parse(printed) == (parse_all(printed) or (affiliation.NOTHING,))[0]


@pytest.mark.parametrize("sign", ["a", "1", "(", "A-", "A.", "a@", ";", "University of ", "and "])
def test_a_text_of_fifty_thousand_signs_is_read(sign: str) -> None:
    assert len(parse_all(sign * (50_000 // len(sign)))) <= 1
