"""What platforms report: stored before it is acknowledged, dealt with once, shown after the commit (promises P1, P5).

    webhook, polling ──► received ──► answering ──► done
                            │  one transaction: what it causes, the next step of the dialogue, what is to be shown
                            └──► left: it could not be dealt with; kept with its bytes, and its sender is told

Any number of nodes may deal with updates. Those of one chat are dealt with one after another, in the order they
came. A node that dies between two steps leaves nothing half-done: what was not committed is dealt with again, what
was is shown by another node when the lease is over, at worst a second time. What is shown to one chat, as slowly as
its platform wants, keeps no other chat waiting.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.batching import Grouped
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database, driver
from gateway.kernel.ids import first_id, new_id
from gateway.kernel.logs import logger

log = logger(__name__)

#: Channel on which nodes tell one another that something was reported.
WAKE: Final = "bots_wake"
#: Seconds between looks when nobody says that something was reported; updates taken in one look, and of one chat;
#: chats at a time.
_POLL: Final = 0.5
_AT_ONCE: Final = 200
_OF_ONE: Final = 20
_ABREAST: Final = 4
#: Seconds that a node may take to show what an update caused, and how often that is tried; after so many seconds of
#: waiting behind others it makes sure that it may still.
_LEASE: Final = 30
_TRIES: Final = 3
_STALE: Final = 10.0
#: Updates of one chat that may wait to be shown before its next ones are dealt with.
_AHEAD: Final = 3
#: How long a repeat is known as one (Telegram brings an update again for a day).
_KEPT: Final = timedelta(days=14)

_STORE: Final = """
WITH stored AS (
  INSERT INTO chat_update (id, bot, update_no, chat, body, received_at)
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
  ON CONFLICT (bot, update_no) DO NOTHING RETURNING id
), woken AS (SELECT pg_notify($7, '') WHERE EXISTS (SELECT FROM stored))
SELECT (SELECT count(*) FROM stored) AS new, (SELECT count(*) FROM woken) AS told
"""
_WAITING: Final = """
SELECT id, chat FROM (
  SELECT id, chat, update_no,
    row_number() OVER (PARTITION BY chat ORDER BY length(update_no), update_no, id) AS place
  FROM chat_update WHERE bot = $1 AND state = 'received') AS waiting
WHERE place <= $3 ORDER BY length(update_no), update_no, id LIMIT $2
"""
# Webhooks overtake one another; the numbers that a platform gives its updates say how they followed.
# Another node may be at an earlier update of the chat: then this one waits its turn.
_TAKE: Final = """
SELECT id, chat, update_no, body, received_at FROM chat_update u
WHERE id = $1 AND state = 'received' AND pg_try_advisory_xact_lock(hashtextextended(bot || ' ' || chat, 0))
  AND NOT EXISTS (SELECT 1 FROM chat_update earlier
                  WHERE earlier.bot = u.bot AND earlier.state = 'received' AND earlier.chat = u.chat
                    AND (length(earlier.update_no), earlier.update_no) < (length(u.update_no), u.update_no))
