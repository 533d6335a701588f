"""The current run's recommendations as a stream: read in one snapshot, some rows at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from pipeline.serving.database import Engine, reading
from pipeline.serving.export.tables import FORMULA
from pipeline.serving.queries import EXPORTED, exported

JSONL, CSV = "application/jsonl", "text/csv; charset=utf-8"
Rows = Sequence[tuple[Any, ...]]


def stream(
    engine: Engine, institution: str | None, media_type: str, file_name: str
) -> StreamingResponse:
    """Stream the recommendations of an institution's people (None: everybody's) as a file."""
    written: Callable[[Rows], str] = _jsonl if media_type == JSONL else _csv
    start = "" if media_type == JSONL else ",".join(EXPORTED) + "\r\n"
    return StreamingResponse(
        _parts(engine, institution, start, written),
        headers={
            "Content-Disposition": f'attachment; filename="{file_name}"',
            "Cache-Control": "private, no-store",
        },
        media_type=media_type,
    )


def _parts(
    engine: Engine, institution: str | None, start: str, written: Callable[[Rows], str]
) -> Iterator[str]:
    yield start
    with reading(engine) as connection:
        for rows in exported(connection, institution):
            yield written(rows)


def _jsonl(rows: Rows) -> str:
    """One JSON object a line; `reasons` is an array in it."""
    lines = []
    for row in rows:
        said = dict(zip(EXPORTED, row, strict=True))
        said["reasons"] = json.loads(said["reasons"])
        lines.append(to_json(said).decode())
    return "\n".join(lines) + "\n"


def _csv(rows: Rows) -> str:
    """RFC 4180; a text that a spreadsheet would read as a formula begins with an apostrophe."""
    file = io.StringIO()
    csv.writer(file).writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return value if isinstance(value, int | float) else str(to_json(value).decode()).strip('"')
