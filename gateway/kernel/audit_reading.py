"""The audit trail as it is read: who did what, newest first, with what stood before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.acting import require, require_whole
from gateway.kernel.tables import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


async def entries(
    session: AsyncSession,
    *,
    actor: str | None,
    action: str | None,
    subject: str | None,
    before: int | None,
    limit: int,
) -> Sequence[Entry]:
    """Up to `limit` entries older than the one numbered `before`; an action may be the beginning of one."""
    require(session, "audit:read")
    require_whole(session)
    row = AuditEntry
    query = select(*(getattr(row, name) for name in Entry.__slots__)).order_by(row.id.desc()).limit(limit)
    if actor is not None:
        query = query.where(row.actor == actor)
    if action is not None:
        query = query.where(row.action.startswith(action, autoescape=True))
    if subject is not None:
        query = query.where(row.subject == subject)
    if before is not None:
        query = query.where(row.id < before)
    return [Entry(**one._mapping) for one in await session.execute(query)]
