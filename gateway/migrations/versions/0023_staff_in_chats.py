"""Staff in chats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_told",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("message_no", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("alert_id", "chat", name=op.f("pk_alert_told")),
    )
    op.create_index(
        "ix_alert_told_open", "alert_told", ["alert_id"], unique=False, postgresql_where=sa.text("settled_at IS NULL")
    )
    op.create_table(
        "staff_chat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_login.staff_id"], name=op.f("fk_staff_chat_staff_id_staff_login")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_chat")),
    )
    op.create_index(op.f("ix_staff_chat_staff_id"), "staff_chat", ["staff_id"], unique=False)
    op.create_index(
        "uq_staff_chat", "staff_chat", ["platform", "chat"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "staff_code",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_login.staff_id"], name=op.f("fk_staff_code_staff_id_staff_login")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_staff_code")),
    )
    op.create_index(op.f("ix_staff_code_staff_id"), "staff_code", ["staff_id"], unique=False)
    op.create_index(op.f("ix_inbound_contact_point_id_id"), "inbound", ["contact_point_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_inbound_contact_point_id_id"), table_name="inbound")
    op.drop_index(op.f("ix_staff_code_staff_id"), table_name="staff_code")
    op.drop_table("staff_code")
    op.drop_index("uq_staff_chat", table_name="staff_chat", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index(op.f("ix_staff_chat_staff_id"), table_name="staff_chat")
    op.drop_table("staff_chat")
    op.drop_index("ix_alert_told_open", table_name="alert_told", postgresql_where=sa.text("settled_at IS NULL"))
    op.drop_table("alert_told")
