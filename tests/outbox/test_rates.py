"""A lane's rate over any number of nodes, by the clock on the wall: for a machine that has time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from gateway.kernel.database import Database
from gateway.outbox.carriers import Handover, Outcome
from tests.outbox.conftest import Crashes
from tests.outbox.world import World

pytestmark = [pytest.mark.crash, pytest.mark.timeout(120)]

RATE, SPAN = 120, 10.0


@pytest.fixture
async def second(database: Database) -> AsyncIterator[Database]:
    """The other node's connections."""
    second = Database(database.url, size=4)
    await second.start()
    yield second
    await second.close()


async def test_two_nodes_keep_a_rate_within_five_in_a_hundred_over_ten_seconds(
    database: Database, second: Database, crashes: Crashes
) -> None:
    """Every span of ten seconds, from the first hand-over on, holds the rate to 5 in a hundred."""
    if not crashes.thorough:
        pytest.skip("by the clock on the wall; `make crash-test` runs it")
    world = await World.make(database, rate=RATE, concurrency=64)
    await world.unlike(int(RATE * SPAN * 2))
    began: list[float] = []

    def script(_: Handover) -> Outcome | None:
        began.append(time.monotonic())
        return None

    world.carrier.script = script
    nodes = [await world.node(), await world.node(database=second)]
    # Longer than a lease lasts, so the nodes have to renew theirs as a running process does.
    leases = [asyncio.create_task(world.lease_of(node).run()) for node in nodes]
    await world.until(lambda: len(began) > RATE * SPAN * 1.6, patience=60)
    for lease in leases:
        lease.cancel()
    await asyncio.gather(*leases, return_exceptions=True)
    await world.end()
    spans = [sum(1 for at in began if start <= at < start + SPAN) for start in began if start + SPAN < began[-1]]
    assert len(spans) > RATE
    assert 0.95 * RATE * SPAN <= min(spans) <= max(spans) <= 1.05 * RATE * SPAN, (min(spans), max(spans))
