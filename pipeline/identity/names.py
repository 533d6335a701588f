"""Fold printed names so that spellings of one name become equal strings."""

from __future__ import annotations

import re
import unicodedata

TOKENS_KEPT = 6
"""Given names beyond these say nothing more about who it is."""

_LETTERS = str.maketrans({
    "ß": "ss", "ẞ": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "æ": "ae", "Æ": "ae",
    "œ": "oe", "Œ": "oe", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th",
    "ħ": "h", "Ħ": "h", "ı": "i",
})  # fmt: skip
"""Latin letters that Unicode does not take apart into a base letter and an accent."""

_SUFFIXES = {"junior": "jr", "senior": "sr", "2nd": "ii", "3rd": "iii", "4th": "iv", "5th": "v"}
_APOSTROPHES = re.compile(r"['’‘`´ʼʹ]")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_UMLAUTS = re.compile("([aou])e")
_SHORT = 4
_NOT_WORD = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Lower-case `text` without accents or apostrophes; other letters and signs stay.

    >>> fold("Jørgen Müller-O’Brien")
    'jorgen muller-obrien'
    """
    if text.isascii():
        return _APOSTROPHES.sub("", text).lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _APOSTROPHES.sub("", plain).lower()


def last_name(printed: str) -> str:
    """Fold a family name to its letters; empty if it has none.

    >>> last_name("van der Müller-Łuk")
    'vandermullerluk'
    """
    return _NOT_LETTERS.sub("", fold(printed))


def spelled(folded: str) -> str:
    """Write a folded last name as its other spelling prints it, for blocks.

    Umlauts are printed as one letter or as two. Short names stay as they are: Xu is not Xue.

    >>> spelled("mueller"), spelled("muller"), spelled("schoenberg"), spelled("xue")
    ('muller', 'muller', 'schonberg', 'xue')
    """
    return _UMLAUTS.sub(r"\1", folded) if len(folded) > _SHORT else folded


def given_names(fore_name: str, initials: str) -> str:
    """Fold given names to tokens separated by spaces; a single letter is an initial.

    `initials` tell capitals that stand for several names from a short name in capitals, and take
    the place of a fore name that is not printed.

    >>> given_names("Jean-Luc", "JL"), given_names("JL", "JL"), given_names("LI", "L")
    ('jean luc', 'j l', 'li')
    >>> given_names("", "J-L")
    'j l'
    """
    letters = _NOT_LETTERS.sub("", fold(initials))
    tokens: list[str] = []
    for word in _NOT_LETTERS.split(_APOSTROPHES.sub("", fore_name) or initials):
        folded = _NOT_LETTERS.sub("", fold(word))
        if len(letters) > 1 and word.isupper() and folded in letters:
            tokens += folded
        elif folded:
            tokens.append(folded)
    return " ".join(tokens[:TOKENS_KEPT])


def suffix(printed: str) -> str:
    """Fold a generation suffix; empty if it says nothing.

    >>> suffix("3rd"), suffix("Jr."), suffix("III")
    ('iii', 'jr', 'iii')
    """
    folded = _NOT_WORD.sub("", fold(printed))
    return _SUFFIXES.get(folded, folded)
