"""Sweeping: the texts on a stopped ground follow the stop, page by page, each page in a transaction of its own.

A stop holds without this, since every claim judges by the ground. Sweeping is what makes the rows say so: how far
it has got stands in the ground's row and moves with each page, so that after a crash it goes on where it stood.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.logs import logger
from gateway.outbox.hot import PASSING
from gateway.outbox.locking import lock

log = logger(__name__)

#: Texts looked at in one transaction.
PAGE: Final = 5000
#: Before the first text.
FIRST: Final = UUID(int=0)
#: Seconds between looks for something to sweep.
_POLL: Final = 1.0
_NOTICE: Final = "notice:"

_WITHHOLD: Final = """
WITH stopped AS (
  UPDATE message m SET state = CASE $2::text WHEN 'cancelled' THEN 'cancelled' ELSE 'withheld' END,
    withheld_reason = nullif($2::text, 'cancelled'), node_id = NULL
  WHERE m.id = ANY($1::uuid[]) AND m.state = 'queued' RETURNING m.id, m.state
)
INSERT INTO message_event (id, at, kind, detail) SELECT id, $3, state, $4 FROM stopped RETURNING id
"""
_OF_NOTICE: Final = "SELECT id FROM message WHERE notice_id = $1 AND id > $2 ORDER BY id LIMIT $3"
_OF_GROUND: Final = "SELECT DISTINCT id FROM message_account WHERE ground = $1 AND id > $2 ORDER BY id LIMIT $3"
#: Those of a page that rest on nothing that still holds.
_WHOLLY: Final = """
SELECT page.id FROM unnest($1::uuid[]) AS page(id) WHERE NOT EXISTS (
  SELECT 1 FROM message_account a LEFT JOIN ground_stop stop ON stop.ground = a.ground
  WHERE a.id = page.id AND stop.ground IS NULL)
"""


def notice_ground(notice: UUID) -> str:
    """The ground that every text of a notice rests on."""
    return f"{_NOTICE}{notice}"


async def withhold(connection: Any, messages: Sequence[UUID], *, reason: str, at: datetime, words: str) -> list[UUID]:
    """Withhold those of `messages` that are still queued (`cancelled` cancels them); which they were."""
    if not messages:
        return []
    await lock(connection, messages)
    rows = await connection.fetch(_WITHHOLD, list(messages), reason, at, words)
    return [row["id"] for row in rows]


async def sweep(connection: Any, ground: str, reason: str, after: UUID, at: datetime) -> int:
    """Withhold the next page of texts on a stopped ground and move its mark; how many were withheld."""
    if ground.startswith(_NOTICE):
        page = await connection.fetch(_OF_NOTICE, UUID(ground.removeprefix(_NOTICE)), after, PAGE)
        resting = [row["id"] for row in page]
        words = "its notice was cancelled"
    else:
        page = await connection.fetch(_OF_GROUND, ground, after, PAGE)
        resting = [row["id"] for row in await connection.fetch(_WHOLLY, [row["id"] for row in page])]
        words = f"its ground ended: {reason}"
    stopped = await withhold(connection, resting, reason=reason, at=at, words=words)
    reached = page[-1]["id"] if len(page) == PAGE else None
    await connection.execute("UPDATE ground_stop SET sweep_after = $2 WHERE ground = $1", ground, reached)
    return len(stopped)


class Sweeper:
    """Sweeps whatever is to be swept; any number of nodes may run one, a ground is one node's at a time."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                while await self.round():
                    pass
            except PASSING as error:
                unless_cancelled()
                log.warning("sweeping put off", error=type(error).__name__)
            await asyncio.sleep(_POLL)

    async def round(self) -> bool:
        """Sweep one page; False where nothing is left."""
        async with self._database.work() as work:
            rows = await work.fetch(
                """SELECT ground, reason, sweep_after FROM ground_stop WHERE sweep_after IS NOT NULL
                   ORDER BY at, ground LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED"""
            )
            if rows:
                ground, reason, after = rows[0]
                await sweep(work.connection, ground, reason, after, self._clock.now())
            freed = await work.execute(
                """UPDATE message SET held = false
                   WHERE id IN (SELECT id FROM message WHERE held LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)""",
                PAGE,
            )
            await work.commit()
        return bool(rows) or freed > 0
