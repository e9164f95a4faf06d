"""Asks for codes, and notes that are told again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_ask",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chat_point_id", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_point_id"], ["contact_point.id"], name=op.f("fk_chat_ask_chat_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_ask")),
    )
    op.create_index(op.f("ix_chat_ask_asked"), "chat_ask", ["asked"], unique=False)
    op.create_index(op.f("ix_chat_ask_at"), "chat_ask", ["at"], unique=False)
    op.create_index(op.f("ix_chat_ask_chat_point_id"), "chat_ask", ["chat_point_id"], unique=False)
    op.add_column("staff_note", sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("staff_note", sa.Column("again_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("staff_note", "again_at")
    op.drop_column("staff_note", "tries")
    op.drop_index(op.f("ix_chat_ask_chat_point_id"), table_name="chat_ask")
    op.drop_index(op.f("ix_chat_ask_at"), table_name="chat_ask")
    op.drop_index(op.f("ix_chat_ask_asked"), table_name="chat_ask")
    op.drop_table("chat_ask")
