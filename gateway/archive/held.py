"""The links of a number as judging them needs them: whose accounts they are, and what is known of each."""

from __future__ import annotations

from typing import Any, Final

from gateway.archive.chats import numbers_behind
from gateway.archive.misdirection import HeldLink

_HELD: Final = """
SELECT l.id AS link_id, l.account_id, a.account_no, a.premise_id, p.address, l.state, l.verified_at,
       a.customer_id, a.holder_name, l.name, l.role, greatest(l.registered_on, l.updated_on) AS said_on,
       coalesce(l.source IN ('correction', 'customer'), false) AS given, a.language,
       point.id AS point_id, point.address AS number, point.line, trust.probability,
       l.state = 'revoked' AND l.reason NOT IN ('bounce', 'taken back', 'transfer')
         OR l.state = 'suspended' AND (l.reason LIKE 'reply%' OR l.reason IN ('ticket', 'staff_report')) AS of_word,
       CASE WHEN a.updated_on > (
           SELECT max(greatest(o.registered_on, o.updated_on)) FROM contact_link o WHERE o.account_id = a.id)
         THEN a.updated_on END AS changed_on,
       (SELECT max(greatest(o.registered_on, o.updated_on)) FROM contact_link o
        WHERE o.account_id = a.id AND o.id <> l.id AND o.role = 'holder' AND o.state IN ('unverified', 'verified')
          AND greatest(o.registered_on, o.updated_on) > greatest(l.registered_on, l.updated_on)) AS superseded_on,
       EXISTS (
         SELECT 1 FROM account_transfer t WHERE t.account_id = a.id AND t.at > coalesce(l.verified_at, '-infinity')
           AND t.at::date > greatest(l.registered_on, l.updated_on)) AS came_to_another
FROM contact_link l JOIN account a ON a.id = l.account_id JOIN premise p ON p.id = a.premise_id
JOIN contact_point point ON point.id = l.contact_point_id
LEFT JOIN link_trust trust ON trust.link_id = l.id
WHERE l.contact_point_id = ANY($1::bigint[]) ORDER BY l.id
"""


async def rows_of(connection: Any, contact_point_id: int | None) -> list[Any]:
    """The links of a number, or of the numbers that a chat is bound to; they are locked until the transaction ends."""
    points = [] if contact_point_id is None else await numbers_behind(connection, contact_point_id)
    await connection.execute("SELECT FROM contact_point WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE", points)
    rows: list[Any] = await connection.fetch(_HELD, points)
    return rows


def held(row: Any) -> HeldLink:
    """A row of `rows_of` as judging takes it."""
    return HeldLink(
        link_id=row["link_id"],
        account_id=row["account_id"],
        account_no=row["account_no"],
        premise_id=row["premise_id"],
        address=row["address"],
        state=row["state"],
        verified_at=row["verified_at"],
        customer_id=row["customer_id"],
        holder=row["holder_name"],
        name=row["name"],
        role=row["role"],
        said_on=row["said_on"],
        point_id=row["point_id"],
        probability=row["probability"],
        of_word=bool(row["of_word"]),
        given=row["given"],
        changed_on=row["changed_on"],
        superseded_on=row["superseded_on"],
        came_to_another=row["came_to_another"],
    )
