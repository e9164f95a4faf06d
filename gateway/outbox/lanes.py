"""Lanes: a channel and a sender with a rate and a concurrency, and the tokens that any number of nodes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Tokens that may pile up while a lane is idle, in seconds of its rate: what a burst may take at once.
BURST_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSpec:
    """A lane as the settings describe it."""

    name: str
    channel: str
    carrier: str
    sender: str
    rate: float
    concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """A lane as the database has it."""

    id: int
    name: str
    channel: str
    carrier: str
    rate: float
    concurrency: int


async def ensure(connection: Any, spec: LaneSpec) -> None:
    """Write the lane down, with the settings' figures."""
    await connection.execute(
        """INSERT INTO lane (name, channel, carrier, sender, rate, concurrency) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (name) DO UPDATE SET channel = excluded.channel, carrier = excluded.carrier,
             sender = excluded.sender, rate = excluded.rate, concurrency = excluded.concurrency""",
        spec.name,
        spec.channel,
        spec.carrier,
        spec.sender,
        spec.rate,
        spec.concurrency,
    )


async def enabled(connection: Any) -> list[LaneRow]:
    """The lanes that may send."""
    rows = await connection.fetch(
        "SELECT id, name, channel, carrier, rate, concurrency FROM lane WHERE enabled ORDER BY id"
    )
    return [LaneRow(**dict(row)) for row in rows]


async def take_tokens(connection: Any, lane: LaneRow, wanted: int) -> int:
    """Take up to `wanted` tokens in the claim's own transaction; how many there were.

    The lane's row stays locked until that transaction ends, so nodes take turns and together keep the rate.
    """
    if lane.rate <= 0:
        return wanted
    there: int = await connection.fetchval(
        """UPDATE lane SET
             tokens = least(greatest(1, rate * $2), tokens + rate * extract(epoch FROM clock_timestamp() - refilled_at)),
             refilled_at = clock_timestamp()
           WHERE id = $1 RETURNING floor(tokens)::int""",
        lane.id,
        BURST_SECONDS,
    )
    return min(there, wanted)


async def spend_tokens(connection: Any, lane: LaneRow, spent: int) -> None:
    """Take what a claim used; what it did not use stays."""
    if lane.rate > 0 and spent:
        await connection.execute("UPDATE lane SET tokens = tokens - $2 WHERE id = $1", lane.id, spent)
