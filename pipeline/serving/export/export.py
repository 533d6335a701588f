"""Choose the rows that may be seen, write them in the format asked for, and a manifest beside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import WrongUse
from pipeline.lake import Dataset
from pipeline.serving.evidence import Numbers, mention_numbers
from pipeline.serving.export.graphs import find_nodes, write_gexf, write_graphml, write_vosviewer
from pipeline.serving.export.manifest import write_manifest
from pipeline.serving.export.tables import write_csv, write_jsonl, write_parquet

_TABLES = {"csv": write_csv, "parquet": write_parquet, "jsonl": write_jsonl}
_GRAPHS = {"graphml": write_graphml, "gexf": write_gexf, "vosviewer": write_vosviewer}
GRAPH_FORMATS = tuple(_GRAPHS)
FORMATS = (*_TABLES, *_GRAPHS)
_ADDRESS = r"[^\s@<>()\[\];,]+@[^\s@<>()\[\];,]+"
NO_ADDRESS = "[address left out]"
_PEOPLE = (
    "author_id",
    "coauthor_id",
    "candidate_id",
    "introducer_id",
    "person_id",
    "other_person_id",
    "current_id",
    "other_author_id",
)


def export(
    table: Dataset, authors: Dataset, hidden_ids: Numbers, hidden_mentions: Numbers, out: Path
) -> int:
    """Write `table` to `out` in the format its name ends in; return the number of rows.

    Rows that name a hidden person, in whatever role, are left out; where a table has mentions
    without saying whose they are, those of `hidden_mentions` (numbered as `mention_numbers` does).
    E-mail addresses that papers print among the affiliations are masked.
    `NAME.vosviewer` stands for the two files NAME.map.txt and NAME.network.txt. Files are written
    beside and then take their place; the manifest, `out` with .manifest.json behind it, comes last.

    Parameters
    ----------
    authors
        The lake's authors: the nodes of a graph bear their names.

    Raises
    ------
    WrongUse
        The ending is none of `FORMATS`, or a graph is asked of another table than coauthorships, or
        the folder of `out` is missing.
    """
    kind = _kind(table, out)
    files = _files(kind, out)
    manifest = out.with_name(f"{out.name}.manifest.json")
    with ExitStack() as at_end:
        beside = [file.with_name(f".{file.name}.part") for file in files]
        for part in beside:
            at_end.callback(part.unlink, missing_ok=True)
        if kind in _TABLES:
            rows = _visible(table, hidden_ids, hidden_mentions)
            row_count = _TABLES[kind](rows, table.table.schema, beside[0])
        else:
            nodes = find_nodes(_visible(table, hidden_ids, hidden_mentions), authors)
            rows = _visible(table, hidden_ids, hidden_mentions)
            row_count = _GRAPHS[kind](nodes, rows, beside)
        manifest.unlink(missing_ok=True)  # rather none than one of other files
        for part, file in zip(beside, files, strict=True):
            part.replace(file)
    write_manifest(manifest, table, kind, row_count, files)
    return row_count


def _kind(table: Dataset, out: Path) -> str:
    kind = out.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise WrongUse(f"[{out}] ends in none of {', '.join('.' + name for name in FORMATS)}")
    if kind in _GRAPHS and table.table.name != "coauthorships":
        raise WrongUse(f"[{table.table.name}] is no graph: .{kind} is for coauthorships")
    if not out.parent.is_dir():
        raise WrongUse(f"[{out.parent}] is no folder: make it first, or give another --out")
    return kind


def _files(kind: str, out: Path) -> list[Path]:
    if kind != "vosviewer":
        return [out]
    return [out.with_name(f"{out.stem}.{part}.txt") for part in ("map", "network")]


def _visible(
    table: Dataset, hidden_ids: Numbers, hidden_mentions: Numbers
) -> Iterator[pa.RecordBatch]:
    hidden = pa.array(hidden_ids)
    for batch in table.batches():
        for name in _PEOPLE:
            if name in batch.schema.names:
                batch = batch.filter(pc.invert(pc.is_in(batch[name], hidden)))
        for which in ("", "other_"):
            if f"{which}position" in batch.schema.names:
                is_hidden = np.isin(mention_numbers(batch, which), hidden_mentions)
                batch = batch.filter(pa.array(~is_hidden))
        if "affiliations" in batch.schema.names:
            place = batch.schema.get_field_index("affiliations")
            masked = _without_addresses(batch.column(place))
            batch = batch.set_column(place, batch.schema.field(place), masked)
        yield batch


def _without_addresses(texts: pa.Array) -> pa.Array:
    """Mask what looks like an e-mail address in lists of texts."""
    ends = np.cumsum(pc.list_value_length(texts).to_numpy(zero_copy_only=False))
    offsets = pa.array(np.r_[0, ends].astype(np.int32))
    masked = pc.replace_substring_regex(pc.list_flatten(texts), _ADDRESS, NO_ADDRESS)
    return pa.ListArray.from_arrays(offsets, masked).cast(texts.type)
