"""Commitments; cases closed by the customer's word, handed over with a clock; the hotline's orders as cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_CLASSES = "klass IN ('complaint', 'opinion', 'fault_report', 'service_request'{})"
_STATES = "state IN ('open'{}, 'closed')"
_EVENTS = "kind IN ('opened', 'joined', 'told', 'noted', 'assigned', 'closed'{})"
_MORE_EVENTS = (
    ", 'contacted', 'classed', 'handed_over', 'acknowledged', 'returned', 'rated', 'asked', 'confirmed',"
    " 'contradicted', 'praised'"
)
_NEW = {
    ("case", "klass"): (_CLASSES, ", 'enquiry', 'report', 'suggestion', 'praise'"),
    ("case", "state"): (_STATES, ", 'asked'"),
    ("case_event", "kind"): (
        _EVENTS,
        _MORE_EVENTS,
    ),
}


def _check(more: bool) -> None:
    for (table, column), (words, added) in _NEW.items():
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, words.format(added if more else ""))


def upgrade() -> None:
    op.create_table(
        "case_handover",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("from_unit", sa.Text(), nullable=False),
        sa.Column("from_owner", sa.Text(), nullable=True),
        sa.Column("to_unit", sa.Text(), nullable=False),
        sa.Column("to_owner", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("acknowledge_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("rating", sa.SmallInteger(), nullable=True),
        sa.Column("rating_note", sa.Text(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rated_by", sa.Text(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_case_handover_rating")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_handover_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_handover")),
    )
    op.create_index(op.f("ix_case_handover_case_id"), "case_handover", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_handover_to_unit_id"), "case_handover", ["to_unit", "id"], unique=False)
    op.create_index(
        "ix_case_handover_waiting",
        "case_handover",
        ["acknowledge_by"],
        unique=False,
        postgresql_where=sa.text("acknowledged_at IS NULL AND returned_at IS NULL AND escalated_at IS NULL"),
    )
    op.create_table(
        "commitment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("work_order_no", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("to_number", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("owner_no", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("marks", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_message_id", sa.Uuid(), nullable=True),
        sa.Column("told_how", sa.Text(), nullable=True),
        sa.Column("fulfilled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contradicted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('contact', 'work')", name=op.f("ck_commitment_kind")),
        sa.CheckConstraint(
            "state IN ('open', 'kept', 'broken', 'renegotiated', 'released')", name=op.f("ck_commitment_state")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_commitment_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_commitment_case_id_case")),
        sa.ForeignKeyConstraint(["replaces"], ["commitment.id"], name=op.f("fk_commitment_replaces_commitment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint("number", name=op.f("uq_commitment_number")),
        sa.UniqueConstraint("replaces", name=op.f("uq_commitment_replaces")),
        sa.UniqueConstraint("work_order_no", name=op.f("uq_commitment_work_order_no")),
    )
    op.create_index(op.f("ix_commitment_account_id"), "commitment", ["account_id"], unique=False)
    op.create_index(op.f("ix_commitment_case_id"), "commitment", ["case_id"], unique=False)
    op.create_index(op.f("ix_commitment_due_at"), "commitment", ["due_at"], unique=False)
    op.create_index(
        "ix_commitment_next", "commitment", ["next_at"], unique=False, postgresql_where=sa.text("next_at IS NOT NULL")
    )
    op.create_index(op.f("ix_commitment_state_id"), "commitment", ["state", "id"], unique=False)
    op.create_index(
        "ix_commitment_told",
        "commitment",
        ["told_message_id"],
        unique=False,
        postgresql_where=sa.text("told_message_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_commitment_unit_id"), "commitment", ["unit", "id"], unique=False)
    op.create_table(
        "commitment_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("inbound_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('made', 'told', 'progress', 'mark', 'kept', 'fulfilled', 'broken', 'renegotiated', 'released', 'claimed', 'contradicted', 'escalated')",
            name=op.f("ck_commitment_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_event_commitment_id_commitment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_event")),
    )
    op.create_index(
        op.f("ix_commitment_event_commitment_id_id"), "commitment_event", ["commitment_id", "id"], unique=False
    )
    op.create_index(
        "ix_commitment_event_message_id",
        "commitment_event",
        ["message_id"],
        unique=False,
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.add_column("case", sa.Column("work_order_no", sa.Text(), nullable=True))
    op.add_column("case", sa.Column("severity", sa.Text(), server_default="normal", nullable=False))
    op.add_column("case", sa.Column("severity_why", sa.Text(), nullable=True))
    op.add_column("case", sa.Column("severity_by_rule", sa.Text(), nullable=True))
    op.add_column("case", sa.Column("first_unit", sa.Text(), nullable=True))
    op.add_column("case", sa.Column("first_owner", sa.Text(), nullable=True))
    op.add_column("case", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("case", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("case", sa.Column("asked_message_id", sa.Uuid(), nullable=True))
    op.add_column("case", sa.Column("asked_by", sa.Text(), nullable=True))
    op.add_column("case", sa.Column("confirmation", sa.Text(), nullable=True))
    op.add_column("case", sa.Column("contradictions", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("case", sa.Column("contradicted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("case", sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_case_asked_message",
        "case",
        ["asked_message_id"],
        unique=False,
        postgresql_where=sa.text("asked_message_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_case_klass_id"), "case", ["klass", "id"], unique=False)
    op.create_index("ix_case_next", "case", ["next_at"], unique=False, postgresql_where=sa.text("next_at IS NOT NULL"))
    op.create_index(op.f("ix_case_opened_at"), "case", ["opened_at"], unique=False)
    op.create_index(op.f("ix_case_unit_state_id"), "case", ["unit", "state", "id"], unique=False)
    op.create_unique_constraint(op.f("uq_case_work_order_no"), "case", ["work_order_no"])
    op.create_check_constraint(
        op.f("ck_case_severity"), "case", "severity IN ('critical', 'high', 'normal', 'low', 'invalid')"
    )
    op.create_check_constraint(
        op.f("ck_case_confirmation"),
        "case",
        "confirmation IN ('confirmed', 'silent', 'unreached', 'taken_back', 'hotline')",
    )
    _check(more=True)
    op.execute('UPDATE "case" SET first_unit = unit, first_owner = owner_no')


def downgrade() -> None:
    _check(more=False)
    op.drop_constraint(op.f("ck_case_confirmation"), "case", type_="check")
    op.drop_constraint(op.f("ck_case_severity"), "case", type_="check")
    op.drop_constraint(op.f("uq_case_work_order_no"), "case", type_="unique")
    op.drop_index(op.f("ix_case_unit_state_id"), table_name="case")
    op.drop_index(op.f("ix_case_opened_at"), table_name="case")
    op.drop_index("ix_case_next", table_name="case", postgresql_where=sa.text("next_at IS NOT NULL"))
    op.drop_index(op.f("ix_case_klass_id"), table_name="case")
    op.drop_index("ix_case_asked_message", table_name="case", postgresql_where=sa.text("asked_message_id IS NOT NULL"))
    op.drop_column("case", "next_at")
    op.drop_column("case", "contradicted_at")
    op.drop_column("case", "contradictions")
    op.drop_column("case", "confirmation")
    op.drop_column("case", "asked_by")
    op.drop_column("case", "asked_message_id")
    op.drop_column("case", "asked_at")
    op.drop_column("case", "told_at")
    op.drop_column("case", "first_owner")
    op.drop_column("case", "first_unit")
    op.drop_column("case", "severity_by_rule")
    op.drop_column("case", "severity_why")
    op.drop_column("case", "severity")
    op.drop_column("case", "work_order_no")
    op.drop_index(
        "ix_commitment_event_message_id",
        table_name="commitment_event",
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_commitment_event_commitment_id_id"), table_name="commitment_event")
    op.drop_table("commitment_event")
    op.drop_index(op.f("ix_commitment_unit_id"), table_name="commitment")
    op.drop_index(
        "ix_commitment_told", table_name="commitment", postgresql_where=sa.text("told_message_id IS NOT NULL")
    )
    op.drop_index(op.f("ix_commitment_state_id"), table_name="commitment")
    op.drop_index("ix_commitment_next", table_name="commitment", postgresql_where=sa.text("next_at IS NOT NULL"))
    op.drop_index(op.f("ix_commitment_due_at"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_case_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_account_id"), table_name="commitment")
    op.drop_table("commitment")
    op.drop_index(
        "ix_case_handover_waiting",
        table_name="case_handover",
        postgresql_where=sa.text("acknowledged_at IS NULL AND returned_at IS NULL AND escalated_at IS NULL"),
    )
    op.drop_index(op.f("ix_case_handover_to_unit_id"), table_name="case_handover")
    op.drop_index(op.f("ix_case_handover_case_id"), table_name="case_handover")
    op.drop_table("case_handover")
