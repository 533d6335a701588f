"""The message: headers, both parts, hostile input."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfrereError, WrongUse
from pipeline.outreach.digest import compose
from pipeline.serving.outbox import Subscriber
from pipeline.serving.queries import Paper, Recommendation
from pipeline.settings import Settings
from tests.outreach.drawn import (
    ANA,
    KIM,
    NOW,
    RUN,
    TOM,
    ZOE,
    paper,
    parsed,
    part,
    person,
    recent,
    shared,
    suggestion,
    topic,
)
from tests.outreach.test_markup import FIVE, HOSTILE, Reader

SETTINGS = Settings(mail_from="Confrere <digest@example.org>")
TITLE = "<i>E. coli</i> at 10<sup>5</sup> CFU/mL &amp; CO<sub>2</sub>"
KIM_AT_WORK = replace(
    KIM, orcid="0000-0002-1694-233X", department="Cardiology", institution="St. Example"
)
ONE = suggestion(
    shared(ANA, paper(101, 2024), paper(102, 2022)),
    topic("Sepsis", paper(101, 2024), paper(103, 2023)),
    recent(Paper(104, TITLE, "Journal of <X>", paper(1, 2025).published_on)),
    whom=KIM_AT_WORK,
    introducer=ANA,
)
ANYTHING = HOSTILE.map(lambda text: text or "x")


def made(
    *suggestions: Recommendation, to: Subscriber = ZOE, settings: Settings = SETTINGS
) -> EmailMessage:
    return parsed(compose(to, suggestions, RUN, settings, NOW).as_bytes())


def test_the_message_reads_back_with_both_parts_and_its_headers() -> None:
    message = made(ONE)
    assert message.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_all("Subject") == ["One colleague you may want to meet"]
    (recipient,) = message["To"].addresses
    assert (recipient.display_name, recipient.addr_spec) == (ZOE.name, ZOE.email)
    assert message["From"] == "Confrere <digest@example.org>"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert "<suggestions.confrere.example.org>" in message["List-Id"]
    assert "List-Unsubscribe" not in message  # nothing answers there yet


def test_both_parts_say_who_why_what_to_read_and_who_could_introduce() -> None:
    text, html = part(made(ONE), "plain"), part(made(ONE), "html")
    flat = " ".join(text.split())
    shown = " ".join(Reader(_body(html)).shown.split())
    for said in (
        "Kim Park",
        "Cardiology, St. Example",
        "You have both written with Ana Ruiz, and both publish on “Sepsis”.",
        "Ana Ruiz wrote with you in 2024 and with Kim Park in 2022, and could introduce you.",
        "Journal of <X>, 2025",
        "confrere suppress",
        "28 February 2026",
    ):
        assert said in flat
        assert said in shown
    links = ["https://orcid.org/0000-0002-1694-233X"]
    links += [f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" for pmid in (101, 102, 103, 104)]
    for link in links:
        assert link in text
        assert f'href="{link}"' in html
    assert TITLE in html
    assert "E. coli at 10⁵ CFU/mL & CO2" in flat


def test_nothing_is_loaded_from_elsewhere_and_no_link_goes_through_us() -> None:
    html = part(made(ONE), "html")
    assert not re.search(r"src=|url\(|@import|<link|<img|<script|<form|http:", html)
    assert set(re.findall(r'href="(https://[^/"]+)/', html)) == {
        "https://orcid.org",
        "https://pubmed.ncbi.nlm.nih.gov",
    }


def test_it_suits_dark_screens_and_phones() -> None:
    html = part(made(ONE), "html")
    assert "@media (prefers-color-scheme: dark)" in html
    for needed in ('name="color-scheme"', 'name="viewport"', "<h1", "<h2"):
        assert needed in html


def test_five_suggestions_with_the_longest_titles_stay_below_100_kb() -> None:
    long = replace(paper(9, 2025), title=f"<i>{'Größe ' * 250}</i>")  # 1,500 letters
    full = suggestion(
        *(shared(ANA, paper(10 + n, 2024), paper(20 + n, 2022)) for n in range(3)),
        *(topic("Diabetes Mellitus, Type 2", paper(30 + n), paper(40 + n)) for n in range(2)),
        recent(long),
        whom=KIM_AT_WORK,
        introducer=ANA,
    )
    message = compose(ZOE, [full] * 5, RUN, SETTINGS, NOW)
    assert message["Subject"] == "Five colleagues you may want to meet"
    assert len(message.as_bytes()) < 100_000


def test_the_same_person_and_run_give_the_same_bytes_and_others_another_message_id() -> None:
    first = compose(ZOE, [ONE], RUN, SETTINGS, NOW)
    assert compose(ZOE, [ONE], RUN, SETTINGS, NOW).as_bytes() == first.as_bytes()
    other_run = compose(ZOE, [ONE], replace(RUN, run_id="run-2"), SETTINGS, NOW)
    other_person = compose(replace(ZOE, person_id="8"), [ONE], RUN, SETTINGS, NOW)
    assert len({m["Message-ID"] for m in (first, other_run, other_person)}) == 3
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", first["Message-ID"])


@given(title=ANYTHING, name=ANYTHING, place=ANYTHING, about=ANYTHING, journal=ANYTHING)
def test_hostile_texts_change_neither_the_markup_nor_the_headers(
    title: str, name: str, place: str, about: str, journal: str
) -> None:
    def drawn(title: str, name: str, place: str, about: str, journal: str) -> EmailMessage:
        someone = person(5, name, department=place, institution=place)
        read = Paper(104, title, journal, None)
        reasons = (
            shared(someone, paper(1), paper(2)),
            topic(about, paper(1), paper(3)),
            recent(read),
        )
        to = replace(ZOE, name=name)
        return made(suggestion(*reasons, whom=someone, introducer=someone), to=to)

    hostile = drawn(title, f"N{name}", f"P{place}", about, f"J{journal}")
    harmless = drawn("A title", "Name", "Place", "Topic", "Journal")
    assert _structure(hostile) == _structure(harmless)
    assert hostile.keys() == harmless.keys()
    for header in ("From", "Subject", "Date", "Message-ID", "List-Id"):
        assert hostile[header] == harmless[header]
    assert [address.addr_spec for address in hostile["To"].addresses] == [ZOE.email]


def test_a_name_with_line_breaks_is_one_line_of_the_text() -> None:
    broken = replace(KIM, name="Kim\r\nPark\u2028of\u202e", institution="St.\nExample")
    text = part(made(suggestion(topic("Sep\nsis"), whom=broken)), "plain").replace("\r\n", "\n")
    assert "\n1. Kim Park of\n   St. Example\n" in text
    assert "“Sep sis”" in text


@given(st.text(min_size=1, max_size=200))
def test_any_name_comes_back_from_the_header(name: str) -> None:
    message = made(ONE, to=replace(ZOE, name=name))
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == ZOE.email
    assert not message.defects


@pytest.mark.parametrize(
    "address",
    [
        "zoë@example.org",
        "zoe@exämple.org",
        "zoe",
        "a b@example.org",
        "z@x.org\nBcc: b@x.org",
        "z@x.org\n",
    ],
)
def test_an_address_that_cannot_stand_in_a_header_is_refused_by_person(address: str) -> None:
    with pytest.raises(ConfrereError, match=r"\[subscriber staff/7\]"):
        compose(replace(ZOE, email=address), [ONE], RUN, SETTINGS, NOW)


@pytest.mark.parametrize("sender", ["", "nobody", "Größe <größe@example.org>", "A <a@b@c>"])
def test_a_sender_that_is_no_address_is_wrong_use(sender: str) -> None:
    with pytest.raises(WrongUse, match="mail_from"):
        compose(ZOE, [ONE], RUN, Settings(mail_from=sender), NOW)


def test_what_is_unknown_leaves_no_trace() -> None:
    bare = suggestion(shared(TOM, None, None))
    message = made(bare)
    html = part(message, "html")
    assert "orcid" not in html
    assert "Recent paper" not in html + part(message, "plain")
    assert "See for yourself" not in html + part(message, "plain")
    assert "None" not in html + part(message, "plain")


def _body(html: str) -> str:
    return html[html.index("<main") : html.index("</main>") + len("</main>")]


def _structure(message: EmailMessage) -> list[Any]:
    read = Reader(_body(part(message, "html")))
    assert not read.opened
    return [entry for entry in read.tags if entry[0] not in FIVE]


def test_a_note_on_all_suggestions_stands_in_both_parts() -> None:
    note = "We know few papers of yours: one paper so far."
    message = parsed(compose(ZOE, [ONE], RUN, SETTINGS, NOW, note).as_bytes())
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert note in " ".join(body.get_content().split())
