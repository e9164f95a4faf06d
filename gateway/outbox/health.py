"""Lanes as people watch them: what each carries, what its carrier's breaker says on each living node, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.database import driver

_LANES: Final = """
SELECT id, name, channel, carrier, sender, rate, concurrency, rank, enabled, approved_templates
FROM lane ORDER BY channel, rank, id
"""
_BREAKERS: Final = """
SELECT b.lane_id, b.state, b.since, b.reason FROM lane_breaker b
JOIN node ON node.id = b.node_id AND node.leased_until > clock_timestamp() ORDER BY b.lane_id, b.since
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSeen:
    """What a living node thinks of a lane's carrier: `closed` is well, `open` hands nothing over."""

    state: str
    since: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSeen:
    """A lane. `rate` is messages a second over all nodes, 0 without limit; `rank` 0 is the first choice."""

    name: str
    channel: str
    carrier: str
    sender: str
    rate: float
    concurrency: int
    rank: int
    enabled: bool
    approved_templates: bool
    breakers: list[BreakerSeen]

    @property
    def health(self) -> str:
        """The worst that a node says; `off` where it may not send, `idle` where no node speaks for it."""
        said = {breaker.state for breaker in self.breakers}
        if not self.enabled:
            return "off"
        return next((state for state in ("open", "half_open", "closed") if state in said), "idle")


async def lanes(session: AsyncSession) -> list[LaneSeen]:
    """Every lane, by channel and rank."""
    connection = await driver(session)
    said = await connection.fetch(_BREAKERS)
    return [
        LaneSeen(
            **{name: row[name] for name in LaneSeen.__slots__ if name != "breakers"},
            breakers=[
                BreakerSeen(state=one["state"], since=one["since"], reason=one["reason"])
                for one in said
                if one["lane_id"] == row["id"]
            ],
        )
        for row in await connection.fetch(_LANES)
    ]
