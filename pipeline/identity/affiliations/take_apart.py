"""Turn printed authorships into affiliations: every one of each author taken apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.identity.affiliations.parse import department_key, parse_all
from pipeline.tables import AFFILIATIONS

Ints = NDArray[np.int64]

_ROR = r"(?:^|/)(?P<id>0[a-z0-9]{6}[0-9]{2})/?$"
_TEXTS_PER_NAME = 1_000_000
"""More than any authorship prints: numbers a text by its row and place."""


def take_apart(printed: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the affiliations of `printed.sql`'s rows in their order.

    Rows are taken one by one, so any subset of papers gives its own affiliations. A text is parsed
    once for each distinct spelling in a batch; what says nothing is left out.
    """
    yield from map(_take_apart, printed)


def _take_apart(batch: pa.RecordBatch) -> pa.RecordBatch:
    lists = batch["affiliations"]
    texts = pc.list_flatten(lists).dictionary_encode()
    codes = texts.indices.to_numpy()
    parsed = [parse_all(text) for text in texts.dictionary.to_pylist()]
    counts = np.fromiter(map(len, parsed), np.int64, len(parsed))
    text, within = _spread(counts[codes])
    part = (np.cumsum(counts) - counts)[codes][text] + within
    row_of_text = pc.list_parent_indices(lists).to_numpy()
    row = row_of_text[text]
    flat = [affiliation for found in parsed for affiliation in found]
    distinct = {
        name: pa.array([getattr(one, name) for one in flat], pa.string())
        for name in ("institution", "department", "country", "affiliation_key")
    }
    keys = [department_key(one.department) if one.department else "" for one in flat]
    distinct["department_key"] = pa.array(keys, pa.string())
    is_alone = pa.array(counts[codes] == 1)
    identifiers = _identifiers(batch["affiliation_identifiers"], row_of_text)
    columns = {
        "pmid": batch["pmid"].take(pa.array(row)),
        "position": batch["position"].take(pa.array(row)),
        "place": _numbered(row),
        "ror": pc.if_else(is_alone, identifiers, None).take(pa.array(text)),
        **{name: values.take(pa.array(part)) for name, values in distinct.items()},
    }
    names = AFFILIATIONS.schema.names
    return pa.record_batch({name: columns[name] for name in names}).cast(AFFILIATIONS.schema)


def _identifiers(identifiers: pa.Array, row_of_text: Ints) -> pa.Array:
    """ROR id of each printed text, as an address; null where none is printed with it."""
    row = pc.list_parent_indices(identifiers).to_numpy()
    records = pc.list_flatten(identifiers)
    place, source, value = (pc.struct_field(records, n) for n in ("place", "source", "value"))
    found = pc.struct_field(pc.extract_regex(pc.utf8_lower(value), _ROR), "id")
    is_ror = pc.fill_null(pc.and_(pc.equal(source, "ROR"), pc.is_valid(found)), False)
    numbers = pa.array(row * _TEXTS_PER_NAME + place.to_numpy(zero_copy_only=False))
    texts = pa.array(row_of_text * _TEXTS_PER_NAME + _numbered(row_of_text))
    at = pc.index_in(texts, numbers.filter(is_ror))
    return pc.binary_join_element_wise("https://ror.org/", found.filter(is_ror).take(at), "")


def _spread(counts: Ints) -> tuple[Ints, Ints]:
    """Repeat each place as often as `counts` says; return places and repeats."""
    places = np.repeat(np.arange(counts.size), counts)
    return places, np.arange(places.size) - np.repeat(np.cumsum(counts) - counts, counts)


def _numbered(groups: Ints) -> Ints:
    """Number the members of each run of equal `groups` from 1; groups ascend."""
    return np.arange(groups.size) - np.searchsorted(groups, groups) + 1
