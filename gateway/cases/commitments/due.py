"""What falls due with time: the customer hears of progress unprompted, and what is not kept is broken.

At 50 and 80 % of its time the text says how far it is, and the owner is told too at 80 %; at 100 % an open
commitment is broken, whoever owns it, and comes before supervision (domain notes S2.16). A commitment to get in
touch has no texts of its own: the customer was told to answer 8 if nobody does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from gateway.cases.commitments.keeping import escalate, overdue
from gateway.cases.commitments.rules import MARKS, moment_of, passed
from gateway.cases.commitments.telling import SUBJECT, Heard, Said, Telling
from gateway.kernel.database import Database
from gateway.staff.tasks import NewTask, drop_tasks, open_tasks

ACTOR: Final = "clock"
#: Rows to a transaction.
_BATCH: Final = 500
#: What was broken longer ago than this, as a file tells, is past telling and escalating.
_FRESH: Final = timedelta(days=7)
_NOTHING: Final = Heard(message_id=None, withheld=None)


class DueCommitments:
    """Does what is due; idempotent, so that it may run at any moment and on any node."""

    def __init__(self, database: Database, telling: Telling) -> None:
        self._database = database
        self._telling = telling

    async def run(self, now: datetime) -> int:
        """Do everything that is due at `now`; how many commitments were touched."""
        touched = 0
        while True:
            async with self._database.work() as work:
                done = await self._round(work.connection, now)
                await work.commit()
            touched += done
            if done < _BATCH:
                return touched

    @staticmethod
    async def next_due(connection: Any, now: datetime) -> datetime | None:
        """When the next mark falls due after `now`."""
        moment: datetime | None = await connection.fetchval(
            "SELECT min(next_at) FROM commitment WHERE next_at > $1", now
        )
        return moment

    async def _round(self, connection: Any, now: datetime) -> int:
        ids = [
            row["id"]
            for row in await connection.fetch(
                """SELECT id FROM commitment WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2
                   FOR UPDATE SKIP LOCKED""",
                now,
                _BATCH,
            )
        ]
        if not ids:
            return 0
        rows = await connection.fetch(f"{SUBJECT} WHERE c.id = ANY($1::uuid[]) ORDER BY c.due_at, c.id", ids)
        over = [row for row in rows if row["due_at"] <= now]
        ahead = [row for row in rows if row["due_at"] > now]
        await self._break(connection, over, now)
        await self._go_on(connection, ahead, now)
        return len(rows)

    async def _go_on(self, connection: Any, rows: list[Any], now: datetime) -> None:
        """Of several marks that passed while nobody looked the last one alone is told."""
        if not rows:
            return
        behind = {row["id"]: passed(row["made_at"], row["due_at"], now) for row in rows}
        following = {row["id"]: moment_of(behind[row["id"]], row["made_at"], row["due_at"]) for row in rows}
        told = [row for row in rows if row["kind"] == "work"]
        heard = await self._telling.tell(
            connection,
            [
                Said(
                    row=row,
                    # The mark before it may lie less than a day back, and no text goes twice in a day.
                    template="case_progress_nearly" if behind[row["id"]] == len(MARKS) - 1 else "case_progress",
                    values={
                        "promised_by": row["due_at"],
                        "progress": self._telling.progress_of(row),
                    },
                    expires_at=following[row["id"]],
                )
                for row in told
            ],
            now,
        )
        found = {row["id"]: one for row, one in zip(told, heard, strict=True)}
        await connection.executemany(
            "UPDATE commitment SET marks = $2, next_at = $3 WHERE id = $1",
            [(row["id"], behind[row["id"]], following[row["id"]]) for row in rows],
        )
        await connection.executemany(
            """INSERT INTO commitment_event (commitment_id, at, kind, by, detail, message_id)
               VALUES ($1, $2, 'mark', $3, $4, $5)""",
            [
                (
                    row["id"],
                    now,
                    ACTOR,
                    _detail(f"{round(MARKS[behind[row['id']] - 1] * 100)} %", found.get(row["id"], _NOTHING)),
                    found.get(row["id"], _NOTHING).message_id,
                )
                for row in rows
            ],
        )
        pressing = [row for row in rows if behind[row["id"]] == len(MARKS) - 1]
        tasks = [
            NewTask(
                kind="commitment_due",
                subject=f"commitment:{row['id']}",
                words=f"{row['reference']}: 80 % of the time is over: {row['what']}",
                unit=row["unit"],
                owner_no=row["owner_no"],
                due_at=row["due_at"],
            )
            for row in pressing
        ]
        await open_tasks(connection, tasks, at=now, actor=ACTOR)

    async def _break(self, connection: Any, rows: list[Any], now: datetime) -> None:
        if not rows:
            return
        await connection.execute(
            """WITH broken AS (
                 UPDATE commitment SET state = 'broken', broken_at = due_at, marks = 3, next_at = NULL,
                   ended_at = due_at, ended_by = $2 WHERE id = ANY($1::uuid[]) RETURNING id)
               INSERT INTO audit_entry (at, actor, action, subject, before, after)
               SELECT $3, $2, 'commitment.broken', 'commitment:' || id, '{"state": "open"}', '{"state": "broken"}'
               FROM broken""",
            [row["id"] for row in rows],
            ACTOR,
            now,
        )
        fresh = [row for row in rows if now - row["due_at"] <= _FRESH]
        told = [row for row in fresh if row["kind"] == "work"]
        heard = await self._telling.tell(connection, [overdue(row, now) for row in told], now)
        found = {row["id"]: one for row, one in zip(told, heard, strict=True)}
        await connection.executemany(
            """INSERT INTO commitment_event (commitment_id, at, kind, by, detail, message_id)
               VALUES ($1, $2, 'broken', $3, $4, $5)""",
            [
                (
                    row["id"],
                    now,
                    ACTOR,
                    _detail("100 %", found.get(row["id"], _NOTHING)),
                    found.get(row["id"], _NOTHING).message_id,
                )
                for row in rows
            ],
        )
        await drop_tasks(
            connection,
            [f"commitment:{row['id']}" for row in rows],
            kinds=("commitment_due",),
            because="its time is up",
            at=now,
            actor=ACTOR,
        )
        await escalate(connection, fresh, at=now, actor=ACTOR)


def _detail(mark: str, heard: Heard) -> str:
    return mark if heard.withheld is None else f"{mark}; not told: {heard.withheld}"
