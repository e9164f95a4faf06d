"""Rows of chats: a contact point on a chat platform, the numbers its person was shown to hold, what proves that.

A chat has no links of its own. Whoever holds a number is the same person in the chat that is bound to it, so all
that is known of the number's links, and every stop of them, holds in the chat at the same moment.
"""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant


class Chat(Base):
    """A chat that somebody opened with one of the utility's bots; its contact point's kind is the platform."""

    __tablename__ = "chat"

    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"), primary_key=True, autoincrement=False)
    #: The language its person chose; empty until then.
    language: Mapped[str | None] = mapped_column(Text)
    #: Purposes that its person wants told here rather than by SMS where a notice names no channel.
    wants: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    opened_at: Mapped[datetime] = mapped_column(Instant)
    #: Since when nothing can be written there (the bot was blocked, the chat deleted), and what the platform said.
    gone_at: Mapped[datetime | None] = mapped_column(Instant)
    gone_why: Mapped[str | None] = mapped_column(Text)


class ContactHours(Base):
    """When the person of a contact point wants no texts, by the clock on the wall where they are served."""

    __tablename__ = "contact_hours"

    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"), primary_key=True, autoincrement=False)
    #: From this moment of the day until just before that one; over midnight where `ends` is not later.
    begins: Mapped[time]
    ends: Mapped[time]
    at: Mapped[datetime] = mapped_column(Instant)
    source: Mapped[str] = mapped_column(Text)


class ChatBinding(Base):
    """A number that a chat's person holds, and how that was shown. One that ended stays."""

    __tablename__ = "chat_binding"

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"))
    phone_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"))
    #: `contact` (the platform vouches for the number), `code` or `link` (what was sent there came back).
    how: Mapped[str] = mapped_column(Text)
    bound_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_why: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(
            "uq_chat_binding",
            "chat_point_id",
            "phone_point_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_chat_binding_phone", "phone_point_id", postgresql_where=text("ended_at IS NULL")),
        one_of("how", ("contact", "code", "link"), "how"),
    )


class ChatToken(Base):
    """What was sent to a number by SMS so that its holder can show it in a chat. Only its SHA-256 is kept."""

    __tablename__ = "chat_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Text, index=True)
    phone_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"), index=True)
    #: The chat that asked for a code, in which alone it counts; empty for a link, which any chat may open, once.
    chat_point_id: Mapped[int | None] = mapped_column(ForeignKey("contact_point.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    #: When it was used, or given up.
    settled_at: Mapped[datetime | None] = mapped_column(Instant)


class ChatAsk(Base):
    """That a chat asked for a code to a number, whether or not anybody knows the number. Kept for a day."""

    __tablename__ = "chat_ask"

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"), index=True)
    #: HMAC of the number under SECRET_KEY: numbers that nobody knows are kept nowhere.
    asked: Mapped[str] = mapped_column(Text, index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
