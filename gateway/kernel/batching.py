"""Many callers, one writer: what arrives while a batch is being written makes up the next one.

A caller alone waits for nothing; where several come at once, the next batch begins some milliseconds after the one
before, so a hundred webhooks share one commit. Nothing is answered before its batch was handled.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Generic, TypeVar

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.database import AWAY
from gateway.kernel.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")

_AWAY_MESSAGE: Final = "the database is away; try again"
#: Seconds from the beginning of one batch to that of the next while several callers come at once, more after a large
#: one. A batch costs as much as ten of its items; the database is done with one so soon that most would hold a handful.
_APART: Final = 0.002
_MOST_APART: Final = 0.01
_AN_ITEM: Final = 0.00005
#: uvloop counts whole milliseconds: to sleep for less than half of one is to go round and round until it is over.
_NO_PAUSE: Final = 0.0005


def pause_after(items: int, *, least: float, most: float, an_item: float) -> float:
    """Seconds from a batch of so many items to the next: the more there are in a second, the more are taken together.

    So the cost of batches stays in proportion to that of their items, and nobody waits longer than is gained by it.
    """
    return min(most, max(least, items * an_item))


class Grouped(Generic[T, R]):
    """Hands items to `handle` in batches of at most `most`, in the order they came, `at_once` batches at a time.

    With more than one at a time, the process makes up a batch while the database writes another; `handle` must
    bear that they end in any order. It answers with one result an item, in their order. Where it fails because
    the database is away, all of its batch get `Unavailable`; where it fails otherwise, its items are tried one by
    one, and only those that fail alone get that error.
    """

    def __init__(
        self,
        handle: Callable[[list[T]], Awaitable[Sequence[R]]],
        *,
        most: int = 500,
        at_once: int = 1,
        apart: float = _APART,
    ) -> None:
        self._handle = handle
        self._most = most
        self._at_once = at_once
        self._apart = apart
        #: No batch begins before this moment, by the loop's time.
        self._next = 0.0
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._something = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._busy = 0
        self._closed = False

    async def submit(self, item: T) -> R:
        """The result for `item`, once its batch was handled. `Unavailable` after `close`."""
        if self._closed:
            raise Unavailable("shutting down; try again")
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._idle.clear()
        self._something.set()
        return await answer

    async def run(self) -> None:
        """Handle batches until cancelled; whoever still waits then gets `Unavailable`."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._at_once):
                    group.create_task(self._work())
        finally:
            self._closed = True
            _turn_away(self._waiting)
            self._waiting.clear()
            self._idle.set()

    async def close(self) -> None:
        """Take nothing more and wait until everything that was submitted has been handled."""
        self._closed = True
        await self._idle.wait()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                if (pause := self._next - loop.time()) >= _NO_PAUSE and len(self._waiting) < self._most:
                    await asyncio.sleep(pause)
                    continue
                batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                # A caller alone, or one who asks again and again, is not made to wait.
                self._next = loop.time() + self._pause_after(len(batch)) if len(batch) > 1 else 0.0
                self._busy += 1
                try:
                    await self._carry_out(batch)
                finally:
                    self._busy -= 1
                    _turn_away(batch)
            if not self._busy:
                self._idle.set()

    def _pause_after(self, items: int) -> float:
        return pause_after(items, least=self._apart, most=max(self._apart, _MOST_APART), an_item=_AN_ITEM)

    async def _carry_out(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._handle([item for item, _ in batch])
        except AWAY as error:
            _refuse(batch, error)
            unless_cancelled()
        except Exception as error:
            unless_cancelled()
            if len(batch) == 1:
                _fail(batch[0][1], error)
                return
            for one in batch:
                await self._carry_out([one])
        else:
            for (_, answer), result in zip(batch, results, strict=True):
                if not answer.done():
                    answer.set_result(result)


def _turn_away(batch: Iterable[tuple[T, asyncio.Future[R]]]) -> None:
    """What was not answered never will be: the process ends."""
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(Unavailable("shutting down; try again"))


def _refuse(batch: Sequence[tuple[T, asyncio.Future[R]]], cause: Exception) -> None:
    for _, answer in batch:
        away = Unavailable(_AWAY_MESSAGE)
        away.__cause__ = cause
        _fail(answer, away)


def _fail(answer: asyncio.Future[R], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
