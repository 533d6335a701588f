"""Roles of PostgreSQL: the owner of the tables, the pipeline that fills them, portals that read.

A portal reads the `v1_*` views with its own rights (`security_invoker`), so that row-level security
holds for it: it sees people of the current run who have not asked to be left alone, and suggestions
made to people of its institution. What decides hangs on the role, in table `portal_roles`, and on
nothing that a client can set. Who may read table `suppressions` is no portal and sees everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from pipeline.errors import ConfrereError, WrongUse
from pipeline.serving.database import Connection, Engine, writing
from pipeline.serving.schema import METADATA, PORTAL_ROLES, RUN_TABLES, VIEWS

OLDEST_SERVER = 15
_LONGEST_NAME = 63

# a function, because a portal may not look at the wishes itself; it answers only for roles that the
# caller is, and the same of somebody who opted out as of somebody who never was
_FUNCTIONS = """
CREATE OR REPLACE FUNCTION portal_sees(portal text, run text, author bigint, own boolean)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM portal_roles AS p
        JOIN current_run ON current_run.run_id = run
        JOIN people ON people.run_id = run AND people.author_id = author
        WHERE p.role_name = portal AND pg_has_role(session_user, portal::name, 'MEMBER')
        AND NOT EXISTS (
            SELECT 1 FROM suppressed_people AS hidden
            WHERE hidden.run_id = run AND hidden.author_id = author
        )
        AND (
            NOT own OR p.institution IS NULL OR people.institution = p.institution
            OR EXISTS (
                SELECT 1 FROM subscribers AS known
                WHERE known.author_id = author AND known.institution = p.institution
            )
        )
    )
$$;
CREATE OR REPLACE FUNCTION portal_follows(run text, author bigint, led bigint)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM current_run WHERE current_run.run_id = run) AND NOT EXISTS (
        SELECT 1 FROM suppressed_people AS hidden
        WHERE hidden.run_id = run AND hidden.author_id IN (author, led)
    ) AND EXISTS (
        SELECT 1 FROM redirects WHERE redirects.run_id = run AND redirects.author_id = author
    )
