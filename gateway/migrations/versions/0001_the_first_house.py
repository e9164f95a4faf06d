"""The first house."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inbound_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('safety', 'loss')", name=op.f("ck_alert_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("inbound_id", name=op.f("uq_alert_inbound_id")),
    )
    op.create_index("ix_alert_open", "alert", ["id"], unique=False, postgresql_where=sa.text("acknowledged_at IS NULL"))
    op.create_table(
        "api_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_key_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_api_key_name")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_subject_id"), "audit_entry", ["subject", "id"], unique=False)
    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("correction_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('link_revoked', 'link_added', 'role_changed', 'link_restored')", name=op.f("ck_change_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
    )
    op.create_table(
        "contact_point",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="phone", nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), server_default="mobile", nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('active', 'unreachable', 'retired')", name=op.f("ck_contact_point_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point")),
        sa.UniqueConstraint("address", "kind", name=op.f("uq_contact_point_address_kind")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_no", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), server_default="individual", nullable=False),
        sa.Column("id_masked", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("customer_no", name=op.f("uq_customer_customer_no")),
    )
    op.create_index(op.f("ix_customer_name"), "customer", ["name"], unique=False)
    op.create_table(
        "ground_stop",
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ground", name=op.f("pk_ground_stop")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_made_at"), "idempotency_key", ["made_at"], unique=False)
    op.create_table(
        "import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created", sa.Integer(), server_default="0", nullable=False),
        sa.Column("updated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("conflicts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "ignored_headings", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_import_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
    )
    op.create_index(op.f("ix_import_state_id"), "import", ["state", "id"], unique=False)
    op.create_table(
        "inbound",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("carrier_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("contact_point_id", sa.BigInteger(), nullable=True),
        sa.Column("answers", sa.Uuid(), nullable=True),
        sa.Column("reading", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("effects", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("choices", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('received', 'done', 'triage')", name=op.f("ck_inbound_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("channel", "carrier_id", name=op.f("uq_inbound_channel_carrier_id")),
    )
    op.create_index(
        "ix_inbound_received", "inbound", ["id"], unique=False, postgresql_where=sa.text("state = 'received'")
    )
    op.create_index(op.f("ix_inbound_sender_id"), "inbound", ["sender", "id"], unique=False)
    op.create_index(
        "ix_inbound_triage", "inbound", ["urgent", "id"], unique=False, postgresql_where=sa.text("state = 'triage'")
    )
    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("turns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("intents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("reading", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("inbound_id", name=op.f("uq_label_inbound_id")),
    )
    op.create_table(
        "lane",
        sa.Column("id", sa.SmallInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("rate", sa.Double(), server_default="0", nullable=False),
        sa.Column("concurrency", sa.Integer(), server_default="256", nullable=False),
        sa.Column("rank", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("tokens", sa.Double(), server_default="0", nullable=False),
        sa.Column(
            "refilled_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
        sa.UniqueConstraint("name", name=op.f("uq_lane_name")),
    )
    op.create_table(
        "lane_breaker",
        sa.Column("lane_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("node_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('closed', 'open', 'half_open')", name=op.f("ck_lane_breaker_state")),
        sa.PrimaryKeyConstraint("lane_id", "node_id", name=op.f("pk_lane_breaker")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("contact_point_id", sa.BigInteger(), nullable=True),
        sa.Column("to_address", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), server_default="sms", nullable=False),
        sa.Column("lane_id", sa.SmallInteger(), nullable=True),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("template_version", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("klass", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="3", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("segments", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("withheld_reason", sa.Text(), nullable=True),
        sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("node_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("doubt_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("carrier_id", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'delivered', 'undelivered', 'withheld', 'expired', 'cancelled', 'failed', 'uncertain')",
            name=op.f("ck_message_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(op.f("ix_message_contact_point_id_id"), "message", ["contact_point_id", "id"], unique=False)
    op.create_index(
        "ix_message_expiry",
        "message",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued' AND expires_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_message_notice_id_id"),
        "message",
        ["notice_id", "id"],
        unique=False,
        postgresql_where=sa.text("notice_id IS NOT NULL"),
    )
    op.create_index(
        "ix_message_queue",
        "message",
        [
            "channel",
            "priority",
            sa.literal_column("coalesce(notice_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
            "not_before",
            "id",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'queued' AND NOT held"),
    )
    op.create_index(
        op.f("ix_message_reference"),
        "message",
        ["reference"],
        unique=False,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index(
        "ix_message_sending", "message", ["node_id"], unique=False, postgresql_where=sa.text("state = 'sending'")
    )
    op.create_index(
        "ix_message_uncertain", "message", ["id"], unique=False, postgresql_where=sa.text("state = 'uncertain'")
    )
    op.create_index(
        "ix_message_unfinished",
        "message",
        ["notice_id"],
        unique=False,
        postgresql_where=sa.text("notice_id IS NOT NULL AND state IN ('queued', 'sending', 'uncertain')"),
    )
    op.create_table(
        "message_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", "position", name=op.f("pk_message_account")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(op.f("ix_message_account_account_id_id"), "message_account", ["account_id", "id"], unique=False)
    op.create_index(
        op.f("ix_message_account_ground"),
        "message_account",
        ["ground"],
        unique=False,
        postgresql_where=sa.text("ground IS NOT NULL"),
    )
    op.create_table(
        "message_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", "number", name=op.f("pk_message_event")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_table(
        "node",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("about", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tone", sa.Text(), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channels", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("audience", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("audience_found", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("composed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("audience_cursor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("point_cursor", sa.BigInteger(), server_default="-1", nullable=False),
        sa.Column("subject_cursor", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'composing', 'sending', 'paused', 'done', 'cancelled')",
            name=op.f("ck_notice_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_state_id"), "notice", ["state", "id"], unique=False)
    op.create_table(
        "notice_recipient",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_point_id", sa.BigInteger(), nullable=True),
        sa.Column("withheld_reason", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("notice_id", "told_at", "subject_id", name=op.f("pk_notice_recipient")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["organisation.id"], name=op.f("fk_organisation_parent_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
    )
    op.create_table(
        "premise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("premise_no", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("community", sa.Text(), nullable=True),
        sa.Column("building", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("room", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_premise")),
        sa.UniqueConstraint("premise_no", name=op.f("uq_premise_premise_no")),
    )
    op.create_table(
        "substation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substation")),
        sa.UniqueConstraint("code", name=op.f("uq_substation_code")),
    )
    op.create_index(op.f("ix_substation_name"), "substation", ["name"], unique=False)
    op.create_table(
        "team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("code", name=op.f("uq_team_code")),
    )
    op.create_table(
        "test_clock",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("shift", sa.Interval(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_clock")),
    )
    op.create_table(
        "unknown_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unknown_receipt")),
        sa.UniqueConstraint(
            "carrier", "message_id", "receipt", name=op.f("uq_unknown_receipt_carrier_message_id_receipt")
        ),
    )
    op.create_table(
        "feeder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("substation_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["substation_id"], ["substation.id"], name=op.f("fk_feeder_substation_id_substation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeder")),
        sa.UniqueConstraint("code", name=op.f("uq_feeder_code")),
    )
    op.create_index(op.f("ix_feeder_name"), "feeder", ["name"], unique=False)
    op.create_table(
        "import_reject",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), server_default="row", nullable=False),
        sa.Column("row_values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("fk_import_reject_import_id_import")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_reject")),
    )
    op.create_index(op.f("ix_import_reject_import_id_id"), "import_reject", ["import_id", "id"], unique=False)
    op.create_table(
        "opt_out",
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('billing', 'outage', 'service', 'advice', 'all')", name=op.f("ck_opt_out_purpose")
        ),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_opt_out_contact_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("contact_point_id", "purpose", name=op.f("pk_opt_out")),
    )
    op.create_table(
        "staff_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("job", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_staff_member_team_id_team")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("staff_no", name=op.f("uq_staff_member_staff_no")),
    )
    op.create_index(op.f("ix_staff_member_phone"), "staff_member", ["phone"], unique=False)
    op.create_table(
        "transformer_area",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("feeder_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["feeder_id"], ["feeder.id"], name=op.f("fk_transformer_area_feeder_id_feeder")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_transformer_area_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transformer_area")),
        sa.UniqueConstraint("code", name=op.f("uq_transformer_area_code")),
    )
    op.create_index(op.f("ix_transformer_area_feeder_id"), "transformer_area", ["feeder_id"], unique=False)
    op.create_index(op.f("ix_transformer_area_name"), "transformer_area", ["name"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("premise_id", sa.Integer(), nullable=False),
        sa.Column("transformer_area_id", sa.Integer(), nullable=True),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("tariff_class", sa.Text(), server_default="residential", nullable=False),
        sa.Column("voltage", sa.Text(), nullable=True),
        sa.Column("capacity_kva", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("meter_no", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("important_level", sa.Text(), nullable=True),
        sa.Column("sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("key_concern", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("vulnerable", sa.Text(), nullable=True),
        sa.Column("vip", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("manager_no", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="zh", nullable=False),
        sa.Column("sms_opt_out", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("updated_on", sa.Date(), nullable=True),
        sa.CheckConstraint("status IN ('active', 'suspended', 'closed')", name=op.f("ck_account_status")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_account_customer_id_customer")),
        sa.ForeignKeyConstraint(["premise_id"], ["premise.id"], name=op.f("fk_account_premise_id_premise")),
        sa.ForeignKeyConstraint(
            ["transformer_area_id"],
            ["transformer_area.id"],
            name=op.f("fk_account_transformer_area_id_transformer_area"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("account_no", name=op.f("uq_account_account_no")),
    )
    op.create_index(op.f("ix_account_customer_id"), "account", ["customer_id"], unique=False)
    op.create_index(op.f("ix_account_manager_no"), "account", ["manager_no"], unique=False)
    op.create_index(op.f("ix_account_premise_id"), "account", ["premise_id"], unique=False)
    op.create_index(op.f("ix_account_transformer_area_id"), "account", ["transformer_area_id"], unique=False)
    op.create_table(
        "account_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("inbound_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('payment_promise', 'payment_extension')", name=op.f("ck_account_note_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_note_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_note")),
        sa.UniqueConstraint(
            "inbound_id", "account_id", "kind", name=op.f("uq_account_note_inbound_id_account_id_kind")
        ),
    )
    op.create_index(op.f("ix_account_note_account_id_id"), "account_note", ["account_id", "id"], unique=False)
    op.create_table(
        "bill",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("billing_month", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("overdue", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("months_overdue", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("late_fee", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("paid", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_bill_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint("account_id", "billing_month", name=op.f("uq_bill_account_id_billing_month")),
    )
    op.create_index(
        "ix_bill_open", "bill", ["billing_month", "id"], unique=False, postgresql_where=sa.text("settled_at IS NULL")
    )
    op.create_table(
        "case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("klass", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("contact_point_id", sa.BigInteger(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("owner_no", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("contacts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "klass IN ('complaint', 'opinion', 'fault_report', 'service_request')", name=op.f("ck_case_klass")
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_case_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_case_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number")),
    )
    op.create_index(op.f("ix_case_account_id"), "case", ["account_id"], unique=False)
    op.create_index(op.f("ix_case_state_id"), "case", ["state", "id"], unique=False)
    op.create_index(
        "uq_case_open", "case", ["subject", "klass", "matter"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "contact_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="unverified", nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("updated_on", sa.Date(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_how", sa.Text(), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "role IN ('holder', 'payer', 'tenant', 'relative', 'agent', 'landlord')", name=op.f("ck_contact_link_role")
        ),
        sa.CheckConstraint(
            "state IN ('unverified', 'verified', 'suspended', 'revoked')", name=op.f("ck_contact_link_state")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_link_account_id_account")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_contact_link_contact_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_link")),
        sa.UniqueConstraint("account_id", "contact_point_id", name=op.f("uq_contact_link_account_id_contact_point_id")),
    )
    op.create_index(op.f("ix_contact_link_contact_point_id"), "contact_link", ["contact_point_id"], unique=False)
    op.create_index(
        "ix_contact_link_stopped",
        "contact_link",
        ["state", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('suspended', 'revoked')"),
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("hints", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'verifying', 'applied', 'watching', 'closed', 'dismissed', 'reverted')",
            name=op.f("ck_correction_state"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_correction_account_id_account")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_correction_contact_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_account_id"), "correction", ["account_id"], unique=False)
    op.create_index(op.f("ix_correction_contact_point_id"), "correction", ["contact_point_id"], unique=False)
    op.create_index(op.f("ix_correction_state_id"), "correction", ["state", "id"], unique=False)
    op.create_index(
        "uq_correction_open",
        "correction",
        ["contact_point_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("inbound_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("reason IN ('paid', 'visit_instead')", name=op.f("ck_hold_reason")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hold_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(
        "ix_hold_case_id", "hold", ["case_id"], unique=False, postgresql_where=sa.text("case_id IS NOT NULL")
    )
    op.create_index(
        "ix_hold_expiry", "hold", ["expires_at"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(
        "uq_hold_active", "hold", ["account_id", "reason"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_kind", sa.Text(), nullable=False),
        sa.Column("event_ref", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("person_no", sa.Text(), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_invitation_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("event_kind", "event_ref", name=op.f("uq_invitation_event_kind_event_ref")),
    )
    op.create_index(op.f("ix_invitation_account_id"), "invitation", ["account_id"], unique=False)
    op.create_index(op.f("ix_invitation_message_id"), "invitation", ["message_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_no", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("billing_month", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_payment_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("payment_no", name=op.f("uq_payment_payment_no")),
    )
    op.create_index(
        op.f("ix_payment_account_id_billing_month"), "payment", ["account_id", "billing_month"], unique=False
    )
    op.create_table(
        "signal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_signal_account_id_account")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_signal_contact_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
    )
    op.create_index(op.f("ix_signal_account_id"), "signal", ["account_id"], unique=False)
    op.create_index(op.f("ix_signal_contact_point_id_at"), "signal", ["contact_point_id", "at"], unique=False)
    op.create_table(
        "work_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("work_order_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subtype", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("caller_number", sa.Text(), nullable=True),
        sa.Column("caller_name", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("account_no", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fulfilled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("handler_no", sa.Text(), nullable=True),
        sa.Column("once_done", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("determination", sa.Text(), nullable=True),
        sa.Column("related_no", sa.Text(), nullable=True),
        sa.Column("relation_kind", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_work_order_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
        sa.UniqueConstraint("work_order_no", name=op.f("uq_work_order_work_order_no")),
    )
    op.create_index(op.f("ix_work_order_account_id"), "work_order", ["account_id"], unique=False)
    op.create_index(
        op.f("ix_work_order_closed_at_id"),
        "work_order",
        ["closed_at", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_table(
        "case_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("inbound_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('opened', 'joined', 'told', 'noted', 'assigned', 'closed')", name=op.f("ck_case_event_kind")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_event_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    op.create_index(op.f("ix_case_event_case_id_id"), "case_event", ["case_id", "id"], unique=False)
    op.create_index(
        "ix_case_event_message_id",
        "case_event",
        ["message_id"],
        unique=False,
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index(
        "uq_case_event_inbound",
        "case_event",
        ["case_id", "inbound_id", "kind"],
        unique=True,
        postgresql_where=sa.text("inbound_id IS NOT NULL"),
    )
    op.create_table(
        "correction_contact",
        sa.Column("correction_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_correction_contact_account_id_account")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"],
            ["contact_point.id"],
            name=op.f("fk_correction_contact_contact_point_id_contact_point"),
        ),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.id"], name=op.f("fk_correction_contact_correction_id_correction")
        ),
        sa.PrimaryKeyConstraint("correction_id", "link_id", name=op.f("pk_correction_contact")),
    )
    op.create_table(
        "correction_link",
        sa.Column("correction_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("before_case", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.id"], name=op.f("fk_correction_link_correction_id_correction")
        ),
        sa.ForeignKeyConstraint(["link_id"], ["contact_link.id"], name=op.f("fk_correction_link_link_id_contact_link")),
        sa.PrimaryKeyConstraint("correction_id", "link_id", name=op.f("pk_correction_link")),
    )
    op.create_index(op.f("ix_correction_link_link_id"), "correction_link", ["link_id"], unique=False)
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="counted", nullable=False),
        sa.Column("contact_point_id", sa.BigInteger(), nullable=False),
        sa.Column("inbound_id", sa.Uuid(), nullable=True),
        sa.Column("history", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint("state IN ('counted', 'withdrawn')", name=op.f("ck_evaluation_state")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_evaluation_invitation_id_invitation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_evaluation_invitation_id")),
    )
    op.create_index(op.f("ix_evaluation_at_id"), "evaluation", ["at", "id"], unique=False)
    for table in ("message", "message_account", "message_event"):
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def downgrade() -> None:
    op.drop_index(op.f("ix_evaluation_at_id"), table_name="evaluation")
    op.drop_table("evaluation")
    op.drop_index(op.f("ix_correction_link_link_id"), table_name="correction_link")
    op.drop_table("correction_link")
    op.drop_table("correction_contact")
    op.drop_index("uq_case_event_inbound", table_name="case_event", postgresql_where=sa.text("inbound_id IS NOT NULL"))
    op.drop_index(
        "ix_case_event_message_id", table_name="case_event", postgresql_where=sa.text("message_id IS NOT NULL")
    )
    op.drop_index(op.f("ix_case_event_case_id_id"), table_name="case_event")
    op.drop_table("case_event")
    op.drop_index(
        op.f("ix_work_order_closed_at_id"), table_name="work_order", postgresql_where=sa.text("closed_at IS NOT NULL")
    )
    op.drop_index(op.f("ix_work_order_account_id"), table_name="work_order")
    op.drop_table("work_order")
    op.drop_index(op.f("ix_signal_contact_point_id_at"), table_name="signal")
    op.drop_index(op.f("ix_signal_account_id"), table_name="signal")
    op.drop_table("signal")
    op.drop_index(op.f("ix_payment_account_id_billing_month"), table_name="payment")
    op.drop_table("payment")
    op.drop_index(op.f("ix_invitation_message_id"), table_name="invitation")
    op.drop_index(op.f("ix_invitation_account_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_index("uq_hold_active", table_name="hold", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_hold_expiry", table_name="hold", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_hold_case_id", table_name="hold", postgresql_where=sa.text("case_id IS NOT NULL"))
    op.drop_table("hold")
    op.drop_index("uq_correction_open", table_name="correction", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("ix_correction_state_id"), table_name="correction")
    op.drop_index(op.f("ix_correction_contact_point_id"), table_name="correction")
    op.drop_index(op.f("ix_correction_account_id"), table_name="correction")
    op.drop_table("correction")
    op.drop_index(
        "ix_contact_link_stopped",
        table_name="contact_link",
        postgresql_where=sa.text("state IN ('suspended', 'revoked')"),
    )
    op.drop_index(op.f("ix_contact_link_contact_point_id"), table_name="contact_link")
    op.drop_table("contact_link")
    op.drop_index("uq_case_open", table_name="case", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("ix_case_state_id"), table_name="case")
    op.drop_index(op.f("ix_case_account_id"), table_name="case")
    op.drop_table("case")
    op.drop_index("ix_bill_open", table_name="bill", postgresql_where=sa.text("settled_at IS NULL"))
    op.drop_table("bill")
    op.drop_index(op.f("ix_account_note_account_id_id"), table_name="account_note")
    op.drop_table("account_note")
    op.drop_index(op.f("ix_account_transformer_area_id"), table_name="account")
    op.drop_index(op.f("ix_account_premise_id"), table_name="account")
    op.drop_index(op.f("ix_account_manager_no"), table_name="account")
    op.drop_index(op.f("ix_account_customer_id"), table_name="account")
    op.drop_table("account")
    op.drop_index(op.f("ix_transformer_area_name"), table_name="transformer_area")
    op.drop_index(op.f("ix_transformer_area_feeder_id"), table_name="transformer_area")
    op.drop_table("transformer_area")
    op.drop_index(op.f("ix_staff_member_phone"), table_name="staff_member")
    op.drop_table("staff_member")
    op.drop_table("opt_out")
    op.drop_index(op.f("ix_import_reject_import_id_id"), table_name="import_reject")
    op.drop_table("import_reject")
    op.drop_index(op.f("ix_feeder_name"), table_name="feeder")
    op.drop_table("feeder")
    op.drop_table("unknown_receipt")
    op.drop_table("test_clock")
    op.drop_table("team")
    op.drop_index(op.f("ix_substation_name"), table_name="substation")
    op.drop_table("substation")
    op.drop_table("premise")
    op.drop_table("organisation")
    op.drop_table("notice_recipient")
    op.drop_index(op.f("ix_notice_state_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_table("node")
    op.drop_table("message_event")
    op.drop_index(
        op.f("ix_message_account_ground"), table_name="message_account", postgresql_where=sa.text("ground IS NOT NULL")
    )
    op.drop_index(op.f("ix_message_account_account_id_id"), table_name="message_account")
    op.drop_table("message_account")
    op.drop_index(
        "ix_message_unfinished",
        table_name="message",
        postgresql_where=sa.text("notice_id IS NOT NULL AND state IN ('queued', 'sending', 'uncertain')"),
    )
    op.drop_index("ix_message_uncertain", table_name="message", postgresql_where=sa.text("state = 'uncertain'"))
    op.drop_index("ix_message_sending", table_name="message", postgresql_where=sa.text("state = 'sending'"))
    op.drop_index(op.f("ix_message_reference"), table_name="message", postgresql_where=sa.text("reference IS NOT NULL"))
    op.drop_index("ix_message_queue", table_name="message", postgresql_where=sa.text("state = 'queued' AND NOT held"))
    op.drop_index(
        op.f("ix_message_notice_id_id"), table_name="message", postgresql_where=sa.text("notice_id IS NOT NULL")
    )
    op.drop_index(
        "ix_message_expiry",
        table_name="message",
        postgresql_where=sa.text("state = 'queued' AND expires_at IS NOT NULL"),
    )
    op.drop_index(op.f("ix_message_contact_point_id_id"), table_name="message")
    op.drop_table("message")
    op.drop_table("lane_breaker")
    op.drop_table("lane")
    op.drop_table("label")
    op.drop_index("ix_inbound_triage", table_name="inbound", postgresql_where=sa.text("state = 'triage'"))
    op.drop_index(op.f("ix_inbound_sender_id"), table_name="inbound")
    op.drop_index("ix_inbound_received", table_name="inbound", postgresql_where=sa.text("state = 'received'"))
    op.drop_table("inbound")
    op.drop_index(op.f("ix_import_state_id"), table_name="import")
    op.drop_table("import")
    op.drop_index(op.f("ix_idempotency_key_made_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_table("ground_stop")
    op.drop_index(op.f("ix_customer_name"), table_name="customer")
    op.drop_table("customer")
    op.drop_table("contact_point")
    op.drop_table("change")
    op.drop_index(op.f("ix_audit_entry_subject_id"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("api_key")
    op.drop_index("ix_alert_open", table_name="alert", postgresql_where=sa.text("acknowledged_at IS NULL"))
    op.drop_table("alert")
