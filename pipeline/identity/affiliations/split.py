"""Split a printed text into affiliations, and an affiliation into its parts between commas."""

from __future__ import annotations

import re

from pipeline.identity.affiliations.countries import COUNTRIES, ENGLISH, letters

_GLUED_ADDRESS = re.compile(r"\b([A-Z][a-z]+)\.(?=[\w.+-]+@)")
_ADDRESS = re.compile(
    r"electronic address\s*:?|\be-?mail( address)?\s*:|(?<!\S)\S+@\S+"
    r"|\((?-i:[^()]*\b[A-Z]\.\s?-?[A-Z]\b|Drs? )[^()]*\)"  # "(A.B., C.D.)": whose it is
    r"|\s*\((?-i:[A-Z][A-Z\d.&/-]{1,9})\)",  # "(INT)"
    re.IGNORECASE,
)
_CODE = re.compile(
    r"\b[A-Z]{0,2}-?\d{4,6}(-\d{3,4})?\b|\b\d{3}-\d{4}\b"
    r"|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b",
    re.IGNORECASE,
)
_UNIT_FOLLOWS = r"(?=(?:the )?(?:department|dept\b|dipartimento|departamento|division of))"
_CLOSED = re.compile(
    rf"(\b\d{{5}}|\b(?:USA|UK|U\.S\.A\.|U\.K\.|{'|'.join(map(re.escape, ENGLISH.values()))}))"
    rf"[.,]?\s+(?:and )?{_UNIT_FOLLOWS}",
    re.IGNORECASE,
)
"""An affiliation that ends where the next begins, without a mark between."""

_UNIT_INSIDE = re.compile(rf".\s{_UNIT_FOLLOWS}", re.IGNORECASE)
_FIRST = re.compile(r"\W*1\W? ?[A-Z]")
_NEXT = re.compile(r"(?<!No)\.? \d{1,2}\.? (?=[A-Z][a-z])")
"""Numbers between affiliations, where the first has one."""

_BETWEEN = re.compile(
    r";|\s?[†‡§¶]+(?=\s?[A-Z])|--"
    r"|(?<=[a-z.,])\s\d{1,2}(?=(?-i:[A-Z][a-z]{4}))"  # "Norway 2Neurology"
    r"|\s[\[(]?\d{1,2}[\])]\s"  # "[2] "
    rf"|(?<=[a-z.,\s])\d{{1,2}} ?{_UNIT_FOLLOWS}"  # "Boston, USA 2Department"
    rf"|(?<=[a-z]{{4}})\. {_UNIT_FOLLOWS}"
    rf"|(?<= and) {_UNIT_FOLLOWS}|(?<= &) {_UNIT_FOLLOWS}",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"^\W*((\d{1,2}|[a-z])[\])]|\d{1,2}(?!st|nd|rd|th|er|[eao]\b|[ªº])(?=\s*[^\W\d])"  # "1]", "3D"
    r"|[a-z] (?=[A-Z]))?"
    r"\W*(([Ff]rom|[Aa]nd) )?(the )?\W*"
)
_FORM = re.compile(r",\s*(?=(inc|ltd|llc|co|ag|gmbh)\b)", re.IGNORECASE)
_COMMA = re.compile(r",|(?<=[a-z]{4})\.\s")
_SPACE = re.compile(r"\s+")
GOES_ON = (" and", " &")
"""How a text ends that was followed by another department."""
_TRAILING = re.compile(r"\s+(and|&|og|et|und)$")

_UNIT = (
    r"(?i:departments?|dept\.?|dpt|division|dipartimento|departamento|section|school|faculty"
    r"|institute|laborator\w+|unit|lab|cent(?:er|re)|college|program\w*)\b"
)
_MAY_HOLD = re.compile(r" at | of the |\s(the )?[Uu]niversi")
_INSIDE = [
    re.compile(pattern)
    for pattern in (
        rf"^((?:[A-Z]\w+ )?{_UNIT}.*?) at (?:the )?([A-Z].*)$",
        rf"^(\S+ .*{_UNIT}|{_UNIT} .+?) of (?:the )?((?:[A-Z][\w'-]+ ){{1,4}}[Uu]niversi.*)$",
        rf"^(\S+ .*{_UNIT}|{_UNIT} .+?) of the "
        r"((?:[A-Z][\w'-]+ )*(?:Universi|Institut|Academ|Hosp).*)$",
        rf"^(\S+ .*{_UNIT}|{_UNIT} .+?)(?<! of)(?<! at)(?<! the)(?<! for)(?<! de)(?<! and)"
        r" ((?i:(?:the )?universi\w+ (?:of|at|degli|di|de|des)\b.*))$",
    )
]
"""A department and what it is part of, with no comma between."""

