"""The audit trail: every change by staff, customer or machine leaves who, when, what before and after."""

from __future__ import annotations

import json
from collections.abc import Sequence
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


async def write_all(
    connection: Any, *, at: datetime, actor: str, action: str, after: Sequence[tuple[str, dict[str, Any]]]
) -> None:
    """The same done to many: an entry for each (subject, after)."""
    await connection.execute(
        """INSERT INTO audit_entry (at, actor, action, subject, after)
           SELECT $1, $2, $3, subject, after FROM unnest($4::text[], $5::jsonb[]) AS e (subject, after)""",
        at,
        actor,
        action,
        [subject for subject, _ in after],
        [json.dumps(changed, ensure_ascii=False) for _, changed in after],
    )


async def write(
    connection: Any,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """The same on the driver's connection, for use cases that have no session."""
    await connection.execute(
        """INSERT INTO audit_entry (at, actor, action, subject, before, after)
           VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb)""",
        at,
        actor,
        action,
        subject,
        None if before is None else json.dumps(before, ensure_ascii=False),
        None if after is None else json.dumps(after, ensure_ascii=False),
    )
