"""Who the people of a roster are: by decision, ORCID iD and matching, and after re-clustering."""

# ruff: noqa: E501  (rows read best one a line)
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select

from pipeline.identity.roster.match import PEOPLE, PROPOSALS
from pipeline.serving import roster_matches
from pipeline.serving.database import Engine, reading, writing
from pipeline.serving.outbox import opted_in
from pipeline.serving.roster import import_roster, name_of_person, resolve, resolve_subscribers
from pipeline.serving.roster_decisions import Decision, apply_decisions, decide, decided_pairs
from pipeline.serving.roster_matches import (
    Found,
    count_found,
    read_people,
    replace_proposals,
    undecided,
)
from pipeline.serving.schema import ROSTER_DECISIONS, ROSTER_MATCHES, SUBSCRIBERS
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from tests.serving.world import ADA, ADA_ORCID, BO, CY, EVE, NIGHT, published, seeded, tables, world

KEY = b"key"
ROSTER = f"""person_id,name,email,orcid,department,digest,pmids,past_affiliations
P1,Ada Lovelace,ada@example.org,{ADA_ORCID},Analysis,yes,,
P2,Bo Adams,bo@example.org,,,yes,5 50,Old Place; Older
P3,Eve Wei,eve@example.org,,,no,,
"""
Row = tuple[str, int, str, float]


@pytest.fixture
def ready(engine: Engine, tmp_path: Path) -> Engine:
    """The drawn run, and a roster on which only P1 has an ORCID iD."""
    seeded(engine)
    file = tmp_path / "roster.csv"
    file.write_text(ROSTER, encoding="utf-8")
    import_roster(engine, file, KEY, NIGHT)
    return engine


def _propose(engine: Engine, *rows: Row) -> None:
    listed = [
        {
            "person_id": p,
            "author_id": a,
            "status": s,
            "confidence": c,
            "evidence": '[{"kind":"name","weight":-0.2,"agrees":"whole"}]',
        }
        for p, a, s, c in rows
    ]
    with writing(engine) as connection:
        replace_proposals(connection, pa.Table.from_pylist(listed, PROPOSALS))
        resolve_subscribers(connection)


def _found(engine: Engine) -> dict[str, tuple[int | None, str | None]]:
    with reading(engine) as connection:
        chosen = select(SUBSCRIBERS.c.person_id, SUBSCRIBERS.c.author_id, SUBSCRIBERS.c.matched_by)
        return {row[0]: (row[1], row[2]) for row in connection.execute(chosen)}


def _decision(
    person_id: str,
    author_id: int,
    is_same: bool,
    mentions: Sequence[tuple[int, int]],
    orcid: str | None = None,
) -> Decision:
    return Decision(person_id, author_id, is_same, orcid, mentions, "librarian", NIGHT)


def _status(engine: Engine) -> dict[tuple[str, int], str]:
    with reading(engine) as connection:
        rows = connection.execute(select(ROSTER_MATCHES)).mappings()
        return {(row["person_id"], row["author_id"]): row["status"] for row in rows}


def _apply(
    engine: Engine, settings: Settings, identities: list[dict[str, Any]], **orcids: str
) -> None:
    """Make the matches anew over other identities, with nothing proposed."""
    ids = sorted({row["author_id"] for row in identities})
    authors = [{"author_id": a, "orcid": orcids.get(f"a{a}")} for a in ids]
    lake = tables(settings.home, {"identities": identities, "authors": authors})
    with writing(engine) as connection:
        replace_proposals(connection, PROPOSALS.empty_table())
        apply_decisions(connection, lake, settings)
        resolve_subscribers(connection)


def _named(author_id: int, *pmids: int) -> list[dict[str, Any]]:
    return [{"pmid": pmid, "position": 1, "author_id": author_id} for pmid in pmids]


def test_the_roster_is_read_as_matching_wants_it(ready: Engine) -> None:
    people = read_people(ready)
    assert people.schema == PEOPLE
    assert people.to_pylist()[1] == {
        "person_id": "P2", "name": "Bo Adams", "email": "bo@example.org", "orcid": None, "department": None,
        "institution": None, "pmids": [5, 50], "past_affiliations": ["Old Place", "Older"],
    }  # fmt: skip
    assert name_of_person(ready, "P2") == "Bo Adams"
    assert name_of_person(ready, "P9") is None


