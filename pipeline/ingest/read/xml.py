"""PubMed XML to records, streamed: a block of whole records in memory at a time.

Reads PubmedArticleSet (articles, book records, deletions), PubmedBookArticleSet and the
MedlineCitationSet of 2016 and before. Nothing outside the file is ever loaded: no DTD, no network,
no entity; a document with an internal DTD subset is refused. A record that cannot be read is
yielded as `Unread` with its bytes, and the ones around it are read all the same; a file that is
cut short is refused.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple, cast
from xml.parsers import expat  # sees the prolog: lxml hides whether a DTD subset stands in it

from isal import igzip
from isal.igzip_lib import IsalError
from lxml import etree

from pipeline.errors import ConfrereError
from pipeline.ingest.read.elements import pmid_of, read_pmid, read_record
from pipeline.ingest.read.records import Deletion, Item, Record, Unread, UnreadableError
from pipeline.ingest.read.texts import Element

_BLOCK = 1 << 18
"""Bytes; small enough for its tree to stay in the processor's cache."""

_PROLOG_LIMIT = 1 << 20
_LONGEST_RECORD = 1 << 25
"""Bytes; the longest real record, of 5,399 authors, has an eighth of it."""

_DELETIONS = ("DeleteCitation", "DeleteDocument")
_UNAVAILABLE = "Unavailable"
_RECORDS = {
    "PubmedArticleSet": ("PubmedArticle", "PubmedBookArticle"),
    "PubmedBookArticleSet": ("PubmedBookArticle",),
    "MedlineCitationSet": ("MedlineCitation",),
}
_RECORD_TAGS = frozenset(tag for tags in _RECORDS.values() for tag in tags)
_START_TAG = re.compile(rb"""(<(?:"[^"]*"|'[^']*'|[^"'>])*>)""")
_ANY_PMID = re.compile(rb"<PMID[^>]*>\s*([0-9]{1,10})\s*<")
_LONGEST_TAG = 64


class Prolog(NamedTuple):
    """What stands before the first record."""

    root: str
    attributes: dict[str, str]
    head: bytes
    """Bytes read so far."""
    start: int
    """Place of the root's start tag in `head`."""


class _Document(NamedTuple):
    """How to find and parse records of a document."""

    name: object
    start_tag: bytes
    """Of the root; before every block, so that its namespaces hold there."""
    end_tag: bytes
    """Of the root; behind every block but the last, which has it."""
    ends: tuple[bytes, ...]
    """End tags of its kinds of record, up to the name."""
    expected: frozenset[str]


def read(path: Path, show: Callable[[int], object] = lambda _: None) -> Iterator[Item]:
    """Yield the records and deletions of a PubMed XML file in order.

    A root attribute `Count`, as our own spool files have it, is held to; only a file that says
    `Count="0"` may be empty.

    Parameters
    ----------
    show
        Is told, now and then, how many bytes of the file (as stored) have been read.

    Raises
    ------
    ConfrereError
        The file is damaged or no PubMed XML; the message names the file.
    """
    try:
        with path.open("rb") as stored:
            opened = igzip.open(stored, "rb") if path.suffix == ".gz" else stored
            yield from read_stream(path, cast(IO[bytes], opened), lambda: show(stored.tell()))
    except (EOFError, zlib.error, IsalError, gzip.BadGzipFile) as error:  # type: ignore[misc]  # isal's stubs call it a variable
        raise ConfrereError(f"[{path}] is a damaged gzip file ({error}): fetch it again") from None
    except OSError as error:
        raise ConfrereError(
            f"[{path}] cannot be read ({error.strerror}): give a file that can be read"
        ) from None


def read_stream(
    name: object, stream: IO[bytes], after_block: Callable[[], object] = lambda: None
) -> Iterator[Item]:
    """Yield the records and deletions of an open document, called `name` in messages."""
    blocks = _blocks(stream, after_block)
    prolog = read_prolog(name, blocks)
    if prolog.root not in _RECORDS:
        raise ConfrereError(
            f"[{name}] is not PubMed XML: its root element is {prolog.root}, "
            f"not {', '.join(_RECORDS)}: give a PubMed XML file"
        )
    item_count = record_count = 0
    for item in _items(*_document(name, prolog), blocks):
        item_count += 1
        if not isinstance(item, Deletion):
            record_count += 1 if isinstance(item, Record) else item.record_count
        yield item
    _check_count(name, prolog, item_count, record_count)


