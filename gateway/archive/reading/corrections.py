"""Correction cases with every link that each concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import correction_tables, tables
from gateway.archive.reach import part_of, within, within_sql
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionLink:
    """A link that a case concerns; `decision` is null until somebody has decided."""

    account_no: str
    number: str
    role: str
    state: str
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A case about contacts in doubt."""

    id: UUID
    state: str
    reason: str
    number: str | None
    account_no: str | None
    opened_at: datetime
    opened_by: str
    due_at: datetime
    settled_at: datetime | None
    note: str | None
    applied_at: datetime | None
    applied_by: str | None
    signed_at: datetime | None
    signed_by: str | None
    #: What of the checklist was waived with a reason.
    waived: list[str]
    watch_until: datetime | None
    closed_at: datetime | None
    escalated_at: datetime | None
    #: How often trouble came back after the decision.
    reopened: int
    #: The earlier case that was not thorough.
    follows: UUID | None
    links: list[CorrectionLink]
    #: Links on accounts that whoever asks may not reach: the case is for somebody who acts for the whole utility.
    elsewhere: int
    #: What may help to decide: the words that were said, contacts that were proposed.
    hints: list[dict[str, Any]]


_PLAIN: Final = (
    "id", "state", "reason", "opened_at", "opened_by", "due_at", "settled_at", "note", "hints", "applied_at",
    "applied_by", "signed_at", "signed_by", "waived", "watch_until", "closed_at", "escalated_at", "reopened", "follows",
)  # fmt: skip


# A case that concerns an account outside one's part of the utility is for somebody else.
_NEXT: Final = f"""
SELECT id FROM correction c WHERE state = 'open' AND NOT EXISTS (
  SELECT 1 FROM correction_link k JOIN contact_link l ON l.id = k.link_id
  WHERE k.correction_id = c.id AND NOT {within_sql("l.account_id", "$1")})
  AND ($1::int[] IS NULL OR EXISTS (SELECT 1 FROM correction_link k WHERE k.correction_id = c.id))
  AND ($2::uuid IS NULL OR (due_at, id) > (SELECT due_at, id FROM correction WHERE id = $2))
ORDER BY due_at, id LIMIT 1
"""
_TO_PROVE: Final = f"""
SELECT c.correction_id, a.account_no, p.address AS number FROM correction_contact c
JOIN contact_link l ON l.id = c.link_id JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id JOIN correction k ON k.id = c.correction_id
WHERE k.state = 'verifying' AND l.needs_proof AND l.state <> 'revoked' AND {within_sql("l.account_id", "$1")}
ORDER BY k.due_at, l.id LIMIT $2
"""


def _query() -> Select[Any]:
    case = correction_tables.Correction
    return (
        select(
            *(getattr(case, name) for name in _PLAIN),
            tables.ContactPoint.address.label("number"),
            tables.Account.account_no,
        )
        .outerjoin(tables.ContactPoint, tables.ContactPoint.id == case.contact_point_id)
        .outerjoin(tables.Account, tables.Account.id == case.account_id)
    )


async def corrections(
    session: AsyncSession,
    *,
    states: Sequence[str] | None,
    before: UUID | None,
    limit: int,
    overdue_at: datetime | None = None,
    reason: str | None = None,
) -> list[Correction]:
    """Up to `limit` cases older than `before`, newest first; with `overdue_at` those whose time has passed then."""
    case = correction_tables.Correction
    query = _query().order_by(case.id.desc()).limit(limit)
    if reason is not None:
        query = query.where(case.reason == reason)
    if states is not None:
        query = query.where(case.state.in_(states))
    if overdue_at is not None:
        query = query.where(case.state.in_(("open", "verifying", "applied")), case.due_at <= overdue_at)
    if before is not None:
        query = query.where(case.id < before)
    rows = (await session.execute(query.where(_within(session)))).all()
    listed = await _links(session, [row.id for row in rows])
    return [_seen(row, listed[row.id]) for row in rows]


