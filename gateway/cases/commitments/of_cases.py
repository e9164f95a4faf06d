"""Commitments that come with cases: somebody gets in touch; and the customer's word that nobody did.

Everything works in the connection's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.cases.commitments.keeping import escalate, note
from gateway.cases.commitments.rules import after, moment_of
from gateway.cases.commitments.telling import SUBJECT
from gateway.kernel import audit
from gateway.kernel.ids import new_id
from gateway.staff.tasks import drop_tasks

#: Who says that a promise was broken, and names none, speaks of one whose time ended within this.
_LATELY: Final = timedelta(days=30)

_PROMISE: Final = """
INSERT INTO commitment (id, kind, topic, what, case_id, account_id, to_number, unit, owner_no, made_at, made_by, due_at,
                        next_at, told_message_id)
SELECT $2, 'contact', k.topic, 'somebody gets in touch', k.id, k.account_id, p.address, k.unit, k.owner_no, $3,
       'gateway', $4, $5, $6
FROM "case" k LEFT JOIN contact_point p ON p.id = k.contact_point_id AND p.kind = 'phone'
WHERE k.id = $1
  AND NOT EXISTS (SELECT 1 FROM commitment c WHERE c.case_id = k.id AND c.kind = 'contact' AND c.state = 'open')
RETURNING id
"""


async def promise_contact(
    connection: Any, case: UUID, message_id: UUID, *, due_at: datetime, at: datetime
) -> UUID | None:
    """Keep that a text promised the customer of a case that somebody gets in touch by `due_at`."""
    if due_at <= at:
        return None
    made: UUID | None = await connection.fetchval(
        _PROMISE, case, new_id(at), at, due_at, moment_of(0, at, due_at), message_id
    )
    if made is not None:
        await note(connection, made, "made", at=at, by="gateway")
        await note(connection, made, "told", at=at, by="gateway", message_id=message_id)
    return made


async def settle_contact(
    connection: Any, case: UUID, *, released: bool, outcome: str, actor: str, at: datetime
) -> list[UUID]:
    """Somebody got in touch about a case, or nobody need to any more (`released`); which commitments that ended."""
    rows = await connection.fetch(
        """SELECT id, state, due_at FROM commitment
           WHERE case_id = $1 AND kind = 'contact' AND fulfilled_at IS NULL AND state IN ('open', 'broken')
           FOR UPDATE""",
        case,
    )
    ended: list[UUID] = []
    for row in rows:
        state = after(row["state"], "released" if released else "done", at=at, due_at=row["due_at"])
        if state is None:
            continue
        ended.append(row["id"])
        await connection.execute(
            """UPDATE commitment SET state = $2, fulfilled_at = CASE WHEN $2 <> 'released' THEN $3::timestamptz END,
                 broken_at = CASE WHEN $2 = 'broken' THEN coalesce(broken_at, due_at) END, next_at = NULL,
                 outcome = coalesce(outcome, $4), ended_at = coalesce(ended_at, $3), ended_by = coalesce(ended_by, $5)
               WHERE id = $1""",
            row["id"],
            state,
            at,
            outcome,
            actor,
        )
        kind = {"kept": "kept", "released": "released"}.get(state, "fulfilled")
        await note(connection, row["id"], kind, at=at, by=actor, detail=outcome)
    if ended:
        await drop_tasks(
            connection,
            [f"commitment:{one}" for one in ended],
            kinds=("commitment_due", "commitment_tell"),
            because="the commitment has ended",
            at=at,
            actor=actor,
        )
    return ended


async def deny(
    connection: Any,
    *,
    message_id: UUID | None,
    case_id: UUID | None,
    accounts: Sequence[int],
    inbound_id: UUID,
    words: str,
    actor: str,
    at: datetime,
) -> list[UUID]:
    """The customer says that a promise was not kept; the commitments that are broken by that.

    It is the one that the answered text was about; else those of the case, else the only one of the accounts, whose
    time has ended. Said before its time is up it is noted, and nothing is broken.
    """
    found = await _meant(connection, message_id, case_id, accounts, at)
    broken: list[UUID] = []
    for row in found:
        state = after(row["state"], "denied", at=at, due_at=row["due_at"])
        if state is None:
            await note(connection, row["id"], "claimed", at=at, by=actor, detail=words, inbound_id=inbound_id)
            continue
        await connection.execute(
            """UPDATE commitment SET state = $2, contradicted_at = coalesce(contradicted_at, $3), next_at = NULL,
                 broken_at = coalesce(broken_at, due_at), ended_at = coalesce(ended_at, $3),
                 ended_by = coalesce(ended_by, $4) WHERE id = $1""",
            row["id"],
            state,
            at,
            actor,
        )
        kind = "contradicted" if row["state"] == "kept" else "broken"
        await note(connection, row["id"], kind, at=at, by=actor, detail=words, inbound_id=inbound_id)
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action=f"commitment.{kind}",
            subject=f"commitment:{row['id']}",
            before={"state": row["state"]},
            after={"state": state, "inbound_id": str(inbound_id)},
        )
        broken.append(row["id"])
    if broken:
        await escalate(connection, [row for row in found if row["id"] in broken], at=at, actor=actor)
    return broken


async def _meant(
    connection: Any, message_id: UUID | None, case_id: UUID | None, accounts: Sequence[int], at: datetime
) -> list[Any]:
    if message_id is not None:
        told = await connection.fetch(
            f"""{SUBJECT} WHERE c.state IN ('open', 'kept', 'broken')
                  AND c.id IN (SELECT commitment_id FROM commitment_event WHERE message_id = $1)
                ORDER BY c.id FOR UPDATE OF c""",
            message_id,
        )
        if told:
            return list(told)
    if case_id is not None:
        of_case = await connection.fetch(
            f"""{SUBJECT} WHERE c.case_id = $1 AND c.state IN ('open', 'kept', 'broken') AND c.due_at <= $2
                  AND c.contradicted_at IS NULL ORDER BY c.id FOR UPDATE OF c""",
            case_id,
            at,
        )
        if of_case:
            return list(of_case)
    if not accounts:
        return []
    only = await connection.fetch(
        f"""{SUBJECT} WHERE c.account_id = ANY($1::int[]) AND c.state IN ('open', 'kept', 'broken')
              AND c.due_at BETWEEN $3 AND $2 AND c.contradicted_at IS NULL ORDER BY c.id FOR UPDATE OF c""",
        list(accounts),
        at,
        at - _LATELY,
    )
    return list(only) if len(only) == 1 else []
