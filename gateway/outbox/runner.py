"""A lane's runner: on one node, one lane's messages from the claim to the carrier's answer.

    claim ──► hand over (as many at once as the lane allows) ──► settle
      ▲            no session is held while a carrier thinks        │
      └──────────── a slot is free again when the call ended ◄──────┘

What is claimed begins at once, or as soon as a call ends: while calls are under way, the next fifth of a second
is claimed ahead, so that no call waits for a claim. A message whose claim has become stale before it could begin
(a busy loop, a frozen process, calls that take longer than before) goes back and is judged anew, so no hand-over
begins later than a second after a stop was committed (promise P3), whether or not anybody was told.
A node that is told of a stop drops at once what it judged before and has not begun.
"""

from __future__ import annotations

import asyncio
import random
import time
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel.batching import pause_after
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.clock import Clock
from gateway.kernel.database import Database
from gateway.kernel.logs import logger
from gateway.outbox import approvals, claiming, second_looks
from gateway.outbox.breaker import Breaker, BreakerState
from gateway.outbox.carriers import Handover, Outcome, Throttled, Unknown
from gateway.outbox.claiming import Claim, Claimed
from gateway.outbox.hot import PASSING, HotPath, within
from gateway.outbox.lanes import LaneRow
from gateway.outbox.nodes import Lease
from gateway.outbox.pace import Pace
from gateway.outbox.ready import Ready
from gateway.outbox.settler import Settler
from gateway.outbox.settling import Settled
from gateway.outbox.streams import Streams
from gateway.outbox.wiring import Wiring

log = logger(__name__)

#: Seconds between looks at the queue when nobody says that something is due.
POLL: Final = 0.5
#: Seconds between two looks for streams when somebody does.
_LOOK_AGAIN: Final = 0.1
#: Seconds that a claim's judgement holds. The rest of P3's second is for the way to the wire.
FRESH: Final = 0.8
#: Seconds between two moments at which stops drop what is claimed: stops that never end must not keep a lane from
#: beginning anything, and each is heard well within its second.
_HEARD: Final = 0.25
#: Seconds of hand-overs, at the pace of the moment, that are claimed before there is room for them.
_AHEAD: Final = 0.2
#: Seconds from a claim that took a few, and all there was, to the next one: messages that come one by one are claimed
#: together, for a claim costs as much as thirty of them. The more there are in a second, the longer.
_APART: Final = 0.02
_MOST_APART: Final = 0.08
_A_MESSAGE: Final = 0.001
#: Hand-overs that may wait to be settled, in multiples of the lane's concurrency, before no more are begun.
_UNSETTLED: Final = 4


