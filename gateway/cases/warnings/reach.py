"""Whose warnings and cards are whose: of the units of one's part of the utility; and who speaks for a unit."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of
from gateway.kernel.acting import acting_in
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden, NotFound


async def units_within(session: AsyncSession) -> list[str] | None:
    """The units (teams) of the part of the utility that who acts acts for; None: all of them."""
    part = part_of(session)
    if part is None:
        return None
    rows = await (await driver(session)).fetch(
        """SELECT t.code FROM team t JOIN organisation o ON o.name = t.district WHERE o.id = ANY($1::int[])
           ORDER BY t.code""",
        part,
    )
    return [row["code"] for row in rows]


async def require_unit(session: AsyncSession, unit: str) -> None:
    """Raise NotFound where a warning to this unit lies outside the part that who acts acts for."""
    units = await units_within(session)
    if units is not None and unit not in units:
        raise NotFound("There is no warning with this id.")


async def must_speak_for(session: AsyncSession, unit: str) -> None:
    """Raise Forbidden where a person who acts is not of a team that is known. Programs and supervisors may."""
    acting = acting_in(session)
    if acting is None or acting.staff_no is None or acting.may("cases:review"):
        return
    connection: Any = await driver(session)
    other = await connection.fetchval(
        """SELECT EXISTS (SELECT 1 FROM team WHERE code = $1) AND NOT EXISTS (
             SELECT 1 FROM staff_member s JOIN team t ON t.id = s.team_id WHERE s.staff_no = $2 AND t.code = $1)""",
        unit,
        acting.staff_no,
    )
    if other:
        raise Forbidden("a warning is acknowledged and closed by the unit that it is for")


def must_be(session: AsyncSession, person: str) -> None:
    """Raise Forbidden where a person who acts speaks for somebody else. Programs name whom they speak for."""
    acting = acting_in(session)
    if acting is not None and acting.staff_no not in (None, person):
        raise Forbidden("each of the three on a card speaks for themselves")
