"""Invitations: written for one service beside the surveys over work orders, answered, or in doubt.

Those that wait to leave through links of contacts in doubt are named: their answers would be a stranger's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive.checklist import Concerned
from gateway.evaluations.noting import note_one

_OPEN: Final = """
SELECT i.event_kind, i.event_ref, m.state, a.account_no, m.to_address, i.invited_at
FROM invitation i JOIN message m ON m.id = i.message_id JOIN message_account a ON a.id = m.id
WHERE a.link_id = ANY($1::bigint[]) AND m.state IN ('queued', 'sending', 'uncertain')
  AND m.contact_point_id IN (SELECT contact_point_id FROM contact_link WHERE id = ANY($1::bigint[]))
  AND NOT EXISTS (SELECT 1 FROM evaluation e WHERE e.invitation_id = i.id)
ORDER BY i.invited_at, i.id LIMIT $2
"""
_MOST: Final = 200


async def begin(
    connection: Any,
    *,
    event_kind: str,
    event_ref: str,
    service: str,
    account_id: int,
    team_code: str | None,
    person_no: str | None,
    began_at: datetime,
    at: datetime,
    zone: ZoneInfo,
) -> None:
    """Note an event that is under way, once, with its draw: before anybody can say what it came to."""
    await note_one(
        connection,
        kind=event_kind,
        ref=event_ref,
        service=service,
        account_id=account_id,
        team_code=team_code,
        person_no=person_no,
        began_at=began_at,
        occurred_at=None,
        now=at,
        zone=zone,
    )


async def qualify(
    connection: Any,
    *,
    event_kind: str,
    event_ref: str,
    service: str,
    account_id: int,
    team_code: str | None,
    person_no: str | None,
    occurred_at: datetime,
    at: datetime,
    zone: ZoneInfo,
    late: bool = False,
) -> int | None:
    """Note that an event is over, once; its invitation, None where nobody is to be asked or it was over before.

    Team and person are frozen as they are. The draw is that of when it was first heard of. What is `late` is counted
    and not asked about.
    """
    noted = await note_one(
        connection,
        kind=event_kind,
        ref=event_ref,
        service=service,
        account_id=account_id,
        team_code=team_code,
        person_no=person_no,
        began_at=occurred_at,
        occurred_at=occurred_at,
        now=at,
        zone=zone,
        late=late,
    )
    return noted[0] if noted is not None and noted[1] else None


async def attach(connection: Any, invitation: int, message_id: UUID, at: datetime) -> None:
    """Say which text asks; the number it goes to is frozen with it."""
    await connection.execute(
        """UPDATE invitation i SET message_id = $2, invited_at = $3, frozen_at = coalesce(i.frozen_at, $3),
             contact_point_id = CASE WHEN i.frozen_at IS NULL
               THEN (SELECT contact_point_id FROM message WHERE id = $2) ELSE i.contact_point_id END
           WHERE i.id = $1""",
        invitation,
        message_id,
        at,
    )


async def frozen_for(connection: Any, invitation: int) -> tuple[bool, int | None]:
    """Whether the number of an invitation is frozen, and which it is; frozen without one, nobody is asked by text."""
    row = await connection.fetchrow("SELECT frozen_at, contact_point_id FROM invitation WHERE id = $1", invitation)
    return row["frozen_at"] is not None, row["contact_point_id"]


async def invitation_for(connection: Any, event_kind: str, event_ref: str) -> int | None:
    """The invitation of an event."""
    found: int | None = await connection.fetchval(
        "SELECT id FROM invitation WHERE event_kind = $1 AND event_ref = $2", event_kind, event_ref
    )
    return found


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