def test_an_orcid_finds_its_author_and_matching_the_others(ready: Engine) -> None:
    assert _found(ready) == {"P1": (ADA, "orcid"), "P2": (None, None), "P3": (None, None)}
    _propose(
        ready,
        ("P1", EVE, "matched", 0.99),
        ("P2", BO, "matched", 0.96),
        ("P3", EVE, "to decide", 0.9),
    )
    assert _found(ready) == {"P1": (ADA, "orcid"), "P2": (BO, "matching"), "P3": (None, None)}
    assert [(s.person_id, s.author_id) for s in opted_in(ready)] == [("P1", ADA), ("P2", BO)]
    assert count_found(ready) == Found(2, 1, 0)


def test_a_match_that_is_not_in_the_run_waits_for_it(ready: Engine) -> None:
    _propose(ready, ("P2", 999, "matched", 0.99))
    assert _found(ready)["P2"] == (None, None)
    assert count_found(ready) == Found(2, 0, 1)


def test_of_several_authors_the_served_one_with_most_papers_is_taken(ready: Engine) -> None:
    _propose(
        ready,
        ("P2", CY, "matched", 0.97),
        ("P2", EVE, "matched", 0.99),
        ("P2", ADA, "matched", 0.96),
        ("P2", BO, "matched", 0.96),
    )
    assert _found(ready)["P2"] == (ADA, "matching")  # five papers, and served


def test_a_human_goes_before_everything_and_no_excludes(ready: Engine) -> None:
    _propose(ready, ("P1", BO, "matched", 0.99), ("P2", BO, "matched", 0.99))
    decide(ready, _decision("P1", ADA, False, [(1, 1)], ADA_ORCID))
    assert _found(ready)["P1"] == (BO, "matching")
    decide(ready, _decision("P1", BO, False, [(5, 1)]))
    assert _found(ready)["P1"] == (None, None)
    decide(ready, _decision("P1", EVE, True, [(4, 1)]))
    decide(ready, _decision("P2", EVE, True, [(4, 1)]))
    assert _found(ready) == {"P1": (EVE, "decision"), "P2": (EVE, "decision"), "P3": (None, None)}


def test_the_newest_decision_holds_and_the_older_ones_are_kept(
    ready: Engine, settings: Settings
) -> None:
    for is_same in (True, False, True):
        decide(ready, _decision("P2", BO, is_same, [(5, 1)]))
    assert _found(ready)["P2"] == (BO, "decision")
    _apply(ready, settings, _named(BO, 5))
    assert _found(ready)["P2"] == (BO, "decision")
    decide(ready, _decision("P2", BO, False, [(5, 1)]))
    _apply(ready, settings, _named(BO, 5))
    assert _status(ready) == {("P2", BO): "rejected"}
    with reading(ready) as connection:
        kept = connection.execute(
            select(ROSTER_DECISIONS.c.is_same, ROSTER_DECISIONS.c.decided_by).order_by(
                "decision_id"
            )
        )
        assert [tuple(row) for row in kept] == [
            (word, "librarian") for word in (True, False, True, False)
        ]


@pytest.mark.parametrize("is_same", [True, False])
@pytest.mark.parametrize(
    ("identities", "meant"),
    [
        (_named(7, 11, 12, 13, 14), {7}),  # another id
        (_named(7, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20), {7}),  # merged into a larger one
        (_named(7, 11, 12) + _named(8, 13, 14), {7, 8}),  # split
        (_named(7, 11, 12, 13) + _named(8, 14, 20, 21, 22), {7}),  # one stray mention moved away
        (_named(7, 20, 21), set()),  # all papers withdrawn
    ],
)
def test_a_decision_means_the_same_author_after_reclustering(
    is_same: bool,
    identities: list[dict[str, Any]],
    meant: set[int],
    ready: Engine,
    settings: Settings,
) -> None:
    decide(ready, _decision("P2", BO, is_same, [(11, 1), (12, 1), (13, 1), (14, 1)]))
    _apply(ready, settings, identities)
    word = "confirmed" if is_same else "rejected"
    assert _status(ready) == {("P2", author_id): word for author_id in meant}


def test_a_decision_follows_the_orcid_and_never_to_another_one(
    ready: Engine, settings: Settings
) -> None:
    decide(ready, _decision("P2", BO, True, [(11, 1), (12, 1)], ADA_ORCID))
    _apply(
        ready, settings, _named(7, 11, 12) + _named(8, 30), a7="0000-0001-5109-3700", a8=ADA_ORCID
    )
    assert _status(ready) == {("P2", 8): "confirmed"}


def test_an_author_who_gathers_yes_and_no_is_excluded(ready: Engine, settings: Settings) -> None:
    decide(ready, _decision("P2", BO, False, [(11, 1), (12, 1)]))
    decide(ready, _decision("P2", CY, True, [(13, 1), (14, 1)]))
    _apply(ready, settings, _named(7, 11, 12, 13, 14))
    assert _status(ready) == {("P2", 7): "rejected"}


