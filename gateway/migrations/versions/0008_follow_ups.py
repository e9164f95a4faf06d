"""Follow-ups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deputy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("manager_no", sa.Text(), nullable=False),
        sa.Column("deputy_no", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
    )
    op.create_index(op.f("ix_deputy_manager_no"), "deputy", ["manager_no"], unique=False)
    op.create_table(
        "followup_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("manager_no", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("made_until", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('visit', 'phone', 'sms', 'chat')", name=op.f("ck_followup_series_channel")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_followup_series_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup_series")),
    )
    op.create_index(op.f("ix_followup_series_account_id"), "followup_series", ["account_id"], unique=False)
    op.create_table(
        "followup",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_no", sa.Text(), nullable=True),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("manager_no", sa.Text(), nullable=False),
        sa.Column("deputy_no", sa.Text(), nullable=True),
        sa.Column("planned_for", sa.Date(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.CheckConstraint("channel IN ('visit', 'phone', 'sms', 'chat')", name=op.f("ck_followup_channel")),
        sa.CheckConstraint("state IN ('planned', 'done', 'missed', 'cancelled')", name=op.f("ck_followup_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_followup_account_id_account")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["followup_series.id"], name=op.f("fk_followup_series_id_followup_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followup")),
        sa.UniqueConstraint("plan_no", name=op.f("uq_followup_plan_no")),
    )
    op.create_index(op.f("ix_followup_account_id"), "followup", ["account_id"], unique=False)
    op.create_index(op.f("ix_followup_manager_no_planned_for"), "followup", ["manager_no", "planned_for"], unique=False)
    op.create_index(
        "ix_followup_planned", "followup", ["planned_for"], unique=False, postgresql_where=sa.text("state = 'planned'")
    )
    op.create_index(op.f("ix_followup_series_id"), "followup", ["series_id"], unique=False)
    op.create_table(
        "customer_voice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("followup_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("owner_no", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'answered')", name=op.f("ck_customer_voice_state")),
        sa.ForeignKeyConstraint(["followup_id"], ["followup.id"], name=op.f("fk_customer_voice_followup_id_followup")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_voice")),
    )
    op.create_index(op.f("ix_customer_voice_followup_id"), "customer_voice", ["followup_id"], unique=False)
    op.create_table(
        "independent_followup",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("followup_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caller_no", sa.Text(), nullable=True),
        sa.Column("draw", sa.Text(), nullable=True),
        sa.Column("call_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'to_call', 'answered', 'unreached')", name=op.f("ck_independent_followup_state")
        ),
        sa.ForeignKeyConstraint(
            ["followup_id"], ["followup.id"], name=op.f("fk_independent_followup_followup_id_followup")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_independent_followup")),
        sa.UniqueConstraint("followup_id", name=op.f("uq_independent_followup_followup_id")),
    )
    op.create_index(
        "ix_independent_followup_open",
        "independent_followup",
        ["answer_by"],
        unique=False,
        postgresql_where=sa.text("state IN ('asked', 'to_call')"),
    )
    op.alter_column("evaluation", "contact_point_id", existing_type=sa.BIGINT(), nullable=True)


def downgrade() -> None:
    op.alter_column("evaluation", "contact_point_id", existing_type=sa.BIGINT(), nullable=False)
    op.drop_index(
        "ix_independent_followup_open",
        table_name="independent_followup",
        postgresql_where=sa.text("state IN ('asked', 'to_call')"),
    )
    op.drop_table("independent_followup")
    op.drop_index(op.f("ix_customer_voice_followup_id"), table_name="customer_voice")
    op.drop_table("customer_voice")
    op.drop_index(op.f("ix_followup_series_id"), table_name="followup")
    op.drop_index("ix_followup_planned", table_name="followup", postgresql_where=sa.text("state = 'planned'"))
    op.drop_index(op.f("ix_followup_manager_no_planned_for"), table_name="followup")
    op.drop_index(op.f("ix_followup_account_id"), table_name="followup")
    op.drop_table("followup")
    op.drop_index(op.f("ix_followup_series_account_id"), table_name="followup_series")
    op.drop_table("followup_series")
    op.drop_index(op.f("ix_deputy_manager_no"), table_name="deputy")
    op.drop_table("deputy")
