"""Draining a queue while the carrier reports on each message twice: signed posts to a web node in a process of its
own, each committed before it is answered."""

from __future__ import annotations

import asyncio
import json
import time

from bench.figures import Figure
from bench.lab import Lab
from bench.outbox_drain import LATENCY, as_handed_over, bare, carrier, left, node, queue, reporting_carrier
from bench.serving import TOKEN, free_port, gateway

_PATIENCE = 240


async def run(lab: Lab) -> list[Figure]:
    """From the start of the dispatching node until the last message is settled and the last report acknowledged."""
    messages = lab.rows(full=20_000, quick=10_000)
    async with lab.house() as house, gateway(house.database.url, lab.directory, "web", port=free_port()) as (web, _):
        await queue(house, messages)
        handovers = await as_handed_over(house)
        async with carrier(LATENCY) as address:
            before = await bare(address, handovers)
        await lab.settle()
        async with reporting_carrier(LATENCY, TOKEN, messages) as (address, said):
            began = time.perf_counter()
            async with node(house, address, callback=f"{web}/webhooks/twilio/status"):
                reports = json.loads(await asyncio.wait_for(said.readline(), _PATIENCE))
                while await left(house):
                    await asyncio.sleep(0.05)
                taken = time.perf_counter() - began
        async with carrier(LATENCY) as address:
            after = await bare(address, handovers)
        async with house.database.connection() as connection:
            delivered = await connection.fetchval("SELECT count(*) FROM message WHERE state = 'delivered'")
    if reports["refused"] or delivered != messages:
        raise RuntimeError(f"{reports['refused']} reports refused, {delivered} of {messages} messages delivered")
    return [
        Figure(
            name=f"draining {messages:,} messages, each reported on twice",
            value=messages / taken,
            baseline=2 * messages / (before + after),
            unit="messages/s",
            against="a lean aiohttp loop, no database, no reports",
            at_least=0.40,
        )
    ]
