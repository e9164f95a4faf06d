"""The feed of outages; refusals of demand response."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BEFORE = "purpose IN ('billing', 'outage', 'service', 'advice', 'all')"
_AFTER = "purpose IN ('billing', 'outage', 'service', 'advice', 'demand_response', 'all')"


def upgrade() -> None:
    op.add_column("outage", sa.Column("reference", sa.BigInteger(), nullable=True))
    op.drop_constraint(op.f("ck_opt_out_purpose"), "opt_out")
    op.create_check_constraint(op.f("ck_opt_out_purpose"), "opt_out", _AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM opt_out WHERE purpose = 'demand_response'")
    op.drop_constraint(op.f("ck_opt_out_purpose"), "opt_out")
    op.create_check_constraint(op.f("ck_opt_out_purpose"), "opt_out", _BEFORE)
    op.drop_column("outage", "reference")
