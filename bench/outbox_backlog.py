"""A dispatching node with a bulk notice queued: how much memory it holds, and how long a code waits behind it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bench.child import peak
from bench.figures import Figure
from bench.lab import Lab
from bench.outbox_claims import fill
from bench.outbox_drain import LATENCY, carrier
from bench.serving import free_port, gateway

ONCE = True

_CODES = 40
_SECONDS_BETWEEN = 0.25
_PATIENCE = 60


async def run(lab: Lab) -> list[Figure]:
    """`lamplighter serve` with the role dispatch, at full speed; a verification code four times a second."""
    queued = lab.rows(full=1_000_000, quick=300_000)
    async with lab.house() as house, carrier(LATENCY) as address:
        async with house.database.connection() as connection:
            await fill(connection, house.clock.now(), queued=queued)
        await lab.settle()
        async with gateway(house.database.url, lab.directory, "dispatch", port=free_port(), carrier=address) as (
            _,
            pid,
        ):
            waits = [await _wait_of(house, number) for number in range(_CODES)]
            memory = peak(pid)
        async with house.database.connection() as connection:
            left = await connection.fetchval("SELECT count(*) FROM message WHERE state = 'queued'")
    if not left:
        raise RuntimeError("the notice was through before the last code was sent")
    print(f"{queued - left:,} of {queued:,} went out meanwhile", flush=True)
    return [
        Figure(
            name=f"memory of a node with {queued:,} queued", value=memory, baseline=250, unit="MB",
            against="what is allowed", at_most=1,
        ),
        Figure(
            name=f"the longest wait of {_CODES} codes behind them", value=max(waits) * 1000, baseline=2000, unit="ms",
            against="what is allowed, the carrier's 50 ms included", at_most=1,
        ),
    ]  # fmt: skip


async def _wait_of(house: Any, number: int) -> float:
    """Seconds from the commit of a code until the carrier has it."""
    from gateway.kernel.ids import new_id
    from gateway.outbox import NewMessage, insert

    await asyncio.sleep(_SECONDS_BETWEEN)
    now = datetime.now(UTC)
    id_: UUID = new_id(now)
    async with house.database.work() as work:
        point = await work.value("SELECT id FROM contact_point ORDER BY id DESC OFFSET $1 LIMIT 1", number)
        code = NewMessage(
            id=id_, kind="verification", klass="V", purpose="service", template="verification", template_version="1",
            body=f"验证码{number:06}，10分钟内有效。", segments=1, created_at=now, not_before=now, hours="any",
            zone="Asia/Shanghai", to_address=f"+8613520{number:06}", contact_point_id=point,
            expires_at=now + timedelta(minutes=30),
        )  # fmt: skip
        await insert(work.connection, [code])
        await work.commit()
    began = time.time()
    async with asyncio.timeout(_PATIENCE):
        while True:
            async with house.database.connection() as connection:
                sent = await connection.fetchval("SELECT extract(epoch FROM sent_at) FROM message WHERE id = $1", id_)
            if sent is not None:
                return float(sent) - began
            await asyncio.sleep(0.02)
