"""Who wants to be left alone.

A wish is kept as evidence that survives re-clustering: an ORCID iD, the keyed hash of an address,
a place in the author list of a paper. No stage of the pipeline writes it. What the evidence means
in a run is worked out when the run is published, and for the current run at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import ColumnElement, Dialect, Table, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from pipeline import engine as sql
from pipeline.errors import ConfrereError
from pipeline.lake import Dataset
from pipeline.serving.author_ids import names_of, portions
from pipeline.serving.database import Connection, Engine, reading, writing
from pipeline.serving.forget import forget_suppressed
from pipeline.serving.schema import (
    PEOPLE,
    RUNS,
    SUPPRESSED_PEOPLE,
    SUPPRESSIONS,
    hold_pointer,
)
from pipeline.settings import Settings
from pipeline.tables import COUNT, ID, TEXT

EVIDENCE = pa.schema([("kind", TEXT), ("value", TEXT), ("created_at", TEXT)])
SUPPRESSED = pa.schema([("author_id", ID), ("suppressed_at", TEXT)])
_FILE = Path(__file__).with_name("suppressed.sql")


def suppress(
    engine: Engine,
    now: datetime,
    created_by: str,
    *,
    author_id: int | None = None,
    former_ids: Iterable[int] = (),
    orcid: str | None = None,
    mentions: Iterable[tuple[int, int]] = (),
    address_hashes: Iterable[str] = (),
) -> int:
    """Leave a person alone from now on, as recipient and as suggestion.

    Parameters
    ----------
    author_id, former_ids
        Who it is today, and ids that lead there: the views leave them out as soon as this returns.
    orcid, mentions, address_hashes
        Evidence by which later runs know the person: ORCID iD, (pmid, position) of each of their
        papers, hashes made with `address_hash`.

    Returns
    -------
    Pieces of evidence that were not there before.

    Raises
    ------
    ConfrereError
        There is no evidence at all: the wish would not outlive the current run.
    """
    evidence = [("orcid", orcid)] if orcid else []
    evidence += [("mention", f"{pmid}:{position}") for pmid, position in mentions]
    evidence += [("address_hash", value) for value in address_hashes]
    if not evidence:
        raise ConfrereError(
            "[suppression] has no evidence: give an ORCID iD, an address or the person's papers"
        )
    rows = [
        {"kind": kind, "value": value, "created_at": now, "created_by": created_by}
        for kind, value in evidence
    ]
    with writing(engine) as connection:
        hold_pointer(connection)
        before = connection.scalar(select(func.count()).select_from(SUPPRESSIONS))
        connection.execute(_insert_new(SUPPRESSIONS, connection.dialect), rows)
        after = connection.scalar(select(func.count()).select_from(SUPPRESSIONS))
        _hide(connection, [author_id, *former_ids] if author_id is not None else [], orcid, now)
    return (after or 0) - (before or 0)


def suppressed_author_ids(
    engine: Engine, tables: Mapping[str, Dataset], settings: Settings
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Give the author ids in the lake (`identities`, `authors`) of everyone suppressed, sorted."""
    with reading(engine) as connection:
        evidence = _evidence(connection)
    ids: np.ndarray[tuple[int], np.dtype[np.int64]] = _suppressed_authors(
        evidence, tables, settings
    )["author_id"].to_numpy()
    return ids


def _suppressed_authors(
    evidence: pa.Table, tables: Mapping[str, Dataset], settings: Settings
) -> pa.Table:
    """Work out who the evidence means: author_id (sorted, once each) and the earliest instant."""
    if evidence.num_rows == 0:
        return SUPPRESSED.empty_table()
    rows = evidence.to_pylist()
    mentions = [
        {"pmid": int(pmid), "position": int(position), "created_at": row["created_at"]}
        for row in rows
        if row["kind"] == "mention"
        for pmid, position in [row["value"].split(":")]
    ]
    orcids = [
        {"orcid": row["value"], "created_at": row["created_at"]}
        for row in rows
        if row["kind"] == "orcid"
    ]
    sources: dict[str, sql.Source] = {
        "identities": tables["identities"],
        "authors": tables["authors"],
        "suppressed_mentions": pa.Table.from_pylist(
            mentions, pa.schema([("pmid", ID), ("position", COUNT), ("created_at", TEXT)])
        ),
        "suppressed_orcids": pa.Table.from_pylist(
            orcids, pa.schema([("orcid", TEXT), ("created_at", TEXT)])
        ),
    }
    return sql.fetch(_FILE, sources, {}, settings).cast(SUPPRESSED)


