"""What falls due with time on cases: silence, hand-overs that nobody acknowledged, questions nobody answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from gateway.cases.closing import SILENCE, confirm
from gateway.cases.from_orders import take_over
from gateway.cases.handing_over import escalate_due
from gateway.kernel.database import Database
from gateway.staff.tasks import NewTask, open_tasks

ACTOR: Final = "clock"
_BATCH: Final = 500
_WITHOUT_CASES: Final = """
SELECT w.id, w.work_order_no FROM work_order w
WHERE w.id > $1 AND w.kind <> 'commitment'
  AND NOT EXISTS (SELECT 1 FROM "case" k WHERE k.work_order_no = w.work_order_no)
ORDER BY w.id LIMIT $2
"""
_TELL: Final = timedelta(hours=8)


class DueCases:
    """Does what is due; idempotent, so that it may run at any moment and on any node."""

    def __init__(self, database: Database) -> None:
        self._database = database
        #: Up to which order of the hotline all have their cases; None once there is nothing left to look at.
        self._taken_over: int | None = 0

    async def run(self, now: datetime) -> int:
        """Do everything that is due at `now`; how many cases were touched."""
        touched = await self._take_over(now)
        while True:
            async with self._database.work() as work:
                done = await self._round(work.connection, now)
                done += await escalate_due(work.connection, now, most=_BATCH)
                await work.commit()
            touched += done
            if done < _BATCH:
                return touched

    async def _take_over(self, now: datetime) -> int:
        """Make the cases of orders that were imported before orders were cases: once in a node's life, some thousand
        at a time."""
        made = 0
        while self._taken_over is not None:
            async with self._database.work() as work:
                rows = await work.fetch(_WITHOUT_CASES, self._taken_over, _BATCH)
                made += await take_over(work.connection, [row["work_order_no"] for row in rows], now)
                await work.commit()
            self._taken_over = rows[-1]["id"] if rows else None
        return made

    @staticmethod
    async def next_due(connection: Any, now: datetime) -> datetime | None:
        """When the next of all this falls due after `now`."""
        moment: datetime | None = await connection.fetchval(
            """SELECT least((SELECT min(next_at) FROM "case" WHERE next_at > $1),
                            (SELECT min(acknowledge_by) FROM case_handover WHERE acknowledge_by > $1
                               AND acknowledged_at IS NULL AND returned_at IS NULL AND escalated_at IS NULL))""",
            now,
        )
        return moment

    async def _round(self, connection: Any, now: datetime) -> int:
        rows = await connection.fetch(
            """SELECT id, state, number, unit, owner_no, account_id, asked_message_id, told_at FROM "case"
               WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2 FOR UPDATE SKIP LOCKED""",
            now,
            _BATCH,
        )
        silent = [row for row in rows if row["state"] == "open"]
        for row in rows:
            if row["state"] == "asked":
                how = "silent" if row["asked_message_id"] is not None else "unreached"
                await confirm(connection, row["id"], how, words=None, actor=ACTOR, at=now)
        await connection.execute(
            'UPDATE "case" SET next_at = $2 WHERE id = ANY($1::uuid[])', [row["id"] for row in silent], now + SILENCE
        )
        tasks = [
            NewTask(
                kind="case_silent",
                subject=f"case:{row['id']}",
                words=f"S{row['number']:06d}: the customer has heard nothing for {SILENCE // timedelta(hours=1)} hours",
                unit=row["unit"],
                owner_no=row["owner_no"],
                account_id=row["account_id"],
                due_at=now + _TELL,
            )
            for row in silent
        ]
        await open_tasks(connection, tasks, at=now, actor=ACTOR)
        return len(rows)
