"""Coauthorships from identities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pipeline import engine
from pipeline.lake import Commit, Dataset
from pipeline.settings import Settings

WEIGHT_RULE = "fractional-1"
"""Changes whenever the same tables would give other coauthorships."""


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
