"""The rolls of outages, written by the hundred thousand, without foreign keys."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TABLES = ("outage_account", "outage_told")


def upgrade() -> None:
    for table in _TABLES:
        op.drop_constraint(op.f(f"fk_{table}_outage_id_outage"), table)


def downgrade() -> None:
    for table in _TABLES:
        op.create_foreign_key(op.f(f"fk_{table}_outage_id_outage"), table, "outage", ["outage_id"], ["id"])
