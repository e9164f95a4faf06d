"""Hours of one's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_hours",
        sa.Column("contact_point_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begins", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_contact_hours_contact_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("contact_point_id", name=op.f("pk_contact_hours")),
    )


def downgrade() -> None:
    op.drop_table("contact_hours")
