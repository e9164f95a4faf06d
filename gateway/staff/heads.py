"""Heads of teams: who answers for what a team's people promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

#: Words for a head in the column of jobs (班长, 所长, 主任, 经理 of a team; an account manager heads nobody).
_HEADS: Final = ("%班长%", "%所长%", "%主任%", "%组长%", "%负责人%", "%head%", "%team lead%")


async def heads_of(connection: Any, staff: Sequence[str], units: Sequence[str]) -> dict[str, str]:
    """Heads by staff number of their people, and by code of their unit; whoever is a head has none here."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (key) key, head.staff_no FROM (
             SELECT s.staff_no AS key, s.team_id FROM staff_member s WHERE s.staff_no = ANY($1::text[])
             UNION ALL SELECT t.code, t.id FROM team t WHERE t.code = ANY($2::text[])) AS asked
           JOIN staff_member head ON head.team_id = asked.team_id AND head.staff_no <> asked.key
             AND head.job ILIKE ANY($3::text[])
           ORDER BY key, head.staff_no""",
        list(staff),
        list(units),
        list(_HEADS),
    )
    return {row["key"]: row["staff_no"] for row in rows}
