"""Ties, papers and topics of a run's people, and the ids by which platforms know them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select, text, update

from pipeline.serving.database import Engine, reading, writing
from pipeline.serving.schema import (
    SUBSCRIBERS,
    V1_AUTHORED,
    V1_PAPERS,
    V1_PEOPLE,
    V1_PERSON_IDS,
    V1_RECOMMENDATIONS,
    V1_TIES,
    V1_TOPICS,
    VIEWS,
)
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from tests.serving.world import (
    ADA,
    ADA_ORCID,
    BO,
    CY,
    CY_ORCID,
    DEE,
    EVE,
    NIGHT,
    WORLD,
    published,
    world,
)


def _rows(engine: Engine, view: Table, *names: str) -> list[tuple[Any, ...]]:
    columns = [view.c[name] for name in names]
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns))]


def _hide_dee(engine: Engine) -> None:
    suppress(engine, NIGHT, "test", author_id=DEE, mentions=[(1, 2)])


def test_ties_are_those_between_people_of_the_run(engine: Engine, settings: Settings) -> None:
    outside = {"author_id": 999, "display_name": "Not in the run"}
    stranger = {"author_id": EVE, "coauthor_id": 999}
    rows = world(
        coauthorships=[*WORLD["coauthorships"], stranger], authors=[*WORLD["authors"], outside]
    )
    published(engine, settings, rows)
    seen = ("author_id", "coauthor_id", "publication_count")
    assert _rows(engine, V1_TIES, *seen) == [(ADA, DEE, 2), (CY, DEE, 1)]
    _hide_dee(engine)
    assert _rows(engine, V1_TIES, *seen) == []


def test_the_strongest_coauthors_of_the_served_are_people_of_the_run(
    engine: Engine, settings: Settings
) -> None:
    others = [{"author_id": 200 + place} for place in range(15)]
    ties = [
        {"author_id": ADA, "coauthor_id": row["author_id"], "weight": 0.1 * place}
        for place, row in enumerate(others)
    ]
    published(engine, settings, world(authors=[*WORLD["authors"], *others], coauthorships=ties))
    served = dict(_rows(engine, V1_PEOPLE, "author_id", "is_served"))
    assert served == {ADA: True, BO: True, CY: False, DEE: False, EVE: False} | {
        200 + place: False for place in range(3, 15)
    }


def test_papers_are_the_newest_that_stand_and_those_of_reasons(
    engine: Engine, settings: Settings
) -> None:
    many = [{"pmid": 100 + place, "author_id": BO, "position": 1} for place in range(12)]
    withdrawn = {"pmid": 6, "author_id": ADA, "position": 1}
    papers = [{"pmid": row["pmid"]} for row in many]
    rows = world(
        identities=[*WORLD["identities"], *many, withdrawn],
        publications=[*WORLD["publications"], *papers],
    )
    published(engine, settings, rows)
    authored = _rows(engine, V1_AUTHORED, "author_id", "pmid")
    assert [pmid for who, pmid in authored if who == BO] == list(range(102, 112))
    assert [pmid for who, pmid in authored if who == ADA] == [1]
    pmids = [pmid for (pmid,) in _rows(engine, V1_PAPERS, "pmid")]
    assert pmids == [1, 2, 3, 4, *range(102, 112)]
    assert _rows(engine, V1_PAPERS, "is_retracted").count((True,)) == 0
    _hide_dee(engine)
    assert all(who != DEE for who, _ in _rows(engine, V1_AUTHORED, "author_id", "pmid"))


def test_topics_that_are_on_every_paper_tell_nothing(engine: Engine, settings: Settings) -> None:
    papers = [{"pmid": pmid} for pmid in range(1, 1001)]
    everywhere = [{"pmid": p["pmid"], "descriptor_ui": "D2", "name": "Humans"} for p in papers]
    keyword = {"pmid": 1, "descriptor_ui": "keyword:engines", "name": "engines"}
    told = [*WORLD["topics"], *everywhere, keyword]
    published(engine, settings, world(publications=papers, topics=told))
    seen = ("author_id", "topic", "publication_count", "last_pmid")
    assert _rows(engine, V1_TOPICS, *seen) == [
        (ADA, "Engines", 1, 1),
        (CY, "Engines", 1, 3),
        (DEE, "Engines", 1, 1),
    ]
    _hide_dee(engine)
    assert [who for who, *_ in _rows(engine, V1_TOPICS, *seen)] == [ADA, CY]


def test_of_many_topics_the_ten_rarest_of_most_of_the_papers_are_kept(
    engine: Engine, settings: Settings
) -> None:
    own = [{"pmid": 5, "descriptor_ui": f"D{n}", "name": f"Topic {n:02}"} for n in range(12)]
    elsewhere = [{**own[0], "pmid": 7}, {**own[1], "pmid": 7}]
    published(engine, settings, world(topics=[*own, *elsewhere]))
    topics = [topic for who, topic in _rows(engine, V1_TOPICS, "author_id", "topic") if who == BO]
    assert topics == [f"Topic {n:02}" for n in range(2, 12)]


def test_who_is_served_without_papers_enough_or_a_tie_has_little_history(
    engine: Engine, settings: Settings
) -> None:
    assert WORLD["authors"][0]["author_id"] == ADA
    published(engine, settings)  # Bo is served and has written with nobody
    known = dict(_rows(engine, V1_PEOPLE, "author_id", "has_little_history"))
    assert known == {ADA: False, BO: True, CY: False, DEE: False, EVE: False}
    one_paper = [{**WORLD["authors"][0], "publication_count": 1}, *WORLD["authors"][1:]]
    published(
        engine, settings, world(authors=one_paper), "run-2", generated_at=NIGHT + timedelta(days=1)
    )
    assert dict(_rows(engine, V1_PEOPLE, "author_id", "has_little_history"))[ADA]


def test_recommendations_carry_orcids_horizon_and_what_placed_them(
    engine: Engine, settings: Settings
) -> None:
    given = [{**WORLD["recommendations"][0], "placed_by": "early_career"}]
    published(engine, settings, world(recommendations=given, reasons=WORLD["reasons"][:2]))
    seen = ("author_orcid", "candidate_orcid", "horizon_months", "placed_by")
    assert _rows(engine, V1_RECOMMENDATIONS, *seen) == [(ADA_ORCID, CY_ORCID, 24, "early_career")]


def test_people_of_the_roster_are_known_by_the_ids_of_their_institution(
    engine: Engine, settings: Settings
) -> None:
    published(engine, settings)
    people = {"P1": ADA, "P2": None, "P3": DEE, "P4": 999}
    with writing(engine) as connection:
        for person_id, author_id in people.items():
            row = {"person_id": person_id, "author_id": author_id, "updated_at": NIGHT}
            blank = dict.fromkeys(("name", "email", "address_hash"), "x")
            connection.execute(SUBSCRIBERS.insert().values(**row, **blank, wants_digest=False))
    assert _rows(engine, V1_PERSON_IDS, "person_id", "author_id") == [("P1", ADA), ("P3", DEE)]
    _hide_dee(engine)
    assert _rows(engine, V1_PERSON_IDS, "person_id", "author_id") == [("P1", ADA)]
    with writing(engine) as connection:  # Cy is not in the current run once the pointer is gone
        connection.execute(update(SUBSCRIBERS).values(author_id=CY))
        connection.execute(text("UPDATE current_run SET run_id = NULL"))
    assert _rows(engine, V1_PERSON_IDS, "person_id", "author_id") == []


@pytest.mark.parametrize(
    "settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_the_database_says_what_each_column_of_a_view_means(engine: Engine) -> None:
    question = text("SELECT obj_description(CAST(:view AS regclass)), :view")
    of_column = text("SELECT col_description(CAST(:view AS regclass), :place)")
    with reading(engine) as connection:
        for view in VIEWS.tables.values():
            told = connection.scalar(question, {"view": view.name})
            assert told == view.comment
            for place, column in enumerate(view.c, start=1):
                told = connection.scalar(of_column, {"view": view.name, "place": place})
                assert told == column.comment
                assert told
