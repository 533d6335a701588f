"""The made-up world: what was promised is there, and the truth about it is true."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

import numpy as np
import pytest

from pipeline.demo.names import initials
from pipeline.demo.papers import CONSORTIUM, CONSORTIUM_SIZE, Paper
from pipeline.demo.people import Person, orcid_from
from pipeline.demo.world import AUTHOR_CAP, World, build_world

BEFORE = timedelta(days=1)


@pytest.fixture(scope="module")
def people(world: World) -> dict[str, Person]:
    return {person.person_id: person for person in world.people}


@pytest.fixture(scope="module")
def coauthors(world: World) -> dict[str, set[str]]:
    """Person → everybody they have published with by the last night."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for paper in world.papers.values():
        names = [a.person_id for a in paper.authors if a.person_id]
        if len(names) <= AUTHOR_CAP:
            for a, b in combinations(names, 2):
                found[a].add(b)
                found[b].add(a)
    return dict(found)


def test_the_world_has_the_size_it_promises(world: World) -> None:
    assert len(world.people) == 3_000
    assert 11_700 < len(world.papers) < 12_300
    assert len(world.topics) == 120
    assert len({person.stints[0].institution for person in world.people}) >= 40
    assert len({stint.institution.country for p in world.people for stint in p.stints}) >= 15
    assert list(world.papers) == sorted(world.papers)


def test_the_same_seed_gives_the_same_world(world: World) -> None:
    assert build_world() == world


def test_another_seed_gives_another_world_of_the_same_make(world: World) -> None:
    other = build_world(seed=1, nights=2)
    assert other.people != world.people
    assert len(other.changed("retraction", other.nights[1])) == 1
    assert len(other.namesakes) == len(world.namesakes)


def test_a_longer_world_has_the_same_first_nights(world: World) -> None:
    longer = build_world(nights=10)
    assert len(longer.nights) == 10
    assert {pmid: longer.papers[pmid] for pmid in world.papers} == world.papers
    last = world.nights[-1]
    assert [c for c in longer.changes if c.changed_on <= last] == list(world.changes)
    assert longer.roster == world.roster


def test_the_second_night_brings_new_papers_and_one_of_each_change(world: World) -> None:
    for night in world.nights:
        entered = sum(paper.entered_on == night for paper in world.papers.values())
        assert 40 <= entered <= 81
    second = world.nights[1]
    assert {c.kind for c in world.changes if c.changed_on == world.first_night} == set()
    assert Counter(c.kind for c in world.changes if c.changed_on == second) == {
        "retraction": 1, "deletion": 1, "revision": 1,
    }  # fmt: skip


def test_the_retraction_marks_a_well_connected_paper_and_brings_a_notice(
    world: World, coauthors: dict[str, set[str]]
) -> None:
    second = world.nights[1]
    [change] = world.changed("retraction", second)
    before, after = world.record(change.pmid, second - BEFORE), world.record(change.pmid, second)
    assert before is not None
    assert after is not None
    assert change.notice is not None
    assert "Retracted Publication" not in before.publication_types
    assert "Retracted Publication" in after.publication_types
    assert ("RetractionIn", change.notice) in after.links
    assert world.record(change.notice, second - BEFORE) is None
    notice = world.record(change.notice, second)
    assert notice is not None
    assert notice.links == (("RetractionOf", change.pmid),)
    ranked = sorted(coauthors, key=lambda person: -len(coauthors[person]))[:30]
    assert {a.person_id for a in before.authors} & set(ranked)


def test_the_deletion_takes_a_record_of_the_first_night_away(world: World) -> None:
    first, second = world.nights[:2]
    [change] = world.changed("deletion", second)
    assert world.record(change.pmid, first) is not None
    assert world.record(change.pmid, second) is None
    assert change.pmid not in world.visible(second)
    assert set(world.deleted(second)) - set(world.deleted(first)) == {change.pmid}
    assert not set(world.withdrawn) & set(world.papers)


def test_the_revision_changes_title_and_adds_an_orcid(
    world: World, people: dict[str, Person]
) -> None:
    second = world.nights[1]
    [change] = world.changed("revision", second)
    before, after = world.record(change.pmid, second - BEFORE), world.record(change.pmid, second)
    assert before is not None
    assert after is not None
    assert before.title != after.title
    [added] = [b for a, b in zip(before.authors, after.authors, strict=True) if a != b]
    assert added.orcid == people[str(added.person_id)].orcid
    assert world.revised_on(change.pmid, second - BEFORE) < second
    assert world.revised_on(change.pmid, second) == second


def test_orcids_are_valid_unique_partial_and_outside_the_real_range(world: World) -> None:
    orcids = [person.orcid for person in world.people if person.orcid]
    assert 0.3 < len(orcids) / len(world.people) < 0.4
    assert len(set(orcids)) == len(orcids)
    for orcid in orcids:
        assert orcid.startswith("0000-0008-")
        assert orcid_from(orcid.replace("-", "")[:15]) == orcid


