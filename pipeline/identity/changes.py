"""Write identities and authors where they changed, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline import engine
from pipeline.identity.clusters import METHODS, Decided
from pipeline.identity.output import Output
from pipeline.identity.stable_ids import Named
from pipeline.settings import Settings

_HERE = Path(__file__).parent


def as_identities(regarded: pa.Table, decided: Decided, named: Named) -> pa.Table:
    """Rows of identities for the mentions of regarded.sql; what was not looked at stays."""
    confidence = pa.array(decided.confidence)
    return pa.table(
        {
            "pmid": regarded["pmid"],
            "position": regarded["position"],
            "author_id": named.ids,
            "confidence": pc.if_else(
                pc.is_nan(confidence), pc.fill_null(regarded["confidence"], 1.0), confidence
            ),
            "method": pa.array(METHODS).take(pa.array(decided.method)),
        }
    )


def write_identities(
    identities: pa.Table,
    regarded: pa.Table,
    leaving: NDArray[np.int64],
    sources: Mapping[str, engine.Source],
    out: Output,
    settings: Settings,
) -> None:
    """Write identities and authors where one of a mention changed, or the paper did.

    Parameters
    ----------
    identities, regarded
        The same mentions as they are, and as they were.
    leaving
        Authors of the changed papers as they were.
    sources
        `changed` (of pending.sql) and the tables that identities.sql and authors.sql read.
    """
    differs = _differs(identities, regarded)
    changed = sources["changed"]["pmid"].to_numpy()  # type: ignore[index]  # a table in memory
    papers = np.union1d(identities.filter(differs)["pmid"].to_numpy(), changed)
    hidden = pa.table({"pmid": papers})
    given = {
        **sources,
        "hidden": hidden,
        "decided": identities.filter(pc.is_in(identities["pmid"], pa.array(papers))),
    }
    with engine.query(_HERE / "identities.sql", given, {}, settings) as rows:
        out.put("identities", rows, hidden["pmid"])
    now = identities.filter(differs)["author_id"].to_numpy()
    before = regarded.filter(differs)["author_id"].drop_null().to_numpy()
    authors = pa.array(np.unique(np.concatenate([now, before, leaving])))
    own = identities.filter(pc.is_in(identities["author_id"], authors))
    given = {**sources, "identities": own}
    with engine.query(_HERE / "author_affiliations.sql", given, {}, settings) as rows:
        out.put("author_affiliations", rows, authors)
    given["author_affiliations"] = out.commit.dataset("author_affiliations")
    with engine.query(_HERE / "authors.sql", given, {}, settings) as rows:
        out.put("authors", rows, authors)


def _differs(identities: pa.Table, regarded: pa.Table) -> pa.ChunkedArray:
    """Whether a mention is not what it was; what was not there, or stood elsewhere, is not."""
    columns = [
        pc.not_equal(identities[name], regarded[name])
        for name in ("author_id", "confidence", "method")
    ]
    return pc.fill_null(pc.or_(pc.or_(columns[0], columns[1]), columns[2]), True)
