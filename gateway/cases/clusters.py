"""Clusters: several customers of one transformer area without supply, and no outage known that explains it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from gateway.staff.tasks import NewTask, open_tasks

#: So many accounts of one area, reporting within this time, are one fault that nobody has entered yet.
ENOUGH: Final = 3
WITHIN: Final = timedelta(minutes=60)
#: How soon somebody must look.
_LOOK: Final = timedelta(minutes=15)

_REPORTS: Final = """
SELECT area.id, coalesce(area.code, area.name) AS area, count(DISTINCT c.account_id) AS reports
FROM account here
JOIN transformer_area area ON area.id = here.transformer_area_id
JOIN account a ON a.transformer_area_id = area.id
JOIN "case" c ON c.account_id = a.id AND c.klass = 'fault_report' AND c.state = 'open' AND c.opened_at >= $2
WHERE here.id = $1 GROUP BY area.id
"""


async def gather(connection: Any, account_id: int, *, at: datetime) -> str | None:
    """Have dispatch look where the open fault reports around an account are too many for chance; the area then."""
    row = await connection.fetchrow(_REPORTS, account_id, at - WITHIN)
    if row is None or row["reports"] < ENOUGH:
        return None
    area: str = row["area"]
    opened = await open_tasks(
        connection,
        [
            NewTask(
                kind="possible_outage",
                subject=f"transformer_area:{row['id']}",
                words=f"{row['reports']} customers of {area} report that they have no supply; no outage is known",
                unit="dispatch",
                due_at=at + _LOOK,
            )
        ],
        at=at,
        actor="inbox",
    )
    return area if opened else None
