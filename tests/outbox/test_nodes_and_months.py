"""Leases of nodes, and the months of the message tables."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from gateway.kernel.database import Database
from gateway.kernel.ids import new_id
from gateway.outbox import nodes, partitions
from gateway.outbox.nodes import LEASE, Lease
from tests.outbox.world import NOON, World


async def test_a_lease_is_good_for_less_than_the_database_thinks(database: Database) -> None:
    lease = Lease(database, "dispatch")
    assert not lease.held
    await lease.renew()
    assert lease.held
    async with database.connection() as connection:
        left = await connection.fetchval(
            "SELECT extract(epoch FROM leased_until - clock_timestamp())::float8 FROM node"
        )
    assert lease._good_until - asyncio.get_running_loop().time() < left <= LEASE


async def test_a_lease_that_was_lost_is_taken_again(database: Database) -> None:
    lease = Lease(database, "dispatch")
    await lease.renew()
    async with database.connection() as connection:
        await connection.execute("UPDATE node SET leased_until = clock_timestamp() - interval '2 hours'")
        assert await nodes.reap(connection, NOON) == 0
        assert await connection.fetchval("SELECT count(*) FROM node") == 0
    await lease.renew()
    assert lease.held


async def test_a_lease_that_ends_leaves_nothing_behind(world: World) -> None:
    dispatcher = await world.node()
    lease = world.lease_of(dispatcher)

    async def written() -> bool:
        return bool(await world.sql("SELECT FROM lane_breaker"))

    await world.until(written)
    await dispatcher.stop(1)
    await lease.end()
    assert not lease.held
    assert await world.sql("SELECT FROM node") == await world.sql("SELECT FROM lane_breaker") == []


async def _months(database: Database, table: str = "message") -> set[str]:
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = $1::regclass",
            table,
        )
    return {row["relname"].removeprefix(f"{table}_") for row in rows}


async def test_months_are_made_ahead_and_once(own_database: Database) -> None:
    december = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    async with own_database.connection() as connection:
        await partitions.ensure(connection, december)
        await partitions.ensure(connection, december)
    for table in ("message", "message_account", "message_event"):
        assert await _months(own_database, table) == {"default", "p202512", "p202601", "p202602"}


async def test_a_message_lies_in_the_month_it_was_written_in(own_database: Database) -> None:
    world = await World.make(own_database)
    async with world.database.connection() as connection:
        await partitions.ensure(connection, NOON)
    last = datetime(2025, 3, 31, 23, 59, 59, 999000, tzinfo=UTC)
    march = await world.message(id=new_id(last))
    april = await world.message(id=new_id(last + timedelta(milliseconds=1)))
    rows = await world.sql("SELECT id, tableoid::regclass::text AS month FROM message")
    assert {row["id"]: row["month"] for row in rows} == {march: "message_p202503", april: "message_p202504"}


async def test_rows_that_came_before_their_month_was_made_stay_where_they_are(own_database: Database) -> None:
    world = await World.make(own_database)
    message = await world.message()
    async with world.database.connection() as connection:
        await partitions.ensure(connection, NOON)
    assert await _months(world.database) == {"default", "p202504", "p202505"}
    assert [one.id for one in (await world.claim()).claimed] == [message]


async def test_old_months_go_and_what_is_on_its_way_stays(own_database: Database) -> None:
    world = await World.make(own_database)
    async with world.database.connection() as connection:
        await partitions.ensure(connection, NOON, ahead=3)
        sent = await world.message(id=new_id(NOON))
        waits = await world.message(id=new_id(NOON + timedelta(days=31)))
        await connection.execute("UPDATE message SET state = 'sent' WHERE id = $1", sent)
        june = datetime(2025, 6, 1, tzinfo=UTC)
        assert await partitions.retire(connection, june, keep_months=1) == ["202503"]
        await connection.execute("UPDATE message SET state = 'sent' WHERE id = $1", waits)
        assert await partitions.retire(connection, june, keep_months=1) == ["202504"]
        assert await partitions.retire(connection, june, keep_months=1) == []
    assert await _months(world.database) == {"default", "p202505", "p202506"}
    assert await _months(world.database, "message_event") == {"default", "p202505", "p202506"}
