"""Draws, programmes, challenges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# What was drawn stays drawn, and the number that was frozen stays the one that is asked, whoever writes.
_GUARD = """
CREATE FUNCTION invitation_stays_drawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.drawn_at IS NOT NULL AND (NEW.event_kind, NEW.event_ref, NEW.programme, NEW.programme_version, NEW.seed_day,
       NEW.draw, NEW.rate, NEW.drawn, NEW.drawn_at) IS DISTINCT FROM (OLD.event_kind, OLD.event_ref, OLD.programme,
       OLD.programme_version, OLD.seed_day, OLD.draw, OLD.rate, OLD.drawn, OLD.drawn_at) THEN
    RAISE EXCEPTION 'the draw of invitation % stays as it is', OLD.id;
  END IF;
  IF OLD.frozen_at IS NOT NULL AND (NEW.frozen_at, NEW.contact_point_id, NEW.contacts)
       IS DISTINCT FROM (OLD.frozen_at, OLD.contact_point_id, OLD.contacts) THEN
    RAISE EXCEPTION 'the number of invitation % was frozen at its event', OLD.id;
  END IF;
  RETURN NEW;
END $$
"""
_TRIGGER = """
CREATE TRIGGER invitation_stays_drawn BEFORE UPDATE ON invitation
FOR EACH ROW EXECUTE FUNCTION invitation_stays_drawn()
"""
_FILL = """
UPDATE invitation i SET service = coalesce(w.kind, i.event_kind), occurred_at = coalesce(w.closed_at, i.invited_at),
  began_at = w.opened_at, qualified_at = i.invited_at, answer_by = i.invited_at + interval '72 hours'
