"""Opening a correction, joining the one that is open on the number, or opening again one that was thought done.

A case lists every link it concerns (promise P7): every account with the number, and every link, on whatever
channel, of the accounts of each customer in doubt in any form of the name, so that nobody's other account is
forgotten. What came in beside it in the same import is a hint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.archive import links, neighbours
from gateway.archive.namesakes import same_customers
from gateway.kernel import audit
from gateway.kernel.ids import new_id

#: How long a case may wait for its decision: the five working days in which the hotline must settle an order,
#: with the weekend that falls in them (domain notes §3.6 "Order handling").
DUE: Final = timedelta(days=7)
#: How long one may wait in which links are in question: most of them are right, and are told nothing meanwhile.
DUE_IN_QUESTION: Final = timedelta(days=3)

REASONS: Final = (
    "reply", "ticket", "bounce", "shared_number", "staff_number", "name_mismatch", "transfer", "newer_number",
    "near_miss", "placeholder", "invalid_format", "lookup", "upstream_conflict", "silence", "proposal", "staff_report",
)  # fmt: skip

_CUSTOMERS: Final = """
SELECT customer_id FROM account WHERE id = ANY($1::bigint[])
UNION SELECT a.customer_id FROM account a JOIN contact_link s ON s.account_id = a.id WHERE s.id = ANY($2::bigint[])
"""
_LIST: Final = f"""
INSERT INTO correction_link (correction_id, link_id, before_case)
SELECT $1, l.id, {links.SNAPSHOT} FROM contact_link l
WHERE l.state <> 'revoked' AND (
  l.contact_point_id = $2 OR l.account_id IN (SELECT id FROM account WHERE customer_id = ANY($3::int[])))
ORDER BY l.id
ON CONFLICT DO NOTHING RETURNING link_id
"""
# Trouble came back: what is listed and not revoked waits for a decision again. How each link was before the first
# decision stays, so that a revert still takes the case back as a whole.
_AGAIN: Final = f"""
UPDATE correction_link c SET decision = NULL, decided_by = NULL, decided_at = NULL, suspended = false,
  before_case = {links.SNAPSHOT}
FROM contact_link l WHERE c.correction_id = $1 AND l.id = c.link_id AND l.state <> 'revoked'
"""
#: States in which a case counts as decided, and new trouble with its contacts opens it again.
DECIDED: Final = ("verifying", "applied", "watching")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a case is opened, and on what.

    `suspend` are the links that must not send while the case is open; `accounts` those whose customers are
    concerned beside the owners of these links.
    """

    contact_point_id: int | None
    accounts: Sequence[int]
    suspend: Sequence[int]
    reason: str
    #: What the suspended links give as their reason.
    words: str
    actor: str
    at: datetime
    note: str | None = None
    hints: Sequence[Mapping[str, Any]] = ()
    #: Links of which one may be meant as well: they wait until it is said or decided which.
    question: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The case, whether it was open before, and the links that it newly suspended or put in question."""

    id: UUID
    joined: bool
    suspended: list[int]
    questioned: list[int] = field(default_factory=list)


async def open_or_join(connection: Any, doubt: Doubt) -> Opened:
    """Open a case in the connection's transaction, or add to the one that is open or was decided on the number."""
    if doubt.contact_point_id is not None:
        await connection.execute("SELECT FROM contact_point WHERE id = $1 FOR UPDATE", doubt.contact_point_id)
    found = await connection.fetchrow(
        """SELECT id, state FROM correction WHERE contact_point_id = $1 AND state = ANY($2::text[])
           ORDER BY state <> 'open', id DESC LIMIT 1 FOR UPDATE""",
        doubt.contact_point_id,
        ["open", *DECIDED],
    )
    case: UUID = found["id"] if found is not None else new_id(doubt.at)
    again = found is not None and found["state"] != "open"
    follows = await _brought_by(connection, doubt) if found is None else None
    if found is None:
        await _insert(connection, case, doubt, follows)
    elif again:
        await open_again(connection, case, found["state"], doubt.reason, doubt.at)
        await _add_hints(connection, case, [dict(hint) for hint in doubt.hints])
    else:
        await _add_hints(connection, case, [dict(hint) for hint in doubt.hints])
    customers = [row[0] for row in await connection.fetch(_CUSTOMERS, list(doubt.accounts), list(doubt.suspend))]
    await connection.fetch(_LIST, case, doubt.contact_point_id, await same_customers(connection, customers))
    await _look_sideways(connection, case, doubt)
    suspended = await links.suspend(connection, doubt.suspend, at=doubt.at, reason=doubt.words)
    await connection.execute(
        """UPDATE correction_link SET suspended = true, suspended_at = $3, lifted_at = NULL
           WHERE correction_id = $1 AND link_id = ANY($2::bigint[])""",
        case,
        suspended,
        doubt.at,
    )
    questioned = await links.question(connection, doubt.question, at=doubt.at)
    if questioned:
        await connection.execute(
            "UPDATE correction SET due_at = least(due_at, $2) WHERE id = $1", case, doubt.at + DUE_IN_QUESTION
        )
    action = "correction.opened" if found is None else "correction.reopened" if again else "correction.joined"
    await audit.write(
        connection,
        at=doubt.at,
        actor=doubt.actor,
        action=action,
        subject=f"correction:{case}",
        after={
            "reason": doubt.reason,
            "suspended_links": suspended,
            **({"questioned_links": questioned} if questioned else {}),
            **({"follows": str(follows)} if follows else {}),
        },
    )
    return Opened(id=case, joined=found is not None, suspended=suspended, questioned=questioned)


