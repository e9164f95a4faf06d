"""What machines ask a node: does it live, may it be sent requests, what does it count.

A node that serves the web answers beside it; any node may answer on a port of its own (`MONITORING_PORT`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database
from gateway.kernel.migrating import head
from gateway.outbox.measuring import measure
from gateway.web.metrics import Outbox

_PLAIN: Final = "text/plain"
_PATIENCE: Final = 3.0
#: Seconds for which the outbox's figures are good, however often they are scraped.
_GOOD_FOR: Final = 5.0


class Health:
    """The probes of one node. `works` says whether what it is there for can be done, the database aside."""

    def __init__(
        self, database: Database, clock: Clock, registry: CollectorRegistry, *, works: Callable[[], bool] = lambda: True
    ) -> None:
        self._database = database
        self._clock = clock
        self._registry = registry
        self.works = works
        self._head = head()
        self._outbox = Outbox(registry)
        self._measured = float("-inf")

    def routes(self) -> list[web.RouteDef]:
        """For a router."""
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, _request: web.Request) -> web.Response:
        """The process lives; says nothing about the database."""
        return web.Response(text="ok\n")

    async def ready(self, _request: web.Request) -> web.Response:
        """The database answers and is at the revision this code needs."""
        trouble = await self._trouble()
        if trouble is None:
            return web.Response(text="ready\n")
        return web.Response(text=f"not ready: {trouble}\n", status=503, headers={"Retry-After": "2"})

    async def _trouble(self) -> str | None:
        if not self.works():
            return "messages cannot be taken"
        try:
            async with asyncio.timeout(_PATIENCE), self._database.connection() as connection:
                there = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
                revision = await connection.fetchval("SELECT version_num FROM alembic_version") if there else None
        except AWAY:
            return "the database is away"
        return None if revision == self._head else f"the database is at revision {revision}, not {self._head}"

    async def metrics(self, _request: web.Request) -> web.Response:
        """What this process has counted, and how the outbox stands; without the database as it last stood."""
        await self._measure()
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _measure(self) -> None:
        if time.monotonic() - self._measured < _GOOD_FOR:
            return
        self._measured = time.monotonic()
        with suppress(*AWAY):
            async with asyncio.timeout(_PATIENCE):
                self._outbox.show(await measure(self._database, self._clock.now()))
