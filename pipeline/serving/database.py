"""Open the serving database, read it as one snapshot, write it in one transaction."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError

from pipeline.errors import ConfrereError, WrongUse
from pipeline.serving.schema import view_comments
from pipeline.settings import Settings

__all__ = ["Connection", "Engine", "exclusively", "open_database", "reading", "writing"]

MIGRATIONS = Path(__file__).parent / "migrations"
SECONDS_TO_WAIT = 30
_LOCKS = {"migrate": 1, "publish": 2, "roster": 3}
_LOCK_SPACE = 0x436F6E66  # our corner of PostgreSQL's advisory locks


def open_database(settings: Settings) -> Engine:
    """Open the serving database, made or brought up to date where needed.

    It is SQLite in the home, or PostgreSQL where `settings.database_url` says so. Two processes
    may do this at once.

    Raises
    ------
    WrongUse
        `database_url` is no PostgreSQL address.
    ConfrereError
        The home cannot be written, the database not be reached, or it is newer than this program.
    """
    address = settings.database_url
    engine = _postgresql(address) if address else _sqlite(settings.home)
    try:
        _migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a read transaction: all its queries see the database at one instant."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else None
    options = {"isolation_level": level} if level else {}
    with _plain_errors(engine), engine.connect() as connection:
        connection = connection.execution_options(**options)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a write transaction: all of it happens or nothing does."""
    with _plain_errors(engine), engine.connect() as connection:
        connection = connection.execution_options(confrere_write=True)
        with connection.begin():
            yield connection


@contextmanager
def exclusively(engine: Engine, what: str) -> Iterator[None]:
    """Be the only process that does `what` (one of `_LOCKS`); wait for another to end.

    The lock goes with the process that holds it, however it ends.
    """
    if engine.dialect.name == "sqlite":
        with Path(f"{engine.url.database}.{what}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    keys = {"space": _LOCK_SPACE, "what": _LOCKS[what]}
    with _plain_errors(engine), engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("SELECT pg_advisory_lock(:space, :what)"), keys)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:space, :what)"), keys)


def name_of(engine: Engine) -> str:
    """Name the database in a message, without its password."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)


@contextmanager
def _plain_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        why = " ".join(str(error.orig).split())
        raise ConfrereError(
            f"[database {name_of(engine)}] {why}: see that it can be reached and written"
        ) from error


def _sqlite(home: Path) -> Engine:
    try:
        home.mkdir(parents=True, exist_ok=True)
        path = home.resolve() / "serving.sqlite"
        # asked, not tried: closing a handle of our own on the file would drop the locks that
        # SQLite holds on it in this process (sqlite.org/howtocorrupt.html, 2.2)
        if not os.access(path if path.exists() else home, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if not path.exists():  # it holds the roster's addresses; the files SQLite puts beside it
            path.touch(mode=0o600)  # get the same mode
    except OSError as error:
        raise ConfrereError(
            f"[{home}] cannot be written ({error.strerror}): choose another folder with --home"
        ) from None
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": SECONDS_TO_WAIT})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin too late for a snapshot
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")  # safe in WAL: a crash loses no consistency


def _begin_sqlite(connection: Connection) -> None:
    # a writer takes the write lock at once: upgrading a read lock later could fail
    is_write = connection.get_execution_options().get("confrere_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _postgresql(address: str) -> Engine:
    try:
        url = make_url(address)
    except ArgumentError:
        raise WrongUse("[setting database_url] cannot be read: give postgresql://…") from None
    if url.get_backend_name() != "postgresql":
        raise WrongUse(
            f"[setting database_url] asks for {url.drivername}: give postgresql://… or leave it "
            "empty for SQLite"
        )
    try:
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ModuleNotFoundError:
        raise ConfrereError(
            "[setting database_url] needs psycopg: pip install 'confrere[postgres]'"
        ) from None


def _migrate(engine: Engine) -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    head = scripts.get_current_head()
    if _revision(engine) == head:
        return
    with exclusively(engine, "migrate"):
        if engine.dialect.name == "sqlite":
            _switch_to_wal(engine)
        revision = _revision(engine)
        if revision is not None and revision not in {s.revision for s in scripts.walk_revisions()}:
            raise ConfrereError(
                f"[database {name_of(engine)}] was made by a newer Confrere ({revision}): "
                "install that version, or choose another home"
            )
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if engine.dialect.name == "postgresql":  # SQLite keeps no comments
                for statement in view_comments():
                    connection.exec_driver_sql(statement)


def _revision(engine: Engine) -> str | None:
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _switch_to_wal(engine: Engine) -> None:
    # outside a transaction, once: the file remembers it
    with _plain_errors(engine):
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA journal_mode = WAL")
        finally:
            raw.close()
