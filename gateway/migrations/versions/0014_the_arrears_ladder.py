"""The arrears ladder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dunning_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_dunning_day")),
    )
    op.create_table(
        "feed",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("complete_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed")),
    )
    op.create_table(
        "tone_draw",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=False),
        sa.Column("draw", sa.Double(), nullable=False),
        sa.Column("warm_share", sa.Double(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_tone_draw_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_tone_draw")),
    )
    op.create_index(op.f("ix_tone_draw_reader"), "tone_draw", ["reader"], unique=False)
    op.create_table(
        "disconnection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("final_run_id", sa.Uuid(), nullable=True),
        sa.Column("head_no", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restore_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_by", sa.Text(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('proposed', 'announced', 'final', 'stopped', 'restored', 'cancelled')",
            name=op.f("ck_disconnection_state"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_disconnection_account_id_account")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_disconnection_bill_id_bill")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disconnection")),
    )
    op.create_index(op.f("ix_disconnection_account_id"), "disconnection", ["account_id"], unique=False)
    op.create_index(op.f("ix_disconnection_final_run_id"), "disconnection", ["final_run_id"], unique=False)
    op.create_index(op.f("ix_disconnection_run_id"), "disconnection", ["run_id"], unique=False)
    op.create_index("ix_disconnection_state", "disconnection", ["state", "id"], unique=False)
    op.create_index(
        "uq_disconnection_open",
        "disconnection",
        ["bill_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('cancelled', 'restored')"),
    )
    op.create_table(
        "dunning_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bill_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("day", sa.SmallInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("tone", sa.Text(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('text', 'task', 'proposed')", name=op.f("ck_dunning_step_outcome")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_dunning_step_account_id_account")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_dunning_step_bill_id_bill")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_step")),
        sa.UniqueConstraint("bill_id", "stage", name=op.f("uq_dunning_step_bill_id_stage")),
    )
    op.create_index(
        op.f("ix_dunning_step_account_id_taken_at"), "dunning_step", ["account_id", "taken_at"], unique=False
    )
    op.create_index(op.f("ix_dunning_step_run_id"), "dunning_step", ["run_id"], unique=False)
    op.create_index(
        "ix_dunning_step_undrafted",
        "dunning_step",
        ["run_id"],
        unique=False,
        postgresql_where=sa.text("notice_id IS NULL AND outcome <> 'task'"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_dunning_step_undrafted",
        table_name="dunning_step",
        postgresql_where=sa.text("notice_id IS NULL AND outcome <> 'task'"),
    )
    op.drop_index(op.f("ix_dunning_step_run_id"), table_name="dunning_step")
    op.drop_index(op.f("ix_dunning_step_account_id_taken_at"), table_name="dunning_step")
    op.drop_table("dunning_step")
    op.drop_index(
        "uq_disconnection_open",
        table_name="disconnection",
        postgresql_where=sa.text("state NOT IN ('cancelled', 'restored')"),
    )
    op.drop_index("ix_disconnection_state", table_name="disconnection")
    op.drop_index(op.f("ix_disconnection_run_id"), table_name="disconnection")
    op.drop_index(op.f("ix_disconnection_final_run_id"), table_name="disconnection")
    op.drop_index(op.f("ix_disconnection_account_id"), table_name="disconnection")
    op.drop_table("disconnection")
    op.drop_index(op.f("ix_tone_draw_reader"), table_name="tone_draw")
    op.drop_table("tone_draw")
    op.drop_table("feed")
    op.drop_table("dunning_day")
