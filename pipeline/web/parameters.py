"""What routes can be asked, each parameter once."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

TEXT = r"^[^\x00]*$"
"""No NUL: no database column can hold one."""
LARGEST_ID = 2**63 - 1

Who = Annotated[
    str,
    Path(
        alias="id",
        min_length=1,
        max_length=200,
        pattern=TEXT,
        description="author id, ORCID iD or roster id",
    ),
]
Candidate = Annotated[
    int, Path(ge=1, le=LARGEST_ID, description="author id of the person recommended")
]
Limit = Annotated[int, Query(ge=1, le=100, description="how many at most")]
CursorText = Annotated[
    str | None,
    Query(max_length=500, description="where to go on; it stands in `next` of the page before"),
]


def _text(description: str) -> object:
    return Query(min_length=1, max_length=200, pattern=TEXT, description=description)


Name = Annotated[str | None, _text("words of the name, in any order")]
Orcid = Annotated[str | None, _text("ORCID iD, in any printed form")]
Institution = Annotated[str | None, _text("part of the institution, whatever its case")]
Department = Annotated[str | None, _text("part of the department, whatever its case")]
Topic = Annotated[
    str | None,
    _text("only people who write about it: a MeSH heading or keyword, whatever its case"),
]
OtherDepartment = Annotated[bool, Query(description="only people of another department")]
OtherInstitution = Annotated[bool, Query(description="only people of another institution")]
MinProbability = Annotated[
    float | None, Query(ge=0, le=1, description="smallest probability of a joint paper")
]
