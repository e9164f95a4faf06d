"""Rows of commitments, and what befell them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.cases.commitments.rules import KINDS, STATES
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

EVENTS = (
    "made", "told", "progress", "mark", "kept", "fulfilled", "broken", "renegotiated", "released", "claimed",
    "contradicted", "escalated",
)  # fmt: skip


class Commitment(Base):
    """承诺: what was promised to a customer, by when and by whom."""

    __tablename__ = "commitment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: The reference is made from it where the commitment belongs to no case.
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    #: `contact`: somebody gets in touch; `work`: something is done.
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    #: What it is about in the customer's words, and what was promised.
    topic: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(Text)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    #: The hotline's order of kind `commitment` that it came with.
    work_order_no: Mapped[str | None] = mapped_column(Text, unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    #: The number it was promised to, where one is known.
    to_number: Mapped[str | None] = mapped_column(Text)
    #: The unit that keeps it, never blank; and the person, where one is known.
    unit: Mapped[str] = mapped_column(Text)
    owner_no: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(Instant)
    #: How far it is, in the customer's words.
    progress: Mapped[str | None] = mapped_column(Text)
    #: How many of the marks (50, 80, 100 % of the time) are behind it, and when the next one falls due.
    marks: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    #: The proof: the text that told the customer; or how else it was told.
    told_message_id: Mapped[UUID | None]
    told_how: Mapped[str | None] = mapped_column(Text)
    #: When it was done, be it late.
    fulfilled_at: Mapped[datetime | None] = mapped_column(Instant)
    broken_at: Mapped[datetime | None] = mapped_column(Instant)
    #: When the customer said that it was not kept, whatever we had noted.
    contradicted_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    #: The commitment that this one was renegotiated from.
    replaces: Mapped[UUID | None] = mapped_column(ForeignKey("commitment.id"), unique=True)

    __table_args__ = (
        Index("ix_commitment_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index(None, "state", "id"),
        Index(None, "unit", "id"),
        Index(None, "due_at"),
        Index("ix_commitment_told", "told_message_id", postgresql_where=text("told_message_id IS NOT NULL")),
        one_of("kind", KINDS, "kind"),
        one_of("state", STATES, "state"),
    )


class CommitmentEvent(Base):
    """What befell a commitment, append-only."""

    __tablename__ = "commitment_event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    commitment_id: Mapped[UUID] = mapped_column(ForeignKey("commitment.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[UUID | None]
    inbound_id: Mapped[UUID | None]

    __table_args__ = (
        Index(None, "commitment_id", "id"),
        Index("ix_commitment_event_message_id", "message_id", postgresql_where=text("message_id IS NOT NULL")),
        one_of("kind", EVENTS, "kind"),
    )
