"""The ladder's use cases as people and the clock call them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import InvalidInput
from gateway.notices.control import Notices
from gateway.notices.ladder import feed, reading
from gateway.notices.ladder.disconnections import Disconnections
from gateway.notices.ladder.offers import OFFER
from gateway.notices.ladder.running import LadderRunner, Ran
from gateway.notices.ladder.tones import Comparison, compare
from gateway.notices.policy import Policy


class LadderDesk:
    """Reading where bills stand, taking due stages, the procedure of disconnections.

    `automatic`: the clock takes each day's stages; otherwise only people do.
    """

    def __init__(
        self,
        clock: Clock,
        policy: Policy,
        notices: Notices,
        runner: LadderRunner,
        disconnections: Disconnections,
        *,
        automatic: bool,
    ) -> None:
        self._clock = clock
        self._policy = policy
        self._notices = notices
        self._runner = runner
        self._disconnections = disconnections
        self._automatic = automatic

    async def tick(self) -> None:
        """What falls due with time."""
        if self._automatic:
            await self._runner.run_if_due()
        await self._disconnections.follow(self._notices)

    async def next_due(self, connection: Any, now: datetime) -> datetime | None:
        """The next moment at which `tick` has something to do."""
        moments = [await self._disconnections.next_due(connection, now)]
        if self._automatic:
            moments.append(await self._runner.next_due(connection, now))
        return min((moment for moment in moments if moment is not None), default=None)

    async def draft_due(self, *, stage: str | None, actor: str) -> Ran:
        """Take the stages that are due now, on a person's word; what tells them stays a draft."""
        known = [*(one.name for one in self._policy().ladder.stages), OFFER]
        if stage is not None and stage not in known:
            raise InvalidInput(f"no such stage: {stage} (there are {', '.join(known)})", field="stage")
        return await self._runner.run(approve=False, only=stage, actor=actor)

    async def bills(
        self,
        session: AsyncSession,
        *,
        account_no: str | None,
        billing_month: str | None,
        settled: bool,
        before: int | None,
        limit: int,
    ) -> list[reading.LadderBill]:
        """Where bills stand."""
        day = await self._runner.day(await driver(session))
        return await reading.bills(
            session,
            self._policy().ladder,
            day,
            region=self._runner.region,
            account_no=account_no,
            billing_month=billing_month,
            settled=settled,
            before=before,
            limit=limit,
        )

    async def feed(self, session: AsyncSession) -> feed.Watermark:
        """The watermark of payments."""
        return await feed.read(await driver(session), self._clock.now(), self._policy().ladder.feed_may_lag)

    async def declare(self, session: AsyncSession, until: datetime, *, actor: str) -> None:
        """Take a word that payments are complete up to a moment."""
        await feed.declare(await driver(session), until, actor=actor, now=self._clock.now())

    async def tones(self, session: AsyncSession, *, since: datetime, until: datetime) -> Comparison:
        """The two tones compared, for texts sent in a span."""
        if until <= since:
            raise InvalidInput("the span ends before it begins", field="until")
        return await compare(session, self._policy().ladder, since=since, until=until, now=self._clock.now())

    async def stopped(self, session: AsyncSession, stop_id: UUID, *, at: datetime | None, actor: str) -> None:
        """A person says that supply was stopped."""
        await self._disconnections.stopped(session, stop_id, at=at, actor=actor)

    async def restored(self, session: AsyncSession, stop_id: UUID, *, at: datetime | None, actor: str) -> None:
        """A person says that supply is back."""
        await self._disconnections.restored(session, stop_id, at=at, actor=actor)

    async def give_up(self, session: AsyncSession, stop_id: UUID, *, because: str, actor: str) -> None:
        """A person ends a procedure before supply is stopped."""
        await self._disconnections.give_up(session, stop_id, because=because, actor=actor)
