"""Rows of retention: how long things are kept, and what each night let go of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.orm import Mapped, mapped_column

from gateway.kernel.database import Base
from gateway.kernel.tables import Instant


class RetentionRule(Base):
    """How long one kind of thing is kept, where an admin has said so; what has no row is kept as usual."""

    __tablename__ = "retention_rule"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    days: Mapped[int]
    why: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(Text)


class RetentionRun(Base):
    """A rule that was carried out: up to which moment, how many things went, and whether it broke off."""

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    before: Mapped[datetime] = mapped_column(Instant)
    removed: Mapped[int]
    seconds: Mapped[float] = mapped_column(REAL)
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "rule", "id"),)
