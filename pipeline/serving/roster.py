"""The institution's roster: who may get a digest, and under which address."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Dialect, and_, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.errors import ConfrereError
from pipeline.serving.database import Connection, Engine, writing
from pipeline.serving.orcid import printed_orcid
from pipeline.serving.schema import (
    CURRENT_RUN,
    PEOPLE,
    SUBSCRIBERS,
    SUPPRESSED_PEOPLE,
    SUPPRESSIONS,
    hold_pointer,
)
from pipeline.serving.suppressions import address_hash

COLUMNS = ("person_id", "name", "email", "orcid", "department", "digest")
_KIND, _VALUE = SUPPRESSIONS.c.kind, SUPPRESSIONS.c.value
IS_SUPPRESSED = or_(
    exists().where(
        or_(
            and_(_KIND == "address_hash", SUBSCRIBERS.c.address_hash == _VALUE),
            and_(_KIND == "orcid", SUBSCRIBERS.c.orcid == _VALUE),
        )
    ),
    exists().where(
        SUPPRESSED_PEOPLE.c.run_id == CURRENT_RUN.c.run_id,
        SUPPRESSED_PEOPLE.c.author_id == SUBSCRIBERS.c.author_id,
    ),
)
"""Whether somebody on the roster asked to be left alone, as far as the current run knows."""
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    `opted_in_count` is without the `suppressed_count` people who asked to be left alone; they are
    in no other number but `person_count`. `unmatched` lists person_ids whose ORCID iD no author of
    the current run has; `orcid_less` those without one, who cannot be found.
    """

    person_count: int
    opted_in_count: int
    suppressed_count: int
    unmatched: tuple[str, ...]
    orcid_less: tuple[str, ...]


def import_roster(engine: Engine, file: Path, key: bytes, now: datetime) -> Imported:
    """Add or update the people of a CSV file; people who are not in it stay as they are.

    Parameters
    ----------
    file
        UTF-8 with a header: person_id, name, email, orcid, department, digest (yes or no). orcid
        and department may be empty.
    key
        Secret of `address_hash`.

    Raises
    ------
    ConfrereError
        A line is wrong; the message names it and nothing is changed.
    """
    rows = [{**row, "updated_at": now} for row in _read(file, key)]
    with writing(engine) as connection:
        hold_pointer(connection)
        if rows:
            connection.execute(_upsert(engine.dialect), rows)
        resolve_subscribers(connection)
        person_id = SUBSCRIBERS.c.person_id
        known = set(
            connection.scalars(select(person_id).where(SUBSCRIBERS.c.author_id.is_not(None)))
        )
        suppressed = set(connection.scalars(select(person_id).where(IS_SUPPRESSED)))
    told = [row for row in rows if row["person_id"] not in suppressed]
    return Imported(
        person_count=len(rows),
        opted_in_count=sum(bool(row["wants_digest"]) for row in told),
        suppressed_count=len(rows) - len(told),
        unmatched=tuple(
            str(row["person_id"]) for row in told if row["orcid"] and row["person_id"] not in known
        ),
        orcid_less=tuple(str(row["person_id"]) for row in told if not row["orcid"]),
    )


def resolve_subscribers(connection: Connection) -> None:
    """Find everyone on the roster among the people of the current run, by ORCID iD."""
    same_person = (
        select(func.min(PEOPLE.c.author_id))
        .join(CURRENT_RUN, CURRENT_RUN.c.run_id == PEOPLE.c.run_id)
        .where(PEOPLE.c.orcid == SUBSCRIBERS.c.orcid)
        .scalar_subquery()
    )
    connection.execute(update(SUBSCRIBERS).values(author_id=same_person))


def _upsert(dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    """Insert people, or replace all that the roster says about them."""
    make = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    new = make(SUBSCRIBERS)
    told = set(SUBSCRIBERS.c.keys()) - {"person_id", "author_id"}
    return new.on_conflict_do_update(
        index_elements=["person_id"], set_={name: new.excluded[name] for name in told}
    )


def _read(file: Path, key: bytes) -> Iterator[dict[str, object]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            yield from _rows(text, file.name, key)
    except OSError as error:
        raise ConfrereError(
            f"[{file}] cannot be read ({error.strerror}): give a CSV file"
        ) from None
    except UnicodeDecodeError:
        raise ConfrereError(f"[{file}] is not UTF-8: save it as CSV UTF-8") from None
    except csv.Error as error:
        raise ConfrereError(f"[{file}] is no CSV ({error}): save it as CSV UTF-8") from None


def _rows(text: Iterable[str], name: str, key: bytes) -> Iterator[dict[str, object]]:
    lines = csv.reader(text, strict=True)
    header = tuple(next(lines, []))
    if header != COLUMNS:
        raise ConfrereError(
            f"[{name} line 1] has the columns {', '.join(header)}: give {', '.join(COLUMNS)}"
        )
    seen: dict[str, int] = {}
    for fields in lines:
        if not any(field.strip() for field in fields):
            continue
        place = f"{name} line {lines.line_num}"
        row = _row(place, fields, key)
        person_id = str(row["person_id"])
        if person_id in seen:
            raise ConfrereError(
                f"[{place}] person_id {person_id} stands in line {seen[person_id]} too: keep one"
            )
        seen[person_id] = lines.line_num
        yield row


def _row(place: str, fields: list[str], key: bytes) -> dict[str, object]:
    if len(fields) != len(COLUMNS):
        raise ConfrereError(f"[{place}] has {len(fields)} fields: give {len(COLUMNS)}")
    person_id, name, email, orcid, department, digest = (field.strip() for field in fields)
    if not person_id or not name:
        raise ConfrereError(f"[{place}] has no person_id or no name: fill it in")
    if not _ADDRESS.fullmatch(email):
        raise ConfrereError(f"[{place}] {email!r} is no e-mail address: correct it")
    if digest.lower() not in ("yes", "no"):
        raise ConfrereError(f"[{place}] digest is {digest!r}: give yes or no")
    printed = printed_orcid(orcid)
    if orcid and printed is None:
        raise ConfrereError(f"[{place}] {orcid!r} is no ORCID iD: correct it or leave it empty")
    return {
        "person_id": person_id,
        "name": name,
        "email": email,
        "address_hash": address_hash(email, key),
        "orcid": printed,
        "department": department or None,
        "wants_digest": digest.lower() == "yes",
    }
