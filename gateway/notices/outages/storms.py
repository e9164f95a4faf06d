"""Many outages at once: of each, how many are without supply, told, waiting to be told, told that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.kernel.database import driver

#: How long after its end an outage still belongs to the picture.
_LINGERS: Final = timedelta(hours=12)
_MOST: Final = 500

_NOW: Final = """
SELECT o.id, o.outage_no AS outage_id, o.kind, o.state, o.starts_at, o.ends_at, o.crew_at, o.restored_at,
       coalesce(line.names, '{}') AS feeders, coalesce(hit.accounts, 0) AS affected
FROM outage o
LEFT JOIN LATERAL (
  SELECT array_agg(DISTINCT f.name ORDER BY f.name) AS names FROM outage_scope s
  LEFT JOIN transformer_area t ON t.id = s.transformer_area_id
  JOIN feeder f ON f.id = coalesce(s.feeder_id, t.feeder_id) WHERE s.outage_id = o.id) AS line ON true
LEFT JOIN LATERAL (
  SELECT count(*) AS accounts FROM (
    SELECT r.account_id FROM outage_account r WHERE r.outage_id = o.id AND r.affected
    UNION SELECT s.account_id FROM outage_scope s WHERE s.outage_id = o.id AND s.account_id IS NOT NULL
    UNION SELECT a.id FROM outage_scope s JOIN transformer_area t
      ON t.id = s.transformer_area_id OR t.feeder_id = s.feeder_id
    JOIN account a ON a.transformer_area_id = t.id AND a.status <> 'closed'
    WHERE s.outage_id = o.id AND o.state = 'active') AS hit) AS hit ON true
WHERE o.state = 'active' OR o.state = 'restored' AND o.restored_at > $1
   OR o.state = 'announced' AND o.starts_at <= $2
ORDER BY o.starts_at DESC, o.id DESC LIMIT $3
"""
_TOLD: Final = """
SELECT t.outage_id,
  count(DISTINCT t.account_id) FILTER (WHERE t.said = 'off' AND m.state = ANY($2)) AS told,
  count(DISTINCT t.account_id) FILTER (WHERE m.state = 'queued') AS waiting,
  count(DISTINCT t.account_id) FILTER (WHERE t.said = 'on' AND m.state = ANY($2)) AS told_back
FROM outage_told t JOIN message m ON m.id = t.message_id WHERE t.outage_id = ANY($1::int[]) GROUP BY 1
"""
_LEFT: Final = ["sending", "uncertain", "sent", "delivered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StormOutage:
    """An outage of the picture; the figures are accounts.

    Of one that is over, `affected` are those for whom texts were composed.
    """

    outage_id: str
    kind: str
    state: str
    starts_at: datetime
    ends_at: datetime | None
    crew_at: datetime | None
    restored_at: datetime | None
    feeders: list[str]
    affected: int
    told: int
    waiting: int
    told_back: int


async def storm(session: AsyncSession, now: datetime) -> list[StormOutage]:
    """What is off at `now` or came back within half a day, newest first."""
    connection = await driver(session)
    rows = await connection.fetch(_NOW, now - _LINGERS, now, _MOST)
    told = {row["outage_id"]: row for row in await connection.fetch(_TOLD, [row["id"] for row in rows], _LEFT)}
    found = []
    for row in rows:
        facts: dict[str, Any] = dict(row)
        counts = told.get(facts.pop("id"))
        figures: dict[str, Any] = {name: counts[name] if counts else 0 for name in ("told", "waiting", "told_back")}
        found.append(StormOutage(**facts, **figures))
    return found
