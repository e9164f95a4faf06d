"""Refused rows are mended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import", sa.Column("headings", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("import", sa.Column("mends", sa.Uuid(), nullable=True))
    op.add_column("import_reject", sa.Column("mended_by", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("import_reject", "mended_by")
    op.drop_column("import", "mends")
    op.drop_column("import", "headings")
