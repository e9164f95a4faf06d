"""Fault reports that came before anybody had entered the outage that explains them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.cases.events import befell
from gateway.kernel import audit
from gateway.staff.tasks import drop_tasks

# A report from a number of several accounts names none: it may be about any of them.
_UNEXPLAINED: Final = """
SELECT c.id, coalesce(c.account_id, stands_for.account_id) AS account_id, e.inbound_id FROM "case" c
JOIN case_event e ON e.case_id = c.id AND e.kind = 'opened' AND e.inbound_id IS NOT NULL
LEFT JOIN LATERAL (
  SELECT DISTINCT l.account_id FROM contact_link l
  WHERE c.account_id IS NULL AND l.state IN ('unverified', 'verified') AND (
    l.contact_point_id = c.contact_point_id OR l.contact_point_id IN (
      SELECT b.phone_point_id FROM chat_binding b WHERE b.chat_point_id = c.contact_point_id AND b.ended_at IS NULL))
) AS stands_for ON true
WHERE c.klass = 'fault_report' AND c.matter = 'supply' AND c.state = 'open' AND c.opened_at >= $1
  AND coalesce(c.account_id, stands_for.account_id) IS NOT NULL
ORDER BY c.id, account_id
"""
_EXPLAINED: Final = """
UPDATE "case" SET matter = $2 WHERE id = ANY($1::uuid[]) AND state = 'open' AND matter = 'supply'
  AND NOT EXISTS (SELECT 1 FROM "case" other WHERE other.subject = "case".subject AND other.klass = "case".klass
                    AND other.matter = $2 AND other.state = 'open')
RETURNING id, account_id
"""
_AREAS: Final = """
SELECT DISTINCT 'transformer_area:' || transformer_area_id AS subject FROM account
WHERE id = ANY($1::int[]) AND transformer_area_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A customer's report that there is no supply, of which nobody knows why."""

    case: UUID
    account_id: int
    inbound_id: UUID


async def unexplained(connection: Any, since: datetime) -> list[Unexplained]:
    """Reports that stand open since a moment and that no outage explained."""
    rows = await connection.fetch(_UNEXPLAINED, since)
    return [Unexplained(row["id"], row["account_id"], row["inbound_id"]) for row in rows]


async def explained(connection: Any, cases: Sequence[UUID], matter: str, *, at: datetime, actor: str) -> None:
    """An outage (`matter`) explains these reports: from now on they are about it, and nobody need look for a cause."""
    rows = await connection.fetch(_EXPLAINED, list(cases), matter)
    for row in rows:
        await befell(connection, row["id"], "noted", at=at, by=actor, detail=f"explained by {matter}")
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="case.explained",
            subject=f"case:{row['id']}",
            before={"matter": "supply"},
            after={"matter": matter},
        )
    areas = await connection.fetch(_AREAS, [row["account_id"] for row in rows])
    await drop_tasks(
        connection,
        [row["subject"] for row in areas],
        kinds=["possible_outage"],
        because=f"{matter} is known",
        at=at,
        actor=actor,
    )
