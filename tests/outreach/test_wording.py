"""Reasons as sentences."""

from __future__ import annotations

import pytest

from pipeline.outreach.wording import (
    Fact,
    affiliation,
    evidence,
    introduction,
    listed,
    little_history,
    why,
)
from pipeline.serving.queries import Recommendation
from tests.outreach.drawn import (
    ANA,
    KIM,
    TOM,
    paper,
    path,
    person,
    recent,
    shared,
    suggestion,
    topic,
)

ZOE = person(1, "Zoë")
BY_ANA = shared(ANA, paper(1, 2024), paper(2, 2022))
BY_TOM = shared(TOM, paper(1, 2024), paper(3, 2023))
OVER_TWO = path((ZOE, ANA, paper(1, 2024)), (ANA, TOM, paper(2, 2022)), (TOM, KIM, paper(3, 2023)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (suggestion(BY_ANA), "You have both written with Ana Ruiz."),
        (suggestion(BY_ANA, BY_TOM), "You have both written with Ana Ruiz and Tom Okafor."),
        (
            suggestion(BY_ANA, topic("Sepsis"), topic("Shock, Septic")),
            "You have both written with Ana Ruiz, and both publish on “Sepsis” and "
            "“Shock, Septic”.",
        ),
        (suggestion(topic("Sepsis")), "You both publish on “Sepsis”."),
        (
            suggestion(*OVER_TWO),
            "Ana Ruiz, with whom you wrote in 2024, wrote in 2022 with Tom Okafor, who wrote in "
            "2023 with Kim Park.",
        ),
        (
            suggestion(*path((ZOE, ANA, None), (ANA, TOM, paper(2)), (TOM, KIM, None))),
            "Ana Ruiz, with whom you wrote, wrote with Tom Okafor, who wrote with Kim Park.",
        ),
        (suggestion(recent(paper(9))), ""),
        (suggestion(), ""),
    ],
)
def test_why_is_one_plain_sentence(given: Recommendation, said: str) -> None:
    assert why(given) == said


def test_the_introducer_is_said_with_both_papers() -> None:
    known = suggestion(BY_TOM, BY_ANA, introducer=ANA)
    said = "Ana Ruiz wrote with you in 2024 and with Kim Park in 2022, and could introduce you."
    assert introduction(known) == said


def test_without_both_years_the_introducer_is_said_without_years() -> None:
    undated = suggestion(shared(ANA, paper(1), paper(2, 2022)), introducer=ANA)
    said = "Ana Ruiz has written with both of you and could introduce you."
    assert introduction(undated) == said


def test_a_path_introduces_where_topics_are_the_reason_and_is_not_said_twice() -> None:
    assert introduction(suggestion(*OVER_TWO, topic("Sepsis"))).startswith("Ana Ruiz, with whom")
    assert introduction(suggestion(*OVER_TWO)) == ""
    assert introduction(suggestion(topic("Sepsis"))) == ""


def test_every_claim_has_its_paper_and_each_paper_stands_once() -> None:
    facts = evidence(suggestion(BY_ANA, BY_TOM, topic("Sepsis", paper(5), paper(3, 2023))))
    assert facts == [
        Fact("you with Ana Ruiz; you with Tom Okafor (2024)", 1),
        Fact("Ana Ruiz with Kim Park (2022)", 2),
        Fact("Tom Okafor with Kim Park; Kim Park on “Sepsis” (2023)", 3),
        Fact("you on “Sepsis”", 5),
    ]
    assert [fact.text for fact in evidence(suggestion(*OVER_TWO))] == [
        "you with Ana Ruiz (2024)",
        "Ana Ruiz with Tom Okafor (2022)",
        "Tom Okafor with Kim Park (2023)",
    ]


def test_a_claim_whose_paper_is_unknown_gives_no_link() -> None:
    assert evidence(suggestion(shared(ANA, None, None))) == []


def test_lists_and_places_read_well() -> None:
    assert listed([]) == ""
    assert listed(["A"]) == "A"
    assert listed(["A", "B", "C"]) == "A, B and C"
    assert affiliation(person(1, "X", department="Surgery", institution="Hospital")) == (
        "Surgery, Hospital"
    )
    assert affiliation(person(1, "X")) == ""


def test_little_history_is_said_where_it_is_and_counted() -> None:
    assert little_history(ANA) == ""
    new = person(9, "Nia", publication_count=1, has_little_history=True)
    assert little_history(new).startswith("We know few papers of yours: one paper so far. These")
    known = person(9, "Nia", publication_count=3, has_little_history=True)
    assert "three papers so far, none with a coauthor we know." in little_history(known)
