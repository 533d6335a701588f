"""What ties mentions together: pairs, each with its kind of evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline import engine, lake
from pipeline.settings import Settings

COAUTHOR_CHANCE = 0.003
"""Rarity guard on coauthors. Set on 119,642 papers with initials only: of the weakest links that it
lets in one in ten joins two different second initials, of the strongest one in two hundred."""

AFFILIATION_CHANCE = 0.01
"""Rarity guard on affiliations."""

FULL_NAME_FACTOR = 3.0
"""Full first names allow so many times the chance: of labelled pairs with equal ones 90 % are one
person before any further evidence is asked for."""

LEAST_TOTAL = 50_000
"""A corpus of fewer papers (mentions) is taken for a part of one this large: in a small one it is
the people, not the common names, that recur."""

_HERE = Path(__file__).parent


def number(mentions: lake.Dataset) -> tuple[pa.Table, list[str]]:
    """Write mentions as whole numbers, in key order.

    Returns
    -------
    table
        mention (row number), pmid, block, full_name (block and first name; -1 for an initial),
        last_name, initial, name, suffix, orcid, affiliation: codes in alphabetical order, -1 for
        null.
    list of str
        The given names that the codes of `name` stand for.
    """
    blocks, block_names = _codes(mentions, "block")
    split = pc.split_pattern(block_names, "|")
    last_names, _ = _ranks(pc.list_element(split, 0))
    initials, _ = _ranks(pc.list_element(split, 1))
    name_codes, given_names = _codes(mentions, "given_names")
    full_names = _full_names(given_names)[name_codes].astype(np.int64)
    pmids = pa.chunked_array([batch["pmid"] for batch in mentions.batches(["pmid"])], pa.int64())
    table = pa.table(
        {
            "mention": np.arange(mentions.row_count, dtype=np.int32),
            "pmid": pmids,
            "block": blocks,
            "full_name": np.where(full_names < 0, -1, blocks * (len(given_names) + 1) + full_names),
            "last_name": last_names[blocks],
            "initial": initials[blocks],
            "name": name_codes,
            "suffix": _codes(mentions, "suffix")[0],
            "orcid": _codes(mentions, "orcid")[0],
            "affiliation": _codes(mentions, "affiliation_key")[0],
        }
    )
    return table, given_names.to_pylist()


def pairs(numbered: pa.Table, settings: Settings) -> pa.Table:
    """Find the pairs of mentions that evidence ties, strongest first (see evidence.sql)."""
    parameters: dict[str, engine.Value] = {
        "author_cap": settings.author_cap,
        "coauthor_chance": COAUTHOR_CHANCE,
        "affiliation_chance": AFFILIATION_CHANCE,
        "full_name_factor": FULL_NAME_FACTOR,
        "least_total": LEAST_TOTAL,
    }
    return engine.fetch(_HERE / "evidence.sql", {"mentions": numbered}, parameters, settings)


def _full_names(given_names: pa.Array) -> NDArray[np.int32]:
    """Code the first of the given names; -1 where that is an initial or none."""
    first_names = pc.list_element(pc.split_pattern(given_names, " "), 0)
    is_full = pc.greater(pc.utf8_length(first_names), 1).to_numpy(zero_copy_only=False)
    return np.where(is_full, _ranks(first_names)[0], np.int32(-1))


def _codes(mentions: lake.Dataset, column: str) -> tuple[NDArray[np.int32], pa.Array]:
    """Code a text column without loading it; return codes and the distinct texts in order."""
    encoded = [batch[column].dictionary_encode() for batch in mentions.batches([column])]
    kind = pa.dictionary(pa.int32(), pa.string())
    whole = pa.chunked_array(encoded, kind).unify_dictionaries().combine_chunks()
    ranks, ordered = _ranks(whole.dictionary)
    indices = pc.fill_null(whole.indices, -1).to_numpy()
    return np.append(ranks, np.int32(-1))[indices], ordered


def _ranks(texts: pa.Array) -> tuple[NDArray[np.int32], pa.Array]:
    """Rank texts alphabetically; return ranks and the distinct texts in order."""
    distinct = pc.unique(texts)
    ordered = distinct.take(pc.sort_indices(distinct))
    return pc.index_in(texts, ordered).to_numpy(), ordered
