"""Who is asked about, and who the right answers are: new coauthors within a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from scipy import sparse

from models.baselines import Ints, Sparse
from pipeline import engine, lake
from pipeline.recommend.evaluation.past import Flags, Past, months_later
from pipeline.recommend.known import PAPERS_NEEDED
from pipeline.recommend.train import ACTIVE_MONTHS, LARGEST_PAPER
from pipeline.settings import Settings

TABLES_OF_LABELS = ("identities", "publications")

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """Queries and their answers.

    Attributes
    ----------
    sources
        Who is asked about, rows of the past, ascending, shape (queries,).
    queries, answers
        Of each answer the place of its query in `sources`, and the row of the past who it is;
        shape (answers,), in order of the queries.
    came_true
        An entry for every two people who are new coauthors, whether asked about or not, shape
        (people, people).
    """

    sources: Ints
    queries: Ints
    answers: Ints
    came_true: Sparse


def find_questions(
    past: Past,
    identities_then: lake.Dataset,
    current: Mapping[str, lake.Dataset],
    until: date,
    settings: Settings,
) -> Questions:
    """Look up who wrote their first joint paper after the past's day and by `until`.

    An author of the past is who most of its mentions are in the full run. Asked about is who had
    two papers, one of them within 36 months, and has a new coauthor among the candidates.

    Parameters
    ----------
    identities_then
        identities of the past.
    current
        The tables named in `TABLES_OF_LABELS`, of the full run.
    """
    files = {"identities": current["identities"], "identities_then": identities_then}
    persons = engine.fetch(_HERE / "persons.sql", files, {}, settings)
    parameters: dict[str, engine.Value] = {
        "since": past.as_of,
        "until": until,
        "largest_paper": LARGEST_PAPER,
    }
    pairs = engine.fetch(
        _HERE / "new_coauthors.sql", {**current, "persons": persons}, parameters, settings
    )
    sources, answers = (
        np.searchsorted(past.author_ids, pairs[end].to_numpy())
        for end in ("author_id", "coauthor_id")
    )
    is_asked = (
        (past.paper_counts >= PAPERS_NEEDED)
        & past.active_since(months_later(past.as_of, -ACTIVE_MONTHS))
        & past.in_universe
    )
    came_true = sparse.csr_array(
        (np.ones(sources.size), (sources, answers)), (past.author_ids.size,) * 2
    )
    kept = is_asked[sources] & past.in_universe[answers]
    kept[kept] = ~_have_met(past, sources[kept], answers[kept])
    asked, queries = np.unique(sources[kept], return_inverse=True)
    return Questions(asked, queries, answers[kept], came_true)


def _have_met(past: Past, sources: Ints, answers: Ints) -> Flags:
    """Whether the past, by its own identities, knows them as coauthors or as one person."""
    joint = past.wrote[sources].multiply(past.wrote[answers]).sum(axis=1)
    return (np.asarray(joint).ravel() > 0) | (sources == answers)
