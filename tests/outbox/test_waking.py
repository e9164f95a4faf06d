from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from gateway.kernel.database import Database
from gateway.outbox.messages import WAKE
from gateway.outbox.waking import Waker


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[asyncio.Queue[str]]:
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection: Any = await asyncpg.connect(url)
    await connection.add_listener(WAKE, lambda _connection, _pid, _channel, payload: heard.put_nowait(payload))
    try:
        yield heard
    finally:
        await connection.close()


@asynccontextmanager
async def running(waker: Waker) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(waker.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_dispatchers_are_told_once_for_all_that_was_committed(database: Database) -> None:
    waker = Waker(database)
    async with listening(database.url) as heard, asyncio.timeout(20):
        for _ in range(50):
            waker()
        async with running(waker):
            await heard.get()
            waker()
            await heard.get()
        assert heard.empty()


async def test_a_database_that_is_away_is_told_nothing_and_missed_by_nobody(database: Database) -> None:
    class Away(Database):
        turns = 0

        def steady(self) -> Any:
            self.turns += 1
            if self.turns == 1:
                raise ConnectionRefusedError("gone")
            return super().steady()

    gone = Away(database.url)
    await gone.start()
    try:
        waker = Waker(gone)
        async with listening(database.url) as heard, running(waker) as task, asyncio.timeout(20):
            waker()
            while not gone.turns:
                await asyncio.sleep(0.001)
            waker()
            await heard.get()
            assert not task.done()
    finally:
        await gone.close()