async def findings(
    session: AsyncSession, opened_by: str, *, reason: str | None, after: UUID | None, limit: int
) -> list[Correction]:
    """Up to `limit` open cases that `opened_by` opened, behind the case `after`: in the order of opening."""
    case = correction_tables.Correction
    query = _query().where(case.state == "open", case.opened_by == opened_by).order_by(case.id).limit(limit)
    if reason is not None:
        query = query.where(case.reason == reason)
    if after is not None:
        query = query.where(case.id > after)
    rows = (await session.execute(query.where(_within(session)))).all()
    listed = await _links(session, [row.id for row in rows])
    return [_seen(row, listed[row.id]) for row in rows]


async def findings_by_reason(session: AsyncSession, opened_by: str) -> dict[str, int]:
    """How many open cases that `opened_by` opened there are, by reason, the most first."""
    case = correction_tables.Correction
    count = func.count().label("found")
    query = select(case.reason, count).where(case.state == "open", case.opened_by == opened_by, _within(session))
    rows = await session.execute(query.group_by(case.reason).order_by(count.desc(), case.reason))
    return {row.reason: row.found for row in rows}


async def correction(session: AsyncSession, correction_id: UUID) -> Correction:
    """One case. Raises NotFound."""
    found = await session.execute(_query().where(correction_tables.Correction.id == correction_id, _within(session)))
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no correction with this id.")
    listed = await _links(session, [correction_id])
    return _seen(row, listed[correction_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class ToProve:
    """A contact that a correction brought and that nobody has proven."""

    correction_id: UUID
    account_no: str
    number: str


async def next_to_decide(session: AsyncSession, *, after: UUID | None = None) -> UUID | None:
    """The case that is to be decided first, or next `after` another; of those within reach as a whole."""
    connection = await driver(session)
    found: UUID | None = await connection.fetchval(_NEXT, part_of(session), after)
    return found


async def to_prove(session: AsyncSession, *, limit: int) -> list[ToProve]:
    """Up to `limit` contacts within reach that wait for a proof: those of the case that is due first before others."""
    connection = await driver(session)
    return [ToProve(**dict(row)) for row in await connection.fetch(_TO_PROVE, part_of(session), limit)]


def _within(session: AsyncSession) -> ColumnElement[bool]:
    """That the case concerns an account within reach."""
    if part_of(session) is None:
        return true()
    case, listed, link = correction_tables.Correction, correction_tables.CorrectionLink, tables.ContactLink
    of_links = (
        select(listed.correction_id)
        .join(link, link.id == listed.link_id)
        .where(listed.correction_id == case.id, within(session, link.account_id))
    )
    return or_(within(session, case.account_id), of_links.exists())


def _seen(row: Any, links: Sequence[tuple[CorrectionLink, bool]]) -> Correction:
    near = [link for link, reached in links if reached]
    return Correction(**row._mapping, links=near, elsewhere=len(links) - len(near))


async def require_whole_case(session: AsyncSession, correction_id: UUID) -> None:
    """Raise NotFound unless the case concerns an account within reach, Forbidden where it concerns others too."""
    if part_of(session) is None:
        return
    if (await correction(session, correction_id)).elsewhere:
        raise Forbidden("This case concerns accounts of other parts of the utility too.")


async def _links(session: AsyncSession, cases: Sequence[UUID]) -> defaultdict[UUID, list[tuple[CorrectionLink, bool]]]:
    listed, link = correction_tables.CorrectionLink, tables.ContactLink
    rows = await session.execute(
        select(
            listed.correction_id,
            tables.Account.account_no,
            tables.ContactPoint.address,
            link.role,
            link.state,
            listed.decision,
            listed.decided_by,
            listed.decided_at,
            within(session, link.account_id),
        )
        .join(link, link.id == listed.link_id)
        .join(tables.Account, tables.Account.id == link.account_id)
        .join(tables.ContactPoint, tables.ContactPoint.id == link.contact_point_id)
        .where(listed.correction_id.in_(cases))
        .order_by(listed.correction_id, link.id)
    )
    found: defaultdict[UUID, list[tuple[CorrectionLink, bool]]] = defaultdict(list)
    for case, account_no, number, role, state, decision, decided_by, decided_at, reached in rows:
        link_ = CorrectionLink(
            account_no=account_no,
            number=number,
            role=role,
            state=state,
            decision=decision,
            decided_by=decided_by,
            decided_at=decided_at,
        )
        found[case].append((link_, reached))
    return found
