"""The town of the notices' tests with orders of the hotline, and the clock that asks about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.evaluations import Answer, Recorded, record
from gateway.evaluations.asking import Surveying
from gateway.evaluations.summaries import By, Scores, summary
from gateway.kernel.ids import new_id
from tests.notices.conftest import Town, town, wording

__all__ = ["town", "wording"]

CLOSED = datetime(2025, 11, 4, 1, tzinfo=UTC)


@dataclass
class Desk:
    """Orders that are opened and closed in a town, and what comes of them."""

    town: Town
    surveying: Surveying = field(init=False)

    def __post_init__(self) -> None:
        house = self.town.house
        self.surveying = Surveying(
            house.database, house.notices, house.acceptor, house.events, house.settings.zone, automatic=True
        )

    async def order(self, number: str, account_no: str | None, **facts: Any) -> None:
        """An order, closed unless `closed` says otherwise."""
        async with self.town.database.work() as work:
            await work.execute(
                """INSERT INTO work_order (work_order_no, kind, subtype, account_id, account_no, caller_number,
                                           opened_at, closed_at, team_code, handler_no, result)
                   VALUES ($1, $2, $3, (SELECT id FROM account WHERE account_no = $4), $4, $5, $6, $7, $8, $9, $10)
                   ON CONFLICT (work_order_no) DO UPDATE SET closed_at = excluded.closed_at,
                     team_code = excluded.team_code, handler_no = excluded.handler_no, result = excluded.result""",
                number,
                facts.get("kind", "fault_repair"),
                facts.get("subtype"),
                account_no,
                facts.get("caller"),
                facts.get("opened", CLOSED - timedelta(hours=5)),
                facts.get("closed", CLOSED),
                facts.get("team", "TM0001"),
                facts.get("handler", "E000001"),
                facts.get("result"),
            )
            await work.commit()

    async def imported(self) -> None:
        """What follows an import of orders."""
        async with self.town.database.work() as work:
            await self.surveying.after_import(work.connection, None, self.town.clock.now())
            await work.commit()

    async def due(self) -> None:
        """The clock's look, and the composing that it starts."""
        await self.surveying.run(self.town.clock.now())
        while await self.town.house.notice_runner.compose_next():
            pass

    async def began(self) -> None:
        """The gateway has been asking for a day."""
        self.town.clock.on(days=-1)
        await self.due()
        self.town.clock.on(days=1)

    async def sent(self) -> None:
        """Every text that waits has left and arrived."""
        async with self.town.database.work() as work:
            await work.execute(
                "UPDATE message SET state = 'delivered', sent_at = $1 WHERE state = 'queued'", self.town.clock.now()
            )
            await work.commit()

    async def answer(self, message: UUID, **said: Any) -> Recorded | None:
        """What a customer answers to a text."""
        async with self.town.database.work() as work:
            point = await work.value("SELECT contact_point_id FROM message WHERE id = $1", message)
            now = self.town.clock.now()
            answer = Answer(
                **{"inbound_id": new_id(now), "contact_point_id": point, "channel": "sms", "at": now}
                | {"message_id": message}
                | said
            )
            recorded = await record(work.connection, answer)
            await work.commit()
        return recorded

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.town.database.work() as work:
            found = await work.fetch(query, *values)
            await work.commit()
        return found

    async def summary(self, by: By) -> list[Scores]:
        """Everything, summed up by something."""
        async with self.town.database.session() as session:
            return await summary(session, by, since=None, until=None, zone="Asia/Shanghai", now=self.town.clock.now())

    async def invitations(self) -> dict[str, Any]:
        """Events by their references, with their texts."""
        found = await self.rows(
            """SELECT i.*, m.state, m.withheld_reason, m.to_address, m.body, m.not_before
               FROM invitation i LEFT JOIN message m ON m.id = i.message_id ORDER BY i.id"""
        )
        return {row["event_ref"]: row for row in found}


@pytest.fixture
async def desk(town: Town) -> Desk:
    return Desk(town)
