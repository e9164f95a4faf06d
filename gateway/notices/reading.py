"""Notices as they are read: lists of them, and one with what became of its audience."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.errors import NotFound
from gateway.notices import tables
from gateway.outbox.tables import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing told to many."""

    id: UUID
    kind: str
    state: str
    about: dict[str, Any]
    tone: str | None
    not_before: datetime | None
    expires_at: datetime | None
    channels: list[str] | None
    fallback_minutes: int | None
    drafted_by: str
    drafted_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    #: Why it stands where it stands, where that needs words.
    remark: str | None
    #: What it concerns (bills, work orders, accounts), and how much of that is composed.
    audience: int
    composed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDetail(Notice):
    """A notice and what became of its messages."""

    #: Message state → number of messages.
    counts: dict[str, int]
    #: Reason → number of messages withheld for it.
    withheld: dict[str, int]


_COLUMNS = tuple(getattr(tables.Notice, name) for name in Notice.__slots__)


async def notices(
    session: AsyncSession,
    *,
    states: Sequence[str] | None,
    kinds: Sequence[str] | None,
    before: UUID | None,
    limit: int,
) -> list[Notice]:
    """Up to `limit` notices older than `before`, newest first."""
    row = tables.Notice
    query = select(*_COLUMNS).order_by(row.id.desc()).limit(limit)
    if states is not None:
        query = query.where(row.state.in_(states))
    if kinds is not None:
        query = query.where(row.kind.in_(kinds))
    if before is not None:
        query = query.where(row.id < before)
    return [Notice(**one._mapping) for one in await session.execute(query)]


async def known(session: AsyncSession, notice_id: UUID) -> None:
    """Raise NotFound where there is no such notice."""
    if await session.scalar(select(tables.Notice.id).where(tables.Notice.id == notice_id)) is None:
        raise NotFound("There is no notice with this id.")


async def tallies(session: AsyncSession, notice_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Messages by state of each of these notices; what was replaced on another channel counts once."""
    found: dict[UUID, dict[str, int]] = {one: {} for one in notice_ids}
    rows = await session.execute(
        select(Message.notice_id, Message.state, func.count())
        .where(Message.notice_id.in_(notice_ids), Message.replaced_by.is_(None))
        .group_by(Message.notice_id, Message.state)
    )
    for notice_id, state, number in rows:
        if notice_id is not None:
            found[notice_id][state] = number
    return found


async def notice(session: AsyncSession, notice_id: UUID) -> NoticeDetail:
    """One notice with its counts. Raises NotFound."""
    one = (await session.execute(select(*_COLUMNS).where(tables.Notice.id == notice_id))).one_or_none()
    if one is None:
        raise NotFound("There is no notice with this id.")
    counts: dict[str, int] = {}
    withheld: dict[str, int] = {}
    rows = await session.execute(
        select(Message.state, Message.withheld_reason, func.count())
        .where(Message.notice_id == notice_id, Message.replaced_by.is_(None))
        .group_by(Message.state, Message.withheld_reason)
        .order_by(Message.state, Message.withheld_reason)
    )
    for state, reason, number in rows:
        counts[state] = counts.get(state, 0) + number
        if state == "withheld":
            withheld[reason or "unknown"] = withheld.get(reason or "unknown", 0) + number
    return NoticeDetail(**one._mapping, counts=counts, withheld=withheld)
