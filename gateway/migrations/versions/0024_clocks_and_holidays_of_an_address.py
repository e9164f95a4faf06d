"""Clocks and holidays of an address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("premise", sa.Column("time_zone", sa.Text(), nullable=True))
    op.add_column("premise", sa.Column("calendar", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("premise", "calendar")
    op.drop_column("premise", "time_zone")
