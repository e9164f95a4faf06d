"""Days that are over, counted once: a summary of a million answers reads a few thousand rows.

A day is counted when everything about its services has ended. Whatever changes about one of them afterwards (a late
answer, a challenge upheld, an order that came late) takes the count away in its own transaction, and the day is read
row by row until it is counted again. A shared lock of whoever changes and the exclusive one of whoever counts see to
it that no count is kept beside a change it has not seen.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.kernel.days import beside, start_of, whole_days

_LOCK: Final = 0x4C616D65
#: Days counted at one go.
_MOST: Final = 400

# Services one by one of the spans `$1` to `$2`, by the days of the zone `$3`: the columns of the tallies.
_ONE_BY_ONE: Final = """
SELECT (coalesce(i.occurred_at, i.invited_at) AT TIME ZONE $3::text)::date AS day, i.team_code, i.person_no,
       coalesce(i.service, (SELECT w.kind FROM work_order w
                            WHERE i.event_kind = 'work_order' AND w.work_order_no = i.event_ref), i.event_kind)
         AS service,
       CASE WHEN i.skipped IS NOT NULL THEN 'skipped' WHEN i.message_id IS NULL THEN 'waiting'
            ELSE coalesce(i.ended_state, m.state) END AS ended,
       coalesce(i.skipped, i.ended_reason, m.withheld_reason) AS reason,
       e.state AS answer, e.score, e.solved
FROM unnest($1::timestamptz[], $2::timestamptz[]) AS span(since, until)
JOIN invitation i ON coalesce(i.occurred_at, i.invited_at) >= span.since
                 AND coalesce(i.occurred_at, i.invited_at) < span.until
LEFT JOIN message m ON m.id = i.message_id AND i.ended_state IS NULL
LEFT JOIN evaluation e ON e.invitation_id = i.id
WHERE i.qualified_at IS NOT NULL OR i.message_id IS NOT NULL
"""
#: What a summary reads: tallies of the days `$4`, and services one by one of the spans `$1` to `$2`; `$3` is the zone.
SERVICES: Final = f"""
SELECT day, team_code, person_no, service, ended, reason, answer, score, solved, number FROM evaluation_tally
WHERE day = ANY ($4::date[])
UNION ALL
SELECT *, 1 FROM ({_ONE_BY_ONE}) AS live
"""
_COUNTABLE: Final = """
SELECT (coalesce(occurred_at, invited_at) AT TIME ZONE $1)::date AS day FROM invitation
WHERE coalesce(occurred_at, invited_at) < $2 AND coalesce(occurred_at, invited_at) >= $3
  AND (qualified_at IS NOT NULL OR message_id IS NOT NULL)
GROUP BY 1
HAVING bool_and(skipped IS NOT NULL OR ended_state IS NOT NULL)
ORDER BY 1 LIMIT $4
"""
_COUNT: Final = f"""
INSERT INTO evaluation_tally (day, team_code, person_no, service, ended, reason, answer, score, solved, number)
SELECT day, team_code, person_no, service, ended, reason, answer, score, solved, count(*)
FROM ({_ONE_BY_ONE}) AS services GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""


async def uncount(connection: Any, invitations: Collection[int]) -> None:
    """Take away the counts of the days of these services, in the transaction that changes something about them."""
    await connection.execute("SELECT pg_advisory_xact_lock_shared($1)", _LOCK)
    # Whatever the zone of the home, its day is this one or a neighbour.
    await connection.execute(
        """DELETE FROM evaluation_tally_day d USING invitation i
           WHERE i.id = ANY($1::int[])
             AND d.day BETWEEN (coalesce(i.occurred_at, i.invited_at) AT TIME ZONE 'UTC')::date - 1
                           AND (coalesce(i.occurred_at, i.invited_at) AT TIME ZONE 'UTC')::date + 1""",
        list(invitations),
    )


async def count_days(connection: Any, now: datetime, zone: ZoneInfo, *, keep_months: int = 120) -> int:
    """Count the days that are over and not counted, in the connection's transaction; how many."""
    today = start_of(now.astimezone(zone).date(), zone)
    counted = {row["day"] for row in await connection.fetch("SELECT day FROM evaluation_tally_day")}
    oldest = now - timedelta(days=31 * keep_months)
    (lo, hi), days = (oldest, today), []
    for since, until in beside(counted, lo, hi, zone):
        days += [row["day"] for row in await connection.fetch(_COUNTABLE, zone.key, until, since, _MOST)]
    if not days:
        return 0
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    # Looked at again under the lock: something may have changed in between.
    still = {
        row["day"]
        for since, until in _spans_of(days, zone)
        for row in await connection.fetch(_COUNTABLE, zone.key, until, since, _MOST)
    }
    days = [day for day in days if day in still]
    spans = _spans_of(days, zone)
    await connection.execute("DELETE FROM evaluation_tally WHERE day = ANY($1::date[])", days)
    await connection.execute(_COUNT, [since for since, _ in spans], [until for _, until in spans], zone.key)
    await connection.execute(
        "INSERT INTO evaluation_tally_day (day, made_at) SELECT unnest($1::date[]), $2 ON CONFLICT (day) DO NOTHING",
        days,
        now,
    )
    return len(days)


async def parameters(
    connection: Any, since: datetime | None, until: datetime | None, zone: ZoneInfo
) -> tuple[Sequence[datetime], Sequence[datetime], str, Sequence[date]]:
    """The parameters of `SERVICES` for a span: which days are read from tallies, which services one by one."""
    lo = since or datetime(1970, 1, 1, tzinfo=zone)
    hi = until or datetime(9000, 1, 1, tzinfo=zone)
    counted = [
        row["day"]
        for row in await connection.fetch(
            "SELECT day FROM evaluation_tally_day WHERE day BETWEEN $1 AND $2 ORDER BY day",
            lo.astimezone(zone).date(),
            hi.astimezone(zone).date(),
        )
    ]
    whole = whole_days(counted, lo, hi, zone)
    spans = beside(whole, lo, hi, zone)
    return [since for since, _ in spans], [until for _, until in spans], zone.key, whole


def _spans_of(days: Collection[date], zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    return [(start_of(day, zone), start_of(day + timedelta(days=1), zone)) for day in sorted(days)]
