"""Links that are held until somebody says which was meant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("correction_link", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_correction_link_held",
        "correction_link",
        ["held_until"],
        unique=False,
        postgresql_where=sa.text("held_until IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_correction_link_held", table_name="correction_link", postgresql_where=sa.text("held_until IS NOT NULL")
    )
    op.drop_column("correction_link", "held_until")
