"""Conversations: what was written to an account and what its people said, over all channels, in one thread."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.chats import SPEAKING
from gateway.archive.reach import part_of, require_account_no, within_sql
from gateway.inbox.reading import Inbound, inbounds_of
from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound
from gateway.outbox.reading import Message, MessageFilter, messages

# What came last from anybody, with the account it is most likely about: that of the text it answers, or one that
# the sender's number stands for.
_RECENT: Final = f"""
SELECT i.id, i.sender, i.channel, i.text, i.received_at, i.state, i.urgent, i.reading -> 'intents' AS intents,
       about.account_no
FROM inbound i LEFT JOIN LATERAL (
  SELECT found.account_id, found.account_no FROM (
    SELECT p.account_id, p.account_no, 0 AS rank FROM message_account p WHERE p.id = i.answers AND p.position = 0
    UNION ALL
    SELECT a.id, a.account_no, 1 FROM contact_link l JOIN account a ON a.id = l.account_id
    WHERE l.contact_point_id IN ({SPEAKING.format(point="i.contact_point_id", at="i.received_at")})
      AND l.state <> 'revoked') AS found
  ORDER BY found.rank, found.account_id LIMIT 1) AS about ON true
WHERE ($1::uuid IS NULL OR i.id < $1) AND ($2::text IS NULL OR i.sender = $2)
  AND ($3::int[] IS NULL OR {within_sql("about.account_id", "$3")})
ORDER BY i.id DESC LIMIT $4
"""
# The addresses of an account's people: its contacts, known wrong ones left out, and the chats bound to them.
_ADDRESSES: Final = """
SELECT p.address FROM contact_link l JOIN account a ON a.id = l.account_id
JOIN contact_point p ON p.id = l.contact_point_id WHERE a.account_no = $1 AND l.state <> 'revoked'
UNION
SELECT c.address FROM contact_link l JOIN account a ON a.id = l.account_id
JOIN chat_binding b ON b.phone_point_id = l.contact_point_id AND b.ended_at IS NULL
JOIN contact_point c ON c.id = b.chat_point_id WHERE a.account_no = $1 AND l.state <> 'revoked'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastHeard:
    """What somebody said, and the account it is most likely about."""

    id: UUID
    sender: str | None
    channel: str
    text: str
    received_at: datetime
    state: str
    urgent: bool
    intents: list[str]
    account_no: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn of a conversation: a text of ours, or something that was said."""

    at: datetime
    message: Message | None = None
    inbound: Inbound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The turns of an account, oldest first; `more` where there are older ones."""

    account_no: str
    turns: list[Turn]
    more: bool


async def recent(session: AsyncSession, *, sender: str | None, before: UUID | None, limit: int) -> list[LastHeard]:
    """What was said last, newest first, as far as it is within reach."""
    connection = await driver(session)
    rows = await connection.fetch(_RECENT, before, sender, part_of(session), limit)
    return [LastHeard(**{**dict(row), "intents": _intents(row["intents"])}) for row in rows]


def _intents(value: Any) -> list[str]:
    return list(json.loads(value)) if isinstance(value, str) else list(value or ())


async def conversation(session: AsyncSession, account_no: str, *, limit: int) -> Conversation:
    """The newest turns of an account. Raises NotFound for an account that is not there or not within reach."""
    await require_account_no(session, account_no)
    connection = await driver(session)
    if await connection.fetchval("SELECT id FROM account WHERE account_no = $1", account_no) is None:
        raise NotFound("There is no account with this number.")
    texts = await messages(session, MessageFilter(account_no=account_no), before=None, limit=limit)
    addresses = [row["address"] for row in await connection.fetch(_ADDRESSES, account_no)]
    said = await inbounds_of(session, senders=addresses, answers=[text.id for text in texts], limit=limit)
    turns = [*(Turn(at=_when(text), message=text) for text in texts), *_said(said)]
    turns.sort(key=lambda turn: turn.at)
    return Conversation(account_no=account_no, turns=turns[-limit:], more=len(turns) > limit)


def _said(said: Sequence[Inbound]) -> list[Turn]:
    return [Turn(at=one.received_at, inbound=one) for one in said]


def _when(text: Message) -> datetime:
    return text.sent_at or (text.created_at if text.state == "withheld" else text.not_before)
