"""What whoever runs the serving database asks for."""

from __future__ import annotations

from pipeline import lake
from pipeline.serving import portals
from pipeline.serving import rollback as rolling
from pipeline.serving.database import open_database
from pipeline.settings import Settings
from pipeline.stages.results import told


def rollback(settings: Settings, run_id: str | None) -> rolling.RolledBack:
    """Serve a run of an earlier night again: `run_id`, or the one before the current."""
    tables = lake.datasets(settings.lake_folder, rolling.SOURCES)
    done = rolling.rollback(open_database(settings), run_id, tables, settings)
    told("rollback", {"run": done.run_id, "instead_of": done.instead_of, "rows": done.row_count})
    return done


def grant_portal(settings: Settings, role: str, institution: str | None) -> None:
    """Let a role of PostgreSQL read the views: suggestions of one institution, or of all."""
    portals.grant_portal(open_database(settings), role, institution)


def grant_pipeline(settings: Settings, role: str) -> None:
    """Let a role of PostgreSQL run the pipeline and the API."""
    portals.grant_pipeline(open_database(settings), role)
