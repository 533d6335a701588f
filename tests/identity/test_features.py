"""Features of pairs, on papers whose answer is known in the head."""

from __future__ import annotations

import doctest
import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfrereError
from pipeline.identity.features import FEATURES, compare_names, pair_features
from pipeline.identity.features.compare_names import NameAgreement, compare
from pipeline.settings import Settings
from tests.identity.drawn import Paper, author, features_of, identified

ORCID, OTHER_ORCID = "0000-0002-1825-0097", "0000-0001-5109-3700"
OSLO = "Dept of Surgery, University of Oslo, 0424 Oslo, Norway."
BERGEN = "Dept of Surgery, University of Bergen, 5007 Bergen, Norway."


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(compare_names).failed == 0


def test_what_two_bare_names_do_not_print_is_missing(tmp_path: Path) -> None:
    found = features_of(tmp_path, {"authors": ["J Doe"]}, {"authors": ["J Doe"]})
    missing = {name for name, value in found.items() if math.isnan(value)}
    assert missing == {
        "first_name", "middle_names", "suffix", "first_name_share", "coauthors", "coauthor_names",
        "coauthor_cosine", "affiliation", "near_affiliation", "paper_affiliation", "place",
        "institution", "department", "country", "email", "email_domain", "orcid", "topics",
        "topic_cosine", "journal", "grants", "cites", "references",
    }  # fmt: skip
    assert (found["initials"], found["last_name"], found["whole_names"]) == (1.0, 1.0, 0.0)


def test_a_shared_coauthor_counts_and_the_pair_itself_does_not(tmp_path: Path) -> None:
    found = features_of(
        tmp_path, {"authors": ["J Doe", "Ann Lee"]}, {"authors": ["J Doe", "Ann Lee"]}
    )
    assert found["coauthors"] == pytest.approx(math.log(28 / 2))
    assert found["coauthor_names"] == pytest.approx(math.log(28 / 2))
    assert found["coauthor_cosine"] == pytest.approx(1)
    apart = features_of(
        tmp_path / "2", {"authors": ["J Doe", "Ann Lee"]}, {"authors": ["J Doe", "Kim Ray"]}
    )
    assert (apart["coauthors"], apart["coauthor_cosine"]) == (0.0, 0.0)


def test_a_frequent_coauthor_name_says_less_than_a_rare_one(tmp_path: Path) -> None:
    one = {"authors": ["J Doe", "Ann Lee"]}
    rare = features_of(tmp_path / "1", one, one)
    more = {f"p{number}": {"authors": ["Ann Lee", f"Kim R{number}y"]} for number in range(9)}
    frequent = features_of(tmp_path / "2", one, one, **more)
    assert 0 < frequent["coauthors"] < rare["coauthors"]


def test_papers_that_share_grants_references_topics_and_cite_each_other(tmp_path: Path) -> None:
    one: dict[str, Any] = {
        "authors": ["J Doe"], "grants": ["R01 CA-1"], "topics": ["D1", "D2"], "citations": [2, 9],
        "journal": "Liver",
    }  # fmt: skip
    other = {
        "authors": ["J Doe"], "grants": ["R01CA1"], "topics": ["D1"], "citations": [9],
        "journal": "LIVER",
    }  # fmt: skip
    found = features_of(tmp_path, one, other)
    for name in ("grants", "references", "topics", "journal"):
        assert found[name] == pytest.approx(math.log(28 / 2)), name
    assert found["cites"] == 1.0
    assert 0.5 < found["topic_cosine"] < 1
    one["citations"] = [9]
    unrelated = features_of(tmp_path / "2", one, {"authors": ["J Doe"], "citations": [8]})
    assert (unrelated["cites"], unrelated["references"]) == (0.0, 0.0)


def test_orcids_are_equal_other_or_missing(tmp_path: Path) -> None:
    with_orcid = {"authors": [author("J Doe", orcid=ORCID)]}
    other = {"authors": [author("J Doe", orcid=OTHER_ORCID)]}
    assert features_of(tmp_path / "1", with_orcid, with_orcid)["orcid"] == 1.0
    assert features_of(tmp_path / "2", with_orcid, other)["orcid"] == 0.0
    assert math.isnan(features_of(tmp_path / "3", with_orcid, {"authors": ["J Doe"]})["orcid"])


def test_affiliations_agree_in_their_parts(tmp_path: Path) -> None:
    oslo, bergen = ({"authors": [author("J Doe", affiliations=[a])]} for a in (OSLO, BERGEN))
    same = features_of(tmp_path / "1", oslo, oslo)
    for name in ("affiliation", "paper_affiliation", "place", "institution", "department"):
        assert same[name] == pytest.approx(1), name
    other = features_of(tmp_path / "2", oslo, bergen)
    assert (other["institution"], other["country"]) == (0.0, 1.0)
    assert other["department"] == pytest.approx(1)
    assert 0 < other["affiliation"] < 1


def test_the_first_affiliation_of_a_paper_stands_in_where_a_mention_has_none(
    tmp_path: Path,
) -> None:
    first = {"authors": ["J Doe", author("Ann Lee", affiliations=[OSLO])]}
    found = features_of(tmp_path, first, {"authors": [author("J Doe", affiliations=[OSLO])]})
    assert math.isnan(found["affiliation"])
    assert found["near_affiliation"] == pytest.approx(1)


