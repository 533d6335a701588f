"""Opening the database: made, brought up to date, refused."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, delete, insert, inspect, select, text

from pipeline.errors import ConfrereError, WrongUse
from pipeline.serving.database import MIGRATIONS, Engine, open_database, reading, writing
from pipeline.serving.schema import CURRENT_RUN, METADATA, SUBSCRIBERS, SUPPRESSIONS, VIEWS
from pipeline.settings import Settings
from tests.serving.world import NIGHT, published


def test_the_migrations_build_what_the_schema_declares(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []


def test_the_views_have_the_columns_that_are_declared(engine: Engine) -> None:
    seen = inspect(engine)
    for view in VIEWS.tables.values():
        assert [column["name"] for column in seen.get_columns(view.name)] == list(view.c.keys())


def test_a_roster_of_the_first_tables_is_kept(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    old = create_engine(f"sqlite:///{tmp_path / 'serving.sqlite'}")
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO subscribers (person_id, name, email, address_hash, wants_digest,"
                " author_id, updated_at) VALUES ('P1', 'Ada', 'ada@example.org', 'x', 1, 7,"
                " '2026-03-01 02:00:00')"
            )
        )
    old.dispose()
    engine = open_database(Settings(home=tmp_path))
    with reading(engine) as connection:
        [row] = connection.execute(select(SUBSCRIBERS)).all()
    engine.dispose()
    assert (row.person_id, row.author_id, row.matched_by, row.pmids) == ("P1", 7, "orcid", None)


def test_opening_again_keeps_what_is_there(engine: Engine, settings: Settings) -> None:
    published(engine, settings)
    again = open_database(settings)
    with reading(again) as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM v1_recommendations")) == 3
    again.dispose()


def test_many_may_open_a_new_database_at_once(empty: Settings) -> None:
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            open_database(empty).dispose()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_database_from_a_newer_program_is_refused(empty: Settings) -> None:
    engine = open_database(empty)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ConfrereError, match=r"newer Confrere \(9999\)"):
        open_database(empty)


def test_a_failed_transaction_leaves_nothing(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(delete(CURRENT_RUN))
            connection.execute(text("UPDATE nothing SET here = 1"))

    with pytest.raises(ConfrereError, match="nothing"):
        fail()
    with reading(engine) as connection:
        assert connection.execute(select(CURRENT_RUN)).all() == [(1, None)]


def test_a_reader_sees_one_instant_through_all_its_queries(engine: Engine) -> None:
    question = text("SELECT COUNT(*) FROM suppressions")
    with reading(engine) as reader:
        assert reader.scalar(question) == 0
        with writing(engine) as writer:
            wish = {"kind": "orcid", "value": "x", "created_at": NIGHT, "created_by": "test"}
            writer.execute(insert(SUPPRESSIONS), [wish])
        assert reader.scalar(question) == 0
    with reading(engine) as reader:
        assert reader.scalar(question) == 1


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfrereError, match=r"file/home\] cannot be written .*--home"):
        open_database(Settings(home=tmp_path / "file" / "home"))


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    engine = open_database(Settings(home=tmp_path))
    with reading(engine) as connection:
        connection.exec_driver_sql("SELECT COUNT(*) FROM runs").all()
        files = list(tmp_path.glob("serving.sqlite*"))
        modes = {file.name: file.stat().st_mode & 0o077 for file in files if file.suffix != ".lock"}
    engine.dispose()
    assert len(modes) == 3
    assert set(modes.values()) == {0}


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "serving.sqlite").write_bytes(
        b"not a database, but long enough to be read as one" * 9
    )
    with pytest.raises(ConfrereError, match=r"serving\.sqlite"):
        open_database(Settings(home=tmp_path))


def test_an_unreachable_server_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://someone:hush@127.0.0.1:1/confrere"
    with pytest.raises(ConfrereError) as caught:
        open_database(Settings(home=tmp_path, database_url=url))
    assert "127.0.0.1" in str(caught.value)
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://x/y", "no address"])
def test_another_kind_of_database_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="database_url"):
        open_database(Settings(home=tmp_path, database_url=url))


def test_opening_the_database_again_keeps_the_locks_of_who_has_it_open(tmp_path: Path) -> None:
    """Else another process that closes it takes the log away from under an open reader."""
    settings = Settings(home=tmp_path)
    first = open_database(settings)
    with reading(first) as connection:
        connection.exec_driver_sql("SELECT COUNT(*) FROM runs").all()
    open_database(settings).dispose()
    write = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "c.execute('CREATE TABLE more (x)'); c.commit(); c.close()"
    )
    path = tmp_path / "serving.sqlite"
    subprocess.run([sys.executable, "-c", write, str(path)], check=True)
    assert path.with_name("serving.sqlite-wal").exists()
    first.dispose()
