"""A running node: the house with its channels, its web server and its background parts.

Started in order, stopped in reverse. `gateway/house.py` furnishes the rooms, `gateway/timekeeping.py` says what
recurs.

    settings ► database, migrations ► clock ► wording ► rooms ► [embedded carrier] ► channels ► web ► background

A background task that dies takes the node down loudly. A node that is told to stop claims nothing more, lets
what is in flight end, gives the rest back and exits.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

from aiohttp import web
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import changes, completing, pushing
from gateway.archive.importing import submit
from gateway.archive.importing.mending import mend
from gateway.archive.pushing import Pusher
from gateway.channels import twilio, twilio_webhooks
from gateway.channels.upstream import Poster
from gateway.evaluations import carry_over
from gateway.house import House
from gateway.inbox import WAKE as INBOX_WAKE
from gateway.inbox import hear
from gateway.kernel.clock import ShiftedClock, SystemClock
from gateway.kernel.database import Listener
from gateway.kernel.election import hold_office
from gateway.kernel.logs import logger
from gateway.notices import (
    COMPOSE,
)
from gateway.notices.outages import following
from gateway.notices.policies import CHANGED as POLICY_CHANGED
from gateway.notices.texts import CHANGED as TEXTS_CHANGED
from gateway.outbox import lanes
from gateway.outbox.carriers import Channel
from gateway.outbox.dispatcher import Dispatcher, Wiring
from gateway.outbox.doubt import Resolver
from gateway.outbox.failover import Failover
from gateway.outbox.hours import check_region
from gateway.outbox.lanes import LaneSpec
from gateway.outbox.messages import WAKE
from gateway.outbox.nodes import Lease
from gateway.outbox.stopping import STOP
from gateway.outbox.sweeping import Sweeper
from gateway.sandbox.carrier import Behaviour, Carrier
from gateway.sandbox.carrier.standing_in import stand_ins
from gateway.sandbox.clock import MOVED, TestClock
from gateway.timekeeping import Timekeeping
from gateway.web.app import HEALTH, SERVER_OPTIONS, make_app, make_monitor
from gateway.web.health import Health
from gateway.web.metrics import Handovers
from gateway.web.services import Services

log = logger(__name__)

#: Seconds that what is in flight has to end when the node is told to stop.
DEADLINE: Final = 20.0
#: The office of the clock: one node's recurring jobs.
_CLOCK_OFFICE: Final = 0x4C616D74
_STATUS_PATH: Final = "/webhooks/twilio/status"


class _Imports:
    """What the web needs of importing."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def submit(self, session: AsyncSession, *, kind: str, filename: str, path: Path, requested_by: str) -> UUID:
        handed_in = await submit(
            session, kind=kind, filename=filename, path=path, requested_by=requested_by, clock=self._house.clock
        )
        return handed_in.id

    async def mend(
        self, session: AsyncSession, import_id: UUID, rows: Mapping[int, Sequence[str]], *, actor: str
    ) -> UUID:
        folder = self._house.settings.data_dir / "uploads"
        return await mend(session, import_id, rows, folder=folder, clock=self._house.clock, actor=actor)


