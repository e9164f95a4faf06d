"""Rows of the cases room: what customers raised by text, alerts, notes, and the work orders of the 95598 hotline."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
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


CASE_CLASSES = (
    "complaint", "opinion", "fault_report", "service_request", "enquiry", "report", "suggestion", "praise",
)  # fmt: skip
#: `asked`: what came of it was told, and the customer is asked whether it is solved.
CASE_STATES = ("open", "asked", "closed")
CASE_EVENTS = (
    "opened", "joined", "told", "noted", "assigned", "closed", "contacted", "classed", "handed_over", "acknowledged",
    "returned", "rated", "asked", "confirmed", "contradicted", "praised",
)  # fmt: skip
#: How the customer's word came in at the end: said so, said nothing, could not be reached, took it back himself;
#: or the hotline closed its order, which the survey asks about.
CONFIRMATIONS = ("confirmed", "silent", "unreached", "taken_back", "hotline")
SEVERITIES = ("critical", "high", "normal", "low", "invalid")
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
    #: The hotline's order that it is, where it is one.
    work_order_no: Mapped[str | None] = mapped_column(Text, unique=True)
    #: How much it presses and why, by rule or as a person judged.
    severity: Mapped[str] = mapped_column(Text, server_default="normal")
    severity_why: Mapped[str | None] = mapped_column(Text)
    #: What the rule said, where a person judged otherwise.
    severity_by_rule: Mapped[str | None] = mapped_column(Text)
    #: Who was first contacted with it (首问负责制): never changed.
    first_unit: Mapped[str | None] = mapped_column(Text)
    first_owner: Mapped[str | None] = mapped_column(Text)
    #: When the customer last heard of it, and what asked him whether it is solved.
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    asked_message_id: Mapped[UUID | None]
    asked_by: Mapped[str | None] = mapped_column(Text)
    confirmation: Mapped[str | None] = mapped_column(Text)
    #: How often the customer said of a closure that nothing was solved, and when last.
    contradictions: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    contradicted_at: Mapped[datetime | None] = mapped_column(Instant)
    #: When the clock looks at it next: for silence while it is open, for the end of waiting while it is asked.
    next_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("ix_case_next", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_case_asked_message", "asked_message_id", postgresql_where=text("asked_message_id IS NOT NULL")),
        Index(None, "unit", "state", "id"),
        Index(None, "klass", "id"),
        Index(None, "opened_at"),
        one_of("severity", SEVERITIES, "severity"),
        one_of("confirmation", CONFIRMATIONS, "confirmation"),
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


class CaseHandover(Base):
    """A case handed from one unit to another: acknowledged in time, rated by who received it (domain notes S3.1)."""

    __tablename__ = "case_handover"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    from_unit: Mapped[str] = mapped_column(Text)
    from_owner: Mapped[str | None] = mapped_column(Text)
    to_unit: Mapped[str] = mapped_column(Text)
    to_owner: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(Text)
    acknowledge_by: Mapped[datetime] = mapped_column(Instant)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    #: Given back with a reason: the case is with who gave it again.
    returned_at: Mapped[datetime | None] = mapped_column(Instant)
    returned_by: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    #: 1 to 5, by who received it: was everything there that the work needs?
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    rating_note: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[datetime | None] = mapped_column(Instant)
    rated_by: Mapped[str | None] = mapped_column(Text)
    escalated_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index(
            "ix_case_handover_waiting",
            "acknowledge_by",
            postgresql_where=text("acknowledged_at IS NULL AND returned_at IS NULL AND escalated_at IS NULL"),
        ),
        Index(None, "to_unit", "id"),
        CheckConstraint("rating BETWEEN 1 AND 5", "rating"),
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
