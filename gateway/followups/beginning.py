"""Plans whose day has come: each is an event from then on, drawn before anybody can say what came of it.

Whoever pays the visit also says whether it was paid. So that saying "missed" or "called off" keeps no customer from
being asked (promise P6, domain notes §4.5), the event does not wait for that word: it is drawn when its day comes, and
is asked about whatever is said of it, with a text that knows "nobody came" as an answer. What is called off before
its day is no service, and no event.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.evaluations import begin
from gateway.followups.asking import SERVICE
from gateway.followups.rules import acting

#: A slip may be taken back for so long after it was planned for the same day.
_SLIP: Final = timedelta(hours=1)
#: How long after its first day a plan may be put off, before somebody says what came of it.
PUT_OFF: Final = timedelta(days=31)

_COME: Final = f"""
SELECT f.id, f.account_id, f.manager_no, f.deputy_no, f.planned_for, {SERVICE} AS service
FROM followup f JOIN account a ON a.id = f.account_id
WHERE f.state = 'planned' AND f.planned_for <= $1 AND f.made_at <= $2
  AND (f.made_at AT TIME ZONE $3)::date <= f.planned_for
  AND NOT EXISTS (SELECT 1 FROM invitation i WHERE i.event_kind = 'followup' AND i.event_ref = f.id::text)
ORDER BY f.id
"""
_ABSENT: Final = """
SELECT manager_no, deputy_no, first_day, last_day FROM deputy WHERE first_day <= $1 AND last_day >= $2
"""
_TEAMS: Final = """
SELECT s.staff_no, t.code FROM staff_member s JOIN team t ON t.id = s.team_id WHERE s.staff_no = ANY($1::text[])
"""


async def begin_due(connection: Any, now: datetime, zone: ZoneInfo) -> int:
    """Note every plan whose day has come, in the connection's transaction; how many. Again, it does no harm."""
    today = now.astimezone(zone).date()
    rows = await connection.fetch(_COME, today, now - _SLIP, zone.key)
    if not rows:
        return 0
    first = min(row["planned_for"] for row in rows)
    absent = [tuple(row) for row in await connection.fetch(_ABSENT, today, first)]
    doers = {row["id"]: row["deputy_no"] or acting(row["manager_no"], row["planned_for"], absent) for row in rows}
    teams = {row["staff_no"]: row["code"] for row in await connection.fetch(_TEAMS, list(set(doers.values())))}
    for row in rows:
        await begin(
            connection,
            event_kind="followup",
            event_ref=str(row["id"]),
            service=row["service"],
            account_id=row["account_id"],
            team_code=teams.get(doers[row["id"]]),
            person_no=doers[row["id"]],
            began_at=datetime.combine(row["planned_for"], time(), zone),
            at=now,
            zone=zone,
        )
    return len(rows)


async def begun_on(connection: Any, followup_id: Any, zone: ZoneInfo) -> date | None:
    """The day on which a plan became an event; None where that has not come."""
    began: datetime | None = await connection.fetchval(
        "SELECT began_at FROM invitation WHERE event_kind = 'followup' AND event_ref = $1", str(followup_id)
    )
    return None if began is None else began.astimezone(zone).date()