class Node:
    """One running process with the roles of its settings."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.settings = house.settings
        self._stack = AsyncExitStack()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._test_clock: TestClock | None = None
        self._time = Timekeeping(house)
        self._registry = CollectorRegistry()
        #: The probes that the web answers; None where this node has none.
        self._health: Health | None = None
        self.carrier_address: str | None = None
        #: Set once everything runs.
        self.started = asyncio.Event()

    async def run(self) -> None:
        """Start, work until told to stop or until a part dies, stop. Raises what killed the part."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._stopping.set)
        async with self._stack:
            await self._start()
            self.started.set()
            stop = asyncio.create_task(self._stopping.wait())
            done, _ = await asyncio.wait([stop, *self._tasks.values()], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stop}:
                log.error("a part of the node ended", part=task.get_name())
                task.result()
                raise RuntimeError(f"{task.get_name()} ended by itself")
        log.info("stopped")

    def stop(self) -> None:
        """Tell the node to stop."""
        self._stopping.set()

    async def _start(self) -> None:
        house, settings = self.house, self.settings
        # Loads the calendar of public holidays too, which the first text would have to wait for.
        check_region(settings.region)
        if settings.sandbox and isinstance(house.clock, ShiftedClock):
            self._test_clock = TestClock(house.database, house.clock)
            due = (
                completing.next_due,
                pushing.next_due,
                following.next_moment,
                house.due_followups.next_due,
                house.surveying.next_due,
                house.due_commitments.next_due,
                house.due_cases.next_due,
                house.due_warnings.next_due,
                house.trust_sweeper.due,
                house.ladder.next_due,
                house.check_rounds.next_due,
            )
            self._test_clock.listen_to(next_due=due, ticks=(self._time.tick,))
        if settings.embedded_carrier:
            await self._start_carrier()
        channels = await self._open_channels()
        async with house.database.connection() as connection:
            for platform in house.platforms:
                if platform.lane is not None:
                    await lanes.ensure(connection, platform.lane)
            await lanes.ensure(
                connection,
                LaneSpec(
                    name=f"twilio:{settings.twilio.sender}",
                    channel="sms",
                    carrier="twilio",
                    sender=settings.twilio.sender,
                    rate=settings.twilio.rate,
                    concurrency=settings.twilio.concurrency,
                    approved_templates=settings.twilio.approved_templates,
                ),
            )
        self._background("texts", house.text_keeper.run)
        self._background("intake", house.intake.run)
        self._stack.push_async_callback(house.intake.close)
        wakers: dict[str, list[Callable[[str], None]]] = {TEXTS_CHANGED: [house.text_keeper.wake]}
        if "web" in settings.roles:
            await self._start_web()
            wakers[INBOX_WAKE] = [house.reader.wake]
            self._background("inbox", house.reader.run)
            self._start_platforms(wakers)
        if "dispatch" in settings.roles:
            dispatcher = await self._start_dispatching(channels)
            wakers[WAKE] = [dispatcher.wake]
            wakers[STOP] = [dispatcher.stop_told]
            wakers[COMPOSE] = [house.notice_runner.wake]
            self._background("notices", house.notice_runner.run)
            self._background("imports", house.imports.run_forever)
        if "clock" in settings.roles:
            await self._start_pushing()
            self._background("clock", lambda: hold_office(house.database.url, _CLOCK_OFFICE, self._time.run))
        wakers[POLICY_CHANGED] = [self._policy_changed]
        if self._test_clock is not None:
            wakers[MOVED] = [self._clock_moved]
        handlers = {channel: _all(heard) for channel, heard in wakers.items()}
        listener = Listener(house.database.url, handlers, resync=self._resync)
        self._background("listener", listener.run)
        if settings.monitoring_port:
            health = self._health or Health(house.database, house.clock, self._registry)
            await self._serve(make_monitor(health), settings.monitoring_port)
        for warning in house.wording.warnings:
            log.warning("template", advice=str(warning))
        for advice in settings.advice:
            log.warning("settings", advice=advice)
        log.info("started", roles=",".join(settings.roles), url=settings.base_url)

    def _background(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Keep a part running; it is cancelled in reverse order of starting."""

        async def part() -> None:
            await run()

        task = asyncio.create_task(part(), name=name)
        self._tasks[name] = task

        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(end)

    async def _start_carrier(self) -> None:
        settings = self.settings
        others = stand_ins(settings)
        carrier = Carrier(
            account_sid=settings.twilio.account_sid,
            auth_token=settings.twilio.auth_token.get_secret_value(),
            callbacks_base=settings.base_url,
            sender=settings.twilio.sender,
            behaviour=Behaviour(handsets=settings.carrier.handsets),
            apps=others.apps,
            also=others.routes,
        )
        port = settings.carrier.port or (settings.port + 1 if settings.port else 0)
        try:
            self.carrier_address = await carrier.start(settings.host, port)
        except OSError:
            # The usual port is somebody else's: any free one will do, since only this node uses it.
            self.carrier_address = await carrier.start(settings.host, 0)
        self._stack.push_async_callback(carrier.close)
        for one in others.open:
            await one()
        for close in others.close:
            self._stack.push_async_callback(close)
        if others.apps:
            settings.telegram.api_base = settings.wecom.api_base = self.carrier_address
        settings.twilio.base_url = self.carrier_address
        log.info("embedded carrier", wall=self.carrier_address)

    async def _open_channels(self) -> Mapping[str, Channel]:
        settings = self.settings.twilio
        channel = twilio.TwilioChannel(
            account_sid=settings.account_sid,
            auth_token=settings.auth_token.get_secret_value(),
            sender=settings.sender,
            base_url=settings.base_url,
            concurrency=settings.concurrency,
            timeout=settings.timeout,
        )
        channels: list[Channel] = [channel]
        for platform in self.house.platforms:
            if platform.channel is not None:
                channels.append(platform.channel)
            if platform.begin is not None:
                await platform.begin()
            if platform.end is not None:
                self._stack.push_async_callback(platform.end)
        for one in channels:
            await one.start()
            self._stack.push_async_callback(one.close)
        return {one.name: one for one in channels}

    def _start_platforms(self, wakers: dict[str, list[Callable[[str], None]]]) -> None:
        """What runs beside the web for chat platforms, on every node that serves it or on one of them."""
        url = self.house.database.url
        for platform in self.house.platforms:
            for channel, hears in platform.listens.items():
                wakers.setdefault(channel, []).append(hears)
            for name, run in platform.parts.items():
                self._background(name, run)
            for name, run in platform.offices.items():
                self._background(name, partial(hold_office, url, _office(name), run))

    async def _start_dispatching(self, channels: Mapping[str, Channel]) -> Dispatcher:
        house = self.house
        lease = Lease(house.database, ",".join(self.settings.roles))
        await lease.renew()
        self._stack.push_async_callback(lease.end)
        wiring = Wiring(
            channels=channels,
            # Chat platforms report nothing of a message: what they take, the chat has.
            callbacks=dict.fromkeys(channels, self.settings.base_url + _STATUS_PATH),
            region=self.settings.region,
            hours=house.policy.hours,
            recompose=house.recomposer,
            hear=hear,
            count=Handovers(self._registry).count,
        )
        dispatcher = Dispatcher(house.database, house.clock, lease, wiring)
        resolver = Resolver(
            house.database,
            house.clock,
            channels,
            grace=self.settings.twilio.timeout + self.settings.twilio.settle_after,
            hear=hear,
        )
        self._background("lease", lease.run)
        self._background("resolver", resolver.run)
        self._background("sweeper", Sweeper(house.database, house.clock).run)
        self._time.failover = Failover(
            house.database, house.clock, channels, house.successors, follow=carry_over, hear=hear
        )
        self._background("failover", self._time.failover.run)
        self._background("dispatcher", dispatcher.run)
        self._stack.push_async_callback(dispatcher.stop, DEADLINE)
        return dispatcher

    async def _start_pushing(self) -> None:
        poster = Poster()
        await poster.start()
        self._stack.push_async_callback(poster.close)
        house = self.house
        self._time.pusher = Pusher(house.database, house.clock, SystemClock(), poster, self.settings.kept_secret())

    async def _start_web(self) -> None:
        house, settings = self.house, self.settings
        services = services_of(house, registry=self._registry, sandbox=self._test_clock)
        self._stack.push_async_callback(house.previews.close)
        app = make_app(services)
        self._health = app[HEALTH]
        await self._serve(app, settings.port)

    async def _serve(self, app: web.Application, port: int) -> None:
        runner = web.AppRunner(app, **SERVER_OPTIONS)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, self.settings.host, port).start()

    def _policy_changed(self, _payload: str) -> None:
        asyncio.get_running_loop().create_task(self._refresh_policy(), name="policy")

    async def _refresh_policy(self) -> None:
        async with self.house.database.connection() as connection:
            await self.house.policy.refresh(connection)

    def _clock_moved(self, _payload: str) -> None:
        asyncio.get_running_loop().create_task(self._resync(), name="resync")

    async def _resync(self) -> None:
        """What may have been missed while nobody listened: look at everything once."""
        if self._test_clock is not None:
            await self._test_clock.refresh()
        await self._refresh_policy()
        self.house.text_keeper.wake()
        self.house.reader.wake()
        self.house.notice_runner.wake()


def _office(name: str) -> int:
    """The office of what one node alone does, by its name."""
    return int.from_bytes(sha256(name.encode()).digest()[:7])


def services_of(house: House, *, registry: CollectorRegistry, sandbox: TestClock | None) -> Services:
    """What the web calls, from a furnished house."""
    settings = house.settings
    return Services(
        registry=registry,
        settings=settings,
        database=house.database,
        clock=house.clock,
        imports=_Imports(house),
        notices=house.notices,
        previews=house.previews,
        policy=house.policy,
        lanes=house.lanes,
        outages=house.outages,
        texts=house.texts,
        ladder=house.ladder,
        messages=house.acceptor,
        intake=house.intake,
        inbox=house.inbox,
        proofs=house.proofs,
        corrections=house.corrections,
        findings=house.findings,
        cases=house.cases,
        repeats=house.repeats,
        commitments=house.commitments,
        warnings=house.warnings,
        cards=house.cards,
        followups=house.followups,
        ratings=house.ratings,
        series=house.series,
        deputies=house.deputies,
        independent=house.independent,
        changes=changes,
        sweeping=house.trust_sweeper,
        retention=house.retention,
        twilio_verifier=twilio_webhooks.WebhookVerifier(
            auth_token=settings.twilio.auth_token.get_secret_value(), public_url=settings.base_url
        ),
        twilio_wire=twilio_webhooks,
        hooks=[hook for platform in house.platforms for hook in platform.hooks],
        sandbox=sandbox,
    )


def _all(heard: list[Callable[[str], None]]) -> Callable[[str], None]:
    def tell(payload: str) -> None:
        for one in heard:
            one(payload)

    return tell