async def _insert(connection: Any, case: UUID, doubt: Doubt, follows: UUID | None) -> None:
    await connection.execute(
        """INSERT INTO correction (id, state, reason, contact_point_id, account_id, opened_at, opened_by, due_at,
                                   note, hints, follows)
           VALUES ($1, 'open', $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10)""",
        case,
        doubt.reason,
        doubt.contact_point_id,
        doubt.accounts[0] if len(doubt.accounts) == 1 else None,
        doubt.at,
        doubt.actor,
        doubt.at + DUE,
        doubt.note,
        json.dumps([dict(hint) for hint in doubt.hints], ensure_ascii=False),
        follows,
    )


async def _brought_by(connection: Any, doubt: Doubt) -> UUID | None:
    """The decided case that brought or kept the number that is in doubt now; it was not thorough, and is marked so."""
    case: UUID | None = await connection.fetchval(
        """WITH doubted AS (
             SELECT id FROM contact_link WHERE id = ANY($2::bigint[]) AND contact_point_id = $1
           ), concerned AS (
             SELECT correction_id FROM correction_link JOIN doubted ON link_id = doubted.id WHERE decision <> 'revoke'
             UNION SELECT correction_id FROM correction_contact JOIN doubted ON link_id = doubted.id)
           UPDATE correction SET recurred_at = coalesce(recurred_at, $3) WHERE id = (
             SELECT c.id FROM correction c JOIN concerned ON concerned.correction_id = c.id
             WHERE c.state = ANY($4::text[]) ORDER BY c.id DESC LIMIT 1) RETURNING id""",
        doubt.contact_point_id,
        list(doubt.suspend),
        doubt.at,
        list(DECIDED),
    )
    return case


async def open_again(connection: Any, case: UUID, was: str, because: str, at: datetime) -> None:
    """Put a decided case back to work: its contacts made trouble again, or more of it came to light."""
    await connection.execute(
        """UPDATE correction SET state = 'open', reopened = reopened + 1, due_at = $2, settled_at = NULL,
             recurred_at = coalesce(recurred_at, $3), escalated_at = NULL, signed_at = NULL, signed_by = NULL,
             watch_until = NULL WHERE id = $1""",
        case,
        at + DUE,
        at,
    )
    await connection.execute(_AGAIN, case)
    await _add_hints(connection, case, [{"kind": "reopened", "reason": because, "was": was}])


async def hold_for_good(connection: Any, held: Sequence[int], words: str) -> None:
    """Somebody said for sure that links which wait in doubt are wrong."""
    await connection.execute(
        """UPDATE contact_link SET reason = $2
           WHERE id = ANY($1::int[]) AND state = 'suspended' AND reason LIKE 'in doubt%'""",
        list(held),
        words,
    )


