"""The coauthorship graph for tools that draw graphs: GraphML, GEXF, VOSviewer.

Edges are written as they stream by, with Arrow kernels: only the nodes stand in memory. networkx
reads the files back in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.lake import Dataset

_GRAPHML = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="label" for="node" attr.name="label" attr.type="string"/>
<key id="weight" for="edge" attr.name="weight" attr.type="double"/>
<key id="papers" for="edge" attr.name="papers" attr.type="long"/>
<graph edgedefault="undirected">
"""
_GEXF = """<?xml version="1.0" encoding="UTF-8"?>
<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">
<graph defaultedgetype="undirected" mode="static">
<attributes class="edge" mode="static">
<attribute id="papers" title="papers" type="integer"/>
</attributes>
<nodes>
"""


def find_nodes(edges: Iterable[pa.RecordBatch], authors: Dataset) -> pa.Table:
    """Gather who stands at an end of an edge.

    Returns
    -------
    author_id (sorted), label (their name, else the id), link_count, and strength: the sum of the
    weights of their edges.
    """
    schema = pa.schema([("author_id", pa.int64()), ("weight", pa.float64())])
    counted = [("weight", "count"), ("weight", "sum")]
    parts = [_summed(schema.empty_table(), counted)]
    for batch in edges:
        for name in ("author_id", "coauthor_id"):
            end = pa.table([batch[name], batch["weight"]], schema=schema)
            parts.append(_summed(end, counted))
    sums = [("weight_count", "sum"), ("weight_sum", "sum")]
    nodes = _summed(pa.concat_tables(parts), sums).sort_by("author_id")
    names = _names(nodes["author_id"], authors)
    nodes = nodes.join(names, "author_id").sort_by("author_id")
    label = pc.coalesce(nodes["display_name"], nodes["author_id"].cast(pa.string()))
    return pa.table(
        {
            "author_id": nodes["author_id"],
            "label": label,
            "link_count": nodes["weight_count_sum"],
            "strength": nodes["weight_sum_sum"],
        }
    )


def write_graphml(nodes: pa.Table, edges: Iterable[pa.RecordBatch], paths: Sequence[Path]) -> int:
    """Write GraphML: nodes have a label, edges weight and papers; return the number of edges."""
    [path] = paths
    edge_count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(_GRAPHML)
        names = _xml(nodes["label"])
        _lines(
            file,
            '<node id="',
            nodes["author_id"],
            '"><data key="label">',
            names,
            "</data></node>\n",
        )
        for batch in edges:
            _lines(
                file,
                *('<edge source="', batch["author_id"], '" target="', batch["coauthor_id"]),
                *('"><data key="weight">', batch["weight"], '</data><data key="papers">'),
                *(batch["publication_count"], "</data></edge>\n"),
            )
            edge_count += batch.num_rows
        file.write("</graph>\n</graphml>\n")
    return edge_count


def write_gexf(nodes: pa.Table, edges: Iterable[pa.RecordBatch], paths: Sequence[Path]) -> int:
    """Write GEXF 1.2: nodes have a label, edges weight and papers; return the number of edges."""
    [path] = paths
    edge_count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(_GEXF)
        names = _xml(nodes["label"])
        _lines(file, '<node id="', nodes["author_id"], '" label="', names, '"/>\n')
        file.write("</nodes>\n<edges>\n")
        for batch in edges:
            numbers = pa.array(np.arange(edge_count, edge_count + batch.num_rows))
            _lines(
                file,
                *('<edge id="', numbers, '" source="', batch["author_id"], '" target="'),
                *(batch["coauthor_id"], '" weight="', batch["weight"]),
                *('"><attvalues><attvalue for="papers" value="', batch["publication_count"]),
                '"/></attvalues></edge>\n',
            )
            edge_count += batch.num_rows
        file.write("</edges>\n</graph>\n</gexf>\n")
    return edge_count


def write_vosviewer(nodes: pa.Table, edges: Iterable[pa.RecordBatch], paths: Sequence[Path]) -> int:
    """Write VOSviewer's map and network files, separated by tabs; return the number of edges.

    Items are numbered from 1, because author ids are longer than what the program reads as an id;
    the description of an item says its author id.
    """
    map_path, network_path = paths
    edge_count = 0
    ids = pa.array(np.arange(1, nodes.num_rows + 1))
    with map_path.open("w", encoding="utf-8") as file:
        file.write("id\tlabel\tdescription\tweight<Links>\tweight<Total link strength>\n")
        _lines(
            file,
            *(ids, "\t", _quoted(nodes["label"]), "\tauthor ", nodes["author_id"], "\t"),
            *(nodes["link_count"], "\t", nodes["strength"], "\n"),
        )
    known = nodes["author_id"].combine_chunks()
    with network_path.open("w", encoding="utf-8") as file:
        for batch in edges:
            a, b = (
                pc.add(pc.index_in(batch[name], known), 1) for name in ("author_id", "coauthor_id")
            )
            _lines(file, a, "\t", b, "\t", batch["weight"], "\n")
            edge_count += batch.num_rows
    return edge_count


def _summed(rows: pa.Table, sums: list[tuple[str, str]]) -> pa.Table:
    return rows.group_by("author_id").aggregate(sums)


def _names(author_ids: pa.ChunkedArray, authors: Dataset) -> pa.Table:
    wanted, columns = author_ids.combine_chunks(), ["author_id", "display_name"]
    parts = [
        batch.select(columns).filter(pc.is_in(batch["author_id"], wanted))
        for batch in authors.batches(columns)
    ]
    schema = pa.schema([authors.table.schema.field(name) for name in columns])
    return pa.Table.from_batches(parts, schema) if parts else schema.empty_table()


def _lines(file: IO[str], *pieces: str | pa.Array | pa.ChunkedArray) -> None:
    """Write a line a row, joined from texts and columns."""
    texts = [piece if isinstance(piece, str) else piece.cast(pa.string()) for piece in pieces]
    lines = pc.binary_join_element_wise(*texts, "")
    file.write("".join(lines.to_pylist()))


def _xml(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Escape for XML, and leave out what XML cannot hold."""
    texts = pc.replace_substring_regex(texts, r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{FFFE}\x{FFFF}]", "")
    for letter, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        texts = pc.replace_substring(texts, letter, name)
    return texts


def _quoted(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give texts as VOSviewer reads them: no tabs or line ends, in quotes where they need it."""
    texts = pc.replace_substring_regex(texts, r"[\x00-\x1f]+", " ")
    in_quotes = pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', "'"), '"', "")
    return pc.if_else(pc.match_substring_regex(texts, '[,;"]'), in_quotes, texts)
