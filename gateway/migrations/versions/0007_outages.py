"""Outages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outage_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("short_notice", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("crew_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("customers_out", sa.Integer(), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("telling_revision", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("kind IN ('planned', 'fault')", name=op.f("ck_outage_kind")),
        sa.CheckConstraint("state IN ('announced', 'active', 'restored', 'cancelled')", name=op.f("ck_outage_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
        sa.UniqueConstraint("outage_no", name=op.f("uq_outage_outage_no")),
    )
    op.create_index(op.f("ix_outage_state_starts_at"), "outage", ["state", "starts_at"], unique=False)
    op.create_table(
        "outage_account",
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("affected", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_account_outage_id_outage")),
        sa.PrimaryKeyConstraint("outage_id", "account_id", name=op.f("pk_outage_account")),
    )
    op.create_table(
        "outage_confirmation",
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_confirmation_outage_id_outage")),
        sa.PrimaryKeyConstraint("outage_id", "account_id", "message_id", name=op.f("pk_outage_confirmation")),
    )
    op.create_index(
        "ix_outage_confirmation_due",
        "outage_confirmation",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("confirmed_at IS NULL AND settled_at IS NULL"),
    )
    op.create_index(op.f("ix_outage_confirmation_message_id"), "outage_confirmation", ["message_id"], unique=False)
    op.create_table(
        "outage_notice",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("follows", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "next_step IN ('announce', 'week', 'day', 'eve', 'update', 'restored', 'cancelled')",
            name=op.f("ck_outage_notice_next_step"),
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_outage_notice_notice_id_notice")),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_notice_outage_id_outage")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_outage_notice")),
    )
    op.create_index(
        "ix_outage_notice_due",
        "outage_notice",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("follows AND next_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_outage_notice_outage_id"), "outage_notice", ["outage_id"], unique=False)
    op.create_table(
        "outage_report",
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("inbound_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_revision", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_report_outage_id_outage")),
        sa.PrimaryKeyConstraint("outage_id", "account_id", name=op.f("pk_outage_report")),
    )
    op.create_table(
        "outage_revision",
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_revision_outage_id_outage")),
        sa.PrimaryKeyConstraint("outage_id", "revision", name=op.f("pk_outage_revision")),
    )
    op.create_table(
        "outage_told",
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.CheckConstraint("said IN ('off', 'on', 'not_affected', 'cancelled')", name=op.f("ck_outage_told_said")),
        sa.CheckConstraint(
            "step IN ('announce', 'week', 'day', 'eve', 'update', 'restored', 'cancelled')",
            name=op.f("ck_outage_told_step"),
        ),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_told_outage_id_outage")),
        sa.PrimaryKeyConstraint("outage_id", "account_id", "message_id", name=op.f("pk_outage_told")),
    )
    op.create_index(op.f("ix_outage_told_account_id"), "outage_told", ["account_id"], unique=False)
    op.create_table(
        "outage_scope",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column("feeder_id", sa.Integer(), nullable=True),
        sa.Column("transformer_area_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_outage_scope_account_id_account")),
        sa.ForeignKeyConstraint(["feeder_id"], ["feeder.id"], name=op.f("fk_outage_scope_feeder_id_feeder")),
        sa.ForeignKeyConstraint(["outage_id"], ["outage.id"], name=op.f("fk_outage_scope_outage_id_outage")),
        sa.ForeignKeyConstraint(
            ["transformer_area_id"],
            ["transformer_area.id"],
            name=op.f("fk_outage_scope_transformer_area_id_transformer_area"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_scope")),
    )
    op.create_index(
        "ix_outage_scope_account",
        "outage_scope",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outage_scope_area",
        "outage_scope",
        ["transformer_area_id"],
        unique=False,
        postgresql_where=sa.text("transformer_area_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outage_scope_feeder",
        "outage_scope",
        ["feeder_id"],
        unique=False,
        postgresql_where=sa.text("feeder_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_outage_scope_outage_id"), "outage_scope", ["outage_id"], unique=False)
    op.add_column("notice", sa.Column("round", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("notice", "round")
    op.drop_index(op.f("ix_outage_scope_outage_id"), table_name="outage_scope")
    op.drop_index(
        "ix_outage_scope_feeder", table_name="outage_scope", postgresql_where=sa.text("feeder_id IS NOT NULL")
    )
    op.drop_index(
        "ix_outage_scope_area", table_name="outage_scope", postgresql_where=sa.text("transformer_area_id IS NOT NULL")
    )
    op.drop_index(
        "ix_outage_scope_account", table_name="outage_scope", postgresql_where=sa.text("account_id IS NOT NULL")
    )
    op.drop_table("outage_scope")
    op.drop_index(op.f("ix_outage_told_account_id"), table_name="outage_told")
    op.drop_table("outage_told")
    op.drop_table("outage_revision")
    op.drop_table("outage_report")
    op.drop_index(op.f("ix_outage_notice_outage_id"), table_name="outage_notice")
    op.drop_index(
        "ix_outage_notice_due", table_name="outage_notice", postgresql_where=sa.text("follows AND next_at IS NOT NULL")
    )
    op.drop_table("outage_notice")
    op.drop_index(op.f("ix_outage_confirmation_message_id"), table_name="outage_confirmation")
    op.drop_index(
        "ix_outage_confirmation_due",
        table_name="outage_confirmation",
        postgresql_where=sa.text("confirmed_at IS NULL AND settled_at IS NULL"),
    )
    op.drop_table("outage_confirmation")
    op.drop_table("outage_account")
    op.drop_index(op.f("ix_outage_state_starts_at"), table_name="outage")
    op.drop_table("outage")
