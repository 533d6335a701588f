"""Gates on people who asked to be left alone.

Whoever had opted out a day before the run should not have been recommended. Whoever opts out while
a run is being made is taken out when the pointer moves, and is no reason to refuse it.
"""

from __future__ import annotations

from pipeline.serving.gates.gate import GIVEN, Gate

_AGAIN = (
    "make the suggestions anew with `confrere run`, which leaves them out; if it stays, report it"
)


def _hidden(who: str) -> str:
    return f"""{GIVEN} AND EXISTS (
        SELECT 1 FROM suppressed_people AS hidden
        WHERE hidden.run_id = given.run_id AND hidden.author_id = given.{who}
        AND hidden.suppressed_at < :known_since
    )"""


WISHES = (
    Gate(
        "author_not_suppressed",
        "error",
        "rows for somebody who had opted out a day before the run",
        _hidden("author_id"),
        remedy=_AGAIN,
    ),
    Gate(
        "candidate_not_suppressed",
        "error",
        "rows suggesting somebody who had opted out a day before the run",
        _hidden("candidate_id"),
        remedy=_AGAIN,
    ),
    Gate(
        "introducer_not_suppressed",
        "error",
        "rows whose introducer had opted out a day before the run",
        _hidden("introducer_id"),
        remedy=_AGAIN,
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
        remedy=_AGAIN,
    ),
)
