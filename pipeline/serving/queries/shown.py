"""What a run shows: its rows without those of the suppressed.

The `v1_*` views say the same of the current run; these take any run that is kept, so that a crawl
may go on with its own while the next one is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select

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


def nobody_hidden(run_id: str, *author_ids: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether none of these is suppressed in the run."""
    hidden = SUPPRESSED_PEOPLE.c
    is_any = or_(*(hidden.author_id == author_id for author_id in author_ids))
    return ~exists().where(hidden.run_id == run_id, is_any)


def shown_people(run_id: str) -> Select[Any]:
    """Select people of a run."""
    return select(*PERSON).where(
        PEOPLE.c.run_id == run_id, nobody_hidden(run_id, PEOPLE.c.author_id)
    )


def shown_recommendations(run_id: str) -> Select[Any]:
    """Select recommendations of a run."""
    given = RECOMMENDATIONS.c
    return select(RECOMMENDATIONS).where(
        given.run_id == run_id, nobody_hidden(run_id, given.author_id, given.candidate_id)
    )


def people_by_id(
    connection: Connection, run_id: str, ids: Iterable[int | None]
) -> dict[int, Person]:
    """Read people of a run; who is suppressed is not among them."""
    found: dict[int, Person] = {}
    for some in portions(ids):
        rows = connection.execute(shown_people(run_id).where(PEOPLE.c.author_id.in_(some)))
        found |= {row[0]: Person(*row) for row in rows}
    return found


def papers_by_id(
    connection: Connection, run_id: str, ids: Iterable[int | None]
) -> dict[int, Paper]:
    """Read papers of a run."""
    found: dict[int, Paper] = {}
    for some in portions(ids):
        chosen = select(*PAPER).where(PAPERS.c.run_id == run_id, PAPERS.c.pmid.in_(some))
        found |= {row[0]: Paper(*row) for row in connection.execute(chosen)}
    return found


def named_ids(facts: Iterable[Mapping[str, Any]], *keys: str) -> list[int | None]:
    """Give the ids that stand in facts of reasons under any of `keys`."""
    return [fact.get(key) for fact in facts for key in keys]
