"""What became of author ids: where those lead that nobody bears, and the log of how it came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.identity.stable_ids import Named
from pipeline.tables import ID, IDENTITY_EVENTS, REDIRECTS

Ids = NDArray[np.int64]


def redirect(redirects: pa.Table, named: Named, gone: Ids) -> tuple[list[pa.RecordBatch], pa.Array]:
    """Say where the ids lead that were given up; return rows, and the keys that they take over.

    Parameters
    ----------
    redirects
        The table as it was: what led to an id that is lost now leads on to who it became.
    gone
        Ids without a mention left: they lead nowhere until one is back.
    """
    led_on = redirects.filter(pc.is_in(redirects["current_id"], pa.array(named.lost, ID)))
    place = np.searchsorted(named.lost, led_on["current_id"].to_numpy())
    ids = np.concatenate([named.lost, gone, led_on["author_id"].to_numpy()])
    leads = pa.concat_arrays(
        [
            pa.array(named.lost_to, ID),
            pa.nulls(gone.size, ID),
            pa.array(named.lost_to[place], ID),
        ]
    )
    rows = pa.table({"author_id": ids, "current_id": leads}).sort_by("author_id")
    hides = pa.array(np.unique(np.concatenate([ids, named.back])), ID)
    return rows.cast(REDIRECTS.schema).combine_chunks().to_batches(), hides


def note(named: Named, gone: Ids, as_of: date, last: int) -> Iterator[pa.RecordBatch]:
    """Write what happened as rows of identity_events, numbered from `last` + 1."""
    was, now, mention_count, is_new = named.moves.T
    led = np.full(was.size, 0)
    place = np.searchsorted(named.lost, was)
    known = place < named.lost.size
    known[known] = named.lost[place[known]] == was[known]
    led[known] = named.lost_to[place[known]]
    moved = np.select([led == now, is_new == 1], ["merged", "split"], "moved")
    count = was.size + gone.size + named.back.size
    if not count:
        return
    none = pa.nulls(gone.size + named.back.size, ID)
    rows = pa.table(
        {
            "event_id": np.arange(last + 1, last + 1 + count),
            "as_of": pa.repeat(as_of, count),
            "kind": [*moved.tolist(), *["gone"] * gone.size, *["back"] * named.back.size],
            "author_id": np.concatenate([was, gone, named.back]),
            "other_author_id": pa.concat_arrays([pa.array(now, ID), none]),
            "mention_count": np.append(mention_count, np.zeros(len(none), np.int64)),
        }
    )
    yield from rows.cast(IDENTITY_EVENTS.schema).to_batches()
