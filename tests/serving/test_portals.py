"""What roles of PostgreSQL may see and do."""

# ruff: noqa: E501  (statements read best one a line)
from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import psycopg
import pytest

from pipeline.errors import WrongUse
from pipeline.serving.database import Engine, open_database, writing
from pipeline.serving.portals import grant_pipeline, grant_portal
from pipeline.serving.publish import publish
from pipeline.serving.schema import SUBSCRIBERS, V1_RECOMMENDATIONS, VIEWS
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from tests.serving.world import ADA, BO, CY, DEE, EVE, NIGHT, WORLD, published, run, tables

on_postgres = pytest.mark.parametrize(
    "settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
HERE, THERE, ALL = "portal here", "portal_there", "portal_all"


@pytest.fixture
def portals(engine: Engine, settings: Settings) -> Engine:
    """Publish the drawn run; Ada is at Example University, Bo on the roster of Other Hospital."""
    published(engine, settings, WORLD, "run-0", NIGHT - timedelta(days=1))
    published(engine, settings)
    people = [("P1", ADA, "Example University"), ("P2", BO, "Other Hospital"), ("P3", DEE, "Other Hospital")]  # fmt: skip
    with writing(engine) as connection:
        for person_id, author_id, institution in people:
            private = {"name": "x", "email": f"{person_id}@example.org", "address_hash": person_id}
            row = {"person_id": person_id, "author_id": author_id, "institution": institution}
            connection.execute(
                SUBSCRIBERS.insert().values(**row, **private, wants_digest=False, updated_at=NIGHT)
            )
    grant_portal(engine, HERE, "Example University")
    grant_portal(engine, THERE, "Other Hospital")
    grant_portal(engine, ALL, None)
    return engine


def ask(settings: Settings, role: str, question: str) -> list[tuple[Any, ...]]:
    address = settings.database_url.replace("confrere@", f"{role.replace(' ', '%20')}@")
    with psycopg.connect(address) as connection:
        return connection.execute(question.encode()).fetchall()


def pairs(settings: Settings, role: str) -> list[tuple[Any, ...]]:
    return ask(settings, role, "SELECT author_id, candidate_id FROM v1_recommendations ORDER BY 1, 2")  # fmt: skip


@on_postgres
def test_a_portal_sees_the_suggestions_made_to_people_of_its_institution(
    portals: Engine, settings: Settings
) -> None:
    assert pairs(settings, HERE) == [(ADA, CY), (ADA, EVE)]
    assert pairs(settings, THERE) == [(BO, EVE)]
    assert pairs(settings, ALL) == [(ADA, CY), (ADA, EVE), (BO, EVE)]


@on_postgres
def test_people_papers_and_ties_are_public_facts(portals: Engine, settings: Settings) -> None:
    for role in (HERE, THERE, ALL):
        for view in VIEWS.tables:
            ask(settings, role, f"SELECT * FROM {view}")
        people = ask(settings, role, "SELECT author_id FROM v1_people ORDER BY 1")
        assert people == [(ADA,), (BO,), (CY,), (DEE,), (EVE,)]
        assert ask(settings, role, "SELECT COUNT(*) FROM v1_ties") == [(2,)]
        assert ask(settings, role, "SELECT run_id FROM v1_runs ORDER BY 1") == [("run-0",), ("run-1",)]  # fmt: skip


@on_postgres
def test_a_portal_knows_the_ids_of_its_own_institution_only(
    portals: Engine, settings: Settings
) -> None:
    question = "SELECT person_id FROM v1_person_ids ORDER BY 1"
    assert ask(settings, HERE, question) == [("P1",)]
    assert ask(settings, THERE, question) == [("P2",), ("P3",)]
    assert ask(settings, ALL, question) == [("P1",), ("P2",), ("P3",)]


@on_postgres
def test_who_opts_out_is_invisible_to_every_portal_at_once(
    portals: Engine, settings: Settings
) -> None:
    suppress(portals, NIGHT, "test", author_id=EVE, mentions=[(4, 1)])
    suppress(portals, NIGHT, "test", author_id=DEE, mentions=[(1, 2)])
    for role in (HERE, THERE, ALL):
        for table in ("v1_people", "people"):
            seen = {row[0] for row in ask(settings, role, f"SELECT author_id FROM {table}")}
            assert seen == {ADA, BO, CY}
        for table in ("recommendations", "v1_recommendations"):
            told = ask(settings, role, f"SELECT candidate_id, introducer_id, reasons FROM {table}")
            assert all(row[0] == CY and row[1] is None and str(DEE) not in row[2] for row in told)
        for table in ("v1_ties", "ties", "suppressed_people"):
            assert ask(settings, role, f"SELECT * FROM {table}") == []
    assert ask(settings, THERE, "SELECT * FROM v1_person_ids") == [("P2", BO)]
    sees = "SELECT portal_sees(current_user::text, 'run-1', {}, FALSE)"
    assert ask(settings, ALL, sees.format(EVE)) == ask(settings, ALL, sees.format(999))


HOSTILE = [
    "INSERT INTO recommendations (run_id, author_id, rank, candidate_id, reasons) VALUES ('run-1', 1, 1, 2, '[]')",
    "INSERT INTO v1_people SELECT * FROM v1_people",
    "INSERT INTO portal_roles VALUES ('portal here', NULL)",
    "UPDATE portal_roles SET institution = NULL",
    "UPDATE current_run SET run_id = NULL",
    "UPDATE v1_recommendations SET rank = 1",
    "DELETE FROM people",
    "DELETE FROM suppressed_people",
    "TRUNCATE recommendations",
    "DROP VIEW v1_people",
    "DROP TABLE people",
    "DROP POLICY portal ON people",
    "ALTER TABLE people DISABLE ROW LEVEL SECURITY",
    "ALTER VIEW v1_people SET (security_invoker = false)",
    "CREATE TABLE shared.mine (x int)",
    "CREATE VIEW shared.mine AS SELECT * FROM v1_people",
    "CREATE FUNCTION shared.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION portal_sees(portal text, run text, author bigint, own boolean) RETURNS boolean LANGUAGE sql AS 'SELECT TRUE'",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SET ROLE confrere",
    "SET SESSION AUTHORIZATION confrere",
    "SET ROLE portal_all",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY people FROM PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/confrere-was-here'",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT refresh_statistics()",
    "SELECT * FROM subscribers",
    "SELECT * FROM api_keys",
    "SELECT email FROM subscribers",
    "SELECT address_hash FROM subscribers",
    "SELECT * FROM suppressions",
    "SELECT * FROM deliveries",
    "SELECT * FROM delivered_suggestions",
    "SELECT * FROM roster_matches",
    "SELECT * FROM roster_decisions",
    "SELECT * FROM served_ids",
    "SELECT * FROM gate_results",
    "SELECT * FROM alembic_version",
    "LOCK TABLE people IN ACCESS EXCLUSIVE MODE",
    "CREATE TRIGGER mine BEFORE INSERT ON people EXECUTE FUNCTION portal_sees()",
]  # fmt: skip


NO_ROWS = psycopg.ProgrammingError(
    "the last operation didn't produce records (command status: SET)"
)
DENIED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ObjectNotInPrerequisiteState,  # rows of this view cannot be written at all
    psycopg.errors.FeatureNotSupported,  # nor copied into a table with row-level security
)


