"""Coverage: how many accounts can be reached, by organisation; kept month by month, since links change (§5.4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

#: A proof counts for so long (domain notes §7 "Verified and trusted").
PROVEN_FOR: Final = timedelta(days=548)

#: Accounts with the organisation they belong to: that of their transformer area, else the district; else empty.
ORGANISED: Final = """
SELECT a.id AS account_id, coalesce(o.name, p.district, '') AS organisation
FROM account a JOIN premise p ON p.id = a.premise_id
LEFT JOIN transformer_area t ON t.id = a.transformer_area_id LEFT JOIN organisation o ON o.id = t.organisation_id
"""
#: How many accounts each organisation can reach now; `$1` is the day from which a proof counts.
COVERED: Final = f"""
SELECT organisation, count(*)::int AS accounts, (count(*) FILTER (WHERE reach.reachable))::int AS reachable,
       (count(*) FILTER (WHERE reach.verified))::int AS verified
FROM account JOIN ({ORGANISED}) AS org ON org.account_id = account.id
LEFT JOIN (
  SELECT l.account_id, true AS reachable, bool_or(l.state = 'verified' AND l.verified_at >= $1) AS verified
  FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id
  WHERE l.state IN ('unverified', 'verified') AND l.questioned_at IS NULL
    AND p.state = 'active' AND p.line <> 'landline' GROUP BY 1
) AS reach ON reach.account_id = account.id
WHERE account.status <> 'closed' GROUP BY 1
"""


async def note(connection: Any, now: datetime, zone: ZoneInfo) -> None:
    """Write down how many accounts can be reached; the last that is written in a month stays."""
    await connection.execute(
        f"""INSERT INTO contact_coverage (month, organisation, accounts, reachable, verified, at)
            SELECT $2::text, organisation, accounts, reachable, verified, $3::timestamptz FROM ({COVERED}) AS now
            ON CONFLICT (month, organisation) DO UPDATE SET accounts = excluded.accounts,
              reachable = excluded.reachable, verified = excluded.verified, at = excluded.at""",
        now - PROVEN_FOR,
        f"{now.astimezone(zone):%Y-%m}",
        now,
    )
