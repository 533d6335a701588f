"""Files of any size from real PubMed records, by giving each copy a PMID of its own."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

from tests.builders import SHARED

RECORDS = SHARED / "pubmed" / "records.xml.gz"

_RECORD = re.compile(rb"<PubmedArticle>.*?</PubmedArticle>", re.DOTALL)
_PMID = re.compile(rb"<PMID[^>]*>(\d+)</PMID>")
_REVISED = re.compile(rb"<DateRevised>.*?</DateRevised>", re.DOTALL)
_HOUR = re.compile(rb"<ArticleDate(?:(?!</ArticleDate>).)*<Hour>", re.DOTALL)
_HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n'
DOCTYPE = (
    b'<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2015//EN" '
    b'"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_150101.dtd">\n'
)
"""The newest DTD that Biopython ships and by which it streams; later ones it reads as a whole."""
_TAIL = b"</PubmedArticleSet>\n"


def has_journal(record: bytes) -> bool:
    """All but one have: pubmed_parser crashes on that one."""
    return b"<Journal>" in record


def fits_dtd(record: bytes) -> bool:
    """Whether Bio.Entrez can read it: a fifth is in the form of before 2014, one has an hour."""
    is_old = b"<Affiliation>" in record and b"<AffiliationInfo>" not in record
    return has_journal(record) and not is_old and not _HOUR.search(record)


def renumbered(
    count: int,
    first_pmid: int,
    revised_year: int | None = None,
    fits: Callable[[bytes], bool] = lambda _: True,
) -> Iterator[bytes]:
    """Yield `count` records with PMIDs from `first_pmid`; real records, over and over.

    Parameters
    ----------
    revised_year
        Year of the last revision to print, where the copies are to win over earlier ones.
    fits
        Which of the real records to take.
    """
    own = filter(fits, _RECORD.findall(gzip.decompress(RECORDS.read_bytes())))
    for place, record in enumerate(islice(cycle(own), count)):
        yield renumber(record, first_pmid + place, revised_year)


def renumber(record: bytes, pmid: int, revised_year: int | None = None) -> bytes:
    """Give a record another PMID, in its citation and in its own list of identifiers."""
    found = _PMID.search(record)
    assert found is not None
    old, new = found[1], str(pmid).encode()
    record = record[: found.start(1)] + new + record[found.end(1) :]
    record = record.replace(
        b'<ArticleId IdType="pubmed">%b</ArticleId>' % old,
        b'<ArticleId IdType="pubmed">%b</ArticleId>' % new,
    )
    if revised_year is not None:
        day = b"<DateRevised><Year>%d</Year><Month>01</Month><Day>02</Day></DateRevised>"
        record = _REVISED.sub(day % revised_year, record, count=1)
    return record


def write(path: Path, records: Iterator[bytes], doctype: bytes = b"") -> Path:
    """Write a PubmedArticleSet, compressed where the name says so."""
    if path.suffix == ".gz":
        with gzip.open(path, "wb", compresslevel=1) as file:
            _write(file, records, doctype)
    else:
        with path.open("wb") as file:
            _write(file, records, doctype)
    return path


def _write(file: object, records: Iterator[bytes], doctype: bytes) -> None:
    write_bytes = file.write  # type: ignore[attr-defined]  # GzipFile and BufferedWriter share no type
    write_bytes(_HEAD + doctype + b"<PubmedArticleSet>\n")
    for record in records:
        write_bytes(record + b"\n")
    write_bytes(_TAIL)
