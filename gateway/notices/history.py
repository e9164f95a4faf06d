"""What people were told lately, or stands queued for them: the past that frequency goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.kernel.database import plan_anew
from gateway.kernel.ids import first_id
from gateway.notices.policy import History

# Whoever has a chat is told there or at the number: what went to the one went to the person.
# Looked up number by number (OFFSET keeps it so): messages are being written while it is asked, and by statistics
# of the table as it was before, the planner would rather read all of this month's each time.
_HISTORY: Final = """
SELECT asked.point AS contact_point_id, past.kind, past.klass, past.body, max(past.at) AS at
FROM unnest($1::bigint[]) AS asked (point)
CROSS JOIN LATERAL (
  SELECT asked.point AS id
  UNION ALL SELECT chat_point_id FROM chat_binding WHERE phone_point_id = asked.point AND ended_at IS NULL
  UNION ALL SELECT phone_point_id FROM chat_binding WHERE chat_point_id = asked.point AND ended_at IS NULL
) AS person
CROSS JOIN LATERAL (
  SELECT kind, klass, body, coalesce(sent_at, not_before) AS at FROM message
  WHERE contact_point_id = person.id AND id >= $2
    AND state IN ('queued', 'sending', 'sent', 'delivered', 'uncertain')
  OFFSET 0
) AS past
GROUP BY asked.point, past.kind, past.klass, past.body
"""
# A person is reminded once in a while, whichever of an account's contacts is the likeliest by then: the account is
# looked up beside the number, where it has or had another contact.
_ELSEWHERE: Final = """
SELECT asked.account_id, max(past.at) AS at
FROM unnest($1::int[], $2::bigint[]) AS asked (account_id, point)
CROSS JOIN LATERAL (
  SELECT coalesce(m.sent_at, m.not_before) AS at FROM message_account told JOIN message m USING (id)
  WHERE told.account_id = asked.account_id AND told.id >= $3 AND m.kind = $4 AND m.contact_point_id <> asked.point
    AND m.state IN ('queued', 'sending', 'sent', 'delivered', 'uncertain')
  OFFSET 0
) AS past
WHERE EXISTS (SELECT 1 FROM contact_link other
              WHERE other.account_id = asked.account_id AND other.contact_point_id <> asked.point)
   OR EXISTS (SELECT 1 FROM chat_binding WHERE phone_point_id = asked.point OR chat_point_id = asked.point)
GROUP BY asked.account_id
"""
#: Kinds of which an account gets one in a while, over all its contacts together.
_ONE_AN_ACCOUNT: Final = frozenset({"arrears"})
#: How far back frequency looks (domain notes §7: surveys and advice one in 30 days).
_LOOK_BACK: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The past of one contact point, as far as frequency needs it."""

    last_by_kind: Mapping[str, datetime]
    last_commercial_at: datetime | None
    texts: Mapping[str, datetime]

    def history(self, body: str | None) -> History:
        """The policy's view of it, for a text that says `body`."""
        return History(
            last_by_kind=self.last_by_kind,
            last_commercial_at=self.last_commercial_at,
            same_text_at=self.texts.get(body) if body is not None else None,
        )


#: The past of a contact point that was told nothing lately.
NOTHING_TOLD: Final = Told(last_by_kind={}, last_commercial_at=None, texts={})


async def told_before(connection: Any, points: Sequence[int], now: datetime) -> dict[int, Told]:
    """What contact points were told lately, or stands queued for them."""
    await plan_anew(connection)
    rows = await connection.fetch(_HISTORY, points, first_id(now - _LOOK_BACK))
    past: dict[int, Told] = {}
    for row in rows:
        known = past.get(row["contact_point_id"], NOTHING_TOLD)
        at = row["at"]
        commercial = known.last_commercial_at
        if row["klass"] == "C":
            commercial = max(at, commercial) if commercial else at
        past[row["contact_point_id"]] = Told(
            last_by_kind={**known.last_by_kind, row["kind"]: max(at, known.last_by_kind.get(row["kind"], at))},
            last_commercial_at=commercial,
            texts={**known.texts, row["body"]: max(at, known.texts.get(row["body"], at))},
        )
    return past


async def told_elsewhere(
    connection: Any, kind: str, told: Sequence[tuple[int, int]], now: datetime, gap: timedelta
) -> dict[int, datetime]:
    """When accounts, each given with the contact point it is told at now, were last told at another one within a gap.

    Empty for kinds of which an account may get one at each of its contacts.
    """
    if kind not in _ONE_AN_ACCOUNT:
        return {}
    accounts, points = [account for account, _ in told], [point for _, point in told]
    rows = await connection.fetch(_ELSEWHERE, accounts, points, first_id(now - _LOOK_BACK), kind)
    return {row["account_id"]: row["at"] for row in rows if row["at"] > now - gap}
