"""Roster matching: what the roster says of more than name and address, matches, decisions."""

# ruff: noqa: E501  (one column a line reads as a table)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply this step."""
    # fmt: off
    for column in (
        sa.Column("institution", sa.Text(), nullable=True, comment="institution on the roster"),
        sa.Column("pmids", sa.Text(), nullable=True, comment="PMIDs of papers known to be theirs, separated by spaces"),
        sa.Column("past_affiliations", sa.Text(), nullable=True, comment="earlier institutions, separated by semicolons"),
        sa.Column("matched_by", sa.Text(), nullable=True, comment="what says so: decision (a human's), orcid, or matching"),
    ):
        op.add_column("subscribers", column)
    op.execute("UPDATE subscribers SET matched_by = 'orcid' WHERE author_id IS NOT NULL")
    op.create_table("roster_matches",
        sa.Column("person_id", sa.Text(), nullable=False, comment="who on the roster"),
        sa.Column("author_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="whom the lake's tables call so now"),
        sa.Column("status", sa.Text(), nullable=False, comment="matched: sure enough to be used; to decide: by a human; confirmed, rejected: what a human said"),
        sa.Column("confidence", sa.Float(), nullable=True, comment="that the two are one person, in [0, 1]; null where only a human says so"),
        sa.Column("evidence", sa.Text(), nullable=False, comment="JSON array of facts, strongest first: kind, weight in log-odds and, where they apply, agrees, pmid, papers"),
        sa.Column("decided_by", sa.Text(), nullable=True, comment="whose decision it was"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True, comment="instant of the decision, UTC"),
        sa.CheckConstraint("status IN ('matched', 'to decide', 'confirmed', 'rejected')", name=op.f("ck_roster_matches_status")),
        sa.PrimaryKeyConstraint("person_id", "author_id", name=op.f("pk_roster_matches")),
        comment="Whom the people of the roster may be; made anew for each run."
    )
    op.create_index(op.f("ix_roster_matches_author_id"), "roster_matches", ["author_id"], unique=False)
    op.create_table("roster_decisions",
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="number of the decision; the newest holds"),
        sa.Column("person_id", sa.Text(), nullable=False, comment="who on the roster"),
        sa.Column("author_id", sa.BigInteger(), nullable=False, comment="whom it was about, as called on that day"),
        sa.Column("is_same", sa.Boolean(), nullable=False, comment="whether the two are one person"),
        sa.Column("orcid", sa.Text(), nullable=True, comment="ORCID iD of the author on that day"),
        sa.Column("decided_by", sa.Text(), nullable=False, comment="who decided"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False, comment="instant of the decision, UTC"),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_roster_decisions")),
        comment="What humans said of matches. Rows are added and never changed; no stage of the pipeline writes here."
    )
    op.create_index(op.f("ix_roster_decisions_person_id"), "roster_decisions", ["person_id"], unique=False)
    op.create_table("roster_decision_mentions",
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False, comment="decision that it belongs to"),
        sa.Column("pmid", sa.BigInteger(), autoincrement=False, nullable=False, comment="a paper of the author on that day"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="place in its author list, from 1"),
        sa.ForeignKeyConstraint(["decision_id"], ["roster_decisions.decision_id"], name=op.f("fk_roster_decision_mentions_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", "pmid", "position", name=op.f("pk_roster_decision_mentions")),
        comment="By what a decision knows its author again after re-clustering."
    )
    # fmt: on
