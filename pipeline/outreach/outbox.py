"""The outbox: whoever opted in gets a digest file, once for each published run."""

from __future__ import annotations

import logging
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from pipeline.errors import ConfrereError
from pipeline.outreach import wording
from pipeline.outreach.digest import SUGGESTIONS_PER_DIGEST, compose, sender_of
from pipeline.progress import track
from pipeline.serving.database import Engine
from pipeline.serving.outbox import (
    Delivery,
    Subscriber,
    already_suggested,
    claim_delivery,
    mark_delivered,
    mark_failed,
    opted_in,
)
from pipeline.serving.queries import Recommendation, suggestions_of
from pipeline.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notified:
    """What became of those who opted in; whoever was composed for is delivered, withheld or failed.

    `withheld`: a digest for this run was claimed before, or an opt-out came in between.
    """

    composed: int
    delivered: int
    nothing_new: int
    withheld: int
    failed: int


def notify(engine: Engine, settings: Settings, now: datetime) -> Notified:
    """Write a digest as `.eml` for everyone who opted in and has somebody new to meet.

    One person's failure is logged, counted, noted with the delivery, and does not stop the others.

    Raises
    ------
    WrongUse
        `settings.mail_from` is no address: nobody's digest can be made.
    """
    sender_of(settings)
    counts = dict.fromkeys((field.name for field in fields(Notified)), 0)
    subscribers = opted_in(engine)
    for subscriber in track(subscribers, "writing digests", len(subscribers)):
        try:
            prepared = _prepared(engine, subscriber, settings, now)
            if prepared is None:
                counts["nothing_new"] += 1
                continue
            counts["composed"] += 1
            delivered = _deliver(engine, *prepared, settings.outbox_folder)
            counts["delivered" if delivered else "withheld"] += 1
        except Exception as error:
            is_defect = not isinstance(error, ConfrereError)
            who = subscriber.person_id
            logger.error("[subscriber %s] no digest: %s", who, error, exc_info=is_defect)
            counts["failed"] += 1
    return Notified(**counts)


def _prepared(
    engine: Engine, subscriber: Subscriber, settings: Settings, now: datetime
) -> tuple[Delivery, EmailMessage] | None:
    """Compose what is new to the subscriber; None where nothing is."""
    limit = settings.recommendations_per_author
    found = suggestions_of(engine, str(subscriber.author_id), limit)
    if found is None:
        return None
    known = already_suggested(engine, subscriber.person_id)
    chosen = [
        suggestion
        for suggestion in found.recommendations
        if suggestion.person.author_id not in known and wording.why(suggestion)
    ][:SUGGESTIONS_PER_DIGEST]
    if not chosen:
        return None
    note = wording.little_history(found.person)
    message = compose(subscriber, chosen, found.run, settings, now, note)
    delivery = Delivery(
        person_id=subscriber.person_id,
        run_id=found.run.run_id,
        message_id=str(message["Message-ID"]),
        subject=str(message["Subject"]),
        candidate_ids=tuple(suggestion.person.author_id for suggestion in chosen),
        named_ids=_named_in(chosen),
        created_at=now,
    )
    return delivery, message


def _named_in(suggestions: Sequence[Recommendation]) -> tuple[int, ...]:
    """Who stands in the reasons and introductions, once each."""
    named = [
        person
        for suggestion in suggestions
        for person in (
            suggestion.introducer,
            *(reason.person for reason in suggestion.reasons),
            *(reason.other_person for reason in suggestion.reasons),
        )
    ]
    return tuple(sorted({person.author_id for person in named if person is not None}))


def _deliver(engine: Engine, delivery: Delivery, message: EmailMessage, folder: Path) -> bool:
    """Write the message; False where it was claimed before or somebody in it has opted out."""
    if not claim_delivery(engine, delivery):  # the last look at the suppressions
        return False
    path = folder / delivery.run_id / _file_name(message)
    try:
        _write(path, message.as_bytes())
    except OSError as error:
        mark_failed(engine, delivery.message_id, f"{path}: {error.strerror}")
        raise ConfrereError(
            f"[{path}] cannot be written ({error.strerror}): make room or mend its permissions"
        ) from error
    mark_delivered(engine, delivery.message_id, str(path), delivery.created_at)
    return True


def _file_name(message: EmailMessage) -> str:
    """Readable and safe: the recipient's name in plain letters, then what makes it unique."""
    name = unicodedata.normalize("NFKD", message["To"].addresses[0].display_name)
    plain = re.sub(r"[^a-z0-9]+", "-", name.encode("ascii", "ignore").decode().lower())
    unique = message["Message-ID"].strip("<").partition("@")[0]
    return f"{plain[:40].strip('-') or 'person'}-{unique[:12]}.eml"


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.touch(mode=0o600)  # a message is for its reader only
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
