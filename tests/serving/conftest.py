"""The same tests on SQLite and on a real PostgreSQL server, started here on a private socket."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import delete, update

from pipeline.serving.database import Engine, open_database, writing
from pipeline.serving.schema import CURRENT_RUN, METADATA
from pipeline.settings import Settings


def _server_programs() -> Path | None:
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the address of a server of our own."""
    if _server_programs() is None:
        pytest.skip("no PostgreSQL server program: apt-get install postgresql")
    with postgres() as (address, _):
        yield address


@contextmanager
def postgres() -> Iterator[tuple[str, int]]:
    """Start a server of our own; give its address and the number of its process."""
    programs = _server_programs()
    assert programs is not None
    # the server refuses to run as root
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="confrere-postgres-"))
    if user:
        shutil.chown(folder, user)
    as_user = {"user": user, "group": user, "extra_groups": []} if user else {}
    initdb = [
        programs / "initdb",
        "-D",
        folder / "data",
        "-U",
        "confrere",
        *["-A", "trust", "-E", "UTF8"],
    ]
    initdb += ["--locale=C", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]  # as below
    options = ["-c", "listen_addresses=", "-c", "fsync=off", "-k", folder]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(  # type: ignore[call-overload]  # keywords where root must change user
            [programs / "postgres", "-D", folder / "data", *options],
            stdout=log,
            stderr=log,
            cwd=folder,
            **as_user,
        )
    try:
        _wait_for(folder)
        yield f"postgresql://confrere@/postgres?host={folder}", server.pid
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nothing in it is worth keeping
        server.wait(timeout=30)
        shutil.rmtree(folder)


def _wait_for(folder: Path) -> None:
    for _ in range(300):
        try:
            psycopg.connect(f"host={folder} user=confrere dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError((folder / "log").read_text())


on_both = pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])


@on_both
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Give settings whose database nobody has opened yet."""
    if request.param == "sqlite":
        return Settings(home=tmp_path)
    return Settings(home=tmp_path, database_url=schema_of(request, f"test_{uuid4().hex}"))


@on_both
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Give settings of a database without rows; on PostgreSQL the tests share its tables."""
    if request.param == "sqlite":
        return Settings(home=tmp_path)
    return Settings(home=tmp_path, database_url=schema_of(request, "shared"))


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """Open the database and see that it has no rows."""
    engine = open_database(settings)
    with writing(engine) as connection:
        connection.execute(update(CURRENT_RUN).values(run_id=None))
        for table in reversed(METADATA.sorted_tables):
            if table is not CURRENT_RUN:
                connection.execute(delete(table))
    yield engine
    engine.dispose()


def schema_of(request: pytest.FixtureRequest, name: str) -> str:
    """Make a schema on our server; give its address."""
    """Give the address of a schema of its own, which takes far less time than a database."""
    server = request.getfixturevalue("postgres_server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
    return f"{server}&options=-csearch_path%3D{name}"
