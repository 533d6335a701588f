"""Pairs of mentions that are asked about, as rows of small tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.overlap import Items, Overlap, overlap
from pipeline import engine
from pipeline.errors import ConfrereError
from pipeline.settings import Settings
from pipeline.tables import MENTIONS_PER_PAPER

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Asked:
    """Pairs of mentions as row numbers.

    Attributes
    ----------
    mentions
        Rows of `asked.sql`, each mention once.
    one, other
        Rows of `mentions`, shape (pairs,).
    pmids
        Their papers, ascending, each once.
    paper_one, paper_other
        Rows of `pmids`, shape (pairs,).
    """

    mentions: pa.Table
    one: Ints
    other: Ints
    pmids: Ints
    paper_one: Ints
    paper_other: Ints

    def both(self, column: str) -> tuple[pa.Array, pa.Array]:
        """Values of a column of `mentions` for either side."""
        values = self.mentions[column].combine_chunks()
        return values.take(pa.array(self.one)), values.take(pa.array(self.other))

    def numbers(self, column: str) -> tuple[Reals, Reals]:
        """Values of a column of numbers for either side."""
        values = self.mentions[column].to_numpy().astype(np.float64)
        return values[self.one], values[self.other]

    def equal(self, column: str) -> Reals:
        """1 where both sides have the same value, 0 another, NaN where one has none."""
        return as_reals(pc.equal(*self.both(column)))

    def papers_share(self, items: Items, hidden: tuple[Ints, Ints] | None = None) -> Overlap:
        """Compare what the two papers have."""
        return overlap(items, self.paper_one, self.paper_other, hidden)

    def mentions_share(self, items: Items) -> Overlap:
        """Compare what the two mentions have."""
        return overlap(items, self.one, self.other)


def ask(current: Mapping[str, engine.Source], pairs: pa.Table, settings: Settings) -> Asked:
    """Look up the mentions of `pairs` (pmid, position, other_pmid, other_position).

    Raises
    ------
    ConfrereError
        One of them is not in table mentions.
    """
    one = _keys(pairs["pmid"], pairs["position"])
    other = _keys(pairs["other_pmid"], pairs["other_position"])
    pmids, positions = np.divmod(np.unique(np.concatenate([one, other])), MENTIONS_PER_PAPER)
    asked = pa.table({"pmid": pmids, "position": positions})
    mentions = engine.fetch(HERE / "asked.sql", {**current, "asked": asked}, {}, settings)
    known = _keys(mentions["pmid"], mentions["position"])
    lost = np.setdiff1d(np.concatenate([one, other]), known)
    if lost.size:
        pmid, position = divmod(int(lost[0]), MENTIONS_PER_PAPER)
        raise ConfrereError(
            f"[pubmed:{pmid}] has no mention at position {position}: run identify first"
        )
    papers = np.unique(pmids)
    paper_of = np.searchsorted(papers, mentions["pmid"].to_numpy())
    rows = np.searchsorted(known, one), np.searchsorted(known, other)
    return Asked(mentions, *rows, papers, *(paper_of[row] for row in rows))


def as_reals(values: pa.Array) -> Reals:
    """Numbers or flags as floats, null as NaN."""
    reals: Reals = pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)
    return reals


def _keys(pmids: pa.ChunkedArray, positions: pa.ChunkedArray) -> Ints:
    keys: Ints = pmids.to_numpy().astype(np.int64) * MENTIONS_PER_PAPER + positions.to_numpy()
    return keys
