"""Names that are alike, by an index."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_name_form_plain"), "name_form", ["plain"])


def downgrade() -> None:
    op.drop_index(op.f("ix_name_form_plain"), table_name="name_form")
