"""Rows of corrections: the cases, the links they concern, the contacts they brought, and what proves those."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

CORRECTION_STATES = ("open", "verifying", "applied", "watching", "closed", "dismissed", "reverted")


class Correction(Base):
    """A case about contacts in doubt. It lists every link it concerns, and each needs a decision."""

    __tablename__ = "correction"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    reason: Mapped[str] = mapped_column(Text)
    contact_point_id: Mapped[int | None] = mapped_column(ForeignKey("contact_point.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    opened_by: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str | None] = mapped_column(Text)
    #: What may help the person who decides: the words that were said, contacts that were proposed.
    hints: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
    applied_by: Mapped[str | None] = mapped_column(Text)
    #: Who signed that it is complete, and what of the checklist was waived with a reason.
    signed_at: Mapped[datetime | None] = mapped_column(Instant)
    signed_by: Mapped[str | None] = mapped_column(Text)
    waived: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    watch_until: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    #: When it was last put before a supervisor because its time had passed.
    escalated_at: Mapped[datetime | None] = mapped_column(Instant)
    #: How often trouble came back after the decision, and when first.
    reopened: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    recurred_at: Mapped[datetime | None] = mapped_column(Instant)
    #: The earlier case whose contact turned out wrong again.
    follows: Mapped[UUID | None]

    __table_args__ = (
        Index(None, "state", "id"),
        Index("ix_correction_due", "due_at", postgresql_where=text("state IN ('open', 'verifying', 'applied')")),
        Index("uq_correction_open", "contact_point_id", unique=True, postgresql_where=text("state = 'open'")),
        one_of("state", CORRECTION_STATES, "state"),
    )


class CorrectionLink(Base):
    """A link that a correction concerns, and what was decided on it."""

    __tablename__ = "correction_link"

    correction_id: Mapped[UUID] = mapped_column(ForeignKey("correction.id"), primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("contact_link.id"), primary_key=True, index=True)
    #: `revoke`, `keep` or `change_role`; empty while undecided.
    decision: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    #: Whether this case suspended it; only then may `keep` or a dismissal lift the suspension.
    suspended: Mapped[bool] = mapped_column(server_default=text("false"))
    #: When this case suspended it, and when it was found to be right and sent again.
    suspended_at: Mapped[datetime | None] = mapped_column(Instant)
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)
    #: Until when the release before let it wait in doubt; links in question wait for a word or a decision now.
    held_until: Mapped[datetime | None] = mapped_column(Instant)
    #: The link before the case took hold of it: what `keep` and a dismissal go back to.
    before_case: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: The link before and after the decisions were carried out; a revert goes back to the first.
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    #: The latest import that spoke of the account and did not bring the revoked number again.
    clean_import_id: Mapped[UUID | None]

    __table_args__ = (Index("ix_correction_link_held", "held_until", postgresql_where=text("held_until IS NOT NULL")),)


class CorrectionContact(Base):
    """A contact that a correction brought: the link it made, or (`before`) the one it found and changed."""

    __tablename__ = "correction_contact"

    correction_id: Mapped[UUID] = mapped_column(ForeignKey("correction.id"), primary_key=True)
    #: Not a foreign key: a revert takes a link that the correction made away again.
    link_id: Mapped[int] = mapped_column(primary_key=True, index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"))
    role: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class ContactProof(Base):
    """A proof that was asked for a number: a code sent to it, or a question on the account's trusted channel."""

    __tablename__ = "contact_proof"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"), index=True)
    role: Mapped[str] = mapped_column(Text)
    correction_id: Mapped[UUID | None] = mapped_column(ForeignKey("correction.id"), index=True)
    #: `code` (sent to the number) or `trusted_channel` (asked at a proven contact of the account).
    how: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="asked")
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    #: SHA-256 of the proof's id and the code.
    digest: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    #: Whether the code must come with something only the holder has.
    needs_knowledge: Mapped[bool] = mapped_column(server_default=text("false"))
    #: The number that is given up for it, where the customer changed numbers.
    replaces_point_id: Mapped[int | None] = mapped_column(ForeignKey("contact_point.id"))
    message_id: Mapped[UUID | None] = mapped_column(index=True)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        one_of("how", ("code", "trusted_channel"), "how"),
        one_of("state", ("asked", "proven", "failed", "expired", "refused"), "state"),
    )
