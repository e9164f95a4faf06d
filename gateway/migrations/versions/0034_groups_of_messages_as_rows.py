"""Groups of messages as rows: what single messages are written from."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """CREATE TYPE message_own AS (
             id uuid, contact_point_id bigint, to_address text, body text, reference text,
             owner text, key text, digest text, answer text, alike integer)"""
    )
    op.execute(
        """CREATE TYPE message_alike AS (
             line text, notice_id uuid, channel text, template text, template_version text, kind text, klass text, purpose text,
             priority smallint, segments smallint, state text, withheld_reason text, decision text, hours text,
             zone text, created_at timestamptz, not_before timestamptz, closes_at timestamptz,
             expires_at timestamptz, fallback_minutes smallint, fallback text[])"""
    )


def downgrade() -> None:
    op.execute("DROP TYPE message_alike")
    op.execute("DROP TYPE message_own")
