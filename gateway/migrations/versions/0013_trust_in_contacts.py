"""Trust in contacts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_outcome",
        sa.Column("link_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("turned_out_right", sa.Boolean(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.Column("probability", sa.REAL(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link_outcome")),
    )
    op.create_table(
        "link_trust",
        sa.Column("link_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.Column("probability", sa.REAL(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link_trust")),
    )
    op.create_index(
        "ix_link_trust_doubted", "link_trust", ["probability"], unique=False, postgresql_where="probability < 0.5"
    )
    op.create_table(
        "name_form",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("plain", sa.Text(), nullable=False),
        sa.Column("sound", sa.Text(), nullable=False),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_name_form")),
    )
    op.create_table(
        "sweep",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("links", sa.Integer(), nullable=False),
        sa.Column("doubted", sa.Integer(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.REAL(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep")),
    )
    op.create_table(
        "trust_model",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcomes", sa.Integer(), nullable=False),
        sa.Column("weights", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trust_model")),
    )
    op.create_table(
        "contact_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_contact_check_contact_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_check")),
    )
    op.create_index(
        op.f("ix_contact_check_contact_point_id_at"), "contact_check", ["contact_point_id", "at"], unique=False
    )
    op.create_table(
        "account_transfer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_transfer_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_transfer")),
    )
    op.create_index(op.f("ix_account_transfer_account_id"), "account_transfer", ["account_id"], unique=False)
    op.create_table(
        "number_lookup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('recycled', 'inactive', 'name_mismatch', 'name_match', 'no_text', 'active', 'unknown')",
            name=op.f("ck_number_lookup_verdict"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_number_lookup_account_id_account")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_number_lookup_contact_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_lookup")),
    )
    op.create_index(
        op.f("ix_number_lookup_contact_point_id_at"), "number_lookup", ["contact_point_id", "at"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_number_lookup_contact_point_id_at"), table_name="number_lookup")
    op.drop_table("number_lookup")
    op.drop_index(op.f("ix_account_transfer_account_id"), table_name="account_transfer")
    op.drop_table("account_transfer")
    op.drop_index(op.f("ix_contact_check_contact_point_id_at"), table_name="contact_check")
    op.drop_table("contact_check")
    op.drop_table("trust_model")
    op.drop_table("sweep")
    op.drop_table("name_form")
    op.drop_index("ix_link_trust_doubted", table_name="link_trust", postgresql_where="probability < 0.5")
    op.drop_table("link_trust")
    op.drop_table("link_outcome")
