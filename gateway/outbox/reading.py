"""Messages as they are read: one, and lists of them, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.own_ratings import NOT_OWN_TEXT, not_own
from gateway.archive.tables import ContactPoint
from gateway.kernel.errors import NotFound
from gateway.kernel.ids import first_id
from gateway.outbox import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """What befell a message."""

    at: datetime
    kind: str
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text on its way to one number, or withheld with the reason."""

    id: UUID
    to: str | None
    #: The first of `accounts`: every account the text speaks for.
    account_no: str | None
    accounts: list[str]
    notice_id: UUID | None
    template: str
    #: Which version of the template it was made from.
    template_version: str
    kind: str
    channel: str
    body: str
    segments: int
    state: str
    withheld_reason: str | None
    decision: str | None
    carrier_id: str | None
    error_code: str | None
    reference: str | None
    created_at: datetime
    not_before: datetime
    expires_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    #: The message whose place it took on another channel, and the one that took its place.
    replaces: UUID | None
    replaced_by: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDetail(Message):
    """A message with all that befell it, oldest first."""

    events: list[MessageEvent]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages to list; everything given must hold."""

    account_no: str | None = None
    to: str | None = None
    notice: UUID | None = None
    states: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    reference: str | None = None
    since: datetime | None = None


_PLAIN: Final = (
    "id", "notice_id", "template", "template_version", "kind", "channel", "body", "segments", "state",
    "withheld_reason", "decision", "carrier_id", "error_code", "reference", "created_at", "not_before",
    "expires_at", "sent_at", "delivered_at", "replaces", "replaced_by",
)  # fmt: skip


def _query(session: AsyncSession) -> Select[Any]:
    """Messages that whoever acts may read; none that tells them what a customer said of their own work."""
    row, part = tables.Message, tables.MessageAccount
    accounts = select(func.array_agg(part.account_no)).where(part.id == row.id).correlate(row).scalar_subquery()
    query = select(*(getattr(row, name) for name in _PLAIN), row.to_address, accounts.label("accounts"))
    # One that took another's place on a second channel says the same.
    return query.where(
        not_own(session, NOT_OWN_TEXT, message="message.id"), not_own(session, NOT_OWN_TEXT, message="message.replaces")
    )


def _fields(row: Any, ordered: Sequence[str]) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in _PLAIN}
    return {**fields, "to": row.to_address, "accounts": list(ordered), "account_no": ordered[0] if ordered else None}


async def messages(session: AsyncSession, wanted: MessageFilter, *, before: UUID | None, limit: int) -> list[Message]:
    """Up to `limit` messages older than `before`, newest first."""
    row, part = tables.Message, tables.MessageAccount
    query = _query(session).order_by(row.id.desc()).limit(limit)
    if before is not None:
        query = query.where(row.id < before)
    if wanted.since is not None:
        query = query.where(row.id >= first_id(wanted.since))
    if wanted.account_no is not None:
        query = query.where(row.id.in_(select(part.id).where(part.account_no == wanted.account_no)))
    if wanted.to is not None:
        points = select(ContactPoint.id).where(ContactPoint.address == wanted.to)
        query = query.where(
            or_(
                row.contact_point_id.in_(points),
                and_(row.contact_point_id.is_(None), row.to_address == wanted.to),
            )
        )
    if wanted.notice is not None:
        query = query.where(row.notice_id == wanted.notice)
    if wanted.states is not None:
        query = query.where(row.state.in_(wanted.states))
    if wanted.kinds is not None:
        query = query.where(row.kind.in_(wanted.kinds))
    if wanted.reference is not None:
        query = query.where(row.reference == wanted.reference)
    found = (await session.execute(query)).all()
    return [Message(**_fields(one, one.accounts or ())) for one in found]


async def message(session: AsyncSession, message_id: UUID) -> MessageDetail:
    """One message with its events. Raises NotFound."""
    row, event = tables.Message, tables.MessageEvent
    one = (await session.execute(_query(session).where(row.id == message_id))).one_or_none()
    if one is None:
        raise NotFound("There is no message with this id.")
    events = await session.execute(
        select(event.at, event.kind, event.detail).where(event.id == message_id).order_by(event.number)
    )
    return MessageDetail(
        **_fields(one, one.accounts or ()),
        events=[MessageEvent(at=at, kind=kind, detail=detail) for at, kind, detail in events],
    )
