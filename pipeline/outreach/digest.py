"""A digest: the message that suggests a few people to one subscriber, as text and as HTML."""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pipeline.errors import ConfrereError, WrongUse
from pipeline.outreach import wording
from pipeline.outreach.markup import as_html, as_text, one_line
from pipeline.serving.outbox import Subscriber
from pipeline.serving.queries import Paper, Recommendation, ServedRun
from pipeline.settings import Settings

SUGGESTIONS_PER_DIGEST = 5
TEXT_WIDTH = 72
POLICY = SMTP.clone(max_line_length=998)
"""Headers are not folded: the e-mail package breaks long ones (List-Unsubscribe) by folding."""
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_WORD}(\.{_WORD})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
"""The `addr-spec` of RFC 5322 without quotes and comments; more needs SMTPUTF8, which few speak."""
FOOTER = (
    "You get this because your institution's roster says that you asked for suggestions.",
    "It rests on public PubMed records only. Who wrote what is worked out by a program and can be "
    "wrong: reply, and it will be put right. Nobody named here was asked or told.",
    "To stop these messages, and not to be suggested to others either, reply to this one or ask "
    "whoever runs Confrere at your institution to enter it (confrere suppress).",
)


@dataclass(frozen=True, slots=True)
class _Link:
    url: str
    text: str
    html: str | Markup
    source: str


@dataclass(frozen=True, slots=True)
class _Item:
    """One suggestion as the templates show it; an empty text is left out."""

    name: str
    place: str
    orcid: str | None
    why: str
    introduction: str
    papers: Sequence[_Link]
    evidence: Sequence[_Link]


def compose(
    subscriber: Subscriber,
    suggestions: Sequence[Recommendation],
    run: ServedRun,
    settings: Settings,
    now: datetime,
    note: str = "",
) -> EmailMessage:
    """Make the message that suggests these people to the subscriber.

    The same person and run give the same Message-ID.

    Parameters
    ----------
    suggestions
        Who is new to the subscriber: one to five people, best first.
    now
        Instant of the Date header, with a time zone.
    note
        A sentence on these suggestions as a whole.

    Raises
    ------
    WrongUse
        `settings.mail_from` is no address.
    ConfrereError
        The subscriber's address cannot stand in a header.
    """
    sender = sender_of(settings)
    message_id = _message_id(subscriber.person_id, run.run_id, sender.domain)
    subject = _subject(len(suggestions))
    shown = {
        "subject": subject,
        "preview": f"{wording.listed([wording.name_of(s.person) for s in suggestions])}: "
        "what links you, and who could introduce you",
        "greeting": f"{_greeting(subscriber, len(suggestions), run)} {note}".rstrip(),
        "items": [_item(suggestion) for suggestion in suggestions],
        "footer": FOOTER,
    }
    message = EmailMessage(policy=SMTP)  # bodies are encoded in lines of 76, as the standard asks
    message["From"] = sender
    message["To"] = _recipient(subscriber)
    message["Subject"] = subject
    message["Date"] = now
    message["Message-ID"] = message_id
    message["List-Id"] = f"Confrere suggestions <suggestions.confrere.{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    templates = _templates()
    text = templates.get_template("digest.txt").render(shown)
    message.set_content(text, cte="quoted-printable")
    html = templates.get_template("digest.html").render(shown)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{message_id.strip('<').partition('@')[0]}")
    message.policy = POLICY
    return message


def sender_of(settings: Settings) -> Address:
    """Read `settings.mail_from`.

    Raises
    ------
    WrongUse
        It is no address.
    """
    name, address = parseaddr(settings.mail_from)
    if not _ADDRESS.fullmatch(address):
        raise WrongUse(
            f"[setting mail_from] is {settings.mail_from!r}: give Name <name@example.org>"
        )
    return Address(one_line(name), addr_spec=address)


def _recipient(subscriber: Subscriber) -> Address:
    if not _ADDRESS.fullmatch(subscriber.email):
        raise ConfrereError(
            f"[subscriber {subscriber.person_id}] has an address that cannot stand in a header: "
            "correct it in the roster (ASCII only)"
        )
    return Address(one_line(subscriber.name), addr_spec=subscriber.email)


def _message_id(person_id: str, run_id: str, domain: str) -> str:
    digest = hashlib.sha256(f"{person_id}\n{run_id}".encode()).hexdigest()
    return f"<{digest[:32]}@{domain}>"


def _subject(count: int) -> str:
    people = "colleague" if count == 1 else "colleagues"
    return f"{wording.counted(count).capitalize()} {people} you may want to meet"


def _greeting(subscriber: Subscriber, count: int, run: ServedRun) -> str:
    who = "is one person" if count == 1 else f"are {wording.counted(count)} people"
    return (
        f"Dear {one_line(subscriber.name)}, here {who} whose published work meets yours, from "
        f"PubMed records up to {run.as_of.day} {run.as_of:%B %Y}."
    )


def _item(suggestion: Recommendation) -> _Item:
    person = suggestion.person
    return _Item(
        name=wording.name_of(person),
        place=wording.affiliation(person),
        orcid=person.orcid,
        why=wording.why(suggestion),
        introduction=wording.introduction(suggestion),
        papers=[_paper(paper) for paper in wording.recent_papers(suggestion)],
        evidence=[
            _Link(wording.pubmed_url(fact.pmid), fact.text, fact.text, "")
            for fact in wording.evidence(suggestion)
        ],
    )


def _paper(paper: Paper) -> _Link:
    title = paper.title or f"PMID {paper.pmid}"
    return _Link(
        wording.pubmed_url(paper.pmid),
        as_text(title),
        Markup(as_html(title)),  # noqa: S704  # as_html lets nothing live through but five tags
        wording.source_of(paper),
    )


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.outreach"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["fill"] = _fill
    return environment


def _fill(text: str, first: str = "", rest: str | None = None) -> str:
    """Wrap text; `first` begins its first line and `rest` the others. Addresses are not broken."""
    return textwrap.fill(
        text,
        TEXT_WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
