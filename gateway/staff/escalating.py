"""Escalating: a correction whose time has passed becomes a task of supervision (domain notes S1.11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.staff.tasks import NewTask, open_tasks

KIND: Final = "correction_overdue"
_WITHIN: Final = timedelta(days=1)
_WORDS: Final = {
    "open": "nobody has decided it",
    "verifying": "the new contact has not been proven",
    "applied": "it is decided, but not complete",
}


async def escalate(connection: Any, cases: Sequence[tuple[UUID, str]], now: datetime) -> None:
    """Open a task for each overdue correction (its id and state), in the connection's transaction."""
    tasks = [
        NewTask(
            kind=KIND,
            subject=f"correction:{case}",
            words=f"The correction is overdue: {_WORDS[state]}.",
            unit="supervision",
            due_at=now + _WITHIN,
        )
        for case, state in cases
    ]
    await open_tasks(connection, tasks, at=now, actor="gateway")
