"""Who wrote what, on planted papers whose answer is known in the head."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline import lake
from pipeline.identity.identify import Identified, identify
from pipeline.settings import Settings
from pipeline.tables import MENTIONS_PER_PAPER
from tests.builders import arrow

ENTERED = date(2020, 1, 1)
ORCID = "0000-0002-1825-0097"
OTHER_ORCID = "0000-0001-5109-3700"

Papers = Mapping[int, Sequence[str | dict[str, Any]]]


def name(printed: str, **more: Any) -> dict[str, Any]:
    """Draw an authorship from 'Fore Last', with whatever else is given."""
    fore_name, _, last_name = printed.rpartition(" ")
    return {"last_name": last_name, "fore_name": fore_name or None, **more}


class Home:
    """A lake in which papers are identified, night after night."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.settings = Settings(home=folder, **options)

    def night(self, papers: Papers, as_of: date = ENTERED, **publication: Any) -> Identified:
        authorships = [
            {"pmid": pmid, "position": place} | (name(who) if isinstance(who, str) else who)
            for pmid, names in papers.items()
            for place, who in enumerate(names, start=1)
        ]
        publications = [{"pmid": pmid, "entered_on": ENTERED, **publication} for pmid in papers]
        with lake.begin(self.settings.lake_folder) as commit:
            commit.write("publications", arrow("publications", publications).to_batches())
            commit.write("authorships", arrow("authorships", authorships).to_batches())
        return self.identify(as_of)

    def identify(self, as_of: date = ENTERED) -> Identified:
        names = ("publications", "authorships", "mentions", "identities")
        current = lake.datasets(self.settings.lake_folder, names)
        with lake.begin(self.settings.lake_folder) as commit:
            return identify(current, commit, as_of, self.settings, "made from")

    def rows(self, table: str) -> list[dict[str, Any]]:
        return lake.read(self.settings.lake_folder, table).read().to_pylist()

    def who(self) -> dict[tuple[int, int], int]:
        return {(row["pmid"], row["position"]): row["author_id"] for row in self.rows("identities")}

    def same(self, *mentions: tuple[int, int]) -> bool:
        who = self.who()
        return len({who[mention] for mention in mentions}) == 1


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def founded(pmid: int, position: int) -> int:
    return pmid * MENTIONS_PER_PAPER + position


def test_a_shared_coauthor_ties_compatible_names(home: Home) -> None:
    found = home.night(
        {1: ["Jane Doe", "Ann Lee"], 2: ["J. Döe", "A Lee"], 3: ["Jane Doe", "Kim Ray"]}
    )
    assert found == Identified(mention_count=6, author_count=4, kept_id_count=0, new_id_count=4)
    assert home.same((1, 1), (2, 1))
    assert not home.same((1, 1), (3, 1))
    rows = {(row["pmid"], row["position"]): row for row in home.rows("identities")}
    assert [rows[key]["method"] for key in ((1, 1), (2, 1), (3, 1))] == [
        "coauthor",
        "coauthor",
        "alone",
    ]
    assert rows[1, 1]["confidence"] > rows[2, 1]["confidence"] > rows[3, 1]["confidence"]


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


def test_an_affiliation_in_common_ties_compatible_names(home: Home) -> None:
    home.night({
        1: [name("Jane Doe", affiliations=["Surgery, University of Oslo, 0424 Oslo, Norway."])],
        2: [name("J Doe", affiliations=["The University of Oslo, Norway. E-mail: j@o.no"])],
        3: [name("J Doe", affiliations=["University of Bergen, Norway"])],
    })  # fmt: skip
    assert home.same((1, 1), (2, 1))
    assert not home.same((1, 1), (3, 1))
    assert home.rows("identities")[0]["method"] == "affiliation"


def crowd() -> dict[int, list[str]]:
    """Draw twenty papers by some Y Wang and twenty by some X Li, all with other coauthors."""
    others = [f"Ann Only{letter}" for letter in "abcdefghijklmnopqrst"]
    wangs = {100 + place: ["Y Wang", other] for place, other in enumerate(others)}
    return wangs | {200 + place: ["X Li", other + "x"] for place, other in enumerate(others)}


def test_common_names_that_meet_by_chance_are_not_tied(home: Home) -> None:
    meeting = {1: ["Y Wang", "X Li"], 2: ["Y Wang", "X Li"]}
    home.night(meeting)
    assert home.same((1, 1), (2, 1))
    home.night(meeting | crowd())
    assert not home.same((1, 1), (2, 1))


def test_full_first_names_are_rarer_than_their_initials(home: Home) -> None:
    home.night({1: ["Yolanda Wang", "Xaver Li"], 2: ["Yolanda Wang", "Xaver Li"]} | crowd())
    assert home.same((1, 1), (2, 1))


def test_papers_above_the_author_cap_are_no_evidence(tmp_path: Path) -> None:
    papers = {1: ["Jane Doe", "Ann Lee", "Kim Ray"], 2: ["Jane Doe", "Ann Lee", "Kim Ray"]}
    for cap, expected in ((3, True), (2, False)):
        home = Home(tmp_path / str(cap), author_cap=cap)
        home.night(papers)
        assert home.same((1, 1), (2, 1)) is expected


