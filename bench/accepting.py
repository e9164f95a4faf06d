"""Taking messages in over HTTP, each committed before it is answered, against a handler that only answers 202; and
in batches, against raw COPY of the rows that are in the tables afterwards."""

from __future__ import annotations

from bench.figures import Figure
from bench.lab import Lab
from bench.load import BATCH
from bench.serving import at_noon, bare_server, called, free_port, gateway

#: Callers at once.
CALLERS = 64
_BATCHES_AT_ONCE = 4
#: The speed of the machine changes within seconds: the gateway and the bare handler are called in turns.
_TURNS = 6


async def run(lab: Lab) -> list[Figure]:
    """Single messages, then batches of a hundred."""
    return [await _single(lab), await _batches(lab)]


async def _single(lab: Lab) -> Figure:
    messages = lab.rows(full=120_000, quick=48_000)
    share = messages // _TURNS
    async with (
        bare_server() as bare,
        lab.database() as url,
        gateway(url, lab.directory, "web", port=free_port()) as (address, _),
    ):
        await at_noon(address)
        await called("single", bare, share, CALLERS)
        await called("single", address, share, CALLERS)
        await lab.settle()
        answered = [await called("single", bare, share, CALLERS)]
        taken = []
        for turn in range(1, _TURNS + 1):
            taken.append(await called("single", address, share, CALLERS, first=turn * share))
            # What the database has still to do for the gateway is not the bare handler's to wait for.
            await lab.settle()
            answered.append(await called("single", bare, share, CALLERS))
    median, slowest = sorted(one["median"] for one in taken)[_TURNS // 2], max(one["p99"] for one in taken)
    print(f"single messages: median {median:.1f} ms, 99th percentile of a turn up to {slowest:.1f} ms", flush=True)
    return Figure(
        name=f"POST /messages, {messages:,} one by one",
        value=messages / sum(one["seconds"] for one in taken),
        baseline=len(answered) * share / sum(one["seconds"] for one in answered),
        unit="messages/s",
        against="a bare aiohttp handler that answers 202",
        at_least=0.30,
    )


async def _batches(lab: Lab) -> Figure:
    messages = lab.rows(full=50_000, quick=10_000)
    async with lab.house() as house:
        url = house.database.url
        async with gateway(url, lab.directory, "web", port=free_port()) as (address, _):
            await at_noon(address)
            await called("batch", address, 1000, _BATCHES_AT_ONCE)
            async with house.database.connection() as connection:
                await connection.execute("TRUNCATE message, message_account, contact_point CASCADE")
            await lab.settle()
            taken = await called("batch", address, messages, _BATCHES_AT_ONCE)
        async with house.database.connection() as connection:
            rows, seconds = await lab.raw_copy(connection, ["message", "message_account", "contact_point"])
    print(f"batches of {BATCH}: {rows:,} rows of {messages:,} messages", flush=True)
    return Figure(
        name=f"POST /messages/batch, {messages:,} by the hundred",
        value=messages / taken["seconds"],
        baseline=messages / seconds,
        unit="messages/s",
        against="raw COPY of the same rows",
        at_least=0.08,
    )
