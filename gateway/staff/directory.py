"""Who is who among the staff, for pages that name people: by number, and for choosing from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A member of staff."""

    staff_no: str
    name: str
    team: str | None
    team_name: str | None
    job: str | None


async def colleagues(connection: Any, *, limit: int = 1000) -> list[Colleague]:
    """Up to `limit` members of staff in the order of their numbers."""
    rows = await connection.fetch(
        """SELECT s.staff_no, s.name, t.code AS team, t.name AS team_name, s.job
           FROM staff_member s LEFT JOIN team t ON t.id = s.team_id ORDER BY s.staff_no LIMIT $1""",
        limit,
    )
    return [Colleague(**row) for row in rows]


async def names(connection: Any, numbers: Collection[str | None]) -> dict[str, str]:
    """The names of these staff numbers, where they are known."""
    wanted = sorted({number for number in numbers if number})
    if not wanted:
        return {}
    return dict(
        await connection.fetch("SELECT staff_no, name FROM staff_member WHERE staff_no = ANY($1::text[])", wanted)
    )


async def actors(connection: Any, found: Iterable[str | None]) -> dict[str, str]:
    """The names of actors of the audit trail that are members of staff: `staff:E000001` → name."""
    numbers = [actor.removeprefix("staff:") for actor in found if actor and actor.startswith("staff:")]
    return {f"staff:{number}": name for number, name in (await names(connection, numbers)).items()}


async def team_names(connection: Any) -> dict[str, str]:
    """The teams by their codes."""
    return dict(await connection.fetch("SELECT code, name FROM team ORDER BY code"))


async def districts(connection: Any) -> list[str]:
    """The parts of the utility that teams belong to."""
    rows = await connection.fetch("SELECT DISTINCT district FROM team WHERE district IS NOT NULL ORDER BY district")
    return [row["district"] for row in rows]
