"""Rows of the cases room: what customers raised by text, alerts, notes, and the work orders of the 95598 hotline."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.archive.tables import one_of
from gateway.kernel.database import Base
from gateway.kernel.tables import Instant


class WorkOrder(Base):
    """工单: what a customer raised and who dealt with it, as the hotline exports it."""

    __tablename__ = "work_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    work_order_no: Mapped[str] = mapped_column(Text, unique=True)
    #: fault_repair, complaint, opinion, consultation, report, service_request, suggestion, praise, commitment.
    kind: Mapped[str] = mapped_column(Text)
    subtype: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(Text)
    #: E.164 where it could be read, else as the exchange showed it.
    caller_number: Mapped[str | None] = mapped_column(Text)
    caller_name: Mapped[str | None] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    #: As the file has it, even where the archive does not know it.
    account_no: Mapped[str | None] = mapped_column(Text)
    content: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    promised_at: Mapped[datetime | None] = mapped_column(Instant)
    fulfilled_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    team_code: Mapped[str | None] = mapped_column(Text)
    handler_no: Mapped[str | None] = mapped_column(Text)
    once_done: Mapped[bool] = mapped_column(server_default=text("false"))
    determination: Mapped[str | None] = mapped_column(Text)
    related_no: Mapped[str | None] = mapped_column(Text)
    relation_kind: Mapped[str | None] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(None, "closed_at", "id", postgresql_where=text("closed_at IS NOT NULL")),
        Index(None, "opened_at", "id"),
    )


CASE_CLASSES = ("complaint", "opinion", "fault_report", "service_request")
CASE_STATES = ("open", "closed")
CASE_EVENTS = ("opened", "joined", "told", "noted", "assigned", "closed")
NOTE_KINDS = ("payment_promise", "payment_extension")


class Case(Base):
    """诉求: something a customer raised, owned by somebody from the first contact to the end."""

    __tablename__ = "case"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: The reference number is made from it.
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    klass: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    #: Whose it is: `account:ID`, or `number:NUMBER` where no account is known.
    subject: Mapped[str] = mapped_column(Text)
    #: The matter within the topic: a work order, an outage, or the topic itself.
    matter: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    contact_point_id: Mapped[int | None] = mapped_column(BigInteger)
    #: The unit that owns it, never blank; and the person, where one is known.
    unit: Mapped[str] = mapped_column(Text)
    owner_no: Mapped[str | None] = mapped_column(Text)
    #: What was said first, quoted.
    summary: Mapped[str] = mapped_column(Text)
    #: How often the customer came with it.
    contacts: Mapped[int] = mapped_column(Integer, server_default="1")
    opened_at: Mapped[datetime] = mapped_column(Instant)
    opened_by: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("uq_case_open", "subject", "klass", "matter", unique=True, postgresql_where=text("state = 'open'")),
        Index(None, "state", "id"),
        one_of("klass", CASE_CLASSES, "klass"),
        one_of("state", CASE_STATES, "state"),
    )


class CaseEvent(Base):
    """What befell a case, append-only."""

    __tablename__ = "case_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    #: The reply that raised it, the text that told of it.
    inbound_id: Mapped[UUID | None]
    message_id: Mapped[UUID | None]

    __table_args__ = (
        Index(None, "case_id", "id"),
        Index(
            "uq_case_event_inbound",
            "case_id",
            "inbound_id",
            "kind",
            unique=True,
            postgresql_where=text("inbound_id IS NOT NULL"),
        ),
        Index("ix_case_event_message_id", "message_id", postgresql_where=text("message_id IS NOT NULL")),
        one_of("kind", CASE_EVENTS, "kind"),
    )


class Alert(Base):
    """Danger, or a large loss about to happen: staff are told at once, and one of them takes it on."""

    __tablename__ = "alert"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    inbound_id: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    sender: Mapped[str] = mapped_column(Text)
    account_no: Mapped[str | None] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_alert_open", "id", postgresql_where=text("acknowledged_at IS NULL")),
        one_of("kind", ("safety", "loss"), "kind"),
    )


class AccountNote(Base):
    """What a customer said about paying, noted on the account with its date."""

    __tablename__ = "account_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    inbound_id: Mapped[UUID]

    __table_args__ = (
        UniqueConstraint("inbound_id", "account_id", "kind"),
        Index(None, "account_id", "id"),
        one_of("kind", NOTE_KINDS, "kind"),
    )


MARK_KINDS = ("merged", "split", "excluded", "challenged")


class RepeatMark(Base):
    """What a person decided, or contests, about a work order as a repeat: with a reason, never deleted."""

    __tablename__ = "repeat_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    work_order_no: Mapped[str] = mapped_column(Text, index=True)
    #: The order that it is merged with.
    other_no: Mapped[str | None] = mapped_column(Text, index=True)
    #: E1 to E4, of an exclusion or of a challenge that rests on one.
    code: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(Text)
    #: Of a challenge (申诉): whether it was upheld, by somebody else than who raised it.
    upheld: Mapped[bool | None]
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decision: Mapped[str | None] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        one_of("kind", MARK_KINDS, "kind"),
        one_of("code", ("E1", "E2", "E3", "E4"), "code"),
    )
