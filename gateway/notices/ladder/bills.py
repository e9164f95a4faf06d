"""Open bills with the facts by which the ladder goes, read in chunks or for one account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.archive import places
from gateway.archive.segments import COLUMNS, segments_of
from gateway.notices.holds import HOLD
from gateway.notices.ladder.rules import Day, Facts, Ladder

#: Bills looked at in one transaction.
CHUNK: Final = 5000

_MONTHS_BY_HAND: Final = """SELECT about ->> 'billing_month' FROM notice
         WHERE kind = 'bill' AND about ? 'billing_month' AND state NOT IN ('draft', 'cancelled')"""

# Whether a bill was told by hand is looked up only in months of which somebody drafted such a notice, and whether a
# reminder was sent only where it matters: that of a bill long overdue. What a contact was told that proved wrong is no
# reminder, so the clock of a legal notice starts anew (domain notes §5.3.8).
_BILLS: Final = f"""
SELECT b.id, b.account_id, b.billing_month, b.amount - b.paid AS owed, b.due_date, b.settled_at,
       a.account_no, a.manager_no, a.tariff_class, {COLUMNS.format(now="$1")},
       {places.COLUMNS}, step.day AS taken_day, step.taken_at, step.stage AS taken_stage,
       coalesce(step.texted, false) AS texted,
       CASE WHEN b.billing_month = ANY (ARRAY({_MONTHS_BY_HAND})) THEN EXISTS (
         SELECT 1 FROM message_account told JOIN message m USING (id)
         WHERE told.ground = 'bill:' || a.account_no || ':' || b.billing_month AND m.kind = 'bill'
           AND m.state IN ('queued', 'sending', 'uncertain', 'sent', 'delivered')) ELSE false END AS told,
       hold.words AS hold_words,
       CASE WHEN b.due_date <= $2 THEN (
         SELECT min(m.sent_at) FROM message_account told JOIN message m USING (id)
         WHERE told.ground = 'bill:' || a.account_no || ':' || b.billing_month
           AND m.kind = 'arrears' AND m.state IN ('sent', 'delivered')
           AND NOT EXISTS (SELECT 1 FROM contact_link wrong WHERE wrong.id = told.link_id
                             AND wrong.state IN ('suspended', 'revoked'))) END AS reminded_at,
       EXISTS (SELECT 1 FROM contact_link link WHERE link.account_id = a.id AND link.state = 'suspended')
         OR EXISTS (SELECT 1 FROM contact_link link JOIN correction_link concerned ON concerned.link_id = link.id
                    JOIN correction ON correction.id = concerned.correction_id
                    WHERE link.account_id = a.id AND concerned.decision IS NULL
                      AND correction.state IN ('open', 'verifying')) AS doubt
FROM bill b JOIN account a ON a.id = b.account_id
{places.PREMISE}
LEFT JOIN LATERAL (
  SELECT day, stage, taken_at, bool_or(outcome = 'text' AND day > 0) OVER () AS texted
  FROM dunning_step WHERE bill_id = b.id AND day IS NOT NULL ORDER BY day DESC LIMIT 1
) AS step ON true
{HOLD}
WHERE {{which}}
ORDER BY b.id LIMIT {{limit}}
"""
#: By how much the date at an address may be ahead of that of the utility's home.
_AHEAD: Final = timedelta(days=1)
_OPEN: Final = "b.id > $3 AND b.settled_at IS NULL AND b.amount > b.paid AND b.due_date <= $4"


async def open_bills(connection: Any, day: Day, ladder: Ladder, behind: int) -> list[Any]:
    """The next open bills behind the bill `behind` for which a stage may be due."""
    first = min((stage.day for stage in ladder.stages), default=0)
    rows: list[Any] = await connection.fetch(
        _BILLS.format(which=_OPEN, limit=CHUNK),
        day.now,
        legal_from(day.today, ladder),
        behind,
        day.today - timedelta(days=first) + _AHEAD,
    )
    return rows


async def chosen_bills(connection: Any, day: Day, ladder: Ladder, which: str, *values: Any, limit: int) -> list[Any]:
    """Bills for which a condition of ours holds (parameters from `$3` on), with their facts."""
    rows: list[Any] = await connection.fetch(
        _BILLS.format(which=which, limit=limit), day.now, legal_from(day.today, ladder), *values
    )
    return rows


def legal_from(today: date, ladder: Ladder) -> date:
    """The due date up to which the legal stage is near enough to ask for reminders."""
    days: Sequence[int] = [stage.day for stage in ladder.stages if stage.by == "legal"]
    return today - timedelta(days=min(days, default=10_000)) + _AHEAD


def day_at(row: Any, day: Day, zone: ZoneInfo, region: str) -> Day:
    """The day as it is at the address of a bill's row; `zone` and `region` are the utility's own."""
    if row["time_zone"] is None and row["calendar"] is None:
        return day
    return day.there(*places.place_of(row, zone, region))


def facts_of(row: Any) -> Facts:
    """The pure view of a bill's row."""
    return Facts(
        due=row["due_date"],
        settled=row["settled_at"] is not None or row["owed"] <= 0,
        taken_day=row["taken_day"],
        taken_at=row["taken_at"],
        texted=row["texted"],
        told=row["told"],
        reminded_at=row["reminded_at"],
        held=row["hold_words"],
        doubt=row["doubt"],
        segments=segments_of(row),
    )
