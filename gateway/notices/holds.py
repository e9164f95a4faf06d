"""Holds: an account's reminders are paused while what its customer says about the bill is looked into.

A hold stops in two ways. The policy withholds whatever would be composed; and the grounds of the overdue bills
are stopped, so that what is queued already does not leave, and a text for several accounts is written anew
without this one (promise P3). A hold ends by itself, or when its case is closed; then the grounds of what is
still owed hold again. Texts that were withheld stay so: the next list reminds anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from gateway.kernel import audit
from gateway.notices.policy import Paused
from gateway.outbox import resume_grounds, stop_grounds
from gateway.outbox.sweeping import withhold

#: Kinds of text that a hold stops.
KINDS: Final = ("arrears", "legal_notice")

#: Joins the hold of an account `a` that lasts longest.
HOLD: Final = """LEFT JOIN hold ON hold.account_id = a.id AND hold.ended_at IS NULL AND NOT EXISTS (
  SELECT 1 FROM hold AS longer WHERE longer.account_id = hold.account_id AND longer.ended_at IS NULL
    AND (longer.expires_at > hold.expires_at OR longer.expires_at = hold.expires_at AND longer.id < hold.id))"""

_PLACE: Final = """
INSERT INTO hold (account_id, reason, words, placed_at, placed_by, expires_at, inbound_id, case_id)
SELECT account_id, $2, $3, $4, $5, $6, $7, $8 FROM unnest($1::int[]) account_id ORDER BY account_id
ON CONFLICT (account_id, reason) WHERE ended_at IS NULL DO UPDATE SET
  expires_at = greatest(hold.expires_at, excluded.expires_at), case_id = coalesce(excluded.case_id, hold.case_id)
"""
_OVERDUE: Final = """
SELECT 'bill:' || a.account_no || ':' || b.billing_month AS ground FROM bill b JOIN account a ON a.id = b.account_id
WHERE b.account_id = ANY($1::int[]) AND b.overdue AND b.settled_at IS NULL
"""
_QUEUED: Final = """
SELECT DISTINCT a.id FROM message_account a JOIN message m USING (id)
WHERE a.ground = ANY($1::text[]) AND m.state = 'queued'
"""
# What rests on no ground, such as a single message, and speaks for accounts that are all on hold.
_WITHOUT_GROUND: Final = """
SELECT m.id FROM message m JOIN message_account a USING (id)
WHERE a.account_id = ANY($1::int[]) AND m.state = 'queued' AND m.kind = ANY($2::text[])
  AND NOT EXISTS (SELECT 1 FROM message_account other WHERE other.id = m.id AND other.account_id <> ALL ($1::int[]))
"""
_END: Final = """
UPDATE hold SET ended_at = $2, ended_by = $3
WHERE ended_at IS NULL AND {which} RETURNING account_id
"""
_FREE: Final = """
SELECT held.id FROM unnest($1::int[]) AS held(id)
WHERE NOT EXISTS (SELECT 1 FROM hold WHERE hold.account_id = held.id AND ended_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Pause:
    """Why reminders are paused: the reason that withheld texts give, in words, and for how long."""

    reason: Literal["paid", "visit_instead"]
    words: str
    lasts: timedelta


#: What a customer says of a bill, and the pause it asks for. A word that it is paid stands for the five working
#: days in which banks hand their files over (domain notes S0.24), with the weekend that falls in them.
PAUSES: Final[Mapping[str, Pause]] = {
    "paid": Pause("paid", "the customer says that it is paid; billing checks", timedelta(days=7)),
    "disputed": Pause("visit_instead", "the customer disputes the bill; a person answers first", timedelta(days=30)),
}


def paused_of(row: Any) -> Paused | None:
    """The policy's view of the columns that `HOLD` joins."""
    if row["hold_reason"] is None:
        return None
    return Paused(row["hold_reason"], row["hold_words"], row["hold_until"])


async def pause(
    connection: Any, accounts: Sequence[int], because: str, *, inbound_id: UUID, case_id: UUID, actor: str, at: datetime
) -> int:
    """Pause the reminders of accounts in the connection's transaction; how many queued texts that withheld.

    `because` is `paid` or `disputed`. A hold that stands already for the same reason lasts longer.
    """
    why, accounts = PAUSES[because], sorted(set(accounts))
    until = at + why.lasts
    await connection.execute(_PLACE, accounts, why.reason, why.words, at, actor, until, inbound_id, case_id)
    rows = await connection.fetch(_WITHOUT_GROUND, accounts, list(KINDS))
    alone = await withhold(connection, [row["id"] for row in rows], reason=why.reason, at=at, words=why.words)
    grounds = [row["ground"] for row in await connection.fetch(_OVERDUE, accounts)]
    queued = [row["id"] for row in await connection.fetch(_QUEUED, grounds)]
    rest = await stop_grounds(connection, grounds, reason=why.reason, at=at)
    await connection.execute(
        "UPDATE message SET decision = $2 WHERE id = ANY($1::uuid[]) AND state = 'withheld'",
        [*alone, *queued],
        why.words,
    )
    for account in accounts:
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="hold.placed",
            subject=f"account:{account}",
            after={"reason": why.reason, "words": why.words, "until": until.isoformat()},
        )
    return len(alone) + rest


async def lift_of_case(connection: Any, case_id: UUID, actor: str, at: datetime) -> int:
    """End the holds of a case; how many."""
    rows = await connection.fetch(_END.format(which="case_id = $1"), case_id, at, actor)
    return await _ended(connection, [row["account_id"] for row in rows], actor, at)


async def release_due(connection: Any, now: datetime) -> int:
    """End the holds whose time is over; how many."""
    rows = await connection.fetch(_END.format(which="expires_at <= $1"), now, now, "clock")
    return await _ended(connection, [row["account_id"] for row in rows], "clock", now)


async def _ended(connection: Any, accounts: Sequence[int], actor: str, at: datetime) -> int:
    """Let the grounds of what is still owed hold again, where no other hold stands."""
    if not accounts:
        return 0
    free = [row["id"] for row in await connection.fetch(_FREE, list(accounts))]
    await resume_grounds(connection, [row["ground"] for row in await connection.fetch(_OVERDUE, free)])
    for account in accounts:
        await audit.write(connection, at=at, actor=actor, action="hold.lifted", subject=f"account:{account}")
    return len(accounts)
