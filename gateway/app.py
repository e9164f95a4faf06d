"""The one place where everything is put together.

`House` furnishes the rooms over one database and one clock; the command line uses it too. `Node` is a running
process: started in order, stopped in reverse.

    settings ► database, migrations ► clock ► wording ► rooms ► [embedded carrier] ► channels ► web ► background

A background task that dies takes the node down loudly. A node that is told to stop claims nothing more, lets
what is in flight end, gives the rest back and exits.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiohttp
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive import changes, completing, pushing, segments
from gateway.archive.corrections import Corrections
from gateway.archive.importing import (
    ACCOUNTS,
    CONTACTS,
    FLAT,
    NUMBER_CHECKS,
    TOPOLOGY,
    ImportKind,
    ImportRunner,
    submit,
)
from gateway.archive.pushing import Pusher
from gateway.archive.trust.looking_up import LookingUp
from gateway.archive.trust.sweeping import TrustSweeper
from gateway.cases.importing import WORK_ORDERS
from gateway.cases.keeping import Cases
from gateway.cases.repeating import Repeats
from gateway.channels import twilio
from gateway.channels.twilio_lookup import TwilioLookup
from gateway.channels.upstream import Poster
from gateway.evaluations import carry_over, open_invitations
from gateway.evaluations.surveys import Surveys
from gateway.followups import FOLLOWUPS, Asking, DueFollowups, Followups
from gateway.inbox import WAKE as INBOX_WAKE
from gateway.inbox import Answers, Inbox, Intake, Proofs, Reader, Tools, hear
from gateway.kernel import embedded
from gateway.kernel.clock import Clock, ShiftedClock, SystemClock
from gateway.kernel.database import Database, Listener
from gateway.kernel.election import hold_office
from gateway.kernel.logs import logger
from gateway.kernel.migrating import migrate
from gateway.kernel.settings import Settings
from gateway.notices import (
    COMPOSE,
    Acceptor,
    Announcements,
    Arrears,
    Bills,
    Composer,
    ContactChecks,
    DemandResponse,
    Finder,
    NoticeKind,
    NoticeRunner,
    Notices,
    PolicyBook,
    PolicyTable,
    Previewer,
    Previews,
    Recomposer,
    Successors,
    Wording,
    amounts,
    catch_up,
    lift_of_case,
    pause,
    release_due,
)
from gateway.notices.billing import billing_kinds
from gateway.notices.ladder.desk import LadderDesk
from gateway.notices.ladder.disconnections import Disconnections
from gateway.notices.ladder.running import LadderRunner
from gateway.notices.ladder.texts import LegalNotices, PrepaymentOffers
from gateway.notices.outages import following
from gateway.notices.outages.desk import OutageDesk
from gateway.notices.outages.importing import OutagesKind
from gateway.notices.outages.keeping import Outages
from gateway.notices.outages.telling import OUTAGE_NOTICES, OutageTexts
from gateway.notices.policies import CHANGED as POLICY_CHANGED
from gateway.notices.texts import CHANGED as TEXTS_CHANGED
from gateway.notices.texts import TextKeeper, Texts
from gateway.notices.wording import purposes_in_words
from gateway.outbox import lanes, nodes, partitions, stop_links, waiting
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
from gateway.sandbox.clock import MOVED, TestClock
from gateway.staff.escalating import escalate
from gateway.staff.importing import STAFF
from gateway.web.app import SERVER_OPTIONS, make_app
from gateway.web.metrics import Handovers
from gateway.web.services import Services

log = logger(__name__)

#: Seconds that what is in flight has to end when the node is told to stop.
DEADLINE: Final = 20.0
#: The office of the clock: one node's recurring jobs.
_CLOCK_OFFICE: Final = 0x4C616D74
_STATUS_PATH: Final = "/webhooks/twilio/status"


class House:
    """The rooms, furnished over one database and one clock."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, wording: Wording | None = None) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        zone, region, language = settings.zone, settings.region, settings.language
        self.wording = wording or Wording.load(
            sender_name=settings.senders,
            languages=("en", "zh-CN") if language == "en" else ("zh-CN", "en"),
            zone=zone,
        )
        standard = PolicyTable(opt_out_scope=settings.opt_out_scope, mask_unproven=settings.mask_unproven)
        self.policy = policy = PolicyBook(clock, standard)
        notice_kinds: tuple[NoticeKind, ...] = (
            Arrears(policy),
            Bills(policy),
            LegalNotices(policy, region, zone),
            PrepaymentOffers(),
            Surveys(zone),
            Announcements(self.wording),
            DemandResponse(clock),
            *(OutageTexts(name, zone, region) for name in OUTAGE_NOTICES),
            ContactChecks(clock, lambda: policy().trust_lasts),
        )
        self.notice_kinds: Mapping[str, NoticeKind] = {kind.name: kind for kind in notice_kinds}
        self.text_keeper = TextKeeper(database, clock, self.wording)
        self.texts = Texts(clock, self.text_keeper, self.wording)
        self.composer = Composer(self.wording, zone=zone, region=region, policy=policy)
        self.finder = Finder(zone=zone, region=region, policy=policy)
        self.previewer = Previewer(
            clock, self.composer, self.notice_kinds, self.finder, zone=zone, segment_price=settings.segment_price
        )
        self.previews = Previews(database, clock, self.previewer)
        self.acceptor = Acceptor(self.wording, zone=zone, region=region, language=language, policy=policy)
        disconnections = Disconnections(database, clock, policy, self.acceptor, zone=zone, region=region)
        self.notices = Notices(
            database,
            clock,
            self.notice_kinds,
            self.previewer,
            policy,
            auto_approve=settings.auto_approve,
            on_approval={"legal_notice": disconnections.approve},
        )
        runner = LadderRunner(database, clock, self.notices, policy, zone=zone, region=region)
        self.ladder = LadderDesk(
            clock, policy, self.notices, runner, disconnections, automatic=settings.automatic_ladder
        )
        self.notice_runner = NoticeRunner(database, clock, self.composer, self.notice_kinds, self.finder, policy)
        self.recomposer = Recomposer(self.wording, clock, self.notice_kinds, zone, policy)
        self.successors = Successors(region=region, policy=policy)
        self.outages = Outages(clock, zone)
        kinds: tuple[ImportKind[Any], ...] = (
            *(FLAT, ACCOUNTS, CONTACTS, NUMBER_CHECKS, TOPOLOGY, STAFF, WORK_ORDERS, FOLLOWUPS),
            OutagesKind(),
        )
        self.import_kinds: Mapping[str, ImportKind[Any]] = {
            kind.name: kind for kind in (*kinds, *billing_kinds(self.recomposer.of_grounds))
        }
        self.imports = ImportRunner(
            database, clock, self.import_kinds, zone=zone, region=region, finished=(completing.after_import,)
        )
        answers = Answers(
            self.wording, purposes_in_words, zone=zone, region=region, language=language, hours=policy.hours
        )
        self.tools = Tools(
            answers=answers,
            region=region,
            pause=pause,
            outages=OutageDesk(zone),
            alert_numbers=settings.alert_numbers,
            catch_up=catch_up,
            amounts=amounts,
            opt_out_scope=settings.opt_out_scope,
        )
        self.intake = Intake(database, clock, hear, region=region)
        self.reader = Reader(database, clock, self.tools)
        self.inbox = Inbox(clock, self.tools)
        self.proofs = Proofs(clock, self.tools)
        self.cases = Cases(clock, lift_of_case)
        self.repeats = Repeats(clock)
        self.corrections = Corrections(
            clock,
            stop_links,
            answers.check_contacts,
            rooms=(waiting, open_invitations),
            catch_up=catch_up,
            region=region,
        )
        self.independent = Asking(clock, self.acceptor, zone)
        self.followups = Followups(clock, self.independent.ask, zone)
        self.due_followups = DueFollowups(database, self.independent, self.acceptor, zone)
        self.trust_sweeper = TrustSweeper(database, clock, stop_links, zone=zone)


