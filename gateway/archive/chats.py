"""Chats as contact points: opened, bound to the numbers that their people hold, left.

A binding says that whoever speaks in a chat holds a number. Three things show that: the platform vouches for it
(Telegram's contact share, and only of the sharer's own number), a code sent to the number by SMS comes back in the
chat that asked for it, or a link sent there by SMS is opened. A number that somebody only names is nobody's proof.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.archive import bindings
from gateway.archive.opt_outs import PURPOSES
from gateway.archive.proving import CODE_LASTS, MOST_TRIES, new_code
from gateway.kernel import audit

#: The points of a person: a chat, the numbers it is bound to, and their other chats; or a number and its chats.
PERSON: Final = """
SELECT {point}::int AS id
UNION SELECT phone_point_id FROM chat_binding WHERE chat_point_id = {point} AND ended_at IS NULL
UNION SELECT other.chat_point_id FROM chat_binding other
  WHERE other.ended_at IS NULL AND (other.phone_point_id = {point} OR other.phone_point_id IN (
    SELECT phone_point_id FROM chat_binding WHERE chat_point_id = {point} AND ended_at IS NULL))
"""
#: The contact points whose links speak for what was said at one at a moment: itself, and the numbers that a chat was
#: bound to then, or has been since. What was heard stays where it belongs when its chat is unlinked.
SPEAKING: Final = """
SELECT {point}::int AS id
UNION ALL SELECT phone_point_id FROM chat_binding
  WHERE chat_point_id = {point} AND (ended_at IS NULL OR ended_at > {at})
"""
#: How long a link is good; how many codes may be asked for in a day, for one number and by one chat, and how many
#: texts of either kind a number has had at most before it is sent a link.
LINK_LASTS: Final = timedelta(days=7)
MOST_A_DAY: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRow:
    """A chat as the archive has it."""

    point: int
    platform: str
    address: str
    language: str | None
    wants: Sequence[str]
    gone: bool
    #: Contact points of the numbers it is bound to.
    phones: Sequence[int]


_CHAT: Final = """
SELECT c.contact_point_id AS point, p.kind AS platform, p.address, c.language, c.wants, c.gone_at IS NOT NULL AS gone,
       ARRAY(SELECT phone_point_id FROM chat_binding WHERE chat_point_id = p.id AND ended_at IS NULL ORDER BY id)
         AS phones
FROM contact_point p JOIN chat c ON c.contact_point_id = p.id WHERE p.kind = $1 AND p.address = $2
"""


async def find(connection: Any, platform: str, address: str) -> ChatRow | None:
    """The chat at an address of a platform, if anybody opened it."""
    row = await connection.fetchrow(_CHAT, platform, address)
    return None if row is None else ChatRow(**dict(row))


async def open_chat(connection: Any, platform: str, address: str, *, at: datetime) -> ChatRow:
    """The chat at an address: made where nobody opened it before, and back where it was gone."""
    found = await find(connection, platform, address)
    if found is not None and not found.gone:
        return found
    point = await connection.fetchval(
        """INSERT INTO contact_point AS p (kind, address, state_since) VALUES ($1, $2, $3)
           ON CONFLICT (address, kind) DO UPDATE SET state = 'active',
             state_since = CASE WHEN p.state = 'active' THEN p.state_since ELSE $3 END RETURNING id""",
        platform,
        address,
        at,
    )
    await connection.execute(
        """INSERT INTO chat (contact_point_id, opened_at) VALUES ($1, $2)
           ON CONFLICT (contact_point_id) DO UPDATE SET gone_at = NULL, gone_why = NULL""",
        point,
        at,
    )
    if found is not None:
        await audit.write(connection, at=at, actor="customer", action="chat.returned", subject=f"contact_point:{point}")
    opened = await find(connection, platform, address)
    assert opened is not None
    return opened


async def person(connection: Any, point: int) -> list[int]:
    """All contact points of whoever is reached at one: itself first."""
    rows = await connection.fetch(PERSON.format(point="$1"), point)
    return [point, *sorted(row["id"] for row in rows if row["id"] != point)]


async def numbers_behind(connection: Any, point: int) -> list[int]:
    """The contact points whose links speak for what is said at one: a chat's numbers, or the point itself."""
    rows = await connection.fetch(
        "SELECT phone_point_id FROM chat_binding WHERE chat_point_id = $1 AND ended_at IS NULL ORDER BY id", point
    )
    return [row["phone_point_id"] for row in rows] or [point]


