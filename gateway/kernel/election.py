"""One node among many: whoever holds an advisory lock on a connection of its own does what only one may do.

The lock ends with the connection, so it moves by itself when its holder dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.database import AWAY
from gateway.kernel.logs import logger

log = logger(__name__)

_RETRY: Final = 2.0
_CHECK: Final = 2.0


async def hold_office(url: str, key: int, serve: Callable[[], Awaitable[None]]) -> None:
    """Stand for the office `key` until cancelled; run `serve` for as long as it is held.

    `serve` is cancelled when the connection is lost: another node may be in office by then.
    """
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=5)
        except AWAY as error:
            unless_cancelled()
            log.warning("no election without the database", error=type(error).__name__)
            await asyncio.sleep(_RETRY)
            continue
        try:
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", key):
                await asyncio.sleep(_RETRY)
            await _serve(connection, serve)
        except AWAY as error:
            unless_cancelled()
            log.warning("out of office", error=type(error).__name__)
        finally:
            connection.terminate()
        await asyncio.sleep(_RETRY)


async def _serve(connection: asyncpg.Connection[asyncpg.Record], serve: Callable[[], Awaitable[None]]) -> None:
    serving = asyncio.ensure_future(serve())
    try:
        while not serving.done():
            await asyncio.wait([serving], timeout=_CHECK)
            async with asyncio.timeout(5):
                await connection.fetchval("SELECT 1")
        await serving
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
