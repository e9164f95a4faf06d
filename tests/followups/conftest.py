"""The town of the notices' tests, with managers, their teams and people who call customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from gateway.followups import Change, Plan
from tests.notices.conftest import Town, town, wording

__all__ = ["town", "wording"]

PHONE = "+8613900000024"


@dataclass
class Office:
    """Managers of a town and their plan."""

    town: Town

    @property
    def house(self) -> Any:
        return self.town.house

    async def staff(self) -> None:
        """Two managers of one team, one of whom has a telephone; three callers, one of them in that team."""
        async with self.town.database.work() as work:
            for code in ("T1", "T2"):
                await work.execute("INSERT INTO team (code, name) VALUES ($1, $1)", code)
            for number, job, team, phone in (
                ("E1", "客户经理", "T1", PHONE),
                ("E2", "客户经理", "T1", None),
                ("C1", "回访专员", "T1", None),
                ("C2", "派单坐席", "T2", None),
                ("C3", "回访专员", "T2", None),
                ("E9", "客户经理", "T2", "+8613900000099"),
            ):
                await work.execute(
                    """INSERT INTO staff_member (staff_no, name, phone, team_id, job)
                       SELECT $1, $1, $2, id, $3 FROM team WHERE code = $4""",
                    number,
                    phone,
                    job,
                    team,
                )
            await work.commit()

    async def plan(self, account_no: str, day: date, **more: Any) -> list[UUID]:
        async with self.town.database.session() as session:
            plan = Plan(account_no=account_no, planned_for=day, topic="季度走访", **more)
            made: list[UUID] = await self.house.followups.plan(session, plan, actor="key:manager")
            await session.commit()
        return made

    async def change(self, followup: UUID, **changes: Any) -> None:
        async with self.town.database.session() as session:
            await self.house.followups.change(session, followup, Change(**changes), actor="key:manager")
            await session.commit()

    async def due(self) -> None:
        await self.house.due_followups.run(self.town.clock.now())

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.town.database.work() as work:
            return await work.fetch(query, *values)


@pytest.fixture
async def office(town: Town) -> Office:
    office = Office(town)
    await office.staff()
    return office
