"""Dispatching: claim, hand over outside any session, settle in batches.

    claim ──► hand over (as many at once as the lane allows) ──► settle
      ▲            no session is held while a carrier thinks        │
      └──────────── a slot is free again when the call ended ◄──────┘

What is claimed begins at once: there is no buffer in which a stopped message could wait. What ended is settled
by one task that takes everything that has ended meanwhile, so batches grow with the load.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.kernel.clock import Clock
from gateway.kernel.database import AWAY, Database
from gateway.kernel.logs import logger
from gateway.outbox import claiming, lanes, settling
from gateway.outbox.carriers import Channel, Handover, Outcome, Refused, Throttled
from gateway.outbox.claiming import Claim, Claimed, Late
from gateway.outbox.hours import HoursClass, next_window
from gateway.outbox.lanes import LaneRow
from gateway.outbox.nodes import Lease
from gateway.outbox.settling import Settled, Told
from gateway.outbox.stopping import withhold

log = logger(__name__)

#: Seconds between looks at the queue when nobody says that something is due.
POLL: Final = 0.5

#: Composes texts anew that rest on several grounds of which some ended; in the claim's transaction.
Recompose = Callable[[Any, Sequence[UUID]], Awaitable[None]]
#: Hears what carriers say about numbers; in the transaction that settles.
Hear = Callable[[Any, Sequence[Told]], Awaitable[None]]


async def withhold_partly_stopped(connection: Any, messages: Sequence[UUID]) -> None:
    """What happens to partly stopped texts where no room composes them anew: nothing of them leaves."""
    at = await connection.fetchval("SELECT clock_timestamp()")
    await withhold(connection, messages, reason="superseded", at=at, words="part of what it says no longer holds")


async def hear_nothing(_connection: Any, _told: Sequence[Told]) -> None:
    """The listener where nobody judges numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the dispatcher is given from other rooms."""

    channels: Mapping[str, Channel]
    #: `{base}/{message_id}` is where the carrier of a channel reports; by channel name.
    callbacks: Mapping[str, str]
    region: str
    recompose: Recompose = withhold_partly_stopped
    hear: Hear = hear_nothing


class Dispatcher:
    """Drains the outbox through every enabled lane whose carrier this node knows."""

    def __init__(self, database: Database, clock: Clock, lease: Lease, wiring: Wiring) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._wiring = wiring
        self._runners: list[LaneRunner] = []
        self._stopping = False

    def wake(self, _payload: str = "") -> None:
        """Something is due now: look at once."""
        for runner in self._runners:
            runner.wake()

    async def run(self) -> None:
        """Drain until cancelled."""
        rows: list[LaneRow] = []
        while not rows:
            try:
                async with self._database.connection() as connection:
                    rows = await lanes.enabled(connection)
            except AWAY as error:
                log.warning("no lanes yet", error=type(error).__name__)
            if not rows:
                await asyncio.sleep(POLL)
        self._runners = [
            LaneRunner(self._database, self._clock, self._lease, self._wiring, row, self._wiring.channels[row.carrier])
            for row in rows
            if row.carrier in self._wiring.channels
        ]
        async with asyncio.TaskGroup() as group:
            for runner in self._runners:
                group.create_task(runner.run())

    async def stop(self, deadline: float) -> None:
        """Claim no more, let what is in flight end within `deadline` seconds, settle it."""
        await asyncio.gather(*(runner.stop(deadline) for runner in self._runners))


class LaneRunner:
    """One lane of one node."""

    def __init__(
        self, database: Database, clock: Clock, lease: Lease, wiring: Wiring, lane: LaneRow, channel: Channel
    ) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._wiring = wiring
        self._lane = lane
        self._channel = channel
        self._callback = wiring.callbacks[lane.carrier]
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._flying: set[asyncio.Task[None]] = set()
        self._ended: list[Settled] = []
        self._unbegun: list[UUID] = []
        self._something_ended = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._leave_alone_until = 0.0
        self._closing = False
        #: Claims are made for at least this many free slots, so that they stay worth their round trip.
        self._batch = max(1, lane.concurrency // 4)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed())
            group.create_task(self._keep_settling())

    async def stop(self, deadline: float) -> None:
        self._closing = True
        self.wake()
        self._room.set()
        if self._flying:
            await asyncio.wait(set(self._flying), timeout=deadline)
        self._something_ended.set()
        try:
            await asyncio.wait_for(self._settled.wait(), 5)
        except TimeoutError:
            log.warning("left unsettled", lane=self._lane.name, messages=len(self._ended))

    async def _feed(self) -> None:
        while not self._closing:
            self._wake.clear()
            free = self._lane.concurrency - len(self._flying) - len(self._ended)
            wait = self._leave_alone_until - time.monotonic()
            if wait > 0 or not self._lease.held:
                await asyncio.sleep(min(max(wait, 0.05), POLL))
                continue
            if free < self._batch:
                self._room.clear()
                await self._room.wait()
                continue
            try:
                claim = await self._claim(free)
            except AWAY as error:
                log.warning("claim failed", lane=self._lane.name, error=type(error).__name__)
                await asyncio.sleep(POLL)
                continue
            for message in claim.claimed:
                task = asyncio.create_task(self._hand_over(message))
                self._flying.add(task)
                task.add_done_callback(self._landed)
            if claim.seen < free:
                await self._rest(claim.seen)

    async def _rest(self, seen: int) -> None:
        # A lane bound by its rate sees less than it could take: its tokens come back within milliseconds.
        pause = min(POLL, max(0.02, 8 / self._lane.rate)) if self._lane.rate > 0 and seen else POLL
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), pause)

    async def _claim(self, limit: int) -> Claim:
        now = self._clock.now()
        async with self._database.work() as work:
            claim = await claiming.claim(work.connection, self._lane, node=self._lease.id, now=now, limit=limit)
            if claim.late:
                await claiming.put_off(work.connection, [self._opening(item) for item in claim.late], now)
            if claim.partly_stopped:
                await self._wiring.recompose(work.connection, claim.partly_stopped)
            await work.commit()
        return claim

    def _opening(self, late: Late) -> tuple[UUID, Any, Any]:
        window = next_window(HoursClass(late.hours), self._clock.now(), ZoneInfo(late.zone), self._wiring.region)
        return late.id, window.opens, window.closes

    async def _hand_over(self, message: Claimed) -> None:
        if not self._lease.held:
            self._unbegun.append(message.id)
            self._something_ended.set()
            return
        now = self._clock.now()
        valid_for = None if message.expires_at is None else max(1, int((message.expires_at - now).total_seconds()))
        outcome: Outcome = await self._channel.hand_over(
            Handover(
                message_id=message.id,
                to=message.to,
                body=message.body,
                status_callback=f"{self._callback}/{message.id}",
                valid_for=valid_for,
            )
        )
        if isinstance(outcome, Throttled):
            self._leave_alone_until = time.monotonic() + outcome.after
        elif isinstance(outcome, Refused) and not outcome.for_good:
            self._leave_alone_until = max(self._leave_alone_until, time.monotonic() + 0.2)
        self._ended.append(Settled(message.id, message.contact_point_id, message.attempts, outcome, self._clock.now()))
        self._something_ended.set()

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A channel never raises; if one does, the message stays `sending` until its lease is reaped.
            log.error("hand-over broke", lane=self._lane.name, error=repr(error))

    async def _keep_settling(self) -> None:
        while True:
            await self._something_ended.wait()
            self._something_ended.clear()
            ended, unbegun = self._ended, self._unbegun
            if not ended and not unbegun:
                if self._closing and not self._flying:
                    self._settled.set()
                    return
                continue
            self._settled.clear()
            try:
                await self._settle(ended, unbegun)
            except AWAY as error:
                # What the carrier said is not lost: it is kept here until the database is back.
                log.warning("not settled yet", lane=self._lane.name, waiting=len(ended), error=type(error).__name__)
                self._something_ended.set()
                await asyncio.sleep(POLL)
                continue
            self._settled.set()
            if self._ended or self._closing:
                self._something_ended.set()

    async def _settle(self, ended: list[Settled], unbegun: list[UUID]) -> None:
        batch, given_back = list(ended), list(unbegun)
        async with self._database.work() as work:
            if given_back:
                await claiming.give_back(work.connection, given_back)
            if batch:
                told = await settling.settle(work.connection, self._lease.id, batch)
                if told:
                    await self._wiring.hear(work.connection, told)
            await work.commit()
        del ended[: len(batch)]
        del unbegun[: len(given_back)]
        self._room.set()
