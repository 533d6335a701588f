"""Suggestions drawn without a database, as the serving room would read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from pipeline.serving.outbox import Subscriber
from pipeline.serving.queries import Paper, Person, Reason, Recommendation, ServedRun

DAY = date(2026, 2, 28)
NOW = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
RUN = ServedRun("run-1", DAY, NOW, NOW, "test-1", 1, 1, 2)
ZOE = Subscriber("staff/7", "Zoë Müller-Łukasz", "zoe@example.org", None, None, 1)


def person(author_id: int, name: str, **changed: Any) -> Person:
    """Draw somebody who is suggested or named."""
    return replace(Person(author_id, name, None, None, None, None, 2, DAY, DAY, False), **changed)


def paper(pmid: int, year: int | None = None, title: str = "A title") -> Paper:
    """Draw a paper; without a year its date is unknown."""
    return Paper(pmid, title, None, date(year, 6, 1) if year else None)


ANA, TOM, KIM = person(2, "Ana Ruiz"), person(3, "Tom Okafor"), person(4, "Kim Park")


def shared(between: Person, own: Paper | None, other: Paper | None) -> Reason:
    """Say that `between` wrote `own` with the reader and `other` with the person suggested."""
    return Reason("shared_coauthor", 0.5, between, None, None, own, other)


def topic(name: str, own: Paper | None = None, other: Paper | None = None) -> Reason:
    """Say that both published on this."""
    return Reason("shared_topic", 0.0, None, None, name, own, other)


def recent(latest: Paper) -> Reason:
    """Name the latest paper of the person suggested."""
    return Reason("recent_paper", 0.0, None, None, None, latest, None)


def path(*steps: tuple[Person, Person, Paper | None]) -> tuple[Reason, ...]:
    """Say who wrote with whom, from the reader to the person suggested."""
    return tuple(Reason("path", 0.0, start, end, None, by, None) for start, end, by in steps)


def suggestion(
    *reasons: Reason, whom: Person = KIM, introducer: Person | None = None
) -> Recommendation:
    """Draw a suggestion with these reasons."""
    return Recommendation(1, whom, 0.5, None, introducer, reasons)


def parsed(content: bytes) -> EmailMessage:
    """Read a message back as a mail program would."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def part(message: EmailMessage, kind: str) -> str:
    """Give the `plain` or `html` part as text."""
    body = message.get_body((kind,))
    assert body is not None
    text = body.get_content()
    assert isinstance(text, str)
    return text
