"""Catching up: what accounts missed while their contact was wrong or stopped is told to the right person.

What a wrong contact was told counts for nothing: it is told again where it still holds and somebody right can be
reached (domain notes §5.3.8). Outages are brought up to date under their own notice; bills and reminders go out
as a notice of their own with the approval of the first, and only to contacts that may be told amounts. Policy,
hours and facts are judged anew as for every text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.kernel import audit
from gateway.kernel.ids import first_id, new_id
from gateway.notices.control import COMPOSE
from gateway.notices.kinds import ONLY
from gateway.notices.outages.following import begin_round

#: How far back something can lie that still wants telling.
_MEMORY: Final = timedelta(days=62)

_OUTAGES: Final = """
SELECT n.id, array_agg(DISTINCT r.account_id) AS accounts
FROM outage_account r JOIN outage o ON o.id = r.outage_id AND o.state IN ('announced', 'active')
JOIN outage_notice f ON f.outage_id = o.id JOIN notice n ON n.id = f.notice_id
WHERE r.account_id = ANY($1::bigint[]) AND r.affected AND n.kind <> 'restoration' AND n.state IN ('sending', 'done')
  AND EXISTS (SELECT 1 FROM contact_link l WHERE l.account_id = r.account_id AND l.state IN ('verified', 'unverified')
                AND l.questioned_at IS NULL)
GROUP BY n.id ORDER BY n.id
"""
# The newest text about each ground of an account that went astray, where none since has gone right.
_MISSED: Final = """
WITH astray AS (
  SELECT DISTINCT ON (a.account_id, a.ground) a.account_id, a.ground, m.notice_id
  FROM message_account a JOIN message m USING (id) LEFT JOIN contact_link l ON l.id = a.link_id
  WHERE a.account_id = ANY($1::bigint[]) AND a.id >= $2 AND a.ground IS NOT NULL AND m.notice_id IS NOT NULL
    AND (m.state = 'withheld' AND m.withheld_reason IN ('misdirected', 'revoked')
         OR m.state IN ('sent', 'delivered') AND l.state IN ('suspended', 'revoked'))
  ORDER BY a.account_id, a.ground, a.id DESC
)
SELECT n.id, array_agg(DISTINCT astray.account_id) AS accounts FROM astray
JOIN notice n ON n.id = astray.notice_id
WHERE n.kind = ANY($3::text[]) AND (n.expires_at IS NULL OR n.expires_at > $4)
  AND NOT EXISTS (SELECT 1 FROM ground_stop s WHERE s.ground = astray.ground)
  AND EXISTS (SELECT 1 FROM contact_link l WHERE l.account_id = astray.account_id
                AND l.state IN ('verified', 'unverified') AND NOT l.needs_proof AND l.questioned_at IS NULL)
  AND NOT EXISTS (
    SELECT 1 FROM message_account a JOIN message m USING (id) LEFT JOIN contact_link l ON l.id = a.link_id
    WHERE a.ground = astray.ground AND a.account_id = astray.account_id
      AND m.state IN ('queued', 'sending', 'uncertain', 'sent', 'delivered')
      AND (l.id IS NULL OR l.state NOT IN ('suspended', 'revoked')))
  AND NOT EXISTS (
    SELECT 1 FROM notice again WHERE again.state IN ('approved', 'composing') AND again.kind = n.kind
      AND again.about -> 'only' @> to_jsonb(astray.account_id) AND again.about @> (n.about - 'only'))
GROUP BY n.id ORDER BY n.id
"""
_AGAIN: Final = """
INSERT INTO notice (id, kind, state, about, tone, not_before, expires_at, channels, fallback_minutes, drafted_by,
                    drafted_at, approved_by, approved_at, remark)
SELECT $2, kind, 'approved', about || $3::jsonb, tone, not_before, expires_at, channels, fallback_minutes, $4, $5, $4,
       $5, $6
FROM notice WHERE id = $1
"""
#: Kinds that are told again as notices of their own.
_KINDS: Final = ("bill", "arrears", "announcement")


async def catch_up(connection: Any, accounts: Sequence[int], case: UUID, now: datetime) -> list[UUID]:
    """Have accounts told what they missed, in the connection's transaction; the notices that do.

    Asked again it tells nothing twice: what has gone right since, or is about to, is left out.
    """
    if not accounts:
        return []
    told: list[UUID] = []
    for row in await connection.fetch(_OUTAGES, list(accounts)):
        await begin_round(connection, row["id"], "announce", only=row["accounts"])
        told.append(row["id"])
    actor = f"correction:{case}"
    for row in await connection.fetch(_MISSED, list(accounts), first_id(now - _MEMORY), list(_KINDS), now):
        notice = new_id(now)
        about = json.dumps({ONLY: row["accounts"]})
        await connection.execute(_AGAIN, row["id"], notice, about, actor, now, f"what was missed of notice {row['id']}")
        told.append(notice)
    for notice in told:
        await audit.write(
            connection,
            at=now,
            actor=actor,
            action="notice caught up",
            subject=f"notice:{notice}",
            after={"accounts": len(accounts)},
        )
    if told:
        await connection.execute("SELECT pg_notify($1, '')", COMPOSE)
    return told
