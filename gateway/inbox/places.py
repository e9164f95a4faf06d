"""Which accounts a text is about: those of the message it answers, or the one that its number stands for."""

from __future__ import annotations

from typing import Any, Final

from gateway.archive import chats
from gateway.inbox.heard import Heard
from gateway.inbox.threads import Sent, parts_of
from gateway.outbox import AccountPart

_STANDS_FOR: Final = """
SELECT DISTINCT ON (l.account_id) l.account_id, a.account_no, l.id AS link_id
FROM contact_link l JOIN account a ON a.id = l.account_id
WHERE l.contact_point_id = ANY($1::bigint[]) AND l.state IN ('unverified', 'verified')
ORDER BY l.account_id, l.id LIMIT $2
"""
#: Accounts of one number that are looked at; an agent's may stand for very many.
_MOST: Final = 100


def about(heard: Heard, purpose: str | None = None) -> Sent | None:
    """The message a text is about; of a purpose, the newest such where the one answered is of another."""
    answered = (heard.thread.question, heard.thread.about)
    fitting = next((one for one in answered if one is not None and purpose in (None, one.purpose)), None)
    if fitting is not None or purpose is None:
        return fitting
    return next((one for one in heard.sent if one.purpose == purpose), None)


async def accounts_meant(connection: Any, heard: Heard, purpose: str | None = None) -> list[AccountPart]:
    """The accounts a text speaks of; none where it cannot be told which."""
    if heard.account is not None:
        return [heard.account]
    message = about(heard, purpose)
    if message is not None and (parts := await parts_of(connection, message.id)):
        return parts
    only = await accounts_reached(connection, heard, most=2)
    return only if len(only) == 1 else []


async def accounts_reached(connection: Any, heard: Heard, *, most: int = _MOST) -> list[AccountPart]:
    """All accounts that the number stands for, up to `most`; the one that was chosen, where one was."""
    if heard.account is not None:
        return [heard.account]
    if heard.contact_point_id is None:
        return []
    rows = await connection.fetch(_STANDS_FOR, await chats.numbers_behind(connection, heard.contact_point_id), most)
    return [AccountPart(**dict(row)) for row in rows]
