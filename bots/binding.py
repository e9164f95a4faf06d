"""What binding a chat asks of the house, on whatever platform: which number is meant, and a code to it by SMS."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bots.platform import Rooms
from bots.words import Words
from gateway.archive import chats
from gateway.archive.chats import ChatRow
from gateway.archive.proving import CODE_LASTS
from gateway.inbox.answers import Recipient
from gateway.kernel.phones import InvalidPhone, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNumber:
    """A number that stands on somebody's account."""

    point: int
    number: str


async def known_number(connection: Any, number: str, rooms: Rooms) -> KnownNumber | None:
    """The number as the archive has it, where it stands for at least one account and nobody stopped it there.

    None too for one that is no telephone number: platforms have numbers of their own.
    """
    try:
        return await _known(connection, parse(number, rooms.settings.region).e164)
    except InvalidPhone:
        return None


async def _known(connection: Any, e164: str) -> KnownNumber | None:
    point = await connection.fetchval(
        """SELECT p.id FROM contact_point p WHERE p.kind = 'phone' AND p.address = $1 AND EXISTS (
             SELECT 1 FROM contact_link l WHERE l.contact_point_id = p.id AND l.state IN ('unverified', 'verified'))""",
        e164,
    )
    return None if point is None else KnownNumber(point=point, number=e164)


async def ask_for_code(
    connection: Any, rooms: Rooms, chat: ChatRow, typed: str, *, now: datetime
) -> Literal["sent", "not_a_number", "too_many"]:
    """Send a code by SMS to a number that is registered; an unknown one is counted and answered the same."""
    try:
        number = parse(typed, rooms.settings.region).e164
    except InvalidPhone:
        return "not_a_number"
    if not await chats.may_ask(connection, chat.point, _stands_for(number, rooms), now):
        return "too_many"
    known = await _known(connection, number)
    if known is None:
        return "sent"
    code = await chats.new_token(connection, known.point, chat=chat.point, at=now)
    to = Recipient(number=known.number, contact_point_id=known.point, language=chat.language)
    minutes = int(CODE_LASTS.total_seconds() // 60)
    await rooms.tools.answers.send_text(
        connection, "verification_chat", {"code": code, "minutes": minutes}, to, now, lasts=CODE_LASTS, priority=0
    )
    return "sent"


def _stands_for(number: str, rooms: Rooms) -> str:
    key = rooms.settings.kept_secret().encode()
    return hmac.new(key, f"asked in a chat {number}".encode(), hashlib.sha256).hexdigest()


def words_for(chat: ChatRow | None, language: str | None, rooms: Rooms) -> Words:
    """The words for a chat: in the language it chose, else in the one its person's program speaks, else at home's."""
    chosen = chat.language if chat is not None else None
    spoken = chosen or (language if language in ("zh", "en") else None) or rooms.settings.language
    found = Words(spoken)
    return Words(spoken, rooms.settings.senders.get(found.language) or rooms.settings.sender_name)
