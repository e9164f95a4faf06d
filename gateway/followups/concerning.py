"""What follow-ups hang on contact links that a correction is about: visits planned, questions open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, Final

from gateway.archive.checklist import Concerned

_PLANNED: Final = """
SELECT DISTINCT ON (f.id) f.id, f.state, f.channel, f.planned_for, a.account_no, p.address AS number
FROM contact_link l JOIN followup f ON f.account_id = l.account_id AND f.state = 'planned'
JOIN account a ON a.id = l.account_id JOIN contact_point p ON p.id = l.contact_point_id
WHERE l.id = ANY($1::bigint[]) ORDER BY f.id, l.id LIMIT $2
"""
_ASKED: Final = """
SELECT i.id, i.state, i.asked_at, r.account_no, p.address AS number
FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id
JOIN message_account r ON r.account_id = l.account_id AND r.link_id = l.id
JOIN independent_followup i ON i.message_id = r.id AND i.state = 'asked'
WHERE l.id = ANY($1::bigint[]) ORDER BY i.id LIMIT $2
"""
_MOST: Final = 200


async def open_followups(connection: Any, links: Sequence[int]) -> list[Concerned]:
    """Planned follow-ups of the accounts of these links, and questions asked through them that wait for an answer.

    A plan is the account's: it is shown, so that whoever goes knows, and keeps no correction open. A question that
    went through a link which proved wrong does.
    """
    if not links:
        return []
    planned = [
        Concerned(
            kind=f"followup:{row['channel']}",
            ref=str(row["id"]),
            state=row["state"],
            account_no=row["account_no"],
            number=row["number"],
            at=datetime.combine(row["planned_for"], time(), UTC),
            blocks=False,
        )
        for row in await connection.fetch(_PLANNED, list(links), _MOST)
    ]
    asked = [
        Concerned(
            kind="independent_followup",
            ref=str(row["id"]),
            state=row["state"],
            account_no=row["account_no"],
            number=row["number"],
            at=row["asked_at"],
        )
        for row in await connection.fetch(_ASKED, list(links), _MOST)
    ]
    return planned + asked
