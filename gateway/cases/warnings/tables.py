"""Rows of warnings, of their rules, and of supervision cards."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.cases.warnings.rules import KINDS
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

WARNING_STATES = ("open", "acknowledged", "closed")
CARD_STATES = ("issued", "reported", "passed", "withdrawn")


class WarningRules(Base):
    """A version of the rules: who, when, why, and the whole table."""

    __tablename__ = "warning_rules"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)


class WarningRun(Base):
    """A day on which the rules were gone through."""

    __tablename__ = "warning_run"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    raised: Mapped[int] = mapped_column(Integer, server_default="0")


class EarlyWarning(Base):
    """预警: what is likely to become trouble, sent to a unit that says that it knows."""

    __tablename__ = "warning"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    #: The rule that raised it and its version; `by_hand` where a person did.
    rule: Mapped[str] = mapped_column(Text)
    rule_version: Mapped[int | None] = mapped_column(Integer)
    #: What it is about: `topic:…`, `unit:…/…`, `transformer_area:…/…`, `case:…`.
    subject: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    #: How many, of how many, and which (some of them).
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    unit: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    raised_at: Mapped[datetime] = mapped_column(Instant)
    raised_by: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(Instant)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    escalated_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("uq_warning_open", "rule", "subject", unique=True, postgresql_where=text("state <> 'closed'")),
        Index("ix_warning_waiting", "due_at", postgresql_where=text("state = 'open' AND escalated_at IS NULL")),
        Index(None, "rule", "subject", "raised_at"),
        Index(None, "unit", "id"),
        one_of("kind", KINDS, "kind"),
        one_of("state", WARNING_STATES, "state"),
    )


class SupervisionCard(Base):
    """督办卡: issued at once, a named person, a time, checked by somebody else (domain notes S1.11)."""

    __tablename__ = "supervision_card"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    subject: Mapped[str | None] = mapped_column(Text, index=True)
    words: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    doer: Mapped[str] = mapped_column(Text)
    checker: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="issued")
    issued_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    reported_at: Mapped[datetime | None] = mapped_column(Instant)
    report: Mapped[str | None] = mapped_column(Text)
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    result: Mapped[str | None] = mapped_column(Text)
    #: How often the checker sent it back.
    sent_back: Mapped[int] = mapped_column(Integer, server_default="0")
    escalated_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_supervision_card_due", "due_at", postgresql_where=text("state = 'issued' AND escalated_at IS NULL")),
        Index(None, "unit", "id"),
        Index(None, "doer", "id"),
        CheckConstraint("issuer <> doer AND doer <> checker AND checker <> issuer", "three_people"),
        one_of("state", CARD_STATES, "state"),
    )
