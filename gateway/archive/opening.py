"""Opening a correction, or joining the one that is open on the number.

A case lists every link it concerns (promise P7): every account with the number, and every link of the
accounts of each customer in doubt, so that nobody's other account is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.archive import links
from gateway.kernel import audit
from gateway.kernel.ids import new_id

#: How long a case may wait for its decision: the five working days in which the hotline must settle an order,
#: with the weekend that falls in them (domain notes §3.6 "Order handling").
DUE: Final = timedelta(days=7)

REASONS: Final = (
    "reply", "ticket", "bounce", "shared_number", "staff_number", "name_mismatch", "transfer", "newer_number",
    "near_miss", "placeholder", "invalid_format", "lookup", "upstream_conflict", "silence", "proposal", "staff_report",
)  # fmt: skip

_LIST: Final = f"""
INSERT INTO correction_link (correction_id, link_id, before_case)
SELECT $1, l.id, {links.SNAPSHOT} FROM contact_link l
WHERE l.state <> 'revoked' AND (
  l.contact_point_id = $2 OR l.account_id IN (
    SELECT other.id FROM account other WHERE other.customer_id IN (
      SELECT customer_id FROM account WHERE id = ANY($3::bigint[])
      UNION SELECT a.customer_id FROM account a JOIN contact_link s ON s.account_id = a.id
            WHERE s.id = ANY($4::bigint[]))))
ORDER BY l.id
ON CONFLICT DO NOTHING RETURNING link_id
"""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The case, whether it was open before, and the links that it newly suspended."""

    id: UUID
    joined: bool
    suspended: list[int]


async def open_or_join(connection: Any, doubt: Doubt) -> Opened:
    """Open a case in the connection's transaction, or add to the one that is open on the number."""
    if doubt.contact_point_id is not None:
        await connection.execute("SELECT FROM contact_point WHERE id = $1 FOR UPDATE", doubt.contact_point_id)
    found = await connection.fetchval(
        "SELECT id FROM correction WHERE contact_point_id = $1 AND state = 'open' FOR UPDATE", doubt.contact_point_id
    )
    case: UUID = found or new_id(doubt.at)
    hints = json.dumps([dict(hint) for hint in doubt.hints], ensure_ascii=False)
    if found is None:
        await connection.execute(
            """INSERT INTO correction (id, state, reason, contact_point_id, account_id, opened_at, opened_by, due_at,
                                       note, hints)
               VALUES ($1, 'open', $2, $3, $4, $5, $6, $7, $8, $9::jsonb)""",
            case,
            doubt.reason,
            doubt.contact_point_id,
            doubt.accounts[0] if len(doubt.accounts) == 1 else None,
            doubt.at,
            doubt.actor,
            doubt.at + DUE,
            doubt.note,
            hints,
        )
    else:
        await connection.execute("UPDATE correction SET hints = hints || $2::jsonb WHERE id = $1", case, hints)
    await connection.fetch(_LIST, case, doubt.contact_point_id, list(doubt.accounts), list(doubt.suspend))
    suspended = await links.suspend(connection, doubt.suspend, at=doubt.at, reason=doubt.words)
    await connection.execute(
        "UPDATE correction_link SET suspended = true WHERE correction_id = $1 AND link_id = ANY($2::bigint[])",
        case,
        suspended,
    )
    await audit.write(
        connection,
        at=doubt.at,
        actor=doubt.actor,
        action="correction.joined" if found else "correction.opened",
        subject=f"correction:{case}",
        after={"reason": doubt.reason, "suspended_links": suspended},
    )
    return Opened(id=case, joined=found is not None, suspended=suspended)
