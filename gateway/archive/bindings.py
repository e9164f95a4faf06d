"""Bindings of chats that end by themselves: a number changes hands, and the chat of whoever had it knows nothing of it.

A chat shows, and is told, whatever its numbers stand for. So it must not be bound to a number that stands for nobody
of its person's any more: whoever gets the number next is somebody else. The next bindings are made as ever.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from gateway.kernel import audit

#: Why a binding ended: no account is left that its number stands for. It is taken up again where one comes back.
NOTHING_LEFT: Final = "no account is left at the number"
#: Why a binding ended: the platform vouches for the number in another chat.
HELD_ELSEWHERE: Final = "the number is held in another chat"

_END_UNFOUNDED: Final = """
UPDATE chat_binding b SET ended_at = $2, ended_why = $3
WHERE b.ended_at IS NULL AND b.phone_point_id = ANY($1::bigint[])
  AND EXISTS (SELECT FROM contact_link l WHERE l.contact_point_id = b.phone_point_id)
  AND NOT EXISTS (SELECT FROM contact_link l WHERE l.contact_point_id = b.phone_point_id AND l.state <> 'revoked')
RETURNING b.chat_point_id, b.phone_point_id
"""
_TAKE_UP: Final = """
UPDATE chat_binding b SET ended_at = NULL, ended_why = NULL
WHERE b.ended_why = $2 AND EXISTS (
    SELECT FROM contact_link l WHERE l.id = ANY($1::bigint[]) AND l.contact_point_id = b.phone_point_id
      AND l.state <> 'revoked')
  AND NOT EXISTS (
    SELECT FROM contact_link l WHERE l.contact_point_id = b.phone_point_id AND l.state <> 'revoked'
      AND l.id <> ALL ($1::bigint[]))
  AND NOT EXISTS (SELECT FROM chat_binding other WHERE other.phone_point_id = b.phone_point_id
                    AND other.chat_point_id = b.chat_point_id AND (other.ended_at IS NULL OR other.id > b.id))
RETURNING b.chat_point_id, b.phone_point_id
"""
# A platform's account has one number, and a number one account.
_END_OTHERS: Final = """
UPDATE chat_binding b SET ended_at = $3, ended_why = $4 FROM contact_point other, contact_point mine
WHERE b.phone_point_id = $2 AND b.chat_point_id <> $1 AND b.how = 'contact' AND b.ended_at IS NULL
  AND other.id = b.chat_point_id AND mine.id = $1 AND other.kind = mine.kind
RETURNING b.chat_point_id, b.phone_point_id
"""


async def end_unfounded(connection: Any, phones: Collection[int], *, at: datetime) -> None:
    """End the bindings to numbers whose every link is revoked by now."""
    rows = await connection.fetch(_END_UNFOUNDED, list(phones), at, NOTHING_LEFT)
    await _ended(connection, rows, NOTHING_LEFT, at)


async def take_up(connection: Any, links: Collection[int], *, at: datetime) -> None:
    """Take up the bindings that ended with these links, which are back; not where the number has others by now."""
    for row in await connection.fetch(_TAKE_UP, list(links), NOTHING_LEFT):
        await audit.write(
            connection,
            at=at,
            actor="gateway",
            action="chat.bound",
            subject=f"contact_point:{row['chat_point_id']}",
            after={"to": f"contact_point:{row['phone_point_id']}", "how": "again"},
        )


async def end_others(connection: Any, chat: int, phone: int, *, at: datetime) -> None:
    """The platform vouches for a number in `chat`: another chat that it vouched for there before holds it no more."""
    rows = await connection.fetch(_END_OTHERS, chat, phone, at, HELD_ELSEWHERE)
    await _ended(connection, rows, HELD_ELSEWHERE, at)


async def end_at(connection: Any, phone: int, *, why: str, actor: str, at: datetime) -> list[int]:
    """End the bindings to a number, as somebody who answers for the archive says; the chats that it was bound to. What
    is queued for them is the caller's to stop."""
    rows = await connection.fetch(
        """UPDATE chat_binding SET ended_at = $2, ended_why = $3 WHERE phone_point_id = $1 AND ended_at IS NULL
           RETURNING chat_point_id, phone_point_id""",
        phone,
        at,
        why,
    )
    await _ended(connection, rows, why, at, actor)
    return sorted(row["chat_point_id"] for row in rows)


async def _ended(connection: Any, rows: Collection[Any], why: str, at: datetime, actor: str = "gateway") -> None:
    for row in rows:
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="chat.unbound",
            subject=f"contact_point:{row['chat_point_id']}",
            before={"to": [f"contact_point:{row['phone_point_id']}"]},
            after={"why": why},
        )
