"""Alembic's entry: run the migrations on the connection that `open_database` hands over."""

from __future__ import annotations

from alembic import context

from pipeline.serving.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