def test_a_publish_finds_everybody_anew(ready: Engine, settings: Settings) -> None:
    decide(ready, _decision("P2", CY, True, [(3, 1)]))
    rows = world()
    authors = [row for row in rows["authors"] if row["author_id"] != ADA] + [
        {"author_id": ADA, "display_name": "Ada"}
    ]
    published(ready, settings, world(authors=authors), "run-2", NIGHT + timedelta(days=1))
    assert _found(ready) == {"P1": (None, None), "P2": (CY, "decision"), "P3": (None, None)}


def test_who_is_suppressed_as_one_of_several_authors_gets_nothing(ready: Engine) -> None:
    decide(ready, _decision("P2", BO, True, [(5, 1)]))
    decide(ready, _decision("P2", ADA, True, [(1, 1)]))
    assert "P2" in {s.person_id for s in opted_in(ready)}
    suppress(ready, NIGHT, "test", author_id=BO, mentions=[(5, 1)])
    resolve(ready)
    assert _found(ready)["P2"] == (BO, "decision")
    assert "P2" not in {s.person_id for s in opted_in(ready)}


def test_what_to_decide_comes_likeliest_first_and_who_is_found_last(ready: Engine) -> None:
    _propose(
        ready, ("P1", BO, "to decide", 0.9), ("P2", BO, "to decide", 0.3), ("P2", CY, "to decide", 0.4),
        ("P3", EVE, "to decide", 0.35),
    )  # fmt: skip
    asked = [(row.person_id, row.author_id) for row in undecided(ready)]
    assert asked == [("P2", CY), ("P3", EVE), ("P2", BO), ("P1", BO)]
    assert undecided(ready)[0].facts == [{"kind": "name", "weight": -0.2, "agrees": "whole"}]
    decide(ready, _decision("P2", CY, False, [(3, 1)]))
    suppress(ready, NIGHT, "test", orcid=ADA_ORCID)
    asked = [(row.person_id, row.author_id) for row in undecided(ready)]
    assert asked == [("P3", EVE), ("P2", BO)]


def test_no_address_stands_among_matches(ready: Engine) -> None:
    assert "email" not in ROSTER_MATCHES.c
    assert "email" not in ROSTER_DECISIONS.c
    assert "@" not in repr(undecided(ready))
    assert not hasattr(roster_matches.Undecided, "email")


def _mention(pmid: int, position: int, block: str = "adams|b") -> dict[str, Any]:
    return {"pmid": pmid, "position": position, "block": block}


def _pairs(
    engine: Engine, settings: Settings, mentions: list[dict[str, Any]]
) -> set[tuple[int, int, bool]]:
    found = decided_pairs(engine, tables(settings.home, {"mentions": mentions}), settings)
    return {(row["pmid"], row["other_pmid"], row["is_same"]) for row in found.to_pylist()}


def test_decisions_become_labelled_pairs(ready: Engine, settings: Settings) -> None:
    mentions = [
        *(_mention(pmid, 1) for pmid in (3, 5, 20, 21)),
        _mention(50, 2),
        _mention(50, 1, "doe|j"),
    ]
    assert _pairs(ready, settings, mentions) == set()
    decide(ready, _decision("P2", CY, True, [(20, 1), (99, 1)]))  # paper 99 is not there any more
    known = {(5, 20, True), (20, 50, True)}  # the roster says that P2 wrote papers 5 and 50
    assert _pairs(ready, settings, mentions) == known
    decide(ready, _decision("P2", EVE, True, [(21, 1)]))
    both = known | {(20, 21, True), (5, 21, True), (21, 50, True)}
    assert _pairs(ready, settings, mentions) == both
    decide(ready, _decision("P2", BO, False, [(3, 1)]))
    assert _pairs(ready, settings, mentions) == both | {(3, 20, False), (3, 21, False)}
    decide(ready, _decision("P2", EVE, False, [(21, 1)]))  # taken back
    assert _pairs(ready, settings, mentions) == known | {(3, 20, False), (20, 21, False)}


def test_what_is_said_both_ways_labels_nothing(ready: Engine, settings: Settings) -> None:
    mentions = [_mention(pmid, 1) for pmid in (20, 21)]
    decide(ready, _decision("P1", CY, True, [(20, 1)]))
    decide(ready, _decision("P1", EVE, True, [(21, 1)]))
    assert _pairs(ready, settings, mentions) == {(20, 21, True)}
    decide(ready, _decision("P3", CY, True, [(20, 1)]))
    decide(ready, _decision("P3", EVE, False, [(21, 1)]))
    assert _pairs(ready, settings, mentions) == set()
