"""Accounts under watch: for 30 days after a low score and after a correction (domain notes §4.6, §5.3 step 11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.reach import part_of, within_sql
from gateway.cases.watching import LASTS
from gateway.kernel.acting import acting_in, require
from gateway.kernel.database import driver

Because = Literal["low_score", "correction"]
#: Who reads that a score was low before it is part of a month's figures: those who look after ratings.
_SEE_SCORES: Final = ("evaluations:review", "evaluations:audit", "evaluations:challenge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched, why and until when."""

    #: Of the evaluation or the correction.
    id: UUID
    #: One after a low score; all that a correction concerned.
    accounts: list[str]
    because: Because
    #: The service that was rated, or the correction.
    ref: str
    since: datetime
    until: datetime
    #: Cases that the customer came with since, by their references.
    came_again: list[str]


_WATCHES: Final = f"""
WITH watched AS (
  SELECT e.id, 'low_score' AS because, i.event_kind || ':' || i.event_ref AS ref, e.at AS since, ARRAY[i.account_id] AS
         accounts, i.event_ref AS order_no
  FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
  WHERE e.score <= 2 AND e.state = 'counted' AND e.at > $1::timestamptz - $2::interval AND e.at <= $1 AND $6
    AND i.account_id IS NOT NULL AND i.person_no IS DISTINCT FROM $7 AND {within_sql("i.account_id", "$9")}
  UNION ALL
  SELECT r.id, 'correction', 'correction:' || r.id, r.applied_at, array_agg(DISTINCT l.account_id), NULL
  FROM correction r JOIN correction_link cl ON cl.correction_id = r.id JOIN contact_link l ON l.id = cl.link_id
  WHERE r.state IN ('applied', 'watching', 'closed') AND r.applied_at > $1::timestamptz - $2::interval
    AND r.applied_at <= $1 AND {within_sql("l.account_id", "$9")}
  GROUP BY r.id
)
SELECT w.id, ARRAY(SELECT a.account_no FROM account a WHERE a.id = ANY (w.accounts) ORDER BY 1) AS accounts, w.because,
       w.ref, w.since, w.since + $2::interval AS until,
       ARRAY(SELECT 'S' || to_char(k.number, 'FM000000') FROM "case" k
             WHERE k.account_id = ANY (w.accounts) AND k.opened_at > w.since AND k.opened_at <= w.since + $2::interval
               AND k.topic <> 'low_score' AND k.klass NOT IN ('praise', 'enquiry')
               AND k.work_order_no IS DISTINCT FROM w.order_no
             ORDER BY k.number) AS came_again
FROM watched w
WHERE ($3::text IS NULL OR EXISTS (SELECT 1 FROM account a WHERE a.account_no = $3 AND a.id = ANY (w.accounts)))
  AND ($4::text IS NULL OR w.because = $4) AND ($5::uuid IS NULL OR w.id < $5)
ORDER BY w.id DESC LIMIT $8
"""


async def watches(
    session: AsyncSession,
    now: datetime,
    *,
    account_no: str | None,
    because: Because | None,
    before: UUID | None,
    limit: int,
) -> list[Watch]:
    """Up to `limit` watches that stand at `now` and began before `before`, newest first.

    Whoever has no part in looking after ratings sees those of corrections alone, and nobody those of a score of their
    own.
    """
    require(session, "cases:read")
    acting = acting_in(session)
    person = acting.staff_no if acting is not None else None
    scores = acting is None or person is None or any(acting.may(scope) for scope in _SEE_SCORES)
    rows = await (await driver(session)).fetch(
        _WATCHES, now, LASTS, account_no, because, before, scores, person, limit, part_of(session)
    )
    return [Watch(**row) for row in rows]
