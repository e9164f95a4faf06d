"""A town on a grid: feeders with transformer areas, accounts on them, outages of them, and what was told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.notices import Draft
from gateway.notices.outages.keeping import NewOutage
from gateway.notices.outages.scopes import Scope
from gateway.outbox.sweeping import Sweeper
from tests.notices.conftest import Town


class Grid:
    """What outages need of a town. Messages that are due leave when `deliver` says so."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.areas: dict[str, int] = {}

    async def area(self, code: str, feeder: str, name: str | None = None) -> None:
        """A transformer area on a feeder; both are made where they are not there."""
        async with self.town.database.work() as work:
            line = await work.value(
                """INSERT INTO feeder (code, name) VALUES ($1, '10kV' || $1 || '线')
                   ON CONFLICT (code) DO UPDATE SET name = excluded.name RETURNING id""",
                feeder,
            )
            self.areas[code] = await work.value(
                "INSERT INTO transformer_area (code, name, feeder_id) VALUES ($1, $2, $3) RETURNING id",
                code,
                name or f"{code}号公变",
                line,
            )
            await work.commit()

    async def account(self, area: str | None, *contacts: Any, **facts: Any) -> str:
        """An account on a transformer area."""
        if area is not None:
            facts["transformer_area_id"] = self.areas[area]
        return await self.town.account(*contacts, **facts)

    async def fault(self, *areas: str, feeders: Iterable[str] = (), **given: Any) -> str:
        """A fault, an hour old unless `given` says otherwise."""
        given.setdefault("starts_at", self.town.clock.now() - timedelta(hours=1))
        return await self._announce("fault", areas, feeders, given)

    async def planned(self, *areas: str, feeders: Iterable[str] = (), **given: Any) -> str:
        """A planned outage of six hours, in ten days unless `given` says otherwise."""
        starts_at = given.setdefault("starts_at", self.town.clock.now() + timedelta(days=10))
        given.setdefault("ends_at", starts_at + timedelta(hours=6))
        given.setdefault("reason", "变压器更换")
        return await self._announce("planned", areas, feeders, given)

    async def _announce(self, kind: Any, areas: Iterable[str], feeders: Iterable[str], given: dict[str, Any]) -> str:
        scope = Scope(feeders=tuple(feeders), transformer_areas=tuple(areas), accounts=tuple(given.pop("accounts", ())))
        new = NewOutage(kind=kind, scope=scope, given=given, outage_no=given.pop("outage_no", None))
        async with self.town.database.session() as session:
            outage_no = await self.town.house.outages.announce(session, new, actor="key:dispatch")
            await session.commit()
        return outage_no

    async def change(self, outage_no: str, *, scope: Scope | None = None, **changed: Any) -> bool:
        """Change an outage, and let its notices follow."""
        async with self.town.database.session() as session:
            made = await self.town.house.outages.change(session, outage_no, changed, scope=scope, actor="key:dispatch")
            await session.commit()
        await self.settle()
        return made

    async def tell(self, kind: str, outage_no: str, *, until: datetime | None = None, **more: Any) -> UUID:
        """Draft a notice about an outage, approve it where that is needed, and compose it."""
        draft = Draft(kind=kind, about={"outage_id": outage_no, **more}, expires_at=until)
        async with self.town.database.session() as session:
            notice = await self.town.house.notices.draft(session, draft, actor="key:clerk")
            await session.commit()
        if (await self.town.row(notice))["state"] == "draft":
            await self.town.approve(notice)
        await self.settle()
        return notice

    async def settle(self) -> None:
        """Compose what is approved, and let rows follow the stops."""
        await self._sweep()
        while await self.town.house.notice_runner.compose_next():
            pass
        await self.town.house.notice_runner.finish()

    async def _sweep(self) -> None:
        while await Sweeper(self.town.database, self.town.clock).round():
            pass

    async def deliver(self, *, at: datetime | None = None) -> list[Any]:
        """Let everything that is due leave, as the claim would judge it; what left, in order."""
        await self._sweep()
        now = at or self.town.clock.now()
        async with self.town.database.work() as work:
            await work.execute("UPDATE message SET state = 'expired' WHERE state = 'queued' AND expires_at <= $1", now)
            rows = await work.fetch(
                """UPDATE message SET state = 'delivered', sent_at = $1
                   WHERE state = 'queued' AND not_before <= $1 RETURNING id, to_address, kind, template, body""",
                now,
            )
            await work.commit()
        await self.settle()
        return sorted(rows, key=lambda row: row["id"])

    async def pass_time(self, until: datetime) -> list[Any]:
        """Let the clock run, stopping wherever something falls due; what left on the way."""
        from gateway.notices.outages import following

        left: list[Any] = []
        while True:
            await self.settle()
            left += await self.deliver()
            async with self.town.database.work() as work:
                moments = [
                    await following.next_moment(work.connection, self.town.clock.now()),
                    await work.value(
                        "SELECT min(not_before) FROM message WHERE state = 'queued' AND not_before > $1",
                        self.town.clock.now(),
                    ),
                ]
            due = min((moment for moment in moments if moment is not None and moment <= until), default=None)
            self.town.clock.at = due or until
            async with self.town.database.work() as work:
                await self.town.house.outages.run_due(work.connection)
                await work.commit()
            if due is None:
                await self.settle()
                return left + await self.deliver()
