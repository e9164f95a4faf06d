"""Inviting to evaluate one service, beside the surveys over work orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID


async def invite(
    connection: Any,
    *,
    event_kind: str,
    event_ref: str,
    account_id: int,
    team_code: str | None,
    person_no: str | None,
    message_id: UUID,
    at: datetime,
) -> bool:
    """Write an invitation down, once an event; whether it was new. Team and person are frozen as they are."""
    row = await connection.fetchval(
        """INSERT INTO invitation (event_kind, event_ref, account_id, team_code, person_no, message_id, invited_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event_kind, event_ref) DO NOTHING RETURNING id""",
        event_kind,
        event_ref,
        account_id,
        team_code,
        person_no,
        message_id,
        at,
    )
    return row is not None


async def answered(connection: Any, messages: Sequence[UUID]) -> set[UUID]:
    """Which of these messages' invitations were answered, in figures or in words."""
    rows = await connection.fetch(
        """SELECT i.message_id FROM invitation i JOIN evaluation e ON e.invitation_id = i.id
           WHERE i.message_id = ANY($1::uuid[])""",
        list(messages),
    )
    return {row["message_id"] for row in rows}
