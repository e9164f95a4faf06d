"""Rows of the bots: what platforms reported, and how far each conversation has got."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant


class ChatUpdate(Base):
    """One thing a platform reported, stored once before it is acknowledged (promises P1, P5)."""

    __tablename__ = "chat_update"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: Which bot it was reported to: `telegram:123456`, `telegram-staff:123457`, `wecom`. Each counts its own updates.
    bot: Mapped[str] = mapped_column(Text)
    #: The platform's own name for it: what makes a repeat harmless.
    update_no: Mapped[str] = mapped_column(Text)
    #: Updates of one chat are dealt with one after another; empty where it belongs to none.
    chat: Mapped[str] = mapped_column(Text, server_default="")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Instant)
    #: `received`, `answering` (dealt with, and what is to be shown is on its way), `done`, or `left` where it failed.
    state: Mapped[str] = mapped_column(Text, server_default="received")
    #: What is to be shown for it, as calls of the platform.
    calls: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    #: Until when the node that shows it may take, in the database's own time.
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    remark: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("bot", "update_no"),
        Index("ix_chat_update_open", "bot", "state", "id", postgresql_where=text("state IN ('received', 'answering')")),
        one_of("state", ("received", "answering", "done", "left"), "state"),
    )


class AlertTold(Base):
    """A chat of staff that an alert was told in, so that it can be told there that somebody has taken it on."""

    __tablename__ = "alert_told"

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    chat: Mapped[str] = mapped_column(Text, primary_key=True)
    message_no: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    #: When it was told there that it is taken on.
    settled_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index("ix_alert_told_open", "alert_id", postgresql_where=text("settled_at IS NULL")),)


class ChatPace(Base):
    """When a chat was sent something lately, in the database's own time, for the quotas that its platform has."""

    __tablename__ = "chat_pace"

    #: The lane of the bot.
    lane: Mapped[str] = mapped_column(Text, primary_key=True)
    chat: Mapped[str] = mapped_column(Text, primary_key=True)
    sent: Mapped[list[datetime]] = mapped_column(ARRAY(Instant))


class Conversation(Base):
    """How far a person has got in a dialogue with a bot, so that any node takes the next step."""

    __tablename__ = "conversation"

    bot: Mapped[str] = mapped_column(Text, primary_key=True)
    chat: Mapped[str] = mapped_column(Text, primary_key=True)
    #: Whoever speaks there, where a chat has several people, and a name for what has a state of its own.
    speaker: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    at: Mapped[datetime] = mapped_column(Instant, server_default=text("clock_timestamp()"))
