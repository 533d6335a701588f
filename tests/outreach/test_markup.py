"""Titles: the five tags live, nothing else."""

from __future__ import annotations

import doctest
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from pipeline.outreach import markup, wording
from pipeline.outreach.markup import as_html, as_text, one_line

FIVE = {"i", "b", "u", "sub", "sup"}
PIECES = [
    *(
        "<i>",
        "</i>",
        "<b>",
        "</b>",
        "<sub>",
        "</sup>",
        "<sup>",
        "<<i>>",
        "< i>",
        "<I>",
        "<i/>",
        "</",
    ),
    *("<script>alert(1)</script>", "<img src=x onerror=y>", "<i onclick=z>", "<!--", "]]>", "<?x"),
    *("&lt;script&gt;", "&amp;lt;b&amp;gt;", "&#60;a&#62;", "\"'", "javascript:", "{{ 7 }}"),
    *("\r\nBcc: x", "\u202e", "\u2028", "\x00", "\u200d"),
]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map("".join)


class Reader(HTMLParser):
    """Notes what is live: tags with their attributes, and whether each end meets its start."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.opened: list[str] = []
        self.shown = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        if tag != "br":  # has no end
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.shown += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a live comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a live declaration: {decl}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a live declaration: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"a live instruction: {data}")


@given(HOSTILE)
def test_nothing_but_the_five_tags_is_live_in_a_title(title: str) -> None:
    read = Reader(as_html(title))
    assert {tag for tag, _ in read.tags} <= FIVE
    assert all(not attributes for _, attributes in read.tags)
    assert not read.opened


def test_the_five_tags_of_a_well_formed_title_are_kept_exactly() -> None:
    title = "<i>In <b>vivo</b></i> H<sub>2</sub>O &lt; 10<sup>-3</sup> &amp; <u>more</u>"
    assert as_html(title) == title
    assert as_text(title) == "In vivo H2O < 10⁻³ & more"


@given(HOSTILE)
def test_html_and_text_of_a_title_say_the_same(title: str) -> None:
    shown = Reader(as_html(title)).shown
    lifted = {ord(raised): plain for plain, raised in markup._SUPERSCRIPTS.items() if plain != "−"}
    assert one_line(shown).replace("−", "-").translate(lifted) == one_line(
        as_text(title).replace("−", "-").translate(lifted)
    )


@given(st.text())
def test_a_line_stays_one_line_without_unseen_characters(text: str) -> None:
    line = one_line(text)
    assert line.isprintable() or set("\u200c\u200d") & set(line) or not line.isascii()
    assert not set(line) & set("\r\n\x00\x0b\x0c\x85\u2028\u2029\u202e\u2066\u200b")


def test_examples_in_the_docs_hold() -> None:
    for module in (markup, wording):
        result = doctest.testmod(module)
        assert result.attempted
        assert not result.failed
