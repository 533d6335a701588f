"""Where a page of a list ends, in which run, and of which question."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException

from pipeline.serving.database import Connection
from pipeline.serving.queries import ServedRun, kept_run, run_now
from pipeline.web.problems import no_run


@dataclass(frozen=True, slots=True)
class Cursor:
    """The run that is being read, and the place after which to go on."""

    run_id: str
    after: tuple[int, ...]


def write_cursor(run: ServedRun, question: object, after: Sequence[int]) -> str:
    """Give a cursor as it stands in an address."""
    said = json.dumps([run.run_id, _mark(question), *after], separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def read_cursor(text: str | None, question: object, length: int) -> Cursor | None:
    """Read a cursor for a question; None where none is given.

    Raises
    ------
    HTTPException
        422: it is no cursor of ours, or one of another question.
    """
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        said: Any = json.loads(base64.b64decode(padded, b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        said = None
    match said:
        case [str(run_id), str(mark), *after] if (
            mark == _mark(question)
            and len(after) == length
            and all(type(place) is int and 0 <= place < 2**63 for place in after)
        ):
            return Cursor(run_id, tuple(after))
    raise HTTPException(
        422, "cursor: is none of an answer to this question; take it from `next` as it is"
    )


def run_of(connection: Connection, cursor: Cursor | None) -> ServedRun:
    """Give the run of a cursor, else the current one.

    Raises
    ------
    HTTPException
        503: there is no run. 410: the cursor's run is no longer kept.
    """
    run = kept_run(connection, cursor.run_id) if cursor else run_now(connection)
    if run is not None:
        return run
    if cursor is None:
        raise no_run()
    raise HTTPException(
        410, f"The run {cursor.run_id} is no longer kept: begin again without `cursor`."
    )


def _mark(question: object) -> str:
    return hashlib.blake2b(repr(question).encode(), digest_size=6).hexdigest()