def test_an_email_is_compared_as_a_whole_and_by_its_domain(tmp_path: Path) -> None:
    def paper(address: str) -> dict[str, list[dict[str, object]]]:
        place = f"University of Oslo, Norway. Electronic address: {address}."
        return {"authors": [author("J Doe", affiliations=[place])]}

    same = features_of(tmp_path / "1", paper("Jane.Doe@uio.no"), paper("jane.doe@uio.no"))
    assert same["email"] > 0
    colleague = features_of(tmp_path / "2", paper("jane@uio.no"), paper("ann@uio.no"))
    assert colleague["email"] == 0
    assert colleague["email_domain"] > 0


def test_texts_are_compared_without_their_markup(tmp_path: Path) -> None:
    one = {"authors": ["J Doe"], "title": "The <i>zebrafish</i> liver", "abstract": "Bile ducts."}
    other = {"authors": ["J Doe"], "title": "Zebrafish livers", "abstract": "Bile ducts."}
    found = features_of(tmp_path, one, other)
    assert 0 < found["title"] < 1
    assert found["text"] > found["title"]
    assert features_of(tmp_path / "2", one, one)["title"] == pytest.approx(1)


def test_years_and_languages(tmp_path: Path) -> None:
    one = {"authors": ["J Doe"], "published_on": date(1990, 1, 1), "languages": ["ger"]}
    found = features_of(tmp_path, one, {"authors": ["J Doe"], "languages": ["eng"]})
    assert (found["years_apart"], found["earlier_year"]) == (30.0, 1990.0)
    assert (found["language"], found["foreign_language"]) == (0.0, 1.0)


def test_the_order_within_a_pair_does_not_matter_and_rows_stay_in_order(tmp_path: Path) -> None:
    papers: dict[int, Paper] = {
        1: {"authors": [author("Jane A Doe", affiliations=[OSLO]), "Ann Lee"], "citations": [2]},
        2: {"authors": [author("J Doe", affiliations=[BERGEN]), "A Lee"], "topics": ["D1"]},
        3: {"authors": ["John Doe", "Kim Ray"], "topics": ["D1"], "grants": ["X"]},
    }
    tables = identified(tmp_path, papers)
    there = {"pmid": [1, 1, 2], "position": [1] * 3, "other_pmid": [2, 3, 3]}
    back = {"pmid": [2, 3, 3], "position": [1] * 3, "other_pmid": [1, 1, 2]}
    settings = Settings(home=tmp_path)
    one, other = (
        pair_features(tables, pa.table({**side, "other_position": [1] * 3}), settings)
        for side in (there, back)
    )
    for name in one.column_names:
        np.testing.assert_allclose(one[name].to_numpy(), other[name].to_numpy(), err_msg=name)
    assert one.column_names == [feature.name for feature in FEATURES]
    assert one["first_name"].to_pylist()[1] < 1


def test_a_mention_that_is_not_there_is_named(tmp_path: Path) -> None:
    tables = identified(tmp_path, {1: {"authors": ["J Doe"]}})
    pair = pa.table({"pmid": [1], "position": [1], "other_pmid": [7], "other_position": [3]})
    with pytest.raises(ConfrereError, match=r"\[pubmed:7\] has no mention at position 3"):
        pair_features(tables, pair, Settings(home=tmp_path))


@pytest.mark.parametrize(
    ("one", "other", "first", "middle", "initials"),
    [
        ("jane", "jane", 1, None, 1), ("jane", "john", 0.5, None, 1),
        ("alex", "alexander", 0.95, None, 1), ("mi jung", "mijung", 1, None, 0.5),
        ("j", "jane", None, None, 1), ("j a", "j b", None, 0, 0),
        ("jane a", "jane anna", 1, 0.5, 1), ("jane a", "jane", 1, None, 0.5),
        ("", "jane", None, None, None),
    ],
)  # fmt: skip
def test_given_names_agree_part_by_part(
    one: str, other: str, first: float | None, middle: float | None, initials: float | None
) -> None:
    found = compare("doe", one, "doe", other)
    expected = [math.nan if value is None else value for value in (first, middle, initials)]
    assert [found.first_name, found.middle_names, found.initials] == pytest.approx(
        expected, nan_ok=True
    )


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        (("garcia", "a"), ("garcialopez", "a"), 0.8, 0.8),
        (("wei", "zhang"), ("zhang", "wei"), 0.9, 0.9),
        (("doe", "j"), ("doe", "j"), 1, 1), (("muller", "j"), ("mueller", "j"), 0.95, 0.95),
        (("muller", "j"), ("miller", "j"), 0.6, 0.79),
        (("doe", "j"), ("smith", "j"), 0, 0.3),
    ],
)  # fmt: skip
def test_last_names_agree_by_spelling_compound_and_order(
    one: tuple[str, str], other: tuple[str, str], least: float, most: float
) -> None:
    assert least <= compare(*one, *other).last_name <= most


folded = st.lists(st.text("abcdé", min_size=1, max_size=4), max_size=4).map(" ".join)
family = st.text("abcdé", min_size=1, max_size=6)


@given(family, folded, family, folded)
def test_names_compare_alike_both_ways_and_within_bounds(
    last: str, given_name: str, other_last: str, other_given: str
) -> None:
    found = compare(last, given_name, other_last, other_given)
    back = compare(other_last, other_given, last, given_name)
    assert found == pytest.approx(back, nan_ok=True)
    for name, value in zip(NameAgreement._fields, found, strict=True):
        assert math.isnan(value) or 0 <= value <= (2 if name.endswith(("names", "count")) else 1)
    assert compare(last, given_name, last, given_name).last_name == 1.0
