"""Carrying approved notices out: chunk by chunk until composed, and done when nothing of them is left to leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database, plan_anew
from gateway.kernel.errors import LamplighterError
from gateway.kernel.logs import logger
from gateway.notices.audience import CHUNK as SOUGHT
from gateway.notices.audience import Audience, Finder, write_chunk
from gateway.notices.composing import CHUNK, START, Chunk, Composer, Cursor
from gateway.notices.halting import halt
from gateway.notices.kinds import NoticeKind, Row, kind_of
from gateway.notices.policy import Policy
from gateway.outbox import NewMessage, insert

log = logger(__name__)

POLL: Final = 0.5
#: Seconds between looks for recipients of cancelled notices when nobody says so, and how many go at once.
_CLEAR: Final = 300.0
_PAGE: Final = 10_000

#: Told after each chunk: subjects composed, and subjects in the audience as far as it is found.
Progress = Callable[[int, int], None]


class Interrupted(Exception):
    """The notice was paused, cancelled or taken over meanwhile."""


class NoticeRunner:
    """Composes what is approved. Any number of nodes may run one: a notice is one node's while it is composed.

    While a chunk is rendered, the next is read and the one before is written, so that this process and the
    database work at the same time. What is written compares the cursor it began at, so that a chunk is kept
    once or not at all.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        composer: Composer,
        kinds: Mapping[str, NoticeKind],
        finder: Finder,
        policy: Policy,
        *,
        chunk: int | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._composer = composer
        self._kinds = kinds
        self._finder = finder
        self._policy = policy
        self._chunk = chunk or CHUNK
        self._sought = chunk or SOUGHT
        self._wake = asyncio.Event()
        self._cleared = float("-inf")

    def wake(self, _payload: str = "") -> None:
        """There is something to compose, or to clear away."""
        self._cleared = float("-inf")
        self._wake.set()

    async def run(self) -> None:
        """Compose until cancelled."""
        while True:
            self._wake.clear()
            try:
                worked = await self.compose_next()
                await self.finish()
                if time.monotonic() - self._cleared > _CLEAR:
                    self._cleared = time.monotonic()
                    while await self.clear():
                        pass
            except AWAY as error:
                unless_cancelled()
                log.warning("composing put off", error=type(error).__name__)
                worked = False
            if not worked:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), POLL)

    async def compose_next(self, progress: Progress | None = None, *, only: UUID | None = None) -> bool:
        """Compose the oldest approved notice (or `only` that one) to its end; False when there is none."""
        async with self._database.connection() as reader:
            await plan_anew(reader)
            notices = await reader.fetch(
                """SELECT * FROM notice WHERE state IN ('approved', 'composing') AND ($1::uuid IS NULL OR id = $1)
                   ORDER BY approved_at, id""",
                only,
            )
            for notice in notices:
                lock = kind_of(self._kinds, notice).lock(notice)
                if not await reader.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", lock):
                    continue
                try:
                    await self._compose(reader, dict(notice), progress)
                except Interrupted:
                    continue
                except LamplighterError as error:
                    await self._give_up(notice["id"], str(error))
                finally:
                    if not reader.is_closed():
                        await reader.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", lock)
                return True
        return False

    async def _compose(self, reader: Any, notice: dict[str, Any], progress: Progress | None) -> None:
        # Read again under the lock: another node may have composed it meanwhile.
        notice.update(await reader.fetchrow("SELECT * FROM notice WHERE id = $1", notice["id"]))
        kind = kind_of(self._kinds, notice)
        if not notice["audience_found"]:
            await self._begin(notice, kind)
            await self.find(reader, notice, kind, progress)
            notice["point_cursor"], notice["subject_cursor"] = START
        await self._tell(reader, notice, kind, progress)
        async with self._database.work() as work:
            await self._still_ours(work.connection, notice, None)
            await work.execute("DELETE FROM notice_recipient WHERE notice_id = $1", notice["id"])
            await work.execute("UPDATE notice SET state = 'sending' WHERE id = $1", notice["id"])
            await work.commit()

    async def _begin(self, notice: Any, kind: NoticeKind) -> None:
        async with self._database.work() as work:
            await self._still_ours(work.connection, notice, None)
            await kind.begin(work.connection, notice, self._clock.now())
            await work.commit()

    async def find(self, reader: Any, notice: Any, kind: NoticeKind, progress: Progress | None = None) -> None:
        """Find the audience of an approved notice whose kind has begun: while a chunk is decided on, the next is read
        on `reader` and the one before is written."""
        wish = self._composer.wish(notice, kind)
        behind, found = notice["audience_cursor"], notice["audience"]
        async with Audience.of(reader, notice, kind, behind, self._sought) as audience:

            def read() -> asyncio.Future[list[Any]]:
                return asyncio.ensure_future(audience.contacts(self._clock.now()))

            reading, writing = read(), _nothing()
            try:
                while rows := await reading:
                    reading = read()
                    recipients = self._finder.recipients(rows, notice["id"], wish, self._clock.now())
                    await writing
                    writing = asyncio.ensure_future(self._keep_found(notice, behind, recipients))
                    behind = rows[-1]["subject_id"]
                    found += len(recipients)
                    if progress is not None:
                        progress(0, found)
                await writing
            finally:
                await _let_go(reading)
        await self._keep_found(notice, behind, [])

    async def _keep_found(self, notice: Any, behind: int, recipients: list[tuple[Any, ...]]) -> None:
        async with self._database.work() as work:
            row = await self._still_ours(work.connection, notice, None)
            if row["audience_cursor"] != behind:
                raise Interrupted
            await write_chunk(work.connection, notice["id"], recipients)
            await work.commit()

    async def _tell(self, reader: Any, notice: Any, kind: NoticeKind, progress: Progress | None) -> None:
        """Compose the recipients: while a chunk is rendered, the next is read and the one before is written."""
        cursor: Cursor = (notice["point_cursor"], notice["subject_cursor"])
        asked = await self._asked(reader, notice, kind)
        done, audience = notice["composed"], notice["audience"]

        def read(cursor: Cursor) -> asyncio.Future[Chunk | None]:
            now = self._clock.now()
            return asyncio.ensure_future(self._composer.read(reader, notice, kind, cursor, now, self._chunk))

        reading, writing = read(cursor), _nothing()
        try:
            while (chunk := await reading) is not None:
                reading = read(chunk.cursor)
                now = self._clock.now()
                messages, told = await self._composer.compose(notice, kind, chunk, now, asked)
                await writing
                keeping = self._keep_told(notice, kind, cursor, chunk.cursor, messages, told, now)
                writing = asyncio.ensure_future(keeping)
                cursor = chunk.cursor
                done += len(told)
                if progress is not None:
                    progress(done, max(audience, done))
            await writing
        finally:
            await _let_go(reading)

    async def _keep_told(
        self,
        notice: Any,
        kind: NoticeKind,
        before: Cursor,
        after: Cursor,
        messages: list[NewMessage],
        told: list[tuple[Row, UUID]],
        now: datetime,
    ) -> None:
        async with self._database.work() as work:
            await self._still_ours(work.connection, notice, before)
            await insert(work.connection, messages)
            await kind.written(work.connection, notice, told, now)
            await work.execute(
                "UPDATE notice SET composed = composed + $2, point_cursor = $3, subject_cursor = $4 WHERE id = $1",
                notice["id"],
                len(told),
                *after,
            )
            await work.commit()

    async def _still_ours(self, connection: Any, notice: Any, cursor: Cursor | None) -> Any:
        """Lock the notice's row. Raises Interrupted where it is not in this composition any more, or further on."""
        row = await connection.fetchrow("SELECT * FROM notice WHERE id = $1 FOR UPDATE", notice["id"])
        if row["state"] not in ("approved", "composing") or row["round"] != notice["round"]:
            raise Interrupted
        if cursor is not None and (row["point_cursor"], row["subject_cursor"]) != cursor:
            raise Interrupted
        return row

    async def _asked(self, reader: Any, notice: Any, kind: NoticeKind) -> set[int]:
        """The contact points that an interrupted composition has written to already."""
        if kind.merges or notice["composed"] == 0:
            return set()
        rows = await reader.fetch(
            "SELECT DISTINCT contact_point_id FROM message WHERE notice_id = $1 AND state <> 'withheld'", notice["id"]
        )
        return {row["contact_point_id"] for row in rows}

    async def _give_up(self, notice_id: UUID, why: str) -> None:
        """A notice that cannot be composed pauses itself and says why; it does not block those behind it."""
        log.error("notice cannot be composed", notice=str(notice_id), why=why)
        async with self._database.work() as work:
            await work.execute("UPDATE notice SET state = 'paused', remark = $2 WHERE id = $1", notice_id, why)
            await work.commit()

    async def halt(self) -> None:
        """Pause what fails too often."""
        async with self._database.work() as work:
            if await halt(work.connection, self._policy(), self._clock.now()):
                await work.commit()

    async def finish(self) -> int:
        """Mark notices of which nothing is left to leave as done; how many."""
        async with self._database.work() as work:
            done = await work.execute(
                """UPDATE notice SET state = 'done' WHERE state = 'sending' AND NOT EXISTS (
                     SELECT 1 FROM message WHERE notice_id = notice.id AND notice_id IS NOT NULL
                       AND state IN ('queued', 'sending', 'uncertain'))
                     AND NOT EXISTS (
                     SELECT 1 FROM message WHERE notice_id = notice.id AND fallback IS NOT NULL
                       AND state IN ('sent', 'failed', 'undelivered'))"""
            )
            await work.commit()
        return done

    async def clear(self) -> int:
        """Clear a page of recipients of cancelled notices away; how many."""
        async with self._database.work() as work:
            cleared = await work.execute(
                """DELETE FROM notice_recipient USING (
                     SELECT notice_id, told_at, subject_id FROM notice JOIN notice_recipient ON notice_id = notice.id
                     WHERE notice.state = 'cancelled' LIMIT $1) AS page
                   WHERE (notice_recipient.notice_id, notice_recipient.told_at, notice_recipient.subject_id)
                     = (page.notice_id, page.told_at, page.subject_id)""",
                _PAGE,
            )
            await work.commit()
        return cleared


async def _let_go(reading: asyncio.Future[Any]) -> None:
    """Break off a read that nobody waits for any more, so that its connection is free again."""
    reading.cancel()
    await asyncio.wait([reading])
    if not reading.cancelled():
        reading.exception()


def _nothing() -> asyncio.Future[None]:
    """A write that is done already."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done
