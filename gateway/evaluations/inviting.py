"""Invitations: written for one service beside the surveys over work orders, answered, or in doubt.

Those that wait to leave through links of contacts in doubt are named: their answers would be a stranger's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.archive.checklist import Concerned

_OPEN: Final = """
SELECT i.event_kind, i.event_ref, m.state, a.account_no, m.to_address, i.invited_at
FROM invitation i JOIN message m ON m.id = i.message_id JOIN message_account a ON a.id = m.id
WHERE a.link_id = ANY($1::bigint[]) AND m.state IN ('queued', 'sending', 'uncertain')
  AND m.contact_point_id IN (SELECT contact_point_id FROM contact_link WHERE id = ANY($1::bigint[]))
  AND NOT EXISTS (SELECT 1 FROM evaluation e WHERE e.invitation_id = i.id)
ORDER BY i.invited_at, i.id LIMIT $2
"""
_MOST: Final = 200


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


async def open_invitations(connection: Any, links: Sequence[int]) -> list[Concerned]:
    """Invitations that have not been answered and would leave through these links."""
    if not links:
        return []
    return [
        Concerned(
            kind="invitation",
            ref=f"{row['event_kind']}:{row['event_ref']}",
            state=row["state"],
            account_no=row["account_no"],
            number=row["to_address"],
            at=row["invited_at"],
        )
        for row in await connection.fetch(_OPEN, list(links), _MOST)
    ]
