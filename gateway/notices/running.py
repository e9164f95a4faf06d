"""Carrying approved notices out: chunk by chunk until composed, and done when nothing of them is left to leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database
from gateway.kernel.errors import LamplighterError
from gateway.kernel.logs import logger
from gateway.notices.audience import find_chunk
from gateway.notices.composing import Composer
from gateway.notices.kinds import NoticeKind
from gateway.notices.policy import PolicyTable
from gateway.outbox import insert

log = logger(__name__)

POLL: Final = 0.5


class NoticeRunner:
    """Composes what is approved. Any number of nodes may run one: a notice's row is locked for each chunk."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        composer: Composer,
        kinds: Mapping[str, NoticeKind],
        *,
        table: PolicyTable,
        region: str,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._clock = clock
        self._composer = composer
        self._kinds = kinds
        self._table = table
        self._region = region
        self._zone = zone
        self._wake = asyncio.Event()

    def wake(self, _payload: str = "") -> None:
        """There is something to compose."""
        self._wake.set()

    async def run(self) -> None:
        """Compose until cancelled."""
        while True:
            self._wake.clear()
            try:
                worked = await self.chunk()
                if not worked:
                    await self.finish()
            except AWAY as error:
                log.warning("composing put off", error=type(error).__name__)
                worked = False
            if not worked:
                try:
                    await asyncio.wait_for(self._wake.wait(), POLL)
                except TimeoutError:
                    continue
            else:
                await asyncio.sleep(0)

    async def compose(self, notice_id: UUID, progress: Callable[[int, int], None] | None = None) -> None:
        """Compose one notice to its end, telling `progress` (composed, audience) after each chunk."""
        while await self.chunk(notice_id):
            if progress is not None:
                async with self._database.connection() as connection:
                    row = await connection.fetchrow("SELECT composed, audience FROM notice WHERE id = $1", notice_id)
                progress(row["composed"], row["audience"])

    async def chunk(self, notice_id: UUID | None = None) -> bool:
        """Do one chunk of the oldest notice in composition (or of the one named); False when there is none."""
        async with self._database.work() as work:
            row = await work.connection.fetchrow(
                """SELECT * FROM notice WHERE state IN ('approved', 'composing') AND ($1::uuid IS NULL OR id = $1)
                   ORDER BY approved_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""",
                notice_id,
            )
            if row is None:
                return False
            try:
                await self._chunk(work.connection, dict(row))
            except LamplighterError as error:
                failed: str | None = str(error)
            else:
                failed = None
                await work.commit()
        if failed is not None:
            await self._give_up(row["id"], failed)
        return True

    async def _chunk(self, connection: Any, notice: dict[str, Any]) -> None:
        kind, now = self._kinds[notice["kind"]], self._clock.now()
        if not notice["audience_found"]:
            await find_chunk(
                connection,
                notice,
                kind,
                self._composer.wish(notice, kind),
                now=now,
                zone=self._zone,
                region=self._region,
                table=self._table,
            )
            return
        composed = await self._composer.chunk(connection, notice, kind, now)
        if composed.cursor is None:
            await connection.execute("DELETE FROM notice_recipient WHERE notice_id = $1", notice["id"])
            await connection.execute("UPDATE notice SET state = 'sending' WHERE id = $1", notice["id"])
            return
        await insert(connection, composed.messages)
        await kind.written(connection, notice, composed.told, now)
        await connection.execute(
            "UPDATE notice SET composed = composed + $2, point_cursor = $3, subject_cursor = $4 WHERE id = $1",
            notice["id"],
            len(composed.told),
            *composed.cursor,
        )

    async def _give_up(self, notice_id: UUID, why: str) -> None:
        """A notice that cannot be composed pauses itself and says why; it does not block those behind it."""
        log.error("notice cannot be composed", notice=str(notice_id), why=why)
        async with self._database.work() as work:
            await work.execute("UPDATE notice SET state = 'paused', remark = $2 WHERE id = $1", notice_id, why)
            await work.commit()

    async def finish(self) -> int:
        """Mark notices of which nothing is left to leave as done; how many."""
        async with self._database.work() as work:
            done = await work.execute(
                """UPDATE notice SET state = 'done' WHERE state = 'sending' AND NOT EXISTS (
                     SELECT 1 FROM message WHERE notice_id = notice.id AND notice_id IS NOT NULL
                       AND state IN ('queued', 'sending', 'uncertain'))"""
            )
            await work.commit()
        return done
