"""PubMed XML to records, streamed: one record in memory at a time.

Reads PubmedArticleSet (articles, book records, deletions), PubmedBookArticleSet and the
MedlineCitationSet of 2016 and before. Nothing outside the file is ever loaded: no DTD, no network,
no entity; a document with an internal DTD subset is refused.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast
from xml.parsers import expat  # sees the prolog: lxml hides whether a DTD subset stands in it

from lxml import etree

from pipeline.errors import ConfrereError
from pipeline.ingest.elements import Element, UnreadableError, pmid_of, read_pmid, read_record
from pipeline.ingest.records import Deletion, Item

_BLOCK = 1 << 16
_PROLOG_LIMIT = 1 << 20
_DELETIONS = ("DeleteCitation", "DeleteDocument")
_UNAVAILABLE = "Unavailable"
_RECORDS = {
    "PubmedArticleSet": ("PubmedArticle", "PubmedBookArticle"),
    "PubmedBookArticleSet": ("PubmedBookArticle",),
    "MedlineCitationSet": ("MedlineCitation",),
}


class Prolog(NamedTuple):
    """What stands before the first record."""

    root: str
    attributes: dict[str, str]
    head: bytes
    """Bytes read so far."""


def read(path: Path) -> Iterator[Item]:
    """Yield the records and deletions of a PubMed XML file in order.

    A root attribute `Count`, as our own spool files have it, is held to; only a file that says
    `Count="0"` may be empty.

    Raises
    ------
    ConfrereError
        The file is damaged, no PubMed XML, or holds a record that cannot be read; the message
        names the file and, where known, line and PMID.
    """
    opener = gzip.open if path.suffix == ".gz" else Path.open
    try:
        with cast(IO[bytes], opener(path, "rb")) as stream:
            yield from read_stream(path, stream)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfrereError(f"[{path}] is a damaged gzip file ({error}): fetch it again") from None
    except OSError as error:
        raise ConfrereError(
            f"[{path}] cannot be read ({error.strerror}): give a file that can be read"
        ) from None


def read_stream(name: object, stream: IO[bytes]) -> Iterator[Item]:
    """Yield the records and deletions of an open document, called `name` in messages."""
    try:
        yield from _items(name, stream)
    except etree.XMLSyntaxError as error:
        raise ConfrereError(
            f"[{name}] is not well-formed XML ({error.msg}): fetch it again"
        ) from None


def read_prolog(name: object, blocks: Iterable[bytes]) -> Prolog:
    """Read up to the root element; refuse what is no XML or has an internal DTD subset.

    Parameters
    ----------
    name
        What the messages call the document.
    """
    found: dict[str, Prolog] = {}
    head = b""
    parser = expat.ParserCreate()

    def start_doctype(
        _root: str, _system: str | None, _public: str | None, has_internal_subset: bool
    ) -> None:
        if has_internal_subset:
            raise ConfrereError(
                f"[{name}] has a DTD of its own inside, which PubMed never sends: do not trust it"
            )

    def start_element(root: str, attributes: dict[str, str]) -> None:
        found.setdefault("prolog", Prolog(root, attributes, b""))

    parser.StartDoctypeDeclHandler = start_doctype
    parser.StartElementHandler = start_element
    for block in blocks:
        head += block
        try:
            parser.Parse(block)
        except (expat.ExpatError, LookupError, ValueError) as error:
            # a mistake behind the root element is for the real parser to name
            if not found:
                raise ConfrereError(
                    f"[{name}] is not XML ({error}): give a PubMed XML file"
                ) from None
        if found:
            return found["prolog"]._replace(head=head)
        if len(head) > _PROLOG_LIMIT:
            break
    raise ConfrereError(f"[{name}] holds no XML element: give a PubMed XML file")


def parser_for(tags: Iterable[str]) -> etree.XMLPullParser:
    """Pull parser that reports the ends of `tags` and loads nothing from outside."""
    return etree.XMLPullParser(
        events=("end",),
        tag=list(tags),
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )


def _items(name: object, stream: IO[bytes]) -> Iterator[Item]:
    blocks = iter(lambda: stream.read(_BLOCK), b"")
    prolog = read_prolog(name, blocks)
    if prolog.root not in _RECORDS:
        raise ConfrereError(
            f"[{name}] is not PubMed XML: its root element is {prolog.root}, "
            f"not {', '.join(_RECORDS)}: give a PubMed XML file"
        )
    item_count = record_count = 0
    for element in _elements(name, prolog, blocks):
        if element.tag == _UNAVAILABLE:
            continue
        try:
            if element.tag in _DELETIONS:
                items: list[Item] = [Deletion(read_pmid(pmid)) for pmid in element.iter("PMID")]
            else:
                items = [read_record(element)]
                record_count += 1
        except UnreadableError as error:
            where = f"{name}, pubmed:{pmid_of(element) or '?'}, line {element.sourceline}"
            raise ConfrereError(f"[{where}] {error}") from None
        item_count += len(items)
        yield from items
    _check_count(name, prolog, item_count, record_count)


def _elements(name: object, prolog: Prolog, blocks: Iterator[bytes]) -> Iterator[Element]:
    """Yield each record element when it is complete, and free it afterwards."""
    expected = {*_RECORDS[prolog.root], *_DELETIONS, _UNAVAILABLE}
    parser = parser_for(expected)
    block: bytes | None = prolog.head
    while block:
        parser.feed(block)
        if parser.feed_error_log.filter_types(etree.ErrorTypes.WAR_UNDECLARED_ENTITY):
            raise ConfrereError(
                f"[{name}, line {parser.feed_error_log[0].line}] uses an entity that only a DTD "
                "could explain: fetch the file again"
            )
        for _, ended in parser.read_events():
            element = cast(Element, ended)
            root = element.getparent()
            if root is None or root.getparent() is not None:
                continue
            _free_before(name, root, element, expected)
            yield element
            element.clear()
        block = next(blocks, None)
    _free_before(name, parser.close(), None, expected)


def _free_before(name: object, root: Element, element: Element | None, expected: set[str]) -> None:
    while len(root) and root[0] is not element:
        if root[0].tag not in expected:
            raise ConfrereError(
                f"[{name}, line {root[0].sourceline}] holds an element {root[0].tag}, "
                "which is no PubMed record: fetch the file again"
            )
        del root[0]


def _check_count(name: object, prolog: Prolog, item_count: int, record_count: int) -> None:
    told = prolog.attributes.get("Count")
    if told is not None and told != str(record_count):
        raise ConfrereError(
            f"[{name}] says it holds {told} records but holds {record_count}: fetch it again"
        )
    if told is None and item_count == 0:
        raise ConfrereError(
            f"[{name}] holds neither a record nor a deletion: ask PubMed for these PMIDs again"
        )
