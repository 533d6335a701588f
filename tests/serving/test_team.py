"""Teams for an aim, on a drawn run whose topics are known in the head."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.serving.database import Engine, reading
from pipeline.serving.queries import TeamFound, find_team, load_expertise, person_of_id
from pipeline.serving.suppressions import suppress
from tests.serving.world import ADA, BO, CY, CY_ORCID, EVE, NIGHT, Rows, seeded, world

AIM = "We hope to build looms that tidal energy drives, and to see how sleep suffers."


def wrote(author_id: int, name: str, *pmids: int) -> tuple[Rows, Rows]:
    identities = [{"pmid": pmid, "position": 1, "author_id": author_id} for pmid in pmids]
    return identities, [{"pmid": pmid, "descriptor_ui": name, "name": name} for pmid in pmids]


@pytest.fixture
def expert(engine: Engine) -> Engine:
    """Ada writes on looms, Cy on looms too, Eve on tidal energy, Bo on whales."""
    parts = (wrote(ADA, "Looms", 1), wrote(CY, "Looms", 2), wrote(EVE, "Tidal Energy", 3),
             wrote(BO, "Whales", 4))  # fmt: skip
    titles = ("Weaving by machine", "Weaving by hand", "Power from the sea", "Songs of the deep")
    publications: Rows = [
        {"pmid": pmid, "title": title} for pmid, title in enumerate(titles, start=1)
    ]
    rows = world(
        identities=[row for identities, _ in parts for row in identities],
        topics=[row for _, topics in parts for row in topics],
        publications=publications,
    )
    seeded(engine, rows)
    return engine


def asked(
    engine: Engine, aim: str = AIM, size: int = 5, who: int | None = None
) -> tuple[TeamFound, list[int]]:
    with reading(engine) as connection:
        expertise = load_expertise(connection, "run-1")
        assert expertise is not None
        asking = person_of_id(connection, "run-1", str(who)) if who else None
        found = find_team(connection, expertise, aim, size, asking)
    return found, [member.person.author_id for member in found.members]


def test_people_are_found_who_cover_different_topics_of_the_aim(expert: Engine) -> None:
    found, team = asked(expert, size=2)
    assert [topic.topic for topic in found.topics] == ["Tidal Energy", "Looms"]
    assert set(team) == {ADA, EVE}  # not Ada and Cy, who both know looms
    by_person = {m.person.author_id: [c.topic for c in m.covers] for m in found.members}
    assert by_person == {ADA: ["Looms"], EVE: ["Tidal Energy"]}
    assert all(member.covers[0].paper is not None for member in found.members)


def test_words_of_titles_find_a_topic_that_the_aim_does_not_name(expert: Engine) -> None:
    found, team = asked(expert, "power from the sea")
    assert [topic.topic for topic in found.topics] == ["Tidal Energy"]
    assert team == [EVE]


def test_a_topic_named_in_whole_comes_before_one_that_is_only_alike(expert: Engine) -> None:
    found, _ = asked(expert, "whales, and weaving machine machine machine")
    assert found.topics[0].topic == "Whales"
    assert found.topics[0].importance == 1


def test_who_asks_is_not_in_the_team_and_others_bring_what_they_lack(expert: Engine) -> None:
    found, team = asked(expert, size=1, who=ADA)
    assert team == [EVE]
    covered = {topic.topic: topic.covered for topic in found.topics}
    assert covered["Looms"] == pytest.approx(1 - 0.5**0.5, abs=1e-3)  # by one paper of Ada's


def test_coauthors_of_who_asks_are_told_apart(expert: Engine) -> None:
    found, _ = asked(expert, "looms")
    assert not any(member.is_coauthor for member in found.members)


def test_the_suppressed_are_in_no_team(expert: Engine) -> None:
    _, before = asked(expert, "looms")
    assert CY in before
    suppress(expert, NIGHT + timedelta(hours=1), "test", author_id=CY, orcid=CY_ORCID)
    _, after = asked(expert, "looms")
    assert CY not in after


def test_an_aim_about_nothing_known_finds_no_topic_and_nobody(expert: Engine) -> None:
    for aim in ("qwertz", "the of and", "", "  "):
        assert asked(expert, aim) == (TeamFound((), ()), [])


def test_a_run_without_topics_has_no_expertise(engine: Engine) -> None:
    seeded(engine, world(topics=[]))
    with reading(engine) as connection:
        assert load_expertise(connection, "run-1") is None
