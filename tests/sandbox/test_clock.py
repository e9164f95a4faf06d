from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.kernel.clock import ShiftedClock
from gateway.kernel.database import Database
from gateway.kernel.errors import Conflict
from gateway.kernel.ids import new_id
from gateway.outbox import NewMessage, insert, partitions
from gateway.sandbox.clock import TestClock

START = datetime(2025, 11, 3, 22, 0, tzinfo=UTC)


class World:
    """Stands for a dispatcher: whatever is due is sent at the clock's time."""

    def __init__(self, database: Database, clock: TestClock) -> None:
        self.database = database
        self.clock = clock

    async def queue(self, not_before: datetime, **more: Any) -> None:
        now = self.clock.clock.now()
        message = NewMessage(
            id=new_id(now), kind="arrears", klass="N", purpose="billing", template="arrears", template_version="1",
            body="x", segments=1, created_at=now, not_before=not_before, hours="any", zone="Asia/Shanghai",
            to_address="+8613800000001", contact_point_id=None, **more,
        )  # fmt: skip
        async with self.database.work() as work:
            await insert(work.connection, [message])
            await work.commit()

    async def send_due(self) -> None:
        while True:
            async with self.database.work() as work:
                await work.execute(
                    "UPDATE message SET state = 'sent', sent_at = $1 WHERE state = 'queued' AND not_before <= $1",
                    self.clock.clock.now(),
                )
                await work.commit()
            await asyncio.sleep(0.005)

    async def sent(self) -> list[datetime]:
        async with self.database.work() as work:
            return [row["sent_at"] for row in await work.fetch("SELECT sent_at FROM message ORDER BY sent_at")]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with database.work() as work:
        await partitions.ensure(work.connection, START)
        await work.execute("INSERT INTO lane (name, channel, carrier, sender) VALUES ('l', 'sms', 'twilio', '1')")
        await work.commit()
    clock = TestClock(database, ShiftedClock())
    await clock.move_to(START)
    world = World(database, clock)
    sending = asyncio.create_task(world.send_due())
    yield world
    sending.cancel()


async def test_a_month_ahead_everything_leaves_at_its_own_time(world: World) -> None:
    mornings = [START + timedelta(days=days) for days in (1, 2, 20)]
    for morning in mornings:
        await world.queue(morning)
    now = await world.clock.move_to(START + timedelta(days=30))
    assert START + timedelta(days=30) <= now < START + timedelta(days=30, minutes=1)
    for sent, morning in zip(await world.sent(), mornings, strict=True):
        assert morning <= sent < morning + timedelta(seconds=30)


async def test_ticks_run_at_every_stop(world: World) -> None:
    stops: list[datetime] = []

    async def tick() -> None:
        stops.append(world.clock.clock.now())

    async def noon(_connection: Any, now: datetime) -> datetime | None:
        due = START + timedelta(hours=6)
        return due if now < due else None

    world.clock.listen_to(next_due=[noon], ticks=[tick])
    await world.clock.move_to(START + timedelta(days=1))
    assert any(START + timedelta(hours=6) <= stop < START + timedelta(hours=6, minutes=1) for stop in stops)


async def test_it_may_be_set_to_any_time_until_something_was_sent(world: World) -> None:
    await world.clock.move_to(START - timedelta(days=400))
    await world.queue(world.clock.clock.now())
    await world.clock.idle(5)
    with pytest.raises(Conflict, match="forward"):
        await world.clock.move_to(START - timedelta(days=800))
    await world.clock.move_to(START)


async def test_another_node_sees_the_same_time(world: World) -> None:
    other = TestClock(world.database, ShiftedClock())
    await other.refresh()
    assert abs(other.clock.now() - world.clock.clock.now()) < timedelta(seconds=5)


async def test_what_is_put_off_or_kept_back_is_no_work_in_progress(world: World) -> None:
    await world.queue(START + timedelta(hours=10))
    assert await world.clock.busy() == []
    async with world.database.work() as work:
        await work.execute(
            "INSERT INTO notice (id, kind, state, about, drafted_by, drafted_at)"
            " VALUES (gen_random_uuid(), 'arrears', 'approved', '{}', 'x', now())"
        )
        await work.commit()
    assert await world.clock.busy() == ["notices"]
    assert await world.clock.idle(0.05) == ["notices"]
