"""What presses goes to a person at once: danger and the regulator's line to supervision within half an hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.staff.tasks import NewTask, open_tasks

KIND: Final = "case_urgent"
_AT_ONCE: Final = timedelta(minutes=30)
_SUPERVISION: Final = "supervision"
#: Characters of a customer's words that a task quotes.
_MOST_QUOTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressing:
    """A case that must not wait. `critical` goes to supervision, what is less to its own unit until `due_at`."""

    case: UUID
    reference: str
    words: str
    why: str | None
    account_id: int | None
    unit: str
    owner_no: str | None = None
    critical: bool = True
    due_at: datetime | None = None


def presses(klass: str, severity: str) -> bool:
    """Whether a person gets a case at once: danger always; press and courts, where somebody complains or reports."""
    return severity == "critical" or (severity == "high" and klass in ("complaint", "report"))


async def press(connection: Any, cases: Sequence[Pressing], *, at: datetime, actor: str) -> int:
    """Give each case to a person, in the connection's transaction; how many tasks are new."""
    tasks = [
        NewTask(
            kind=KIND,
            subject=f"case:{one.case}",
            words=f"{one.reference}: {one.why or 'urgent'}: {one.words[:_MOST_QUOTED]}",
            unit=_SUPERVISION if one.critical else one.unit,
            owner_no=None if one.critical else one.owner_no,
            account_id=one.account_id,
            due_at=at + _AT_ONCE if one.critical or one.due_at is None else one.due_at,
        )
        for one in cases
    ]
    return await open_tasks(connection, tasks, at=at, actor=actor)
