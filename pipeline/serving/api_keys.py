"""Who may ask the API: keys, of which only a hash is kept.

A token is 256 random bits, so one round of SHA-256 hides it: there is nothing to guess that a slow
hash would protect.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, insert, select, update

from pipeline.errors import WrongUse
from pipeline.serving.database import Engine, reading, writing
from pipeline.serving.schema import API_KEYS, CURRENT_RUN, PEOPLE, SUBSCRIBERS

SCOPES = {
    "read": "people, recommendations, reasons, pages",
    "export": "all recommendations as a file",
}
MARK = "confrere_"
"""Begins each token, so that one in a log or a repository is known for what it is."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept. `institution`: whose people's recommendations it sees; None: all."""

    key_id: int
    name: str
    scopes: frozenset[str]
    institution: str | None
    created_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None


_KEY = (
    API_KEYS.c.key_id,
    API_KEYS.c.name,
    API_KEYS.c.scopes,
    API_KEYS.c.institution,
    API_KEYS.c.created_at,
    API_KEYS.c.revoked_at,
    API_KEYS.c.last_used_on,
)


def add_key(
    engine: Engine, name: str, scopes: Iterable[str], institution: str | None, now: datetime
) -> str:
    """Make a key and give its token, which is shown this once.

    Raises
    ------
    WrongUse
        The name is empty or in use, or a scope is unknown.
    """
    if not name.strip():
        raise WrongUse("[key] has no name: say whose it is, such as portal")
    asked = sorted(set(scopes))
    for scope in asked:
        if scope not in SCOPES:
            raise WrongUse(f"[scope {scope}] is unknown: give any of {', '.join(SCOPES)}")
    token = MARK + secrets.token_urlsafe(32)
    with writing(engine) as connection:
        if connection.execute(_in_use(name)).first() is not None:
            raise WrongUse(f"[key {name}] is in use: revoke it first, or choose another name")
        connection.execute(
            insert(API_KEYS).values(
                key_hash=hash_of(token),
                name=name,
                scopes=" ".join(asked),
                institution=institution,
                created_at=now,
            )
        )
    return token


def keys(engine: Engine) -> list[ApiKey]:
    """Give all keys ever made, in order."""
    with reading(engine) as connection:
        rows = connection.execute(select(*_KEY).order_by(API_KEYS.c.key_id))
        return [_key(row) for row in rows]


def revoke_key(engine: Engine, name: str, now: datetime) -> None:
    """Make a key open nothing any more, from now on.

    Raises
    ------
    WrongUse
        No key of this name is in use.
    """
    is_meant = (API_KEYS.c.name == name) & API_KEYS.c.revoked_at.is_(None)
    with writing(engine) as connection:
        done = connection.execute(update(API_KEYS).where(is_meant).values(revoked_at=now))
        if not done.rowcount:
            raise WrongUse(f"[key {name}] is not in use: `confrere keys list` shows which are")


def key_of(engine: Engine, token: str, today: date) -> ApiKey | None:
    """Find the key of a token and note the day of its use; None where it opens nothing."""
    hashed = API_KEYS.c.key_hash == hash_of(token)
    with reading(engine) as connection:
        row = connection.execute(
            select(*_KEY).where(hashed, API_KEYS.c.revoked_at.is_(None))
        ).first()
    if row is None:
        return None
    if row.last_used_on != today:  # once a day, so that reading stays reading
        with writing(engine) as connection:
            connection.execute(update(API_KEYS).where(hashed).values(last_used_on=today))
    return _key(row)


def is_known_institution(engine: Engine, institution: str) -> bool:
    """Whether anybody of the current run or the roster is of this institution."""
    listed = select(SUBSCRIBERS.c.person_id).where(SUBSCRIBERS.c.institution == institution)
    printed = (
        select(PEOPLE.c.author_id)
        .join(CURRENT_RUN, CURRENT_RUN.c.run_id == PEOPLE.c.run_id)
        .where(PEOPLE.c.institution == institution)
    )
    with reading(engine) as connection:
        return any(connection.execute(rows.limit(1)).first() for rows in (listed, printed))


def hash_of(token: str) -> str:
    """Hash a token (SHA-256, hex)."""
    return hashlib.sha256(token.encode()).hexdigest()


def _in_use(name: str) -> Select[tuple[int]]:
    return select(API_KEYS.c.key_id).where(API_KEYS.c.name == name, API_KEYS.c.revoked_at.is_(None))


def _key(row: Sequence[Any]) -> ApiKey:
    number, name, scopes, *rest = row
    return ApiKey(number, name, frozenset(scopes.split()), *rest)
