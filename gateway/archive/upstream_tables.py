"""Rows about the utility's own customer system: what it still gets wrong, and how far it has taken changes over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant


class Conflict(Base):
    """An import that brought a stopped link again: one row a link and import, whatever the rows of the file."""

    __tablename__ = "conflict"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("contact_link.id", ondelete="CASCADE"))
    import_id: Mapped[UUID] = mapped_column(ForeignKey("import.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    row_number: Mapped[int]
    #: What the link was when the file contradicted it: `suspended` or `revoked`.
    link_state: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    #: Whether the utility's own system was told with this one.
    told: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (UniqueConstraint("link_id", "import_id"), Index(None, "import_id", "id"))


class Consumer(Base):
    """A system that takes changes over, and how far it says it has got."""

    __tablename__ = "change_consumer"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    acknowledged: Mapped[int] = mapped_column(server_default="0")
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    made_at: Mapped[datetime] = mapped_column(Instant)


class Subscription(Base):
    """Where changes are pushed to for a consumer. Its secret is derived, not kept."""

    __tablename__ = "subscription"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consumer: Mapped[str] = mapped_column(ForeignKey("change_consumer.name"), unique=True)
    url: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="active")
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(Text)
    #: Tries of the change that is next, and when it is tried again.
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    last_status: Mapped[int | None] = mapped_column(SmallInteger)
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (one_of("state", ("active", "paused"), "state"),)
