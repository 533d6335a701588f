"""Coauthorships from identities, and the graph that walks run on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np

from models.kernels import Graph, Ints, graph_from_edges
from pipeline import engine
from pipeline.errors import ConfrereError
from pipeline.lake import Commit, Dataset
from pipeline.settings import Settings

WEIGHT_RULE = "fractional-1"
"""Changes whenever the same tables would give other coauthorships."""

SMALLEST_WEIGHT = 1e-12
"""Weights are rounded to 12 places; a tie older than that is still an edge."""


def connect(
    current: Mapping[str, Dataset], commit: Commit, as_of: date, settings: Settings, made_from: str
) -> int:
    """Write `coauthorships`, and whom notices affect; return the number of pairs.

    Parameters
    ----------
    current
        `publications`, `identities` and `notices`.
    """
    parameters: dict[str, engine.Value] = {
        "as_of": as_of,
        "half_life_years": settings.half_life_years,
        "author_cap": settings.author_cap,
    }
    sources: dict[str, engine.Source] = dict(current)
    for name in ("affected_authors", "affected_pairs", "coauthorships"):
        file = Path(__file__).with_name(f"{name}.sql")
        with engine.query(file, sources, parameters, settings) as rows:
            pair_count = commit.write(name, rows, made_from, as_of)
        sources[name] = commit.dataset(name)
    return pair_count


def load_graph(authors: Dataset, coauthorships: Dataset, hidden_ids: Ints) -> Graph:
    """Load the coauthorship graph as CSR arrays: about 32 bytes an edge, 24 a node.

    The people of `hidden_ids` stay as nodes without ties, so that no walk leads over them.

    Raises
    ------
    ConfrereError
        The two tables are not of one run.
    """
    edges = coauthorships.read(["author_id", "coauthor_id", "weight"])
    first, second = edges["author_id"].to_numpy(), edges["coauthor_id"].to_numpy()
    is_told = ~(np.isin(first, hidden_ids) | np.isin(second, hidden_ids))
    weights = edges["weight"].to_numpy().clip(min=SMALLEST_WEIGHT)
    try:
        return graph_from_edges(
            authors.read(["author_id"])["author_id"].to_numpy(),
            first[is_told],
            second[is_told],
            weights[is_told],
        )
    except ValueError as error:
        raise ConfrereError(
            f"[table coauthorships] {error}: `confrere run` makes authors and coauthorships anew"
        ) from None
