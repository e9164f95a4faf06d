"""Rows of the notices room: bills, payments and the notices drawn from them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Double, ForeignKey, Index, Numeric, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

Money = Numeric(14, 2)

NOTICE_STATES = ("draft", "approved", "composing", "sending", "paused", "done", "cancelled")


class Bill(Base):
    """What an account owes for a billing month: one row of an arrears list, or a bill as it was issued."""

    __tablename__ = "bill"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    #: `YYYYMM`.
    billing_month: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Money)
    due_date: Mapped[date]
    #: Set once the account stands on an arrears list for the month.
    overdue: Mapped[bool] = mapped_column(server_default=text("false"))
    months_overdue: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    late_fee: Mapped[Decimal] = mapped_column(Money, server_default="0")
    as_of: Mapped[date | None]
    detail: Mapped[str | None] = mapped_column(Text)
    #: Payments for the month that arrived after the list was cut.
    paid: Mapped[Decimal] = mapped_column(Money, server_default="0")
    settled_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("account_id", "billing_month"),
        Index("ix_bill_open", "billing_month", "id", postgresql_where=text("settled_at IS NULL")),
    )


class Payment(Base):
    """A payment as the bank or the counter reports it."""

    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_no: Mapped[str] = mapped_column(Text, unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    billing_month: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Money)
    paid_at: Mapped[datetime] = mapped_column(Instant)
    channel: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "account_id", "billing_month"),)


class Notice(Base):
    """One thing told to many: drafted, approved, composed chunk by chunk into messages, sent."""

    __tablename__ = "notice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    #: What it is about, as its kind understands it: a billing month, a span of closed work orders, …
    about: Mapped[dict[str, Any]] = mapped_column(JSONB)
    tone: Mapped[str | None] = mapped_column(Text)
    not_before: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    channels: Mapped[list[str] | None] = mapped_column(JSONB)
    #: Minutes that each channel but the last may try; empty means the usual ten.
    fallback_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    drafted_by: Mapped[str] = mapped_column(Text)
    drafted_at: Mapped[datetime] = mapped_column(Instant)
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    #: Why it stands where it stands, where that needs words (a pause by itself, a cancellation).
    remark: Mapped[str | None] = mapped_column(Text)
    #: What had failed and what had left when a person last let it go on: failures count from there.
    failed_before: Mapped[int] = mapped_column(BigInteger, server_default="0")
    left_before: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: How often it was composed anew, for a notice that goes on telling (`gateway.notices.outages`).
    round: Mapped[int] = mapped_column(server_default="0")
    #: Subjects in the audience, and whether all of them are found; how many are composed.
    audience: Mapped[int] = mapped_column(BigInteger, server_default="0")
    audience_found: Mapped[bool] = mapped_column(server_default=text("false"))
    composed: Mapped[int] = mapped_column(BigInteger, server_default="0")
    #: How far the search for the audience and the composing have got: they go on behind it after a crash.
    audience_cursor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    point_cursor: Mapped[int] = mapped_column(BigInteger, server_default="-1")
    subject_cursor: Mapped[int] = mapped_column(BigInteger, server_default="0")

    __table_args__ = (
        Index(None, "state", "id"),
        one_of("state", NOTICE_STATES, "state"),
    )


class NoticePreview(Base):
    """The last preview of a notice that was asked for, and how far it is."""

    __tablename__ = "notice_preview"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: Which run writes it: one that was taken for dead and lives on writes no more.
    run: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime] = mapped_column(Instant)
    #: When its node last said that it is being made, in the database's own time.
    beat_at: Mapped[datetime] = mapped_column(Instant, server_default=text("clock_timestamp()"))
    #: What it found so far (`gateway.notices.previewing.Preview`).
    found: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (one_of("state", ("running", "done", "failed"), "state"),)


class Recipient(Base):
    """A subject of a notice in composition, and the contact point it is to be told at.

    The rows are written in the order of subjects and read in the order of contact points, so that all a number
    is to be told comes together; they are removed when the notice is composed.
    """

    __tablename__ = "notice_recipient"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: The contact point it is told at, as a negative where that is told before the others; 0 where it is withheld,
    #: since such subjects share no text.
    told_at: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    #: The row of its kind that it is about: a bill, a work order.
    subject_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    account_id: Mapped[int | None] = mapped_column(BigInteger)
    link_id: Mapped[int | None] = mapped_column(BigInteger)
    contact_point_id: Mapped[int | None] = mapped_column(BigInteger)
    #: Why it is withheld, already known when the audience was found.
    withheld_reason: Mapped[str | None] = mapped_column(Text)
    because: Mapped[str | None] = mapped_column(Text)


class PolicyVersion(Base):
    """A version of the policy table, append-only: the newest is in force, and those before say what was."""

    __tablename__ = "policy_version"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    #: The whole table, not the difference.
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)


HOLD_REASONS = ("paid", "visit_instead")


class Hold(Base):
    """A pause of an account's reminders: the customer says it is paid, or disputes the bill. It ends by itself."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    #: The reason that withheld texts give, one of the contract's.
    reason: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    placed_by: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(Text)
    #: The reply that asked for it, and the case whose closing lifts it.
    inbound_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None]

    __table_args__ = (
        Index("uq_hold_active", "account_id", "reason", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_hold_expiry", "expires_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_hold_case_id", "case_id", postgresql_where=text("case_id IS NOT NULL")),
        one_of("reason", HOLD_REASONS, "reason"),
    )


STEP_OUTCOMES = ("text", "task", "proposed")


class DunningStep(Base):
    """A stage of the ladder that was taken for a bill, once: a text, a task for a person, a proposal to stop supply."""

    __tablename__ = "dunning_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("bill.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    stage: Mapped[str] = mapped_column(Text)
    #: The stage's day as it was then; empty for what is no rung, such as an offer of prepayment.
    day: Mapped[int | None] = mapped_column(SmallInteger)
    outcome: Mapped[str] = mapped_column(Text)
    #: What is told together; the notice that tells it, once that is drafted.
    run_id: Mapped[UUID]
    notice_id: Mapped[UUID | None]
    tone: Mapped[str | None] = mapped_column(Text)
    taken_at: Mapped[datetime] = mapped_column(Instant)
    because: Mapped[str] = mapped_column(Text)
    policy_version: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("bill_id", "stage"),
        Index(None, "run_id"),
        Index(None, "account_id", "taken_at"),
        Index("ix_dunning_step_undrafted", "run_id", postgresql_where=text("notice_id IS NULL AND outcome <> 'task'")),
        one_of("outcome", STEP_OUTCOMES, "outcome"),
    )


