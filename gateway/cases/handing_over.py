"""Hand-overs between units: acknowledged within a time, and rated by who receives them (domain notes S0.15, S3.1).

The receiving unit is the giving one's internal customer. A case is never without an owner: it is with the new unit
from the moment it is handed over, back with the giver where it is given back, and whoever was first contacted stays
on it for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.cases.events import befell
from gateway.cases.owners import Ownerless, must_receive, owners, person_of
from gateway.kernel import audit
from gateway.kernel.errors import Conflict, Forbidden, NotFound
from gateway.staff.heads import heads_of
from gateway.staff.tasks import NewTask, drop_tasks, open_tasks

#: How soon the receiving unit says that it has the case; a critical one sooner.
ACKNOWLEDGE: Final = timedelta(hours=4)
ACKNOWLEDGE_CRITICAL: Final = timedelta(minutes=30)
_LOOK: Final = timedelta(hours=4)
KIND: Final = "handover_unacknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A case handed from one unit to another."""

    id: int
    from_unit: str
    from_owner: str | None
    to_unit: str
    to_owner: str | None
    note: str | None
    at: datetime
    by: str
    acknowledge_by: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    returned_at: datetime | None
    returned_by: str | None
    reason: str | None
    rating: int | None
    rating_note: str | None
    rated_at: datetime | None
    rated_by: str | None
    escalated_at: datetime | None


FIELDS: Final = ", ".join(Handover.__slots__)


async def hand_over(
    connection: Any, case: Any, *, unit: str, owner_no: str | None, note: str | None, actor: str, at: datetime
) -> int:
    """Hand an open case (its row) to another unit, in the connection's transaction; the hand-over.

    One that nobody has acknowledged is over by that: the case went on before.
    """
    await connection.execute(
        """UPDATE case_handover SET returned_at = $2, returned_by = $3, reason = 'handed on' WHERE case_id = $1
             AND acknowledged_at IS NULL AND returned_at IS NULL""",
        case["id"],
        at,
        actor,
    )
    within = ACKNOWLEDGE_CRITICAL if case["severity"] == "critical" else ACKNOWLEDGE
    handover: int = await connection.fetchval(
        """INSERT INTO case_handover (case_id, from_unit, from_owner, to_unit, to_owner, note, at, by, acknowledge_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id""",
        case["id"],
        case["unit"],
        case["owner_no"],
        unit,
        owner_no,
        note,
        at,
        actor,
        at + within,
    )
    # Who owned it for the giving unit owns it no more; until the receiving one names its own, somebody drawn does.
    if owner_no is None:
        alone = Ownerless(id=case["id"], matter=case["matter"], account_id=case["account_id"], unit=unit, moved=True)
        owner_no = (await owners(connection, [alone])).get(case["id"])
    await connection.execute('UPDATE "case" SET unit = $2, owner_no = $3 WHERE id = $1', case["id"], unit, owner_no)
    await befell(connection, case["id"], "handed_over", at=at, by=actor, detail=f"{case['unit']} → {unit}")
    return handover


async def acknowledge(
    connection: Any,
    case_id: UUID,
    handover_id: int,
    *,
    owner_no: str | None,
    actor: str,
    at: datetime,
    anybody: bool = False,
) -> None:
    """The receiving unit has it; whoever says so owns it, where nobody was named. Raises NotFound, Conflict, and
    Forbidden for a person who is not of that unit (`anybody`: whoever it is)."""
    row = await _waiting(connection, case_id, handover_id)
    if not anybody:
        await must_receive(connection, row, actor)
    owner_no = owner_no or row["to_owner"] or person_of(actor)
    await connection.execute(
        """UPDATE case_handover SET acknowledged_at = $2, acknowledged_by = $3, to_owner = coalesce($4, to_owner)
           WHERE id = $1""",
        handover_id,
        at,
        actor,
        owner_no,
    )
    await connection.execute(
        """UPDATE "case" SET owner_no = coalesce($2, owner_no) WHERE id = $1 AND unit = $3""",
        case_id,
        owner_no,
        row["to_unit"],
    )
    await befell(connection, case_id, "acknowledged", at=at, by=actor, detail=row["to_unit"])
    await _settled(connection, handover_id, actor, at)
    await _audit(connection, "acknowledged", case_id, handover_id, actor, at, {"unit": row["to_unit"]})


