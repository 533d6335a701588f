"""Labels for free: pairs of mentions of which a corpus itself says whether they are one person.

A matcher that sees what gave the label learns nothing but the rule, so it is hidden (`hide`).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline import engine, lake
from pipeline.identity.features import FEATURES
from pipeline.settings import Settings

Reals = NDArray[np.float64]

TABLES_OF_LABELS = ("mentions", "authorships", "publications", "citations", "grants")

PRIOR = 2 / 3
"""Share of pairs of one person among the labels: as among the pairs, labelled by hand, that the
shipped matcher learned from, so that both mean the same by a probability."""

PER_BLOCK = 20
"""Pairs of a block that each source may give, of either answer: a common name teaches no more."""

PER_SOURCE = 5_000
"""Pairs that each source may give in all, of either answer."""

AWARD_PAPERS = 20
"""Papers that a grant may have paid for; one of more is an institute's, not a group's."""

MISPRINT = 2
"""Letters by which two spellings of one first name may differ."""

SEED = "confrere-1"

HIDES: Mapping[str, tuple[str, ...]] = {
    "orcid": ("orcid",),
    "email": ("orcid", "email"),
    "grant": ("orcid", "grants", "names"),
    "self_citation": ("orcid", "references", "names"),
    "one_paper": ("orcid", "email", "names"),
    "fore_name": ("orcid", "names"),
    "decided": (),
}
"""Source → groups of features that its rule has looked at; every free label is held against iDs."""

CUT = {
    "first_name": nan,
    "middle_names": nan,
    "initials": 1.0,
    "whole_names": 0.0,
    "middle_count": 0.0,
    "first_name_share": nan,
}
"""Names are hidden by cutting both to the initial that they share, as half the papers print them:
missing altogether, as no pair that the matcher is asked about has them, would give them away."""

_ADDRESS = r"(?P<address>[\w.+'-]+@[\w-]+(?:\.[\w-]+)+)"
_HERE = Path(__file__).parent


def free_labels(current: Mapping[str, lake.Dataset], settings: Settings) -> pa.Table:
    """Collect labelled pairs of mentions (free_labels.sql says how).

    Parameters
    ----------
    current
        The tables named in `TABLES_OF_LABELS`.

    Returns
    -------
    table
        pmid, position, other_pmid, other_position (the lower PMID first), is_same, source, block.
        The same for the same papers, in whatever order they came.
    """
    parameters: dict[str, engine.Value] = {
        "seed": SEED,
        "author_cap": settings.author_cap,
        "award_papers": AWARD_PAPERS,
        "misprint": MISPRINT,
        "per_block": PER_BLOCK,
        "per_source": PER_SOURCE,
        "prior": PRIOR,
    }
    sources: dict[str, engine.Source] = {name: current[name] for name in TABLES_OF_LABELS}
    sources["addresses"] = _addresses(current["authorships"])
    return engine.fetch(_HERE / "free_labels.sql", sources, parameters, settings)


def hide(matrix: Reals, sources: NDArray[np.str_]) -> Reals:
    """Hide from each pair's features, shape (pairs, features), what its label was made from."""
    hidden = matrix.copy()
    for source, groups in HIDES.items():
        rows = sources == source
        for place, feature in enumerate(FEATURES):
            if "names" in groups and feature.name in CUT:
                hidden[rows, place] = CUT[feature.name]
            elif feature.group in groups and feature.group != "names":
                hidden[rows, place] = nan
    return hidden


def _addresses(authorships: lake.Dataset) -> pa.Table:
    """E-mail addresses in the affiliations of each mention, the first of each affiliation."""
    found = [_printed(batch) for batch in authorships.batches(["pmid", "position", "affiliations"])]
    schema = pa.schema([("pmid", pa.int64()), ("position", pa.int32()), ("address", pa.string())])
    whole = pa.concat_tables([schema.empty_table(), *found])
    return whole.group_by(whole.column_names, use_threads=False).aggregate([])


def _printed(batch: pa.RecordBatch) -> pa.Table:
    owners = pc.list_parent_indices(batch["affiliations"])
    texts = pc.utf8_lower(pc.list_flatten(batch["affiliations"]))
    address = pc.struct_field(pc.extract_regex(texts, _ADDRESS), "address")
    columns = [batch["pmid"].take(owners), batch["position"].take(owners)]
    printed = pa.table([*columns, address], names=["pmid", "position", "address"])
    return printed.filter(pc.is_valid(printed["address"]))
