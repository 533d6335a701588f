"""Who is asked about and who the right answers are, with the answer known in the head."""

from __future__ import annotations

import doctest
from datetime import date
from pathlib import Path

from pipeline.recommend.evaluation import past
from tests.recommend.evaluation.drawn import CUTOFF, Drawn, day

BEFORE = {
    1: (day(2013), "ann bob"),
    2: (day(2014), "ann bob"),
    3: (day(2013), "cy dee"),
    4: (day(2014), "cy dee"),
}


def asked(folder: Path, after: dict[int, tuple[date, str]]) -> dict[str, list[str]]:
    return Drawn(folder, {**BEFORE, **after}).asked()


def test_the_first_joint_paper_within_the_window_makes_each_the_answer_of_the_other(
    tmp_path: Path,
) -> None:
    assert asked(tmp_path, {10: (day(2015), "ann cy")}) == {"ann": ["cy"], "cy": ["ann"]}


def test_a_joint_paper_after_the_window_is_no_answer_and_one_on_its_last_day_is(
    tmp_path: Path,
) -> None:
    assert asked(tmp_path / "late", {10: (date(2017, 1, 1), "ann cy")}) == {}
    last = {10: (date(2016, 12, 31), "ann cy")}
    assert asked(tmp_path / "last", last) == {"ann": ["cy"], "cy": ["ann"]}


def test_who_wrote_together_before_is_no_new_coauthor(tmp_path: Path) -> None:
    assert asked(tmp_path, {10: (day(2015), "ann bob")}) == {}


def test_a_paper_on_the_day_of_the_cutoff_belongs_to_the_past(tmp_path: Path) -> None:
    papers = {10: (CUTOFF, "ann cy"), 11: (day(2015), "ann cy"), 12: (day(2015), "ann dee")}
    assert asked(tmp_path, papers) == {"ann": ["dee"], "dee": ["ann"]}


def test_a_paper_of_sixteen_makes_nobody_new_coauthors_and_one_of_fifteen_does(
    tmp_path: Path,
) -> None:
    crowd = " ".join(f"x{place}" for place in range(13))
    assert asked(tmp_path / "15", {10: (day(2015), f"ann cy {crowd}")}).keys() == {"ann", "cy"}
    assert asked(tmp_path / "16", {10: (day(2015), f"ann cy {crowd} y")}) == {}


def test_a_large_paper_of_the_past_makes_two_known_to_each_other(tmp_path: Path) -> None:
    crowd = " ".join(f"x{place}" for place in range(60))
    papers = {9: (day(2012), f"ann cy {crowd}"), 10: (day(2015), "ann cy")}
    assert asked(tmp_path, papers) == {}


def test_asked_about_is_who_has_two_papers_one_of_them_within_36_months(tmp_path: Path) -> None:
    papers = {
        5: (day(2014), "eve"),
        6: (day(2010), "flo gus"),
        7: (day(2011), "flo gus"),
        10: (day(2015), "ann eve"),
        11: (day(2015), "flo ann"),
    }
    found = asked(tmp_path, papers)
    assert found.keys() == {"ann"}  # eve has one paper, the last of flo is too old
    assert sorted(found["ann"]) == ["eve", "flo"]  # both may be suggested


def test_who_was_last_active_more_than_60_months_ago_is_no_answer(tmp_path: Path) -> None:
    papers = {
        5: (day(2009), "eve"),
        6: (day(2010), "flo"),
        10: (day(2015), "ann eve"),
        11: (day(2015), "ann flo"),
    }
    assert asked(tmp_path, papers) == {"ann": ["flo"]}


def test_a_newcomer_is_no_answer(tmp_path: Path) -> None:
    assert asked(tmp_path, {10: (day(2015), "ann new")}) == {}


def test_an_author_of_the_past_is_who_most_of_its_mentions_are_today(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path, {**BEFORE, 5: (day(2014), "cy"), 10: (day(2015), "ann cy")})
    # the past took one mention of dee for cy, and split a paper of cy off
    mixed = {(4, "dee"): drawn.ids["cy"], (5, "cy"): 99}
    assert drawn.asked(mixed) == {"ann": ["cy", "99"], "cy": ["ann"]}


def test_two_ids_of_the_past_that_are_one_person_are_not_new_coauthors(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path, {**BEFORE, 10: (day(2015), "ann bob")})
    assert drawn.asked({(2, "bob"): 99}) == {}


def test_who_the_past_knows_as_a_coauthor_by_mistake_is_no_candidate_and_no_answer(
    tmp_path: Path,
) -> None:
    papers = {**BEFORE, 5: (day(2014), "ann xu"), 10: (day(2015), "ann cy")}
    drawn = Drawn(tmp_path, papers)
    assert drawn.asked({(5, "xu"): drawn.ids["cy"]}) == {}


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(past).failed == 0
