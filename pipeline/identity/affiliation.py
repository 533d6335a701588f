"""Read department, institution and country out of a printed affiliation.

A first parser for the usual form "Department, Institution, Street, City Code, Country. E-mail":
what it is not sure of it leaves out.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.identity.countries import COUNTRIES
from pipeline.identity.names import fold


class Affiliation(NamedTuple):
    """Parts of an affiliation; None where it does not name one."""

    department: str | None
    institution: str | None
    country: str | None
    affiliation_key: str | None
    """Folded institution: equal keys are the same place."""


_NOISE = re.compile(
    r"electronic address:?|e-?mail( address)?:|\S+@\S+"  # addresses
    r"|^\W*(\d{1,2}|[a-z])[\])]|^\W*\d{1,2}(?=\s*[^\W\d])"  # "1]", "a)", "3Department"
    r"|\b[A-Z]{0,2}-?\d{4,6}(-\d{3,4})?\b|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"  # postal codes
    r"|^\W*from( the)?\b",
    re.IGNORECASE,
)
_NEXT_AFFILIATION = re.compile(r";|\s\[?\d{1,2}\]\s")
_UNIVERSITY = re.compile(r"^(?!campus).*\buniv")
_HOSPITAL = re.compile(
    r"hospital|\bhopital|ospedal|\bclinic\b|klinik|infirmary|medical (center|centre)|\bchu\b"
)
_INSTITUTE = re.compile(
    r"institut|istitut|college|academ|cent(er|re|ro)\b|foundation|fondation|fondazione|council|agency|ministry"
    r"|\binc\b|\bltd\b|\bllc\b|\bgmbh\b|company|corporation|pharma|politec|polytech|trust\b|inserm|cnrs"
)
_SCHOOL = re.compile(r"\bschool|facult|facolta|fakultat|hochschule")
_DEPARTMENT = re.compile(
    r"\bdep(t|art)|\bdivision|\bservice\b|\bservicio|\bsection\b|\bunit[ey]?\b|\blab(s|or)?|dipartiment"
    r"|\babteilung|\bprogram|\bgroup\b|\bchair\b"
)
_PART_OF_UNIVERSITY = re.compile(
    r"\s+((graduate|medical|dental)\s+)?(school|faculty|college|department|institute)\b"
    r"(?= of| for|$).*",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"universit(y|aire|ario|ats)|hospital|hopital|medical|clinic|center|centre|college|school|institute"
    r"|california|texas|research|national|general|regional|teaching|of|de|the|and|medicine|cancer|health|sciences?"
)
_COMPANY_FORM = re.compile(r",\s*(?=(inc|ltd|llc|co)\b)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


def parse(printed: str) -> Affiliation:
    """Take the first affiliation of `printed` apart.

    >>> tuple(parse("Dept. of Surgery, Oslo University Medical School, 0424 Oslo, Norway. a@b.no"))
    ('Dept. of Surgery', 'Oslo University', 'Norway', 'oslo university')
    """
    text = _NEXT_AFFILIATION.split(_NOISE.sub(" ", printed).strip(" ;"), maxsplit=1)[0]
    text = _COMPANY_FORM.sub(" ", text)
    parts = [_SPACE.sub(" ", part).strip(" .*") for part in text.split(",")]
    parts = [part for part in parts if _letters(part)]
    place = _institution_place(parts)
    if place is None:
        return Affiliation(None, None, _country(parts), None)
    institution = _named(parts, place)
    return Affiliation(
        _department(parts, place),
        institution,
        _country(parts),
        _letters(institution).removeprefix("the "),
    )


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub(" ", fold(text)).strip()


def _institution_place(parts: list[str]) -> int | None:
    """Find the institution: of the highest level the last, which mostly holds the others."""
    ranked = [(_level(_letters(part)), -place) for place, part in enumerate(parts)]
    level, place = min(ranked, default=(9, 0))
    return -place if level < 9 else None


def _level(letters: str) -> int:
    """Rank a part as institution: university 0, hospital 1, institute 2, school 3, none 9."""
    if _DEPARTMENT.search(letters) and not _UNIVERSITY.search(letters):
        return 9
    for level, pattern in enumerate((_UNIVERSITY, _HOSPITAL, _INSTITUTE, _SCHOOL)):
        if pattern.search(letters):
            return level
    return 9


def _named(parts: list[str], place: int) -> str:
    """Write the institution without its schools, with the next part where its words are generic."""
    name = parts[place]
    university = re.search(r"\buniv\w*( of( the)? \w+)?", name, re.IGNORECASE)
    if university:
        end = university.end()
        name = name[:end] + _PART_OF_UNIVERSITY.sub("", name[end:])
    if all(_GENERIC.fullmatch(word) for word in _letters(name).split()) and place + 1 < len(parts):
        name = f"{name}, {parts[place + 1]}"
    return name


def _department(parts: list[str], place: int) -> str | None:
    for part in parts[:place] + parts[place + 1 :]:
        if _DEPARTMENT.search(_letters(part)):
            return part
    return parts[0] if place > 0 else None


def _country(parts: list[str]) -> str | None:
    """Find a country at the end of one of the last two parts."""
    for part in parts[: -3 if len(parts) > 2 else None : -1]:
        words = _letters(part.replace(".", "")).split()
        for length in (len(words), 4, 3, 2, 1):
            country = COUNTRIES.get(" ".join(words[-length:]))
            if country:
                return country
    return None
