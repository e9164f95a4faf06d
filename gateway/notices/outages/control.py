"""Outages as the interface and the clock use them, by the timetable in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.acting import needs
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.notices.outages import feed, following, keeping
from gateway.notices.outages.explaining import Earlier
from gateway.notices.outages.keeping import NewOutage
from gateway.notices.outages.scopes import Scope
from gateway.notices.outages.timetable import Timetables, usual


class Outages:
    """Outages as the interface keeps them: each call works in the session's transaction."""

    def __init__(
        self, clock: Clock, zone: ZoneInfo, timetable: Timetables = usual, earlier: Earlier | None = None
    ) -> None:
        self._earlier = earlier
        self._clock = clock
        self._zone = zone
        self._timetable = timetable

    @needs("outages:write", whole=True)
    async def announce(self, session: AsyncSession, new: NewOutage, *, actor: str) -> str:
        """See `keeping.announce`."""
        return await keeping.announce(
            await driver(session),
            new,
            actor=actor,
            now=self._clock.now(),
            table=self._timetable(),
            earlier=self._earlier,
        )

    @needs("outages:write", whole=True)
    async def change(
        self,
        session: AsyncSession,
        outage_no: str,
        changed: Mapping[str, Any],
        *,
        scope: Scope | None,
        actor: str,
        add_to_scope: bool = False,
    ) -> bool:
        """See `keeping.change`."""
        return await keeping.change(
            await driver(session),
            outage_no,
            changed,
            scope=scope,
            add_to_scope=add_to_scope,
            actor=actor,
            now=self._clock.now(),
            zone=self._zone,
            table=self._timetable(),
            earlier=self._earlier,
        )

    async def take(self, session: AsyncSession, event: feed.Event, *, actor: str) -> feed.Became:
        """See `feed.take`."""
        return await feed.take(
            await driver(session),
            event,
            actor=actor,
            now=self._clock.now(),
            zone=self._zone,
            table=self._timetable(),
            earlier=self._earlier,
        )

    async def run_due(self, connection: Any) -> int:
        """Do what has fallen due by the calendar, in the connection's transaction; how much that was."""
        return await following.run_due(connection, self._clock.now(), self._zone, self._timetable())
