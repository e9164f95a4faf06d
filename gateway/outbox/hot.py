"""Connections of their own for claiming and settling: a busy web server cannot starve them, and their plans are
made once.

Both statements find every row by an index, however many rows there are. The planner, which may have seen the
tables empty a moment ago, is told so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import asyncpg

from gateway.kernel.database import AWAY, STEADY

#: What passes by itself: the server is away, or this transaction had bad luck.
PASSING: Final = (*AWAY, asyncpg.PostgresError)

_SETTINGS: Final = {"application_name": "lamplighter outbox", **STEADY}
#: Seconds a statement may take: longer means that the other side is gone.
_TIMEOUT: Final = 30.0


class HotPath:
    """A small pool beside the process's own."""

    def __init__(self, url: str, *, size: int = 4) -> None:
        self._url = url
        self._size = size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def start(self) -> None:
        """Make the pool; connections come when they are needed."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._size,
            timeout=5,
            command_timeout=_TIMEOUT,
            server_settings=_SETTINGS,
            reset=_as_it_is,
        )

    async def close(self) -> None:
        """Let go of every connection at once."""
        if self._pool is not None:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection for single statements, each a transaction of its own."""
        assert self._pool is not None, "the hot path was not started"
        async with self._pool.acquire() as connection:
            yield connection


async def _as_it_is(_connection: Any) -> None:
    """Single statements leave nothing behind that would have to be reset."""


async def within(something: Coroutine[Any, Any, Any], seconds: float) -> None:
    """Wait for `something`, but no longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await something