def test_papers_that_entered_later_are_not_looked_at(home: Home) -> None:
    found = home.night({1: ["Jane Doe"]}, as_of=date(2019, 12, 31))
    assert found == Identified(0, 0, 0, 0)
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
    }, is_retracted=True)  # fmt: skip
    [author] = home.rows("authors")
    assert author == {
        "author_id": founded(1, 1), "display_name": "Jane Anna Døe Jr", "block": "doe|j",
        "given_names": "jane anna", "orcid": ORCID, "institution": "University of Bergen",
        "department": None, "country": "Norway", "first_on": ENTERED, "last_on": ENTERED,
        "publication_count": 3,
    }  # fmt: skip


NIGHT: dict[int, list[str | dict[str, Any]]] = {
    5: ["Jane Doe", "Ann Lee"],
    6: ["Jane Doe", "Ann Lee"],
    7: ["Jane Doe", "Ann Lee"],
}


def test_a_new_paper_changes_no_id_even_if_its_pmid_is_smaller(home: Home) -> None:
    home.night(NIGHT)
    before = home.who()
    found = home.night({2: ["J Doe", "Ann Lee", "Kim Ray"], **NIGHT})
    assert found == Identified(mention_count=9, author_count=3, kept_id_count=2, new_id_count=1)
    after = home.who()
    assert {key: after[key] for key in before} == before
    assert after[2, 1] == founded(5, 1)
    assert after[2, 3] == founded(2, 3)


def test_an_author_keeps_the_id_when_the_founding_paper_is_withdrawn(home: Home) -> None:
    home.night(NIGHT)
    home.night({pmid: names for pmid, names in NIGHT.items() if pmid != 5})
    assert home.who()[6, 1] == founded(5, 1)


def test_ids_follow_the_names_when_a_revision_moves_them_in_the_author_list(home: Home) -> None:
    home.night({7: ["Alice Moor", "Bob Stone"]})
    home.night({7: ["Zed Quill", "Alice Moor", "Bob Stone"]})
    who = home.who()
    assert (who[7, 2], who[7, 3]) == (founded(7, 1), founded(7, 2))
    assert who[7, 1] not in (founded(7, 1), founded(7, 2))
    home.night({7: ["Zed Quill", "Bob Stone"]})  # Alice's id goes to nobody else
    assert home.who()[7, 1] == who[7, 1]
    assert home.who()[7, 2] == founded(7, 2)


def test_after_a_split_the_larger_part_keeps_the_id_and_the_smaller_gets_one_never_used(
    home: Home,
) -> None:
    home.night(NIGHT)
    home.night({**NIGHT, 5: ["Janet Doe", "Ann Lee"]})
    who = home.who()
    assert who[6, 1] == who[7, 1] == founded(5, 1)
    assert who[5, 1] == founded(5, MENTIONS_PER_PAPER - 1)


def test_after_a_merge_the_larger_part_names_the_whole(home: Home) -> None:
    apart: Papers = {3: ["Jane Doe"], **NIGHT}
    home.night(apart)
    assert home.who()[3, 1] == founded(3, 1)
    home.night({**apart, 3: ["Jane Doe", "Ann Lee"]})
    assert home.who()[3, 1] == founded(5, 1)


def test_a_second_run_changes_nothing(home: Home) -> None:
    home.night(NIGHT)
    before = home.who()
    assert home.identify() == Identified(
        mention_count=6, author_count=2, kept_id_count=2, new_id_count=0
    )
    assert home.who() == before


def test_ids_do_not_depend_on_the_order_of_rows_or_on_threads(tmp_path: Path) -> None:
    draw = random.Random(7)
    people = ["Jane Doe", "J Doe", "John Doe", "Ann Lee", "A Lee", "Kim Ray", "Kit Ray", "K Ray"]
    papers = {pmid: draw.sample(people, 3) for pmid in range(1, 60)}
    shuffled = {pmid: papers[pmid] for pmid in draw.sample(sorted(papers), len(papers))}
    one, two = Home(tmp_path / "one", threads=1), Home(tmp_path / "two", threads=2)
    one.night(papers)
    two.night(shuffled)
    assert one.rows("identities") == two.rows("identities")
    assert one.rows("authors") == two.rows("authors")


def test_no_two_authors_of_a_paper_are_one_and_every_author_founded_its_id(home: Home) -> None:
    draw = random.Random(11)
    people = ["Jane Doe", "J Doe", "J Doe", "John Doe", "Ann Lee", "A Lee", "Kim Ray", "K Ray"]
    home.night({pmid: draw.sample(people, 4) for pmid in range(1, 80)})
    who = home.who()
    per_paper = [{who[pmid, place] for place in range(1, 5)} for pmid in range(1, 80)]
    assert all(len(authors) == 4 for authors in per_paper)
    assert {divmod(author, MENTIONS_PER_PAPER) for author in who.values()} <= set(who)
