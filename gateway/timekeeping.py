"""The clock's office: recurring jobs that look for due rows. The truth is never in the scheduler (design: time)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from gateway.archive import completing, segments
from gateway.archive.pushing import Pusher
from gateway.archive.trust.looking_up import LookingUp
from gateway.archive.trust.sweeping import TrustSweeper
from gateway.channels.twilio_lookup import TwilioLookup
from gateway.house import House
from gateway.kernel.clock import SystemClock
from gateway.kernel.logs import logger
from gateway.notices import release_due
from gateway.notices.outages import following
from gateway.outbox import nodes, partitions, tallies
from gateway.outbox.failover import Failover
from gateway.staff import signing_in
from gateway.staff.escalating import escalate

log = logger(__name__)


class Timekeeping:
    """What one elected node does again and again, and what the test clock does at every stop of its journey.

    `pusher` and `failover` are there where the node has begun them.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        self.settings = house.settings
        self.pusher: Pusher | None = None
        self.failover: Failover | None = None

    async def run(self) -> None:
        """The recurring jobs of the node in office. They look for due rows; the truth is never in the scheduler."""
        scheduler = AsyncIOScheduler(
            timezone=self.settings.zone,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_job(self._reap, "interval", seconds=2)
        scheduler.add_job(self._make_partitions, "interval", hours=6)
        scheduler.add_job(self._release_holds, "interval", minutes=1)
        scheduler.add_job(self._follow_up, "interval", minutes=1)
        scheduler.add_job(self._survey, "interval", seconds=30)
        scheduler.add_job(self._keep_promises, "interval", minutes=1)
        scheduler.add_job(self.house.notice_runner.halt, "interval", seconds=5)
        scheduler.add_job(self._see_corrections_through, "interval", minutes=1)
        scheduler.add_job(self._push_changes, "interval", seconds=1)
        scheduler.add_job(self._follow_outages, "interval", seconds=10)
        scheduler.add_job(self.house.ladder.tick, "interval", minutes=1)
        scheduler.add_job(self.house.check_rounds.tick, "interval", minutes=5)
        scheduler.add_job(self._forget_keys, "interval", hours=1)
        scheduler.add_job(self._forget_updates, "interval", hours=1)
        scheduler.add_job(self._retire_months, "cron", hour=3)
        scheduler.add_job(self._count_deliveries, "cron", hour=2)
        scheduler.add_job(self._let_go, "interval", minutes=10)
        scheduler.add_job(self._let_go_of_uploads, "interval", hours=1)
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

    async def _count_deliveries(self) -> None:
        """A month at a time, each in a transaction of its own: the first night of an old house has years to count."""
        counted = True
        while counted:
            async with self.house.database.work() as work:
                counted = await tallies.count_days(work.connection, self.house.clock.now(), self.settings.zone) > 0
                await work.commit()

    async def _let_go(self) -> None:
        await self.house.retention.run_if_due()

    async def _let_go_of_uploads(self) -> None:
        await self.house.retention.run(["uploads"])

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
            await signing_in.forget_old(connection, SystemClock().now())

    async def _forget_updates(self) -> None:
        """What chat platforms reported, once no repeat of it can come."""
        for platform in self.house.platforms:
            if platform.forget is not None:
                await platform.forget(self.house.clock.now())

    async def _release_holds(self) -> None:
        async with self.house.database.work() as work:
            await release_due(work.connection, self.house.clock.now())
            await segments.release_due(work.connection, self.house.clock.now())
            await work.commit()

    async def _push_changes(self) -> None:
        if self.pusher is not None:
            await self.pusher.push()

    async def _see_corrections_through(self) -> None:
        async with self.house.database.work() as work:
            now = self.house.clock.now()
            closed, overdue = await completing.keep_time(work.connection, now, escalate)
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

    async def _survey(self) -> None:
        await self.house.surveying.run(self.house.clock.now())

    async def _keep_promises(self) -> None:
        now = self.house.clock.now()
        await self.house.due_commitments.run(now)
        await self.house.due_cases.run(now)
        await self.house.due_warnings.run(now)

    async def tick(self) -> None:
        """What falls due with the test clock beside messages."""
        await self._make_partitions()
        await self._release_holds()
        await self._see_corrections_through()
        await self._push_changes()
        await self._follow_outages()
        await self._follow_up()
        await self._survey()
        await self._keep_promises()
        await self._sweep_trust()
        await self._count_deliveries()
        # Months are lived through in a minute there: once a week is often enough.
        await self.house.retention.run_if_due(every=timedelta(days=7))
        await self.house.ladder.tick()
        await self.house.check_rounds.tick()
        await self.house.notice_runner.halt()
        if self.failover is not None:
            await self.failover.round()
        await self.house.notice_runner.finish()
