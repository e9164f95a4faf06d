"""Days that are over, counted once: how many texts were delivered on each, by organisation.

A month of a large utility is some millions of texts; whoever asks for a year of months reads a few thousand rows, and
the texts themselves of today alone. A text is delivered when its receipt comes, by the clock: nothing is delivered on
a day that is over, so a count stands for good. Texts are counted in the organisation that the first account of each
belonged to on that night.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.archive.coverage import ORGANISED
from gateway.kernel.days import beside, start_of, whole_days
from gateway.kernel.ids import first_id

_LOCK: Final = 0x4C616D79
#: A message may be written so long before it is delivered.
WRITTEN_BEFORE: Final = timedelta(days=21)
#: A receipt that is being written down at midnight is in the table by then.
_SETTLED: Final = timedelta(hours=1)
#: Days counted at one go.
_MOST: Final = 31

_COUNT: Final = f"""
INSERT INTO delivery_tally (day, organisation, delivered)
SELECT (m.delivered_at AT TIME ZONE $5::text)::date, org.organisation, count(*)
FROM message m JOIN message_account r ON r.id = m.id AND r.position = 0
JOIN ({ORGANISED}) AS org ON org.account_id = r.account_id
WHERE m.state = 'delivered' AND m.id >= $3 AND m.id < $4 AND r.id >= $3 AND r.id < $4
  AND m.delivered_at >= $1 AND m.delivered_at < $2
GROUP BY 1, 2
"""


async def count_days(connection: Any, now: datetime, zone: ZoneInfo) -> int:
    """Count the days that are over and not counted, a month at most, in the connection's transaction; how many."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    last = await connection.fetchval("SELECT max(day) FROM delivery_tally_day")
    yesterday = (now - _SETTLED).astimezone(zone).date() - timedelta(days=1)
    if last is not None and last >= yesterday:
        return 0
    if last is None:
        oldest = await connection.fetchval("SELECT id FROM message ORDER BY id LIMIT 1")
        if oldest is None:
            return 0
        first = _made(oldest).astimezone(zone).date()
    else:
        first = last + timedelta(days=1)
    days = [first + timedelta(days=n) for n in range(min((yesterday - first).days + 1, _MOST))]
    if not days:
        return 0
    since, until = start_of(days[0], zone), start_of(days[-1] + timedelta(days=1), zone)
    await connection.execute(
        _COUNT, since, until, first_id(since - WRITTEN_BEFORE), first_id(until), zone.key, timeout=3600
    )
    await connection.execute("INSERT INTO delivery_tally_day (day) SELECT unnest($1::date[])", days)
    return len(days)


async def counted(
    connection: Any, since: datetime, until: datetime, zone: ZoneInfo
) -> tuple[list[date], list[tuple[datetime, datetime]]]:
    """The whole days of a span that were counted, and what is left of it beside them, both in order."""
    rows = await connection.fetch(
        "SELECT day FROM delivery_tally_day WHERE day BETWEEN $1 AND $2",
        since.astimezone(zone).date(),
        until.astimezone(zone).date(),
    )
    days = whole_days([row["day"] for row in rows], since, until, zone)
    return days, beside(days, since, until, zone)


def _made(identifier: UUID) -> datetime:
    """When an identifier was made."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)
