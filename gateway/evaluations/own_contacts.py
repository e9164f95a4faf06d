"""A contact that somebody planned by hand keeps no service of their own from being asked about (promise P6).

A person gets one survey in a while (domain notes §7). Whoever plans a contact with a customer, and so has the customer
asked about that, would use the span up before an order of theirs is even opened, and would have chosen what is asked
about. Where nothing but such texts stand in the way of a survey about work of the same person or the same team, it
leaves all the same; everybody else's work keeps to the span.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from gateway.evaluations.programmes import programmes
from gateway.evaluations.surveys import service_words
from gateway.evaluations.tallies import uncount
from gateway.kernel.ids import first_id
from gateway.notices import Asked, Taken

#: What is put down on an invitation that left so.
FLAG: Final = "despite_own_contact"
#: How long after a survey was held back this is looked at, and how far back texts stand in the way.
_WITHIN: Final = timedelta(days=3)
_LOOK_BACK: Final = timedelta(days=31)
_LEAVES_WITHIN: Final = timedelta(hours=72)
_MOST: Final = 500

_HELD_BACK: Final = f"""
SELECT i.id, i.service, i.began_at, i.contact_point_id, i.programme, a.account_no, a.language
FROM invitation i JOIN message m ON m.id = i.message_id JOIN account a ON a.id = i.account_id
JOIN LATERAL (
  SELECT bool_and(coalesce(own.held, false)) AS own FROM message b
  LEFT JOIN LATERAL (
    SELECT f.programme IS NULL AND (f.made_by LIKE 'staff:%' OR f.made_by = 'clock')
           AND (i.person_no IN (j.person_no, f.manager_no, f.deputy_no) OR i.team_code = j.team_code) AS held
    FROM invitation j JOIN followup f ON j.event_kind = 'followup' AND f.id::text = j.event_ref
    WHERE j.message_id = b.id OR j.id IN (SELECT t.invitation_id FROM invitation_text t WHERE t.message_id = b.id)
    LIMIT 1
  ) AS own ON true
  WHERE b.kind = 'survey' AND b.id >= $2 AND b.state IN ('queued', 'sending', 'sent', 'delivered', 'uncertain')
    AND b.contact_point_id IN (
      SELECT m.contact_point_id
      UNION ALL SELECT chat_point_id FROM chat_binding WHERE phone_point_id = m.contact_point_id AND ended_at IS NULL
      UNION ALL SELECT phone_point_id FROM chat_binding WHERE chat_point_id = m.contact_point_id AND ended_at IS NULL)
) AS before ON before.own
WHERE m.state = 'withheld' AND m.withheld_reason = 'surveyed_recently' AND i.event_kind <> 'followup'
  AND i.invited_at > $1 AND NOT '{FLAG}' = ANY (i.flags)
ORDER BY i.id LIMIT $3 FOR UPDATE OF i SKIP LOCKED
"""
_LEFT: Final = f"""
UPDATE invitation i SET flags = flags || '{{{FLAG}}}', message_id = coalesce(asked.message_id, i.message_id),
  invited_at = $3, ended_state = NULL, ended_reason = NULL,
  answer_by = coalesce(m.not_before, $3) + make_interval(hours => p.answer),
  remind_at = CASE WHEN p.remind > 0 AND m.state = 'queued'
              THEN coalesce(m.not_before, $3) + make_interval(hours => p.remind) END
FROM unnest($1::bigint[], $2::uuid[]) AS asked(id, message_id) LEFT JOIN message m ON m.id = asked.message_id,
  unnest($4::text[], $5::int[], $6::int[]) AS p(code, answer, remind)
WHERE i.id = asked.id AND p.code = coalesce(i.programme, 'order')
"""


class Texts(Protocol):
    """Writes single texts; `gateway.notices.Acceptor` does."""

    async def accept(self, connection: Any, asked: list[Asked], *, now: datetime) -> list[Any]: ...


async def ask_all_the_same(connection: Any, texts: Texts, now: datetime, zone: ZoneInfo) -> int:
    """Let surveys leave that nothing but contacts planned by whoever they rate held back; how many."""
    rows = await connection.fetch(_HELD_BACK, now - _WITHIN, first_id(now - _LOOK_BACK), _MOST)
    if not rows:
        return 0
    asked = [
        Asked(
            template="survey",
            account_no=row["account_no"],
            values={
                "service": service_words(row["language"], row["service"]),
                "opened_on": row["began_at"].astimezone(zone).date(),
            },
            point=row["contact_point_id"],
            expires_at=now + _LEAVES_WITHIN,
            goes_on=True,
        )
        for row in rows
    ]
    taken = await texts.accept(connection, asked, now=now)
    table = list((await programmes(connection)).values())
    await connection.execute(
        _LEFT,
        [row["id"] for row in rows],
        [one.id if isinstance(one, Taken) else None for one in taken],
        now,
        [one.code for one in table],
        [one.answer_hours for one in table],
        [one.remind_hours for one in table],
    )
    await uncount(connection, [row["id"] for row in rows])
    return len(rows)
