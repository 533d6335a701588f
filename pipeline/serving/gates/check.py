"""Measure the gates on a run."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, Text, bindparam, insert, select, text
from sqlalchemy.exc import DatabaseError

from pipeline.serving.database import Connection
from pipeline.serving.gates.gate import Gate
from pipeline.serving.schema import GATE_RESULTS, RUNS, Instant

KNOWN_FOR = timedelta(days=1)
ROWS_SAMPLED = 100_000
"""Of so many rows the reasons are read one by one; a parse takes a database some 30 µs."""

_DIALECTS = {
    "sqlite": {
        r"FACTS\(([\w.]+)\)": r"json_each(\1)",
        r"IS_ARRAY\(([\w.]+)\)": r"json_valid(\1) AND json_type(\1) = 'array'",
    },
    "postgresql": {
        r"FACTS\(([\w.]+)\)": r"json_array_elements(CAST(\1 AS json))",
        r"IS_ARRAY\(([\w.]+)\)": r"json_typeof(CAST(\1 AS json)) = 'array'",
    },
}
_TYPES = {"run_id": Text, "known_since": Instant, "tomorrow": Date, "stride": BigInteger}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate measured; `value` is infinite where the check could not be made."""

    gate: Gate
    value: float
    threshold: float

    @property
    def passed(self) -> bool:
        """Whether the run may pass."""
        return self.value <= self.threshold

    def __str__(self) -> str:
        """Say what was measured, the threshold, and what to do."""
        measured = f"{self.value:.6g}" if math.isfinite(self.value) else "could not be measured"
        return (
            f"gate {self.gate.name} ({self.gate.severity}): {measured}, at most "
            f"{self.threshold:.6g} passes; it counts {self.gate.meaning}. What to do: "
            f"{self.gate.remedy}"
        )


def check_gates(
    connection: Connection, run_id: str, smallest_share: float, gates: Sequence[Gate]
) -> tuple[GateResult, ...]:
    """Measure gates on run `run_id` and write the results down.

    Parameters
    ----------
    smallest_share
        Share of earlier runs' rows and people served that this run must have, 0 to 1.
    """
    run = connection.execute(
        select(RUNS.c.generated_at, RUNS.c.row_count).where(RUNS.c.run_id == run_id)
    ).one()
    values = {
        "run_id": run_id,
        "known_since": run.generated_at - KNOWN_FOR,
        "tomorrow": run.generated_at.date() + timedelta(days=1),
        "stride": max(run.row_count // ROWS_SAMPLED, 1),
    }
    limits = dict.fromkeys(("not_shrunk", "coverage_kept"), 1.0 - smallest_share)
    results = tuple(
        GateResult(gate, _measured(connection, gate, values), limits.get(gate.name, gate.threshold))
        for gate in gates
    )
    connection.execute(
        insert(GATE_RESULTS),
        [
            {
                "run_id": run_id,
                "name": result.gate.name,
                "severity": result.gate.severity,
                "value": result.value,
                "threshold": result.threshold,
                "passed": result.passed,
            }
            for result in results
        ],
    )
    return results


def _measured(connection: Connection, gate: Gate, values: dict[str, Any]) -> float:
    query = gate.query
    for pattern, own in _DIALECTS[connection.dialect.name].items():
        query = re.sub(pattern, own, query)
    used = [name for name in values if re.search(rf":{name}\b", query)]
    statement = text(query).bindparams(
        *(bindparam(name, values[name], _TYPES[name]) for name in used)
    )
    try:
        with connection.begin_nested():  # what fails must not take the transaction with it
            return float(connection.execute(statement).scalar_one())
    except DatabaseError as error:
        logger.warning("[gate %s] %s", gate.name, " ".join(str(error.orig).split()))
        return math.inf
