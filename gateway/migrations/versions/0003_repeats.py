"""Repeats and what people decide about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repeat_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("work_order_no", sa.Text(), nullable=False),
        sa.Column("other_no", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.CheckConstraint("code IN ('E1', 'E2', 'E3', 'E4')", name=op.f("ck_repeat_mark_code")),
        sa.CheckConstraint("kind IN ('merged', 'split', 'excluded', 'challenged')", name=op.f("ck_repeat_mark_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repeat_mark")),
    )
    op.create_index(op.f("ix_repeat_mark_other_no"), "repeat_mark", ["other_no"], unique=False)
    op.create_index(op.f("ix_repeat_mark_work_order_no"), "repeat_mark", ["work_order_no"], unique=False)
    op.create_index(op.f("ix_work_order_opened_at_id"), "work_order", ["opened_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_work_order_opened_at_id"), table_name="work_order")
    op.drop_index(op.f("ix_repeat_mark_work_order_no"), table_name="repeat_mark")
    op.drop_index(op.f("ix_repeat_mark_other_no"), table_name="repeat_mark")
    op.drop_table("repeat_mark")
