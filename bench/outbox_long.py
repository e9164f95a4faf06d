"""Draining a long queue in one go: the last quarter of it against the first."""

from __future__ import annotations

from bench.figures import Figure
from bench.lab import Lab
from bench.outbox_drain import LATENCY, carrier, drain, queue

ONCE = True

#: Messages by the moment at which the carrier took them: how long the first and the last quarter of them took. The
#: last hundredth is left out: there is too little left by then to keep 512 in flight.
_QUARTERS = """
WITH first AS (
  SELECT sent_at FROM message ORDER BY sent_at LIMIT (SELECT count(*) * 99 / 100 FROM message)
), taken AS (SELECT extract(epoch FROM sent_at) AS at, ntile(4) OVER (ORDER BY sent_at) AS quarter FROM first)
SELECT max(at) FILTER (WHERE quarter = 1) - min(at), max(at) - min(at) FILTER (WHERE quarter = 4) FROM taken
"""


async def run(lab: Lab) -> list[Figure]:
    """512 in flight, the carrier taking 50 ms."""
    messages = lab.rows(full=200_000, quick=40_000)
    async with carrier(LATENCY) as address, lab.house() as house:
        await queue(house, messages)
        await lab.settle()
        await drain(house, address, messages)
        async with house.database.connection() as connection:
            first, last = await connection.fetchrow(_QUARTERS)
    return [
        Figure(
            name=f"the last quarter of {messages:,} messages",
            value=messages * 0.99 / 4 / float(last),
            baseline=messages * 0.99 / 4 / float(first),
            unit="messages/s",
            against="the first quarter",
            at_least=0.9,
        )
    ]
