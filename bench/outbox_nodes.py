"""Two nodes against one, each bound by the carrier's latency and by how many calls it may have under way."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Final

from bench.figures import Figure
from bench.lab import Lab
from bench.outbox_drain import carrier, left, node, queue

_LATENCY: Final = 0.2
_IN_FLIGHT: Final = 64


async def run(lab: Lab) -> list[Figure]:
    """Drain a queue with one node and with two."""
    messages = lab.rows(full=4_000, quick=2_000)
    one, two = [messages / await _drained_by(lab, number, messages) for number in (1, 2)]
    return [
        Figure(
            name=f"two nodes draining {messages:,} messages",
            value=two,
            baseline=one,
            unit="messages/s",
            against="one node, 200 ms and 64 in flight each",
            at_least=1.9,
        )
    ]


async def _drained_by(lab: Lab, nodes: int, messages: int) -> float:
    async with carrier(_LATENCY) as address, lab.house() as house:
        await queue(house, messages)
        began = time.perf_counter()
        async with AsyncExitStack() as stack:
            for _ in range(nodes):
                await stack.enter_async_context(node(house, address, concurrency=_IN_FLIGHT))
            while await left(house):
                await asyncio.sleep(0.02)
            return time.perf_counter() - began
