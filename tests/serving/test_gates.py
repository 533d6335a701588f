"""Every gate sees its defect, says what to do, and lets sound runs pass."""

# ruff: noqa: E501  (rows read best one a line)
from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import delete, insert, text

from pipeline.serving.database import Engine, writing
from pipeline.serving.gates import GATES, GateResult, check_gates
from pipeline.serving.schema import GATE_RESULTS, RECOMMENDATIONS, SUPPRESSED_PEOPLE
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from tests.serving.world import (
    ADA,
    ADA_ORCID,
    BO,
    CY,
    DEE,
    EVE,
    NIGHT,
    WORLD,
    Rows,
    published,
    seeded,
    world,
)


def measured(engine: Engine) -> tuple[GateResult, ...]:
    with writing(engine) as connection:
        return check_gates(connection, "run-1", 0.5, GATES)


def red(engine: Engine) -> list[str]:
    return [result.gate.name for result in measured(engine) if not result.passed]


FIRST = f"WHERE author_id = {ADA} AND rank = 1"
EVES_PAPER = 4
NAMES_A_PAPER = f"UPDATE recommendations SET reasons = REPLACE(reasons, '\"pmid\":{EVES_PAPER}', '\"pmid\":{{}}')"
BEFORE = """
INSERT INTO runs (run_id, as_of, generated_at, valid_until, model_version, made_from, status,
    row_count, author_count, people_count)
SELECT 'before', as_of, generated_at, valid_until, model_version, '', 'served', {rows}, 2, 5 FROM runs
"""
POINTS_BEFORE = "UPDATE current_run SET run_id = 'before'"
PEOPLE_BEFORE = """
INSERT INTO people (run_id, author_id, display_name, name_key, publication_count, first_on, last_on, is_served)
SELECT 'before', author_id + {shift}, display_name, name_key, 1, first_on, last_on, is_served FROM people
"""
ROWS_BEFORE = """
INSERT INTO recommendations (run_id, author_id, rank, candidate_id, score, probability, reasons)
SELECT 'before', author_id, rank, candidate_id + {shift}, score + {more}, probability, reasons FROM recommendations
"""