def test_orcids_are_printed_on_most_recent_papers_as_address_and_bare(
    world: World, people: dict[str, Person]
) -> None:
    printed: Counter[str] = Counter()
    for paper in world.papers.values():
        for author in paper.authors:
            if author.person_id and (orcid := people[author.person_id].orcid):
                assert author.orcid.removesuffix(orcid) in (
                    "",
                    "https://orcid.org/",
                    "http://orcid.org/",
                )
                if paper.entered_on.year >= 2018:
                    form = author.orcid.removesuffix(orcid) or "bare" if author.orcid else "none"
                    printed[form] += 1
            else:
                assert author.orcid == ""
    assert 0.25 < printed["none"] / printed.total() < 0.35
    assert min(printed["bare"], printed["https://orcid.org/"]) > 1_000


def test_namesakes_share_a_name_and_never_an_institution(
    world: World, people: dict[str, Person]
) -> None:
    assert len(world.namesakes) == 60
    assert len({person for pair in world.namesakes for person in pair}) == 120
    full = 0
    for a, b in ((people[a], people[b]) for a, b in world.namesakes):
        assert a.name.last == b.name.last
        assert initials(a.name.fore) == initials(b.name.fore)
        assert not {s.institution for s in a.stints} & {s.institution for s in b.stints}
        assert a.orcid is None or a.orcid != b.orcid
        full += a.name.fore == b.name.fore
    assert 30 <= full < 60


def test_people_appear_under_several_forms_of_their_name(
    world: World, people: dict[str, Person]
) -> None:
    forms: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for paper in world.papers.values():
        for author in paper.authors:
            if author.person_id:
                forms[author.person_id].add((author.last_name, author.fore_name))
                assert author.initials == initials(author.fore_name)
    assert sum(len(names) > 1 for names in forms.values()) > len(forms) / 2
    seen = {
        kind
        for person, names in forms.items()
        for last, fore in names
        for kind in _kinds(people[person], last, fore)
    }
    assert seen >= {
        "full",
        "middle",
        "initials",
        "hyphen dropped",
        "diacritics dropped",
        "surname split",
    }


def _kinds(person: Person, last: str, fore: str) -> set[str]:
    name = person.name
    return {
        kind for kind, holds in {
            "full": (last, fore) == (name.last, name.fore),
            "middle": bool(name.middle) and fore == f"{name.fore} {name.middle}",
            "initials": fore.replace(" ", "") == initials(f"{name.fore} {name.middle}".strip()),
            "hyphen dropped": "-" in name.fore and "-" not in fore and len(fore) > 4,
            "diacritics dropped": not name.last.isascii() and last.isascii(),
            "surname split": "-" in name.last and last == name.last.replace("-", " "),
        }.items() if holds
    }  # fmt: skip


def test_surnames_are_skewed_and_carry_diacritics_hyphens_spaces_and_suffixes(world: World) -> None:
    surnames = Counter(person.name.last for person in world.people)
    assert surnames.most_common(1)[0][1] > 12
    assert sum(count == 1 for count in surnames.values()) > 400
    for wanted in ("é", "ü", "-", " ", "'"):
        assert any(wanted in surname for surname in surnames), wanted
    assert {person.name.suffix for person in world.people} == {"", "Jr", "3rd"}


def test_affiliations_stand_for_all_authors_only_since_2014(world: World) -> None:
    for paper in world.papers.values():
        people = [author for author in paper.authors if author.person_id]
        if paper.entered_on.year < 2014:
            assert not any(author.affiliations for author in people[1:])
        else:
            assert all(author.affiliations for author in people)


def test_addresses_stand_at_example_domains_only(world: World) -> None:
    texts = [t for paper in world.papers.values() for a in paper.authors for t in a.affiliations]
    addresses = [address for text in texts for address in re.findall(r"\S+@\S+", text)]
    addresses += [person.email(2026.2) for person in world.people] + re.findall(
        r"[^,]+@[^,]+", world.roster
    )
    assert len(addresses) > 3_000 + 500
    assert all(re.fullmatch(r"[a-z.\d]+@[a-z]+\.example\.(org|com|net)\.?", a) for a in addresses)
    owners = [person.email(2026.2) for person in world.people]
    assert len(set(owners)) == len(owners)


def test_one_consortium_paper_has_800_people_and_a_collective_name(world: World) -> None:
    [paper] = [p for p in world.papers.values() if len(p.authors) > AUTHOR_CAP]
    assert len(paper.authors) == CONSORTIUM_SIZE + 1
    assert len({author.person_id for author in paper.authors}) == CONSORTIUM_SIZE + 1
    assert paper.authors[-1].collective_name == CONSORTIUM
    assert paper.authors[-1].person_id is None


def test_nobody_stands_twice_on_a_paper_or_writes_outside_their_career(
    world: World, people: dict[str, Person]
) -> None:
    for paper in world.papers.values():
        names = [author.person_id for author in paper.authors if author.person_id]
        assert len(set(names)) == len(names)
        year = paper.entered_on.year + paper.entered_on.timetuple().tm_yday / 366
        assert all(people[name].start < year + 1 < people[name].end + 2.2 for name in names)


