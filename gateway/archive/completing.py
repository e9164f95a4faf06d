"""Seeing a correction through: signed by a second person, watched for 30 days, closed; put before a supervisor
when its time passes (domain notes §5.3.10 and 11).

    applied, verifying ── sign ──► watching ── 30 days without trouble ──► closed
                                      └──────────── trouble again ───────► open
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.archive import checklist, evidence
from gateway.archive.checklist import WAIVABLE, Elsewhere
from gateway.archive.opening import Doubt, open_or_join
from gateway.archive.signals import Sign
from gateway.kernel import audit
from gateway.kernel.errors import Conflict, FieldError, Forbidden, InvalidInput

#: Tells accounts what they missed while their contact was wrong or stopped: `(connection, accounts, case, now)`.
CatchUp = Callable[[Any, Sequence[int], UUID, datetime], Awaitable[Any]]
#: Puts overdue cases before a supervisor: `(connection, cases with their states, now)`.
Escalate = Callable[[Any, Sequence[tuple[UUID, str]], datetime], Awaitable[Any]]

#: How long a signed case is watched: the window in which the hotline counts the same matter as a repeat.
WATCH: Final = timedelta(days=30)
#: Time to see a decided case through: the new contact proven, the change taken over, an export come clean.
TO_COMPLETE: Final = timedelta(days=14)


async def sign(
    connection: Any,
    case: UUID,
    *,
    rooms: Sequence[Elsewhere],
    waive: Sequence[str],
    note: str | None,
    actor: str,
    two_people: bool,
    at: datetime,
) -> None:
    """Sign that nothing is left of a decided case, from which on it is watched.

    Raises Forbidden where the actor decided it himself (unless his word counts as two people's), and Conflict
    naming all that is left.
    """
    if unknown := [word for word in waive if word not in WAIVABLE]:
        raise InvalidInput(f"only {', '.join(WAIVABLE)} can be waived, not {unknown[0]}", field="waive")
    if waive and not (note or "").strip():
        raise InvalidInput("a waiver needs its reason", field="note")
    deciders = await connection.fetch(
        """SELECT decided_by AS name FROM correction_link WHERE correction_id = $1 AND decided_by IS NOT NULL
           UNION SELECT applied_by FROM correction WHERE id = $1""",
        case,
    )
    if not two_people and actor in {row["name"] for row in deciders}:
        raise Forbidden("Whoever decided a correction does not sign it; a second person has to.")
    found = await checklist.left(connection, case, rooms)
    waived = sorted({one.kind for one in found if one.kind in waive})
    still = [one for one in found if one.kind not in waived]
    if still:
        raise Conflict(
            f"{len(still)} things are left of this correction",
            errors=[FieldError(one.number or one.kind, _in_words(one), one.kind) for one in still],
        )
    await connection.execute(
        """UPDATE correction SET state = 'watching', signed_at = $2, signed_by = $3, watch_until = $4,
             waived = $5::jsonb, note = coalesce($6, note) WHERE id = $1""",
        case,
        at,
        actor,
        at + WATCH,
        json.dumps(waived),
        note,
    )
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action="correction.signed",
        subject=f"correction:{case}",
        after={"waived": waived, "note": note, "watch_until": (at + WATCH).isoformat()},
    )


def _in_words(one: checklist.Left) -> str:
    return f"account {one.account_no}: {one.words}" if one.account_no else one.words


async def settle_proven(connection: Any, link_ids: Sequence[int], at: datetime) -> list[UUID]:
    """Cases whose brought contacts are all proven now, once these links are: from `verifying` to `applied`."""
    rows = await connection.fetch(
        """UPDATE correction SET state = 'applied' WHERE state = 'verifying' AND id IN (
             SELECT correction_id FROM correction_contact WHERE link_id = ANY($1::bigint[]))
           AND NOT EXISTS (
             SELECT 1 FROM correction_contact c JOIN contact_link l ON l.id = c.link_id
             WHERE c.correction_id = correction.id AND l.needs_proof AND l.state <> 'revoked') RETURNING id""",
        list(link_ids),
    )
    cases = sorted(row["id"] for row in rows)
    for case in cases:
        await audit.write(
            connection,
            at=at,
            actor="gateway",
            action="correction.proven",
            subject=f"correction:{case}",
            before={"state": "verifying"},
            after={"state": "applied"},
        )
    return cases


async def proven(connection: Any, link_ids: Sequence[int], at: datetime, catch_up: CatchUp) -> list[UUID]:
    """What follows once links were proven: cases go on, and their accounts are told what they missed; which cases."""
    cases = await settle_proven(connection, link_ids, at)
    rows = await connection.fetch(
        """SELECT correction_id, array_agg(DISTINCT account_id) AS accounts FROM correction_contact
           WHERE link_id = ANY($1::bigint[]) GROUP BY 1 ORDER BY 1""",
        list(link_ids),
    )
    for row in rows:
        await catch_up(connection, row["accounts"], row["correction_id"], at)
    return cases


async def tell_nobody(_connection: Any, _about: Sequence[Any], *_: Any) -> None:
    """Where no room writes texts nobody missed one; where none keeps tasks nobody is told."""


async def keep_time(connection: Any, now: datetime, escalate: Escalate = tell_nobody) -> tuple[int, int]:
    """Close what was watched long enough, and escalate what is overdue; how many of each."""
    closed = await connection.fetch(
        """UPDATE correction SET state = 'closed', closed_at = $1 WHERE id IN (
             SELECT id FROM correction WHERE state = 'watching' AND watch_until <= $1
             ORDER BY id FOR UPDATE SKIP LOCKED)
           RETURNING id""",
        now,
    )
    overdue = await connection.fetch(
        """UPDATE correction SET escalated_at = $1 WHERE id IN (
             SELECT id FROM correction WHERE state IN ('open', 'verifying', 'applied') AND due_at <= $1
               AND (escalated_at IS NULL OR escalated_at < due_at) ORDER BY id FOR UPDATE SKIP LOCKED)
           RETURNING id, state, due_at""",
        now,
    )
    for row in closed:
        await audit.write(
            connection, at=now, actor="gateway", action="correction.closed", subject=f"correction:{row['id']}"
        )
    for row in overdue:
        await audit.write(
            connection,
            at=now,
            actor="gateway",
            action="correction.escalated",
            subject=f"correction:{row['id']}",
            after={"state": row["state"], "due_at": row["due_at"].isoformat()},
        )
    if overdue:
        await escalate(connection, [(row["id"], row["state"]) for row in overdue], now)
    return len(closed), len(overdue)


async def next_due(connection: Any, now: datetime) -> datetime | None:
    """When the next case is to be closed or escalated."""
    due: datetime | None = await connection.fetchval(
        """SELECT least(
             (SELECT min(watch_until) FROM correction WHERE state = 'watching' AND watch_until > $1),
             (SELECT min(due_at) FROM correction WHERE state IN ('open', 'verifying', 'applied') AND due_at > $1))""",
        now,
    )
    return due


# A number that was revoked for a customer, and that an import has put on another of his accounts since.
_TURNED_UP: Final = """
SELECT DISTINCT l.id AS link_id, l.contact_point_id, l.account_id FROM contact_link revoked
JOIN account had ON had.id = revoked.account_id
JOIN contact_link l ON l.contact_point_id = revoked.contact_point_id AND l.state = 'unverified'
  AND l.import_id = $1
JOIN account a ON a.id = l.account_id AND a.customer_id = had.customer_id
WHERE revoked.state = 'revoked' AND EXISTS (
  SELECT 1 FROM correction_link c WHERE c.link_id = revoked.id AND c.decision = 'revoke')
  AND NOT EXISTS (SELECT 1 FROM correction_link o WHERE o.link_id = l.id)
ORDER BY l.id
"""


async def after_import(connection: Any, import_id: UUID, at: datetime) -> list[int]:
    """Suspend what an import brought of numbers revoked for the same customer; their cases open again. Which links."""
    rows = await connection.fetch(_TURNED_UP, import_id)
    signs = [
        Sign(
            contact_point_id=row["contact_point_id"],
            account_id=row["account_id"],
            kind="upstream_conflict",
            at=at,
            evidence={"import": str(import_id)},
        )
        for row in rows
    ]
    await evidence.take(connection, signs, at)
    for row in rows:
        await open_or_join(
            connection,
            Doubt(
                contact_point_id=row["contact_point_id"],
                accounts=[row["account_id"]],
                suspend=[row["link_id"]],
                reason="upstream_conflict",
                words="an import brought a number that was revoked for this customer",
                actor=f"import:{import_id}",
                at=at,
            ),
        )
    return [row["link_id"] for row in rows]