class LaneRunner:
    """One lane of one node. `preferred` are the lanes of its channel that go before it."""

    def __init__(
        self,
        *,
        database: Database,
        hot: HotPath,
        clock: Clock,
        lease: Lease,
        wiring: Wiring,
        settler: Settler,
        lane: LaneRow,
    ) -> None:
        self.lane = lane
        #: Set while the lane may not send.
        self.disabled = False
        self.breaker = Breaker()
        self.preferred: tuple[LaneRunner, ...] = ()
        self._database = database
        self._hot = hot
        self._clock = clock
        self._lease = lease
        self._wiring = wiring
        self._settler = settler
        self._channel = wiring.channels[lane.carrier]
        self._callback = wiring.callbacks[lane.carrier]
        self._streams = Streams(lane.channel)
        self._looked = float("-inf")
        #: No claim before this moment.
        self._next_claim = float("-inf")
        self._wake = asyncio.Event()
        #: Claimed, and waiting for a call to end.
        self._ready = Ready()
        #: Under way. A task goes on with what is ready when its call has ended.
        self._flying: dict[UUID, asyncio.Task[None]] = {}
        self._pace = Pace()
        #: There is room for a claim once so few are ready or under way.
        self._wanting = 0
        self._landing = asyncio.Event()
        self._leave_alone_until = 0.0
        self._closing = False
        self._stopped = asyncio.Event()
        #: What was judged before this moment is not begun any more: a stop was told.
        self._judged_anew = float("-inf")
        #: A claim's answer was lost: there may be messages claimed that nobody here knows of.
        self._astray = False

    @property
    def available(self) -> bool:
        """Whether the lane takes messages now, as far as its carrier is concerned."""
        return not self._closing and not self.disabled and self.breaker.state(time.monotonic()) is BreakerState.CLOSED

    def wake(self) -> None:
        """Something may be due."""
        self._streams.woken()
        self._wake.set()

    def stop_told(self) -> None:
        """A stop was committed: what is claimed and not begun goes back and is judged anew."""
        now = time.monotonic()
        if now - self._judged_anew >= _HEARD:
            self._judged_anew = now
            self.let_go()
            self.let_go()

    async def run(self) -> None:
        """Feed the lane until `stop`; hand-overs that are under way when cancelled end in doubt."""
        try:
            while not self._closing:
                await self._round()
        except BaseException:
            self._ready.clear()
            for task in self._flying.values():
                task.cancel()
            raise

    def let_go(self) -> None:
        """Give back whatever is claimed and has not begun: it is judged anew by the next claim."""
        for message in self._ready:
            self._settler.not_begun(message.id, message.attempts)
        self._ready.clear()
        self._landing.set()

    async def stop(self, deadline: float) -> None:
        """Claim no more and let what is in flight end within `deadline` seconds; what does not, ends in doubt."""
        self._closing = True
        self._stopped.set()
        self._wake.set()
        self.let_go()
        flying = set(self._flying.values())
        if flying:
            _, late = await asyncio.wait(flying, timeout=deadline)
            for task in late:
                task.cancel()
            if late:
                log.warning("cut off at the end", lane=self.lane.name, messages=len(late))
                await asyncio.wait(late)

    async def _round(self) -> None:
        self._wake.clear()
        pause = self._pause()
        if pause > 0:
            self.let_go()
            await self._sleep(pause)
            return
        free = self._room()
        if free <= 0:
            self._landing.clear()
            await within(self._landing.wait(), POLL)
            if self._ready.stale(time.monotonic() - FRESH):
                self.let_go()
            return
        try:
            if self._astray:
                await self._find_astray()
            if time.monotonic() - self._looked > (POLL if self._streams else _LOOK_AGAIN):
                await self._look()
            if not self._streams:
                await within(self._wake.wait(), POLL)
                return
            if (pause := self._next_claim - time.monotonic()) > 0:
                await self._sleep(pause)
                return
            await self._claim(free)
        except PASSING as error:
            unless_cancelled()
            self._astray = True
            log.warning("claim failed", lane=self.lane.name, error=type(error).__name__)
            await self._sleep(POLL / 2)

    def _pause(self) -> float:
        """Seconds to claim nothing: the carrier asked for it, its breaker is open, or the lease is gone."""
        now = time.monotonic()
        if self.disabled or not self._lease.held or any(lane.available for lane in self.preferred):
            return POLL / 4
        return max(self._leave_alone_until - now, self.breaker.wait(now))

    def _room(self) -> int:
        """How many messages to claim: only as many as can begin at once, and enough to be worth the trip."""
        concurrency = self.lane.concurrency
        held = len(self._flying) + len(self._ready)
        ahead = min(concurrency, int(self._pace.a_second(time.monotonic()) * _AHEAD))
        self._wanting = concurrency + ahead - max(1, concurrency // 8)
        if held > self._wanting or len(self._settler) > _UNSETTLED * concurrency:
            return 0
        return self.breaker.room(time.monotonic(), concurrency + ahead - held)

    async def _look(self) -> None:
        async with self._hot.connection() as connection:
            await self._streams.look(connection, self._clock.now())
        self._looked = time.monotonic()

    async def _claim(self, limit: int) -> None:
        now = self._clock.now()
        shares = self._streams.share(limit)
        async with self._hot.connection() as connection:
            judged = time.monotonic()
            claim = await claiming.claim(
                connection, self.lane, node=self._lease.id, now=now, limit=limit, shares=shares
            )
            refused = await self._unapproved(connection, claim)
        # A message alone is not made to wait, nor a queue that is long.
        self._next_claim = judged + _pause_after(len(claim.seen)) if len(claim.seen) > 1 and not claim.full else judged
        for message in claim.claimed:
            if message.id in refused:
                told = Settled(
                    message.id, message.contact_point_id, message.attempts, approvals.REFUSAL, now, self.lane.name
                )
                self._settler.ended(told)
            elif len(self._flying) < self.lane.concurrency:
                self._begin(message, judged)
            else:
                self._ready.add(message, judged)
        self._streams.took(shares, claim.seen, full=claim.full, now=now)
        self._streams.drop(claim.paused)
        if claim.late:
            await second_looks.put_off(
                self._database, claim.late, now=now, region=self._wiring.region, hours=self._wiring.hours()
            )
        if claim.partly_stopped:
            await second_looks.compose_anew(
                self._database, claim.partly_stopped, now=now, recompose=self._wiring.recompose
            )
        await self._keep_pace(claim, limit)

    async def _unapproved(self, connection: Any, claim: Claim) -> frozenset[UUID]:
        """What the lane's carrier would refuse, or ought to: texts that it has not approved."""
        if not self.lane.approved_templates or not claim.claimed:
            return frozenset()
        return await approvals.unapproved(connection, self.lane.carrier, [message.id for message in claim.claimed])

    async def _keep_pace(self, claim: Claim, limit: int) -> None:
        if claim.size < limit and claim.full:
            # The rate allows no more for now: its tokens come back within milliseconds.
            await self._sleep(min(0.1, max(0.02, 8 / self.lane.rate)) if self.lane.rate > 0 else POLL)

    async def _find_astray(self) -> None:
        async with self._hot.connection() as connection:
            known = [*self._flying, *(message.id for message in self._ready), *self._settler.known]
            found = await claiming.reclaim(connection, self.lane, self._lease.id, known=known)
        self._astray = False
        if found:
            log.warning("claims whose answer was lost went back", lane=self.lane.name, messages=found)

    def look_astray(self) -> None:
        """Look for claims whose answer was lost, before the next claim."""
        self._astray = True

    def _begin(self, message: Claimed, judged: float) -> None:
        trying = self.breaker.begin()
        self._flying[message.id] = asyncio.create_task(self._go_on(message, judged, trying))

    async def _go_on(self, message: Claimed, judged: float, trying: bool) -> None:
        """Hand a message over, and then what is ready, until nothing is."""
        task = asyncio.current_task()
        assert task is not None
        while True:
            try:
                await self._hand_over(message, judged, trying)
            finally:
                del self._flying[message.id]
                if len(self._flying) + len(self._ready) <= self._wanting or self._closing:
                    self._landing.set()
            if not self._ready or task.cancelling() or len(self._flying) >= self.lane.concurrency:
                return
            message, judged = self._ready.take()
            trying = self.breaker.begin()
            self._flying[message.id] = task

    async def _hand_over(self, message: Claimed, judged: float, trying: bool) -> None:
        now = self._clock.now()
        over = message.expires_at is not None and message.expires_at <= now
        stale = judged < self._judged_anew or time.monotonic() - judged > FRESH
        if over or stale or self._closing or not self._lease.held:
            self.breaker.not_begun(trying=trying)
            self._settler.not_begun(message.id, message.attempts)
            return
        outcome = await self._offer(message, now)
        self._weigh(outcome, trying)
        self._pace.landed()
        ended = self._clock.now()
        point, attempts = message.contact_point_id, message.attempts
        self._settler.ended(Settled(message.id, point, attempts, outcome, ended, self.lane.name))

    async def _offer(self, message: Claimed, now: datetime) -> Outcome:
        valid_for = None if message.expires_at is None else max(1, int((message.expires_at - now).total_seconds()))
        try:
            return await self._channel.hand_over(
                Handover(
                    message_id=message.id,
                    to=message.to,
                    body=message.body,
                    status_callback=f"{self._callback}/{message.id}",
                    valid_for=valid_for,
                    template=message.template,
                    template_version=message.template_version,
                )
            )
        except asyncio.CancelledError:
            # The task ends here, with the one thing that is known about the message.
            return Unknown(why="cut off when the node stopped")
        except Exception as error:
            log.error("a channel raised", lane=self.lane.name, exc_info=error)
            return Unknown(why=f"the channel raised {type(error).__name__}")

    def _weigh(self, outcome: Outcome, trying: bool) -> None:
        now = time.monotonic()
        if isinstance(outcome, Throttled) and outcome.recipient_only:
            self.breaker.not_begun(trying=trying)
            self._wiring.count(self.lane.name, "throttled")
            return
        if isinstance(outcome, Throttled):
            self.let_go()
            self._leave_alone_until = max(self._leave_alone_until, now + outcome.after)
        self._wiring.count(self.lane.name, type(outcome).__name__.lower())
        before = self.breaker.state(now)
        self.breaker.ended(outcome, now, random.random(), trying=trying)
        after = self.breaker.state(now)
        if before is not after:
            self.let_go()
            log.warning("breaker", lane=self.lane.name, state=after.value, reason=self.breaker.reason)

    async def _sleep(self, seconds: float) -> None:
        await within(self._stopped.wait(), seconds)


def _pause_after(messages: int) -> float:
    return pause_after(messages, least=_APART, most=_MOST_APART, an_item=_A_MESSAGE)
