from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from gateway.kernel.batching import Grouped, pause_after
from gateway.kernel.errors import Unavailable


class Writer:
    """Stands for a database: keeps the batches it was given, and stops at a gate when told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.away = False

    async def __call__(self, items: list[int]) -> Sequence[int]:
        self.batches.append(items)
        self.entered.set()
        await self.gate.wait()
        if self.away:
            raise ConnectionRefusedError("gone")
        if 13 in items:
            raise asyncpg.DataError("thirteen cannot be encoded")
        return [item * 2 for item in items]


@asynccontextmanager
async def running(grouped: Grouped[int, int]) -> AsyncIterator[None]:
    task = asyncio.create_task(grouped.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_one_alone_waits_for_nobody() -> None:
    writer = Writer()
    grouped = Grouped(writer)
    async with running(grouped):
        assert await grouped.submit(4) == 8
    assert writer.batches == [[4]]


async def test_what_comes_while_a_batch_is_written_makes_up_the_next() -> None:
    writer = Writer()
    grouped = Grouped(writer, most=3)
    async with running(grouped):
        writer.gate.clear()
        first = asyncio.create_task(grouped.submit(0))
        await writer.entered.wait()
        rest = [asyncio.create_task(grouped.submit(number)) for number in range(1, 6)]
        await asyncio.sleep(0)
        assert not first.done()
        writer.gate.set()
        assert await asyncio.gather(first, *rest) == [0, 2, 4, 6, 8, 10]
    assert writer.batches == [[0], [1, 2, 3], [4, 5]]


async def test_one_bad_item_does_not_fail_its_neighbours() -> None:
    writer = Writer()
    grouped = Grouped(writer)
    async with running(grouped):
        writer.gate.clear()
        tasks = [asyncio.create_task(grouped.submit(number)) for number in (12, 13, 14)]
        await writer.entered.wait()
        writer.gate.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[0] == 24
    assert isinstance(answers[1], asyncpg.DataError)
    assert answers[2] == 28
    assert writer.batches == [[12, 13, 14], [12], [13], [14]]


async def test_a_database_away_fails_the_batch_once_and_the_next_one_is_served() -> None:
    writer = Writer()
    grouped = Grouped(writer)
    async with running(grouped):
        writer.away = True
        answers = await asyncio.gather(grouped.submit(1), grouped.submit(2), return_exceptions=True)
        assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
        assert writer.batches == [[1, 2]]
        writer.away = False
        assert await grouped.submit(3) == 6


async def test_a_caller_who_went_away_does_not_stop_the_rest() -> None:
    writer = Writer()
    grouped = Grouped(writer)
    async with running(grouped):
        writer.gate.clear()
        gone = asyncio.create_task(grouped.submit(1))
        stays = asyncio.create_task(grouped.submit(2))
        await writer.entered.wait()
        gone.cancel()
        writer.gate.set()
        assert await stays == 4


async def test_closing_finishes_what_waits_and_takes_no_more() -> None:
    writer = Writer()
    grouped = Grouped(writer)
    async with running(grouped):
        writer.gate.clear()
        waiting = [asyncio.create_task(grouped.submit(number)) for number in (1, 2)]
        await writer.entered.wait()
        closing = asyncio.create_task(grouped.close())
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await grouped.submit(3)
        assert not closing.done()
        writer.gate.set()
        await closing
        assert await asyncio.gather(*waiting) == [2, 4]


async def test_a_runner_that_is_cancelled_leaves_nobody_waiting() -> None:
    writer = Writer()
    grouped = Grouped(writer)
    async with running(grouped):
        writer.gate.clear()
        waiting = [asyncio.create_task(grouped.submit(number)) for number in (1, 2)]
        await writer.entered.wait()
        waiting.append(asyncio.create_task(grouped.submit(3)))
        await asyncio.sleep(0)
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3


async def test_two_batches_may_be_written_at_once_and_closing_waits_for_both() -> None:
    writer = Writer()
    grouped = Grouped(writer, at_once=2)
    async with running(grouped):
        writer.gate.clear()
        first = asyncio.create_task(grouped.submit(1))
        await writer.entered.wait()
        writer.entered.clear()
        second = asyncio.create_task(grouped.submit(2))
        await writer.entered.wait()
        assert writer.batches == [[1], [2]]
        third = asyncio.create_task(grouped.submit(3))
        await asyncio.sleep(0)
        closing = asyncio.create_task(grouped.close())
        await asyncio.sleep(0)
        assert not closing.done()
        writer.gate.set()
        await closing
        assert await asyncio.gather(first, second, third) == [2, 4, 6]


async def test_one_who_asks_again_and_again_is_not_held_back() -> None:
    grouped = Grouped(Writer(), apart=3600)
    async with running(grouped), asyncio.timeout(10):
        assert [await grouped.submit(number) for number in range(5)] == [0, 2, 4, 6, 8]


async def test_where_several_come_at_once_the_next_batch_waits_for_more() -> None:
    writer = Writer()
    grouped = Grouped(writer, at_once=2, apart=0.2)
    async with running(grouped):
        await asyncio.gather(grouped.submit(1), grouped.submit(2))
        later = []
        for number in (3, 4):
            later.append(asyncio.create_task(grouped.submit(number)))
            await asyncio.sleep(0)
        assert await asyncio.gather(*later) == [6, 8]
    assert writer.batches == [[1, 2], [3, 4]]


async def test_a_full_batch_waits_for_nothing() -> None:
    writer = Writer()
    grouped = Grouped(writer, most=2, apart=3600)
    async with running(grouped), asyncio.timeout(10):
        await asyncio.gather(*(grouped.submit(number) for number in range(1, 7)))
    assert writer.batches == [[1, 2], [3, 4], [5, 6]]


def test_the_more_there_are_the_more_are_taken_together_within_bounds() -> None:
    def pause(items: int) -> float:
        return pause_after(items, least=0.02, most=0.08, an_item=0.001)

    assert [pause(items) for items in (2, 20, 50, 80, 1000)] == [0.02, 0.02, 0.05, 0.08, 0.08]