@on_postgres
def test_hostile_statements_are_denied(portals: Engine, settings: Settings) -> None:
    before = pairs(settings, ALL)
    let_through = []
    for role, statement in product((HERE, ALL), HOSTILE):
        try:
            ask(settings, role, statement)
            let_through.append((role, statement))
        except DENIED:
            pass
        except psycopg.Error as error:
            let_through.append((role, f"{statement}: {error!r}"))
    assert let_through == [(ALL, f"SET ROLE portal_all: {NO_ROWS!r}")]
    assert pairs(settings, ALL) == before


@on_postgres
def test_a_portal_has_nothing_to_grant(portals: Engine, settings: Settings) -> None:
    """PostgreSQL only warns where nothing could be granted."""
    with psycopg.connect(settings.database_url.replace("confrere@", "portal_all@")) as connection:
        connection.execute("GRANT SELECT ON people TO PUBLIC")
    granted = "SELECT COUNT(*) FROM information_schema.table_privileges WHERE grantee = 'PUBLIC' AND table_name = 'people'"
    assert ask(settings, "confrere", granted) == [(0,)]


TRICKS = [
    # what a client can set decides nothing
    "SET row_security = on; SET application_name = 'portal_all'; SELECT author_id FROM recommendations",
    "SET confrere.institution = 'Other Hospital'; SELECT author_id FROM v1_recommendations",
    "CREATE TEMP TABLE suppressions (x int); SET search_path = pg_temp, shared; SELECT author_id FROM shared.recommendations",
    "CREATE TEMP TABLE portal_roles AS SELECT 'portal here' AS role_name, NULL AS institution; SET search_path = pg_temp, shared; SELECT author_id FROM shared.v1_recommendations",
    "SELECT author_id FROM recommendations UNION SELECT author_id FROM recommendations WHERE run_id = 'run-0'",
]  # fmt: skip


