"""Lanes: a channel and a sender with a rate and a concurrency, and the tokens that any number of nodes share.

Tokens are taken in the statement that claims (`gateway.outbox.claiming`), by the database's own time, so any
number of nodes together keep a lane's rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

#: Tokens that may pile up while a lane is idle, in seconds of its rate, and the fewest that may: what a burst
#: may take at once, and what may wait for a node that looks a little late.
BURST_SECONDS: Final = 0.2
FEWEST_TOKENS: Final = 1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSpec:
    """A lane as the settings describe it."""

    name: str
    channel: str
    carrier: str
    sender: str
    #: Messages a second over all nodes; 0 is without limit.
    rate: float
    #: Hand-overs in flight for one node.
    concurrency: int
    #: 0 is the first choice; a higher rank takes over while every lower one of its channel is in trouble.
    rank: int = 0
    #: Whether the carrier takes texts alone that it has approved.
    approved_templates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """A lane as the database has it."""

    id: int
    name: str
    channel: str
    carrier: str
    rate: float
    concurrency: int
    rank: int = 0
    approved_templates: bool = False


async def ensure(connection: Any, spec: LaneSpec) -> None:
    """Write the lane down, with the settings' figures. Whether it is enabled is left as it was."""
    await connection.execute(
        """INSERT INTO lane (name, channel, carrier, sender, rate, concurrency, rank, approved_templates)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (name) DO UPDATE SET channel = excluded.channel, carrier = excluded.carrier,
             sender = excluded.sender, rate = excluded.rate, concurrency = excluded.concurrency,
             rank = excluded.rank, approved_templates = excluded.approved_templates""",
        spec.name,
        spec.channel,
        spec.carrier,
        spec.sender,
        spec.rate,
        spec.concurrency,
        spec.rank,
        spec.approved_templates,
    )


async def enabled(connection: Any) -> list[LaneRow]:
    """The lanes that may send."""
    rows = await connection.fetch(
        """SELECT id, name, channel, carrier, rate, concurrency, rank, approved_templates
           FROM lane WHERE enabled ORDER BY id"""
    )
    return [LaneRow(**dict(row)) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRow:
    """What one node thinks of one lane."""

    lane: str
    node: str
    state: str
    since: Any
    reason: str | None


async def breakers(connection: Any) -> list[BreakerRow]:
    """Every lane's breaker on every living node, troubled ones first."""
    rows = await connection.fetch(
        """SELECT lane.name AS lane, b.node_id::text AS node, b.state, b.since, b.reason
           FROM lane_breaker b JOIN lane ON lane.id = b.lane_id
           JOIN node ON node.id = b.node_id AND node.leased_until > clock_timestamp()
           ORDER BY b.state = 'closed', lane.name, b.since"""
    )
    return [BreakerRow(**dict(row)) for row in rows]


async def write_breaker(connection: Any, lane: LaneRow, node: Any, state: str, reason: str) -> None:
    """Write down what a node thinks of a lane."""
    await connection.execute(
        """INSERT INTO lane_breaker (lane_id, node_id, state, reason) VALUES ($1, $2, $3, nullif($4, ''))
           ON CONFLICT (lane_id, node_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
             since = CASE WHEN lane_breaker.state = excluded.state THEN lane_breaker.since
                          ELSE clock_timestamp() END""",
        lane.id,
        node,
        state,
        reason,
    )


async def take(connection: Any, name: str) -> float:
    """Take one of a lane's tokens for what is sent beside the queue: 0, or the seconds until there may be one."""
    wait = await connection.fetchval(
        f"""WITH pace AS (
             SELECT id, rate, least(greatest({FEWEST_TOKENS}, rate * {BURST_SECONDS}),
                                    tokens + rate * extract(epoch FROM at - refilled_at)) AS tokens, at
             FROM lane, clock_timestamp() AS at WHERE name = $1 AND rate > 0 FOR UPDATE OF lane
           ), taken AS (
             UPDATE lane SET tokens = pace.tokens - 1, refilled_at = pace.at FROM pace
             WHERE lane.id = pace.id AND pace.tokens >= 1)
           SELECT CASE WHEN tokens >= 1 THEN 0 ELSE greatest(0.01, (1 - tokens) / rate) END::float8 FROM pace""",
        name,
    )
    return float(wait or 0)
