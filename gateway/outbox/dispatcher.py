"""Dispatching: one node's lanes, kept in step with the database, and what they share.

    Dispatcher ─┬─ LaneRunner, one for each enabled lane whose carrier this node knows
                ├─ Settler, which writes down how their hand-overs ended
                └─ the keeper: lanes that came or changed, breakers for people to see, validity that ended

All of it waits where the database is away, and goes on by itself when it is back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.logs import logger
from gateway.outbox import claiming, lanes
from gateway.outbox.hot import PASSING, HotPath, within
from gateway.outbox.lanes import LaneRow
from gateway.outbox.nodes import Lease
from gateway.outbox.runner import LaneRunner
from gateway.outbox.settler import Settler
from gateway.outbox.wiring import Wiring

__all__ = ["Dispatcher", "Wiring"]

log = logger(__name__)

#: Seconds between looks at the lanes, and between looks for lost claims.
_KEEP: Final = 1.0
_ASTRAY: Final = 15.0
#: Seconds that settling has at the end, after the last hand-over.
_LAST_SETTLING: Final = 5.0


class Dispatcher:
    """Drains the outbox through every enabled lane whose carrier this node knows."""

    def __init__(self, database: Database, clock: Clock, lease: Lease, wiring: Wiring) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._wiring = wiring
        self._hot = HotPath(database.url)
        self._settler = Settler(database, self._hot, lease.id, wiring.hear)
        self._runners: dict[int, tuple[LaneRunner, asyncio.Task[None]]] = {}
        self._written: dict[int, str] = {}
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._looked_astray = time.monotonic()

    def wake(self, _payload: str = "") -> None:
        """Something is due now: look at once."""
        for runner, _ in self._runners.values():
            runner.wake()

    def stop_told(self, _payload: str = "") -> None:
        """Something was stopped: drop what is claimed and not begun."""
        for runner, _ in self._runners.values():
            runner.stop_told()

    async def run(self) -> None:
        """Drain until `stop`, or until cancelled. Raises where a lane's runner broke."""
        await self._hot.start()
        settling = asyncio.create_task(self._settler.run(), name="settler")
        try:
            while not self._stopping.is_set():
                try:
                    await self._keep()
                except PASSING as error:
                    unless_cancelled()
                    log.warning("lanes not looked at", error=type(error).__name__)
                await within(self._stopping.wait(), _KEEP)
                for task in (settling, *(task for _, task in self._runners.values())):
                    if task.done():
                        task.result()
            await self._stopped.wait()
        finally:
            settling.cancel()
            for _, task in self._runners.values():
                task.cancel()
            await asyncio.gather(settling, *(task for _, task in self._runners.values()), return_exceptions=True)
            await self._hot.close()

    async def stop(self, deadline: float) -> None:
        """Claim no more, let what is in flight end within `deadline` seconds, settle it."""
        self._stopping.set()
        await asyncio.gather(*(runner.stop(deadline) for runner, _ in self._runners.values()))
        if not await self._settler.drain(_LAST_SETTLING):
            log.warning("left unsettled", messages=len(self._settler))
        self._stopped.set()

    async def _keep(self) -> None:
        async with self._database.connection() as connection:
            rows = await lanes.enabled(connection)
            self._follow([row for row in rows if row.carrier in self._wiring.channels])
            for lane_id, (runner, _) in self._runners.items():
                state = runner.breaker.state(time.monotonic()).value
                if self._written.get(lane_id) != state:
                    await lanes.write_breaker(connection, runner.lane, self._lease.id, state, runner.breaker.reason)
                    self._written[lane_id] = state
            await claiming.expire(connection, self._clock.now())
        if time.monotonic() - self._looked_astray > _ASTRAY:
            self._looked_astray = time.monotonic()
            for runner, _ in self._runners.values():
                runner.look_astray()

    def _follow(self, rows: Sequence[LaneRow]) -> None:
        """Run the lanes that are there now, with the figures they have now."""
        if self._stopping.is_set():
            return
        for lane_id in set(self._runners) - {row.id for row in rows}:
            runner, _ = self._runners[lane_id]
            runner.disabled = True
        for row in rows:
            if row.id in self._runners:
                runner, _ = self._runners[row.id]
                runner.lane, runner.disabled = row, False
            else:
                runner = LaneRunner(
                    database=self._database,
                    hot=self._hot,
                    clock=self._clock,
                    lease=self._lease,
                    wiring=self._wiring,
                    settler=self._settler,
                    lane=row,
                )
                self._runners[row.id] = (runner, asyncio.create_task(runner.run(), name=f"lane {row.name}"))
        runners = [runner for runner, _ in self._runners.values()]
        for runner in runners:
            runner.preferred = tuple(
                other
                for other in runners
                if other.lane.channel == runner.lane.channel and other.lane.rank < runner.lane.rank
            )
