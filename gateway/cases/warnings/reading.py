"""Warnings and supervision cards as they are read, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.own_ratings import NOT_OWN_SUBJECT, not_own
from gateway.cases.warnings import tables
from gateway.cases.warnings.reach import units_within
from gateway.kernel.acting import acting_in, require
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


async def _warnings_seen(session: AsyncSession) -> list[ColumnElement[bool]]:
    """What holds of the warnings that who acts may read: they are for units of their part of the utility, and of no
    case that is a rating of their own work."""
    require(session, "cases:read")
    row = tables.EarlyWarning
    units = await units_within(session)
    return [
        not_own(session, NOT_OWN_SUBJECT, subject="warning.subject"),
        *([] if units is None else [row.unit.in_(units)]),
    ]


async def _cards_seen(session: AsyncSession) -> list[ColumnElement[bool]]:
    """The same of cards; each of the three people on one reads it, wherever they are."""
    require(session, "cases:read")
    row, acting = tables.SupervisionCard, acting_in(session)
    own = acting.staff_no if acting is not None else None
    units = await units_within(session)
    seen = [not_own(session, NOT_OWN_SUBJECT, subject="coalesce(supervision_card.subject, '')")]
    if own is not None:
        # Whoever has a card to do or to check knows of it, whatever it is about.
        seen = [or_(*seen, row.doer == own, row.checker == own, row.issuer == own)]
    if units is not None:
        seen.append(or_(row.unit.in_(units), row.doer == own, row.checker == own, row.issuer == own))
    return seen


async def warnings(
    session: AsyncSession, wanted: WarningFilter, *, before: UUID | None, limit: int
) -> list[EarlyWarning]:
    """Up to `limit` warnings older than `before`."""
    seen, row = await _warnings_seen(session), tables.EarlyWarning
    fields = (getattr(row, name) for name in EarlyWarning.__slots__)
    query = select(*fields).where(*seen).order_by(row.id.desc()).limit(limit)
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
    seen, row = await _warnings_seen(session), tables.EarlyWarning
    query = select(*(getattr(row, name) for name in EarlyWarning.__slots__)).where(row.id == warning_id, *seen)
    one = (await session.execute(query)).one_or_none()
    if one is None:
        raise NotFound("There is no warning with this id.")
    return EarlyWarning(**one._mapping)


async def cards(session: AsyncSession, wanted: CardFilter, *, before: UUID | None, limit: int) -> list[Card]:
    """Up to `limit` cards older than `before`."""
    seen, row = await _cards_seen(session), tables.SupervisionCard
    query = select(*(getattr(row, name) for name in Card.__slots__)).where(*seen).order_by(row.id.desc()).limit(limit)
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
    seen, row = await _cards_seen(session), tables.SupervisionCard
    query = select(*(getattr(row, name) for name in Card.__slots__)).where(row.id == card_id, *seen)
    one = (await session.execute(query)).one_or_none()
    if one is None:
        raise NotFound("There is no supervision card with this id.")
    return Card(**one._mapping)
