"""Warnings and supervision cards as they are read, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.cases.warnings import tables
from gateway.kernel.acting import require, require_whole
from gateway.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyWarning:
    """What is likely to become trouble, and whether its unit knows."""

    id: UUID
    kind: str
    rule: str
    rule_version: int | None
    subject: str
    words: str
    evidence: dict[str, Any]
    unit: str
    state: str
    raised_at: datetime
    raised_by: str
    #: Acknowledged until then.
    due_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    escalated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A supervision card."""

    id: UUID
    number: int
    subject: str | None
    words: str
    issuer: str
    unit: str
    doer: str
    checker: str
    state: str
    issued_at: datetime
    due_at: datetime
    reported_at: datetime | None
    report: str | None
    checked_at: datetime | None
    result: str | None
    sent_back: int
    escalated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningFilter:
    """Which warnings; everything given must hold."""

    states: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    units: Sequence[str] | None = None
    subject: str | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFilter:
    """Which cards; everything given must hold."""

    states: Sequence[str] | None = None
    units: Sequence[str] | None = None
    doer: str | None = None
    checker: str | None = None
    subject: str | None = None


def _for_the_whole_utility(session: AsyncSession) -> None:
    """Warnings and cards go over the whole utility: whoever acts for a part of it is refused (Forbidden)."""
    require(session, "cases:read")
    require_whole(session)


async def warnings(
    session: AsyncSession, wanted: WarningFilter, *, before: UUID | None, limit: int
) -> list[EarlyWarning]:
    """Up to `limit` warnings older than `before`."""
    _for_the_whole_utility(session)
    row = tables.EarlyWarning
    query = select(*(getattr(row, name) for name in EarlyWarning.__slots__)).order_by(row.id.desc()).limit(limit)
    for column, words in ((row.state, wanted.states), (row.kind, wanted.kinds), (row.unit, wanted.units)):
        if words is not None:
            query = query.where(column.in_(words))
    if wanted.subject is not None:
        query = query.where(row.subject == wanted.subject)
    if wanted.due_before is not None:
        query = query.where(row.due_at < wanted.due_before)
    if before is not None:
        query = query.where(row.id < before)
    return [EarlyWarning(**one._mapping) for one in await session.execute(query)]


async def warning(session: AsyncSession, warning_id: UUID) -> EarlyWarning:
    """One warning. Raises NotFound."""
    _for_the_whole_utility(session)
    row = tables.EarlyWarning
    query = select(*(getattr(row, name) for name in EarlyWarning.__slots__)).where(row.id == warning_id)
    one = (await session.execute(query)).one_or_none()
    if one is None:
        raise NotFound("There is no warning with this id.")
    return EarlyWarning(**one._mapping)


async def cards(session: AsyncSession, wanted: CardFilter, *, before: UUID | None, limit: int) -> list[Card]:
    """Up to `limit` cards older than `before`."""
    _for_the_whole_utility(session)
    row = tables.SupervisionCard
    query = select(*(getattr(row, name) for name in Card.__slots__)).order_by(row.id.desc()).limit(limit)
    for column, words in ((row.state, wanted.states), (row.unit, wanted.units)):
        if words is not None:
            query = query.where(column.in_(words))
    for one, value in ((row.doer, wanted.doer), (row.checker, wanted.checker), (row.subject, wanted.subject)):
        if value is not None:
            query = query.where(one == value)
    if before is not None:
        query = query.where(row.id < before)
    return [Card(**one._mapping) for one in await session.execute(query)]


async def card(session: AsyncSession, card_id: UUID) -> Card:
    """One card. Raises NotFound."""
    _for_the_whole_utility(session)
    row = tables.SupervisionCard
    query = select(*(getattr(row, name) for name in Card.__slots__)).where(row.id == card_id)
    one = (await session.execute(query)).one_or_none()
    if one is None:
        raise NotFound("There is no supervision card with this id.")
    return Card(**one._mapping)
