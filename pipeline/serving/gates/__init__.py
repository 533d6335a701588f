"""Checks that a run must pass before it is served, kept as data.

A query measures one number about run `:run_id`; the gate passes where it is at most the threshold.
A check that cannot be made is red too.
"""

from pipeline.serving.gates.change import CHANGE
from pipeline.serving.gates.check import GateResult, check_gates
from pipeline.serving.gates.facts import FACTS
from pipeline.serving.gates.gate import Gate
from pipeline.serving.gates.rows import ROWS
from pipeline.serving.gates.wishes import WISHES

GATES: tuple[Gate, ...] = (*ROWS, *FACTS, *WISHES, *CHANGE)

__all__ = ["GATES", "Gate", "GateResult", "check_gates"]