FOR UPDATE SKIP LOCKED
"""
_UNSHOWN: Final = f"""
WITH due AS (
  SELECT id FROM chat_update WHERE bot = $1 AND state = 'answering' AND leased_until < clock_timestamp()
  ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE chat_update u SET leased_until = clock_timestamp() + interval '{_LEASE} seconds', tries = tries + 1
FROM due WHERE u.id = due.id RETURNING u.id, u.chat, u.calls::text AS calls, u.tries
"""

_STILL_MINE: Final = f"""
UPDATE chat_update SET leased_until = clock_timestamp() + interval '{_LEASE} seconds'
WHERE id = $1 AND state = 'answering' AND tries = $2 RETURNING true
"""

#: A call of a platform's API: the method and its parameters, as JSON has them.
Call = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One thing that was reported, and the session in whose transaction it is dealt with."""

    id: UUID
    chat: str
    body: bytes = field(repr=False)
    at: datetime
    session: AsyncSession = field(repr=False)


#: Deals with an update in a connection's transaction; what is to be shown for it. What it raises leaves the update.
Handle = Callable[[Any, Update], Awaitable[Sequence[Call]]]
#: Shows something; returns when the platform has it or never will, raises where it is to be tried again.
Show = Callable[[Call], Awaitable[None]]
#: What is to be shown where an update could not be dealt with, in the connection's transaction.
Excuse = Callable[[Any, Update], Awaitable[Sequence[Call]]]


@dataclass(frozen=True, slots=True)
class _Reported:
    update_no: str
    chat: str
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class _ToShow:
    """What an update caused to be shown. `tries` is 0 where it could not be dealt with: nobody else shows that."""

    id: UUID
    calls: Sequence[Call]
    tries: int
    since: float


class Updates:
    """The updates of one bot."""

    def __init__(
        self, bot: str, database: Database, clock: Clock, *, handle: Handle, show: Show, excuse: Excuse
    ) -> None:
        self._bot = bot
        self._database = database
        self._clock = clock
        self._handle = handle
        self._show = show
        self._excuse = excuse
        self._reported = Grouped(self._store)
        self._awake = asyncio.Event()
        #: What waits to be shown, chat by chat, and who shows it.
        self._unshown: dict[str, deque[_ToShow]] = {}
        self._showing: dict[str, asyncio.Task[None]] = {}
        #: Who waits to take over what an update shows first, and which method, by its number.
        self._wanted: dict[str, tuple[str, asyncio.Future[Call]]] = {}

    async def put(self, update_no: str, chat: str, body: bytes) -> None:
        """Store an update once; returns when that is committed."""
        await self._reported.submit(_Reported(update_no, chat, body, self._clock.now()))

    async def put_and_see(self, update_no: str, chat: str, body: bytes, *, method: str, within: float) -> Call | None:
        """Store an update, and take over the first thing that it shows, where that is a call of a method and this node
        deals with it within so many seconds; None: all of it is shown as ever. For callbacks that take an answer.
        """
        seen: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._wanted[update_no] = method, seen
        try:
            await self.put(update_no, chat, body)
            return await asyncio.wait_for(seen, within)
        except TimeoutError:
            return None
        finally:
            self._wanted.pop(update_no, None)

    def wake(self, _payload: str = "") -> None:
        """Something was reported: look at once."""
        self._awake.set()

    async def take_in(self) -> None:
        """Commit what is put, until cancelled."""
        await self._reported.run()

    async def close(self) -> None:
        """Take nothing more, and commit what waits."""
        await self._reported.close()

    async def run(self) -> None:
        """Deal with what was reported, until cancelled."""
        try:
            while True:
                self._awake.clear()
                dealt = 0
                try:
                    dealt = await self.round()
                except AWAY as error:
                    unless_cancelled()
                    log.warning("updates put off", bot=self._bot, error=type(error).__name__)
                if not dealt:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._awake.wait(), _POLL)
        finally:
            showing = list(self._showing.values())
            for task in showing:
                task.cancel()
            await asyncio.gather(*showing, return_exceptions=True)

    async def round(self) -> int:
        """Deal with up to 200 updates, and begin to show what other nodes left unshown; how many were dealt with."""
        await self._show_what_was_left()
        async with self._database.connection() as connection:
            rows = await connection.fetch(_WAITING, self._bot, _AT_ONCE, _OF_ONE)
        by_chat: defaultdict[str, list[UUID]] = defaultdict(list)
        for row in rows:
            by_chat[row["chat"]].append(row["id"])
        abreast = asyncio.Semaphore(_ABREAST)
        return sum(await asyncio.gather(*(self._in_turn(abreast, chat, ids) for chat, ids in by_chat.items())))

    async def forget(self, now: datetime) -> None:
        """Drop what was dealt with so long ago that no repeat of it can come."""
        async with self._database.connection() as connection:
            await connection.execute(
                "DELETE FROM chat_update WHERE bot = $1 AND state = 'done' AND id < $2",
                self._bot,
                first_id(now - _KEPT),
            )

    async def _in_turn(self, abreast: asyncio.Semaphore, chat: str, ids: Sequence[UUID]) -> int:
        dealt = 0
        async with abreast:
            for id_ in ids:
                if len(self._unshown.get(chat, ())) >= _AHEAD or not await self._deal_with(chat, id_):
                    break
                dealt += 1
        return dealt

    async def _deal_with(self, chat: str, id_: UUID) -> bool:
        """One update, in one transaction; what it shows is on its way then. False where its turn has not come."""
        tries = 1
        try:
            dealt = await self._settle(id_, self._handle, "answering", None)
        except AWAY:
            unless_cancelled()
            raise
        except Exception as error:
            unless_cancelled()
            log.exception("an update could not be dealt with", bot=self._bot, update=str(id_))
            tries = 0
            dealt = await self._settle(id_, self._excuse, "left", f"could not be dealt with: {type(error).__name__}")
        if dealt is None:
            return False
        update_no, calls = dealt
        method, wanted = self._wanted.pop(update_no, (None, None))
        if calls and calls[0]["method"] == method and wanted is not None and not wanted.done():
            wanted.set_result(calls.pop(0))
            if not calls:
                await self._shown(id_)
        if calls:
            self._begin_showing(chat, id_, calls, tries)
        return True

    async def _settle(self, id_: UUID, handle: Handle, state: str, remark: str | None) -> tuple[str, list[Call]] | None:
        async with self._database.session() as session:
            connection = await driver(session)
            row = await connection.fetchrow(_TAKE, id_)
            if row is None:
                return None
            update = Update(id=row["id"], chat=row["chat"], body=row["body"], at=row["received_at"], session=session)
            calls = list(await handle(connection, update))
            await session.flush()
            await connection.execute(
                f"""UPDATE chat_update
                    SET state = CASE WHEN $2 = 'answering' AND $3::jsonb = '[]' THEN 'done' ELSE $2 END,
                      calls = $3::jsonb, tries = 1, remark = $4,
                      leased_until = clock_timestamp() + interval '{_LEASE} seconds' WHERE id = $1""",
                id_,
                state,
                json.dumps(calls, ensure_ascii=False),
                remark,
            )
            await session.commit()
        return row["update_no"], calls

    async def _show_what_was_left(self) -> None:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_UNSHOWN, self._bot, _AT_ONCE)
        for row in rows:
            self._begin_showing(row["chat"], row["id"], json.loads(row["calls"]), row["tries"])

    def _begin_showing(self, chat: str, id_: UUID, calls: Sequence[Call], tries: int) -> None:
        """Show something behind what is shown to the chat already, where it is not on its way itself."""
        waiting = self._unshown.setdefault(chat, deque())
        one = _ToShow(id_, calls, tries, time.monotonic())
        place = next((at for at, known in enumerate(waiting) if known.id == id_), None)
        if place is None:
            waiting.append(one)
        else:
            waiting[place] = one
        if chat not in self._showing:
            self._showing[chat] = asyncio.create_task(self._show_in_turn(chat))

    async def _show_in_turn(self, chat: str) -> None:
        waiting = self._unshown[chat]
        try:
            while waiting:
                await self._show_one(waiting[0])
                waiting.popleft()
                self._awake.set()
        finally:
            del self._unshown[chat], self._showing[chat]

    async def _show_one(self, one: _ToShow) -> None:
        try:
            if one.tries and time.monotonic() - one.since > _STALE:
                async with self._database.connection() as connection:
                    if not await connection.fetchval(_STILL_MINE, one.id, one.tries):
                        # Another node has taken it meanwhile.
                        return
            await self._show_all(one.id, one.calls, one.tries)
        except AWAY as error:
            unless_cancelled()
            log.warning("whether it was shown could not be noted", bot=self._bot, error=type(error).__name__)

    async def _show_all(self, id_: UUID, calls: Sequence[Call], tries: int) -> None:
        try:
            for call in calls:
                await self._show(call)
        except Exception as error:
            unless_cancelled()
            log.warning("not shown", bot=self._bot, update=str(id_), error=type(error).__name__)
            if 0 < tries < _TRIES:
                return
        await self._shown(id_)

    async def _shown(self, id_: UUID) -> None:
        async with self._database.connection() as connection:
            await connection.execute(
                """UPDATE chat_update SET state = 'done', calls = '[]', leased_until = NULL
                   WHERE id = $1 AND state = 'answering'""",
                id_,
            )

    async def _store(self, items: list[_Reported]) -> list[None]:
        async with self._database.work() as work:
            await work.connection.fetchrow(
                _STORE,
                [new_id(item.at) for item in items],
                [self._bot] * len(items),
                [item.update_no for item in items],
                [item.chat for item in items],
                [item.body for item in items],
                [item.at for item in items],
                WAKE,
            )
            await work.commit()
        self.wake()
        return [None] * len(items)
