"""Cases opened many at once are what they are when opened one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.archive.opening import Doubt, open_or_join
from gateway.archive.opening_together import open_many
from gateway.kernel.database import Database
from tests.importing import Office
from tests.world.people import Town

NOW = datetime(2025, 4, 2, 2, tzinfo=UTC)


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    office = Office(database, tmp_path)
    office.clock.offset = NOW - datetime.now(UTC)
    town = Town(400, 5, date(2025, 4, 1))
    accounts, contacts = town.export()
    await office.load("accounts", accounts)
    await office.load("contacts", contacts)
    return office


async def doubts(office: Office) -> list[Doubt]:
    rows = await office.rows(
        """SELECT contact_point_id AS point, array_agg(account_id ORDER BY account_id) AS accounts, min(id) AS link
           FROM contact_link GROUP BY 1 ORDER BY 1 LIMIT 60"""
    )
    return [
        Doubt(
            contact_point_id=row["point"],
            accounts=row["accounts"][:2],
            suspend=[row["link"]] if place == len(rows) - 1 else [],
            reason="transfer",
            words="transfer",
            actor="sweep",
            at=NOW,
            hints=[{"kind": "finding", "words": f"{place}"}],
        )
        for place, row in enumerate(rows)
    ]


async def seen(connection: Any) -> list[tuple[Any, ...]]:
    rows = await connection.fetch(
        """SELECT x.contact_point_id, x.state, x.reason, x.account_id, x.opened_by, x.due_at, x.hints::text AS hints,
                  (SELECT array_agg((c.link_id, c.suspended, c.before_case)::text ORDER BY c.link_id)
                   FROM correction_link c WHERE c.correction_id = x.id) AS links
           FROM correction x ORDER BY x.contact_point_id"""
    )
    return [tuple(row) for row in rows]


async def test_many_at_once_are_as_one_by_one(office: Office) -> None:
    wanted = await doubts(office)
    async with office.database.work() as work:
        for doubt in wanted:
            await open_or_join(work.connection, doubt)
        one_by_one = await seen(work.connection)
    async with office.database.work() as work:
        opened = await open_many(work.connection, wanted)
        together = await seen(work.connection)
        assert len(together) == len(one_by_one) == 60
        for one, other in zip(together, one_by_one, strict=True):
            assert one == other
        assert not any(one.joined for one in opened)
        again = await open_many(work.connection, wanted[:5])
        assert all(one.joined for one in again) and [one.id for one in again] == [one.id for one in opened[:5]]
        actions = await work.connection.fetch("SELECT action, count(*) FROM audit_entry GROUP BY 1")
        assert dict(map(tuple, actions))["correction.opened"] >= 60
