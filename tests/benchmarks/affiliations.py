"""How many distinct affiliations are taken apart in a second, and rows of affiliations made.

    python -m tests.benchmarks.affiliations [PATH.xml.gz …]

Reads the affiliations of PubMed XML, by default of the shared records.
"""

from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path

import pyarrow as pa
from lxml import etree

from pipeline.identity.affiliations.parse import parse_all
from pipeline.identity.affiliations.take_apart import take_apart
from tests.builders import SHARED, arrow

ROWS = 200_000


def main(files: list[Path]) -> None:
    """Print the figures."""
    names = [affiliations for file in files for affiliations in _names(file)]
    distinct = sorted({text for affiliations in names for text in affiliations})
    started = time.perf_counter()
    found = [parse_all(text) for text in distinct]
    seconds = time.perf_counter() - started
    print(f"{len(distinct):,} distinct affiliations: {len(distinct) / seconds:,.0f} a second")
    for part in ("department", "institution", "country"):
        named = sum(any(getattr(one, part) for one in several) for several in found)
        print(f"{part:12} named in {100 * named / len(distinct):.1f} %")
    rows = [{"pmid": pmid, "affiliations": names[pmid % len(names)]} for pmid in range(1, ROWS + 1)]
    batches = arrow("authorships", rows).to_batches(max_chunksize=64_000)
    parse_all.cache_clear()
    started = time.perf_counter()
    row_count = pa.Table.from_batches(take_apart(batches)).num_rows
    seconds = time.perf_counter() - started
    print(
        f"{ROWS:,} names, {row_count:,} rows of affiliations: {ROWS / seconds:,.0f} names a second"
    )


def _names(file: Path) -> list[list[str]]:
    tree = etree.fromstring(gzip.decompress(file.read_bytes()), etree.XMLParser(huge_tree=True))
    return [
        [str(text.xpath("normalize-space()")) for text in author.iter("Affiliation")]
        for author in tree.iter("Author")
    ]


if __name__ == "__main__":
    shared = [SHARED / "pubmed" / "records.xml.gz", SHARED / "identity" / "gs_train.xml.gz"]
    main([Path(path) for path in sys.argv[1:]] or shared)
