"""Two nodes with pools and leases of their own race for one queue, and a stop comes in the middle."""

from __future__ import annotations

import asyncio
import random
import time
from uuid import UUID

import pytest

from gateway.kernel.database import Database
from gateway.outbox import nodes, stop_grounds, stop_links
from gateway.outbox.carriers import Handover, Outcome, Unknown
from gateway.outbox.doubt import Resolver
from gateway.outbox.messages import AccountPart
from tests.outbox.world import World


async def _other(database: Database) -> Database:
    other = Database(database.url, size=4)
    await other.start()
    return other


@pytest.mark.parametrize("seed", range(3))
async def test_a_stop_in_the_middle_of_two_nodes_at_work(database: Database, seed: int) -> None:
    """Half of the texts are stopped at a moment of chance: from one second after, none of them begins."""
    world = await World.make(database, concurrency=8)
    draw = random.Random(seed)
    contact = await world.contact()
    link = await world.link(contact[0])
    part = AccountPart(link.account_id, link.account_no, link.link_id, "bill:stopped")
    stopped = set(await world.messages(150, contact=contact, accounts=[part]))
    await world.sql("UPDATE message SET body = id::text")
    # One ground would keep them in order, one after the other: each has its own, and all end together.
    await world.sql("UPDATE message_account SET ground = 'bill:' || id")
    others = set(await world.messages(150))
    began: dict[UUID, float] = {}

    def script(handover: Handover) -> Outcome | None:
        began[handover.message_id] = time.monotonic()
        return None

    world.carrier.script = script
    second = await _other(database)
    await world.node()
    await world.node(database=second)
    await world.until(lambda: len(began) > draw.randrange(40))
    async with database.work() as work:
        if draw.random() < 0.5:
            await stop_grounds(work.connection, [f"bill:{id_}" for id_ in stopped], reason="paid", at=world.clock.now())
        else:
            await work.execute("UPDATE contact_link SET state = 'revoked'")
            assert part.link_id is not None
            at = world.clock.now()
            await stop_links(work.connection, [part.link_id], reason="revoked", at=at, words="wrong number")
        await work.commit()
    committed = time.monotonic()
    await world.settled("sent", "withheld")
    late = [began[message] - committed for message in stopped & began.keys()]
    assert max(late, default=0) < 1
    assert others <= began.keys()
    assert set(world.carrier.times.values()) == {1}
    states = await world.states()
    assert states["sent"] == len(began) and states["withheld"] == 300 - len(began)
    await world.end()
    await second.close()


@pytest.mark.parametrize("seed", range(3))
async def test_a_node_that_dies_at_any_moment_loses_and_repeats_nothing(database: Database, seed: int) -> None:
    """One of two nodes ends without a word; half of the calls under way were taken. Look-ups settle them."""
    world = await World.make(database, concurrency=8)
    draw = random.Random(seed)
    written = await world.messages(120)

    def script(_: Handover) -> Outcome | None:
        return Unknown(why="TimeoutError") if draw.random() < 0.1 else None

    world.carrier.script = script
    world.carrier.takes_unknown = True
    second = await _other(database)
    doomed = await world.node(database=second)
    await world.node()
    await world.until(lambda: len(world.carrier.handed) > draw.randrange(20, 90))
    await world.kill(doomed)
    await second.close()
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE node SET leased_until = now() - interval '1 minute' WHERE id = $1", doomed._lease.id
        )
        await nodes.reap(connection, world.clock.now())
    resolver = Resolver(database, world.clock, {"twilio": world.carrier}, grace=0.2)

    async def at_rest() -> bool:
        await resolver.round()
        world.clock.move(seconds=30)
        return await world.states() == {"sent": 120}

    await world.until(at_rest)
    assert world.carrier.times == dict.fromkeys(written, 1)
    await world.end()


async def test_many_nodes_together_keep_a_rate(database: Database) -> None:
    """Six nodes, each of which could send everything at once; the database counts for all of them."""
    world = await World.make(database, rate=100, concurrency=64)
    await world.messages(400)
    pools = [await _other(database) for _ in range(3)]
    for pool in pools:
        await world.node(database=pool)
    await world.until(lambda: len(world.carrier.handed) >= 20)
    began = time.monotonic()
    already = len(world.carrier.handed)
    await asyncio.sleep(2)
    sent, took = len(world.carrier.handed) - already, time.monotonic() - began
    await world.end()
    for pool in pools:
        await pool.close()
    # What a burst may take comes on top, once.
    assert 0.9 * 100 * took - 20 <= sent <= 1.05 * 100 * took + 20
