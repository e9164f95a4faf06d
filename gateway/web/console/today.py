"""The figures of the overview: how much is going out, came back, waits for people, is about to break.

One statement, each figure by an index and up to a bound, so that the page costs the same however large the house.
Whoever acts for a part of the utility is told what waits on its accounts alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of, within_sql
from gateway.kernel.database import driver
from gateway.kernel.ids import first_id

#: A figure is counted up to here, and shown as more than this beyond.
MOST: Final = 10_000
#: What is due so soon is about to break.
SOON: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Numbers of things; each counted up to `MOST`. None: not told to who acts for a part."""

    queued: int | None
    going: int | None
    drafts: int | None
    uncertain: int | None
    replies: int | None
    urgent: int
    triage: int
    corrections: int
    corrections_overdue: int
    to_sign: int
    tasks: int
    tasks_overdue: int
    alerts: int
    promises_due: int
    promises_broken: int
    outages: int | None
    outages_late: int | None
    lanes_open: int | None
    #: No account is known: the house is new.
    new: bool | None


def _bounded(condition: str) -> str:
    return f"(SELECT count(*) FROM (SELECT FROM {condition} LIMIT {MOST}) AS found)"


#: Corrections within reach: those with an account of it.
_CASE: Final = f"""($1::int[] IS NULL OR {within_sql("c.account_id", "$1")} OR EXISTS (
  SELECT FROM correction_link x JOIN contact_link l ON l.id = x.link_id
  WHERE x.correction_id = c.id AND {within_sql("l.account_id", "$1")}))"""
_REPLY: Final = f"""($1::int[] IS NULL OR EXISTS (
  SELECT FROM contact_point p JOIN contact_link l ON l.contact_point_id = p.id
  WHERE p.address = i.sender AND {within_sql("l.account_id", "$1")}))"""
_MINE: Final = within_sql("t.account_id", "$1")
_FIGURES: Final = {
    "urgent": f"inbound i WHERE state = 'triage' AND urgent AND {_REPLY}",
    "triage": f"inbound i WHERE state = 'triage' AND {_REPLY}",
    "corrections": f"correction c WHERE state = 'open' AND {_CASE}",
    "corrections_overdue": f"""correction c
      WHERE state IN ('open', 'verifying', 'applied') AND due_at <= $2 AND {_CASE}""",
    "to_sign": f"correction c WHERE state = 'applied' AND {_CASE}",
    "tasks": f"task t WHERE state = 'open' AND {_MINE}",
    "tasks_overdue": f"task t WHERE state = 'open' AND due_at <= $2 AND {_MINE}",
    "alerts": """alert a WHERE acknowledged_at IS NULL AND ($1::int[] IS NULL OR a.account_no IN (
      SELECT account_no FROM account x JOIN transformer_area y ON y.id = x.transformer_area_id
      WHERE y.organisation_id = ANY($1)))""",
    "promises_due": f"""commitment t
      WHERE ended_at IS NULL AND broken_at IS NULL AND due_at BETWEEN $2 AND $3 AND {_MINE}""",
    "promises_broken": f"commitment t WHERE ended_at IS NULL AND broken_at IS NOT NULL AND {_MINE}",
}
#: What belongs to no account: for those who act for the whole.
_WHOLE: Final = {
    "queued": "message WHERE state = 'queued'",
    "going": "notice WHERE state IN ('approved', 'composing', 'sending')",
    "drafts": "notice WHERE state = 'draft'",
    "uncertain": "message WHERE state = 'uncertain'",
    "replies": "inbound WHERE id >= $4",
    "outages": "outage WHERE state = 'active'",
    "outages_late": "outage WHERE state = 'active' AND ends_at < $2",
    "lanes_open": "lane_breaker WHERE state <> 'closed'",
}
_COLUMNS: Final = ", ".join(
    [
        *(f"{_bounded(condition)} AS {name}" for name, condition in _FIGURES.items()),
        *(f"CASE WHEN $1::int[] IS NULL THEN {_bounded(what)} END AS {name}" for name, what in _WHOLE.items()),
        "CASE WHEN $1::int[] IS NULL THEN NOT EXISTS (SELECT FROM account) END AS new",
    ]
)
_ALL: Final = f"SELECT {_COLUMNS}, $2::timestamptz IS NULL OR $3::timestamptz IS NULL OR $4::uuid IS NULL AS nothing"


async def today(session: AsyncSession, *, now: datetime) -> Today:
    """The figures as they stand. `now` in the viewer's zone: replies are counted since its midnight."""
    connection: Any = await driver(session)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    row = dict(await connection.fetchrow(_ALL, part_of(session), now, now + SOON, first_id(midnight)))
    del row["nothing"]
    return Today(**row)
