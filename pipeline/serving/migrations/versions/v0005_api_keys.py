"""Keys of the API: who may ask, for what, and whose recommendations they see."""

# ruff: noqa: E501  (one column a line reads as a table)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply this step."""
    # fmt: off
    op.create_table("api_keys",
        sa.Column("key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="number of the key"),
        sa.Column("key_hash", sa.Text(), nullable=False, comment="SHA-256 of the token, hex; the token is kept nowhere"),
        sa.Column("name", sa.Text(), nullable=False, comment="who holds it; once among the keys in use"),
        sa.Column("scopes", sa.Text(), nullable=False, comment="read, export, or both with a space between"),
        sa.Column("institution", sa.Text(), nullable=True, comment="whose people's recommendations it sees; null: everybody's"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="instant it was made, UTC"),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True, comment="instant from which on it opens nothing, UTC"),
        sa.Column("last_used_on", sa.Date(), nullable=True, comment="latest day of its use, UTC"),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        comment="Keys of the API. No stage of the pipeline writes here."
    )
    # fmt: on