def test_papers_cite_earlier_papers_and_come_in_all_kinds(world: World) -> None:
    kinds = Counter(kind for paper in world.papers.values() for kind in paper.publication_types)
    assert (
        min(kinds[k] for k in ("Review", "Letter", "Case Reports", "Preprint", "Journal Article"))
        > 100
    )
    for paper in world.papers.values():
        assert all(world.papers[other].entered_on <= paper.entered_on for other in paper.cites)
        assert paper.pmid not in paper.cites
    assert sum(bool(paper.cites) for paper in world.papers.values()) > 9_000
    titles = [paper.title for paper in world.papers.values()]
    for mark in ("<i>", "<sub>", "<sup>", "&lt;", "α"):
        assert any(mark in title for title in titles), mark


def test_a_preprint_is_linked_to_its_journal_version_once_that_is_there(world: World) -> None:
    updates = [change for change in world.changes if change.kind == "update"]
    assert len(updates) > 100
    for change in updates:
        assert change.paper is not None
        [version] = [pmid for kind, pmid in change.paper.links if kind == "UpdateIn"]
        assert world.papers[version].entered_on == change.changed_on
        assert world.papers[change.pmid].entered_on < change.changed_on
        assert _people(world.papers[version]) == _people(world.papers[change.pmid])


def _people(paper: Paper) -> list[str | None]:
    return [author.person_id for author in paper.authors]


def test_future_collaborations_are_new_ties_between_published_people(
    world: World, coauthors: dict[str, set[str]]
) -> None:
    assert len(world.future_collaborations) > 1_000
    published = {a.person_id for paper in world.papers.values() for a in paper.authors}
    for a, b in world.future_collaborations:
        assert a < b
        assert {a, b} <= published
        assert b not in coauthors.get(a, set())


def test_future_ties_lie_partly_at_distance_two_and_partly_beyond(
    world: World, coauthors: dict[str, set[str]]
) -> None:
    near = [
        coauthors.get(a, set()) & coauthors.get(b, set()) for a, b in world.future_collaborations
    ]
    assert 0.35 < sum(map(bool, near)) / len(near) < 0.75


def test_future_ties_beyond_distance_two_share_topics_more_than_chance(
    world: World, coauthors: dict[str, set[str]]
) -> None:
    topics: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for paper in world.papers.values():
        for author in paper.authors:
            if author.person_id and len(paper.authors) <= AUTHOR_CAP:
                topics[author.person_id].update(world.topics[paper.topic].descriptors)

    def sharing(pairs: list[tuple[str, str]]) -> float:
        return sum(bool(topics[a] & topics[b]) for a, b in pairs) / len(pairs)

    far = [
        (a, b) for a, b in world.future_collaborations
        if not coauthors.get(a, set()) & coauthors.get(b, set())
    ]  # fmt: skip
    order = np.random.default_rng(0).permutation(len(far))
    shuffled = [(a, far[i][1]) for (a, _), i in zip(far, order, strict=True)]
    assert sharing(far) > 1.5 * sharing(shuffled)


def test_the_truth_names_every_personal_author_once(
    world: World, people: dict[str, Person]
) -> None:
    truth = world.authorship_truth()
    assert truth.column_names == ["pmid", "position", "person_id"]
    rows = set(zip(*(truth.column(name).to_pylist() for name in truth.column_names), strict=True))
    assert len(rows) == truth.num_rows
    expected = {
        (paper.pmid, position, author.person_id)
        for paper in world.papers.values()
        for position, author in enumerate(paper.authors, start=1)
        if not author.collective_name
    }
    assert rows == expected
    assert {person for _, _, person in rows} <= set(people)


def test_the_roster_lists_active_people_of_one_institution(
    world: World, people: dict[str, Person]
) -> None:
    rows = list(csv.DictReader(world.roster.splitlines()))
    assert list(rows[0]) == ["person_id", "name", "email", "orcid", "department", "digest"]
    assert len(rows) == 25
    assert Counter(row["digest"] for row in rows) == {"yes": 15, "no": 10}
    assert len({row["email"].split("@")[1] for row in rows}) == 1
    assert 5 < sum(bool(row["orcid"]) for row in rows) < 25
    for row in rows:
        person = people[row["person_id"]]
        assert row["name"] == person.full_name
        assert row["orcid"] == (person.orcid or "")
        assert row["department"] == person.stint(2026.17).department


def test_a_record_is_not_there_before_it_enters(world: World) -> None:
    first = next(iter(world.papers.values()))
    assert world.record(first.pmid, first.entered_on - BEFORE) is None
    assert world.record(first.pmid, first.entered_on) == first
    assert world.record(1, date(2030, 1, 1)) is None
    assert world.visible(date(2000, 1, 1)) == []
    assert replace(first, pmid=1) != first
