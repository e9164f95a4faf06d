"""Rows of the evaluations room: who was asked about which service by which draw, and what they said."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Float, ForeignKey, Index, Integer, Numeric, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import UniqueConstraint

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

#: What an evaluation is worth: it counts, the customer took it back, it looks made up, a reviewer struck it.
EVALUATION_STATES = ("counted", "withdrawn", "quarantined", "annulled")
CHALLENGE_STATES = ("open", "upheld", "refused")
SOURCES = ("card", "mystery", "phone_audit")


class DrawSeed(Base):
    """The secret of a day's draws, made before the first of them. Its digest may be known at any time, the seed
    itself when the day is over: then everybody can draw again and find the same."""

    __tablename__ = "draw_seed"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    seed: Mapped[str] = mapped_column(Text)
    #: SHA-256 of the seed, in hexadecimal.
    digest: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)


class EvaluationProgramme(Base):
    """A version of one programme: how many of which services are asked about, and what."""

    __tablename__ = "evaluation_programme"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(Text)


class Invitation(Base):
    """One service event, its draw and the one invitation to evaluate it. Team and person are those of the service,
    frozen here, so that a later move of staff credits nobody else (domain notes §7); and so is the number.

    Draw and number are never changed: a trigger refuses it."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_kind: Mapped[str] = mapped_column(Text)
    event_ref: Mapped[str] = mapped_column(Text)
    #: Empty where the order names no account that the archive knows.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    team_code: Mapped[str | None] = mapped_column(Text)
    person_no: Mapped[str | None] = mapped_column(Text)
    notice_id: Mapped[UUID | None]
    #: The text that asks; a withheld one says why nobody was asked. Empty until there is one.
    message_id: Mapped[UUID | None] = mapped_column(index=True)
    invited_at: Mapped[datetime | None] = mapped_column(Instant)
    #: What kind of service it was (`fault_repair`, `restoration`, …), when it began and when it ended.
    service: Mapped[str | None] = mapped_column(Text)
    began_at: Mapped[datetime | None] = mapped_column(Instant)
    occurred_at: Mapped[datetime | None] = mapped_column(Instant)
    #: When its end was heard of, where it was drawn before that; empty where it was over when it was first heard of.
    over_at: Mapped[datetime | None] = mapped_column(Instant)
    #: Since when it counts among the services that customers are asked about.
    qualified_at: Mapped[datetime | None] = mapped_column(Instant)
    #: The draw: by which version of which programme, with which day's seed, what came out, and what was enough.
    programme: Mapped[str | None] = mapped_column(Text)
    programme_version: Mapped[int | None]
    seed_day: Mapped[date | None] = mapped_column(Date)
    draw: Mapped[float | None] = mapped_column(Float)
    rate: Mapped[float | None] = mapped_column(Float)
    drawn: Mapped[bool] = mapped_column(server_default=text("true"))
    drawn_at: Mapped[datetime | None] = mapped_column(Instant)
    #: The number as it was when the event became known: the only one that is asked.
    frozen_at: Mapped[datetime | None] = mapped_column(Instant)
    contact_point_id: Mapped[int | None] = mapped_column(BigInteger)
    #: All numbers of the account then, to see that somebody changed them.
    contacts: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    #: What makes one look twice: `contacts_changed`, `handler_proposed`, `despite_own_contact`.
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    #: Why nobody is asked, where no text says so: `not_drawn`, `sensitive`, `late`.
    skipped: Mapped[str | None] = mapped_column(Text)
    answer_by: Mapped[datetime | None] = mapped_column(Instant)
    #: When the one reminder is due, and which it was.
    remind_at: Mapped[datetime | None] = mapped_column(Instant)
    reminder_id: Mapped[UUID | None]
    #: What is still to be asked after the score, in order.
    asks: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    #: What became of the text, kept when it was over: the texts themselves are retired one day.
    ended_state: Mapped[str | None] = mapped_column(Text)
    ended_reason: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("event_kind", "event_ref"),
        Index("ix_invitation_when", text("coalesce(occurred_at, invited_at)")),
        Index(
            "ix_invitation_waiting",
            "occurred_at",
            postgresql_where=text("message_id IS NULL AND skipped IS NULL AND drawn"),
        ),
        Index("ix_invitation_under_way", "id", postgresql_where=text("occurred_at IS NULL AND message_id IS NULL")),
        Index("ix_invitation_unfrozen", "id", postgresql_where=text("frozen_at IS NULL AND message_id IS NULL")),
        Index("ix_invitation_unended", "answer_by", postgresql_where=text("ended_state IS NULL")),
        Index("ix_invitation_remind", "remind_at", postgresql_where=text("reminder_id IS NULL")),
        Index("ix_invitation_asks", "id", postgresql_where=text("asks <> '{}'")),
        Index(None, "reminder_id"),
        Index(None, "person_no", "occurred_at"),
    )


