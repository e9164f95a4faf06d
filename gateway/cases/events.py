"""What befalls a case, written down: append-only, the same reply once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID


async def befell(
    connection: Any,
    case: UUID,
    kind: str,
    *,
    at: datetime,
    by: str,
    detail: str | None = None,
    inbound_id: UUID | None = None,
    message_id: UUID | None = None,
) -> None:
    """Write an event down in the connection's transaction."""
    await connection.execute(
        """INSERT INTO case_event (case_id, at, kind, by, detail, inbound_id, message_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (case_id, inbound_id, kind) WHERE inbound_id IS NOT NULL DO NOTHING""",
        case,
        at,
        kind,
        by,
        detail,
        inbound_id,
        message_id,
    )
