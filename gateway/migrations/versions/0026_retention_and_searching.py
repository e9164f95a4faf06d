"""What is kept how long; indexes for people who search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# An invitation that is over may be made anonymous, its number with its account; nothing else of the draw moves.
_GUARD = """
CREATE OR REPLACE FUNCTION invitation_stays_drawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.drawn_at IS NOT NULL AND (NEW.event_kind, NEW.event_ref, NEW.programme, NEW.programme_version, NEW.seed_day,
       NEW.draw, NEW.rate, NEW.drawn, NEW.drawn_at) IS DISTINCT FROM (OLD.event_kind, OLD.event_ref, OLD.programme,
       OLD.programme_version, OLD.seed_day, OLD.draw, OLD.rate, OLD.drawn, OLD.drawn_at) THEN
    RAISE EXCEPTION 'the draw of invitation % stays as it is', OLD.id;
  END IF;
  IF OLD.frozen_at IS NOT NULL AND (NEW.frozen_at, NEW.contact_point_id, NEW.contacts)
       IS DISTINCT FROM (OLD.frozen_at, OLD.contact_point_id, OLD.contacts){anonymous} THEN
    RAISE EXCEPTION 'the number of invitation % was frozen at its event', OLD.id;
  END IF;
  RETURN NEW;
END $$
"""
_ANONYMOUS = """
     AND NOT (OLD.ended_state IS NOT NULL AND NEW.frozen_at = OLD.frozen_at AND NEW.account_id IS NULL
              AND NEW.contact_point_id IS NULL AND NEW.contacts IS NULL)"""


def upgrade() -> None:
    op.create_table(
        "retention_rule",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_retention_rule")),
    )
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("seconds", postgresql.REAL(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_index(op.f("ix_retention_run_rule_id"), "retention_run", ["rule", "id"], unique=False)
    op.execute(_GUARD.format(anonymous=_ANONYMOUS))
    op.create_index("ix_account_tail", "account", [sa.literal_column("right(account_no, 4)")], unique=False)
    op.create_index(
        op.f("ix_account_meter_no"),
        "account",
        ["meter_no"],
        unique=False,
        postgresql_where=sa.text("meter_no IS NOT NULL"),
    )
    op.create_index(
        "ix_account_holder_characters",
        "account",
        [sa.literal_column("string_to_array(holder_name, NULL::text)")],
        unique=False,
        postgresql_using="gin",
    )


def downgrade() -> None:
    op.drop_index("ix_account_holder_characters", table_name="account")
    op.drop_index(op.f("ix_account_meter_no"), table_name="account")
    op.drop_index("ix_account_tail", table_name="account")
    op.execute(_GUARD.format(anonymous=""))
    op.drop_index(op.f("ix_retention_run_rule_id"), table_name="retention_run")
    op.drop_table("retention_run")
    op.drop_table("retention_rule")
