"""Rows of the evaluations room: who was asked about which service, and what they said."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant


class Invitation(Base):
    """One service event and the one invitation to evaluate it. Team and person are those of the service, frozen
    here, so that a later move of staff credits nobody else (domain notes §7)."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_kind: Mapped[str] = mapped_column(Text)
    event_ref: Mapped[str] = mapped_column(Text)
    #: Empty where the order names no account that the archive knows.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    team_code: Mapped[str | None] = mapped_column(Text)
    person_no: Mapped[str | None] = mapped_column(Text)
    notice_id: Mapped[UUID | None]
    #: The text that asks; a withheld one says why nobody was asked.
    message_id: Mapped[UUID] = mapped_column(index=True)
    invited_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("event_kind", "event_ref"),)


class Evaluation(Base):
    """What a customer said about a service; a later answer supersedes, and the history stays."""

    __tablename__ = "evaluation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"), unique=True)
    score: Mapped[int | None] = mapped_column(SmallInteger)
    solved: Mapped[bool | None]
    comment: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    channel: Mapped[str] = mapped_column(Text)
    #: `counted`, or `withdrawn` where the customer took the score back.
    state: Mapped[str] = mapped_column(Text, server_default="counted")
    contact_point_id: Mapped[int | None] = mapped_column(BigInteger)
    #: What the customer said it with.
    inbound_id: Mapped[UUID | None]
    #: Earlier answers, oldest first: `score`, `solved`, `comment`, `at`, `inbound_id`.
    history: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))

    __table_args__ = (
        Index(None, "at", "id"),
        one_of("state", ("counted", "withdrawn"), "state"),
    )
