"""Stops whose rows follow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ground_stop", sa.Column("sweep_after", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_ground_stop_sweep",
        "ground_stop",
        ["at", "ground"],
        unique=False,
        postgresql_where=sa.text("sweep_after IS NOT NULL"),
    )
    op.create_index("ix_message_held", "message", ["id"], unique=False, postgresql_where=sa.text("held"))


def downgrade() -> None:
    op.drop_index("ix_message_held", table_name="message", postgresql_where=sa.text("held"))
    op.drop_index("ix_ground_stop_sweep", table_name="ground_stop", postgresql_where=sa.text("sweep_after IS NOT NULL"))
    op.drop_column("ground_stop", "sweep_after")
