"""A long silence: contacts that were told much in a year and never stirred (domain notes §5.2).

Weak evidence, since silence is normal: it makes a link less sure and asks for a contact check sooner, no more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from gateway.kernel.ids import first_id

#: How long nobody answered, confirmed, or paid after a reminder.
QUIET_FOR: Final = timedelta(days=365)
#: Texts that must have arrived for that to say anything; the first of them came when the silence began, or before.
_TOLD: Final = 4
#: How far back the first may lie.
_LOOKS_BACK: Final = timedelta(days=460)
#: The numbers are gone through in so many nights, so that one night asks after few.
TURNS: Final = 28

# Who writes in a chat is heard there. What was noted once is noted again after as long a time.
_UNHEARD: Final = """
INSERT INTO signal (contact_point_id, account_id, kind, at, evidence)
SELECT l.contact_point_id, l.account_id, 'silence', $1,
       jsonb_build_object('since', $2::timestamptz, 'texts', told.texts)
FROM contact_link l
JOIN contact_point p ON p.id = l.contact_point_id AND p.kind = 'phone' AND p.state = 'active' AND p.line <> 'landline'
CROSS JOIN LATERAL (
  SELECT count(*) AS texts, min(m.delivered_at) AS first FROM message_account a JOIN message m ON m.id = a.id
  WHERE a.account_id = l.account_id AND a.link_id = l.id AND a.id >= $3 AND m.id >= $3 AND m.state = 'delivered'
) AS told
WHERE l.state = 'unverified' AND p.id % $4 = $5 AND told.texts >= $6 AND told.first <= $2
  AND NOT EXISTS (SELECT 1 FROM inbound i WHERE i.contact_point_id = p.id AND i.id >= $7)
  AND NOT EXISTS (SELECT 1 FROM chat_binding b WHERE b.phone_point_id = p.id AND b.ended_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM contact_link told WHERE told.contact_point_id = p.id AND told.verified_at > $2)
  AND NOT EXISTS (
    SELECT 1 FROM signal s WHERE s.contact_point_id = p.id AND s.at > $2
      AND (s.kind = 'paid_after_reminder'
           OR s.kind = 'silence' AND s.account_id = l.account_id AND s.evidence ? 'texts'))
ORDER BY l.id
"""


async def note_unheard(connection: Any, now: datetime) -> None:
    """Keep the silence of a year as evidence, in the connection's transaction; each night another part of the numbers.

    A link counts that is unproven, was told of its account all that time, and whose number neither wrote, nor
    confirmed anything, nor paid after a reminder.
    """
    since = now - QUIET_FOR
    await connection.execute(
        _UNHEARD,
        now,
        since,
        first_id(now - _LOOKS_BACK),
        TURNS,
        now.toordinal() % TURNS,
        _TOLD,
        first_id(since),
    )
