"""Corrections made thorough."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change_consumer",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("acknowledged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_change_consumer")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.SmallInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('active', 'paused')", name=op.f("ck_subscription_state")),
        sa.ForeignKeyConstraint(
            ["consumer"], ["change_consumer.name"], name=op.f("fk_subscription_consumer_change_consumer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("consumer", name=op.f("uq_subscription_consumer")),
    )
    op.create_table(
        "conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("link_state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("fk_conflict_import_id_import")),
        sa.ForeignKeyConstraint(
            ["link_id"], ["contact_link.id"], name=op.f("fk_conflict_link_id_contact_link"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
        sa.UniqueConstraint("link_id", "import_id", name=op.f("uq_conflict_link_id_import_id")),
    )
    op.create_index(op.f("ix_conflict_import_id_id"), "conflict", ["import_id", "id"], unique=False)
    op.create_table(
        "contact_proof",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("correction_id", sa.Uuid(), nullable=True),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("needs_knowledge", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("replaces_point_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("how IN ('code', 'trusted_channel')", name=op.f("ck_contact_proof_how")),
        sa.CheckConstraint(
            "state IN ('asked', 'proven', 'failed', 'expired', 'refused')", name=op.f("ck_contact_proof_state")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_proof_account_id_account")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_contact_proof_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.id"], name=op.f("fk_contact_proof_correction_id_correction")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_point_id"], ["contact_point.id"], name=op.f("fk_contact_proof_replaces_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_proof")),
    )
    op.create_index(op.f("ix_contact_proof_contact_point_id"), "contact_proof", ["contact_point_id"], unique=False)
    op.create_index(op.f("ix_contact_proof_correction_id"), "contact_proof", ["correction_id"], unique=False)
    op.create_index(op.f("ix_contact_proof_message_id"), "contact_proof", ["message_id"], unique=False)
    op.add_column("change", sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_index(op.f("ix_change_correction_id"), "change", ["correction_id"], unique=False)
    op.add_column(
        "contact_link", sa.Column("needs_proof", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("contact_link", sa.Column("import_id", sa.Uuid(), nullable=True))
    op.add_column("correction", sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("correction", sa.Column("applied_by", sa.Text(), nullable=True))
    op.add_column("correction", sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("correction", sa.Column("signed_by", sa.Text(), nullable=True))
    op.add_column(
        "correction",
        sa.Column("waived", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("correction", sa.Column("watch_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("correction", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("correction", sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("correction", sa.Column("reopened", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("correction", sa.Column("recurred_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("correction", sa.Column("follows", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_correction_due",
        "correction",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('open', 'verifying', 'applied')"),
    )
    op.add_column("correction_link", sa.Column("clean_import_id", sa.Uuid(), nullable=True))

    op.create_index(op.f("ix_correction_contact_link_id"), "correction_contact", ["link_id"], unique=False)
    op.drop_constraint(op.f("ck_change_kind"), "change", type_="check")
    op.create_check_constraint(
        op.f("ck_change_kind"),
        "change",
        "kind IN ('link_revoked', 'link_added', 'role_changed', 'link_restored', 'still_wrong')",
    )
    op.execute("UPDATE correction SET applied_at = settled_at WHERE state = 'applied'")


def downgrade() -> None:
    op.execute("DELETE FROM change WHERE kind = 'still_wrong'")
    op.drop_constraint(op.f("ck_change_kind"), "change", type_="check")
    op.create_check_constraint(
        op.f("ck_change_kind"), "change", "kind IN ('link_revoked', 'link_added', 'role_changed', 'link_restored')"
    )
    op.drop_index(op.f("ix_correction_contact_link_id"), table_name="correction_contact")
    op.drop_column("correction_link", "clean_import_id")
    op.drop_index(
        "ix_correction_due",
        table_name="correction",
        postgresql_where=sa.text("state IN ('open', 'verifying', 'applied')"),
    )
    op.drop_column("correction", "follows")
    op.drop_column("correction", "recurred_at")
    op.drop_column("correction", "reopened")
    op.drop_column("correction", "escalated_at")
    op.drop_column("correction", "closed_at")
    op.drop_column("correction", "watch_until")
    op.drop_column("correction", "waived")
    op.drop_column("correction", "signed_by")
    op.drop_column("correction", "signed_at")
    op.drop_column("correction", "applied_by")
    op.drop_column("correction", "applied_at")
    op.drop_column("contact_link", "import_id")
    op.drop_column("contact_link", "needs_proof")
    op.drop_index(op.f("ix_change_correction_id"), table_name="change")
    op.drop_column("change", "detail")
    op.drop_index(op.f("ix_contact_proof_message_id"), table_name="contact_proof")
    op.drop_index(op.f("ix_contact_proof_correction_id"), table_name="contact_proof")
    op.drop_index(op.f("ix_contact_proof_contact_point_id"), table_name="contact_proof")
    op.drop_table("contact_proof")
    op.drop_index(op.f("ix_conflict_import_id_id"), table_name="conflict")
    op.drop_table("conflict")
    op.drop_table("subscription")
    op.drop_table("change_consumer")