$$;
CREATE OR REPLACE FUNCTION refresh_statistics()
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN ANALYZE {run_tables}; END
$$;
REVOKE ALL ON FUNCTION portal_sees, portal_follows, refresh_statistics FROM PUBLIC
"""

_SEES = "portal_sees(current_user, run_id, {who}, {own})"
_POLICIES = {
    "recommendations": f"{_SEES.format(who='author_id', own=True)}"
    f" AND {_SEES.format(who='candidate_id', own=False)}",
    "people": _SEES.format(who="author_id", own=False),
    "ties": f"{_SEES.format(who='author_id', own=False)}"
    f" AND {_SEES.format(who='coauthor_id', own=False)}",
    "authored": _SEES.format(who="author_id", own=False),
    "person_topics": _SEES.format(who="author_id", own=False),
    "papers": "run_id = (SELECT current_run.run_id FROM current_run)",
    "redirects": "portal_follows(run_id, author_id, current_id)",
    "runs": "status = 'served'",
    "portal_roles": "role_name = current_user",
    "subscribers": """
        portal_sees(current_user, (SELECT run_id FROM current_run), author_id, FALSE)
        AND EXISTS (
            SELECT 1 FROM portal_roles AS p WHERE p.role_name = current_user
            AND (p.institution IS NULL OR p.institution = subscribers.institution)
        )""",
    "suppressed_people": "FALSE",
}
"""Which rows of a table a portal sees; of other tables it may read none."""

_COLUMNS = {"subscribers": "(person_id, author_id, institution)"}
_ROLE = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def grant_portal(engine: Engine, role: str, institution: str | None) -> None:
    """Let a role read the views, and no more; it is made, to log in, where it is not there.

    Parameters
    ----------
    institution
        Whose people's suggestions it sees, as in `people.institution` or on the roster; None:
        everybody's. People, papers and ties are public facts, and seen by all portals.

    Raises
    ------
    WrongUse
        The database is no PostgreSQL, or the role has rights that would let it see more.
    """
    with _server(engine) as connection:
        _secure(connection)
        name = _role(connection, role)
        for kind in ("TABLES", "FUNCTIONS", "SEQUENCES"):
            _run(
                connection, f"REVOKE ALL ON ALL {kind} IN SCHEMA {_schema(connection)} FROM {name}"
            )
        if connection.scalar(
            text("SELECT has_table_privilege(:r, 'suppressions', 'SELECT')"), {"r": role}
        ):
            raise WrongUse(
                f"[role {role}] may read everything (it owns the tables, is a superuser, or "
                "belongs to a role that may): give a portal a role of its own"
            )
        _run(connection, f"GRANT USAGE ON SCHEMA {_schema(connection)} TO {name}")
        for table in [*VIEWS.tables, *_POLICIES, "current_run"]:
            _run(connection, f"GRANT SELECT {_COLUMNS.get(table, '')} ON {table} TO {name}")
        _run(connection, f"GRANT EXECUTE ON FUNCTION portal_sees, portal_follows TO {name}")
        connection.execute(PORTAL_ROLES.delete().where(PORTAL_ROLES.c.role_name == role))
        connection.execute(PORTAL_ROLES.insert().values(role_name=role, institution=institution))


def grant_pipeline(engine: Engine, role: str) -> None:
    """Let a role run the pipeline and the API: read and write rows, and change no table.

    Raises
    ------
    WrongUse
        The database is no PostgreSQL.
    """
    with _server(engine) as connection:
        _secure(connection)
        name, schema = _role(connection, role), _schema(connection)
        tables = ", ".join([*METADATA.tables, *VIEWS.tables])
        _run(connection, f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        _run(connection, f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {name}")
        _run(connection, f"GRANT SELECT ON alembic_version TO {name}")
        _run(connection, f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
        _run(connection, f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {name}")


@contextmanager
def _server(engine: Engine) -> Iterator[Connection]:
    if engine.dialect.name != "postgresql":
        raise WrongUse(
            "[grants] are for PostgreSQL: set CONFRERE_DATABASE_URL; an SQLite file is its owner's"
        )
    with writing(engine) as connection:
        version = int((connection.dialect.server_version_info or (0,))[0])
        if version < OLDEST_SERVER:
            raise ConfrereError(
                f"[PostgreSQL {version}] knows no views with the reader's rights: "
                f"{OLDEST_SERVER} or newer is needed"
            )
        yield connection


def _secure(connection: Connection) -> None:
    """Turn row-level security on; whoever may read the wishes sees and writes all as before."""
    run_tables = ", ".join(table.name for table in RUN_TABLES)
    functions = _FUNCTIONS.format(schema=_schema(connection), run_tables=run_tables)
    _run(connection, functions)
    staff = "(SELECT has_table_privilege('suppressions'::regclass, 'SELECT'))"
    for table, condition in _POLICIES.items():
        _run(connection, f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        _run(connection, f"DROP POLICY IF EXISTS staff ON {table}")
        _run(connection, f"DROP POLICY IF EXISTS portal ON {table}")
        _run(connection, f"CREATE POLICY staff ON {table} USING ({staff})")
        _run(connection, f"CREATE POLICY portal ON {table} FOR SELECT USING ({condition})")
    for view in VIEWS.tables:
        _run(connection, f"ALTER VIEW {view} SET (security_invoker = true)")


def _role(connection: Connection, role: str) -> str:
    """Make the role where it is not there; give its name as SQL."""
    if not 0 < len(role.encode()) <= _LONGEST_NAME or "\0" in role:
        raise WrongUse(f"[role {role!r}] is no name: give 1 to {_LONGEST_NAME} letters")
    name = connection.dialect.identifier_preparer.quote_identifier(role)
    is_there = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :r"), {"r": role})
    if not is_there:
        _run(connection, f"CREATE ROLE {name} LOGIN {_ROLE}")
    return name


def _schema(connection: Connection) -> str:
    schema = connection.scalar(text("SELECT current_schema()"))
    return connection.dialect.identifier_preparer.quote_identifier(str(schema))


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)
