"""Read names as rosters write them: which words are the family name, which the given names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.identity import names


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _set(
    "prof professor dr drs pd priv doz privdoz univ univprof apl dipl assoc mr mrs ms miss sir dame"
    " herr frau mme mlle sig dott dottssa ing mag"
)
_AFTER_A_TITLE = _set("med habil rer nat phil hc dent vet associate assistant")
_DEGREES = _set(
    "phd md msc bsc mph mba dphil frcp frcs facs facc dds dmd dvm pharmd mbbs mbchb"
    " jr sr ii iii iv junior senior"
)
_PARTICLES = _set(
    "van von vom zu zum zur der den de del della dell di da dos das do du la le les ter ten te el"
    " al bin ibn ben abu mac mc st san santa"
)
_IN_BRACKETS = re.compile(r"\([^)]*\)|\[[^]]*\]|\"[^\"]*\"")
_GLUED = re.compile(r"(?<=\.)(?=[^\W\d_])")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_LONGEST_INITIALS = 3


class Reading(NamedTuple):
    """One way to read a name; folded as in the table mentions."""

    last_name: str
    given_names: str

    @property
    def block(self) -> str:
        """The block whose mentions may be called so."""
        return f"{self.last_name}|{self.given_names[:1]}"


def readings(printed: str) -> list[Reading]:
    """Read a name in each sensible way, the likeliest first; none where it has no letters.

    Understood are "Fore Middle Last" and "Last, Fore Middle", titles before, degrees and suffixes
    behind, family names in capitals, with particles, or of two words.

    >>> [tuple(reading) for reading in readings("Prof. Dr. Jan van der Berg, MD")]
    [('vanderberg', 'jan')]
    >>> [tuple(reading) for reading in readings("María García López")]
    [('lopez', 'maria garcia'), ('garcialopez', 'maria')]
    >>> [tuple(reading) for reading in readings("GARCÍA LÓPEZ, María J.")]
    [('garcialopez', 'maria j')]
    """
    is_shouted = printed.isupper()
    found = [
        Reading(names.last_name(" ".join(family)), _given(given, is_shouted))
        for family, given in _splits(_IN_BRACKETS.sub(" ", printed))
    ]
    return list(dict.fromkeys(reading for reading in found if reading.last_name))


def _splits(printed: str) -> Iterator[tuple[list[str], list[str]]]:
    """Split the words of a name into family name and given names."""
    parts = [_GLUED.sub(" ", part).split() for part in printed.split(",")]
    # what stands behind a comma may be nothing but degrees
    parts = [part for part in parts if not all(_is_extra(word) for word in part)]
    if len(parts) > 1:
        yield _bare(parts[0]), _bare(parts[1])
    elif parts:
        yield from _splits_of_words(_bare(parts[0]))


def _splits_of_words(words: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    in_front = _capitals(words)
    if in_front:  # "DUPONT Jean"
        yield words[:in_front], words[in_front:]
        return
    begin = len(words) - max(1, _capitals(words[::-1]))
    while begin > 1 and _letters(words[begin - 1]) in _PARTICLES:
        begin -= 1
    yield words[begin:], words[:begin]
    if begin == len(words) - 1 and len(words) > 2 and len(_letters(words[-2])) > 1:
        yield words[-2:], words[:-2]


def _capitals(words: list[str]) -> int:
    """Count the words in capitals that stand first; 0 if all do, or if they may be initials."""
    count = next((n for n, word in enumerate(words) if not word.isupper()), 0)
    return count if count and len(_letters(words[0])) > _LONGEST_INITIALS else 0


def _bare(words: list[str]) -> list[str]:
    """Take titles off the front and degrees off the end, but never the last word that is left."""
    has_title = False
    while len(words) > 1 and (
        _letters(words[0]) in _TITLES
        or (has_title and (_letters(words[0]) in _AFTER_A_TITLE or words[0] in ("h.", "c.")))
    ):
        has_title, words = True, words[1:]
    while len(words) > 1 and _letters(words[-1]) in _DEGREES:
        words = words[:-1]
    return words


def _is_extra(word: str) -> bool:
    return _letters(word) in _DEGREES | _TITLES | _AFTER_A_TITLE | {""}


def _given(words: list[str], is_shouted: bool) -> str:
    """Fold given names; short words in capitals are initials, unless the whole name is capitals."""
    initials = [
        word for word in words if word.isupper() and len(_letters(word)) <= _LONGEST_INITIALS
    ]
    return names.given_names(" ".join(words), "" if is_shouted else "".join(initials))


def _letters(word: str) -> str:
    return _NOT_LETTERS.sub("", names.fold(word))
