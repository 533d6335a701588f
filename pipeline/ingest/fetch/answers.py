"""What esearch and efetch answered, and the proof that it is an answer.

Nothing is believed because it arrived: a body must be XML of the expected root without an error
inside, hold as many ids as it counts, and no record that was not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lxml import etree

from pipeline.errors import ConfrereError, Incomplete, QueryRejected
from pipeline.ingest.fetch.http import NO_IDS, NoProofError
from pipeline.ingest.read.elements import pmid_of
from pipeline.ingest.read.texts import Element
from pipeline.ingest.read.xml import new_parser, read_prolog

MOST_IDS = 9_999
"""PubMed lists no more ids than this for one search."""

_RECORDS = ("PubmedArticle", "PubmedBookArticle")
_LISTS = ("ErrorList", "WarningList")
_ROOT = re.compile(rb"""<PubmedArticleSet(?:\s+[^\s=<>]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*>""")
_END = b"</PubmedArticleSet"
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Listing:
    """How many records a search matches, and the ids of the first 9,999 of them."""

    count: int
    ids: list[int]


@dataclass(frozen=True, slots=True)
class Batch:
    """PMIDs of the records that came, and the bytes of these records."""

    pmids: list[int]
    xml: bytes = b""


def read_listing(body: bytes, name: str, own: Collection[str]) -> Listing:
    """Prove and read an esearch answer.

    Parameters
    ----------
    body
        As it came.
    name
        The slice, for messages.
    own
        Parts of the term that PubMed may call unknown where nothing is found: our days and PMIDs.

    Raises
    ------
    NoProofError
        It is no answer.
    QueryRejected
        PubMed dropped a phrase that it does not know, and so answers another question.
    """
    result = _parsed(body, "eSearchResult")
    told = result.findtext("Count", "")
    if not told.isdecimal():
        raise NoProofError("its answer has no count")
    count = int(told)
    _check_query(result, name, own if count == 0 else ())
    ids = [int(element.text or "0") for element in result.iterfind("IdList/Id")]
    if len(ids) != min(count, MOST_IDS) or len(set(ids)) != len(ids):
        raise NoProofError(f"counts {count} records but lists {len(set(ids))}", Incomplete)
    return Listing(count, ids)


def read_batch(body: bytes, asked: Collection[int]) -> Batch:
    """Prove and read an efetch answer; records may be missing, but none foreign or twice.

    Raises
    ------
    NoProofError
        It is no answer.
    """
    if NO_IDS.encode() in body[:2000].lower():
        return Batch([])
    root = _parsed(body, "PubmedArticleSet")
    pmids = list(_pmids(root))
    foreign = sorted(set(pmids) - set(asked))
    if foreign or len(set(pmids)) != len(pmids):
        raise NoProofError(
            f"sent {len(pmids)} records for {len(asked)} ids, foreign ones: {foreign[:5]}",
            Incomplete,
        )
    start = _ROOT.search(body)
    if not pmids or start is None:
        return Batch([])
    return Batch(pmids, body[start.end() : body.rindex(_END)].strip() + b"\n")


def _pmids(root: Element) -> Iterator[int]:
    for record in root:
        pmid = pmid_of(record) if record.tag in _RECORDS else None
        if pmid is None:
            raise NoProofError(f"sent an element {record.tag} without a PMID", Incomplete)
        yield pmid


def _check_query(result: Element, name: str, own: Collection[str]) -> None:
    """Refuse an answer to another question than ours: PubMed drops phrases that it does not know.

    It also calls our own clauses unknown where nothing is found, which is an answer.
    """
    for warning in (child for tag in _LISTS for told in result.iter(tag) for child in told):
        phrase = warning.text or ""
        if warning.tag == "OutputMessage" or any(part in phrase for part in own):
            continue
        raise QueryRejected(
            f"[{name}] PubMed does not understand {phrase!r} ({warning.tag}): "
            "correct the setting pubmed_query"
        )


def _parsed(body: bytes, root_tag: str) -> Element:
    """Parse an answer; refuse another root element than `root_tag`, and error bodies."""
    blocks = (body[start : start + _BLOCK] for start in range(0, len(body), _BLOCK))
    try:
        prolog = read_prolog("PubMed's answer", blocks)
        root: Element = etree.fromstring(body, parser := new_parser())
    except (ConfrereError, etree.XMLSyntaxError) as error:
        raise NoProofError(f"its answer is no XML ({error})") from None
    told = [*root.iter("ERROR"), *root.iter("error")]
    if told:
        raise NoProofError(f"an error: {(told[0].text or '').strip()[:200]}")
    if prolog.root != root_tag:
        raise NoProofError(f"its answer is {prolog.root}, not {root_tag}")
    if parser.error_log:
        # such as an entity that only a DTD could explain: no reader would accept it later
        raise NoProofError(f"its answer is no sound XML ({parser.error_log[0].message})")
    return root
