"""Readers of PubMed XML to compare: each reads a compressed file and tells how many records.

python -m tests.benchmarks.readers NAME FILE

Nothing is imported before its reader runs: `pubmed_parser` has an environment of its own, which
lacks the rest.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def confrere(file: Path) -> int:
    """To Parquet, every table of ingest."""
    from pipeline.ingest.read import staging

    with tempfile.TemporaryDirectory() as folder:
        told = staging.stage(file, "", Path(folder) / "staged", 1, lambda *_: None)
    return told.record_count


def pubmed_parser(file: Path) -> int:
    """To dictionaries."""
    from pubmed_parser import parse_medline_xml

    return sum(1 for _ in parse_medline_xml(str(file)))


def entrez(file: Path) -> int:
    """To Biopython's own dictionaries, without what its DTD does not know: references above all."""
    from Bio import Entrez

    with gzip.open(file, "rb") as stream:
        return sum(1 for _ in Entrez.parse(stream, validate=False))


def lxml(file: Path) -> int:
    """To nothing: the tree of each record is built and dropped."""
    from isal import igzip
    from lxml import etree

    count = 0
    with igzip.open(file, "rb") as stream:
        for _, element in etree.iterparse(stream, tag="PubmedArticle"):
            count += 1
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return count


READERS: dict[str, Callable[[Path], int]] = {
    "confrere": confrere,
    "pubmed_parser": pubmed_parser,
    "Bio.Entrez": entrez,
    "lxml": lxml,
}

if __name__ == "__main__":
    print(READERS[sys.argv[1]](Path(sys.argv[2])))
