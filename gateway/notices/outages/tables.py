"""Rows of outages: what is off, where, until when, who hangs on it, and who was told what of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

KINDS = ("planned", "fault")
STATES = ("announced", "active", "restored", "cancelled")
STEPS = ("announce", "week", "day", "eve", "update", "restored", "cancelled")
#: What a text said of an account's supply.
SAID = ("off", "on", "not_affected", "cancelled")


class Outage(Base):
    """One interruption of supply: planned, at short notice, or a fault."""

    __tablename__ = "outage"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The name it has outside (`PO2503000006`).
    outage_no: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    #: Planned, but announced less than the statutory seven days ahead.
    short_notice: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    #: The planned end, or the estimated restoration; empty while nobody knows.
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    #: When a crew should be there.
    crew_at: Mapped[datetime | None] = mapped_column(Instant)
    restored_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(Text)
    #: Customers without supply, as the reporting system counts them.
    customers_out: Mapped[int | None]
    announced_at: Mapped[datetime] = mapped_column(Instant)
    #: The last message of the feed about it; what comes with a lower one comes late.
    reference: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(Text)
    #: Counts its changes. Texts rest on the revision they were written from: a later one stops them.
    revision: Mapped[int] = mapped_column(server_default="1")
    #: The revision that last changed what people are told; who was told since then is up to date.
    telling_revision: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        Index(None, "state", "starts_at"),
        one_of("kind", KINDS, "kind"),
        one_of("state", STATES, "state"),
    )


class OutageRevision(Base):
    """An outage as it stood from a moment on: the history of its times, its state and its estimate."""

    __tablename__ = "outage_revision"

    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(Text)


class OutageScope(Base):
    """A part of the grid, or a single account, that an outage takes in. One of the three is set."""

    __tablename__ = "outage_scope"

    id: Mapped[int] = mapped_column(primary_key=True)
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"), index=True)
    feeder_id: Mapped[int | None] = mapped_column(ForeignKey("feeder.id"))
    transformer_area_id: Mapped[int | None] = mapped_column(ForeignKey("transformer_area.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    __table_args__ = (
        Index("ix_outage_scope_feeder", "feeder_id", postgresql_where=text("feeder_id IS NOT NULL")),
        Index("ix_outage_scope_area", "transformer_area_id", postgresql_where=text("transformer_area_id IS NOT NULL")),
        Index("ix_outage_scope_account", "account_id", postgresql_where=text("account_id IS NOT NULL")),
    )


class OutageAccount(Base):
    """An account that an outage takes in, or took in: written from the grid before its texts are composed.

    Like what was told, it names its outage without a foreign key: a storm writes hundreds of thousands at once,
    and outages are never removed.
    """

    __tablename__ = "outage_account"

    outage_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    affected: Mapped[bool] = mapped_column(server_default=text("true"))


class OutageTold(Base):
    """What a message said of an outage about an account. Whether it was told, the message's state says.

    Append-only. A row whose message was another outage's stands for a debt taken over: that one ended while this
    one kept the account without supply, so that this one's end has to be told there.
    """

    __tablename__ = "outage_told"

    outage_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    said: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index(None, "account_id"), one_of("said", SAID, "said"), one_of("step", STEPS, "step"))


class OutageNotice(Base):
    """A notice about an outage, and what it says next by the calendar where it follows the outage."""

    __tablename__ = "outage_notice"

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"), index=True)
    #: Reminders, updates and restoration go out under the same notice and approval.
    follows: Mapped[bool] = mapped_column(server_default=text("true"))
    next_step: Mapped[str | None] = mapped_column(Text)
    next_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_outage_notice_due", "next_at", postgresql_where=text("follows AND next_at IS NOT NULL")),
        one_of("next_step", STEPS, "next_step"),
    )


class OutageConfirmation(Base):
    """An important user who was asked to confirm that a text was read; a person rings where nobody does in time."""

    __tablename__ = "outage_confirmation"

    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    due_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    #: A person was asked to ring, or a later text took its place.
    settled_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index(
            "ix_outage_confirmation_due", "due_at", postgresql_where=text("confirmed_at IS NULL AND settled_at IS NULL")
        ),
    )


class OutageReport(Base):
    """A customer who said that there is no supply, and the outage that explains it."""

    __tablename__ = "outage_report"

    outage_id: Mapped[int] = mapped_column(ForeignKey("outage.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    inbound_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(Instant)
    #: The revision whose estimate was given in answer.
    answered_revision: Mapped[int] = mapped_column(server_default="0")
