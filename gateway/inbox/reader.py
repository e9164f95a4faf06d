"""Reading what came in: threaded, understood, reacted to, each in a transaction of its own (promise P5).

Any number of nodes may read. Texts of one sender are dealt with one after another, in the order they came; a
text whose reaction fails is left to a person, and those behind it go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import asyncpg

from gateway.inbox import alarming, clarifying
from gateway.inbox.heard import Heard, Reaction, Tools, keep
from gateway.inbox.listening import COLUMNS, listen
from gateway.inbox.reacting import react
from gateway.inbox.threads import Thread
from gateway.inbox.understanding import Context, read, warm
from gateway.kernel import audit
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database
from gateway.kernel.logs import logger

log = logger(__name__)

#: Seconds between looks when nobody says that something came in; texts taken in one look; senders at a time.
POLL: Final = 0.5
AT_ONCE: Final = 200
ABREAST: Final = 4

#: Texts that wait and are looked at for danger ahead of their turn.
AHEAD: Final = 20_000
#: Texts read before others on the event loop get their turn.
_AT_A_TIME: Final = 20

_TAKE: Final = f"SELECT {COLUMNS} FROM inbound WHERE id = $1 AND state = 'received' FOR UPDATE SKIP LOCKED"
#: What another transaction's timing made fail; the text is taken again.
_AGAIN: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


class Reader:
    """Deals with every inbound in state `received`."""

    def __init__(self, database: Database, clock: Clock, tools: Tools, *, ahead: int = AHEAD) -> None:
        self._database = database
        self._clock = clock
        self._tools = tools
        self._ahead = ahead
        self._awake = asyncio.Event()
        self._alert = asyncio.Event()
        #: Texts that wait and were found to tell of no danger.
        self._calm: set[UUID] = set()
        self._looking = asyncio.Lock()

    def wake(self, _payload: str = "") -> None:
        """Something came in: look at once."""
        self._awake.set()
        self._alert.set()

    async def run(self) -> None:
        """Deal with what comes in until cancelled, and keep a lookout for danger meanwhile."""
        await asyncio.to_thread(warm)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again_and_again(self.round, self._awake))
            group.create_task(self._again_and_again(self.look_out, self._alert))

    async def _again_and_again(self, turn: Callable[[], Awaitable[int]], awake: asyncio.Event) -> None:
        while True:
            awake.clear()
            try:
                dealt = await turn()
            except AWAY as error:
                unless_cancelled()
                log.warning("reading put off", error=type(error).__name__)
                dealt = 0
            if not dealt:
                with suppress(TimeoutError):
                    await asyncio.wait_for(awake.wait(), POLL)

    async def look_out(self) -> int:
        """Deal with whatever is urgent among the texts that wait, ahead of every other; how many.

        Danger is in the words alone, so no context is read for it; the text then gets its full reading. The newest
        are looked at first: the turn of the oldest comes soonest.
        """
        async with self._looking:
            async with self._database.connection() as connection:
                rows = await connection.fetch(
                    "SELECT id FROM inbound WHERE state = 'received' ORDER BY id DESC LIMIT $1", self._ahead
                )
                waiting = {row["id"] for row in rows}
                self._calm &= waiting
                new = sorted(waiting - self._calm)
                texts = await connection.fetch(
                    "SELECT id, text FROM inbound WHERE id = ANY($1::uuid[]) ORDER BY id", new
                )
            dealt = 0
            for number, row in enumerate(texts):
                if number % _AT_A_TIME == 0:
                    await asyncio.sleep(0)
                if not _is_urgent(row["text"]):
                    self._calm.add(row["id"])
                elif await self._deal_with(row["id"]):
                    dealt += 1
            return dealt

    async def round(self) -> int:
        """Deal with what is urgent, then with up to 200 texts; how many this node dealt with."""
        urgent = await self.look_out()
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                "SELECT id, coalesce(sender, '') AS sender FROM inbound WHERE state = 'received' ORDER BY id LIMIT $1",
                AT_ONCE,
            )
        by_sender = [
            [row["id"] for row in group]
            for _, group in groupby(sorted(rows, key=lambda row: (row["sender"], row["id"])), lambda row: row["sender"])
        ]
        abreast = asyncio.Semaphore(ABREAST)
        return urgent + sum(await asyncio.gather(*(self._in_turn(abreast, ids) for ids in by_sender)))

    async def _in_turn(self, abreast: asyncio.Semaphore, ids: Sequence[UUID]) -> int:
        """Texts of one sender, one after another: behind one that another node holds, the rest wait."""
        dealt = 0
        async with abreast:
            for id_ in ids:
                if not await self._deal_with(id_):
                    break
                dealt += 1
        return dealt

    async def _deal_with(self, id_: UUID) -> bool:
        """One text, in one transaction; False where it must be taken again later, here or elsewhere."""
        try:
            async with self._database.work() as work:
                row = await work.connection.fetchrow(_TAKE, id_)
                if row is None:
                    return False
                await self._settle(work.connection, row)
                await work.commit()
        except (*AWAY, *_AGAIN) as error:
            unless_cancelled()
            log.warning("a text is read again", inbound=str(id_), error=type(error).__name__)
            return False
        except Exception as error:
            unless_cancelled()
            log.exception("a reaction failed", inbound=str(id_))
            await self._leave(id_, f"could not be dealt with: {type(error).__name__}")
        return True

    async def _settle(self, connection: Any, row: Any) -> None:
        heard = await listen(connection, row, self._tools.answers)
        reaction = Reaction()
        if heard.contact_point_id is not None:
            await _reached(connection, heard, reaction)
        if heard.thread.which:
            await clarifying.ask(connection, heard, self._tools, reaction)
        elif clarifying.chooses(heard):
            await clarifying.choose(connection, heard, react, self._tools, reaction)
        else:
            reaction.add(await react(connection, heard, self._tools))
            clarifying.left_open(heard, reaction)
        await clarifying.settle_earlier(connection, heard, reaction)
        await keep(connection, heard, reaction)

    async def _leave(self, id_: UUID, remark: str) -> None:
        """Put a text that could not be dealt with aside for a person; danger is told of even so."""
        try:
            async with self._database.connection() as connection:
                row = await connection.fetchrow(f"SELECT {COLUMNS} FROM inbound WHERE id = $1", id_)
            urgent = _is_urgent(row["text"])
            if urgent:
                await self._alarm(row)
            async with self._database.connection() as connection:
                await connection.execute(
                    """UPDATE inbound SET state = 'triage', remark = $2, urgent = $3
                       WHERE id = $1 AND state = 'received'""",
                    id_,
                    remark,
                    urgent,
                )
        except AWAY as error:
            unless_cancelled()
            log.warning("not put aside yet", inbound=str(id_), error=type(error).__name__)

    async def _alarm(self, row: Any) -> None:
        """Raise the alert of a text whose reaction failed, by itself: whatever failed must not silence it."""
        heard = Heard(
            id=row["id"],
            sender=row["sender"] or "",
            text=row["text"],
            channel=row["channel"],
            at=row["received_at"],
            contact_point_id=row["contact_point_id"],
            language=None,
            thread=Thread(),
            reading=read(row["text"], Context()),
        )
        try:
            async with self._database.work() as work:
                await alarming.alarm(work.connection, heard, self._tools)
                await work.commit()
        except AWAY:
            raise
        except Exception:
            log.exception("an alert failed", inbound=str(row["id"]))


def _is_urgent(text: str) -> bool:
    """Whether a text tells of danger. One that cannot be read is left to its turn, and so to a person."""
    try:
        return read(text, Context()).urgent
    except Exception:
        log.exception("a text could not be looked at ahead of its turn")
        return False


async def _reached(connection: Any, heard: Heard, reaction: Reaction) -> None:
    """Who writes from a number can be reached there, whatever carriers said before."""
    back = await connection.fetchval(
        """UPDATE contact_point SET state = 'active', state_since = $2
           WHERE id = $1 AND state = 'unreachable' RETURNING true""",
        heard.contact_point_id,
        heard.at,
    )
    if back:
        reaction.caused("reachable_again")
        await audit.write(
            connection,
            at=heard.at,
            actor=heard.actor,
            action="contact_point.reached",
            subject=f"contact_point:{heard.contact_point_id}",
            before={"state": "unreachable"},
            after={"state": "active"},
        )
