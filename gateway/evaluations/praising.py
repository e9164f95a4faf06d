"""What customers said well of somebody in a rating reaches that person, when the month is over (domain notes §4.6).

Nobody reads a single answer about themselves before it is part of a month's figures; praise would be one. So it waits
until then, and goes without its score, by way of the team's list.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.staff.tasks import NewTask, open_tasks

_PASS_ON: Final = timedelta(days=7)
#: Words of thanks and praise, beside what the reader calls thanks.
_WELL: Final = "表扬|感谢|谢谢|点赞|辛苦|热情|耐心|负责|专业|thank|great|excellent|helpful|kind"
_PRAISE: Final = f"""
SELECT e.id, coalesce(e.comment, e.why) AS words, i.team_code, i.person_no, i.account_id
FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
WHERE e.at >= $1 AND e.at < $2 AND e.state = 'counted' AND e.score >= 4 AND e.comment ~* '{_WELL}'
  AND i.person_no IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM task t WHERE t.kind = 'praise' AND t.subject = 'evaluation:' || e.id)
ORDER BY e.id LIMIT 2000
"""


async def pass_on(connection: Any, now: datetime, zone: ZoneInfo) -> int:
    """Pass the praise of the month before on, once, in the connection's transaction; how many."""
    this_month = datetime.combine(now.astimezone(zone).date().replace(day=1), time(), zone)
    month_before = (this_month - timedelta(days=1)).replace(day=1)
    rows = await connection.fetch(_PRAISE, month_before, this_month)
    tasks = [
        NewTask(
            kind="praise",
            subject=f"evaluation:{row['id']}",
            words=f"praise: {row['words']}",
            unit=row["team_code"] or "customer_service",
            owner_no=row["person_no"],
            account_id=row["account_id"],
            due_at=now + _PASS_ON,
        )
        for row in rows
    ]
    await open_tasks(connection, tasks, at=now, actor="clock")
    return len(tasks)