DEFECTS: list[tuple[str, str, list[str]]] = [
    # gate that must be red, what is wrong, SQL that makes it so
    ("not_empty", "no rows", ["DELETE FROM recommendations", "UPDATE people SET is_served = FALSE"]),
    ("no_self", "suggested to oneself", [f"UPDATE recommendations SET candidate_id = author_id {FIRST}"]),
    ("no_coauthor", "wrote together, smaller id first", [f"INSERT INTO ties VALUES ('run-1', {ADA}, {CY}, 1, '2020-01-01')"]),
    ("no_coauthor", "wrote together, greater id first", [f"INSERT INTO ties VALUES ('run-1', {ADA}, {DEE - 1}, 1, '2020-01-01')", f"UPDATE recommendations SET author_id = {CY}, candidate_id = {ADA}, introducer_id = NULL WHERE author_id = {ADA} AND rank = 1", f"UPDATE recommendations SET rank = 1 WHERE author_id = {ADA}", f"UPDATE people SET is_served = TRUE WHERE author_id = {CY}"]),
    ("ranks_contiguous", "begin at 2", [f"UPDATE recommendations SET rank = 2 WHERE author_id = {BO}"]),
    ("ranks_contiguous", "have a gap", [f"UPDATE recommendations SET rank = 3 WHERE author_id = {ADA} AND rank = 2"]),
    ("no_duplicate_candidate", "twice the same", [f"UPDATE recommendations SET candidate_id = {EVE} {FIRST}"]),
    ("author_known", "author lost", [f"DELETE FROM people WHERE author_id = {BO}", f"DELETE FROM authored WHERE author_id = {BO}"]),
    ("candidate_known", "candidate of no author", [f"UPDATE recommendations SET candidate_id = 999 {FIRST}"]),
    ("introducer_known", "introducer of no author", [f"UPDATE recommendations SET introducer_id = 999 {FIRST}"]),
    ("introducer_is_a_third", "introduced by oneself", [f"UPDATE recommendations SET introducer_id = {ADA} {FIRST}"]),
    ("introducer_is_a_third", "introduced by whom it is about", [f"UPDATE recommendations SET introducer_id = {CY} {FIRST}"]),
    ("score_in_range", "no score", [f"UPDATE recommendations SET score = NULL {FIRST}"]),
    ("probability_in_range", "above 1", [f"UPDATE recommendations SET probability = 1.5 {FIRST}"]),
    ("probability_in_range", "below 0", [f"UPDATE recommendations SET probability = -0.1 {FIRST}"]),
    ("probability_in_range", "none", [f"UPDATE recommendations SET probability = NULL {FIRST}"]),
    ("placed_by_known", "nothing known", [f"UPDATE recommendations SET placed_by = '' {FIRST}"]),
    ("served_have_rows", "served with nothing", [f"UPDATE people SET is_served = TRUE WHERE author_id = {CY}"]),
    ("served_have_rows", "not marked", [f"UPDATE people SET is_served = FALSE WHERE author_id = {ADA}"]),
    ("people_named", "blank name", [f"UPDATE people SET display_name = ' ' WHERE author_id = {ADA}"]),
    ("orcid_form", "without dashes", [f"UPDATE people SET orcid = '0000000218250097' WHERE author_id = {ADA}"]),
    ("orcid_form", "letters", [f"UPDATE people SET orcid = '0000-0002-1825-O097' WHERE author_id = {ADA}"]),
    ("orcid_form", "an address", [f"UPDATE people SET orcid = 'https://orcid.org/{ADA_ORCID}' WHERE author_id = {ADA}"]),
    ("orcid_once", "two of one iD", [f"UPDATE people SET orcid = '{ADA_ORCID}' WHERE author_id = {CY}"]),
    ("days_in_order", "ends before it begins", [f"UPDATE people SET last_on = '2001-01-01' WHERE author_id = {ADA}"]),
    ("ties_known", "tie to no author", [f"INSERT INTO ties VALUES ('run-1', {ADA}, 999, 1, '2020-01-01')"]),
    ("ties_known", "greater id first", [f"INSERT INTO ties VALUES ('run-1', {EVE}, {DEE}, 1, '2020-01-01')"]),
    ("authored_known", "paper that is not there", [f"INSERT INTO authored VALUES ('run-1', {ADA}, 999)"]),
    ("authored_known", "paper of nobody", ["INSERT INTO authored VALUES ('run-1', 999, 1)"]),
    ("authored_known", "retracted paper", [f"INSERT INTO authored VALUES ('run-1', {ADA}, 6)"]),
    ("topics_known", "topic of nobody", ["INSERT INTO person_topics VALUES ('run-1', 999, 'Engines', 1, 1)"]),
    ("redirects_of_nobody", "id that is borne", [f"INSERT INTO redirects VALUES ('run-1', {ADA}, {BO})"]),
    ("run_in_time", "stale when made", ["UPDATE runs SET valid_until = generated_at"]),
    ("run_in_time", "knows tomorrow", ["UPDATE runs SET as_of = '2099-01-01'"]),
    ("reasons_are_json", "an object", [f"UPDATE recommendations SET reasons = '{{}}' {FIRST}"]),
    ("reasons_are_json", "cut off", [f"UPDATE recommendations SET reasons = SUBSTR(reasons, 1, 20) {FIRST}"]),
    ("reason_given", "none", [f"UPDATE recommendations SET reasons = '[]' {FIRST}"]),
    ("contributions_add_up", "score of another", [f"UPDATE recommendations SET score = score + 0.001 {FIRST}"]),
    ("contributions_add_up", "fact without a number", ["UPDATE recommendations SET reasons = REPLACE(reasons, 'contribution', 'weight')"]),
    ("reason_people_known", "person of no author", [f"UPDATE recommendations SET reasons = REPLACE(reasons, '\"person_id\":{DEE}', '\"person_id\":999')"]),
    ("reason_papers_known", "paper that is not there", [NAMES_A_PAPER.format(999)]),
    ("no_retracted_paper", "retracted since", [f"UPDATE papers SET is_retracted = TRUE WHERE pmid = {EVES_PAPER}"]),
    ("no_retracted_paper", "retracted long ago", [NAMES_A_PAPER.format(6)]),
    ("not_shrunk", "most rows lost", [BEFORE.format(rows=300)]),
    ("coverage_kept", "all have other ids", [BEFORE.format(rows=3), PEOPLE_BEFORE.format(shift=1000), POINTS_BEFORE]),
    ("top_10_kept", "all suggestions are others", [BEFORE.format(rows=3), ROWS_BEFORE.format(shift=1000, more=0), POINTS_BEFORE]),
    ("score_steady", "all scores are lower", [BEFORE.format(rows=3), ROWS_BEFORE.format(shift=0, more=1), POINTS_BEFORE]),
    ("not_older", "knows less", [BEFORE.format(rows=3), POINTS_BEFORE, "UPDATE runs SET as_of = '2020-01-01' WHERE run_id = 'run-1'"]),
]  # fmt: skip
FOLLOWS = {
    "not_empty": ["not_shrunk"],
    "author_known": ["ranks_contiguous"],
    "no_self": ["contributions_add_up"],
    "reasons_are_json": ["contributions_add_up", "reason_people_known", "reason_papers_known"],
    "reason_given": ["contributions_add_up"],
    "score_in_range": ["contributions_add_up"],
    "no_retracted_paper": ["authored_known"],
}
"""What else a defect turns red, or may."""


