"""The inbox's town with the desk that keeps cases and commitments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from gateway.cases.closing import CaseTexts
from gateway.cases.commitments.due import DueCommitments
from gateway.cases.commitments.keeping import Commitments, NewCommitment
from gateway.cases.commitments.telling import Telling
from gateway.cases.due import DueCases
from gateway.cases.keeping import Cases, NewCase
from gateway.notices import Acceptor, PolicyTable, lift_of_case
from tests.inbox.conftest import Town, town, wording

__all__ = ["town", "wording"]

A, B = "4100000011", "4100000022"
X, Y = "+8613800374443", "+8613300335193"


@dataclass
class Desk:
    """What staff do with cases and commitments of a town."""

    town: Town
    cases: Cases
    commitments: Commitments
    due_commitments: DueCommitments
    due_cases: DueCases

    async def due(self) -> None:
        """The clock's jobs, until now."""
        await self.due_commitments.run(self.town.clock.now())
        await self.due_cases.run(self.town.clock.now())

    async def on(self, **by: float) -> None:
        """Time passes, stopping where something falls due; what is queued goes out."""
        target = self.town.clock.at + timedelta(**by)
        while True:
            await self.deliver()
            async with self.town.database.connection() as connection:
                moments = [
                    await self.due_commitments.next_due(connection, self.town.clock.at),
                    await self.due_cases.next_due(connection, self.town.clock.at),
                ]
            self.town.clock.at = min([target, *(one for one in moments if one is not None)])
            await self.due()
            if self.town.clock.at == target:
                return await self.deliver()

    async def deliver(self) -> None:
        """What may leave now leaves."""
        now = self.town.clock.now()
        await self.town.do(
            """UPDATE message SET state = 'delivered', sent_at = $1, delivered_at = $1
               WHERE state = 'queued' AND not_before <= $1 AND coalesce(expires_at, 'infinity') > $1""",
            now,
        )
        await self.town.do("UPDATE message SET state = 'expired' WHERE state = 'queued' AND expires_at <= $1", now)

    async def do(self, deed: Any, *given: Any, actor: str = "staff:E1", **more: Any) -> Any:
        """A use case, committed."""
        async with self.town.database.session() as session:
            made = await deed(session, *given, actor=actor, **more)
            await session.commit()
        return made

    async def promise(self, due_at: datetime, **more: Any) -> UUID:
        facts: dict[str, Any] = {"what": "更换表箱", "topic": "表箱锈蚀", "account_no": A, "unit": "TM1", **more}
        made: UUID = await self.do(self.commitments.make, NewCommitment(due_at=due_at, **facts))
        return made

    async def raised(self, **more: Any) -> UUID:
        facts: dict[str, Any] = {
            "klass": "opinion",
            "topic": "表箱锈蚀",
            "summary": "表箱锈穿了",
            "account_no": A,
            **more,
        }
        opened = await self.do(self.cases.open, NewCase(**facts))
        found: UUID = opened.id
        return found

    async def texts(self, number: str = X) -> list[tuple[str, str]]:
        """Template and body of what was written to a number, oldest first."""
        rows = await self.town.rows("SELECT template, body FROM message WHERE to_address = $1 ORDER BY id", number)
        return [(row["template"].removeprefix("case_progress"), row["body"]) for row in rows]

    async def names(self, number: str = X) -> list[str]:
        return [name for name, _ in await self.texts(number)]

    async def tasks(self, state: str = "open") -> list[tuple[str, str, str | None]]:
        rows = await self.town.rows("SELECT kind, unit, owner_no FROM task WHERE state = $1 ORDER BY id", state)
        return [(row["kind"], row["unit"], row["owner_no"]) for row in rows]

    async def state(self, case: UUID) -> str:
        (found,) = await self.town.values('SELECT state FROM "case" WHERE id = $1', case)
        return str(found)

    async def one(self, commitment: UUID) -> dict[str, Any]:
        (row,) = await self.town.rows("SELECT * FROM commitment WHERE id = $1", commitment)
        return row

    async def befell(self, commitment: UUID) -> list[str]:
        return await self.town.values(
            "SELECT kind FROM commitment_event WHERE commitment_id = $1 ORDER BY id", commitment
        )


async def an_order(desk: Desk, **facts: Any) -> None:
    """The hotline's only order."""
    await desk.town.do("DELETE FROM work_order")
    places = ", ".join(f"${number}" for number in range(1, len(facts) + 1))
    await desk.town.do(f"INSERT INTO work_order ({', '.join(facts)}) VALUES ({places})", *facts.values())


@pytest.fixture
def desk(town: Town) -> Desk:
    acceptor = Acceptor(town.wording, zone=ZoneInfo("Asia/Shanghai"), region="CN", language="zh-CN", policy=PolicyTable)
    telling = Telling(acceptor, language="zh-CN")
    return Desk(
        town=town,
        cases=Cases(town.clock, lift_of_case, CaseTexts(acceptor, language="zh-CN")),
        commitments=Commitments(town.clock, telling, region="CN"),
        due_commitments=DueCommitments(town.database, telling),
        due_cases=DueCases(town.database),
    )
