"""Checks that a run must pass before it is served, kept as data.

A query measures one number about run `:run_id`; the gate passes where it is at most the threshold.
`:known_since` is a day before the run: whoever opted out earlier should not have been recommended.
Whoever opts out while a run is being made is taken out when the pointer moves, and is no reason to
refuse it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Text, bindparam, insert, select, text

from pipeline.serving.database import Connection
from pipeline.serving.schema import GATE_RESULTS, RUNS, Instant

KNOWN_FOR = timedelta(days=1)

_ROWS = "SELECT COUNT(*) FROM recommendations AS given WHERE given.run_id = :run_id"
_UNKNOWN = """
    NOT EXISTS (
        SELECT 1 FROM people WHERE people.run_id = given.run_id AND people.author_id = given.{who}
    )"""
_HIDDEN = """
    EXISTS (
        SELECT 1 FROM suppressed_people AS hidden
        WHERE hidden.run_id = given.run_id AND hidden.author_id = given.{who}
        AND hidden.suppressed_at < :known_since
    )"""


@dataclass(frozen=True, slots=True)
class Gate:
    """One check: red where the number that `query` gives is above `threshold`."""

    name: str
    severity: Literal["error", "warning"]
    meaning: str
    query: str
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate measured."""

    name: str
    severity: str
    value: float
    threshold: float
    passed: bool


GATES = (
    Gate(
        "not_empty",
        "error",
        "the run has recommendations",
        f"SELECT CASE WHEN ({_ROWS}) = 0 THEN 1 ELSE 0 END",
    ),
    Gate(
        "not_shrunk",
        "error",
        "share of rows lost against the current run; `smallest_share` sets the threshold",
        f"""
        SELECT COALESCE(MAX(1.0 - 1.0 * ({_ROWS}) / runs.row_count), 0.0)
        FROM current_run JOIN runs ON runs.run_id = current_run.run_id
        WHERE runs.row_count > 0
        """,
    ),
    Gate(
        "no_self",
        "error",
        "rows that suggest a person to themselves",
        f"{_ROWS} AND given.author_id = given.candidate_id",
    ),
    Gate(
        "ranks_contiguous",
        "error",
        "people whose ranks do not run 1, 2, 3, …",
        """
        SELECT COUNT(*) FROM (
            SELECT author_id FROM recommendations WHERE run_id = :run_id
            GROUP BY author_id HAVING MIN(rank) <> 1 OR MAX(rank) <> COUNT(*)
        ) AS broken
        """,
    ),
    Gate(
        "no_duplicate_candidate",
        "error",
        "pairs that are there more than once",
        """
        SELECT COUNT(*) FROM (
            SELECT author_id FROM recommendations WHERE run_id = :run_id
            GROUP BY author_id HAVING COUNT(DISTINCT candidate_id) <> COUNT(*)
        ) AS twice
        """,
    ),
    Gate(
        "author_known",
        "error",
        "rows whose author is not among the people",
        f"{_ROWS} AND {_UNKNOWN.format(who='author_id')}",
    ),
    Gate(
        "candidate_known",
        "error",
        "rows whose candidate is not among the people",
        f"{_ROWS} AND {_UNKNOWN.format(who='candidate_id')}",
    ),
    Gate(
        "introducer_known",
        "error",
        "rows whose introducer is not among the people",
        f"{_ROWS} AND given.introducer_id IS NOT NULL AND {_UNKNOWN.format(who='introducer_id')}",
    ),
    Gate(
        "score_in_range",
        "error",
        "rows whose score is missing, negative or not finite",
        f"{_ROWS} AND (given.score IS NULL OR NOT (given.score >= 0.0 AND given.score < 1e300))",
    ),
    Gate(
        "probability_in_range",
        "error",
        "rows whose probability is outside [0, 1]",
        f"{_ROWS} AND NOT (given.probability >= 0.0 AND given.probability <= 1.0)",
    ),
    Gate(
        "reason_given",
        "error",
        "rows without a reason",
        f"{_ROWS} AND given.reasons = '[]'",
    ),
    Gate(
        "author_not_suppressed",
        "error",
        "rows for somebody who had opted out a day before the run",
        f"{_ROWS} AND {_HIDDEN.format(who='author_id')}",
    ),
    Gate(
        "candidate_not_suppressed",
        "error",
        "rows suggesting somebody who had opted out a day before the run",
        f"{_ROWS} AND {_HIDDEN.format(who='candidate_id')}",
    ),
    Gate(
        "introducer_not_suppressed",
        "error",
        "rows whose introducer had opted out a day before the run",
        f"{_ROWS} AND {_HIDDEN.format(who='introducer_id')}",
    ),
    Gate(
        "reasons_not_suppressed",
        "error",
        "reasons that name somebody who had opted out a day before the run",
        """
        SELECT COUNT(*) FROM suppressed_people AS hidden
        JOIN people ON people.run_id = hidden.run_id AND people.author_id = hidden.author_id
        JOIN recommendations AS given ON given.run_id = hidden.run_id
        WHERE hidden.run_id = :run_id AND hidden.suppressed_at < :known_since
        AND (
            given.reasons LIKE '%!_id":' || CAST(hidden.author_id AS TEXT) || ',%' ESCAPE '!'
            OR given.reasons LIKE '%!_id":' || CAST(hidden.author_id AS TEXT) || '}%' ESCAPE '!'
        )
        """,
    ),
)


def check_gates(
    connection: Connection, run_id: str, smallest_share: float
) -> tuple[GateResult, ...]:
    """Measure every gate on run `run_id` and write the results down.

    Parameters
    ----------
    smallest_share
        Share of the rows of the current run that this one must have, 0 to 1.
    """
    generated_at = connection.execute(select(RUNS.c.generated_at).where(RUNS.c.run_id == run_id))
    known_since = generated_at.scalar_one() - KNOWN_FOR
    limits = {"not_shrunk": 1.0 - smallest_share}
    gates = [replace(gate, threshold=limits.get(gate.name, gate.threshold)) for gate in GATES]
    results = tuple(_check(connection, gate, run_id, known_since) for gate in gates)
    connection.execute(
        insert(GATE_RESULTS),
        [
            {
                "run_id": run_id,
                "name": result.name,
                "severity": result.severity,
                "value": result.value,
                "threshold": result.threshold,
                "passed": result.passed,
            }
            for result in results
        ],
    )
    return results


def _check(connection: Connection, gate: Gate, run_id: str, known_since: datetime) -> GateResult:
    values = {"run_id": run_id, "known_since": known_since}
    query = text(gate.query)
    used = [name for name in values if f":{name}" in gate.query]
    types = {"run_id": Text, "known_since": Instant}
    query = query.bindparams(*(bindparam(name, values[name], types[name]) for name in used))
    value = float(connection.execute(query).scalar_one())
    return GateResult(gate.name, gate.severity, value, gate.threshold, value <= gate.threshold)
