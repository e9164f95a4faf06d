"""Cases, alerts and notes as they are read: one, and lists of them, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.own_ratings import NOT_OWN_CASE, not_own
from gateway.archive.reach import part_of, within
from gateway.archive.tables import Account, ContactPoint
from gateway.cases import tables
from gateway.cases.handing_over import Handover, of_case
from gateway.cases.raising import reference_of
from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """Something that befell a case."""

    at: datetime
    kind: str
    by: str
    detail: str | None
    inbound_id: UUID | None
    message_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a customer raised; `events` are given with a single case alone."""

    id: UUID
    reference: str
    klass: str
    topic: str
    matter: str
    state: str
    account_no: str | None
    number: str | None
    unit: str
    owner_no: str | None
    summary: str
    contacts: int
    opened_at: datetime
    opened_by: str
    due_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    work_order_no: str | None
    severity: str
    severity_why: str | None
    severity_by_rule: str | None
    first_unit: str | None
    first_owner: str | None
    told_at: datetime | None
    asked_at: datetime | None
    asked_by: str | None
    confirmation: str | None
    contradictions: int
    contradicted_at: datetime | None
    events: list[CaseEvent] = field(default_factory=list)
    handovers: Sequence[Handover] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which to list; everything given must hold."""

    states: Sequence[str] | None = None
    classes: Sequence[str] | None = None
    account_no: str | None = None
    number: str | None = None
    units: Sequence[str] | None = None
    owner_no: str | None = None
    severities: Sequence[str] | None = None
    work_order_no: str | None = None
    #: Closures that the customer contradicted alone.
    contradicted: bool | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Danger that a reply told of."""

    id: UUID
    inbound_id: UUID
    kind: str
    at: datetime
    sender: str
    account_no: str | None
    words: str
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNote:
    """What a customer said about paying."""

    id: int
    account_no: str
    kind: str
    at: datetime
    by: str
    words: str
    inbound_id: UUID


_SHOWN = (
    "id", "klass", "topic", "matter", "state", "unit", "owner_no", "summary", "contacts", "opened_at", "opened_by",
    "due_at", "closed_at", "closed_by", "outcome", "work_order_no", "severity", "severity_why", "severity_by_rule",
    "first_unit", "first_owner", "told_at", "asked_at", "asked_by", "confirmation", "contradictions",
    "contradicted_at",
)  # fmt: skip


def _cases() -> Any:
    row = tables.Case
    return (
        select(
            *(getattr(row, name) for name in _SHOWN),
            row.number.label("serial"),
            row.subject,
            Account.account_no,
            ContactPoint.address,
        )
        .outerjoin(Account, Account.id == row.account_id)
        .outerjoin(ContactPoint, ContactPoint.id == row.contact_point_id)
    )


def _case(found: Any, events: list[CaseEvent], handovers: Sequence[Handover] = ()) -> Case:
    facts = {name: getattr(found, name) for name in _SHOWN}
    kind, _, name = found.subject.partition(":")
    number = found.address or (name if kind == "number" else None)
    return Case(
        **facts,
        reference=reference_of(found.serial),
        account_no=found.account_no,
        number=number,
        events=events,
        handovers=handovers,
    )


def _seen(session: AsyncSession, query: Any) -> Any:
    """Within the reach of who acts, and without what customers said of their own work when they were asked: that is
    nobody's to read (domain notes S0.14, §4.5.5)."""
    return query.where(within(session, tables.Case.account_id), not_own(session, NOT_OWN_CASE, case='"case"'))


