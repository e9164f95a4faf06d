"""Where an alert is and who tells of it, for whoever goes there: accounts and addresses whole, numbers masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from bots.telegram.staff.duty import masked
from bots.telegram.staff.words import WORDS, StaffWords

#: Accounts that are listed where the sender's numbers stand for several.
_LISTED: Final = 3

# The account that the alert names, else those of the number, or of the numbers that the chat is bound to.
_WHERE: Final = """
SELECT a.id, coalesce(i.channel, 'sms') AS channel, a.sender, number.known AS numbers, place.account_no, place.address,
       coalesce(place.count, 0) AS count
FROM alert a LEFT JOIN inbound i ON i.id = a.inbound_id
CROSS JOIN LATERAL (
  SELECT coalesce(array_agg(p.address ORDER BY p.id), '{}') AS known, coalesce(array_agg(p.id), '{}') AS ids
  FROM contact_point p WHERE p.kind = 'phone' AND p.id IN (
    SELECT i.contact_point_id UNION ALL
    SELECT b.phone_point_id FROM chat_binding b WHERE b.chat_point_id = i.contact_point_id AND b.ended_at IS NULL)
) number
LEFT JOIN LATERAL (
  SELECT c.account_no, m.address, count(*) OVER () AS count FROM account c JOIN premise m ON m.id = c.premise_id
  WHERE c.id IN (
    SELECT n.id FROM account n WHERE n.account_no = a.account_no UNION
    SELECT l.account_id FROM contact_link l WHERE a.account_no IS NULL AND l.contact_point_id = ANY(number.ids)
      AND l.state IN ('unverified', 'verified'))
  ORDER BY c.id LIMIT $2
) place ON true
WHERE a.id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where an alert may be: accounts with their addresses, at most three, of so many; and who tells of it."""

    places: Sequence[tuple[str, str]]
    count: int
    channel: str
    sender: str
    #: Numbers of the sender, or of the chat.
    numbers: Sequence[str]


async def whereabouts(connection: Any, alerts: Sequence[UUID]) -> dict[UUID, Whereabouts]:
    """The whereabouts of some alerts."""
    found: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(_WHERE, list(alerts), _LISTED):
        found.setdefault(row["id"], []).append(row)
    return {
        id_: Whereabouts(
            places=[(row["account_no"], row["address"]) for row in rows if row["account_no"] is not None],
            count=rows[0]["count"],
            channel=rows[0]["channel"],
            sender=rows[0]["sender"],
            numbers=rows[0]["numbers"],
        )
        for id_, rows in found.items()
    }


def place_of(words: StaffWords, where: Whereabouts) -> str:
    """The places, a line each; how many more there are, or that none is known."""
    lines = [words("at_account", account=account, address=address) for account, address in where.places]
    if where.count > len(lines):
        lines.append(words("more_accounts", count=where.count - len(lines)))
    return "\n".join(lines) or words("no_place")


def sender_of(words: StaffWords, where: Whereabouts) -> str:
    """The number, masked; of a chat its platform and the numbers that it is bound to."""
    numbers = ", ".join(masked(one) for one in where.numbers[:_LISTED])
    if where.channel == "sms":
        return numbers or masked(where.sender)
    key = f"channel_{where.channel}"
    channel = words(key) if key in WORDS else where.channel
    return words("bound_chat", channel=channel, numbers=numbers) if numbers else words("unbound_chat", channel=channel)