@asynccontextmanager
async def furnished(settings: Settings) -> AsyncIterator[House]:
    """A house over a started, migrated database: what every command begins with."""
    url = settings.database_url or embedded.ensure_running(settings.data_dir / "postgresql")
    await migrate(url)
    database = Database(url, size=24)
    await database.start()
    try:
        clock: Clock = SystemClock()
        if settings.sandbox:
            clock = ShiftedClock()
            await TestClock(database, clock).refresh()
        async with database.connection() as connection:
            await partitions.ensure(connection, clock.now())
        house = House(settings, database, clock)
        async with database.connection() as connection:
            await house.policy.refresh(connection)
        await house.text_keeper.start()
        yield house
    finally:
        await database.close()


class _Imports:
    """What the web needs of importing."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def submit(self, session: AsyncSession, *, kind: str, filename: str, path: Path, requested_by: str) -> UUID:
        handed_in = await submit(
            session, kind=kind, filename=filename, path=path, requested_by=requested_by, clock=self._house.clock
        )
        return handed_in.id


class Node:
    """One running process with the roles of its settings."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.settings = house.settings
        self._stack = AsyncExitStack()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._test_clock: TestClock | None = None
        self._pusher: Pusher | None = None
        self._failover: Failover | None = None
        self._registry = CollectorRegistry()
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
                house.trust_sweeper.due,
                house.ladder.next_due,
            )
            self._test_clock.listen_to(next_due=due, ticks=(self._tick,))
        if settings.embedded_carrier:
            await self._start_carrier()
        channels = await self._open_channels()
        async with house.database.connection() as connection:
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
        if "dispatch" in settings.roles:
            dispatcher = await self._start_dispatching(channels)
            wakers[WAKE] = [dispatcher.wake]
            wakers[STOP] = [dispatcher.stop_told]
            wakers[COMPOSE] = [house.notice_runner.wake]
            self._background("notices", house.notice_runner.run)
            self._background("imports", house.imports.run_forever)
        if "clock" in settings.roles:
            await self._start_pushing()
            self._background("clock", lambda: hold_office(house.database.url, _CLOCK_OFFICE, self._keep_time))
        wakers[POLICY_CHANGED] = [self._policy_changed]
        if self._test_clock is not None:
            wakers[MOVED] = [self._clock_moved]
        handlers = {channel: _all(heard) for channel, heard in wakers.items()}
        listener = Listener(house.database.url, handlers, resync=self._resync)
        self._background("listener", listener.run)
        for warning in house.wording.warnings:
            log.warning("template", advice=str(warning))
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
        carrier = Carrier(
            account_sid=settings.twilio.account_sid,
            auth_token=settings.twilio.auth_token.get_secret_value(),
            callbacks_base=settings.base_url,
            sender=settings.twilio.sender,
            behaviour=Behaviour(handsets=settings.carrier.handsets),
        )
        port = settings.carrier.port or (settings.port + 1 if settings.port else 0)
        try:
            self.carrier_address = await carrier.start(settings.host, port)
        except OSError:
            # The usual port is somebody else's: any free one will do, since only this node uses it.
            self.carrier_address = await carrier.start(settings.host, 0)
        self._stack.push_async_callback(carrier.close)
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
        await channel.start()
        self._stack.push_async_callback(channel.close)
        return {channel.name: channel}

    async def _start_dispatching(self, channels: Mapping[str, Channel]) -> Dispatcher:
        house = self.house
        lease = Lease(house.database, ",".join(self.settings.roles))
        await lease.renew()
        self._stack.push_async_callback(lease.end)
        wiring = Wiring(
            channels=channels,
            callbacks={"twilio": self.settings.base_url + _STATUS_PATH},
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
        self._failover = Failover(house.database, house.clock, channels, house.successors, follow=carry_over, hear=hear)
        self._background("failover", self._failover.run)
        self._background("dispatcher", dispatcher.run)
        self._stack.push_async_callback(dispatcher.stop, DEADLINE)
        return dispatcher

    async def _start_pushing(self) -> None:
        poster = Poster()
        await poster.start()
        self._stack.push_async_callback(poster.close)
        house = self.house
        self._pusher = Pusher(house.database, house.clock, SystemClock(), poster, self.settings.kept_secret())

    async def _start_web(self) -> None:
        house, settings = self.house, self.settings
        services = Services(
            registry=self._registry,
            settings=settings,
            database=house.database,
            clock=house.clock,
            imports=_Imports(house),
            notices=house.notices,
            previews=house.previews,
            policy=house.policy,
            outages=house.outages,
            texts=house.texts,
            ladder=house.ladder,
            messages=house.acceptor,
            intake=house.intake,
            inbox=house.inbox,
            proofs=house.proofs,
            corrections=house.corrections,
            cases=house.cases,
            repeats=house.repeats,
            followups=house.followups,
            independent=house.independent,
            changes=changes,
            sweeping=house.trust_sweeper,
            twilio_verifier=twilio.WebhookVerifier(
                auth_token=settings.twilio.auth_token.get_secret_value(), public_url=settings.base_url
            ),
            twilio_wire=twilio,
            sandbox=self._test_clock,
        )
        self._stack.push_async_callback(house.previews.close)
        runner = web.AppRunner(make_app(services), **SERVER_OPTIONS)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, settings.host, settings.port).start()

    async def _keep_time(self) -> None:
        """The recurring jobs of the node in office. They look for due rows; the truth is never in the scheduler."""
        scheduler = AsyncIOScheduler(
            timezone=self.settings.zone,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_job(self._reap, "interval", seconds=2)
        scheduler.add_job(self._make_partitions, "interval", hours=6)
        scheduler.add_job(self._release_holds, "interval", minutes=1)
        scheduler.add_job(self._follow_up, "interval", minutes=1)
        scheduler.add_job(self.house.notice_runner.halt, "interval", seconds=5)
        scheduler.add_job(self._see_corrections_through, "interval", minutes=1)
        scheduler.add_job(self._push_changes, "interval", seconds=1)
        scheduler.add_job(self._follow_outages, "interval", seconds=10)
        scheduler.add_job(self.house.ladder.tick, "interval", minutes=1)
        scheduler.add_job(self._forget_keys, "interval", hours=1)
        scheduler.add_job(self._retire_months, "cron", hour=3)
        scheduler.add_job(self._sweep_trust, "cron", hour=TrustSweeper.HOUR.hour, minute=TrustSweeper.HOUR.minute)
        scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            scheduler.shutdown(wait=False)

    async def _reap(self) -> None:
        async with self.house.database.connection() as connection:
            if doubtful := await nodes.reap(connection, self.house.clock.now()):
                log.warning("messages of nodes that are gone", uncertain=doubtful)

    async def _make_partitions(self) -> None:
        async with self.house.database.connection() as connection:
            await partitions.ensure(connection, self.house.clock.now())

    async def _retire_months(self) -> None:
        async with self.house.database.connection() as connection:
            retired = await partitions.retire(connection, self.house.clock.now(), keep_months=self.settings.keep_months)
            await following.forget(connection, self.house.clock.now() - timedelta(days=31 * self.settings.keep_months))
        if retired:
            log.info("months retired", months=",".join(retired))

    async def _sweep_trust(self) -> None:
        swept = await self.house.trust_sweeper.sweep_if_due()
        if swept is not None and self.settings.lookups_a_night:
            await self._look_up_numbers()

    async def _look_up_numbers(self) -> None:
        twilio_settings = self.settings.twilio
        async with aiohttp.ClientSession() as session:
            source = TwilioLookup(
                session,
                account_sid=twilio_settings.account_sid,
                auth_token=twilio_settings.auth_token.get_secret_value(),
                base_url=twilio_settings.lookup_url or twilio_settings.base_url,
            )
            budget = self.settings.lookups_a_night
            await LookingUp(self.house.database, self.house.clock, source, budget=budget).round()

    async def _forget_keys(self) -> None:
        """Answers to idempotency keys are kept for a week, in real time: a retry does not come later than that."""
        async with self.house.database.connection() as connection:
            await connection.execute(
                "DELETE FROM idempotency_key WHERE made_at < clock_timestamp() - interval '7 days'"
            )

    async def _release_holds(self) -> None:
        async with self.house.database.work() as work:
            await release_due(work.connection, self.house.clock.now())
            await segments.release_due(work.connection, self.house.clock.now())
            await work.commit()

    async def _push_changes(self) -> None:
        if self._pusher is not None:
            await self._pusher.push()

    async def _see_corrections_through(self) -> None:
        async with self.house.database.work() as work:
            closed, overdue = await completing.keep_time(work.connection, self.house.clock.now(), escalate)
            await work.commit()
        if overdue:
            log.warning("corrections overdue", cases=overdue)
        if closed:
            log.info("corrections closed", cases=closed)

    async def _follow_outages(self) -> None:
        async with self.house.database.work() as work:
            if await self.house.outages.run_due(work.connection):
                await work.commit()

    async def _follow_up(self) -> None:
        await self.house.due_followups.run(self.house.clock.now())

    async def _tick(self) -> None:
        """What falls due with the test clock beside messages."""
        await self._make_partitions()
        await self._release_holds()
        await self._see_corrections_through()
        await self._push_changes()
        await self._follow_outages()
        await self._follow_up()
        await self._sweep_trust()
        await self.house.ladder.tick()
        await self.house.notice_runner.halt()
        if self._failover is not None:
            await self._failover.round()
        await self.house.notice_runner.finish()

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


def _all(heard: list[Callable[[str], None]]) -> Callable[[str], None]:
    def tell(payload: str) -> None:
        for one in heard:
            one(payload)

    return tell
