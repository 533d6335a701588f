"""Who wrote what, on planted papers whose answer is known in the head."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.evaluation import b_cubed
from pipeline import lake
from pipeline.tables import MENTIONS_PER_PAPER
from tests.identity.drawn import ENTERED, OTHERS, Home, Papers
from tests.identity.drawn import author as name

ORCID = "0000-0002-1825-0097"
OTHER_ORCID = "0000-0001-5109-3700"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def founded(pmid: int, position: int) -> int:
    return pmid * MENTIONS_PER_PAPER + position


def test_what_papers_share_ties_compatible_names(home: Home) -> None:
    found = home.night(
        OTHERS | {1: ["Jane Doe", "Ann Lee"], 2: ["J. Döe", "A Lee"], 3: ["Jo Doe", "Kim Ray"]}
    )
    assert found.mention_count == 6 + 2 * len(OTHERS)
    assert found.author_count == found.new_id_count
    assert home.same((1, 1), (2, 1))
    assert not home.same((1, 1), (3, 1))
    rows = {(row["pmid"], row["position"]): row for row in home.rows("identities")}
    assert [rows[key]["method"] for key in ((1, 1), (2, 1), (3, 1))] == ["matched"] * 2 + ["alone"]
    [match] = [row for row in home.rows("matches") if row["pmid"] == 2 and row["position"] == 1]
    assert rows[1, 1]["confidence"] == pytest.approx(match["probability"])
    assert rows[2, 1]["confidence"] == rows[1, 1]["confidence"]


def test_conflicting_fore_names_stay_apart_whatever_they_share(home: Home) -> None:
    place = {"affiliations": ["University of Oslo, Norway"]}
    home.night(
        {1: [name("Jane Doe", **place), "Ann Lee"], 2: [name("John Doe", **place), "Ann Lee"]}
    )
    assert not home.same((1, 1), (2, 1))
    assert home.same((1, 2), (2, 2))


def test_an_initial_joins_one_of_two_fore_names_and_bridges_none(home: Home) -> None:
    home.night({1: ["Jane Doe", "Ann Lee"], 2: ["J Doe", "Ann Lee"], 3: ["John Doe", "Ann Lee"]})
    assert not home.same((1, 1), (3, 1))


def test_two_namesakes_on_one_paper_are_two_people(home: Home) -> None:
    home.night({1: ["J Doe", "Jane Doe", "Ann Lee"], 2: ["Jane Doe", "Ann Lee"]})
    assert not home.same((1, 1), (1, 2))


def test_fathers_and_sons_with_other_suffixes_stay_apart(home: Home) -> None:
    home.night({
        1: [name("Jim Doe", suffix="Jr"), "Ann Lee"],
        2: [name("Jim Doe", suffix="3rd"), "Ann Lee"],
        3: [name("Jim Doe", suffix="III"), "Ann Lee"],
    })  # fmt: skip
    assert not home.same((1, 1), (2, 1))
    assert home.same((2, 1), (3, 1))


def test_one_orcid_ties_mentions_that_share_nothing_else(home: Home) -> None:
    home.night({1: [name("Jane Doe", orcid=ORCID)], 2: [name("J Doe", orcid=ORCID)]})
    assert home.same((1, 1), (2, 1))
    assert {row["method"] for row in home.rows("identities")} == {"orcid"}


def test_conflicting_orcids_stay_apart_even_through_a_mention_without_one(home: Home) -> None:
    home.night({
        1: [name("Jane Doe", orcid=ORCID), "Ann Lee"],
        2: ["Jane Doe", "Ann Lee"],
        3: [name("Jane Doe", orcid=OTHER_ORCID), "Ann Lee"],
    })  # fmt: skip
    assert not home.same((1, 1), (3, 1))


@pytest.mark.parametrize("renamed", ["Jane Roe-Doe", "J Smith", "Mary Doe"])
def test_one_orcid_follows_a_person_through_a_change_of_name(home: Home, renamed: str) -> None:
    home.night({1: [name("Jane Doe", orcid=ORCID)], 2: [name(renamed, orcid=ORCID)]})
    assert home.same((1, 1), (2, 1))


@pytest.mark.parametrize("stranger", ["Kim Smith", "John Smith", "John Doe"])
def test_an_orcid_printed_at_a_stranger_joins_nobody(home: Home, stranger: str) -> None:
    home.night({1: [name("Jane Doe", orcid=ORCID)], 2: [name(stranger, orcid=ORCID)]})
    assert not home.same((1, 1), (2, 1))


def test_one_orcid_printed_twice_on_a_paper_makes_no_two_authors_one(home: Home) -> None:
    home.night({1: [name("Jane Doe", orcid=ORCID), name("Jane Roe", orcid=ORCID)]})
    assert not home.same((1, 1), (1, 2))


def test_spellings_of_a_given_name_are_one_name(home: Home) -> None:
    place = {"affiliations": ["Department of Surgery, Qinghe Medical University, Qinghe, China"]}
    home.night(OTHERS | {
        1: [name("Xiao-Ming Zhou", **place), "Ann Lee"],
        2: [name("Xiaoming Zhou", **place), "Ann Lee"],
        3: [name("Xiaohong Zhou", **place), "Ann Lee"],
    })  # fmt: skip
    assert home.same((1, 1), (2, 1))
    assert not home.same((1, 1), (3, 1))


def test_spellings_of_a_last_name_meet_where_the_first_names_are_whole_and_equal(
    home: Home,
) -> None:
    place = {"affiliations": ["Department of Surgery, University of Wendenburg, Germany"]}
    home.night(OTHERS | {
        1: [name("Karin Müller", **place), "Ann Lee"],
        2: [name("Karin Mueller", **place), "Ann Lee"],
        3: [name("K Mueller", **place), "Ann Lee"],
    })  # fmt: skip
    assert home.same((1, 1), (2, 1))
    compared = {(row["other_pmid"], row["pmid"]) for row in home.rows("matches")}
    assert (1, 2) in compared
    assert not any(
        (row["other_pmid"], row["pmid"], row["position"]) == (1, 3, 1)
        for row in home.rows("matches")
    )


def crowd() -> dict[int, list[str]]:
    """Draw 250 papers by some Y Wang, all with other coauthors: too many to compare all."""
    letters = [chr(97 + place // 26) + chr(97 + place % 26) for place in range(250)]
    return {1_000 + place: ["Y Wang", f"Ann Only{own}"] for place, own in enumerate(letters)}


def test_in_a_large_block_only_what_shares_a_trait_is_compared(home: Home) -> None:
    meeting: Papers = {1: ["Y Wang", "Kim Quill"], 2: ["Y Wang", "Kim Quill"], 3: ["Y Wang"]}
    found = home.night({**OTHERS, **meeting, **crowd()})
    assert found.pair_count < 2_000  # of 31,000
    assert home.same((1, 1), (2, 1))
    assert not home.same((1, 1), (3, 1))


def test_papers_that_entered_later_are_not_looked_at(home: Home) -> None:
    found = home.night({1: ["Jane Doe"]}, as_of=date(2019, 12, 31))
    assert (found.mention_count, found.author_count) == (0, 0)
    assert home.identify(ENTERED).mention_count == 1
    assert lake.read(home.settings.lake_folder, "authors").as_of == ENTERED
    assert lake.read(home.settings.lake_folder, "identities").made_from == "made from"


def test_groups_and_names_without_letters_are_nobody(home: Home) -> None:
    group = {"collective_name": "The Oslo Group"}
    found = home.night({1: [group, name("?", fore_name="J"), "Plato", "Jane Doe"]})
    assert found.mention_count == 2
    assert {row["block"] for row in home.rows("mentions")} == {"plato|", "doe|j"}


def test_an_author_shows_the_fullest_name_and_the_latest_institution(home: Home) -> None:
    oslo, bergen = "Dept of Surgery, University of Oslo, Norway", "University of Bergen, Norway"
    home.night({
        1: [name("Jane Anna Døe", suffix="Jr", affiliations=[oslo], orcid=ORCID)],
        2: [name("J A Doe", affiliations=[bergen], orcid=ORCID)],
        3: [name("J Doe", orcid=ORCID)],
    })  # fmt: skip
    [author] = home.rows("authors")
    assert author.pop("confidence") > 0.9
    assert author == {
        "author_id": founded(1, 1), "display_name": "Jane Anna Døe Jr", "block": "doe|j",
        "given_names": "jane anna", "orcid": ORCID, "institution": "University of Bergen",
        "department": None, "country": "Norway", "first_on": ENTERED, "last_on": ENTERED,
        "publication_count": 3,
    }  # fmt: skip


NIGHT: Papers = {
    5: ["Jane Doe", "Ann Lee"],
    6: ["Jane Doe", "Ann Lee"],
    7: ["Jane Doe", "Ann Lee"],
    **OTHERS,
}


def without(*pmids: int) -> Papers:
    return {pmid: paper for pmid, paper in NIGHT.items() if pmid not in pmids}


def events(home: Home) -> list[tuple[Any, ...]]:
    names = ("kind", "author_id", "other_author_id", "mention_count")
    return [tuple(row[name] for name in names) for row in home.rows("identity_events")]


def led(home: Home) -> dict[int, int | None]:
    return {row["author_id"]: row["current_id"] for row in home.rows("redirects")}


def test_a_new_paper_changes_no_id_even_if_its_pmid_is_smaller(home: Home) -> None:
    home.night(NIGHT)
    before = home.who()
    found = home.night({2: ["J Doe", "Ann Lee", "Kim Ray"], **NIGHT})
    assert (found.paper_count, found.new_id_count, found.lost_id_count) == (1, 1, 0)
    after = home.who()
    assert {key: after[key] for key in before} == before
    assert after[2, 1] == founded(5, 1)
    assert after[2, 3] == founded(2, 3)
    assert events(home) == []


def test_a_night_compares_its_own_papers_only(home: Home) -> None:
    assert home.night(NIGHT).pair_count > 2
    assert home.night({**NIGHT, 8: ["Jane Doe", "Kim Ray"]}).pair_count == 3
    assert home.same((5, 1), (8, 1))


def test_a_corpus_that_has_grown_by_half_is_compared_anew(home: Home) -> None:
    first = home.night(NIGHT)
    more: Papers = {pmid: [f"New{chr(97 + pmid)} Comer"] for pmid in range(10, 25)}
    grown = home.night({**NIGHT, **more})
    assert grown.paper_count == len(more)
    yet: Papers = {
        pmid: [f"Quu{chr(97 + pmid % 26)} Comer{pmid % 3 * 'x'}"] for pmid in range(25, 60)
    }
    every: Papers = {**NIGHT, **more, **yet}
    assert home.night(every).paper_count == len(every)
    assert first.paper_count == len(NIGHT)
    assert events(home) == []


def test_an_author_keeps_the_id_when_the_founding_paper_is_withdrawn(home: Home) -> None:
    home.night(NIGHT)
    home.night(without(5))
    assert home.who()[6, 1] == founded(5, 1)
    assert led(home) == {}


def test_ids_follow_the_names_when_a_revision_moves_them_in_the_author_list(home: Home) -> None:
    home.night({7: ["Alice Moor", "Bob Stone"]})
    home.night({7: ["Zed Quill", "Alice Moor", "Bob Stone"]})
    who = home.who()
    assert (who[7, 2], who[7, 3]) == (founded(7, 1), founded(7, 2))
    assert who[7, 1] not in (founded(7, 1), founded(7, 2))
    home.night({7: ["Zed Quill", "Bob Stone"]})  # Alice's id goes to nobody else
    assert home.who()[7, 1] == who[7, 1]
    assert home.who()[7, 2] == founded(7, 2)
    assert led(home) == {founded(7, 1): None}


def test_after_a_split_the_larger_part_keeps_the_id_and_the_smaller_gets_one_never_used(
    home: Home,
) -> None:
    home.night(NIGHT)
    home.night({**NIGHT, 5: ["Joan Doe", "Ann Lee"]})
    who = home.who()
    assert who[6, 1] == who[7, 1] == founded(5, 1)
    assert who[5, 1] == founded(5, MENTIONS_PER_PAPER - 1)
    assert events(home) == [("split", founded(5, 1), who[5, 1], 1)]
    assert led(home) == {}


APART: Papers = {3: {"authors": ["Jane Doe"], "title": "Of bees", "journal": "Bees"}, **NIGHT}


def test_after_a_merge_the_larger_part_names_the_whole_and_the_other_id_leads_there(
    home: Home,
) -> None:
    apart: Papers = {**APART, 3: ["Jo Doe"]}
    home.night(apart)
    assert home.who()[3, 1] == founded(3, 1)
    home.night({**apart, 3: ["Jane Doe", "Ann Lee"]})
    assert home.who()[3, 1] == founded(5, 1)
    assert led(home) == {founded(3, 1): founded(5, 1)}
    assert events(home) == [("merged", founded(3, 1), founded(5, 1), 1)]
    assert founded(3, 1) not in {row["author_id"] for row in home.rows("authors")}


def test_a_paper_that_is_withdrawn_and_comes_back_has_its_authors_again(home: Home) -> None:
    lonely: Papers = {3: ["Zed Quill"], **NIGHT}
    home.night(lonely)
    home.night(NIGHT)
    assert led(home) == {founded(3, 1): None}
    home.night(lonely)
    assert home.who()[3, 1] == founded(3, 1)
    assert led(home) == {}
    assert [event[0] for event in events(home)] == ["gone", "back"]


def test_a_run_as_of_an_earlier_day_costs_nobody_their_id(home: Home) -> None:
    late = date(2021, 1, 1)
    papers: Papers = {
        3: {"authors": ["Zed Quill", "Jane Doe", "Ann Lee"], "entered_on": late},
        4: {"authors": ["Zed Quill", "Ann Lee"], "entered_on": late},
        **NIGHT,
    }
    home.night(papers, as_of=late)
    before = home.who()
    home.identify(as_of=ENTERED)
    assert set(home.who()) < set(before)
    home.identify(as_of=late)
    assert home.who() == before
    assert led(home) == {}


def test_what_led_to_an_id_follows_it_when_that_is_merged_too(home: Home) -> None:
    papers: Papers = {2: ["Jo Doe"], 3: ["Jill Doe", "Bo Ray"], **NIGHT}
    home.night(papers)
    home.night({**papers, 2: ["Jill Doe", "Bo Ray"]})
    assert led(home) == {founded(3, 1): founded(2, 1)}
    home.night({**papers, 2: ["Jane Doe", "Ann Lee"], 3: ["Jane Doe", "Ann Lee"]})
    assert led(home) == {
        founded(2, 1): founded(5, 1),
        founded(3, 1): founded(5, 1),
        founded(3, 2): None,
    }


def test_a_second_run_changes_nothing(home: Home) -> None:
    home.night(NIGHT)
    tables = ("identities", "authors", "matches", "mentions")
    before = [home.rows(table) for table in tables]
    versions = [lake.read(home.settings.lake_folder, table).version for table in tables]
    found = home.identify()
    assert (found.paper_count, found.pair_count, found.new_id_count) == (0, 0, 0)
    assert [home.rows(table) for table in tables] == before
    assert [lake.read(home.settings.lake_folder, table).version for table in tables] == versions


def drawn_papers(seed: int, count: int) -> Papers:
    draw = random.Random(seed)
    people = ["Jane Doe", "J Doe", "John Doe", "Ann Lee", "A Lee", "Kim Ray", "Kit Ray", "K Ray"]
    topics = ["bees", "bones", "brains"]
    return OTHERS | {
        pmid: {
            "authors": draw.sample(people, 3),
            "title": f"On {draw.choice(topics)} and {draw.choice(topics)}",
            "journal": draw.choice(topics),
        }
        for pmid in range(1, count)
    }


def test_ids_do_not_depend_on_the_order_of_rows_or_on_threads(tmp_path: Path) -> None:
    papers = drawn_papers(7, 60)
    shuffled = {pmid: papers[pmid] for pmid in random.Random(1).sample(sorted(papers), len(papers))}
    one, two = Home(tmp_path / "one", threads=1), Home(tmp_path / "two", threads=2)
    one.night(papers)
    two.night(shuffled)
    assert one.rows("identities") == two.rows("identities")
    assert one.rows("authors") == two.rows("authors")


def test_papers_that_come_night_by_night_end_up_as_papers_that_come_at_once(
    tmp_path: Path,
) -> None:
    papers = drawn_papers(3, 80)
    by_night, at_once = Home(tmp_path / "nights"), Home(tmp_path / "once")
    by_night.night({pmid: paper for pmid, paper in papers.items() if pmid < 20 or pmid > 1_000})
    for last in range(25, 85, 5):
        by_night.night({p: paper for p, paper in papers.items() if p < last or p > 1_000})
    at_once.night(papers)
    keys = sorted(by_night.who())
    who = [[home.who()[key] for key in keys] for home in (by_night, at_once)]
    assert b_cubed(np.array(who[0]), np.array(who[1])).f1.value > 0.9
    borne, known = set(who[0]), {row["author_id"] for row in by_night.rows("authors")}
    assert borne == known
    assert all(current in borne for current in led(by_night).values())


def test_no_two_authors_of_a_paper_are_one_and_every_author_founded_its_id(home: Home) -> None:
    draw = random.Random(11)
    people = ["Jane Doe", "J Doe", "J Doe", "John Doe", "Ann Lee", "A Lee", "Kim Ray", "K Ray"]
    home.night({pmid: draw.sample(people, 4) for pmid in range(1, 80)})
    who = home.who()
    per_paper = [{who[pmid, place] for place in range(1, 5)} for pmid in range(1, 80)]
    assert all(len(authors) == 4 for authors in per_paper)
    assert {divmod(author, MENTIONS_PER_PAPER) for author in who.values()} <= set(who)
