"""Telling dispatchers that something is due, beside the transactions that made it so.

A notification holds up every other commit that has one until its own is on disk, takes a trip, and wakes each node
that listens. Where groups of messages are committed by the hundred a second, one for all that were committed in a few
milliseconds does as much. One that is lost costs half a second: nodes look for themselves.
"""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.database import Database
from gateway.kernel.logs import logger
from gateway.outbox.hot import PASSING
from gateway.outbox.messages import WAKE

log = logger(__name__)

#: Seconds between two notifications.
_APART: Final = 0.02


class Waker:
    """Wakes the dispatchers of every node, once for all that is committed within a few milliseconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due = asyncio.Event()

    def __call__(self) -> None:
        """Something was committed that is due now, or soon."""
        self._due.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                async with self._database.steady() as connection:
                    await connection.execute("SELECT pg_notify($1, '')", WAKE)
            except PASSING as error:
                unless_cancelled()
                log.warning("dispatchers not woken", error=type(error).__name__)
            await asyncio.sleep(_APART)
