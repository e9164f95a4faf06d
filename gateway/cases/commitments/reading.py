"""Commitments as they are read: one, lists of them, and how many were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.own_ratings import NOT_OWN_CASE, not_own
from gateway.archive.reach import part_of, within, within_sql
from gateway.archive.tables import Account
from gateway.cases.commitments import tables
from gateway.cases.tables import Case
from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound
from gateway.kernel.shares import wilson

#: About fewer than this nothing is said of a person (domain notes §7).
FEWEST: Final = 10
By = Literal["unit", "owner", "month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentEvent:
    """Something that befell a commitment."""

    at: datetime
    kind: str
    by: str
    detail: str | None
    message_id: UUID | None
    inbound_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What was promised; `events` are given with a single one alone."""

    id: UUID
    #: How it is named to the customer: its case, else itself.
    reference: str
    kind: str
    state: str
    topic: str
    what: str
    case_id: UUID | None
    work_order_no: str | None
    account_no: str | None
    number: str | None
    unit: str
    owner_no: str | None
    made_at: datetime
    made_by: str
    due_at: datetime
    progress: str | None
    #: Share of its time after which the customer last heard of progress: 0, 50, 80 or 100.
    told_percent: int
    #: The proof that the customer was told: a message, or how else.
    told_message_id: UUID | None
    told_how: str | None
    fulfilled_at: datetime | None
    broken_at: datetime | None
    contradicted_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    outcome: str | None
    replaces: UUID | None
    replaced_by: UUID | None
    events: list[CommitmentEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentFilter:
    """Which to list; everything given must hold. `due_before`: whose time ends by then."""

    states: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    units: Sequence[str] | None = None
    owner_no: str | None = None
    account_no: str | None = None
    case_id: UUID | None = None
    work_order_no: str | None = None
    due_before: datetime | None = None
    due_from: datetime | None = None
    ids: Sequence[UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How commitments whose time ended in a span were kept. `rate` is of kept and broken ones alone."""

    key: str
    made: int
    open: int
    kept: int
    broken: int
    #: Of the broken: done late, and denied by the customer.
    late: int
    contradicted: int
    renegotiated: int
    released: int
    #: None where too few for a person.
    rate: float | None
    low: float | None
    high: float | None
    #: Hours by which kept ones were done before their time, in the middle.
    margin_hours: float | None


_PERCENT: Final = (0, 50, 80, 100)
_PLAIN: Final = (
    "id", "kind", "state", "topic", "what", "case_id", "work_order_no", "unit", "owner_no", "made_at", "made_by",
    "due_at", "progress", "told_message_id", "told_how", "fulfilled_at", "broken_at", "contradicted_at", "ended_at",
    "ended_by", "outcome", "replaces",
)  # fmt: skip


def _commitments() -> Any:
    row = tables.Commitment
    later = tables.Commitment.__table__.alias("later")
    successor = select(later.c.id).where(later.c.replaces == row.id).scalar_subquery()
    return (
        select(
            *(getattr(row, name) for name in _PLAIN),
            row.marks,
            row.to_number.label("number"),
            func.coalesce(
                "S" + func.to_char(Case.number, "FM000000"), "C" + func.to_char(row.number, "FM000000")
            ).label("reference"),
            Account.account_no,
            successor.label("replaced_by"),
        )
        .outerjoin(Case, Case.id == row.case_id)
        .outerjoin(Account, Account.id == row.account_id)
    )


def _seen(session: AsyncSession, query: Any) -> Any:
    """Within the reach of who acts, and without what was promised to customers for a bad rating of their own work."""
    return query.where(within(session, tables.Commitment.account_id), not_own(session, NOT_OWN_CASE, case='"case"'))


def _commitment(found: Any, events: list[CommitmentEvent]) -> Commitment:
    facts = dict(found._mapping)
    return Commitment(told_percent=_PERCENT[facts.pop("marks")], events=events, **facts)


async def commitments(
    session: AsyncSession, wanted: CommitmentFilter, *, before: UUID | None, limit: int
) -> list[Commitment]:
    """Up to `limit` commitments older than `before`, newest first."""
    row = tables.Commitment
    query = _seen(session, _commitments()).order_by(row.id.desc()).limit(limit)
    for column, words in ((row.state, wanted.states), (row.kind, wanted.kinds), (row.unit, wanted.units)):
        if words is not None:
            query = query.where(column.in_(words))
    for one, value in (
        (row.owner_no, wanted.owner_no),
        (row.case_id, wanted.case_id),
        (row.work_order_no, wanted.work_order_no),
        (Account.account_no, wanted.account_no),
    ):
        if value is not None:
            query = query.where(one == value)
    if wanted.ids is not None:
        query = query.where(row.id.in_(wanted.ids))
    if wanted.due_before is not None:
        query = query.where(row.due_at < wanted.due_before)
    if wanted.due_from is not None:
        query = query.where(row.due_at >= wanted.due_from)
    if before is not None:
        query = query.where(row.id < before)
    return [_commitment(one, []) for one in await session.execute(query)]


async def commitment(session: AsyncSession, commitment_id: UUID) -> Commitment:
    """One commitment with all that befell it. Raises NotFound."""
    row = tables.Commitment
    query = _seen(session, _commitments()).where(row.id == commitment_id)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise NotFound("There is no commitment with this id.")
    event = tables.CommitmentEvent
    columns = (event.at, event.kind, event.by, event.detail, event.message_id, event.inbound_id)
    rows = await session.execute(select(*columns).where(event.commitment_id == commitment_id).order_by(event.id))
    return _commitment(found, [CommitmentEvent(**one._mapping) for one in rows])


_KEYS: Final = {
    "unit": "unit",
    "owner": "coalesce(owner_no, '')",
    "month": "to_char(due_at AT TIME ZONE $3, 'YYYY-MM')",
}
_KEEPING: Final = f"""
SELECT {{key}} AS key, count(*) AS made,
       count(*) FILTER (WHERE state = 'open') AS open,
       count(*) FILTER (WHERE state = 'kept') AS kept,
       count(*) FILTER (WHERE state = 'broken') AS broken,
       count(*) FILTER (WHERE state = 'broken' AND fulfilled_at IS NOT NULL) AS late,
       count(*) FILTER (WHERE contradicted_at IS NOT NULL) AS contradicted,
       count(*) FILTER (WHERE state = 'renegotiated') AS renegotiated,
       count(*) FILTER (WHERE state = 'released') AS released,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM due_at - fulfilled_at) / 3600)
         FILTER (WHERE state = 'kept') AS margin
