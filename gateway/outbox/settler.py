"""The settler: one task of a node that writes down how hand-overs ended, everything that ended meanwhile at once.

What a carrier answered is kept until it is written, however long the database is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

from gateway.kernel.batching import pause_after
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.database import Database
from gateway.kernel.logs import logger
from gateway.outbox import claiming, settling
from gateway.outbox.hot import PASSING, HotPath, within
from gateway.outbox.settling import Settled, Told

log = logger(__name__)

#: Hears what carriers say about numbers; in the transaction that settles.
Hear = Callable[[Any, Sequence[Told]], Awaitable[None]]


async def hear_nothing(_connection: Any, _told: Sequence[Told]) -> None:
    """The listener where nobody judges numbers."""


#: Seconds between tries while the database is away.
_RETRY: Final = 0.25
_MOST: Final = 1000
#: Seconds to the next batch after one of fewer than this many: what ends one by one is settled together, and the more
#: of it there is in a second, the longer.
_APART: Final = 0.01
_MOST_APART: Final = 0.08
_A_MESSAGE: Final = 0.001
_WORTH: Final = 256


class Settler:
    """Settles what ended on one node."""

    def __init__(self, database: Database, hot: HotPath, node: UUID, hear: Hear) -> None:
        self._database = database
        self._hot = hot
        self._node = node
        self._hear = hear
        self._ended: list[Settled] = []
        self._unbegun: list[tuple[UUID, int]] = []
        self._something = asyncio.Event()
        self._nothing = asyncio.Event()
        self._nothing.set()

    def __len__(self) -> int:
        """How many hand-overs are still to be settled."""
        return len(self._ended) + len(self._unbegun)

    @property
    def known(self) -> list[UUID]:
        """The messages that wait to be settled."""
        return [*(item.message_id for item in self._ended), *(id_ for id_, _ in self._unbegun)]

    def ended(self, item: Settled) -> None:
        """A hand-over ended."""
        self._ended.append(item)
        self._woken()

    def not_begun(self, message: UUID, attempts: int) -> None:
        """A claimed message goes back to the queue."""
        self._unbegun.append((message, attempts))
        self._woken()

    async def run(self) -> None:
        """Settle until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            try:
                while self._ended or self._unbegun:
                    pause = _pause_after(len(self)) if 1 < len(self) < _WORTH else 0.0
                    await self._settle()
                    if pause:
                        await asyncio.sleep(pause)
                self._nothing.set()
            except PASSING as error:
                unless_cancelled()
                log.warning("not settled yet", waiting=len(self), error=type(error).__name__)
                self._something.set()
                await asyncio.sleep(_RETRY)

    async def drain(self, patience: float) -> bool:
        """Wait until everything is settled, `patience` seconds at most; whether it is."""
        await within(self._nothing.wait(), patience)
        return not len(self)

    def _woken(self) -> None:
        self._nothing.clear()
        self._something.set()

    async def _settle(self) -> None:
        batch, back = self._ended[:_MOST], self._unbegun[:_MOST]
        told = settling.evidence_of(batch)
        if told:
            async with self._database.work() as work:
                await settling.settle(work.connection, self._node, batch)
                await self._tell(work.connection, told)
                await work.commit()
        elif batch:
            async with self._hot.connection() as connection, connection.transaction():
                await settling.settle(connection, self._node, batch)
        del self._ended[: len(batch)]
        if back:
            async with self._hot.connection() as connection:
                await claiming.give_back(connection, back, self._node)
            del self._unbegun[: len(back)]

    async def _tell(self, connection: Any, told: Sequence[Told]) -> None:
        try:
            async with connection.transaction():
                await self._hear(connection, told)
        except PASSING:
            raise
        except Exception as error:
            # What a message's fate is must not hang on what another room makes of it.
            log.error("evidence about numbers was not heard", messages=len(told), exc_info=error)


def _pause_after(messages: int) -> float:
    return pause_after(messages, least=_APART, most=_MOST_APART, an_item=_A_MESSAGE)
