"""The test clock: a month lived through in a minute.

The shift is a row, so every node has the same time and keeps it over a restart. Moving the clock forward goes
from one due moment to the next and waits at each until its work is done: a text due at eight on Tuesday leaves
at eight on Tuesday, not at the end of the month that was skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.kernel.clock import ShiftedClock, SystemClock, aware
from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict, Unavailable
from gateway.outbox.messages import GIVES_UP

#: Channel on which nodes tell one another that the clock was moved.
MOVED: Final = "test_clock"
#: Seconds a moment's work may take before moving on is given up.
PATIENCE: Final = 900.0
_LOCK: Final = 0x4C616D73

#: The first moment after `now` at which something falls due, if any.
NextDue = Callable[[Any, datetime], Awaitable[datetime | None]]
#: Does what fell due by now; called at every stop of the journey.
Tick = Callable[[], Awaitable[None]]

# What belongs to a paused notice is not in progress, and falls due when the notice goes on.
_GOING: Final = """NOT held AND NOT EXISTS (
  SELECT 1 FROM ground_stop WHERE ground = 'notice:' || message.notice_id AND reason = 'paused')"""

# A notice of which nothing is left to leave is in progress until it is marked as done.
# A text that a carrier put off for a moment is in progress until it is tried again.
# A text in doubt is in progress while the carrier is being asked; one that never answers holds nobody up for ever.
_BUSY: Final = f"""
SELECT EXISTS (SELECT 1 FROM import WHERE state IN ('queued', 'running')) AS imports,
       EXISTS (SELECT 1 FROM notice WHERE state IN ('approved', 'composing') OR state = 'sending' AND NOT EXISTS (
                 SELECT 1 FROM message WHERE notice_id = notice.id AND notice_id IS NOT NULL
                   AND state IN ('queued', 'sending', 'uncertain')) AND NOT EXISTS (
                 SELECT 1 FROM message WHERE notice_id = notice.id AND fallback IS NOT NULL
                   AND state IN ('sent', 'failed', 'undelivered'))) AS notices,
       EXISTS (SELECT 1 FROM message WHERE state = 'sending')
         OR EXISTS (SELECT 1 FROM message WHERE fallback IS NOT NULL AND state IN ('failed', 'undelivered'))
         OR EXISTS (SELECT 1 FROM message
                    WHERE state = 'uncertain' AND doubt_since > clock_timestamp() - interval '1 minute')
         OR EXISTS (SELECT 1 FROM (SELECT DISTINCT channel FROM lane WHERE enabled) lane,
                         LATERAL (SELECT 1 FROM (VALUES (0), (1), (2), (3)) AS level(priority), LATERAL
                           (SELECT 1 FROM message WHERE state = 'queued' AND {_GOING} AND channel = lane.channel
                              AND priority = level.priority AND not_before <= $1 LIMIT 1) one LIMIT 1) due)
         OR EXISTS (SELECT 1 FROM message WHERE state = 'queued' AND {_GOING} AND attempts > 0
                      AND not_before BETWEEN $1 AND $1::timestamptz + interval '5 seconds')
         AS messages,
       EXISTS (SELECT 1 FROM inbound WHERE state = 'received')
         OR EXISTS (SELECT 1 FROM chat_update WHERE state = 'received') AS inbound
