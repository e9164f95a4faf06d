"""Judgements of links and measures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_coverage",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.Column("reachable", sa.Integer(), nullable=False),
        sa.Column("verified", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month", "organisation", name=op.f("pk_contact_coverage")),
    )
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
    op.add_column("correction_link", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("correction_link", sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("correction_link", "lifted_at")
    op.drop_column("correction_link", "suspended_at")
    op.drop_table("link_judgement")
    op.drop_table("contact_coverage")
