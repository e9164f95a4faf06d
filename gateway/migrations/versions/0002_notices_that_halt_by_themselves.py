"""Notices that halt by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_message_failed",
        "message",
        ["notice_id"],
        unique=False,
        postgresql_where=sa.text("notice_id IS NOT NULL AND state IN ('failed', 'undelivered')"),
    )
    op.add_column("notice", sa.Column("failed_before", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("notice", sa.Column("left_before", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("notice", "left_before")
    op.drop_column("notice", "failed_before")
    op.drop_index(
        "ix_message_failed",
        table_name="message",
        postgresql_where=sa.text("notice_id IS NOT NULL AND state IN ('failed', 'undelivered')"),
    )
