"""Author ids that were given up: where they lead, and which ids were ever served."""

# ruff: noqa: E501  (one column a line reads as a table)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SERVED_SO_FAR = """
INSERT INTO served_ids (author_id)
SELECT people.author_id
FROM people
JOIN runs ON runs.run_id = people.run_id
WHERE runs.status = 'served' AND NOT EXISTS (
    SELECT 1 FROM suppressed_people AS hidden
    WHERE hidden.run_id = people.run_id AND hidden.author_id = people.author_id
)
UNION
SELECT candidate_id FROM delivered_suggestions
"""

V1_REDIRECTS = """
CREATE VIEW v1_redirects AS
SELECT redirects.author_id, redirects.current_id AS current_author_id
FROM current_run
JOIN redirects ON redirects.run_id = current_run.run_id
WHERE NOT EXISTS (
    SELECT 1 FROM suppressed_people AS hidden
    WHERE hidden.run_id = redirects.run_id
    AND hidden.author_id IN (redirects.author_id, redirects.current_id)
)
"""


def upgrade() -> None:
    """Apply this step; ids of runs that are kept, and of digests, count as served."""
    # fmt: off
    op.create_table("served_ids",
        sa.Column("author_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="author id that a served run has shown"),
        sa.PrimaryKeyConstraint("author_id", name=op.f("pk_served_ids")),
        comment="Every author id that was ever served: each of them resolves for ever."
    )
    op.create_table("redirects",
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("author_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="author id that was served once and that nobody bears in this run"),
        sa.Column("current_id", sa.BigInteger(), nullable=True, comment="author_id of who it is in this run; null where PubMed has none of the papers"),
        sa.PrimaryKeyConstraint("run_id", "author_id", name=op.f("pk_redirects")),
        comment="Where author ids lead that were given up, run by run."
    )
    op.create_index(op.f("ix_redirects_author_id"), "redirects", ["author_id"], unique=False)
    op.create_index(op.f("ix_redirects_current_id"), "redirects", ["current_id"], unique=False)
    # fmt: on
    op.execute(SERVED_SO_FAR)
    op.execute(V1_REDIRECTS)
