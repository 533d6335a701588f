"""MEDLINE text (.nbib, as PubMed's "Cite" and "PubMed" exports write it) to records.

`Bio.Medline` reads the fields. It keeps one list a tag, in which the ORCID iD and affiliations of
an author would lose their author, so lines are unfolded and numbered by author beforehand.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from hashlib import blake2b
from pathlib import Path
from xml.sax.saxutils import escape

from Bio import Medline

from pipeline.errors import ConfrereError
from pipeline.ingest.read import fields
from pipeline.ingest.read.records import (
    UNDATED,
    Authorship,
    Grant,
    Item,
    Notice,
    Record,
    Topic,
    Unread,
    UnreadableError,
    keyword,
    merged_topics,
    notice,
    with_types,
)

Fields = dict[str, list[str]]

_LINE = re.compile(r"([A-Z0-9]{2,4}) *- ?(.*)")
_OF_AUTHOR = frozenset({"FAU", "AU", "CN", "AUID", "AD"})
_PMID_IN_NOTICE = re.compile(r"PMID: *([0-9]+)")
_ACRONYM = re.compile(r"[A-Z]{2}")
"""Of an institute of the NIH."""
_REF_TYPES = {
    "CIN": "CommentIn", "CON": "CommentOn", "EIN": "ErratumIn", "EFR": "ErratumFor",
    "CRI": "CorrectedandRepublishedIn", "CRF": "CorrectedandRepublishedFrom",
    "RPI": "RepublishedIn", "RPF": "RepublishedFrom", "RIN": "RetractionIn", "ROF": "RetractionOf",
    "PRIN": "PartialRetractionIn", "PROF": "PartialRetractionOf", "UIN": "UpdateIn",
    "UOF": "UpdateOf", "ECI": "ExpressionOfConcernIn", "ECF": "ExpressionOfConcernFor",
    "SPIN": "SummaryForPatientsIn", "ORI": "OriginalReportIn",
}  # fmt: skip


def read(path: Path, show: Callable[[int], object] = lambda _: None) -> Iterator[Item]:
    """Yield the records of a MEDLINE text file in order.

    Parameters
    ----------
    show
        Is told, after each record, how many bytes of the file have been read.

    Raises
    ------
    ConfrereError
        The file is no MEDLINE text.
    """
    count = 0
    try:
        with path.open("rb") as stored:
            lines = io.TextIOWrapper(stored, "utf-8-sig")
            for fields_read in Medline.parse(_prepared(path, lines)):
                count += 1
                yield _item({tag: _as_list(value) for tag, value in fields_read.items()})
                show(stored.tell())
    except UnicodeDecodeError as error:
        raise ConfrereError(
            f"[{path}] is not UTF-8 text ({error.reason}): export it again"
        ) from None
    except OSError as error:
        raise ConfrereError(
            f"[{path}] cannot be read ({error.strerror}): give a file that can be read"
        ) from None
    if count == 0:
        raise ConfrereError(f"[{path}] holds no record: export it again in PubMed format")


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _prepared(path: Path, lines: Iterable[str]) -> Iterator[str]:
    """One line a field, the fields of an author beginning with the author's number and a tab."""
    author, tag_before = 0, ""
    for tag, text in _unfolded(path, lines):
        if not tag or tag == "PMID":
            author = 0
            yield "\n"
        if tag in ("FAU", "CN") or (tag == "AU" and tag_before != "FAU"):
            author += 1
        if tag:
            text = f"{author}\t{text}" if tag in _OF_AUTHOR else text
            yield f"{tag:<4}- {text}\n"
        tag_before = tag


