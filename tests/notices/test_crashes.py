"""`kill -9` at moments of chance while a notice is composed: no recipient left out, none told twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from gateway.house import House
from gateway.kernel.database import Database
from gateway.kernel.settings import Settings
from gateway.notices import Wording
from gateway.outbox import partitions
from tests.notices.conftest import MORNING, SteadyClock, Town

pytestmark = pytest.mark.process

ACCOUNTS = 2_000
#: Three accounts in four have a number of their own; each fourth shares its neighbour's. Every fiftieth has refused.
_PEOPLE = (
    "INSERT INTO customer (name) SELECT '王' || i FROM generate_series(1, $1::int) i",
    "INSERT INTO premise (address) SELECT '东湖区' || i || '号' FROM generate_series(1, $1::int) i",
    """INSERT INTO account (account_no, customer_id, premise_id, holder_name)
       SELECT (4100000000 + i)::text, i, i, '王' || i FROM generate_series(1, $1::int) i""",
    """INSERT INTO contact_point (kind, address, line)
       SELECT 'phone', '+86138' || lpad(i::text, 8, '0'), 'mobile' FROM generate_series(1, $1::int) i""",
    """INSERT INTO contact_link (account_id, contact_point_id, role, is_default)
       SELECT i, (i - (i % 4 = 0)::int)::bigint * 7919 % $1 + 1, 'holder', true FROM generate_series(1, $1::int) i""",
    """INSERT INTO opt_out (contact_point_id, purpose, at, source)
       SELECT i, 'billing', now(), 'test' FROM generate_series(1, $1::int, 50) i""",
)
_BILLS = """
INSERT INTO bill (account_id, billing_month, amount, due_date, overdue)
SELECT i, '202510', i % 1000 + 10.5, '2025-10-25', $2 FROM generate_series(1, $1::int) i
"""


async def fill(url: str, *, overdue: bool) -> None:
    connection = await asyncpg.connect(url)
    for statement in _PEOPLE:
        await connection.execute(statement, ACCOUNTS)
    await connection.execute(_BILLS, ACCOUNTS, overdue)
    await partitions.ensure(connection, MORNING)
    await connection.execute("ANALYZE")
    await connection.close()


class Composing:
    """Composes in processes of their own, one after another."""

    def __init__(self, mother: asyncio.subprocess.Process) -> None:
        self._mother = mother

    async def begin(self, url: str, notice: UUID) -> int:
        """Begin to compose; the number of the process that does."""
        assert self._mother.stdin is not None
        self._mother.stdin.write(f"{url} {notice}\n".encode())
        return int(await self._told())

    async def ended(self) -> int:
        """How it ended."""
        word, status = (await self._told()).split()
        assert word == b"ended"
        return int(status)

    async def _told(self) -> bytes:
        assert self._mother.stdout is not None
        async with asyncio.timeout(100):
            return await self._mother.stdout.readline()

    async def killed_at(self, url: str, notice: UUID, point: int) -> None:
        """Kill it once `point` rows were found or, beyond all of them, composed."""
        process = await self.begin(url, notice)
        connection = await asyncpg.connect(url)
        async with asyncio.timeout(100):
            while await connection.fetchval("SELECT audience + composed FROM notice WHERE id = $1", notice) < point:
                await asyncio.sleep(0.001)
        await asyncio.sleep(random.random() * 0.02)
        os.kill(process, signal.SIGKILL)
        assert await self.ended() == signal.SIGKILL
        await connection.close()


@pytest.fixture(scope="module")
async def composing() -> AsyncIterator[Composing]:
    """What processes are forked from."""
    mother = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.notices.composing_process", stdin=PIPE, stdout=PIPE
    )
    yield Composing(mother)
    mother.terminate()
    await mother.wait()


@pytest.mark.parametrize(("kind", "kills"), [("arrears", 4), ("bill", 2)])
async def test_killed_at_any_row(composing: Composing, new_database_url: str, kind: str, kills: int) -> None:
    await fill(new_database_url, overdue=kind == "arrears")
    database = Database(new_database_url, size=4)
    await database.start()
    clock = SteadyClock(MORNING)
    town = Town(House(Settings(_env_file=None), database, clock, Wording.load()), clock, database)
    notice = await town.draft(kind)
    await town.approve(notice)
    points = sorted(random.sample(range(1, 2 * ACCOUNTS - 100), kills))
    for point in points:
        await composing.killed_at(new_database_url, notice, point)
    await composing.begin(new_database_url, notice)
    assert await composing.ended() == 0

    row = await town.row(notice)
    assert (row["state"], row["audience"], row["composed"]) == ("sending", ACCOUNTS, ACCOUNTS), points
    messages = await town.messages(notice)
    assert Counter(account for message in messages for account in message["accounts"]) == {
        f"{4100000000 + number}": 1 for number in range(1, ACCOUNTS + 1)
    }, points
    queued = Counter(message["contact_point_id"] for message in messages if message["state"] == "queued")
    if kind == "arrears":
        assert set(queued.values()) == {1} and any(len(message["accounts"]) == 2 for message in messages)
    assert {message["withheld_reason"] for message in messages if message["state"] == "withheld"} == {"opted_out"}
    async with database.work() as work:
        assert await work.value("SELECT count(*) FROM notice_recipient") == 0
    await database.close()
