"""Finding people and reading what they are recommended."""

# ruff: noqa: E501  (rows read best one a line)
from __future__ import annotations

import json
from datetime import timedelta

import pytest
from pydantic_core import to_json

from pipeline.serving.database import Engine, reading
from pipeline.serving.names import fold_name
from pipeline.serving.orcid import printed_orcid
from pipeline.serving.queries import (
    Sought,
    Wanted,
    current_run,
    find_people,
    person_of_id,
    recommendations,
    recommendations_of,
    search_people,
    suggestions_of,
    written_recommendations,
)
from tests.serving.world import ADA, ADA_ORCID, CY, DEE, EVE, NIGHT, seeded, world


def test_a_person_is_found_however_they_are_named(engine: Engine) -> None:
    seeded(engine)
    printed = [
        ADA_ORCID,
        ADA_ORCID.replace("-", ""),
        f"https://orcid.org/{ADA_ORCID}",
        f"ORCID: {ADA_ORCID}",
    ]
    names = [
        "Ada Løvelace-Smith",
        "ada lovelace smith",
        "LOVELACE-SMITH, Ada",
        "Lovelace",
        "lov ad",
    ]
    for who in ["101", " 101 ", *printed, *names]:
        assert [person.author_id for person in find_people(engine, who)] == [ADA], who


def test_what_names_nobody_finds_nobody(engine: Engine) -> None:
    seeded(engine)
    for who in [
        "",
        "  ",
        "%",
        "_",
        "Nobody",
        "999",
        "9" * 19,
        "9" * 30,
        "9" * 5000,
        "²",
        "da Lov",
        "0000-0002-1825-0098",
    ]:
        assert find_people(engine, who) == [], who


def test_a_whole_name_wins_over_longer_ones(engine: Engine) -> None:
    people = [{**row} for row in world()["authors"]]
    people[1]["display_name"] = "Wei Lian"
    people[2]["display_name"] = "Wei Li"
    seeded(engine, world(authors=people))
    assert [person.name for person in find_people(engine, "Li Wei")] == ["Wei Li"]
    assert [person.name for person in find_people(engine, "Li We")] == [
        "Wei Lian",
        "Wei Li",
        "Eve Li Wei",
    ]
    with reading(engine) as connection:
        found = search_people(connection, "run-1", Sought(name="Li Wei"), 2)
    assert [person.name for person in found] == ["Wei Li", "Wei Lian"]


def test_a_recommendation_names_people_and_papers(engine: Engine) -> None:
    seeded(engine)
    first, second = recommendations_of(engine, ADA, 10)
    assert (first.rank, first.person.author_id, first.person.institution) == (
        1,
        CY,
        "Other Hospital",
    )
    assert first.introducer is not None
    assert first.introducer.name == "Dee O'Brien"
    shared, topic = first.reasons
    assert shared.person is not None
    assert shared.person.author_id == DEE
    assert shared.paper is not None
    assert (shared.paper.pmid, shared.paper.title) == (1, "Paper <i>1</i>")
    assert shared.other_paper is not None
    assert shared.other_paper.pmid == 3
    assert (topic.kind, topic.topic, topic.contribution) == ("shared_topic", "Engines", 0.25)
    assert (second.person.author_id, second.probability, second.introducer) == (EVE, 0.1, None)
    assert recommendations_of(engine, ADA, 1) == [first]


def test_suggestions_say_from_which_run_they_are(engine: Engine) -> None:
    assert current_run(engine) is None
    assert suggestions_of(engine, str(ADA), 5) is None
    seeded(engine)
    suggestions = suggestions_of(engine, str(ADA), 5)
    assert suggestions is not None
    assert suggestions.run == current_run(engine)
    assert suggestions.run.valid_until == NIGHT + timedelta(days=7)
    assert suggestions.person.is_served
    assert len(suggestions.recommendations) == 2


def test_who_is_only_suggested_has_no_suggestions(engine: Engine) -> None:
    seeded(engine)
    suggestions = suggestions_of(engine, str(CY), 5)
    assert suggestions is not None
    assert not suggestions.person.is_served
    assert suggestions.recommendations == ()


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Zoë O'Néill-Løv", "zoe o neill lov"),
        ("ŁUKASZ Straße", "lukasz strasse"),
        ("李 伟", "李 伟"),
        ("…", ""),
    ],
)
def test_names_are_folded_as_people_type_them(name: str, folded: str) -> None:
    assert fold_name(name) == folded


@pytest.mark.parametrize(
    ("text", "orcid"),
    [
        ("0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("http://www.orcid.org/0000-0002-1694-233x/", "0000-0002-1694-233X"),
        ("0000-0002-1825-0098", None),
        ("٠٠٠٠-0002-1825-0097", None),
        ("", None),
    ],
)
def test_an_orcid_is_read_in_any_printed_form(text: str, orcid: str | None) -> None:
    assert printed_orcid(text) == orcid


def test_recommendations_are_written_as_they_are_read(engine: Engine) -> None:
    rows = world()
    rows["authors"][2] |= {"display_name": 'Cy "\\\u2028 Müller', "department": "a\tb"}
    rows["recommendations"][1] |= {"probability": None, "score": -1e-07}
    rows["reasons"] += [
        {"author_id": ADA, "candidate_id": EVE, "kind": "path", "contribution": 0, "person_id": a, "other_person_id": b, "pmid": 3}
        for a, b in ((ADA, 999), (DEE, EVE))
    ]  # fmt: skip
    seeded(engine, rows)
    with reading(engine) as connection:
        ada = person_of_id(connection, "run-1", str(ADA))
        assert ada is not None
        for wanted, after in ((Wanted(), 0), (Wanted(topic="engines"), 0), (Wanted(), 1)):
            asked = (connection, "run-1", ada, 10, wanted, after)
            read, written = recommendations(*asked), written_recommendations(*asked)
            assert json.loads(to_json(read)) == [json.loads(text) for _, text in written]
            assert [row.rank for row in read] == [rank for rank, _ in written]
