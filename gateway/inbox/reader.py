"""Reading what came in: threaded, understood, reacted to, each in a transaction of its own (promise P5).

Any number of nodes may read. Texts of one sender are dealt with one after another, in the order they came; a
text whose reaction fails is left to a person, and those behind it go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import asyncpg

from gateway.archive.links import language_of
from gateway.inbox import clarifying
from gateway.inbox.heard import Heard, Reaction, Tools, keep
from gateway.inbox.reacting import react
from gateway.inbox.threads import Sent, Thread, answered_by, bare_digit, sent_to, thread
from gateway.inbox.understanding import Context, Reading, read
from gateway.kernel import audit
from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database
from gateway.kernel.logs import logger

log = logger(__name__)

#: Seconds between looks when nobody says that something came in; texts taken in one look; senders at a time.
POLL: Final = 0.5
AT_ONCE: Final = 200
ABREAST: Final = 4

_TAKE: Final = """
SELECT id, sender, text, channel, received_at, contact_point_id FROM inbound
WHERE id = $1 AND state = 'received' FOR UPDATE SKIP LOCKED
"""
#: The scale that survey texts print.
SCALE: Final = (1, 5)
#: What another transaction's timing made fail; the text is taken again.
_AGAIN: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


class Reader:
    """Deals with every inbound in state `received`."""

    def __init__(self, database: Database, clock: Clock, tools: Tools) -> None:
        self._database = database
        self._clock = clock
        self._tools = tools
        self._awake = asyncio.Event()

    def wake(self, _payload: str = "") -> None:
        """Something came in: look at once."""
        self._awake.set()

    async def run(self) -> None:
        """Deal with what comes in until cancelled."""
        while True:
            self._awake.clear()
            try:
                dealt = await self.round()
            except AWAY as error:
                log.warning("reading put off", error=type(error).__name__)
                dealt = 0
            if not dealt:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), POLL)

    async def round(self) -> int:
        """Deal with up to 200 texts; how many this node dealt with."""
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
        return sum(await asyncio.gather(*(self._in_turn(abreast, ids) for ids in by_sender)))

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
            log.warning("a text is read again", inbound=str(id_), error=type(error).__name__)
            return False
        except Exception as error:
            log.exception("a reaction failed", inbound=str(id_))
            await self._leave(id_, f"could not be dealt with: {type(error).__name__}")
        return True

    async def _settle(self, connection: Any, row: Any) -> None:
        heard = await self._hear(connection, row)
        reaction = Reaction()
        if heard.contact_point_id is not None:
            await _reached(connection, heard, reaction)
        if heard.thread.which:
            await clarifying.ask(connection, heard, self._tools, reaction)
        elif clarifying.chooses(heard):
            await clarifying.choose(connection, heard, self._again, self._tools, reaction)
        else:
            reaction.add(await react(connection, heard, self._tools))
        await keep(connection, heard, reaction)

    async def _hear(self, connection: Any, row: Any) -> Heard:
        """The text in its thread, read."""
        point = row["contact_point_id"] or await connection.fetchval(
            "SELECT id FROM contact_point WHERE address = $1 AND kind = 'phone'", row["sender"]
        )
        sent: list[Sent] = []
        answered: set[UUID] = set()
        language = None
        if point is not None:
            sent = await sent_to(connection, point, row["received_at"])
            answered = await answered_by(connection, row["sender"], row["received_at"])
            language = await language_of(connection, point)
        found = thread(row["text"], sent, answered, self._tools.answers.codes_of, row["received_at"])
        return Heard(
            id=row["id"],
            sender=row["sender"] or "",
            text=row["text"],
            channel=row["channel"],
            at=row["received_at"],
            contact_point_id=point,
            language=language,
            thread=found,
            reading=self._read(row["text"], found, row["received_at"]),
        )

    def _again(self, heard: Heard, question: Sent) -> Heard:
        """The same text as the answer to `question`."""
        found = Thread(question=question, about=question, digit=bare_digit(heard.text))
        return replace(heard, thread=found, reading=self._read(heard.text, found, heard.at))

    def _read(self, text: str, found: Thread, at: datetime) -> Reading:
        asked = found.question or (found.about if found.digit is None else None)
        if asked is None:
            return read(text, Context(kind="none", codes={}))
        codes = self._tools.answers.codes_of(asked.template) if found.question is not None else {}
        hours = (at - asked.sent_at).total_seconds() / 3600
        scale = SCALE if asked.kind == "survey" else None
        return read(text, Context(kind=asked.kind, scale=scale, hours_since=max(0.0, hours), codes=codes))

    async def _leave(self, id_: UUID, remark: str) -> None:
        """Put a text that could not be dealt with aside for a person."""
        try:
            async with self._database.connection() as connection:
                await connection.execute(
                    "UPDATE inbound SET state = 'triage', remark = $2 WHERE id = $1 AND state = 'received'", id_, remark
                )
        except AWAY as error:
            log.warning("not put aside yet", inbound=str(id_), error=type(error).__name__)


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
