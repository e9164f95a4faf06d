"""Going on on another channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("fallback", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("message", sa.Column("replaced_by", sa.Uuid(), nullable=True))
    op.add_column("message", sa.Column("replaces", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_message_fallback",
        "message",
        ["state", "sent_at"],
        unique=False,
        postgresql_where=sa.text("fallback IS NOT NULL AND state IN ('sent', 'failed', 'undelivered')"),
    )
    op.create_index(
        "ix_message_notice_fallback",
        "message",
        ["notice_id"],
        unique=False,
        postgresql_where=sa.text("fallback IS NOT NULL AND state IN ('sent', 'failed', 'undelivered')"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_message_notice_fallback",
        table_name="message",
        postgresql_where=sa.text("fallback IS NOT NULL AND state IN ('sent', 'failed', 'undelivered')"),
    )
    op.drop_index(
        "ix_message_fallback",
        table_name="message",
        postgresql_where=sa.text("fallback IS NOT NULL AND state IN ('sent', 'failed', 'undelivered')"),
    )
    op.drop_column("message", "replaces")
    op.drop_column("message", "replaced_by")
    op.drop_column("message", "fallback")
