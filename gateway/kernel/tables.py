"""Rows that belong to no room of the domain: the audit trail, idempotency keys, the test clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Index, Interval, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.kernel.database import Base

#: A timestamp with a zone; PostgreSQL keeps the instant, the gateway always reads UTC.
Instant = DateTime(timezone=True)


class AuditEntry(Base):
    """Who changed what, when, from what to what (promise P8). Append-only."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    #: `key:NAME`, `staff:NUMBER`, `customer`, `carrier`, `clock` or `cli:USER`.
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    __table_args__ = (Index(None, "subject", "id"),)


class IdempotencyKey(Base):
    """The answer that a POST with this key got, so that a repeat gets the same one."""

    __tablename__ = "idempotency_key"

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    #: SHA-256 of method, path and body.
    request_digest: Mapped[str] = mapped_column(Text)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    response: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant, server_default=text("now()"), index=True)


class TestClockRow(Base):
    """The sandbox's clock: one row, real time plus `shift`."""

    __tablename__ = "test_clock"
    __test__ = False

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    shift: Mapped[timedelta] = mapped_column(Interval)
