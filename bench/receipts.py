"""Taking in what the carrier reports, signed, and committed before it is answered, against a handler that only
answers."""

from __future__ import annotations

from bench.figures import Figure
from bench.lab import Lab
from bench.outbox_drain import queue
from bench.serving import bare_server, called, free_port, gateway

_CALLERS = 64


async def run(lab: Lab) -> list[Figure]:
    """Two reports on each message."""
    messages = lab.rows(full=15_000, quick=5_000)
    async with bare_server() as bare, lab.house() as house:
        await queue(house, messages)
        async with house.database.connection() as connection:
            ids = [
                row["id"]
                for row in await connection.fetch(
                    "UPDATE message SET state = 'sending', attempts = 1, claimed_at = created_at RETURNING id"
                )
            ]
            await connection.execute("VACUUM ANALYZE message")
        await called("status", bare, 0, _CALLERS, ids[:500])
        before = await called("status", bare, 0, _CALLERS, ids)
        async with gateway(house.database.url, lab.directory, "web", port=free_port()) as (address, _):
            await lab.settle()
            taken = await called("status", address, 0, _CALLERS, ids)
        after = await called("status", bare, 0, _CALLERS, ids)
        async with house.database.connection() as connection:
            delivered = await connection.fetchval("SELECT count(*) FROM message WHERE state = 'delivered'")
    if delivered != messages:
        raise RuntimeError(f"{delivered} of {messages} messages are delivered")
    return [
        Figure(
            name=f"{2 * messages:,} status posts",
            value=2 * messages / taken["seconds"],
            baseline=4 * messages / (before["seconds"] + after["seconds"]),
            unit="posts/s",
            against="a bare aiohttp handler that answers 204",
            at_least=0.30,
        )
    ]