async def bind(connection: Any, chat: int, phone: int, *, how: str, at: datetime) -> bool:
    """Note that a chat's person holds a number; False where that was known. Refusals on the number come along."""
    new = await connection.fetchval(
        """INSERT INTO chat_binding (chat_point_id, phone_point_id, how, bound_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (chat_point_id, phone_point_id) WHERE ended_at IS NULL DO NOTHING RETURNING true""",
        chat,
        phone,
        how,
        at,
    )
    if not new:
        return False
    if how == "contact":
        await bindings.end_others(connection, chat, phone, at=at)
    await connection.execute(
        """INSERT INTO opt_out (contact_point_id, purpose, at, source)
           SELECT $1, purpose, at, source FROM opt_out WHERE contact_point_id = $2 ON CONFLICT DO NOTHING""",
        chat,
        phone,
    )
    await audit.write(
        connection,
        at=at,
        actor="customer",
        action="chat.bound",
        subject=f"contact_point:{chat}",
        after={"to": f"contact_point:{phone}", "how": how},
    )
    return True


async def unbind(connection: Any, chat: int, *, why: str, actor: str, at: datetime) -> list[int]:
    """End all bindings of a chat; the numbers it was bound to. What is queued for it is the caller's to stop."""
    rows = await connection.fetch(
        """UPDATE chat_binding SET ended_at = $2, ended_why = $3
           WHERE chat_point_id = $1 AND ended_at IS NULL RETURNING phone_point_id""",
        chat,
        at,
        why,
    )
    ended = sorted(row["phone_point_id"] for row in rows)
    if ended:
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="chat.unbound",
            subject=f"contact_point:{chat}",
            before={"to": [f"contact_point:{phone}" for phone in ended]},
            after={"why": why},
        )
    return ended


async def left(connection: Any, chat: int, *, why: str, actor: str, at: datetime) -> bool:
    """Note that nothing can be written to a chat any more; False where that was known.

    Its bindings stay: whoever comes back finds his accounts again.
    """
    gone = await connection.fetchval(
        """UPDATE chat SET gone_at = $2, gone_why = $3 WHERE contact_point_id = $1 AND gone_at IS NULL
           RETURNING true""",
        chat,
        at,
        why,
    )
    if not gone:
        return False
    await connection.execute(
        "UPDATE contact_point SET state = 'unreachable', state_since = $2 WHERE id = $1 AND state = 'active'", chat, at
    )
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action="contact_point.unreachable",
        subject=f"contact_point:{chat}",
        before={"state": "active"},
        after={"state": "unreachable", "because": why},
    )
    return True


async def speak(connection: Any, chat: int, language: str) -> bool:
    """Answer a chat in a language (`zh-CN` or `en`) from now on; False where the contact point is no chat."""
    found = await connection.fetchval(
        "UPDATE chat SET language = $2 WHERE contact_point_id = $1 RETURNING true", chat, language
    )
    return bool(found)


async def want(connection: Any, chat: int, purpose: str, *, here: bool, at: datetime) -> None:
    """Have a purpose told in the chat (`here`) or by SMS, where a notice leaves it open."""
    await connection.execute(
        """UPDATE chat SET wants = CASE WHEN $3 THEN array_append(array_remove(wants, $2), $2)
                                        ELSE array_remove(wants, $2) END WHERE contact_point_id = $1""",
        chat,
        purpose,
        here,
    )
    await audit.write(
        connection,
        at=at,
        actor="customer",
        action="chat.wants",
        subject=f"contact_point:{chat}",
        after={"purpose": purpose, "here": here},
    )


async def want_only(connection: Any, point: int, channel: str, *, at: datetime, actor: str) -> bool:
    """Have a person told in their chat of one platform, or (`sms`) at their number alone, where a notice leaves it
    open; False where no such chat of theirs is known. `point` is a number or a chat of theirs.
    """
    rows = await connection.fetch(
        """SELECT c.contact_point_id AS id, p.kind = $2 AS here FROM chat c
           JOIN contact_point p ON p.id = c.contact_point_id
           WHERE c.contact_point_id = ANY($1::int[]) AND c.gone_at IS NULL ORDER BY 1""",
        await person(connection, point),
        channel,
    )
    if channel != "sms" and not any(row["here"] for row in rows):
        return False
    for row in rows:
        wants = list(PURPOSES) if row["here"] else []
        await connection.execute("UPDATE chat SET wants = $2 WHERE contact_point_id = $1", row["id"], wants)
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="chat.wants",
            subject=f"contact_point:{row['id']}",
            after={"purposes": wants},
        )
    return True


def _digest(token: str, chat: int | None) -> str:
    return hashlib.sha256(f"{chat or ''}:{token}".encode()).hexdigest()


