"""A person's own hours: when they want no texts, on every number and chat of theirs (domain notes §7 "Hours").

They narrow the hours of notices, bills, reminders, surveys and offers. What concerns the supply at this moment, what
the law sets the time of, codes and answers keep their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from gateway.archive import chats
from gateway.kernel import audit


async def set_quiet(
    connection: Any, contact_point_id: int, begins: time, ends: time, *, at: datetime, source: str, actor: str
) -> list[int]:
    """Keep the hours, by the clock on the wall, in which the person of a contact point wants nothing.

    From `begins` until just before `ends`; over midnight where `ends` is not later. The contact points they hold for.
    """
    points = await chats.person(connection, contact_point_id)
    await connection.execute(
        """INSERT INTO contact_hours (contact_point_id, begins, ends, at, source)
           SELECT point, $2, $3, $4, $5 FROM unnest($1::int[]) AS point
           ON CONFLICT (contact_point_id) DO UPDATE SET begins = excluded.begins, ends = excluded.ends,
             at = excluded.at, source = excluded.source""",
        points,
        begins,
        ends,
        at,
        source,
    )
    after = {"begins": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}", "source": source}
    await _written(connection, points, "hours.chosen", after, at, actor)
    return points


async def quiet(connection: Any, contact_point_id: int) -> tuple[time, time] | None:
    """The hours in which the person of a contact point wants nothing; None: they chose none."""
    row = await connection.fetchrow(
        "SELECT begins, ends FROM contact_hours WHERE contact_point_id = ANY($1::int[]) ORDER BY at DESC LIMIT 1",
        await chats.person(connection, contact_point_id),
    )
    return None if row is None else (row["begins"], row["ends"])


async def set_any(connection: Any, contact_point_id: int, *, at: datetime, actor: str) -> list[int]:
    """Take a person's own hours back; the contact points that had some."""
    rows = await connection.fetch(
        "DELETE FROM contact_hours WHERE contact_point_id = ANY($1::int[]) RETURNING contact_point_id",
        await chats.person(connection, contact_point_id),
    )
    points = sorted(row["contact_point_id"] for row in rows)
    await _written(connection, points, "hours.taken_back", {}, at, actor)
    return points


async def _written(
    connection: Any, points: Sequence[int], action: str, after: dict[str, Any], at: datetime, actor: str
) -> None:
    for point in points:
        await audit.write(connection, at=at, actor=actor, action=action, subject=f"contact_point:{point}", after=after)
