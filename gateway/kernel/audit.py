"""The audit trail: every change by staff, customer or machine leaves who, when, what before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.tables import AuditEntry


def record(
    session: AsyncSession,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add an entry to the session's transaction, so that a change and its trace are kept or lost together."""
    session.add(AuditEntry(at=at, actor=actor, action=action, subject=subject, before=before, after=after))
