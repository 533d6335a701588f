"""Turn printed authorships into mentions: names folded, affiliation parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.identity import names
from pipeline.identity.affiliations import parse as affiliation
from pipeline.tables import MENTIONS

_BETWEEN = "\x1f"
"""Stands between fore name and initials while they are folded together; in no printed name."""


def fold_mentions(printed: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the mentions of `printed.sql`'s rows in their order.

    Strings are folded once for each distinct spelling in a batch. Rows whose family name has no
    letters are left out.
    """
    for batch in printed:
        last_names = _map(batch["last_name"], names.last_name)
        named = pc.greater(pc.utf8_length(last_names), 0)
        yield _fold(batch.filter(named), last_names.filter(named))


def _fold(batch: pa.RecordBatch, last_names: pa.Array) -> pa.RecordBatch:
    fore_names, initials = (pc.fill_null(batch[name], "") for name in ("fore_name", "initials"))
    given_names = _map(
        pc.binary_join_element_wise(fore_names, initials, _BETWEEN),
        lambda both: names.given_names(*both.split(_BETWEEN)),
    )
    blocks = pc.binary_join_element_wise(
        _map(last_names, names.spelled), pc.utf8_slice_codeunits(given_names, 0, 1), "|"
    )
    places = _first(batch["affiliations"]).dictionary_encode()
    parsed = [affiliation.parse(place) for place in places.dictionary.to_pylist()]
    columns = {
        "pmid": batch["pmid"],
        "position": batch["position"],
        "block": blocks,
        "last_name": last_names,
        "given_names": given_names,
        "suffix": _map(batch["suffix"], lambda text: names.suffix(text) or None),
        "orcid": batch["orcid"],
    }
    for part in ("institution", "department", "country", "affiliation_key"):
        distinct = pa.array([getattr(place, part) for place in parsed], pa.string())
        columns[part] = distinct.take(places.indices)
    return pa.record_batch(columns).cast(MENTIONS.schema)


def _map(texts: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """Apply `change` once to each distinct text; null stays null."""
    coded = texts.dictionary_encode()
    changed = pa.array([change(text) for text in coded.dictionary.to_pylist()], pa.string())
    return changed.take(coded.indices)


def _first(lists: pa.Array) -> pa.Array:
    """Take the first text of each list; null where the list is empty."""
    starts = pc.if_else(pc.greater(pc.list_value_length(lists), 0), lists.offsets[:-1], None)
    return lists.values.take(starts)
