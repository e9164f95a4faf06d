"""Those for whom a text alone is not enough: important users, and homes where health hangs on the supply.

An important user confirms with a code that a text was read; where nobody does in time, a person rings. A home
with a medical device is rung in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from gateway.kernel import audit
from gateway.notices.kinds import Row
from gateway.notices.outages import saying
from gateway.notices.outages.timetable import USUAL, Timetable, confirm_by
from gateway.staff.tasks import NewTask, drop_tasks, open_tasks

#: The kinds of task that outages open.
RING: Final = "outage_ring"
CONFIRM: Final = "outage_confirm"

_ASK: Final = """
INSERT INTO outage_confirmation (outage_id, account_id, message_id, due_at)
SELECT * FROM unnest($1::int[], $2::bigint[], $3::uuid[], $4::timestamptz[]) ON CONFLICT DO NOTHING
"""
_LATER_TEXT: Final = """
UPDATE outage_confirmation c SET settled_at = $3
FROM unnest($1::int[], $2::bigint[]) AS asked(outage_id, account_id)
WHERE c.outage_id = asked.outage_id AND c.account_id = asked.account_id AND c.confirmed_at IS NULL
  AND c.settled_at IS NULL
"""
_DUE: Final = """
UPDATE outage_confirmation c SET settled_at = $1
FROM outage o, account a
WHERE c.due_at <= $1 AND c.confirmed_at IS NULL AND c.settled_at IS NULL AND o.id = c.outage_id AND a.id = c.account_id
RETURNING o.outage_no, o.starts_at, o.state, a.id AS account_id, a.account_no, a.manager_no
"""
_CONFIRMED: Final = """
UPDATE outage_confirmation c SET confirmed_at = $2 FROM outage o, account a
WHERE c.message_id = $1 AND c.confirmed_at IS NULL AND o.id = c.outage_id AND a.id = c.account_id
RETURNING o.outage_no, a.account_no
"""


def subject(outage_no: str, account_no: str) -> str:
    """What a task about an outage and an account is about."""
    return f"outage:{outage_no}:{account_no}"


async def see_to(
    connection: Any, told: Sequence[tuple[Row, UUID]], step: str, now: datetime, table: Timetable = USUAL
) -> None:
    """Open the tasks and note the confirmations that texts just written ask for, in their transaction."""
    off = [(row, message) for row, message in told if saying.turn_of(row) == "off"]
    tasks = [_ring(row, now, table) for row, _ in off if saying.is_medical(row)]
    asked = [(row, message) for row, message in off if saying.confirms(row)]
    if asked and step in ("announce", "update"):
        tasks += await _ask(connection, asked, now, table)
    await open_tasks(connection, tasks, at=now, actor="outages")


async def _ask(connection: Any, asked: Sequence[tuple[Row, UUID]], now: datetime, table: Timetable) -> list[NewTask]:
    """Note whom a text asks to confirm; the tasks for those whom no text goes to."""
    found = await connection.fetch(
        "SELECT id, state, not_before FROM message WHERE id = ANY($1::uuid[])", [message for _, message in asked]
    )
    leaving = {row["id"]: row["not_before"] for row in found if row["state"] == "queued"}
    await connection.execute(
        _LATER_TEXT, [row["outage_id"] for row, _ in asked], [row["account_id"] for row, _ in asked], now
    )
    waiting = [(row, message) for row, message in asked if message in leaving]
    await connection.execute(
        _ASK,
        [row["outage_id"] for row, _ in waiting],
        [row["account_id"] for row, _ in waiting],
        [message for _, message in waiting],
        [confirm_by(leaving[message], row["starts_at"], table) for row, message in waiting],
    )
    return [
        _telephone(row, row["number_of_account"], "no text could go to this important user", now, table)
        for row, message in asked
        if message not in leaving
    ]


def _ring(row: Row, now: datetime, table: Timetable) -> NewTask:
    if row["outage_kind"] == "fault":
        due_at = now + table.ring_after_fault
    else:
        due_at = max(now + table.ring_after_fault, row["starts_at"] - table.ring_before_start)
    return NewTask(
        kind=RING,
        subject=subject(row["outage_no"], row["number_of_account"]),
        account_id=row["account_id"],
        words="a medical device hangs on this supply: ring, and see that they are safe",
        unit="dispatch",
        due_at=due_at,
    )


def _telephone(row: Row, account_no: str, why: str, now: datetime, table: Timetable) -> NewTask:
    return NewTask(
        kind=CONFIRM,
        subject=subject(row["outage_no"], account_no),
        account_id=row["account_id"],
        words=f"{why}: ring, and make sure that they know of the outage",
        owner_no=row["manager_no"],
        due_at=now + table.confirm_soon,
    )


async def remind_people(connection: Any, now: datetime, table: Timetable = USUAL) -> int:
    """Open the tasks for confirmations that did not come in time; how many confirmations that settled."""
    rows = await connection.fetch(_DUE, now)
    tasks = [
        _telephone(row, row["account_no"], "an important user has not confirmed", now, table)
        for row in rows
        if row["state"] in ("announced", "active")
    ]
    await open_tasks(connection, tasks, at=now, actor="outages")
    return len(rows)


async def confirmed(connection: Any, message: UUID, *, actor: str, at: datetime) -> list[str]:
    """Note that a text was confirmed as read; the outages it was about. The ringing is taken back."""
    rows = await connection.fetch(_CONFIRMED, message, at)
    for row in rows:
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="outage.confirmed",
            subject=f"outage:{row['outage_no']}",
            after={"account_no": row["account_no"], "message_id": str(message)},
        )
    await _drop(
        connection,
        [subject(row["outage_no"], row["account_no"]) for row in rows],
        (CONFIRM,),
        because="the customer confirmed",
        at=at,
    )
    return sorted({row["outage_no"] for row in rows})


async def call_off(connection: Any, outage: int, outage_no: str, *, because: str, at: datetime) -> None:
    """The outage is over: nobody needs to ring any more."""
    await connection.execute(
        """UPDATE outage_confirmation SET settled_at = $2
           WHERE outage_id = $1 AND confirmed_at IS NULL AND settled_at IS NULL""",
        outage,
        at,
    )
    rows = await connection.fetch(
        "SELECT subject FROM task WHERE state = 'open' AND kind = ANY($1::text[]) AND starts_with(subject, $2)",
        [RING, CONFIRM],
        subject(outage_no, ""),
    )
    await _drop(connection, [row["subject"] for row in rows], (RING, CONFIRM), because=because, at=at)


async def _drop(connection: Any, subjects: Sequence[str], kinds: Sequence[str], *, because: str, at: datetime) -> None:
    if subjects:
        await drop_tasks(connection, subjects, kinds=kinds, because=because, at=at, actor="outages")
