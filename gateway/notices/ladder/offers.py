"""Prepayment offered to those who often pay late: warmly, once in a long while, with their consent (S4.12, S4.13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from gateway.notices.ladder.rules import Day
from gateway.notices.policy import PolicyTable

#: The name under which an offer stands among the steps.
OFFER: Final = "prepayment"

# Late is what was settled after its due date, or stands on an arrears list still. Nobody is offered anything
# while something is overdue: that is told first.
_TAKE: Final = """
INSERT INTO dunning_step (bill_id, account_id, stage, day, outcome, run_id, tone, taken_at, because, policy_version)
SELECT late.bill_id, late.account_id, 'prepayment', NULL, 'text', $1, 'warm', $2,
       late.bills || ' bills paid late since ' || $3::date, $4
FROM (
  SELECT account_id, count(*) AS bills, max(id) AS bill_id FROM bill
  WHERE due_date >= $3 AND (settled_at AT TIME ZONE $5)::date > due_date
  GROUP BY account_id HAVING count(*) >= $6
) AS late
WHERE NOT EXISTS (SELECT 1 FROM bill WHERE bill.account_id = late.account_id AND settled_at IS NULL AND due_date < $7)
  AND NOT EXISTS (SELECT 1 FROM dunning_step past WHERE past.account_id = late.account_id
                    AND past.stage = 'prepayment' AND past.taken_at > $8)
  AND EXISTS (SELECT 1 FROM contact_link link JOIN consent ON consent.contact_point_id = link.contact_point_id
              WHERE link.account_id = late.account_id AND link.state IN ('verified', 'unverified')
                AND link.questioned_at IS NULL AND consent.purpose = 'advice' AND consent.ended_at IS NULL)
ON CONFLICT (bill_id, stage) DO NOTHING
"""


async def take_offers(connection: Any, table: PolicyTable, day: Day, run_id: UUID) -> None:
    """Choose whom prepayment is offered to today, in the connection's transaction."""
    terms = table.ladder.prepayment
    await connection.execute(
        _TAKE,
        run_id,
        day.now,
        day.today - timedelta(days=round(terms.within_months * 365.25 / 12)),
        table.version,
        day.zone.key,
        terms.late_bills,
        day.today,
        day.now - timedelta(days=terms.once_in_days),
    )