_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_ENUMERATES = re.compile(r"\b(of|for|in|on|di|de|für|pour)\b", re.IGNORECASE)
_AND = re.compile(r"\b(and|e|y|et|und)\b")
_BEGINS_WITH_AND = re.compile(r"^(and|e|y|et|und|&)\s")
_NAMED = re.compile(
    r"universi|hospital|institut|college|school|facult|cent(er|re)|clinic|dep|dipart|divisi|unit"
    r"|laborator(?!y (medic|sci|and))|program|compan|group|academy|foundation|\bsection|trust"
    r"|infirmary|klinik|museum|\b(inc|ltd|co)$"
)


def pieces(printed: str) -> list[str]:
    """Split `printed` into texts that hold one affiliation or a part of one; no addresses.

    >>> pieces("1] Oslo University, Norway. [2] Oslo Hospital; Norway. Electronic address: a@b.no.")
    ['Oslo University, Norway', 'Oslo Hospital', 'Norway']
    """
    text = _ADDRESS.sub(" ", _GLUED_ADDRESS.sub(_country_kept, printed))
    if _FIRST.match(text):
        text = _NEXT.sub(";", text)
    if _UNIT_INSIDE.search(text):
        text = _CLOSED.sub(r"\1; ", text)
    text = _CODE.sub(" ", text)
    found = (_MARK.sub("", piece).strip(" .,;:") for piece in _BETWEEN.split(text))
    return [piece for piece in found if piece]


def parts(piece: str) -> list[str]:
    """Split an affiliation at its commas, but for those that stand in a name.

    >>> parts("Department of Bacteria, Parasites and Fungi, Acme, Inc., Oslo, Norway")
    ['Department of Bacteria, Parasites and Fungi', 'Acme Inc', 'Oslo', 'Norway']
    >>> parts("Institute of Biology of the University of Oslo, Norway")
    ['Institute of Biology', 'University of Oslo', 'Norway']
    """
    split = (_SPACE.sub(" ", part).strip(" .*") for part in _COMMA.split(_FORM.sub(" ", piece)))
    joined: list[str] = []
    for part in split:
        if _LETTER.search(part):
            start = _start_of_name(joined, part)
            joined[start:] = [", ".join([*joined[start:], part])]
    return [inner for part in joined for inner in _taken_apart(part)]


def _start_of_name(before: list[str], part: str) -> int:
    """Find where the name that `part` goes on with begins: "of A, B, and C" is one name."""
    if before and before[-1].endswith("-"):
        return len(before) - 1
    if not before or not _AND.search(part) or _DIGIT.search(part):
        return len(before)
    plain = letters(part)
    if _NAMED.search(plain) or plain in COUNTRIES:
        return len(before)
    for start in range(len(before) - 1, max(len(before) - 3, 0) - 1, -1):
        known = _NAMED.search(letters(before[start]))
        if known and _ENUMERATES.search(before[start]):
            return start
        if known or not _BEGINS_WITH_AND.search(part):
            break
    return len(before)


def _taken_apart(part: str) -> list[str]:
    part = _TRAILING.sub("", _BEGINS_WITH_AND.sub("", part)).removeprefix("the ")
    for pattern in _INSIDE if _MAY_HOLD.search(part) else ():
        found = pattern.match(part)
        if found:
            return [found[1], found[2]]
    return [part]


def _country_kept(glued: re.Match[str]) -> str:
    """Keep "Norway" of "Norway.a@b.no"."""
    return f"{glued[1]}. " if letters(glued[1]) in COUNTRIES else glued[0]
