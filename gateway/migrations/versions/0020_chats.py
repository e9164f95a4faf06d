"""Chats: who speaks in them, what platforms report, how far dialogues have got."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_update",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bot", sa.Text(), nullable=False),
        sa.Column("update_no", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("calls", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('received', 'answering', 'done', 'left')", name=op.f("ck_chat_update_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_update")),
        sa.UniqueConstraint("bot", "update_no", name=op.f("uq_chat_update_bot_update_no")),
    )
    op.create_index(
        "ix_chat_update_open",
        "chat_update",
        ["bot", "state", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('received', 'answering')"),
    )
    op.create_table(
        "conversation",
        sa.Column("bot", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("bot", "chat", "speaker", name=op.f("pk_conversation")),
    )
    op.create_table(
        "chat",
        sa.Column("contact_point_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("wants", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_chat_contact_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("contact_point_id", name=op.f("pk_chat")),
    )
    op.create_table(
        "chat_binding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chat_point_id", sa.Integer(), nullable=False),
        sa.Column("phone_point_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.CheckConstraint("how IN ('contact', 'code', 'link')", name=op.f("ck_chat_binding_how")),
        sa.ForeignKeyConstraint(
            ["chat_point_id"], ["contact_point.id"], name=op.f("fk_chat_binding_chat_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(
            ["phone_point_id"], ["contact_point.id"], name=op.f("fk_chat_binding_phone_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_binding")),
    )
    op.create_index(
        "ix_chat_binding_phone",
        "chat_binding",
        ["phone_point_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_chat_binding",
        "chat_binding",
        ["chat_point_id", "phone_point_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "chat_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("phone_point_id", sa.Integer(), nullable=False),
        sa.Column("chat_point_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["chat_point_id"], ["contact_point.id"], name=op.f("fk_chat_token_chat_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(
            ["phone_point_id"], ["contact_point.id"], name=op.f("fk_chat_token_phone_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_token")),
    )
    op.create_index(op.f("ix_chat_token_chat_point_id"), "chat_token", ["chat_point_id"], unique=False)
    op.create_index(op.f("ix_chat_token_digest"), "chat_token", ["digest"], unique=False)
    op.create_index(op.f("ix_chat_token_phone_point_id"), "chat_token", ["phone_point_id"], unique=False)
    op.add_column("inbound", sa.Column("replies_to", sa.Uuid(), nullable=True))
    op.add_column("inbound", sa.Column("account_id", sa.BigInteger(), nullable=True))
    op.add_column("message", sa.Column("fallback_minutes", sa.SmallInteger(), nullable=True))
    op.add_column("notice", sa.Column("fallback_minutes", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("notice", "fallback_minutes")
    op.drop_column("message", "fallback_minutes")
    op.drop_column("inbound", "account_id")
    op.drop_column("inbound", "replies_to")
    op.drop_index(op.f("ix_chat_token_phone_point_id"), table_name="chat_token")
    op.drop_index(op.f("ix_chat_token_digest"), table_name="chat_token")
    op.drop_index(op.f("ix_chat_token_chat_point_id"), table_name="chat_token")
    op.drop_table("chat_token")
    op.drop_index("uq_chat_binding", table_name="chat_binding", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_chat_binding_phone", table_name="chat_binding", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_table("chat_binding")
    op.drop_table("chat")
    op.drop_table("conversation")
    op.drop_index(
        "ix_chat_update_open", table_name="chat_update", postgresql_where=sa.text("state IN ('received', 'answering')")
    )
    op.drop_table("chat_update")
