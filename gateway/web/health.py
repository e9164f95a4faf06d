"""What machines ask a node: does it live, may it be sent requests, what does it count."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from gateway.kernel.database import AWAY
from gateway.kernel.migrating import head
from gateway.web.routing import Surroundings

_PLAIN: Final = "text/plain"
_PATIENCE: Final = 3.0


class Health:
    """The probes of one node."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._head = head()

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
        if not self._around.singles.alive:
            return "messages cannot be taken"
        try:
            async with asyncio.timeout(_PATIENCE), self._around.services.database.connection() as connection:
                there = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
                revision = await connection.fetchval("SELECT version_num FROM alembic_version") if there else None
        except AWAY:
            return "the database is away"
        return None if revision == self._head else f"the database is at revision {revision}, not {self._head}"

    async def metrics(self, _request: web.Request) -> web.Response:
        """What this process has counted."""
        return web.Response(
            body=generate_latest(self._around.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )
