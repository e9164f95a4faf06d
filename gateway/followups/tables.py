"""Rows of the follow-ups room: what account managers plan, and what somebody else asks afterwards."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

CHANNELS = ("visit", "phone", "sms", "chat")
STATES = ("planned", "done", "missed", "cancelled")
#: `asked` by text; `to_call` by telephone; then `answered`, or `unreached` for good.
INDEPENDENT_STATES = ("asked", "to_call", "answered", "unreached")
VOICE_STATES = ("open", "answered")


class FollowupSeries(Base):
    """A plan that repeats, by a recurrence rule of RFC 5545."""

    __tablename__ = "followup_series"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    manager_no: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    #: The value of RRULE, such as `FREQ=MONTHLY;INTERVAL=3`.
    rule: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date] = mapped_column(Date)
    #: Occurrences are written down up to this day.
    made_until: Mapped[date] = mapped_column(Date)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    #: The programme of visits it belongs to.
    programme: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        one_of("channel", CHANNELS, "channel"),
        Index(
            "uq_followup_series_programme",
            "programme",
            "account_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND programme IS NOT NULL"),
        ),
    )


class VisitProgramme(Base):
    """One of the visits that the utility pays to its customers by rule (四访): to whom, how often, about what."""

    __tablename__ = "visit_programme"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    #: The value of RRULE.
    rule: Mapped[str] = mapped_column(Text)
    #: Whose accounts: `vip`, `important`, `vulnerable`, `key_concern`, `all`.
    audience: Mapped[str] = mapped_column(Text)
    #: What the visitor asks, one line each (quality, timeliness, workmanship).
    questions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    active: Mapped[bool] = mapped_column(server_default=text("false"))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = mapped_column(Text)

    __table_args__ = (one_of("channel", CHANNELS, "channel"),)


class Followup(Base):
    """A contact or visit that an account manager planned, and what came of it."""

    __tablename__ = "followup"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: The number it has in the file it came with.
    plan_no: Mapped[str | None] = mapped_column(Text, unique=True)
    series_id: Mapped[UUID | None] = mapped_column(ForeignKey("followup_series.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    #: Whose customer it is; and who does it where that is a deputy.
    manager_no: Mapped[str] = mapped_column(Text)
    deputy_no: Mapped[str | None] = mapped_column(Text)
    planned_for: Mapped[date] = mapped_column(Date)
    topic: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="planned")
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    done_by: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(Text)
    #: The programme of visits it belongs to.
    programme: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_followup_planned", "planned_for", postgresql_where=text("state = 'planned'")),
        Index(None, "manager_no", "planned_for"),
        one_of("channel", CHANNELS, "channel"),
        one_of("state", STATES, "state"),
    )


class Deputy(Base):
    """Who stands in for an account manager, and when."""

    __tablename__ = "deputy"

    id: Mapped[int] = mapped_column(primary_key=True)
    manager_no: Mapped[str] = mapped_column(Text, index=True)
    deputy_no: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(Text)


class IndependentFollowup(Base):
    """How a follow-up was, asked by somebody outside the manager's line: by text first, by telephone if need be."""

    __tablename__ = "independent_followup"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    followup_id: Mapped[UUID] = mapped_column(ForeignKey("followup.id"), unique=True)
    state: Mapped[str] = mapped_column(Text)
    #: The text that asked; a withheld one says why nobody was asked by text.
    message_id: Mapped[UUID | None]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    #: Until then the text may be answered; afterwards somebody calls.
    answer_by: Mapped[datetime] = mapped_column(Instant)
    #: Who calls; drawn among those outside the manager's team. `draw` says among how many, and by which seed.
    caller_no: Mapped[str | None] = mapped_column(Text)
    draw: Mapped[str | None] = mapped_column(Text)
    call_by: Mapped[datetime | None] = mapped_column(Instant)
    calls: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_independent_followup_open", "answer_by", postgresql_where=text("state IN ('asked', 'to_call')")),
        one_of("state", INDEPENDENT_STATES, "state"),
    )


class Voice(Base):
    """What a customer wants looked into, said at a follow-up: owed an answer by somebody, by a day."""

    __tablename__ = "customer_voice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    followup_id: Mapped[UUID] = mapped_column(ForeignKey("followup.id"), index=True)
    words: Mapped[str] = mapped_column(Text)
    owner_no: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    said_at: Mapped[datetime] = mapped_column(Instant)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    #: The task of whoever owes the answer.
    task_id: Mapped[UUID | None]

    __table_args__ = (one_of("state", VOICE_STATES, "state"),)
