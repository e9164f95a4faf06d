"""Invitations that went out, or wait, through links of contacts in doubt: their answers would be a stranger's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

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
