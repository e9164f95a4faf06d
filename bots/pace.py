"""How much may go to one person: kept in the database, so that any number of nodes keep it together.

Whatever is sent to a chat counts, messages of the outbox and screens of a dialogue alike. What a bot may send overall
is its lane's rate (`gateway.outbox.lanes`), which is in the database too. A statement a message is a price that only
chats pay: their lanes allow a few dozen a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.kernel.database import Database
from gateway.outbox.lanes import take

# What was sent longer ago than any quota asks about is dropped on the way.
_TAKE: Final = """
INSERT INTO chat_pace AS p (lane, chat, sent) VALUES ($1, $2, ARRAY[clock_timestamp()])
ON CONFLICT (lane, chat) DO UPDATE SET sent = array_append(
  ARRAY(SELECT t FROM unnest(p.sent) AS t WHERE t > clock_timestamp() - make_interval(secs => $5) ORDER BY t),
  clock_timestamp())
WHERE NOT EXISTS (
  SELECT FROM unnest($3::int[], $4::float8[]) AS quota(most, span)
  WHERE (SELECT count(*) FROM unnest(p.sent) AS t
         WHERE t > clock_timestamp() - make_interval(secs => quota.span)) >= quota.most)
RETURNING true
"""
_WAIT: Final = """
SELECT max(quota.span - extract(epoch FROM clock_timestamp() - (
  SELECT t FROM unnest(p.sent) AS t ORDER BY t DESC OFFSET quota.most - 1 LIMIT 1)))::float8
FROM chat_pace p, unnest($3::int[], $4::float8[]) AS quota(most, span) WHERE p.lane = $1 AND p.chat = $2
"""
#: Under which all chats of a bot are counted together.
_ALL: Final = "*"
#: The shortest wait that is told: another node may have taken what was free a moment ago.
_LEAST: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """No more than `most` within any `span` seconds."""

    most: int
    span: float


class Pace:
    """The pace of one bot, whose lane is named `lane`; one that has none in the outbox is given its rate `overall`."""

    def __init__(self, database: Database, lane: str, *, overall: Quota | None = None) -> None:
        self._database = database
        self._lane = lane
        self._overall = overall

    async def take(self, chat: str, quotas: Sequence[Quota]) -> float:
        """Count one more to a chat: 0, or the seconds until it may go, where nothing was counted."""
        spans = [quota.span for quota in quotas]
        asked = (self._lane, chat, [quota.most for quota in quotas], spans)
        async with self._database.connection() as connection:
            if await connection.fetchval(_TAKE, *asked, max(spans)):
                return 0.0
            return max(_LEAST, await connection.fetchval(_WAIT, *asked) or 0.0)

    async def turn(self, chat: str, quotas: Sequence[Quota]) -> None:
        """Wait until one more may go to a chat, and from the bot; for what is sent beside the queue."""
        while (wait := await self.take(chat, quotas)) > 0:
            await asyncio.sleep(wait)
        await self.overall()

    async def overall(self) -> None:
        """Wait until one more may go from the bot, whomever to."""
        while (wait := await self._from_the_bot()) > 0:
            await asyncio.sleep(wait)

    async def _from_the_bot(self) -> float:
        if self._overall is not None:
            return await self.take(_ALL, [self._overall])
        async with self._database.connection() as connection:
            return await take(connection, self._lane)

    async def forget(self) -> None:
        """Drop what no quota asks about any more: none looks further back than an hour."""
        async with self._database.connection() as connection:
            await connection.execute(
                """DELETE FROM chat_pace WHERE lane = $1
                     AND sent[array_upper(sent, 1)] < clock_timestamp() - interval '1 hour'""",
                self._lane,
            )


def forgetting(pace: Pace, *others: Callable[[datetime], Awaitable[None]]) -> Callable[[datetime], Awaitable[None]]:
    """Forgets what a bot's pace and its other parts need no more."""

    async def forget(now: datetime) -> None:
        for one in others:
            await one(now)
        await pace.forget()

    return forget
