"""Judgements of links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_judgement",
        sa.Column("link_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("weight", sa.REAL(), nullable=False),
        sa.Column("because", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("action IN ('suspend', 'ask', 'watch', 'nothing')", name=op.f("ck_link_judgement_action")),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link_judgement")),
    )


def downgrade() -> None:
    op.drop_table("link_judgement")