@on_postgres
@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_that_a_client_can_set_shows_more(
    trick: str, portals: Engine, settings: Settings
) -> None:
    address = settings.database_url.replace("confrere@", "portal%20here@")
    with psycopg.connect(address) as connection:
        *before, last = trick.split("; ")
        for statement in before:
            connection.execute(statement.encode())
        seen = {row[0] for row in connection.execute(last.encode())}
    assert seen == {ADA}


@on_postgres
def test_an_error_in_a_question_tells_nothing_of_rows_that_are_hidden(
    portals: Engine, settings: Settings
) -> None:
    """A condition is not tried on rows before their policy was."""
    leak = f"SELECT COUNT(*) FROM v1_recommendations WHERE 1 / (author_id - {BO}) IS NOT NULL"
    assert ask(settings, HERE, leak) == [(2,)]
    with pytest.raises(psycopg.errors.DivisionByZero):
        ask(settings, THERE, leak)


@on_postgres
def test_a_portal_cannot_ask_as_another(portals: Engine, settings: Settings) -> None:
    asked = f"SELECT portal_sees('portal_there', 'run-1', {BO}, TRUE)"
    assert ask(settings, HERE, asked) == [(False,)]
    assert ask(settings, THERE, asked) == [(True,)]


@on_postgres
def test_granting_again_changes_the_institution(portals: Engine, settings: Settings) -> None:
    grant_portal(portals, HERE, "Other Hospital")
    assert pairs(settings, HERE) == [(BO, EVE)]


@on_postgres
def test_who_may_read_everything_is_no_portal(engine: Engine) -> None:
    with pytest.raises(WrongUse, match="may read everything"):
        grant_portal(engine, "confrere", "Example University")


@on_postgres
def test_the_pipeline_publishes_and_suppresses_without_owning_anything(
    engine: Engine, settings: Settings
) -> None:
    grant_pipeline(engine, "night")
    address = settings.database_url.replace("confrere@", "night@")
    own = open_database(Settings(home=settings.home, database_url=address))
    assert publish(own, run("run-9"), tables(settings.home, WORLD), settings).accepted
    suppress(own, NIGHT, "test", author_id=EVE, mentions=[(4, 1)])
    with own.connect() as connection:
        assert len(connection.execute(V1_RECOMMENDATIONS.select()).all()) == 1
        known = "SELECT reltuples FROM pg_class WHERE oid = 'people'::regclass"
        assert connection.exec_driver_sql(known).scalar() == 5
    own.dispose()
    for statement in ("DROP TABLE people", "ALTER TABLE people DISABLE ROW LEVEL SECURITY"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(settings, "night", statement)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_sqlite_has_no_roles(engine: Engine) -> None:
    with pytest.raises(WrongUse, match="PostgreSQL"):
        grant_portal(engine, HERE, None)