#: Said of a case that rested on words which meant something else.
UNFOUNDED: Final = "a person read the words otherwise"
#: Whether a case rests on more than what one inbound said. `$2` is the inbound; `x` is the case.
_RESTS_ON_MORE: Final = """EXISTS (
    SELECT 1 FROM jsonb_array_elements(x.hints) AS h (hint)
    WHERE h.hint ->> 'kind' NOT IN ('neighbour', 'judgement') AND h.hint ->> 'inbound_id' IS DISTINCT FROM $2::text)"""
_LET_GO: Final = """
UPDATE correction_link c SET lifted_at = $3 FROM contact_link l
WHERE c.correction_id = $1 AND c.link_id = ANY($2::int[]) AND c.suspended AND l.id = c.link_id
  AND l.state = 'suspended' AND l.reason LIKE 'in doubt%' RETURNING l.id, l.account_id, c.before_case::text AS was
"""
_DISMISS: Final = f"""
UPDATE correction x SET state = 'dismissed', settled_at = $3, note = coalesce(note, $4)
WHERE id = $1 AND state = 'open' AND reason = 'reply' AND applied_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM correction_link c WHERE c.correction_id = x.id AND c.suspended AND c.lifted_at IS NULL)
  AND NOT {_RESTS_ON_MORE}
RETURNING true
"""


# Who says it again of what is stopped already joins no case, but leaves a signal.
_MORE: Final = f"""
SELECT {_RESTS_ON_MORE} OR EXISTS (
  SELECT 1 FROM signal s WHERE s.contact_point_id = x.contact_point_id AND s.at >= x.opened_at
    AND s.kind = ANY($3::text[]) AND s.evidence ->> 'inbound_id' IS DISTINCT FROM $2::text)
FROM correction x WHERE x.id = $1
"""
#: Kinds of signals that are somebody's word.
_SAID: Final = ("wrong_number", "moved_or_sold", "not_account_holder", "ticket", "staff_report")


async def rests_on_more(connection: Any, case: UUID, inbound_id: UUID) -> bool:
    """Whether a case rests on more than what an inbound said: other replies, orders, findings."""
    return bool(await connection.fetchval(_MORE, case, str(inbound_id), list(_SAID)))


async def let_go(
    connection: Any,
    case: UUID,
    held: Sequence[int],
    *,
    inbound_id: UUID | None,
    actor: str,
    at: datetime,
    unfounded: bool,
) -> list[int]:
    """Put links that wait in doubt back as they were before the case, and out of question; their accounts.

    Where the doubt was `unfounded` and the case rests on that inbound alone, it is dismissed.
    """
    rows = await connection.fetch(_LET_GO, case, list(held), at)
    await links.restore(connection, [(row["id"], json.loads(row["was"])) for row in rows])
    going_on = await links.answer(connection, held)
    if unfounded and await connection.fetchval(_DISMISS, case, str(inbound_id), at, UNFOUNDED):
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="correction.dismissed",
            subject=f"correction:{case}",
            before={"state": "open"},
            after={"state": "dismissed", "restored_links": [row["id"] for row in rows], "note": UNFOUNDED},
        )
    return sorted({*going_on, *(row["account_id"] for row in rows)})


async def _look_sideways(connection: Any, case: UUID, doubt: Doubt) -> None:
    """Add what came in beside the links that are in doubt, each once."""
    links_in_doubt = list(doubt.suspend) or [
        row["id"]
        for row in await connection.fetch(
            "SELECT id FROM contact_link WHERE contact_point_id = $1 AND account_id = ANY($2::bigint[])",
            doubt.contact_point_id,
            list(doubt.accounts),
        )
    ]
    beside = await neighbours.hints(connection, links_in_doubt)
    shown = json.loads(await connection.fetchval("SELECT hints::text FROM correction WHERE id = $1", case))
    await _add_hints(connection, case, [hint for hint in beside if hint not in shown])


async def _add_hints(connection: Any, case: UUID, hints: list[dict[str, Any]]) -> None:
    if hints:
        await connection.execute(
            "UPDATE correction SET hints = hints || $2::jsonb WHERE id = $1",
            case,
            json.dumps(hints, ensure_ascii=False),
        )