class DunningDay(Base):
    """A day whose stages have all been taken."""

    __tablename__ = "dunning_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(Instant)
    taken: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Feed(Base):
    """Up to when what others report to us is complete: payments, by the newest file."""

    __tablename__ = "feed"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    complete_until: Mapped[datetime] = mapped_column(Instant)
    source: Mapped[str] = mapped_column(Text)


class ToneDraw(Base):
    """Which tone an account was drawn into, when the two are compared, and by which draw."""

    __tablename__ = "tone_draw"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    #: Who reads together is drawn together: the default contact point, else the customer.
    reader: Mapped[str] = mapped_column(Text, index=True)
    tone: Mapped[str] = mapped_column(Text)
    draw: Mapped[float] = mapped_column(Double)
    warm_share: Mapped[float] = mapped_column(Double)
    drawn_at: Mapped[datetime] = mapped_column(Instant)


DISCONNECTION_STATES = ("proposed", "announced", "final", "stopped", "restored", "cancelled")


class Disconnection(Base):
    """A stop of supply for arrears, from the proposal to the day supply is back. People stop and restore it."""

    __tablename__ = "disconnection"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("bill.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    state: Mapped[str] = mapped_column(Text, server_default="proposed")
    run_id: Mapped[UUID] = mapped_column(index=True)
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    #: The notice of some days before, and the last one.
    notice_id: Mapped[UUID | None]
    final_run_id: Mapped[UUID | None] = mapped_column(index=True)
    #: Who approved it, by the staff list; and when supply is to stop.
    head_no: Mapped[str | None] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    stop_at: Mapped[datetime | None] = mapped_column(Instant)
    final_at: Mapped[datetime | None] = mapped_column(Instant)
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    stopped_by: Mapped[str | None] = mapped_column(Text)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    restore_due_at: Mapped[datetime | None] = mapped_column(Instant)
    restored_at: Mapped[datetime | None] = mapped_column(Instant)
    restored_by: Mapped[str | None] = mapped_column(Text)
    #: Told that supply is not back in time.
    escalated_at: Mapped[datetime | None] = mapped_column(Instant)
    #: Why it stands where it stands, where that needs words.
    because: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(
            "uq_disconnection_open",
            "bill_id",
            unique=True,
            postgresql_where=text("state NOT IN ('cancelled', 'restored')"),
        ),
        Index("ix_disconnection_state", "state", "id"),
        one_of("state", DISCONNECTION_STATES, "state"),
    )
