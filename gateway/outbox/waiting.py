"""What is still on its way through links: texts that wait, now or for later, and texts in a carrier's hands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.archive.checklist import Concerned

_WAITING: Final = """
SELECT m.id, m.kind, m.state, a.account_no, m.to_address, m.not_before
FROM message m JOIN message_account a USING (id)
WHERE m.state IN ('queued', 'sending', 'uncertain') AND a.link_id = ANY($1::bigint[])
  AND m.contact_point_id IN (SELECT contact_point_id FROM contact_link WHERE id = ANY($1::bigint[]))
ORDER BY m.not_before, m.id LIMIT $2
"""
_MOST: Final = 200


async def waiting(connection: Any, links: Sequence[int]) -> list[Concerned]:
    """Texts that have not left for good through these links, the soonest first."""
    if not links:
        return []
    return [
        Concerned(
            kind=f"message:{row['kind']}",
            ref=str(row["id"]),
            state=row["state"],
            account_no=row["account_no"],
            number=row["to_address"],
            at=row["not_before"],
        )
        for row in await connection.fetch(_WAITING, list(links), _MOST)
    ]
