"""Draining a queue of messages to a carrier against a bare loop that posts the same requests without a database."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from bench.figures import Figure
from bench.lab import Lab

if TYPE_CHECKING:
    from gateway.house import House
    from gateway.outbox.carriers import Handover

LATENCY: Final = 0.05
IN_FLIGHT: Final = 512
_ACCOUNT, _TOKEN, _SENDER = "AC" + "0" * 32, "token", "10690000"
_CALLBACK: Final = "http://127.0.0.1:1/webhooks/twilio/status"

_TEXT: Final = "【国网供电】尊敬的客户，您户号{}2025年10月电费86.40元未交，请于25日前交费。详询95598，回复9退订。"


async def run(lab: Lab) -> list[Figure]:
    """Drain the queue with 512 in flight, the carrier taking 50 ms."""
    messages = lab.rows(full=20_000, quick=20_000)
    async with carrier(LATENCY) as address, lab.house() as house:
        await queue(house, messages)
        handovers = await as_handed_over(house)
        await bare(address, handovers[:2000])
        before = await bare(address, handovers)
        await lab.settle()
        taken = await drain(house, address, messages)
        after = await bare(address, handovers)
    return [
        Figure(
            name=f"draining {messages:,} messages",
            value=messages / taken,
            baseline=2 * messages / (before + after),
            unit="messages/s",
            against="a lean aiohttp loop, no database",
            at_least=0.75,
        )
    ]


@asynccontextmanager
async def carrier(latency: float) -> AsyncIterator[str]:
    """The address of a carrier in a process of its own."""
    async with reporting_carrier(latency) as (address, _):
        yield address


@asynccontextmanager
async def reporting_carrier(latency: float, *reports: object) -> AsyncIterator[tuple[str, asyncio.StreamReader]]:
    """The same, and what it prints. `reports` are a token and the number of messages that it reports on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.outbox_carrier", str(latency), *map(str, reports), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}", process.stdout
    finally:
        process.kill()
        await process.wait()


async def queue(house: House, messages: int) -> None:
    """Queue so many messages of one notice, due now: a number each, and a text each as long as an arrears notice."""
    from gateway.kernel.ids import new_id
    from gateway.outbox import NewMessage, insert

    now = datetime.now(UTC)
    notice = new_id(now)
    async with house.database.work() as work:
        points = await work.fetch(
            """INSERT INTO contact_point (address)
               SELECT '+86' || (13800000000 + i) FROM generate_series(1, $1::int) i RETURNING id, address""",
            messages,
        )
        await insert(
            work.connection,
            [
                NewMessage(
                    id=new_id(now), kind="arrears", klass="N", purpose="billing", template="arrears_first",
                    template_version="1", body=_TEXT.format(address), segments=1, created_at=now, not_before=now,
                    hours="any", zone="Asia/Shanghai", to_address=address, contact_point_id=point, notice_id=notice,
                    expires_at=now + timedelta(days=2),
                )
                for point, address in points
            ],
        )  # fmt: skip
        await work.commit()
    async with house.database.connection() as connection:
        await connection.execute("VACUUM ANALYZE", timeout=900)


async def as_handed_over(house: House) -> list[Handover]:
    from gateway.outbox.carriers import Handover

    async with house.database.connection() as connection:
        rows = await connection.fetch("SELECT id, to_address, body FROM message ORDER BY id")
    return [Handover(message_id=id_, to=to, body=body, status_callback=f"{_CALLBACK}/{id_}") for id_, to, body in rows]


async def bare(address: str, handovers: list[Handover]) -> float:
    """Post the same requests with one session, constant headers and no cookies; the seconds that took."""
    import aiohttp
    from yarl import URL

    from gateway.channels.twilio import form_value

    url = URL(f"{address}/2010-04-01/Accounts/{_ACCOUNT}/Messages.json", encoded=True)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic QUM6dG9rZW4="}
    waiting = iter(handovers)

    async def post(session: aiohttp.ClientSession) -> None:
        for one in waiting:
            form = b"To=%s&StatusCallback=%s&From=10690000&Body=%s" % (
                form_value(one.to),
                form_value(one.status_callback),
                form_value(one.body),
            )
            async with session.post(url, data=form, headers=headers, allow_redirects=False) as response:
                await response.read()

    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:
        began = time.perf_counter()
        await asyncio.gather(*(post(session) for _ in range(IN_FLIGHT)))
        return time.perf_counter() - began


@asynccontextmanager
async def node(
    house: House, address: str, *, concurrency: int = IN_FLIGHT, callback: str = _CALLBACK
) -> AsyncIterator[Any]:
    """A dispatching node over the house's database, its lane pointed at `address`."""
    from gateway.channels.twilio import TwilioChannel
    from gateway.outbox import lanes
    from gateway.outbox.dispatcher import Dispatcher, Wiring
    from gateway.outbox.lanes import LaneSpec
    from gateway.outbox.nodes import Lease

    channel = TwilioChannel(
        account_sid=_ACCOUNT, auth_token=_TOKEN, sender=_SENDER, base_url=address, concurrency=concurrency, timeout=15
    )
    await channel.start()
    async with house.database.connection() as connection:
        await lanes.ensure(
            connection,
            LaneSpec(name="bench", channel="sms", carrier="twilio", sender=_SENDER, rate=0, concurrency=concurrency),
        )
    lease = Lease(house.database, "dispatch")
    await lease.renew()
    wiring = Wiring(channels={"twilio": channel}, callbacks={"twilio": callback}, region="CN")
    dispatcher = Dispatcher(house.database, house.clock, lease, wiring)
    tasks = [asyncio.create_task(lease.run()), asyncio.create_task(dispatcher.run())]
    try:
        yield dispatcher
    finally:
        await dispatcher.stop(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await lease.end()
        await channel.close()


async def drain(house: House, address: str, messages: int) -> float:
    """Seconds from the start of a node until the last message is settled."""
    began = time.perf_counter()
    async with node(house, address):
        while await left(house):
            await asyncio.sleep(0.05)
        taken = time.perf_counter() - began
    async with house.database.connection() as connection:
        sent = await connection.fetchval("SELECT count(*) FROM message WHERE state = 'sent'")
    if sent != messages:
        raise RuntimeError(f"{sent} of {messages} messages were sent")
    return taken


async def left(house: House) -> bool:
    """Whether anything is queued or under way; two looks at indexes, no count."""
    async with house.database.connection() as connection:
        found: bool = await connection.fetchval(
            """SELECT EXISTS (SELECT 1 FROM message WHERE state = 'sending')
                   OR EXISTS (SELECT 1 FROM message WHERE state = 'queued' AND NOT held)"""
        )
    return found