def resolve_suppressions(
    connection: Connection, run_id: str, tables: Mapping[str, Dataset], settings: Settings
) -> None:
    """Write who the evidence means in run `run_id`; part of publishing."""
    found = _suppressed_authors(_evidence(connection), tables, settings).to_pylist()
    connection.execute(delete(SUPPRESSED_PEOPLE).where(SUPPRESSED_PEOPLE.c.run_id == run_id))
    if found:
        connection.execute(
            insert(SUPPRESSED_PEOPLE),
            [
                {
                    "run_id": run_id,
                    "author_id": row["author_id"],
                    "suppressed_at": datetime.fromisoformat(row["suppressed_at"]),
                }
                for row in found
            ],
        )


def add_suppressions(
    connection: Connection, run_id: str, tables: Mapping[str, Dataset], settings: Settings
) -> None:
    """Write who the evidence means in a run of an earlier night, beside who is hidden there.

    People are known there by the ids of that night: those that lead to who they are now, and those
    of their ORCID iDs.
    """
    found = _suppressed_authors(_evidence(connection), tables, settings)
    since = dict(
        zip(found["author_id"].to_pylist(), found["suppressed_at"].to_pylist(), strict=True)
    )
    ids = found["author_id"].to_numpy()
    former = np.setdiff1d(names_of(ids, tables["redirects"]), ids) if since else ids[:0]
    rows = [(author_id, datetime.fromisoformat(at)) for author_id, at in since.items()]
    if former.size:
        earliest = min(at for _, at in rows)
        rows += [(author_id, earliest) for author_id in former.tolist()]
    by_orcid = (
        select(PEOPLE.c.author_id, SUPPRESSIONS.c.created_at)
        .join(SUPPRESSIONS, SUPPRESSIONS.c.value == PEOPLE.c.orcid)
        .where(PEOPLE.c.run_id == run_id, SUPPRESSIONS.c.kind == "orcid")
    )
    rows += [(row.author_id, row.created_at) for row in connection.execute(by_orcid)]
    if rows:
        connection.execute(
            _insert_new(SUPPRESSED_PEOPLE, connection.dialect),
            [
                {"run_id": run_id, "author_id": author_id, "suppressed_at": at}
                for author_id, at in rows
            ],
        )


def address_hash(address: str, key: bytes) -> str:
    """Hash an e-mail address so that it can be compared and not read (HMAC-SHA-256, hex)."""
    return hmac.new(key, address.strip().casefold().encode(), hashlib.sha256).hexdigest()


def secret_key(settings: Settings) -> bytes:
    """Give the secret of this home: `settings.secret_key`, else one made once and kept."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.home / "secret.key"
    try:
        if not path.exists():
            _make_secret(path)
        return path.read_bytes()
    except OSError as error:
        raise ConfrereError(
            f"[{path}] cannot be written or read ({error.strerror}): mend its permissions"
        ) from None


def _make_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    beside.touch(mode=0o600)
    beside.write_text(secrets.token_hex(32), encoding="ascii")
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(beside)  # the first of two processes wins; nobody sees half a key
    beside.unlink()


def _evidence(connection: Connection) -> pa.Table:
    chosen = select(SUPPRESSIONS.c.kind, SUPPRESSIONS.c.value, SUPPRESSIONS.c.created_at)
    rows = connection.execute(chosen.order_by(SUPPRESSIONS.c.kind, SUPPRESSIONS.c.value)).all()
    kinds, values, instants = zip(*rows, strict=True) if rows else ((), (), ())
    # one width, so that the text sorts as the instant does
    texts = [instant.astimezone(UTC).isoformat(timespec="microseconds") for instant in instants]
    return pa.table([list(kinds), list(values), texts], schema=EVIDENCE)


def _hide(
    connection: Connection, author_ids: Sequence[int], orcid: str | None, now: datetime
) -> None:
    """Hide the person in every run that is kept, so that a move of the pointer shows nothing.

    So is an id that a run does not show, but may lead to.
    """
    who: list[ColumnElement[bool]]
    who = [PEOPLE.c.author_id.in_(some) for some in portions(author_ids)]
    who += [PEOPLE.c.orcid == orcid] if orcid else []
    shown = set()
    for condition in who:
        found = select(PEOPLE.c.run_id, PEOPLE.c.author_id).where(condition)
        shown |= {(row.run_id, row.author_id) for row in connection.execute(found)}
    kept = connection.scalars(select(RUNS.c.run_id).where(RUNS.c.status.in_(["loading", "served"])))
    hidden = shown | {(run_id, author_id) for run_id in kept for author_id in author_ids}
    if hidden:
        connection.execute(
            _insert_new(SUPPRESSED_PEOPLE, connection.dialect),
            [
                {"run_id": run_id, "author_id": hidden_id, "suppressed_at": now}
                for run_id, hidden_id in sorted(hidden)
            ],
        )
    for run_id in sorted({run_id for run_id, _ in shown}):
        forget_suppressed(connection, run_id)


def _insert_new(table: Table, dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    """Insert rows whose key is not there yet; leave the others as they are."""
    make = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing()