FROM invitation asked LEFT JOIN work_order w ON asked.event_kind = 'work_order' AND w.work_order_no = asked.event_ref
WHERE asked.id = i.id
"""
_STATES = {False: "('counted', 'withdrawn')", True: "('counted', 'withdrawn', 'quarantined', 'annulled')"}


def _states(wider: bool) -> None:
    op.drop_constraint(op.f("ck_evaluation_state"), "evaluation")
    op.create_check_constraint(op.f("ck_evaluation_state"), "evaluation", f"state IN {_STATES[wider]}")


def upgrade() -> None:
    op.create_table(
        "draw_seed",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_draw_seed")),
    )
    op.create_table(
        "evaluation_programme",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_evaluation_programme")),
    )
    op.create_table(
        "evaluation_tally",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("person_no", sa.Text(), nullable=True),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_tally")),
    )
    op.create_index(op.f("ix_evaluation_tally_day"), "evaluation_tally", ["day"], unique=False)
    op.create_table(
        "evaluation_tally_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_evaluation_tally_day")),
    )
    op.create_table(
        "outside_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("person_no", sa.Text(), nullable=True),
        sa.Column("event_ref", sa.Text(), nullable=True),
        sa.Column("score", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("best", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.CheckConstraint("source IN ('card', 'mystery', 'phone_audit')", name=op.f("ck_outside_score_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_score")),
        sa.UniqueConstraint("source", "ref", name=op.f("uq_outside_score_source_ref")),
    )
    op.create_index(op.f("ix_outside_score_on"), "outside_score", ["on"], unique=False)
    op.create_table(
        "visit_programme",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("questions", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint("channel IN ('visit', 'phone', 'sms', 'chat')", name=op.f("ck_visit_programme_channel")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_visit_programme")),
    )
    op.create_table(
        "invitation_text",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("asks", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_invitation_text_invitation_id_invitation")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_invitation_text")),
    )
    op.create_index(op.f("ix_invitation_text_invitation_id"), "invitation_text", ["invitation_id"], unique=False)
    op.create_table(
        "evaluation_challenge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("by_no", sa.Text(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewer_no", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'upheld', 'refused')", name=op.f("ck_evaluation_challenge_state")),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluation.id"], name=op.f("fk_evaluation_challenge_evaluation_id_evaluation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_challenge")),
        sa.UniqueConstraint("evaluation_id", name=op.f("uq_evaluation_challenge_evaluation_id")),
    )
    op.add_column("api_key", sa.Column("staff_no", sa.Text(), nullable=True))
    op.add_column("customer_voice", sa.Column("task_id", sa.Uuid(), nullable=True))
    op.add_column("evaluation", sa.Column("why", sa.Text(), nullable=True))
    op.add_column(
        "evaluation",
        sa.Column("suspicions", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("evaluation", sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("evaluation", sa.Column("reviewed_by", sa.Text(), nullable=True))
    op.add_column("evaluation", sa.Column("review", sa.Text(), nullable=True))
    op.create_index(op.f("ix_evaluation_contact_point_id"), "evaluation", ["contact_point_id"], unique=False)
    op.add_column("followup", sa.Column("programme", sa.Text(), nullable=True))
    op.add_column("followup_series", sa.Column("programme", sa.Text(), nullable=True))
    op.create_index(
        "uq_followup_series_programme",
        "followup_series",
        ["programme", "account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL AND programme IS NOT NULL"),
    )
    op.add_column("invitation", sa.Column("service", sa.Text(), nullable=True))
    op.add_column("invitation", sa.Column("began_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitation", sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitation", sa.Column("qualified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitation", sa.Column("programme", sa.Text(), nullable=True))
    op.add_column("invitation", sa.Column("programme_version", sa.Integer(), nullable=True))
    op.add_column("invitation", sa.Column("seed_day", sa.Date(), nullable=True))
    op.add_column("invitation", sa.Column("draw", sa.Float(), nullable=True))
    op.add_column("invitation", sa.Column("rate", sa.Float(), nullable=True))
    op.add_column("invitation", sa.Column("drawn", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("invitation", sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitation", sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitation", sa.Column("contact_point_id", sa.BigInteger(), nullable=True))
    op.add_column("invitation", sa.Column("contacts", postgresql.ARRAY(sa.BigInteger()), nullable=True))
    op.add_column(
        "invitation", sa.Column("flags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column("invitation", sa.Column("skipped", sa.Text(), nullable=True))
    op.add_column("invitation", sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitation", sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitation", sa.Column("reminder_id", sa.Uuid(), nullable=True))
    op.add_column(
        "invitation", sa.Column("asks", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column("invitation", sa.Column("ended_state", sa.Text(), nullable=True))
    op.add_column("invitation", sa.Column("ended_reason", sa.Text(), nullable=True))
    op.alter_column("invitation", "message_id", existing_type=sa.UUID(), nullable=True)
    op.alter_column("invitation", "invited_at", existing_type=postgresql.TIMESTAMP(timezone=True), nullable=True)
    op.create_index("ix_invitation_asks", "invitation", ["id"], unique=False, postgresql_where=sa.text("asks <> '{}'"))
    op.create_index(
        op.f("ix_invitation_person_no_occurred_at"), "invitation", ["person_no", "occurred_at"], unique=False
    )
    op.create_index(
        "ix_invitation_remind",
        "invitation",
        ["remind_at"],
        unique=False,
        postgresql_where=sa.text("reminder_id IS NULL"),
    )
    op.create_index(op.f("ix_invitation_reminder_id"), "invitation", ["reminder_id"], unique=False)
    op.create_index(
        "ix_invitation_under_way",
        "invitation",
        ["id"],
        unique=False,
        postgresql_where=sa.text("occurred_at IS NULL AND message_id IS NULL"),
    )
    op.create_index(
        "ix_invitation_unended",
        "invitation",
        ["answer_by"],
        unique=False,
        postgresql_where=sa.text("ended_state IS NULL"),
    )
    op.create_index(
        "ix_invitation_unfrozen",
        "invitation",
        ["id"],
        unique=False,
        postgresql_where=sa.text("frozen_at IS NULL AND message_id IS NULL"),
    )
    op.create_index(
        "ix_invitation_waiting",
        "invitation",
        ["occurred_at"],
        unique=False,
        postgresql_where=sa.text("message_id IS NULL AND skipped IS NULL AND drawn"),
    )
    op.create_index(
        "ix_invitation_when", "invitation", [sa.literal_column("coalesce(occurred_at, invited_at)")], unique=False
    )

    op.execute(_FILL)
    op.execute(_GUARD)
    op.execute(_TRIGGER)
    _states(wider=True)


def downgrade() -> None:
    op.execute("DROP TRIGGER invitation_stays_drawn ON invitation")
    op.execute("DROP FUNCTION invitation_stays_drawn")
    op.execute("UPDATE evaluation SET state = 'withdrawn' WHERE state NOT IN ('counted', 'withdrawn')")
    _states(wider=False)
    op.execute("DELETE FROM invitation_text")
    op.execute("DELETE FROM invitation WHERE message_id IS NULL")
    op.drop_index("ix_invitation_when", table_name="invitation")
    op.drop_index(
        "ix_invitation_waiting",
        table_name="invitation",
        postgresql_where=sa.text("message_id IS NULL AND skipped IS NULL AND drawn"),
    )
    op.drop_index(
        "ix_invitation_unfrozen",
        table_name="invitation",
        postgresql_where=sa.text("frozen_at IS NULL AND message_id IS NULL"),
    )
    op.drop_index("ix_invitation_unended", table_name="invitation", postgresql_where=sa.text("ended_state IS NULL"))
    op.drop_index(
        "ix_invitation_under_way",
        table_name="invitation",
        postgresql_where=sa.text("occurred_at IS NULL AND message_id IS NULL"),
    )
    op.drop_index(op.f("ix_invitation_reminder_id"), table_name="invitation")
    op.drop_index("ix_invitation_remind", table_name="invitation", postgresql_where=sa.text("reminder_id IS NULL"))
    op.drop_index(op.f("ix_invitation_person_no_occurred_at"), table_name="invitation")
    op.drop_index("ix_invitation_asks", table_name="invitation", postgresql_where=sa.text("asks <> '{}'"))
    op.alter_column("invitation", "invited_at", existing_type=postgresql.TIMESTAMP(timezone=True), nullable=False)
    op.alter_column("invitation", "message_id", existing_type=sa.UUID(), nullable=False)
    op.drop_column("invitation", "ended_reason")
    op.drop_column("invitation", "ended_state")
    op.drop_column("invitation", "asks")
    op.drop_column("invitation", "reminder_id")
    op.drop_column("invitation", "remind_at")
    op.drop_column("invitation", "answer_by")
    op.drop_column("invitation", "skipped")
    op.drop_column("invitation", "flags")
    op.drop_column("invitation", "contacts")
    op.drop_column("invitation", "contact_point_id")
    op.drop_column("invitation", "frozen_at")
    op.drop_column("invitation", "drawn_at")
    op.drop_column("invitation", "drawn")
    op.drop_column("invitation", "rate")
    op.drop_column("invitation", "draw")
    op.drop_column("invitation", "seed_day")
    op.drop_column("invitation", "programme_version")
    op.drop_column("invitation", "programme")
    op.drop_column("invitation", "qualified_at")
    op.drop_column("invitation", "occurred_at")
    op.drop_column("invitation", "began_at")
    op.drop_column("invitation", "service")
    op.drop_index(
        "uq_followup_series_programme",
        table_name="followup_series",
        postgresql_where=sa.text("ended_at IS NULL AND programme IS NOT NULL"),
    )
    op.drop_column("followup_series", "programme")
    op.drop_column("followup", "programme")
    op.drop_index(op.f("ix_evaluation_contact_point_id"), table_name="evaluation")
    op.drop_column("evaluation", "review")
    op.drop_column("evaluation", "reviewed_by")
    op.drop_column("evaluation", "reviewed_at")
    op.drop_column("evaluation", "suspicions")
    op.drop_column("evaluation", "why")
    op.drop_column("customer_voice", "task_id")
    op.drop_column("api_key", "staff_no")
    op.drop_table("evaluation_challenge")
    op.drop_index(op.f("ix_invitation_text_invitation_id"), table_name="invitation_text")
    op.drop_table("invitation_text")
    op.drop_table("visit_programme")
    op.drop_index(op.f("ix_outside_score_on"), table_name="outside_score")
    op.drop_table("outside_score")
    op.drop_table("evaluation_tally_day")
    op.drop_index(op.f("ix_evaluation_tally_day"), table_name="evaluation_tally")
    op.drop_table("evaluation_tally")
    op.drop_table("evaluation_programme")
    op.drop_table("draw_seed")