def test_a_sound_run_passes_every_gate(engine: Engine) -> None:
    seeded(engine)
    assert red(engine) == []


@pytest.mark.parametrize(
    ("gate", "statements"),
    [pytest.param(gate, made_by, id=f"{gate}: {what}") for gate, what, made_by in DEFECTS],
)
def test_a_seeded_defect_turns_its_gate_red_and_no_other(
    gate: str, statements: list[str], engine: Engine
) -> None:
    seeded(engine)
    with writing(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    found = red(engine)
    assert gate in found
    assert set(found) <= {gate, *FOLLOWS.get(gate, [])}


def test_every_gate_has_a_defect_a_meaning_and_a_remedy() -> None:
    roles = ("author", "candidate", "introducer", "reasons")
    suppressed = {f"{who}_not_suppressed" for who in roles}
    assert {gate.name for gate in GATES} == {gate for gate, *_ in DEFECTS} | suppressed
    assert len(DEFECTS) + len(suppressed) >= 25
    assert all(gate.meaning and gate.remedy for gate in GATES)


@pytest.mark.parametrize("score", [float("inf"), float("-inf")])
def test_a_score_that_is_not_finite_is_refused(score: float, engine: Engine) -> None:
    seeded(engine, world(recommendations=[{**WORLD["recommendations"][0], "score": score}]))
    assert "score_in_range" in red(engine)


def test_a_score_may_be_below_0(engine: Engine) -> None:
    given = [{**WORLD["recommendations"][2], "score": -0.5}]
    facts = [{**WORLD["reasons"][3], "contribution": -0.5}]
    seeded(engine, world(recommendations=given, reasons=facts))
    assert red(engine) == []


def test_a_check_that_cannot_be_made_is_red_and_says_so(engine: Engine) -> None:
    seeded(engine)
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE recommendations SET reasons = '[{'")
    result = next(r for r in measured(engine) if r.gate.name == "contributions_add_up")
    assert math.isinf(result.value)
    assert "could not be measured" in str(result)


@pytest.mark.parametrize(
    ("earlier", "share"), [([], 0.0), ([6], 0.5), ([3, 3, 3000], 0.0), ([3, 3, 12, 12], 0.6), ([9] * 4 + [3] * 5, 0.0)]
)  # fmt: skip
def test_rows_are_compared_with_the_median_of_the_last_seven_runs(
    earlier: list[int], share: float, engine: Engine
) -> None:
    seeded(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE runs SET status = 'loading'"))
        for place, row_count in enumerate(earlier):
            connection.exec_driver_sql(
                BEFORE.format(rows=row_count).replace("'before'", f"'before-{place}'")
                + "WHERE run_id = 'run-1'"
            )
            made_at = {"at": str(NIGHT - timedelta(days=9 - place)), "run": f"before-{place}"}
            connection.execute(
                text("UPDATE runs SET generated_at = CAST(:at AS TIMESTAMP) WHERE run_id = :run")
                if connection.dialect.name == "postgresql"
                else text("UPDATE runs SET generated_at = SUBSTR(:at, 1, 19) WHERE run_id = :run"),
                made_at,
            )
    result = next(r for r in measured(engine) if r.gate.name == "not_shrunk")
    assert result.value == pytest.approx(share)


@pytest.mark.parametrize(
    ("who", "author_id"), [("author", ADA), ("candidate", CY), ("introducer", DEE)]
)
def test_recommending_whom_long_suppressed_is_seen(
    who: str, author_id: int, engine: Engine
) -> None:
    seeded(engine)
    assert _red_with(engine, author_id, NIGHT - timedelta(hours=23)) == []
    with writing(engine) as connection:
        connection.execute(delete(GATE_RESULTS))
        connection.execute(delete(SUPPRESSED_PEOPLE))
    named = ["reasons_not_suppressed"] if author_id == DEE else []
    found = _red_with(engine, author_id, NIGHT - timedelta(hours=25))
    assert found == [f"{who}_not_suppressed", *named]


def _red_with(engine: Engine, author_id: int, suppressed_at: datetime) -> list[str]:
    """The red gates where the recommender did not know of a suppression."""
    hidden = {"run_id": "run-1", "author_id": author_id, "suppressed_at": suppressed_at}
    with writing(engine) as connection:
        connection.execute(insert(SUPPRESSED_PEOPLE), [hidden])
    return red(engine)


def test_a_path_over_whom_long_suppressed_is_seen_and_one_over_a_longer_id_is_not(
    engine: Engine,
) -> None:
    step = {"kind": "path", "person_id": ADA, "other_person_id": 1040, "contribution": 0.0}
    last = {"author_id": BO, "candidate_id": EVE, "topic": '_id":104,'}
    facts = [{**row, "person_id": None} for row in WORLD["reasons"]]
    longer = {"author_id": 1040, "display_name": "Di Longer"}
    rows = _with_introducer_of_nobody([*facts, {**last, **step}])
    rows["authors"].append(longer)
    seeded(engine, rows)
    assert _red_with(engine, DEE, NIGHT - timedelta(days=2)) == []
    with writing(engine) as connection:
        connection.execute(delete(GATE_RESULTS))
        connection.execute(delete(RECOMMENDATIONS))
        connection.execute(delete(SUPPRESSED_PEOPLE))
        row = {"run_id": "run-1", "author_id": BO, "rank": 1, "candidate_id": EVE, "score": 1.0}
        told = '[{"kind":"path","contribution":0.0,"person_id":102,"other_person_id":104}]'
        connection.execute(insert(RECOMMENDATIONS), [{**row, "reasons": told}])
    assert "reasons_not_suppressed" in _red_with(engine, DEE, NIGHT - timedelta(days=2))


def _with_introducer_of_nobody(reasons: Rows) -> dict[str, Rows]:
    given = [{**row, "introducer_id": None} for row in WORLD["recommendations"]]
    return world(recommendations=given, reasons=reasons)


NIGHTS, PEOPLE_AT_FIRST, EACH = 30, 60, 5


def test_thirty_nights_of_usual_change_give_no_red_gate(engine: Engine, settings: Settings) -> None:
    drawn = np.random.default_rng(6)
    liking = {
        (a, c): float(drawn.normal())
        for a in range(1, PEOPLE_AT_FIRST + NIGHTS + 1)
        for c in range(1, PEOPLE_AT_FIRST + NIGHTS + 1)
    }
    alarms, hidden = [], set[int]()
    for night in range(NIGHTS):
        liking = {pair: worth + float(drawn.normal(0, 0.02)) for pair, worth in liking.items()}
        rows = _drawn_night(PEOPLE_AT_FIRST + night, liking, hidden)
        at = NIGHT + timedelta(days=night)
        if night % 10 == 5:  # somebody opts out while the run is made
            suppress(engine, at, "test", author_id=night, mentions=[(night, 1)])
            hidden.add(night)
        result = published(engine, settings, rows, f"night-{night:02}", at)
        alarms += [name for name, passed in result.gates.items() if not passed]
    assert alarms == []


def _drawn_night(
    people_count: int, liking: dict[tuple[int, int], float], hidden: set[int]
) -> dict[str, Rows]:
    """Everybody wrote a paper of their own and one with the next; likes move a little each night."""
    people = range(1, people_count + 1)
    given, facts = [], []
    for a in set(people) - hidden:
        strangers = [c for c in people if c not in {a, a + 1, a - 1} | hidden]
        best = sorted(strangers, key=lambda c: -liking[a, c])[:EACH]
        for rank, c in enumerate(best, start=1):
            pair, worth = {"author_id": a, "candidate_id": c}, liking[a, c]
            given.append(
                {**pair, "rank": rank, "score": worth, "probability": 1 / (1 + math.exp(4 - worth))}
            )
            facts.append(
                {**pair, "kind": "topics", "contribution": worth / 2, "pmid": a, "other_pmid": c}
            )
            facts.append({**pair, "kind": "activity", "contribution": worth / 2})
    return {
        "authors": [{"author_id": a, "display_name": f"Person {a}"} for a in people],
        "recommendations": given,
        "reasons": facts,
        "publications": [{"pmid": pmid} for pmid in people],
        "identities": [{"pmid": a, "position": 1, "author_id": a} for a in people],
        "redirects": [],
        "coauthorships": [{"author_id": a, "coauthor_id": a + 1} for a in people[:-1]],
        "topics": [{"pmid": a, "name": f"Topic {a % 7}"} for a in people],
    }  # fmt: skip
