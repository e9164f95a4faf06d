"""Early warnings and supervision cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "supervision_card",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("doer", sa.Text(), nullable=False),
        sa.Column("checker", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="issued", nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("sent_back", sa.Integer(), server_default="0", nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('issued', 'reported', 'passed', 'withdrawn')", name=op.f("ck_supervision_card_state")
        ),
        sa.CheckConstraint(
            "issuer <> doer AND doer <> checker AND checker <> issuer", name=op.f("ck_supervision_card_three_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_card")),
        sa.UniqueConstraint("number", name=op.f("uq_supervision_card_number")),
    )
    op.create_index(op.f("ix_supervision_card_doer_id"), "supervision_card", ["doer", "id"], unique=False)
    op.create_index(
        "ix_supervision_card_due",
        "supervision_card",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'issued' AND escalated_at IS NULL"),
    )
    op.create_index(op.f("ix_supervision_card_subject"), "supervision_card", ["subject"], unique=False)
    op.create_index(op.f("ix_supervision_card_unit_id"), "supervision_card", ["unit", "id"], unique=False)
    op.create_table(
        "warning",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('typical', 'repeated', 'common', 'escalating')", name=op.f("ck_warning_kind")),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'closed')", name=op.f("ck_warning_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning")),
    )
    op.create_index(
        op.f("ix_warning_rule_subject_raised_at"), "warning", ["rule", "subject", "raised_at"], unique=False
    )
    op.create_index(op.f("ix_warning_unit_id"), "warning", ["unit", "id"], unique=False)
    op.create_index(
        "ix_warning_waiting",
        "warning",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open' AND escalated_at IS NULL"),
    )
    op.create_index(
        "uq_warning_open", "warning", ["rule", "subject"], unique=True, postgresql_where=sa.text("state <> 'closed'")
    )
    op.create_table(
        "warning_rules",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_warning_rules")),
    )
    op.create_table(
        "warning_run",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_warning_run")),
    )


def downgrade() -> None:
    op.drop_table("warning_run")
    op.drop_table("warning_rules")
    op.drop_index("uq_warning_open", table_name="warning", postgresql_where=sa.text("state <> 'closed'"))
    op.drop_index(
        "ix_warning_waiting", table_name="warning", postgresql_where=sa.text("state = 'open' AND escalated_at IS NULL")
    )
    op.drop_index(op.f("ix_warning_unit_id"), table_name="warning")
    op.drop_index(op.f("ix_warning_rule_subject_raised_at"), table_name="warning")
    op.drop_table("warning")
    op.drop_index(op.f("ix_supervision_card_unit_id"), table_name="supervision_card")
    op.drop_index(op.f("ix_supervision_card_subject"), table_name="supervision_card")
    op.drop_index(
        "ix_supervision_card_due",
        table_name="supervision_card",
        postgresql_where=sa.text("state = 'issued' AND escalated_at IS NULL"),
    )
    op.drop_index(op.f("ix_supervision_card_doer_id"), table_name="supervision_card")
    op.drop_table("supervision_card")
