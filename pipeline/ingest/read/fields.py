"""Single printed values to exact ones: ORCID iDs, DOIs, dates. Shared by the readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

_DASH = r"[-\u2010\u2011\u2013\s]?"
_ORCID = re.compile(
    rf"(?<![0-9])([0-9]{{4}}){_DASH}([0-9]{{4}}){_DASH}([0-9]{{4}}){_DASH}([0-9]{{3}}[0-9Xx])(?![0-9A-Za-z])"
)
_DOI = re.compile(r"10\.[0-9]{4,9}/\S+")
_PMID = re.compile(r"[0-9]{1,10}")
_PMIDS = re.compile(r"[1-9][0-9]{0,9}(?:,[1-9][0-9]{0,9})*")
_YEAR = re.compile(r"(?<![0-9])(1[5-9]|20)[0-9]{2}(?![0-9])")
_MONTH_AND_DAY = re.compile(r"\s*([A-Za-z]+)\.?(?:\s+([0-9]{1,2})(?![0-9]))?")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        start=1,
    )
} | {"win": 1, "spr": 4, "sum": 7, "aut": 10, "fal": 10}
"""First three letters → month. Seasons stand for the month by which PubMed sorts them."""


@lru_cache(maxsize=100_000)
def orcid(text: str) -> str | None:
    """Read an ORCID iD in any printed form (address, no dashes, lower-case x).

    Returns
    -------
    `0000-0000-0000-000X`, or None where the text holds none or its check digit is wrong
    (ISO 7064 MOD 11-2, https://support.orcid.org/hc/en-us/articles/360006897674).

    >>> orcid("https://orcid.org/0000-0002-1825-0097")
    '0000-0002-1825-0097'
    >>> orcid("000000021694233x")
    '0000-0002-1694-233X'
    >>> orcid("0000-0002-1825-0098") is None
    True
    """
    match = _ORCID.search(text)
    if match is None:
        return None
    groups = [group.upper() for group in match.groups()]
    digits = "".join(groups)
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return "-".join(groups) if digits[-1] == ("X" if check == 10 else str(check)) else None


def doi(text: str) -> str | None:
    """Read a DOI: lower case, without resolver address.

    >>> doi("https://doi.org/10.1000/ABC.1")
    '10.1000/abc.1'
    """
    match = _DOI.search(text)
    return match.group().lower() if match else None


def pmid(text: str | None) -> int | None:
    """Read a PMID; None where the text is no positive whole number of up to ten digits."""
    text = (text or "").strip()
    return int(text) or None if _PMID.fullmatch(text) else None


def pmids(texts: list[str]) -> Sequence[int]:
    """Read many PMIDs: each once, in order, without those that `pmid` does not take.

    >>> pmids(["7", "x", "12 ", "7"])
    (7, 12)
    """
    if _PMIDS.fullmatch(",".join(texts)):  # almost always: no call for each
        return tuple(dict.fromkeys(map(int, texts)))
    return tuple(dict.fromkeys(number for text in texts if (number := pmid(text)) is not None))


@lru_cache(maxsize=100_000)
def day(year: str | None, month: str | None = None, day_of_month: str | None = None) -> date | None:
    """Make a date of printed parts; a part that is missing or wrong counts as the first.

    >>> day("2019", "Dec", "31"), day("2019", "Summer"), day("2019", "02", "30")
    (datetime.date(2019, 12, 31), datetime.date(2019, 7, 1), datetime.date(2019, 2, 1))
    """
    number = _number(year)
    if number is None or not 1 <= number <= 9999:
        return None
    month_number = _month(month)
    if month_number is None:
        return date(number, 1, 1)
    try:
        return date(number, month_number, _number(day_of_month) or 1)
    except ValueError:
        return date(number, month_number, 1)


@lru_cache(maxsize=100_000)
def first_day(text: str) -> date | None:
    """First day that a free-text date such as PubMed's MedlineDate names.

    >>> first_day("1998 Dec-1999 Jan"), first_day("Winter 1985"), first_day("1978-1979")
    (datetime.date(1998, 12, 1), datetime.date(1985, 1, 1), datetime.date(1978, 1, 1))
    """
    year = _YEAR.search(text)
    if year is None:
        return None
    before, after = text[: year.start()], text[year.end() :]
    match = _MONTH_AND_DAY.match(after) or _MONTH_AND_DAY.match(before)
    return day(year.group(), *match.groups()) if match else day(year.group())


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _month(text: str | None) -> int | None:
    number = _number(text)
    if number is not None:
        return number if 1 <= number <= 12 else None
    return _MONTHS.get((text or "").strip()[:3].lower())
