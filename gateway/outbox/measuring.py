"""How the outbox stands, for people who watch it: read within bounds, however many rows there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.kernel.database import Database
from gateway.outbox.streams import DEPTH
from gateway.outbox.tables import PRIORITIES

#: Rows counted of one notice, and of what is in doubt; where there are more, the figure stands still.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The outbox at one moment."""

    #: Texts due, and the seconds that the first has been due, by channel and priority.
    due: Mapping[tuple[str, int], int]
    waited: Mapping[tuple[str, int], float]
    uncertain: int
    #: Whether a lane may send.
    enabled: Mapping[str, bool]
    #: Living nodes by lane and what they think of it (`closed`, `open`, `half_open`).
    breakers: Mapping[tuple[str, str], int]
    nodes: int


async def measure(database: Database, now: datetime) -> Measures:
    """Read how the outbox stands at `now`, the Clock's."""
    due: dict[tuple[str, int], int] = {}
    waited: dict[tuple[str, int], float] = {}
    async with database.work() as work:
        # The planner, which may know the table as it was a moment ago, is told that every row is found by an index.
        await work.execute("SET LOCAL enable_seqscan = off")
        await work.execute("SET LOCAL enable_bitmapscan = off")
        lanes = await work.fetch("SELECT name, channel, enabled FROM lane ORDER BY id")
        for channel in {row["channel"] for row in lanes}:
            due |= {(channel, priority): 0 for priority in PRIORITIES}
            waited |= {(channel, priority): 0.0 for priority in PRIORITIES}
            for row in await work.fetch(DEPTH, channel, now, MOST):
                due[channel, row["priority"]] = row["number"]
                if row["since"] is not None:
                    waited[channel, row["priority"]] = (now - row["since"]).total_seconds()
        uncertain = await work.value(
            "SELECT count(*) FROM (SELECT 1 FROM message WHERE state = 'uncertain' LIMIT $1) AS few", MOST
        )
        breakers = await work.fetch(
            """SELECT lane.name, b.state, count(*) AS number FROM lane_breaker b JOIN lane ON lane.id = b.lane_id
               JOIN node ON node.id = b.node_id AND node.leased_until > clock_timestamp() GROUP BY 1, 2"""
        )
        nodes = await work.value("SELECT count(*) FROM node WHERE leased_until > clock_timestamp()")
    return Measures(
        due=due,
        waited=waited,
        uncertain=uncertain,
        enabled={row["name"]: row["enabled"] for row in lanes},
        breakers={(row["name"], row["state"]): row["number"] for row in breakers},
        nodes=nodes,
    )