"""


async def next_message_due(connection: Any, now: datetime) -> datetime | None:
    """When the next queued message falls due or ends."""
    due: datetime | None = await connection.fetchval(
        f"""SELECT min(moment) FROM (
              SELECT min(not_before) AS moment FROM message WHERE state = 'queued' AND {_GOING} AND not_before > $1
              UNION ALL
              SELECT min(expires_at) FROM message
              WHERE state = 'queued' AND {_GOING} AND expires_at > $1
              UNION ALL
              SELECT min(CASE state WHEN 'sent' THEN sent_at ELSE greatest(not_before, created_at) END
                         + coalesce(make_interval(mins => fallback_minutes), $2::interval)) FROM message
              WHERE fallback IS NOT NULL AND state IN ('queued', 'sent')
                AND CASE state WHEN 'sent' THEN sent_at ELSE greatest(not_before, created_at) END
                  > $1::timestamptz - coalesce(make_interval(mins => fallback_minutes), $2::interval)) AS moments""",
        now,
        GIVES_UP,
    )
    return due


class TestClock:
    """Keeps a ShiftedClock in step with the database, and moves it."""

    __test__ = False

    def __init__(self, database: Database, clock: ShiftedClock) -> None:
        self._database = database
        self.clock = clock
        self._next_due: Sequence[NextDue] = (next_message_due,)
        self._ticks: Sequence[Tick] = ()

    def listen_to(self, *, next_due: Sequence[NextDue], ticks: Sequence[Tick]) -> None:
        """Name what else falls due with time, beside messages, and what does it."""
        self._next_due = (next_message_due, *next_due)
        self._ticks = ticks

    async def refresh(self) -> None:
        """Take the shift from the database; without one the clock tells the real time."""
        async with self._database.connection() as connection:
            shift = await connection.fetchval("SELECT shift FROM test_clock WHERE id = 1")
        self.clock.offset = shift or timedelta(0)

    async def busy(self) -> list[str]:
        """What is in progress now: imports, notices, messages, inbound. Deferred messages do not count."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_BUSY, self.clock.now())
        return [name for name, found in row.items() if found]

    async def idle(self, patience: float) -> list[str]:
        """Wait until nothing is in progress, `patience` seconds at most; what still was, if anything."""
        deadline = asyncio.get_running_loop().time() + patience
        while busy := await self.busy():
            if asyncio.get_running_loop().time() > deadline:
                return busy
            await asyncio.sleep(0.02)
        return []

    async def move_to(self, target: datetime) -> datetime:
        """Move the clock to `target` and do everything that falls due on the way; the time it then is.

        Raises Conflict for a move backwards once something was sent or received, and Unavailable where a
        moment's work does not end.
        """
        aware(target)
        async with self._database.connection() as holder:
            await holder.execute("SELECT pg_advisory_lock($1)", _LOCK)
            try:
                if target < self.clock.now() - timedelta(seconds=1):
                    await self._must_be_untouched(holder)
                    await self._set(target)
                    await self._settle()
                else:
                    await self._travel(holder, target)
            finally:
                await holder.execute("SELECT pg_advisory_unlock($1)", _LOCK)
        return self.clock.now()

    async def _must_be_untouched(self, connection: Any) -> None:
        if await connection.fetchval(
            "SELECT EXISTS (SELECT 1 FROM message WHERE sent_at IS NOT NULL) OR EXISTS (SELECT 1 FROM inbound)"
        ):
            raise Conflict("the clock only goes forward once something was sent or received")

    async def _travel(self, connection: Any, target: datetime) -> None:
        while True:
            await self._settle()
            now = self.clock.now()
            moments = [await next_due(connection, now) for next_due in self._next_due]
            due = min((moment for moment in moments if moment is not None and moment <= target), default=None)
            if due is None:
                break
            await self._set(max(due, now))
        if target > self.clock.now():
            await self._set(target)
        await self._settle()

    async def _settle(self) -> None:
        if busy := await self.idle(PATIENCE):
            raise Unavailable(f"still busy after {PATIENCE:.0f} s: {', '.join(busy)}")
        for tick in self._ticks:
            await tick()
        if busy := await self.idle(PATIENCE):
            raise Unavailable(f"still busy after {PATIENCE:.0f} s: {', '.join(busy)}")

    async def _set(self, moment: datetime) -> None:
        shift = moment - SystemClock().now()
        async with self._database.connection() as connection:
            await connection.execute(
                """INSERT INTO test_clock (id, shift) VALUES (1, $1)
                   ON CONFLICT (id) DO UPDATE SET shift = excluded.shift""",
                shift,
            )
            await connection.execute("SELECT pg_notify($1, '')", MOVED)
        self.clock.offset = shift
