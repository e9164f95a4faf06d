"""Cases of a span in figures: how they ended, how they were judged, how they were handed over. One statement each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of, within_sql
from gateway.kernel.database import driver
from gateway.kernel.shares import wilson

By = Literal["unit", "class", "topic", "month"]

_KEYS: Final = {
    "unit": "first_unit",
    "class": "klass",
    "topic": "topic",
    "month": "to_char(opened_at AT TIME ZONE $3, 'YYYY-MM')",
}
_CASES: Final = f"""
SELECT coalesce({{key}}, '') AS key, count(*) AS opened,
       count(*) FILTER (WHERE state = 'open') AS open,
       count(*) FILTER (WHERE state = 'asked') AS asked,
       count(*) FILTER (WHERE state = 'closed') AS closed,
       count(*) FILTER (WHERE state = 'closed' AND confirmation = 'confirmed') AS confirmed,
       count(*) FILTER (WHERE state = 'closed' AND confirmation = 'silent') AS silent,
       count(*) FILTER (WHERE contradictions > 0) AS contradicted,
       count(*) FILTER (WHERE contacts > 1) AS came_again,
       count(*) FILTER (WHERE severity_by_rule IS NOT NULL AND severity <> severity_by_rule
         AND array_position($4::text[], severity) < array_position($4::text[], severity_by_rule)) AS missed,
       count(*) FILTER (WHERE severity_by_rule IS NOT NULL AND severity <> severity_by_rule
         AND array_position($4::text[], severity) > array_position($4::text[], severity_by_rule)) AS overrated,
       count(*) FILTER (WHERE severity = 'invalid') AS invalid
FROM "case"
WHERE ($1::timestamptz IS NULL OR opened_at >= $1) AND ($2::timestamptz IS NULL OR opened_at < $2)
  AND $3::text IS NOT NULL AND {within_sql("account_id", "$5")}
GROUP BY 1 ORDER BY 1
"""
_HANDOVERS: Final = f"""
SELECT from_unit AS unit, count(*) AS made, count(acknowledged_at) AS acknowledged, count(returned_at) AS returned,
       count(*) FILTER (WHERE coalesce(acknowledged_at, returned_at, 'infinity') > acknowledge_by
         AND (acknowledged_at IS NOT NULL OR returned_at IS NOT NULL OR escalated_at IS NOT NULL)) AS late,
       count(rating) AS rated, avg(rating)::float8 AS rating,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM acknowledged_at - at) / 3600)
         FILTER (WHERE acknowledged_at IS NOT NULL) AS hours
FROM case_handover WHERE ($1::timestamptz IS NULL OR at >= $1) AND ($2::timestamptz IS NULL OR at < $2)
  AND ($3::int[] IS NULL OR case_id IN (SELECT k.id FROM "case" k WHERE {within_sql("k.account_id", "$3")}))
GROUP BY 1 ORDER BY 1
"""
_ORDER: Final = ("critical", "high", "normal", "low", "invalid")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigures:
    """Cases that were opened in a span, by whom or what they began with."""

    key: str
    opened: int
    open: int
    asked: int
    closed: int
    #: Of the closed: the customer said so; nothing was said.
    confirmed: int
    silent: int
    #: A closure of theirs was contradicted; the customer came more than once.
    contradicted: int
    came_again: int
    #: Judged more severe by a person than by rule, and less.
    missed: int
    overrated: int
    invalid: int
    #: Confirmed, of those about which the customer said something, with its 95 % interval; None where nobody did.
    solved_share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverFigures:
    """Hand-overs that a unit made, as their receivers found them."""

    unit: str
    made: int
    acknowledged: int
    returned: int
    #: Acknowledged or given back behind the time, or not at all by then.
    late: int
    rated: int
    rating: float | None
    #: Hours to the acknowledgement, in the middle.
    hours: float | None


async def cases(
    session: AsyncSession, by: By, *, since: datetime | None, until: datetime | None, zone: str
) -> list[CaseFigures]:
    """Cases opened from `since` to before `until`, of the accounts within reach."""
    connection = await driver(session)
    rows = await connection.fetch(_CASES.format(key=_KEYS[by]), since, until, zone, list(_ORDER), part_of(session))
    return [_figures(row) for row in rows]


def _figures(row: Any) -> CaseFigures:
    said = row["confirmed"] + row["contradicted"]
    low, high = wilson(row["confirmed"], said)
    return CaseFigures(
        **dict(row),
        solved_share=row["confirmed"] / said if said else None,
        low=low if said else None,
        high=high if said else None,
    )


async def handovers(session: AsyncSession, *, since: datetime | None, until: datetime | None) -> list[HandoverFigures]:
    """Hand-overs made from `since` to before `until`, by the unit that made them."""
    connection = await driver(session)
    return [HandoverFigures(**row) for row in await connection.fetch(_HANDOVERS, since, until, part_of(session))]