def _blocks(stream: IO[bytes], after_block: Callable[[], object]) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block
        after_block()


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

    def start_document(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
            raise ConfrereError(
                f"[{name}] is in {encoding}, and PubMed sends UTF-8: fetch it again"
            )

    def start_doctype(
        _root: str, _system: str | None, _public: str | None, has_internal_subset: bool
    ) -> None:
        if has_internal_subset:
            raise ConfrereError(
                f"[{name}] has a DTD of its own inside, which PubMed never sends: do not trust it"
            )

    def start_element(root: str, attributes: dict[str, str]) -> None:
        found.setdefault("prolog", Prolog(root, attributes, b"", parser.CurrentByteIndex))

    parser.XmlDeclHandler = start_document
    parser.StartDoctypeDeclHandler = start_doctype
    parser.StartElementHandler = start_element
    for block in blocks:
        head += block
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise ConfrereError(f"[{name}] is in UTF-16, and PubMed sends UTF-8: fetch it again")
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


def new_parser() -> etree.XMLParser:
    """Parser that loads nothing from outside and refuses what would take too much memory.

    It has no `collect_ids=False`: with that, lxml 6.1 loads an external DTD in spite of `load_dtd`.
    """
    return etree.XMLParser(
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _document(name: object, prolog: Prolog) -> tuple[_Document, bytes]:
    """How to parse the document, and what of it was read behind the root's start tag."""
    _, start_tag, rest = _START_TAG.split(prolog.head[prolog.start :], maxsplit=1)
    end_tag = b"</%b>" % prolog.root.encode()
    if start_tag.endswith(b"/>"):
        start_tag, rest = start_tag[:-2] + b">", end_tag + rest
    tags = _RECORDS[prolog.root]
    ends = tuple(b"</%b" % tag.encode() for tag in tags)
    expected = frozenset({*tags, *_DELETIONS, _UNAVAILABLE})
    return _Document(name, start_tag, end_tag, ends, expected), rest


def _items(document: _Document, rest: bytes, blocks: Iterator[bytes]) -> Iterator[Item]:
    parser = new_parser()
    for pieces, end_tag in _whole_records(document, rest, blocks):
        try:
            text = b"".join((document.start_tag, *pieces, end_tag))
            root = etree.fromstring(text, parser)
        except etree.XMLSyntaxError:
            yield from _items_one_by_one(document, pieces, end_tag)
        else:
            yield from _items_of(document, root, pieces)


def _whole_records(
    document: _Document, rest: bytes, blocks: Iterator[bytes]
) -> Iterator[tuple[list[bytes], bytes]]:
    """Cut a document behind its records; give some of them, and the root's end tag.

    The last piece of all is what stands behind the last record, with the root's own end tag.
    """
    searched = 0
    more: list[bytes] = []
    for block in blocks:
        more.append(block)
        # a long record is not copied with each block of it
        if len(more) * _BLOCK < min(len(rest), _LONGEST_RECORD - len(rest)):
            continue
        pieces = _pieces(document, b"".join((rest, *more)), max(0, searched - _LONGEST_TAG))
        more.clear()
        rest = pieces.pop()
        searched = len(rest)
        if pieces:
            yield pieces, document.end_tag
        if len(rest) > _LONGEST_RECORD:
            raise ConfrereError(
                f"[{document.name}] holds more than {_LONGEST_RECORD:,} bytes without the end of a "
                "record, which no PubMed record needs: do not trust it"
            )
    yield _pieces(document, b"".join((rest, *more))), b""


def _pieces(document: _Document, text: bytes, start: int = 0) -> list[bytes]:
    """Bytes of each record that ends behind `start`, with what is before it; then the rest."""
    ends = []
    for tag in document.ends:
        place = text.find(tag, start)
        while place >= 0:
            end = text.find(b">", place) + 1
            # the root's begins like it; one that is cut off is found with the next block
            if end and text[place : end - 1].rstrip() == tag:
                ends.append(end)
            place = text.find(tag, place + len(tag))
    return [text[first:last] for first, last in pairwise([0, *sorted(ends), len(text)])]


def _items_of(document: _Document, root: Element, pieces: list[bytes]) -> Iterator[Item]:
    """Items of a parsed block."""
    raws = iter(pieces)
    for element in root:
        tag = element.tag
        if tag in _RECORD_TAGS and tag in document.expected:
            raw = next(raws, None) or etree.tostring(element)
            try:
                yield read_record(element, raw)
            except UnreadableError as error:
                yield Unread(pmid_of(element), str(error), _shown(raw))
        elif tag in document.expected:
            for pmid in element.iter("PMID"):
                yield _listed(document, tag, pmid)
        else:
            raise ConfrereError(
                f"[{document.name}] holds an element {tag}, which is no PubMed record: "
                "fetch the file again"
            )


def _listed(document: _Document, tag: str, element: Element) -> Item:
    """What a list at the end of a document says of a PMID."""
    try:
        pmid = read_pmid(element)
    except UnreadableError as error:
        raise ConfrereError(f"[{document.name}] {tag} {error}") from None
    if tag != _UNAVAILABLE:
        return Deletion(pmid)
    reason = "PubMed lists it and does not deliver it: it comes when PubMed revises it"
    return Unread(pmid, reason, "", 0)


def _items_one_by_one(document: _Document, pieces: list[bytes], end_tag: bytes) -> Iterator[Item]:
    """Items of a block that is not well-formed; what stands behind the last record must be."""
    parser = new_parser()
    for place, piece in enumerate(pieces, start=1):
        is_last = not end_tag and place == len(pieces)
        try:
            root = etree.fromstring(
                document.start_tag + piece + (b"" if is_last else document.end_tag), parser
            )
        except etree.XMLSyntaxError as error:
            if is_last:
                raise ConfrereError(
                    f"[{document.name}] is not well-formed XML ({error.msg}): fetch it again"
                ) from None
            yield _malformed(document, piece, error)
        else:
            yield from _items_of(document, root, [piece])


def _malformed(document: _Document, piece: bytes, error: etree.XMLSyntaxError) -> Unread:
    pmid = _ANY_PMID.search(piece)
    # a damaged end tag joins two records
    count = sum(piece.count(tag.replace(b"</", b"<")) for tag in document.ends)
    reason = f"is not well-formed XML ({error.msg}): fetch the record again"
    return Unread(int(pmid[1]) if pmid else None, reason, _shown(piece), max(count, 1))


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()


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
