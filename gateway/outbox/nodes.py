"""Nodes and their leases: who is alive, and what the dead had claimed.

A node renews its lease in the database's own time. Where it cannot (the database is away, the process was
frozen), it begins no hand-over any more; and what a node without a lease had claimed becomes `uncertain`, since
nobody else can know whether it was handed over.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import SystemClock
from gateway.kernel.database import Database
from gateway.kernel.ids import new_id
from gateway.kernel.logs import logger
from gateway.outbox.hot import PASSING
from gateway.outbox.locking import lock

log = logger(__name__)

#: Seconds a lease lasts without being renewed, and between renewals.
LEASE: Final = 8.0
RENEWAL: Final = 2.0
#: A claimed message whose node has no lease any more.
_LOST: Final = """m.state = 'sending' AND NOT EXISTS (
  SELECT 1 FROM node WHERE node.id = m.node_id AND node.leased_until > clock_timestamp())"""


class Lease:
    """This process's place among the nodes."""

    def __init__(self, database: Database, roles: str) -> None:
        self.id: UUID = new_id(SystemClock().now())
        self._database = database
        self._roles = roles
        self._good_until = 0.0

    @property
    def held(self) -> bool:
        """Whether the lease still stands for long enough to begin a hand-over."""
        return time.monotonic() < self._good_until

    async def renew(self) -> None:
        """Renew the lease once, writing the node down where it is not known."""
        asked = time.monotonic()
        async with asyncio.timeout(LEASE / 2), self._database.connection() as connection:
            await connection.execute(
                """INSERT INTO node (id, roles, leased_until)
                   VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
                   ON CONFLICT (id) DO UPDATE SET leased_until = excluded.leased_until""",
                self.id,
                self._roles,
                LEASE,
            )
        self._good_until = asked + LEASE - RENEWAL

    async def run(self) -> None:
        """Keep the lease until cancelled."""
        while True:
            try:
                await self.renew()
            except PASSING as error:
                unless_cancelled()
                log.warning("lease not renewed", error=type(error).__name__)
            await asyncio.sleep(RENEWAL if self.held else 0.5)

    async def end(self) -> None:
        """Give the lease up, once nothing is in flight any more."""
        self._good_until = 0.0
        with suppress(*PASSING):
            async with asyncio.timeout(2), self._database.connection() as connection:
                await connection.execute("DELETE FROM node WHERE id = $1", self.id)
                await connection.execute("DELETE FROM lane_breaker WHERE node_id = $1", self.id)


async def reap(connection: Any, at: datetime) -> int:
    """Mark what nodes without a lease had claimed as `uncertain`; how many messages that was.

    `at` is the Clock's time, for the messages' events; leases are compared in the database's own.
    """
    async with connection.transaction():
        found = await connection.fetch(f"SELECT m.id FROM message m WHERE {_LOST}")
        messages = [row["id"] for row in found]
        await lock(connection, messages)
        rows = await connection.fetch(
            f"""WITH doubtful AS (
                 UPDATE message m SET state = 'uncertain', doubt_since = clock_timestamp(), look_at = NULL
                 WHERE m.id = ANY ($2::uuid[]) AND {_LOST} RETURNING m.id)
               INSERT INTO message_event (id, at, kind, detail)
               SELECT id, $1, 'uncertain', 'the node that held it is gone' FROM doubtful RETURNING id""",
            at,
            messages,
        )
    await connection.execute(
        """WITH gone AS (DELETE FROM node WHERE leased_until < clock_timestamp() - interval '1 hour' RETURNING id)
           DELETE FROM lane_breaker USING gone WHERE lane_breaker.node_id = gone.id"""
    )
    return len(rows)
