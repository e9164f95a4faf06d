"""Rows of the archive: organisations, the grid, customers, accounts, contact points and the links between.

A contact point is an address (a number, a chat); a contact link says that it reaches somebody who belongs to
an account. Judgement is passed on links, not on numbers: a number can be right for one account and wrong for
another (domain notes §5.2).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.kernel.database import Base
from gateway.kernel.tables import Instant

ROLES = ("holder", "payer", "tenant", "relative", "agent", "landlord")
LINK_STATES = ("unverified", "verified", "suspended", "revoked")
POINT_STATES = ("active", "unreachable", "retired")
#: What may be refused: a purpose, or all of them.
REFUSABLE = ("billing", "outage", "service", "advice", "demand_response", "all")
CHANGE_KINDS = ("link_revoked", "link_added", "role_changed", "link_restored", "still_wrong")


def one_of(column: str, words: tuple[str, ...], name: str) -> CheckConstraint:
    """A constraint that holds `column` to a closed list of words."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=name)


class Organisation(Base):
    """A part of the utility: the company, a district."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))


class Substation(Base):
    """变电站."""

    __tablename__ = "substation"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, index=True)


class Feeder(Base):
    """线路."""

    __tablename__ = "feeder"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, index=True)
    substation_id: Mapped[int | None] = mapped_column(ForeignKey("substation.id"))


class TransformerArea(Base):
    """台区: the smallest usual scope of an outage."""

    __tablename__ = "transformer_area"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, index=True)
    kind: Mapped[str | None] = mapped_column(Text)
    feeder_id: Mapped[int | None] = mapped_column(ForeignKey("feeder.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))


class Customer(Base):
    """客户: a person or a group; may hold several accounts. `customer_no` is empty where the export has none."""

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_no: Mapped[str | None] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, index=True)
    segment: Mapped[str] = mapped_column(Text, server_default="individual")
    id_masked: Mapped[str | None] = mapped_column(Text)


class Premise(Base):
    """用电地址: the place that is supplied, whoever lives there."""

    __tablename__ = "premise"

    id: Mapped[int] = mapped_column(primary_key=True)
    premise_no: Mapped[str | None] = mapped_column(Text, unique=True)
    address: Mapped[str] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    street: Mapped[str | None] = mapped_column(Text)
    community: Mapped[str | None] = mapped_column(Text)
    building: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Text)
    room: Mapped[str | None] = mapped_column(Text)
    #: Where its clocks and public holidays are not those of the utility's home: `Asia/Urumqi`, `US-NY`.
    time_zone: Mapped[str | None] = mapped_column(Text)
    calendar: Mapped[str | None] = mapped_column(Text)


class Account(Base):
    """户: what a bill is for. `account_no` is the number the utility and the customer know it by."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_no: Mapped[str] = mapped_column(Text, unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    premise_id: Mapped[int] = mapped_column(ForeignKey("premise.id"), index=True)
    transformer_area_id: Mapped[int | None] = mapped_column(ForeignKey("transformer_area.id"), index=True)
    holder_name: Mapped[str] = mapped_column(Text)
    tariff_class: Mapped[str] = mapped_column(Text, server_default="residential")
    voltage: Mapped[str | None] = mapped_column(Text)
    capacity_kva: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    meter_no: Mapped[str | None] = mapped_column(Text)
    opened_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(Text, server_default="active")
    important_level: Mapped[str | None] = mapped_column(Text)
    sensitive: Mapped[bool] = mapped_column(server_default=text("false"))
    key_concern: Mapped[bool] = mapped_column(server_default=text("false"))
    #: What makes the household vulnerable (home_oxygen, dialysis, ventilator, elderly_alone, disabled).
    vulnerable: Mapped[str | None] = mapped_column(Text)
    vip: Mapped[bool] = mapped_column(server_default=text("false"))
    manager_no: Mapped[str | None] = mapped_column(Text, index=True)
    language: Mapped[str] = mapped_column(Text, server_default="zh")
    sms_opt_out: Mapped[bool] = mapped_column(server_default=text("false"))
    updated_on: Mapped[date | None]

    __table_args__ = (
        # For people who search: the end of the number, as texts name it; the meter; any part of a name.
        Index("ix_account_tail", text("right(account_no, 4)")),
        Index(None, "meter_no", postgresql_where=text("meter_no IS NOT NULL")),
        Index(
            "ix_account_holder_characters",
            text("string_to_array(holder_name, NULL::text)"),
            postgresql_using="gin",
        ),
        one_of("status", ("active", "suspended", "closed"), "status"),
    )


class AccountSegment(Base):
    """A tag that somebody put on an account, or (`holds` false) took off it, whatever the archive's export says."""

    __tablename__ = "account_segment"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    segment: Mapped[str] = mapped_column(Text)
    holds: Mapped[bool] = mapped_column(server_default=text("true"))
    reason: Mapped[str] = mapped_column(Text)
    #: Whose judgement it is: a staff number or a unit.
    owner: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    placed_by: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("uq_account_segment", "account_id", "segment", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_account_segment_segment", "segment", "account_id", postgresql_where=text("ended_at IS NULL")),
    )


