"""Countries as affiliations print them: by their names in many languages, or by a state's.

The names are those of the Unicode CLDR, as Babel ships them; what only affiliations print, and the
states that stand for a country, is added here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from babel import Locale

from pipeline.identity.names import fold

_LANGUAGES = (
    "en", "fr", "de", "es", "it", "pt", "nl", "ca", "sv", "da", "nb", "fi", "pl", "cs", "sk", "sl",
    "hr", "hu", "ro", "tr",
)  # fmt: skip
"""The first has the last word where two languages call different countries alike."""

_NO_COUNTRIES = {
    "AC", "AQ", "BV", "CP", "CQ", "DG", "EA", "EU", "EZ", "HM", "IC", "IO", "QO", "TA", "TF", "UM",
    "UN", "XA", "XB", "ZZ",
}  # fmt: skip
"""Codes of CLDR for regions where nobody works, or that lie within a country."""

_PLAIN = {
    "CD": "DR Congo",
    "CG": "Congo",
    "HK": "Hong Kong",
    "MM": "Myanmar",
    "MO": "Macau",
    "PS": "Palestine",
    "TR": "Turkey",
}
"""How we print a country that CLDR prints with more than its name, or as nobody does yet."""

_ALSO = {
    "AE": "uae",
    "BA": "bosnia herzegovina|bosnia",
    "BR": "brasil",
    "CD": "democratic republic of congo|democratic republic of the congo|zaire",
    "CG": "republic of congo|republic of the congo",
    "CH": "schweiz",
    "CI": "cote divoire|ivory coast",
    "CN": "pr china|p r china|p r of china|china pr|china p r|peoples republic of china|prc"
    "|peoples r china|mainland china",
    "CZ": "czech republic|czechoslovakia",
    "DE": "federal republic of germany|frg|gdr|w germany|west germany|brd",
    "FR": "cedex",
    "GB": "uk|u k|england|scotland|wales|northern ireland|great britain|britain",
    "GM": "the gambia",
    "HK": "hong kong sar|hksar",
    "IE": "republic of ireland|eire",
    "IR": "islamic republic of iran|iran islamic republic of|i r iran|ir iran",
    "KR": "korea|republic of korea|korea south|rok|s korea",
    "MK": "macedonia|republic of macedonia|fyr macedonia",
    "MO": "macao|macau sar|macao sar",
    "MX": "mexico df|mexico d f",
    "NL": "the netherlands|holland|the nederlands",
    "PH": "the philippines",
    "PS": "gaza|gaza strip|west bank",
    "RS": "serbia and montenegro|yugoslavia",
    "RU": "russian federation|ussr",
    "SA": "kingdom of saudi arabia|ksa",
    "SK": "slovak republic",
    "TT": "west indies trinidad and tobago|trinidad",
    "TW": "taiwan roc|taiwan r o c|taiwan republic of china|r o c|republic of china",
    "US": "usa|us|u s a|united states of america|the united states|estados unidos",
    "ZA": "south africa rsa|republic of south africa|rsa",
}

_STATES = {
    "US": "alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware"
    "|district of columbia|florida|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana"
    "|maine|maryland|massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada"
    "|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon"
    "|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia"
    "|washington|west virginia|wisconsin|wyoming|new york city",
    "CA": "alberta|british columbia|manitoba|new brunswick|newfoundland|nova scotia|ontario"
    "|prince edward island|quebec|saskatchewan",
    "AU": "new south wales|queensland|south australia|tasmania|western australia"
    "|northern territory|australian capital territory",
}
"""States whose name alone says the country. Not Georgia; not Victoria, which is many towns."""

_STATE_CODES = {
    "US": "AL AK AZ AR CA CO CT DC DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV"
    " NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY Ala Ariz Ark Calif Colo"
    " Conn Fla Kan Mass Mich Minn Mont Neb Nev Okla Ore Penn Tenn Tex Wash Wis Wyo",
    "CA": "AB BC MB NB NS ON PQ QC SK",
    "AU": "ACT NSW QLD Qld TAS VIC Vic",
}
"""Their abbreviations, which count only in these capitals."""

_NOT_LETTERS = re.compile(r"[\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 6
"""Words in the longest name."""
_NO_COUNTRY = "new england"
_MORE_OFTEN_ELSE = {"columbia", "granada", "ira", "island", "salvador", "san martin"}
"""Names of countries in other languages that affiliations print for something else."""
_OF = {"of", "di", "de", "do", "da", "du", "the"}

_IN_GEORGIA_USA = re.compile(
    r"atlanta|augusta|athens|savannah|macon|decatur|emory|marietta|columbus|valdosta|statesboro"
    r"|university of georgia|georgia (tech|state|southern|regents|institute of tech)|usa"
)
_IN_GEORGIA = re.compile(r"tbilisi|batumi|kutaisi|rustavi|georgian|caucas|javakhishvili|ilia\b")


def letters(text: str) -> str:
    """Fold `text` to its letters; what stands between them becomes one space.

    >>> letters("Côte d'Ivoire, W.A. 3")
    'cote divoire w a'
    """
    return _NOT_LETTERS.sub(" ", fold(text)).strip()


def _names() -> Iterator[tuple[str, str]]:
    """Spellings of every country, the stronger later."""
    for language in reversed(_LANGUAGES):
        for code, name in Locale.parse(language).territories.items():
            if code in ENGLISH:
                yield letters(name), ENGLISH[code]
                yield letters(name.replace("&", "and").replace("St.", "Saint")), ENGLISH[code]
    yield from ((letters(ENGLISH[code]), ENGLISH[code]) for code in _PLAIN)
    for code, also in _ALSO.items():
        yield from ((name, ENGLISH[code]) for name in also.split("|"))


ENGLISH: dict[str, str] = {
    code: _PLAIN.get(code, name.replace("&", "and").replace("St.", "Saint").replace("’", "'"))
    for code, name in Locale.parse("en").territories.items()
    if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
}
"""ISO 3166 code → the one name we print."""

COUNTRIES: dict[str, str] = {
    name: country for name, country in _names() if name not in _MORE_OFTEN_ELSE
}
"""Letters of a name → the one name we print."""

STATES: dict[str, str] = {
    name: ENGLISH[code] for code, names in _STATES.items() for name in names.split("|")
}
"""Letters of a state's name → its country."""

