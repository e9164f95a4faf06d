"""What a new version of the policy would do to what waits now, counted before it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.outbox.hours import HoursClass, HoursTable, next_window

#: Of so many texts at most that wait it is counted; what waits longer than that is alike.
COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A version that was not made: the whole table, and what becomes of the texts that wait.

    `waiting` texts were looked at, up to COUNTED; by class of hours, `later` leave later than as it is, and
    `earlier` earlier.
    """

    base: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    waiting: int
    later: Mapping[str, int]
    earlier: Mapping[str, int]


async def moved(
    connection: Any, now: datetime, before: HoursTable, after: HoursTable, region: str
) -> tuple[int, Counter[str], Counter[str]]:
    """How many texts wait (up to COUNTED), and how many of each class would leave later, and earlier."""
    rows = await connection.fetch(
        """SELECT hours, zone, at, count(*) AS texts FROM (
             SELECT hours, zone, greatest(not_before, $1) AS at FROM message WHERE state = 'queued' AND NOT held
             LIMIT $2) AS waits GROUP BY hours, zone, at""",
        now,
        COUNTED,
    )
    later: Counter[str] = Counter()
    earlier: Counter[str] = Counter()
    for row in rows:
        hours, zone = HoursClass(row["hours"]), ZoneInfo(row["zone"])
        old = next_window(hours, row["at"], zone, region, before).opens
        new = next_window(hours, row["at"], zone, region, after).opens
        if new != old:
            (later if new > old else earlier)[hours.value] += row["texts"]
    return sum(row["texts"] for row in rows), later, earlier