class ContactPoint(Base):
    """An address of one kind: an E.164 number or a chat, with a state of its own."""

    __tablename__ = "contact_point"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, server_default="phone")
    address: Mapped[str] = mapped_column(Text)
    #: `mobile`, `landline`, `unknown`, or `invalid` where the carrier knows no such number.
    line: Mapped[str] = mapped_column(Text, server_default="mobile")
    state: Mapped[str] = mapped_column(Text, server_default="active")
    state_since: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint("address", "kind"),
        one_of("state", POINT_STATES, "state"),
    )


class ContactLink(Base):
    """Account ↔ contact point, with the role it plays and what is known of it. A revoked link stays for ever."""

    __tablename__ = "contact_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"))
    role: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="unverified")
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    source: Mapped[str | None] = mapped_column(Text)
    registered_on: Mapped[date | None]
    updated_on: Mapped[date | None]
    verified_at: Mapped[datetime | None] = mapped_column(Instant)
    verified_how: Mapped[str | None] = mapped_column(Text)
    #: When the present state began, and why.
    state_since: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(Text)
    #: Brought by a correction or a proposal and not proven yet: no amounts go to it (domain notes §5.3.7).
    needs_proof: Mapped[bool] = mapped_column(server_default=text("false"))
    #: Since when it is in question: somebody at the number disowned one of several accounts and did not say which, so
    #: nothing goes out through any of them until that is said or decided.
    questioned_at: Mapped[datetime | None] = mapped_column(Instant)
    #: The import that brought it: where one row of a batch is wrong, its neighbours often are.
    import_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("account_id", "contact_point_id"),
        Index(None, "contact_point_id"),
        Index("ix_contact_link_stopped", "state", "id", postgresql_where=text("state IN ('suspended', 'revoked')")),
        one_of("role", ROLES, "role"),
        one_of("state", LINK_STATES, "state"),
    )


class OptOut(Base):
    """A refusal given on a contact point, by purpose (`all` for every purpose)."""

    __tablename__ = "opt_out"

    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    source: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        one_of("purpose", ("billing", "outage", "service", "advice", "demand_response", "all"), "purpose"),
    )


class Consent(Base):
    """A consent given on a contact point for a purpose that needs one, with its proof. One that ended stays."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"))
    purpose: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(Instant)
    #: Where it was given (counter, reply, app) and by whose word; who wrote it down.
    source: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(
            "uq_consent_given", "contact_point_id", "purpose", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
    )


class Signal(Base):
    """A piece of evidence about a contact, append-only (domain notes §5.2)."""

    __tablename__ = "signal"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_point_id: Mapped[int] = mapped_column(ForeignKey("contact_point.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (Index(None, "contact_point_id", "at"),)


class Change(Base):
    """What the utility's own customer system must take over, in the order of commit, each once."""

    __tablename__ = "change"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(Text)
    account_no: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    correction_id: Mapped[UUID | None] = mapped_column(index=True)
    #: For `still_wrong`: the import and the row that brought the number again.
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    __table_args__ = (one_of("kind", CHANGE_KINDS, "kind"),)


class Import(Base):
    """A file that was handed in, and how far it has got. `rows_done` and the counts move with each chunk."""

    __tablename__ = "import"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    requested_by: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    #: Rows of the file dealt with so far, refused ones included; a restart goes on behind them.
    rows: Mapped[int] = mapped_column(server_default="0")
    created: Mapped[int] = mapped_column(server_default="0")
    updated: Mapped[int] = mapped_column(server_default="0")
    unchanged: Mapped[int] = mapped_column(server_default="0")
    rejected: Mapped[int] = mapped_column(server_default="0")
    conflicts: Mapped[int] = mapped_column(server_default="0")
    ignored_headings: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    #: The headings of the file as it writes them, cell by cell; empty before the file was opened.
    headings: Mapped[list[str] | None] = mapped_column(JSONB)
    #: The import whose refused rows this one brings again, mended by a person.
    mends: Mapped[UUID | None]
    error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(None, "state", "id"),
        one_of("state", ("queued", "running", "done", "failed"), "state"),
    )


class ImportReject(Base):
    """A row or cell that was refused, or (`conflict`) one that contradicts a correction."""

    __tablename__ = "import_reject"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("import.id"))
    row_number: Mapped[int]
    column: Mapped[str | None] = mapped_column("column_name", Text)
    reason: Mapped[str] = mapped_column(Text)
    #: `row` (nothing of the row went in), `cell` (the rest of the row went in) or `conflict`.
    scope: Mapped[str] = mapped_column(Text, server_default="row")
    row: Mapped[list[str]] = mapped_column("row_values", JSONB)
    #: The import that brought the row again, mended.
    mended_by: Mapped[UUID | None]

    __table_args__ = (Index(None, "import_id", "id"),)
