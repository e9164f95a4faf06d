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


async def run(lab: Lab) -> list[Figure]:
    """From the first call until the last message is with the carrier; and what the callers wait meanwhile."""
    messages = lab.rows(full=20_000, quick=10_000)
    async with carrier(LATENCY) as address:
        async with lab.database() as url, gateway(url, lab.directory, "web", port=free_port()) as (web, _):
            await at_noon(web)
            await called("single", web, 1000, CALLERS)
            rest = await called("single", web, messages, CALLERS)
        async with lab.house() as house:
            port = free_port()
            async with (
                gateway(house.database.url, lab.directory, "web", port=port) as (web, _),
                gateway(house.database.url, lab.directory, "dispatch", port=port, carrier=address),
            ):
                await at_noon(web)
                await called("single", web, 1000, CALLERS)
                await lab.settle()
                busy = await called("single", web, messages, CALLERS)
                while await left(house):
                    await asyncio.sleep(0.05)
                taken = time.monotonic() - busy["began"]
            handovers = (await as_handed_over(house))[:messages]
        baseline = messages / await bare(address, handovers)
    return [
        Figure(
            name=f"taking and delivering {messages:,} messages",
            value=messages / taken,
            baseline=baseline,
            unit="messages/s",
            against="a lean aiohttp loop that only delivers",
            at_least=0.60,
        ),
        Figure(
            name="99th percentile of taking one in meanwhile",
            value=busy["p99"],
            baseline=rest["p99"],
            unit="ms",
            against=f"without delivering, {CALLERS} callers too",
            at_most=3,
        ),
    ]