def _unfolded(path: Path, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Tag and text of each field; ('', '') between records."""
    tag, text = "", ""
    for number, line in enumerate(lines, start=1):
        line = line.rstrip()
        match = _LINE.match(line)
        if line.startswith("      ") and tag:
            text = f"{text} {line.strip()}".strip()
            continue
        if line and match is None:
            raise ConfrereError(
                f"[{path}, line {number}] is no MEDLINE text: export the records in PubMed format"
            )
        if tag:
            yield tag, text
        tag, text = (match[1], match[2].strip()) if match else ("", "")
        if not tag:
            yield "", ""
    if tag:
        yield tag, text


def _item(of: Fields) -> Item:
    try:
        return _record(of)
    except UnreadableError as error:
        text = "\n".join(f"{tag:<4}- {text}" for tag, texts in of.items() for text in texts)
        return Unread(fields.pmid(_first(of, "PMID")), str(error), text)


def _record(of: Fields) -> Record:
    pmid = fields.pmid(_first(of, "PMID"))
    if pmid is None:
        raise UnreadableError("has no PMID: export it again")
    title = _first(of, "TI") or _first(of, "BTI") or _first(of, "TT")
    if title is None:
        raise UnreadableError("has no title: export it again")
    published_on = fields.first_day(_first(of, "DP") or "") or _day(_first(of, "DEP"))
    types = of.get("PT", [])
    return Record(
        pmid=pmid,
        version=1,
        title=escape(title),
        abstract=_first(of, "AB"),
        journal=_first(of, "JT") or _first(of, "TA") or _first(of, "BTI"),
        published_on=published_on,
        entered_on=_entered_on(of, published_on),
        revised_on=_day(_first(of, "LR")),
        publication_types=types,
        languages=[code.lower() for code in of.get("LA", [])],
        doi=_doi(of),
        checksum=f"nbib:{blake2b(repr(sorted(of.items())).encode(), digest_size=16).hexdigest()}",
        authorships=_authorships(of),
        topics=_topics(of),
        notices=with_types(pmid, _notices(pmid, of), types),
        citations=(),  # the format has none
        grants=[_grant(text) for text in of.get("GR", ())],
    )


def _first(of: Fields, tag: str) -> str | None:
    return next((text for text in of.get(tag, ()) if text), None)


def _day(text: str | None) -> date | None:
    """Read `20190923`, or `2019/08/27 06:00`."""
    digits = (text or "").replace("/", "")
    return fields.day(digits[:4], digits[4:6], digits[6:8])


def _entered_on(of: Fields, published_on: date | None) -> date:
    history = {text.partition("[")[2].rstrip("]"): text[:10] for text in of.get("PHST", ())}
    entered_on = (
        _day(history.get("entrez"))
        or _day(_first(of, "CRDT"))
        or _day(_first(of, "EDAT"))
        or _day(_first(of, "MHDA"))
    )
    days = [day for tag in ("DA", "DCOM", "LR") if (day := _day(_first(of, tag))) is not None]
    return entered_on or (min(days) if days else published_on or UNDATED)


def _doi(of: Fields) -> str | None:
    found = (text for tag in ("LID", "AID") for text in of.get(tag, ()) if "[doi]" in text)
    return next((doi for text in found if (doi := fields.doi(_before_doi(text)))), None)


def _before_doi(text: str) -> str:
    """DOI of `S0140-6736(20)30183-5 [pii] 10.1016/x [doi]`."""
    return text.partition(" [doi]")[0].rpartition(" ")[2]


def _authorships(of: Fields) -> list[Authorship]:
    authors: dict[int, Fields] = {}
    for tag in ("FAU", "AU", "CN", "AUID", "AD"):
        for text in of.get(tag, ()):
            number, _, value = text.partition("\t")
            authors.setdefault(int(number), {}).setdefault(tag, []).append(value)
    # affiliations in front of the first author belong to nobody
    return [_authorship(authors[number]) for number in sorted(authors) if number > 0]


def _authorship(author: Fields) -> Authorship:
    orcids = (fields.orcid(text) for text in author.get("AUID", ()) if "ORCID" in text.upper())
    orcid = next((found for found in orcids if found), None)
    affiliations = author.get("AD", [])
    collective_name = _first(author, "CN")
    if collective_name is not None:
        return Authorship(None, None, None, None, collective_name, orcid, False, affiliations, ())
    full, short = _first(author, "FAU"), _first(author, "AU") or ""
    last_name, _, fore_name = (full or "").partition(",")
    if full is None:
        last_name = re.sub(r" [A-Z]{1,4}(?: (?:Jr|Sr|[2-9](?:nd|rd|th)|I{2,3}|IV))?$", "", short)
    initials, _, suffix = short.removeprefix(last_name).strip().partition(" ")
    fore_name = fore_name.strip()
    if suffix:
        fore_name = fore_name.removesuffix(suffix).rstrip(", ")
    return Authorship(
        last_name.strip() or None,
        fore_name or initials or None,
        initials or None,
        suffix or None,
        None,
        orcid,
        False,  # the format does not say
        affiliations,
        (),
    )


def _topics(of: Fields) -> Sequence[Topic]:
    """MeSH headings (printed without identifiers, `*` for major) and keywords."""
    headings = [_heading(text) for text in of.get("MH", ())]
    keywords = [keyword(text.lstrip("*"), text.startswith("*")) for text in of.get("OT", ())]
    return merged_topics([topic for topic in headings + keywords if topic.name])


def _heading(text: str) -> Topic:
    """Read `Heading/qualifier/*major qualifier`."""
    name, *qualifiers = text.split("/")
    topic = keyword(name.lstrip("*"), name.startswith("*"))
    for qualifier in qualifiers:
        topic = topic.qualified("", qualifier.lstrip("*"), qualifier.startswith("*"))
    return topic


def _notices(pmid: int, of: Fields) -> list[Notice]:
    notices = []
    for tag, ref_type in _REF_TYPES.items():
        for text in of.get(tag, ()):
            printed = _PMID_IN_NOTICE.search(text)
            ref_pmid = fields.pmid(printed[1]) if printed else None
            notices.append(notice(pmid, ref_type, ref_pmid, text.partition(" PMID:")[0]))
    return notices


def _grant(text: str) -> Grant:
    """Read `number/acronym/agency/country`, of which only the last two are always there.

    >>> tuple(_grant("MC_UU/5/AG/NIA NIH HHS/United States"))
    ('MC_UU/5', 'AG', 'NIA NIH HHS', 'United States')
    >>> tuple(_grant("Wellcome Trust/United Kingdom"))
    (None, None, 'Wellcome Trust', 'United Kingdom')
    """
    *front, agency, country = ["", *text.split("/")]
    acronym = front.pop() if front and _ACRONYM.fullmatch(front[-1]) else None
    return Grant("/".join(filter(None, front)) or None, acronym, agency or None, country or None)