_CODES = {short: ENGLISH[code] for code, all_ in _STATE_CODES.items() for short in all_.split()}


def at_end(parts: list[str]) -> str | None:
    """Find the country that one of the last two parts ends with, the last first.

    >>> at_end(["Sydney", "New South Wales 2006"]), at_end(["Boston", "MA 02115"])
    ('Australia', 'United States')
    >>> at_end(["Emory University", "Atlanta", "Georgia"]), at_end(["Tbilisi", "Georgia"])
    ('United States', 'Georgia')
    """
    for part in parts[:-3:-1]:
        plain = part.replace(".", "")
        words = letters(plain).split()
        for length in range(min(len(words), _LONGEST), 0, -1):
            name = " ".join(words[-length:])
            if name == "georgia":
                return _which_georgia(letters(" ".join(parts)))
            if name == _NO_COUNTRY:
                break
            found = STATES.get(name) or COUNTRIES.get(name)
            if found:
                return found
        found = _CODES.get((_WORD.findall(plain) or [""])[-1])
        if found:
            return found
    return None


def within(name: str) -> str | None:
    """Find the country in the name of an institution: of a state, or after "of".

    >>> within("University of Malawi College of Medicine"), within("Colorado State University")
    ('Malawi', 'United States')
    """
    words = letters(name).split()
    for place in range(len(words)):
        for length in (3, 2, 1):
            part = " ".join(words[place : place + length])
            if part in STATES or (place and words[place - 1] in _OF and part in COUNTRIES):
                return None if part == "georgia" else STATES.get(part) or COUNTRIES[part]
    return None


def _which_georgia(text: str) -> str | None:
    if _IN_GEORGIA.search(text):
        return ENGLISH["GE"]
    return ENGLISH["US"] if _IN_GEORGIA_USA.search(text) else None
