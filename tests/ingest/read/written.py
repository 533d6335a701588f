"""Records drawn at random, as XML written in as many ways as XML has, and as they should be read.

Shares no code with the reader. Hypothesis gives the texts and a seed; `Random` does the rest, for
drawing every choice through hypothesis takes a hundred times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

INLINE = ("i", "b", "u", "sub", "sup")
NOISE = ("<!-- <PMID>0</PMID> & -->", "<?note <i> ?>", "<!---->", "<![CDATA[]]>")
SPACES = ("", "", "\n", "\n  ", " \t", "\r\n    ")
DATES: list[tuple[dict[str, str], date | None]] = [
    ({"Year": "2019", "Month": "Dec", "Day": "31"}, date(2019, 12, 31)),
    ({"Year": "2020", "Month": "02", "Day": "30"}, date(2020, 2, 1)),
    ({"Year": "1975", "Month": "Jun"}, date(1975, 6, 1)),
    ({"Year": "2001", "Season": "Fall"}, date(2001, 10, 1)),
    ({"Year": "1999"}, date(1999, 1, 1)),
    ({"MedlineDate": "1998 Dec-1999 Jan"}, date(1998, 12, 1)),
    ({"MedlineDate": "2000 Jul 15-Aug 3"}, date(2000, 7, 15)),
    ({"MedlineDate": "Summer 1985"}, date(1985, 7, 1)),
    ({"MedlineDate": "n. d."}, None),
    ({}, None),
]
ORCID_FORMS: list[Callable[[str], str]] = [
    lambda orcid: orcid,
    lambda orcid: f"https://orcid.org/{orcid}",
    lambda orcid: f"http://www.orcid.org/{orcid.lower()}",
    lambda orcid: orcid.replace("-", ""),
    lambda orcid: f" {orcid.replace('-', ' ')} ",
    lambda orcid: orcid.replace("-", "\u2010"),
]
NOTICES = {
    "RetractionOf": ("retraction", False),
    "RetractionIn": ("retraction", True),
    "ErratumFor": ("erratum", False),
    "ExpressionOfConcernIn": ("expression_of_concern", True),
    "RepublishedFrom": ("corrected_and_republished", False),
    "CommentOn": ("other", False),
    "CommentIn": ("other", True),
    "Cites": ("other", False),  # a citation
    "Novelty": ("other", False),
}


def collapsed(text: str) -> str:
    return re.sub("[ \t\r\n]+", " ", text).strip()


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def orcid(random: Random) -> str:
    digits = "".join(random.choices("0123456789", k=15))
    rest = sum(int(d) << (15 - n) for n, d in enumerate(digits)) % 11
    digits += "0123456789X"[(1 - rest) % 11]
    return "-".join(digits[n : n + 4] for n in (0, 4, 8, 12))


@dataclass
class Writer:
    """Writes elements; every choice that XML leaves open is taken at random."""

    random: Random
    texts: list[str]
    is_ascii: bool = False
    """The document will be: other characters become references, which CDATA does not know."""

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def draw(self) -> str:
        return self.random.choice(self.texts)

    def character(self, one: str) -> str:
        way = self.random.randrange(12)
        if way == 0 or one == "\r":
            return f"&#{ord(one)};"
        if way == 1:
            return f"&#x{ord(one):X};"
        if way == 2 and one not in "]>" and (one.isascii() or not self.is_ascii):
            return f"<![CDATA[{one}]]>"
        return escaped(one)

    def text(self, value: str) -> str:
        """Character data that says `value`, with what says nothing in the middle."""
        if self.chance(0.5):
            return escaped(value).replace("\r", "&#13;")
        return "".join(
            self.character(one) + (self.random.choice(NOISE) if self.chance(0.05) else "")
            for one in value
        )

    def quoted(self, value: str) -> str:
        quote = self.random.choice("\"'")
        return f"{quote}{escaped(value).replace(quote, f'&#{ord(quote)};')}{quote}"

    def element(self, tag: str, inside: str = "", /, **attributes: str) -> str:
        """An element whose content is markup already."""
        named = list(attributes.items())
        self.random.shuffle(named)
        quoted = "".join(f" {name}={self.quoted(value)}" for name, value in named)
        if not inside and self.chance(0.5):
            return f"<{tag}{quoted}/>"
        return f"<{tag}{quoted}>{inside}</{tag}{self.random.choice(('', '', ' '))}>"

    def of(self, tag: str, *children: str, **attributes: str) -> str:
        """An element of elements, indented somehow, comments between."""
        between = [
            self.random.choice(SPACES)
            + (self.random.choice(NOISE[:3]) if self.chance(0.03) else "")
            for _ in range(len(children) + 1)
        ]
        inside = "".join(map("".join, zip(between, (*children, ""), strict=True)))
        return self.element(tag, inside, **attributes)

    def leaf(self, tag: str, value: str, **attributes: str) -> str:
        return self.element(tag, self.text(value), **attributes)

    def maybe(self, tag: str) -> tuple[str, str | None]:
        """An element that is missing, empty or has text; and what it says."""
        if self.chance(0.3):
            return "", None
        value = "" if self.chance(0.2) else self.draw()
        return self.leaf(tag, value), collapsed(value)

    def mixed(self, depth: int = 3) -> tuple[str, str, str]:
        """Text with elements in it: as written, as a title keeps it, as plain text."""
        written, kept, plain = [], [], []
        for _ in range(self.random.randrange(4)):
            value = self.draw()
            written.append(self.text(value))
            kept.append(escaped(value))
            plain.append(value)
            if depth and self.chance(0.5):
                tag = self.random.choice((*INLINE, "mml:math", "Odd"))
                inner_written, inner_kept, inner_plain = self.mixed(depth - 1)
                written.append(self.element(tag, inner_written, **{"class": value}))
                kept.append(f"<{tag}>{inner_kept}</{tag}>" if tag in INLINE else inner_kept)
                plain.append(inner_plain)
        return "".join(written), "".join(kept), "".join(plain)

    def dated(self, tag: str, **attributes: str) -> tuple[str, date | None]:
        parts, expected = self.random.choice(DATES)
        children = [self.leaf(name, value) for name, value in parts.items()]
        self.random.shuffle(children)
        return self.of(tag, *children, **attributes), expected

    def some(self, draw: Callable[[], Any], most: int) -> list[Any]:
        return [draw() for _ in range(self.random.randrange(most + 1))]
