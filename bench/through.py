"""Taking single messages in over HTTP and delivering them at the same time, in two processes: one for the web, one
that dispatches."""

from __future__ import annotations

import asyncio
import time

from bench.accepting import CALLERS
from bench.figures import Figure
from bench.lab import Lab
from bench.outbox_drain import LATENCY, as_handed_over, bare, carrier, left
from bench.serving import at_noon, called, free_port, gateway

#: The speed of the machine changes within seconds: the gateway and the bare loop deliver in turns.
_TURNS = 3


async def run(lab: Lab) -> list[Figure]:
    """From the first call until the last message is with the carrier; and what the callers wait meanwhile."""
    messages = lab.rows(full=60_000, quick=30_000)
    share = messages // _TURNS
    taken = alone = 0.0
    waits: list[float] = []
    async with carrier(LATENCY) as address:
        async with lab.database() as url, gateway(url, lab.directory, "web", port=free_port()) as (web, _):
            await at_noon(web)
            await called("single", web, 1000, CALLERS)
            rest = await called("single", web, share, CALLERS, first=1000)
        async with lab.house() as house:
            port = free_port()
            async with (
                gateway(house.database.url, lab.directory, "web", port=port) as (web, _),
                gateway(house.database.url, lab.directory, "dispatch", port=port, carrier=address),
            ):
                await at_noon(web)
                await called("single", web, 1000, CALLERS)
                for turn in range(_TURNS):
                    await lab.settle()
                    busy = await called("single", web, share, CALLERS, first=1000 + turn * share)
                    while await left(house):
                        await asyncio.sleep(0.05)
                    taken += time.monotonic() - busy["began"]
                    waits.append(busy["p99"])
                    await lab.settle()
                    alone += await bare(address, (await as_handed_over(house))[-share:])
    return [
        Figure(
            name=f"taking and delivering {messages:,} messages",
            value=messages / taken,
            baseline=messages / alone,
            unit="messages/s",
            against="a lean aiohttp loop that only delivers",
            at_least=0.60,
        ),
        Figure(
            name="99th percentile of taking one in meanwhile",
            value=sum(waits) / _TURNS,
            baseline=rest["p99"],
            unit="ms",
            against=f"without delivering, {CALLERS} callers too",
            at_most=3,
        ),
    ]
