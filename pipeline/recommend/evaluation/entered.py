"""The records as they stood on a day of the past: nothing that came later is there at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.kernels import Ints
from pipeline import engine, lake
from pipeline.errors import WrongUse
from pipeline.settings import Settings

RECORDS = ("publications", "authorships", "topics", "notices", "citations", "grants")
"""Tables that come from PubMed's records, as far as the past is made anew from them."""


def write_entered(
    current: Mapping[str, lake.Dataset], commit: lake.Commit, as_of: date, settings: Settings
) -> None:
    """Write the records that had entered PubMed by `as_of`; of a paper there is one version only.

    A later retraction is not known then, and so is no other notice. What a revision has changed
    within a record (MeSH headings are added weeks after a paper) cannot be undone.

    Parameters
    ----------
    current
        The tables named in `RECORDS`.

    Raises
    ------
    WrongUse
        Nothing had entered by then.
    """
    entered = _entered(current["publications"], as_of)
    if not entered.size:
        raise WrongUse(f"[cutoff {as_of}] no paper had entered by then: give a later day")
    file = Path(__file__).with_name("entered_notices.sql")
    with engine.query(file, current, {"as_of": as_of}, settings) as rows:
        commit.write("notices", rows)
    notices = commit.dataset("notices").read(["kind", "subject_pmid"])
    is_retraction = pc.equal(notices["kind"], "retraction")
    retracted = notices.filter(is_retraction)["subject_pmid"].drop_null().to_numpy()
    for name in RECORDS:
        if name == "publications":
            commit.write(name, _as_known(_of_papers(current[name], entered), retracted))
        elif name != "notices":
            commit.write(name, _of_papers(current[name], entered))


def _entered(publications: lake.Dataset, as_of: date) -> Ints:
    """PMIDs, ascending."""
    columns = ["pmid", "entered_on"]
    parts = [
        batch.filter(pc.less_equal(batch["entered_on"], pa.scalar(as_of)))["pmid"].to_numpy()
        for batch in publications.batches(columns)
    ]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _of_papers(table: lake.Dataset, pmids: Ints) -> Iterator[pa.RecordBatch]:
    for batch in table.batches():
        yield batch.filter(pa.array(np.isin(batch["pmid"].to_numpy(), pmids)))


def _as_known(batches: Iterator[pa.RecordBatch], retracted: Ints) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        known = pa.array(np.isin(batch["pmid"].to_numpy(), retracted))
        place = batch.schema.get_field_index("is_retracted")
        yield batch.set_column(place, batch.schema.field(place), known)
