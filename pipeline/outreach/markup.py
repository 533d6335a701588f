"""Titles with inline markup, as live HTML and as plain text.

A stored title is text with well-formed `<i> <b> <u> <sub> <sup>` and everything else escaped
(`tables.PUBLICATIONS`). Nothing here trusts that: whatever stands in a title, only these five
tags, without attributes and closed in order, come out live.
"""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(r"(</?(?:i|b|u|sub|sup)>)")
_SUPERSCRIPTS = dict(zip("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ", strict=True))
_JOINERS = "\u200c\u200d"  # part of the spelling of names in several scripts
_UNSEEN = ("Cc", "Cf", "Cs")  # control, format (bidirectional marks, soft hyphens), lone surrogates


def one_line(text: str) -> str:
    r"""Fold white space to single blanks and drop characters that show nothing or turn the line.

    Line breaks would end a header; control and bidirectional characters can forge what is read.

    >>> one_line("Zoë\r\nBcc: all\u202e")
    'Zoë Bcc: all'
    """
    return _visible(text).strip()


def as_html(title: str) -> str:
    """Title as an HTML fragment in which nothing but the five tags is live.

    >>> as_html("p<sup>2</sup> &lt; <b onclick=x>0.1")
    'p<sup>2</sup> &lt; &lt;b onclick=x&gt;0.1'
    """
    parts: list[str] = []
    opened: list[str] = []
    for piece in _TAG.split(title):
        name = piece.strip("</>")
        if not _TAG.fullmatch(piece):
            parts.append(html.escape(_plain(piece)))
        elif not piece.startswith("</"):
            opened.append(name)
            parts.append(piece)
        elif opened and opened[-1] == name:
            opened.pop()
            parts.append(piece)
    return "".join(parts) + "".join(f"</{name}>" for name in reversed(opened))


def as_text(title: str) -> str:
    """Title without markup; superscripts stay readable, since 10<sup>9</sup> is not 109.

    >>> as_text("<i>E. coli</i>: 10<sup>9</sup> cells &amp; CO<sub>2</sub>")
    'E. coli: 10⁹ cells & CO2'
    """
    parts: list[str] = []
    raised = False
    for piece in _TAG.split(title):
        if _TAG.fullmatch(piece):
            raised = piece == "<sup>" if piece in ("<sup>", "</sup>") else raised
            continue
        text = _plain(piece)
        lifts = raised and all(c in _SUPERSCRIPTS for c in text)
        parts.append("".join(_SUPERSCRIPTS[c] for c in text) if lifts else text)
    return one_line("".join(parts))


def _plain(piece: str) -> str:
    return _visible(html.unescape(piece))


def _visible(text: str) -> str:
    folded = re.sub(r"\s+", " ", text)
    return "".join(c for c in folded if c in _JOINERS or unicodedata.category(c) not in _UNSEEN)
