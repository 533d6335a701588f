"""What a run shows: its rows without those of the suppressed.

The `v1_*` views say the same of the current run; these take any run that is kept, so that a crawl
may go on with its own while the next one is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Text, bindparam, exists, select

from pipeline.serving.author_ids import portions
from pipeline.serving.database import Connection
from pipeline.serving.queries.records import Paper, Person
from pipeline.serving.schema import PAPERS, PEOPLE, RECOMMENDATIONS, SUPPRESSED_PEOPLE

PERSON = (
    PEOPLE.c.author_id,
    PEOPLE.c.display_name,
    PEOPLE.c.orcid,
    PEOPLE.c.institution,
    PEOPLE.c.department,
    PEOPLE.c.country,
    PEOPLE.c.publication_count,
    PEOPLE.c.first_on,
    PEOPLE.c.last_on,
    PEOPLE.c.is_served,
    PEOPLE.c.has_little_history,
)
"""The columns of a `Person`, in its order."""
PAPER = (
    PAPERS.c.pmid,
    PAPERS.c.title,
    PAPERS.c.journal,
    PAPERS.c.published_on,
    PAPERS.c.is_retracted,
)
"""The columns of a `Paper`, in its order."""


RUN = bindparam("run_id", type_=Text)
"""Each statement here takes the run as the parameter `run_id`: made once, they cost no making."""


def nobody_hidden(*author_ids: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether none of these is suppressed in the run."""
    hidden = SUPPRESSED_PEOPLE.c
    return ~exists().where(hidden.run_id == RUN, hidden.author_id.in_(author_ids))


SHOWN_PEOPLE = select(*PERSON).where(PEOPLE.c.run_id == RUN, nobody_hidden(PEOPLE.c.author_id))
PAPERS_OF_RUN = select(*PAPER).where(PAPERS.c.run_id == RUN)
SHOWN_RECOMMENDATIONS = select(RECOMMENDATIONS).where(
    RECOMMENDATIONS.c.run_id == RUN,
    nobody_hidden(RECOMMENDATIONS.c.author_id, RECOMMENDATIONS.c.candidate_id),
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_PEOPLE_BY_ID = SHOWN_PEOPLE.where(PEOPLE.c.author_id.in_(_IDS))
_PAPERS_BY_ID = PAPERS_OF_RUN.where(PAPERS.c.pmid.in_(_IDS))


def people_by_id(
    connection: Connection, run_id: str, ids: Iterable[int | None]
) -> dict[int, Person]:
    """Read people of a run; who is suppressed is not among them."""
    found: dict[int, Person] = {}
    for some in portions(ids):
        rows = connection.execute(_PEOPLE_BY_ID, {"run_id": run_id, "ids": some}).all()
        found |= {row[0]: Person(*row) for row in rows}
    return found


def papers_by_id(
    connection: Connection, run_id: str, ids: Iterable[int | None]
) -> dict[int, Paper]:
    """Read papers of a run."""
    found: dict[int, Paper] = {}
    for some in portions(ids):
        rows = connection.execute(_PAPERS_BY_ID, {"run_id": run_id, "ids": some}).all()
        found |= {row[0]: Paper(*row) for row in rows}
    return found


def named_ids(facts: Iterable[Mapping[str, Any]], *keys: str) -> list[int | None]:
    """Give the ids that stand in facts of reasons under any of `keys`."""
    return [fact.get(key) for fact in facts for key in keys]