async def cases(session: AsyncSession, wanted: CaseFilter, *, before: UUID | None, limit: int) -> list[Case]:
    """Up to `limit` cases older than `before`, newest first."""
    row = tables.Case
    query = _seen(session, _cases()).order_by(row.id.desc()).limit(limit)
    if before is not None:
        query = query.where(row.id < before)
    if wanted.states is not None:
        query = query.where(row.state.in_(wanted.states))
    if wanted.classes is not None:
        query = query.where(row.klass.in_(wanted.classes))
    for column, words in ((row.unit, wanted.units), (row.severity, wanted.severities)):
        if words is not None:
            query = query.where(column.in_(words))
    for one, value in (
        (row.owner_no, wanted.owner_no),
        (row.work_order_no, wanted.work_order_no),
        (Account.account_no, wanted.account_no),
    ):
        if value is not None:
            query = query.where(one == value)
    if wanted.contradicted is not None:
        query = query.where(row.contradictions > 0 if wanted.contradicted else row.contradictions == 0)
    if wanted.opened_from is not None:
        query = query.where(row.opened_at >= wanted.opened_from)
    if wanted.opened_before is not None:
        query = query.where(row.opened_at < wanted.opened_before)
    if wanted.number is not None:
        query = query.where((ContactPoint.address == wanted.number) | (row.subject == f"number:{wanted.number}"))
    return [_case(one, []) for one in await session.execute(query)]


async def raised_by_customers_of(session: AsyncSession, manager_no: str, *, limit: int) -> list[Case]:
    """Up to `limit` open cases of a manager's customers, newest first: what they raised by themselves.

    What they said when they were asked about a service is no manager's to read one by one (domain notes §4.5.5).
    """
    row = tables.Case
    query = _seen(session, _cases()).where(
        Account.manager_no == manager_no,
        row.closed_at.is_(None),
        row.topic != "low_score",
        row.matter.is_(None) | row.matter.not_like("followup:%"),
    )
    return [_case(one, []) for one in await session.execute(query.order_by(row.id.desc()).limit(limit))]


async def case(session: AsyncSession, case_id: UUID) -> Case:
    """One case with all that befell it. Raises NotFound."""
    found = (await session.execute(_seen(session, _cases()).where(tables.Case.id == case_id))).one_or_none()
    if found is None:
        raise NotFound("There is no case with this id.")
    event = tables.CaseEvent
    columns = (event.at, event.kind, event.by, event.detail, event.inbound_id, event.message_id)
    rows = await session.execute(select(*columns).where(event.case_id == case_id).order_by(event.id))
    handovers = await of_case(await driver(session), case_id)
    return _case(found, [CaseEvent(**one._mapping) for one in rows], handovers)


async def alerts(
    session: AsyncSession, *, open_only: bool, before: UUID | None, limit: int, oldest: bool = False
) -> list[Alert]:
    """Up to `limit` alerts older than `before`, newest first; with `oldest` the oldest first."""
    row = tables.Alert
    order = row.id if oldest else row.id.desc()
    query = select(*(getattr(row, name) for name in Alert.__slots__)).order_by(order).limit(limit)
    if part_of(session) is not None:
        query = query.where(row.account_no.in_(select(Account.account_no).where(within(session, Account.id))))
    if open_only:
        query = query.where(row.acknowledged_at.is_(None))
    if before is not None:
        query = query.where(row.id < before)
    return [Alert(**one._mapping) for one in await session.execute(query)]


async def alert(session: AsyncSession, alert_id: UUID) -> Alert:
    """One alert. Raises NotFound."""
    columns = (getattr(tables.Alert, name) for name in Alert.__slots__)
    one = (await session.execute(select(*columns).where(tables.Alert.id == alert_id))).one_or_none()
    if one is None:
        raise NotFound("There is no alert with this id.")
    return Alert(**one._mapping)


async def notes(session: AsyncSession, *, account_no: str | None, before: int | None, limit: int) -> list[AccountNote]:
    """Up to `limit` notes on accounts older than `before`, newest first."""
    row = tables.AccountNote
    query = (
        select(row.id, Account.account_no, row.kind, row.at, row.by, row.words, row.inbound_id)
        .join(Account, Account.id == row.account_id)
        .order_by(row.id.desc())
        .limit(limit)
    )
    if account_no is not None:
        query = query.where(Account.account_no == account_no)
    if before is not None:
        query = query.where(row.id < before)
    return [AccountNote(**one._mapping) for one in await session.execute(query)]
