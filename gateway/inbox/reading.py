"""What customers said, as it is read: one, and lists of them, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.chat_tables import ChatBinding
from gateway.archive.own_ratings import NOT_OWN_QUESTION, not_own
from gateway.archive.reach import part_of, within
from gateway.archive.tables import ContactLink, ContactPoint
from gateway.inbox import tables
from gateway.kernel.errors import NotFound
from gateway.kernel.ids import first_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One thing a customer said, how it was read and what it caused."""

    id: UUID
    sender: str | None
    recipient: str | None
    channel: str
    text: str
    received_at: datetime
    state: str
    reading: dict[str, Any] | None
    answers: UUID | None
    effects: list[dict[str, Any]]
    remark: str | None
    urgent: bool
    #: The likeliest meanings, for a person to choose from; none where it does not wait.
    choices: list[dict[str, Any]]
    resolved_by: str | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundFilter:
    """Which to list; everything given must hold."""

    states: Sequence[str] | None = None
    sender: str | None = None
    answers: UUID | None = None
    urgent: bool | None = None
    since: datetime | None = None


def _within(session: AsyncSession) -> ColumnElement[bool]:
    """That the number it came from stands on an account within reach, and that it answers no question about the work
    of whoever acts: that is nobody's to read (domain notes §4.5.5)."""
    return and_(_of_their_part(session), _not_of_own_ratings(session))


def _not_of_own_ratings(session: AsyncSession) -> ColumnElement[bool]:
    return not_own(session, NOT_OWN_QUESTION, message="inbound.answers")


def _of_their_part(session: AsyncSession) -> ColumnElement[bool]:
    if part_of(session) is None:
        return true()
    held = (
        select(ContactLink.id)
        .join(ContactPoint, ContactPoint.id == ContactLink.contact_point_id)
        .where(ContactPoint.address == tables.Inbound.sender, within(session, ContactLink.account_id))
    )
    # A chat has no links of its own: those of its numbers speak for it (`chats.SPEAKING`).
    in_chat = (
        select(ContactLink.id)
        .join(ChatBinding, ChatBinding.phone_point_id == ContactLink.contact_point_id)
        .where(
            ChatBinding.chat_point_id == tables.Inbound.contact_point_id,
            or_(ChatBinding.ended_at.is_(None), ChatBinding.ended_at > tables.Inbound.received_at),
            within(session, ContactLink.account_id),
        )
    )
    return or_(held.exists(), in_chat.exists())


_COLUMNS = tuple(getattr(tables.Inbound, name) for name in Inbound.__slots__)


async def inbounds(session: AsyncSession, wanted: InboundFilter, *, before: UUID | None, limit: int) -> list[Inbound]:
    """Up to `limit` older than `before`, newest first; what waits for a person alone: the urgent first."""
    row = tables.Inbound
    triage = wanted.states is not None and list(wanted.states) == ["triage"]
    order = (row.urgent.desc(), row.id.desc()) if triage else (row.id.desc(),)
    query = select(*_COLUMNS).where(_within(session)).order_by(*order).limit(limit)
    if before is not None and triage:
        last = select(row.urgent).where(row.id == before).scalar_subquery()
        query = query.where(tuple_(row.urgent, row.id) < tuple_(func.coalesce(last, false()), before))
    elif before is not None:
        query = query.where(row.id < before)
    if wanted.states is not None:
        query = query.where(row.state.in_(wanted.states))
    if wanted.sender is not None:
        query = query.where(row.sender == wanted.sender)
    if wanted.answers is not None:
        query = query.where(row.answers == wanted.answers)
    if wanted.urgent is not None:
        query = query.where(row.urgent.is_(wanted.urgent))
    if wanted.since is not None:
        query = query.where(row.id >= first_id(wanted.since))
    return [Inbound(**one._mapping) for one in await session.execute(query)]


async def inbounds_of(
    session: AsyncSession, *, senders: Sequence[str], answers: Sequence[UUID], limit: int
) -> list[Inbound]:
    """Up to `limit` that came from these addresses, or answer one of these messages, newest first."""
    row = tables.Inbound
    said = or_(row.sender.in_(senders), row.answers.in_(answers))
    query = select(*_COLUMNS).where(said, _not_of_own_ratings(session)).order_by(row.id.desc()).limit(limit)
    return [Inbound(**one._mapping) for one in await session.execute(query)]


async def inbound(session: AsyncSession, inbound_id: UUID) -> Inbound:
    """One inbound. Raises NotFound."""
    query = select(*_COLUMNS).where(tables.Inbound.id == inbound_id, _within(session))
    one = (await session.execute(query)).one_or_none()
    if one is None:
        raise NotFound("There is no inbound with this id.")
    return Inbound(**one._mapping)