async def may_ask(connection: Any, chat: int, asked: str, at: datetime) -> bool:
    """Count that a chat asks for a code to a number (`asked` stands for it), whether or not anybody knows the number.

    False where the chat asked, or the number was asked for, as often as a day allows: so nobody learns which is known.
    """
    await connection.execute("DELETE FROM chat_ask WHERE at <= $1", at - timedelta(days=1))
    most = await connection.fetchval(
        """SELECT greatest(count(*) FILTER (WHERE chat_point_id = $1), count(*) FILTER (WHERE asked = $2))
           FROM chat_ask WHERE at > $3 AND (chat_point_id = $1 OR asked = $2)""",
        chat,
        asked,
        at - timedelta(days=1),
    )
    if int(most) >= MOST_A_DAY:
        return False
    await connection.execute("INSERT INTO chat_ask (chat_point_id, asked, at) VALUES ($1, $2, $3)", chat, asked, at)
    return True


async def may_invite(connection: Any, phone: int, at: datetime) -> bool:
    """Whether one more link may be sent to a number today, after whatever it was sent."""
    sent = await connection.fetchval(
        "SELECT count(*) FROM chat_token WHERE phone_point_id = $1 AND made_at > $2", phone, at - timedelta(days=1)
    )
    return int(sent) < MOST_A_DAY


async def new_token(connection: Any, phone: int, *, chat: int | None, at: datetime) -> str:
    """What is sent to a number by SMS: a code for the `chat` that asked, or the token of a link for any chat."""
    token = secrets.token_hex(8).upper() if chat is None else new_code()
    if chat is not None:
        await connection.execute(
            "UPDATE chat_token SET settled_at = $2 WHERE chat_point_id = $1 AND settled_at IS NULL", chat, at
        )
    await connection.execute(
        """INSERT INTO chat_token (digest, phone_point_id, chat_point_id, made_at, expires_at)
           VALUES ($1, $2, $3, $4, $5)""",
        _digest(token, chat),
        phone,
        chat,
        at,
        at + (LINK_LASTS if chat is None else CODE_LASTS),
    )
    return token


async def redeem_link(connection: Any, token: str, *, at: datetime) -> int | None:
    """The number that an invitation was sent to, which it proves once; None for what is none, old or used."""
    phone: int | None = await connection.fetchval(
        """UPDATE chat_token SET settled_at = $2
           WHERE digest = $1 AND chat_point_id IS NULL AND settled_at IS NULL AND expires_at > $2
           RETURNING phone_point_id""",
        _digest(token.strip().upper(), None),
        at,
    )
    return phone


async def awaits_code(connection: Any, chat: int, *, at: datetime) -> bool:
    """Whether a chat asked for a code that is not too old and not used, to a number that is known or not."""
    return bool(
        await connection.fetchval(
            """SELECT EXISTS (SELECT FROM chat_ask a WHERE a.chat_point_id = $1 AND a.at > $2 AND NOT EXISTS (
                 SELECT FROM chat_token t WHERE t.chat_point_id = $1 AND t.made_at >= a.at
                   AND t.settled_at IS NOT NULL AND t.tries BETWEEN 1 AND $3))""",
            chat,
            at - CODE_LASTS,
            MOST_TRIES - 1,
        )
    )


async def redeem_code(connection: Any, chat: int, code: str, *, at: datetime) -> tuple[int | None, bool]:
    """The number that a code proves in the chat that asked for it, and whether it may be tried again."""
    open_one = await connection.fetchrow(
        """SELECT id, digest, phone_point_id, tries FROM chat_token
           WHERE chat_point_id = $1 AND settled_at IS NULL AND expires_at > $2 FOR UPDATE""",
        chat,
        at,
    )
    if open_one is None:
        return None, False
    right = secrets.compare_digest(open_one["digest"], _digest(code, chat))
    over = right or open_one["tries"] + 1 >= MOST_TRIES
    await connection.execute(
        "UPDATE chat_token SET tries = tries + 1, settled_at = CASE WHEN $2 THEN $3::timestamptz END WHERE id = $1",
        open_one["id"],
        over,
        at,
    )
    return (open_one["phone_point_id"] if right else None), not over


async def language_of(connection: Any, point: int) -> str | None:
    """The language that a chat's person chose, or that of the account its number chiefly stands for."""
    language: str | None = await connection.fetchval(
        """SELECT coalesce(c.language, (
             SELECT a.language FROM chat_binding b JOIN contact_link l ON l.contact_point_id = b.phone_point_id
             JOIN account a ON a.id = l.account_id
             WHERE b.chat_point_id = c.contact_point_id AND b.ended_at IS NULL
             ORDER BY l.is_default DESC, l.id LIMIT 1))
           FROM chat c WHERE c.contact_point_id = $1""",
        point,
    )
    return language
