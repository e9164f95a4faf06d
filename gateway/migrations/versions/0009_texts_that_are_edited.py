"""Texts that are edited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carrier_template",
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("carrier_template_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('submitted', 'approved', 'refused')", name=op.f("ck_carrier_template_state")),
        sa.PrimaryKeyConstraint("carrier", "template", "version", name=op.f("pk_carrier_template")),
    )
    op.create_table(
        "template_revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'refused', 'withdrawn')", name=op.f("ck_template_revision_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_revision")),
    )
    op.create_index(op.f("ix_template_revision_state_id"), "template_revision", ["state", "id"], unique=False)
    op.create_table(
        "template_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_version")),
        sa.UniqueConstraint(
            "name", "language", "tone", "version", name=op.f("uq_template_version_name_language_tone_version")
        ),
    )
    op.create_table(
        "template_revision_text",
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("tone", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("in_force", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["template_revision.id"],
            name=op.f("fk_template_revision_text_revision_id_template_revision"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["template_version.id"], name=op.f("fk_template_revision_text_version_id_template_version")
        ),
        sa.PrimaryKeyConstraint("revision_id", "name", "language", "tone", name=op.f("pk_template_revision_text")),
    )
    op.create_index(
        "uq_template_in_force",
        "template_revision_text",
        ["name", "language", "tone"],
        unique=True,
        postgresql_where=sa.text("in_force"),
    )
    op.add_column(
        "lane", sa.Column("approved_templates", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("lane", "approved_templates")
    op.drop_index("uq_template_in_force", table_name="template_revision_text", postgresql_where=sa.text("in_force"))
    op.drop_table("template_revision_text")
    op.drop_table("template_version")
    op.drop_index(op.f("ix_template_revision_state_id"), table_name="template_revision")
    op.drop_table("template_revision")
    op.drop_table("carrier_template")
