"""Read department, institution and country out of printed affiliations.

The usual form is "Department, Institution, Street, City Code, Country. E-mail", and one text may
hold several. What the parser is not sure of it leaves out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pipeline.identity.affiliations import countries
from pipeline.identity.affiliations.countries import COUNTRIES, letters
from pipeline.identity.affiliations.split import GOES_ON, pieces
from pipeline.identity.affiliations.split import parts as parts_of


class Affiliation(NamedTuple):
    """Parts of an affiliation; None where it does not name one."""

    department: str | None
    institution: str | None
    country: str | None
    affiliation_key: str | None
    """Folded institution: equal keys are the same place."""


NOTHING = Affiliation(None, None, None, None)

_UNIVERSITY = re.compile(
    r"^(?!campus).*\buniv|\b(ucla|ucsf|ucsd|kaist|epfl|caltech)\b|\bku leuven|\beth zurich"
)
_HOSPITAL = re.compile(
    r"hospital|\bhopita|ospedal|\bclinics?\b|\bclinica\b|klinik|infirmary|medical (center|centre)"
    r"|\bchr?u\b|\bumc\b|spital\b|krankenhaus|ziekenhuis|medisch centrum|policlinic|szpital"
    r"|sykehus|sygehus|sjukhus|sairaala|hastanesi|nemocnice|health ?(care )?system"
)
_INSTITUTE = re.compile(
    r"institut|istitut|\binst\b|college|academ|akadem|cent(er|re|ro|rum)\b|zentrum|foundation"
    r"|fondation|fondazione|fundac|stiftung|council|agency|ministry|\bassociation\b|registry|museum"
    r"|observator|society (of|for)|healthcare|company|corporation|pharma|politec|polytech|trust\b"
    r"|therapeutics|technologies$|veterans (affairs|administration)|health canada"
    r"|\b(inserm|cnrs|csic|infn|csiro|cern|inrae?|cea|nih|cdc|nasa)\b"
    r"|. (inc|ltd|llc|gmbh|corp|plc|ag|bv|spa|srl|sa|a s|co)$"
)
_SCHOOL = re.compile(r"\bschool|facult|fakultet|fakultat|hochschule|\becole|escuela|escola|scuola")
_DEPARTMENT = re.compile(
    r"\bdep(t|art)|\bdpt\b|\bdivision|\bservice\b|\bservicio|\bservei|\bsection\b|\bunit[ey]?\b"
    r"|\blab(s|or)?|dipartiment|\babteilung|\bavdeling|\bafdeling|\bprogram|\bgroup\b|\bchair\b"
    r"|\bkatedra|\blehrstuhl|\bcatedra"
)
_NO_UNIT = re.compile(r"hospital|hopita|ospedal|medical cent|ministry|foundation")
_SCHOOL_OF = re.compile(
    rf"{_SCHOOL.pattern}|\bcollege|institut|istitut|cent(er|re|ro|rum)\b|clinic"
)
_GOVERNMENT = re.compile(r"\bdep\w+ of (veterans affairs|defen[cs]e|energy)")
_PART_OF_UNIVERSITY = re.compile(
    r"\s+(?:\w+ ){0,2}?((graduate|medical|dental)\s+)?"
    r"(school|faculty|college|department|institute)\b(?= of| for|$).*",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"universit(y|aire|ario|ats)|hospital|hopital|medical|clinic|center|centre|college|school|institute"
    r"|california|texas|research|national|general|regional|teaching|of|de|the|and|medicine|cancer|health|sciences?"
)
_AND_ANOTHER = re.compile(
    r"(.*?\b(?:universit\w+|hospitals?|institute|clinic|cent(?:er|re)|college))\s+(?:and|&)\s+"
    r"(.* .*)",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"\b(via|viale|rue|street|st|road|rd|avenue|ave|str|strasse|calle|rua|box|boulevard|blvd"
    r"|drive|platz|allee|laan|straat|building|floor|room|campus|district|province|city|county)\b"
    r"|strasse$|straat$|weg$"
)
_FIELD = re.compile(
    r"(^sciences?|log(y|ie|ia|ies|iques?)|iatr\w+|ics|surgery|medicine|chirurg\w+|chem\w+|nursing|care"
    r"|(al|and \w+|life|health|earth|food|plant|animal) sciences?|engineering|education|psych\w+"
    r"|diabetes|research|development|investigation"
    r"|studies|safety|affairs|team|management|marketing|manager|director|practice|disease|diseases"
    r"|metabolism|physics|health|consultant|author|researcher|student|and|of)$"
)
_LABORATORY = re.compile(r"^(?!(the )?(key )?lab).* \w+ laborator(y|ies)$")
_SPELLED = {
    "univ": "university", "hosp": "hospital", "inst": "institute", "natl": "national",
    "med": "medical", "sch": "school", "coll": "college", "ctr": "center", "centre": "center",
    "st": "saint", "dept": "department",
}  # fmt: skip
_IN_BRACKETS = re.compile(r"\([^)]*\)?")
_NO_MEANING = {
    "the", "department", "departments", "dept", "dep", "dpt", "of", "and", "for", "de", "di", "du",
    "da", "e", "et", "y", "und",
}  # fmt: skip


def parse(printed: str) -> Affiliation:
    """Take the first affiliation of `printed` apart.

    >>> tuple(parse("Dept. of Surgery, Oslo University Medical School, 0424 Oslo, Norway. a@b.no"))
    ('Dept. of Surgery', 'Oslo University', 'Norway', 'oslo university')
    """
    return (parse_all(printed) or (NOTHING,))[0]


@lru_cache(maxsize=1 << 15)  # mentions want the first of what affiliations want all of
def parse_all(printed: str) -> tuple[Affiliation, ...]:
    """Take every affiliation of `printed` apart; those of which nothing is read are left out.

    >>> [a[:3] for a in parse_all("1] Lab A and Department of B, Oslo University [2] CERN, Geneva")]
    [('Lab A', 'Oslo University', None), ('Department of B', 'Oslo University', None), \
(None, 'CERN', None)]
    """
    texts = pieces(printed)
    found = [(_parse(text), text.endswith(GOES_ON)) for text in texts]
    return tuple(_completed([(one, goes_on) for one, goes_on in found if one != NOTHING]))


def department_key(department: str) -> str:
    """Fold a department so that its spellings become equal.

    >>> department_key("Dept. of Surgery"), department_key("Surgery Department")
    ('surgery', 'surgery')
    """
    words = letters(department).split()
    return " ".join(word for word in words if word not in _NO_MEANING) or " ".join(words)


def _completed(found: list[tuple[Affiliation, bool]]) -> list[Affiliation]:
    """Give departments the institution printed after them, institutions the country after them."""
    done: list[Affiliation] = []  # from the last to the first
    for one, goes_on in reversed(found):
        after = done[-1] if done else NOTHING
        if goes_on and one.institution:
            one = one._replace(country=one.country or after.country)
        is_open = one.institution is None and one.country is None and after.institution is not None
        if is_open and after.department is None:
            done[-1] = after._replace(department=one.department)
        elif is_open:
            done.append(after._replace(department=one.department))
        elif after.institution is None and after.department is None and done:
            done[-1] = one._replace(country=one.country or after.country)
        else:
            done.append(one)
    return done[::-1]


def _parse(text: str) -> Affiliation:
    """Take a text that holds one affiliation apart."""
    parts = parts_of(text)
    if len(parts) == 1 and text.endswith(GOES_ON) and _level(letters(parts[0])) in (2, 3):
        return NOTHING._replace(department=parts[0])  # "Institute A and Department of B, …"
    folded = [letters(part) for part in parts]
    country = countries.at_end(parts)
    place = _institution_place(folded)
    if place is None and country:
        place = _unmarked_place(parts, folded)
    if place is None:
        units = [
            part for part, plain in zip(parts, folded, strict=True) if _DEPARTMENT.search(plain)
        ]
        return Affiliation(units[0] if units else None, None, country, None)
    institution = _named(parts, folded, place)
    return Affiliation(
        _department(parts, folded, place),
        institution,
        country or countries.within(institution),
        affiliation_key(institution),
    )


def affiliation_key(institution: str) -> str:
    """Fold an institution so that its spellings become equal.

    >>> affiliation_key("The Univ. of Oslo (UiO)"), affiliation_key("University of Oslo")
    ('university of oslo', 'university of oslo')
    """
    words = letters(_IN_BRACKETS.sub("", institution) or institution).split()
    return " ".join(_SPELLED.get(word, word) for word in words).removeprefix("the ")


def _institution_place(folded: list[str]) -> int | None:
    """Find the institution: of the highest level the last, which mostly holds the others."""
    ranked = [(_level(plain), -place) for place, plain in enumerate(folded)]
    level, place = min(ranked, default=(9, 0))
    return -place if level < 9 else None


@lru_cache(maxsize=1 << 16)  # towns and departments come again and again
def _level(plain: str) -> int:
    """Rank a part as institution: university 0, hospital 1, institute 2, school 3, none 9."""
    if _UNIVERSITY.search(plain):
        return 1 if _HOSPITAL.search(plain) else 0
    if _GOVERNMENT.search(plain):
        return 2
    if _DEPARTMENT.search(plain):
        return 9
    for level, pattern in enumerate((_HOSPITAL, _INSTITUTE, _SCHOOL), start=1):
        if pattern.search(plain):
            return level
    return 9


def _unmarked_place(parts: list[str], folded: list[str]) -> int | None:
    """Find an institution that no word marks: the last name before the town and the country.

    Else a laboratory that is part of nothing.
    """
    end = len(parts) - 1
    while end > 0 and (folded[end] in COUNTRIES or countries.at_end([parts[end]])):
        end -= 1
    names = [place for place in range(end) if not re.search(r"\d", parts[place])]
    for place in reversed(names):
        if not any(p.search(folded[place]) for p in (_DEPARTMENT, _STREET, _FIELD)):
            return place
    return next((place for place in names if _LABORATORY.search(folded[place])), None)


def _named(parts: list[str], folded: list[str], place: int) -> str:
    """Write the institution without its schools, with the next part where its words are generic."""
    name = parts[place]
    university = re.search(r"\buniv\w*( of( the)? \w+)?", name, re.IGNORECASE)
    if university:
        end = university.end()
        name = name[:end] + _PART_OF_UNIVERSITY.sub("", name[end:])
    another = _AND_ANOTHER.match(name)
    if another and _level(letters(another[2])) < 9 and not _is_generic(another[1]):
        name = another[1]
    after = place + 1
    if _is_generic(name) and after < len(parts) and not _DEPARTMENT.search(folded[after]):
        name = f"{name}, {parts[after]}"
    return name


def _is_generic(name: str) -> bool:
    return all(_GENERIC.fullmatch(word) for word in letters(name).split())


def _department(parts: list[str], folded: list[str], place: int) -> str | None:
    """Find the first unit; else what stands before the institution; else a school after it."""
    others = [other for other in range(len(parts)) if other != place]
    units = [other for other in others if _DEPARTMENT.search(folded[other])]
    if units:
        return parts[units[0]]
    if place > 0:
        return None if _NO_UNIT.search(folded[0]) else parts[0]
    schools = [other for other in others if _SCHOOL_OF.search(folded[other])]
    return parts[schools[0]] if schools else None
