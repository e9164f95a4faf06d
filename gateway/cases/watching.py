"""The watch of 30 days after a low score and after a correction (domain notes §4.6, §5.3 step 11).

Whoever comes again within it has probably not been helped: the case presses, and supervision hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.staff.tasks import NewTask, open_tasks

LASTS: Final = timedelta(days=30)
KIND: Final = "watch_hit"
_LOOK: Final = timedelta(hours=24)
#: What a case that came within the watch is said to press for.
WHY: Final = "again within 30 days of"
#: On the case, which those whose work was rated read too. What it was stands on supervision's task and in the list of
#: watches: nobody learns of a low score by it (domain notes §4.5.5).
_WATCHED: Final = "what is watched"

_HITS: Final = """
SELECT DISTINCT ON (c.id) c.id, k.number, k.unit, k.owner_no, c.account_id, w.because, w.ref, w.at
FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::uuid[]) AS c(id, account_id, at, inbound_id)
JOIN "case" k ON k.id = c.id
CROSS JOIN LATERAL (
  SELECT 'a low score' AS because, i.event_kind || ':' || i.event_ref AS ref, e.at FROM invitation i
  JOIN evaluation e ON e.invitation_id = i.id
  WHERE i.account_id = c.account_id AND e.score <= 2 AND e.state = 'counted'
    AND e.at <= c.at AND e.at >= c.at - $5::interval
    AND e.inbound_id IS DISTINCT FROM c.inbound_id AND i.event_ref IS DISTINCT FROM k.work_order_no
  UNION ALL
  SELECT 'a correction', 'correction:' || r.id, r.applied_at FROM contact_link l
  JOIN correction_link cl ON cl.link_id = l.id JOIN correction r ON r.id = cl.correction_id
  WHERE l.account_id = c.account_id AND r.state IN ('applied', 'watching', 'closed')
    AND r.applied_at < c.at AND r.applied_at >= c.at - $5::interval
) AS w
ORDER BY c.id, w.at DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A case that was just opened, of an account that is known."""

    case: UUID
    account_id: int
    at: datetime
    inbound_id: UUID | None = None


async def watch(connection: Any, cases: Sequence[Came], *, at: datetime, actor: str) -> int:
    """Mark those of the cases that came within a watch, in the connection's transaction; how many."""
    if not cases:
        return 0
    rows = await connection.fetch(
        _HITS,
        [one.case for one in cases],
        [one.account_id for one in cases],
        [one.at for one in cases],
        [one.inbound_id for one in cases],
        LASTS,
    )
    if not rows:
        return 0
    await connection.execute(
        """UPDATE "case" SET severity = CASE WHEN severity IN ('normal', 'low') THEN 'high' ELSE severity END,
             severity_why = CASE WHEN severity IN ('normal', 'low') OR severity_why IS NULL THEN t.why
                                 ELSE severity_why END
           FROM unnest($1::uuid[], $2::text[]) AS t(id, why) WHERE "case".id = t.id""",
        [row["id"] for row in rows],
        [f"{WHY} {_WATCHED}" for _ in rows],
    )
    await connection.executemany(
        "INSERT INTO case_event (case_id, at, kind, by, detail) VALUES ($1, $2, 'noted', $3, $4)",
        [(row["id"], at, actor, f"{WHY} {_WATCHED}") for row in rows],
    )
    tasks = [
        NewTask(
            kind=KIND,
            subject=f"case:{row['id']}",
            words=f"S{row['number']:06d}: {WHY} {row['because']} ({row['ref']})",
            unit="supervision",
            account_id=row["account_id"],
            due_at=at + _LOOK,
        )
        for row in rows
    ]
    await open_tasks(connection, tasks, at=at, actor=actor)
    return len(rows)