class InvitationText(Base):
    """A further text of an invitation: its reminder, or a question that followed the score."""

    __tablename__ = "invitation_text"

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"), index=True)
    #: `reminder`, `solved`, `why`.
    asks: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)


class Evaluation(Base):
    """What a customer said about a service; a later answer supersedes, and the history stays."""

    __tablename__ = "evaluation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"), unique=True)
    score: Mapped[int | None] = mapped_column(SmallInteger)
    solved: Mapped[bool | None]
    comment: Mapped[str | None] = mapped_column(Text)
    #: Why the score was low, asked for by itself.
    why: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    channel: Mapped[str] = mapped_column(Text)
    #: `counted`; `withdrawn` where the customer took the score back; `quarantined` where it looks made up;
    #: `annulled` where a challenge was upheld. Nothing is ever deleted.
    state: Mapped[str] = mapped_column(Text, server_default="counted")
    #: Why it looks made up.
    suspicions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    #: Who looked into that, and what they found.
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    review: Mapped[str | None] = mapped_column(Text)
    contact_point_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    #: What the customer said it with.
    inbound_id: Mapped[UUID | None]
    #: Earlier answers, oldest first: `score`, `solved`, `comment`, `at`, `inbound_id`.
    history: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))

    __table_args__ = (
        Index(None, "at", "id"),
        one_of("state", EVALUATION_STATES, "state"),
    )


class Challenge(Base):
    """申诉: a unit contests a rating, with evidence; somebody outside the unit decides."""

    __tablename__ = "evaluation_challenge"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluation.id"))
    team_code: Mapped[str | None] = mapped_column(Text)
    by_no: Mapped[str] = mapped_column(Text)
    grounds: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    opened_at: Mapped[datetime] = mapped_column(Instant)
    reviewer_no: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decision: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        # Contested once: what was decided is decided.
        UniqueConstraint("evaluation_id"),
        one_of("state", CHALLENGE_STATES, "state"),
    )


class OutsideScore(Base):
    """A score that came another way: service cards, mystery checks, telephone audit. Never mixed with the answers."""

    __tablename__ = "outside_score"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    ref: Mapped[str] = mapped_column(Text)
    on: Mapped[date] = mapped_column(Date)
    team_code: Mapped[str | None] = mapped_column(Text)
    person_no: Mapped[str | None] = mapped_column(Text)
    #: The work order it is about, where it is about one.
    event_ref: Mapped[str | None] = mapped_column(Text)
    score: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    #: The best there could be: 5 for a card, 100 for a mystery check.
    best: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    comment: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("source", "ref"),
        Index(None, "on"),
        one_of("source", SOURCES, "source"),
    )


class Tally(Base):
    """How many services of one day ended alike: days that are over are counted once, not at each reading."""

    __tablename__ = "evaluation_tally"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    team_code: Mapped[str | None] = mapped_column(Text)
    person_no: Mapped[str | None] = mapped_column(Text)
    service: Mapped[str | None] = mapped_column(Text)
    ended: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    #: The state of the answer, NULL without one.
    answer: Mapped[str | None] = mapped_column(Text)
    score: Mapped[int | None] = mapped_column(SmallInteger)
    solved: Mapped[bool | None]
    number: Mapped[int] = mapped_column(Integer)

    __table_args__ = (Index(None, "day"),)


class TallyDay(Base):
    """A day that was counted; whatever changes about its services takes it away again."""

    __tablename__ = "evaluation_tally_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
