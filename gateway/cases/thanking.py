"""Praise that a customer gives in answer to us reaches the person praised (domain notes S0.32, §4.6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.cases.events import befell
from gateway.staff.tasks import NewTask, open_tasks

_PASS_ON: Final = timedelta(days=7)


async def thank(connection: Any, case: UUID, *, words: str, inbound_id: UUID, actor: str, at: datetime) -> None:
    """Pass on what a customer said well of a case to who has it, by way of the unit's list."""
    row = await connection.fetchrow('SELECT number, unit, owner_no, account_id FROM "case" WHERE id = $1', case)
    await befell(connection, case, "praised", at=at, by=actor, detail=words, inbound_id=inbound_id)
    task = NewTask(
        kind="praise",
        subject=f"case:{case}",
        words=f"S{row['number']:06d}: praise: {words}",
        unit=row["unit"],
        owner_no=row["owner_no"],
        account_id=row["account_id"],
        due_at=at + _PASS_ON,
    )
    await open_tasks(connection, [task], at=at, actor=actor)