async def give_back(
    connection: Any,
    case_id: UUID,
    handover_id: int,
    *,
    reason: str,
    actor: str,
    at: datetime,
    anybody: bool = False,
) -> None:
    """It is not for the receiving unit: the case is with the giver again. Raises NotFound, Conflict, and
    Forbidden for a person who is not of that unit (`anybody`: whoever it is)."""
    row = await _waiting(connection, case_id, handover_id)
    if not anybody:
        await must_receive(connection, row, actor)
    await connection.execute(
        "UPDATE case_handover SET returned_at = $2, returned_by = $3, reason = $4 WHERE id = $1",
        handover_id,
        at,
        actor,
        reason,
    )
    await connection.execute(
        """UPDATE "case" SET unit = $2, owner_no = $3 WHERE id = $1 AND unit = $4""",
        case_id,
        row["from_unit"],
        row["from_owner"],
        row["to_unit"],
    )
    await befell(connection, case_id, "returned", at=at, by=actor, detail=f"to {row['from_unit']}: {reason}")
    await _settled(connection, handover_id, actor, at)
    await _audit(connection, "returned", case_id, handover_id, actor, at, {"reason": reason})


async def rate(
    connection: Any,
    case_id: UUID,
    handover_id: int,
    *,
    rating: int,
    note: str | None,
    actor: str,
    at: datetime,
    two_people: bool,
    anybody: bool = False,
) -> None:
    """Say how the hand-over was, once, by the receiving side. Raises NotFound, Conflict, Forbidden."""
    row = await _locked(connection, case_id, handover_id)
    if row["acknowledged_at"] is None and (row["returned_at"] is None or row["reason"] == "handed on"):
        raise Conflict("a hand-over is rated once it was taken or given back")
    if row["rated_at"] is not None:
        raise Conflict("it was rated already")
    if row["by"] == actor and not two_people:
        raise Forbidden("a hand-over is rated by who receives it")
    if not (two_people or anybody):
        await must_receive(connection, row, actor)
    await connection.execute(
        "UPDATE case_handover SET rating = $2, rating_note = $3, rated_at = $4, rated_by = $5 WHERE id = $1",
        handover_id,
        rating,
        note,
        at,
        actor,
    )
    await befell(connection, case_id, "rated", at=at, by=actor, detail=f"{row['from_unit']}: {rating}")
    await _audit(connection, "rated", case_id, handover_id, actor, at, {"rating": rating, "of": row["from_unit"]})


async def escalate_due(connection: Any, now: datetime, *, most: int) -> int:
    """Bring hand-overs that nobody acknowledged in time before supervision; how many."""
    rows = await connection.fetch(
        """UPDATE case_handover h SET escalated_at = $1 FROM "case" k WHERE k.id = h.case_id AND h.id IN (
             SELECT id FROM case_handover WHERE acknowledge_by <= $1 AND acknowledged_at IS NULL AND returned_at IS NULL
               AND escalated_at IS NULL ORDER BY acknowledge_by LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING h.id, h.to_unit, h.from_unit, k.number, k.account_id""",
        now,
        most,
    )
    heads = await heads_of(connection, [], [row["to_unit"] for row in rows]) if rows else {}
    tasks = [
        NewTask(
            kind=KIND,
            subject=f"handover:{row['id']}",
            words=f"S{row['number']:06d}: {row['to_unit']} has not acknowledged what {row['from_unit']} handed over",
            unit="supervision",
            owner_no=heads.get(row["to_unit"]),
            account_id=row["account_id"],
            due_at=now + _LOOK,
        )
        for row in rows
    ]
    await open_tasks(connection, tasks, at=now, actor="clock")
    return len(rows)


async def of_case(connection: Any, case_id: UUID) -> Sequence[Handover]:
    """The hand-overs of a case, oldest first."""
    rows = await connection.fetch(f"SELECT {FIELDS} FROM case_handover WHERE case_id = $1 ORDER BY id", case_id)
    return [Handover(**row) for row in rows]


async def _locked(connection: Any, case_id: UUID, handover_id: int) -> Any:
    row = await connection.fetchrow(
        "SELECT * FROM case_handover WHERE id = $1 AND case_id = $2 FOR UPDATE", handover_id, case_id
    )
    if row is None:
        raise NotFound("There is no such hand-over.")
    return row


async def _waiting(connection: Any, case_id: UUID, handover_id: int) -> Any:
    row = await _locked(connection, case_id, handover_id)
    if row["acknowledged_at"] is not None:
        raise Conflict(f"{row['acknowledged_by']} acknowledged it")
    if row["returned_at"] is not None:
        raise Conflict("it was given back or handed on")
    return row


async def _settled(connection: Any, handover_id: int, actor: str, at: datetime) -> None:
    await drop_tasks(
        connection, [f"handover:{handover_id}"], kinds=(KIND,), because="it was settled", at=at, actor=actor
    )


async def _audit(
    connection: Any, what: str, case_id: UUID, handover_id: int, actor: str, at: datetime, facts: dict[str, Any]
) -> None:
    await audit.write(
        connection,
        at=at,
        actor=actor,
        action=f"handover.{what}",
        subject=f"case:{case_id}",
        after={"handover": handover_id, **facts},
    )
