"""Rows of the inbox: what came in, how it was read, what it caused."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant


class Inbound(Base):
    """One thing a customer said, stored once by the carrier's id before it is acknowledged (promises P1, P5)."""

    __tablename__ = "inbound"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(Text)
    carrier_id: Mapped[str] = mapped_column(Text)
    sender: Mapped[str | None] = mapped_column(Text)
    recipient: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    #: The webhook's body as it came, where it could not be understood as a text.
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Instant)
    #: `received` (stored, not yet dealt with), `done`, or `triage` (waits for a person).
    state: Mapped[str] = mapped_column(Text, server_default="received")
    contact_point_id: Mapped[int | None] = mapped_column(BigInteger)
    #: The message that the platform says it answers: a button under it was pressed, or it was quoted.
    replies_to: Mapped[UUID | None]
    #: The account that its sender chose in a dialogue.
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    #: The message it is taken to answer.
    answers: Mapped[UUID | None]
    reading: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    effects: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sql("'[]'"))
    #: Why it waits for a person, in words.
    remark: Mapped[str | None] = mapped_column(Text)
    #: A person must look within minutes. Stays set when it is settled.
    urgent: Mapped[bool] = mapped_column(server_default=sql("false"))
    #: The likeliest meanings, for a person to choose from: `key`, `intents`, `score`, `words`.
    choices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sql("'[]'"))
    resolved_by: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("channel", "carrier_id"),
        Index("ix_inbound_received", "id", postgresql_where=sql("state = 'received'")),
        Index("ix_inbound_triage", "urgent", "id", postgresql_where=sql("state = 'triage'")),
        Index(None, "sender", "id"),
        Index(None, "contact_point_id", "id"),
        one_of("state", ("received", "done", "triage"), "state"),
    )


class Label(Base):
    """How a person read a reply that the reader left to people: what the next version learns from."""

    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)
    inbound_id: Mapped[UUID] = mapped_column(unique=True)
    text: Mapped[str] = mapped_column(Text)
    #: The question that was open, as the reader was given it, and what was said before.
    context: Mapped[dict[str, Any]] = mapped_column(JSONB)
    turns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    intents: Mapped[list[str]] = mapped_column(JSONB)
    score: Mapped[int | None] = mapped_column(SmallInteger)
    #: The reading that was doubted.
    reading: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