FROM commitment
WHERE ($1::timestamptz IS NULL OR due_at >= $1) AND ($2::timestamptz IS NULL OR due_at < $2) AND $3::text IS NOT NULL
  AND {within_sql("account_id", "$4")}
GROUP BY 1 ORDER BY 1
"""


async def keeping(
    session: AsyncSession, by: By, *, since: datetime | None, until: datetime | None, zone: str
) -> list[Keeping]:
    """How commitments whose time ends from `since` to before `until` were kept, by unit, owner or month."""
    connection = await driver(session)
    rows = await connection.fetch(_KEEPING.format(key=_KEYS[by]), since, until, zone, part_of(session))
    return [_kept(row, by) for row in rows]


def _kept(row: Any, by: By) -> Keeping:
    ended = row["kept"] + row["broken"]
    told = ended > 0 and (by != "owner" or ended >= FEWEST)
    low, high = wilson(row["kept"], ended)
    return Keeping(
        **{name: row[name] for name in (
            "key", "made", "open", "kept", "broken", "late", "contradicted", "renegotiated", "released",
        )},
        rate=row["kept"] / ended if told else None,
        low=low if told else None,
        high=high if told else None,
        margin_hours=round(float(row["margin"]), 2) if told and row["margin"] is not None else None,
    )  # fmt: skip
