"""Delivered texts of days that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_tally",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "organisation", name=op.f("pk_delivery_tally")),
    )
    op.create_table(
        "delivery_tally_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_delivery_tally_day")),
    )


def downgrade() -> None:
    op.drop_table("delivery_tally_day")
    op.drop_table("delivery_tally")
