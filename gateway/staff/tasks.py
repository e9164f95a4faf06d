"""Tasks: what a person is to do beside or instead of a text, until when, and what came of it.

A task is opened by a rule or a person and closed by a person. `subject` says what it is about (`bill:…`,
`outage:…`); of one kind there is at most one open task about a subject, so opening is idempotent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.archive.own_ratings import NOT_OWN_TASK, not_own
from gateway.archive.reach import require_account, within
from gateway.archive.tables import Account
from gateway.kernel import audit
from gateway.kernel.acting import acting_in, require
from gateway.kernel.clock import Clock
from gateway.kernel.database import driver
from gateway.kernel.errors import Conflict, NotFound
from gateway.kernel.ids import new_id
from gateway.staff import tables

#: Tasks that tell of single ratings, and who reads those before they are part of a month's figures.
_OF_SCORES: Final = ("watch_hit",)
_SEE_SCORES: Final = ("evaluations:review", "evaluations:audit", "evaluations:challenge")

_OPEN: Final = """
INSERT INTO task (id, kind, subject, account_id, words, unit, owner_no, opened_at, opened_by, due_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[],
                     $8::timestamptz[], $9::text[], $10::timestamptz[])
ON CONFLICT (kind, subject) WHERE state = 'open' DO NOTHING RETURNING id
"""
_AUDIT: Final = """
INSERT INTO audit_entry (at, actor, action, subject, after)
SELECT opened_at, opened_by, 'task.opened', 'task:' || id, jsonb_build_object('kind', kind, 'subject', subject)
FROM task WHERE id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task about to be opened. `unit` is who owns it and is never blank; `owner_no` the person, if known."""

    kind: str
    subject: str
    words: str
    due_at: datetime
    account_id: int | None = None
    unit: str = "customer_service"
    owner_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a person is to do, and what came of it."""

    id: UUID
    kind: str
    subject: str
    account_no: str | None
    words: str
    unit: str
    owner_no: str | None
    state: str
    opened_at: datetime
    opened_by: str
    due_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which to list; everything given must hold. `due_before`: those that are to be done by then."""

    states: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    units: Sequence[str] | None = None
    owner_no: str | None = None
    account_no: str | None = None
    subject: str | None = None
    due_before: datetime | None = None


async def open_tasks(connection: Any, tasks: Sequence[NewTask], *, at: datetime, actor: str) -> int:
    """Open tasks in the connection's transaction, leaving those that stand open already; how many are new."""
    if not tasks:
        return 0
    rows = await connection.fetch(
        _OPEN,
        [new_id(at) for _ in tasks],
        [task.kind for task in tasks],
        [task.subject for task in tasks],
        [task.account_id for task in tasks],
        [task.words for task in tasks],
        [task.unit for task in tasks],
        [task.owner_no for task in tasks],
        [at] * len(tasks),
        [actor] * len(tasks),
        [task.due_at for task in tasks],
    )
    await connection.execute(_AUDIT, [row["id"] for row in rows])
    return len(rows)


async def drop_tasks(
    connection: Any, subjects: Sequence[str], *, kinds: Sequence[str], because: str, at: datetime, actor: str
) -> int:
    """Take back open tasks of these kinds about these subjects, since nothing is left to do; how many."""
    rows = await connection.fetch(
        """UPDATE task SET state = 'dropped', closed_at = $3, closed_by = $4, outcome = $5
           WHERE state = 'open' AND subject = ANY($1::text[]) AND kind = ANY($2::text[]) RETURNING id""",
        list(subjects),
        list(kinds),
        at,
        actor,
        because,
    )
    for row in rows:
        await audit.write(
            connection,
            at=at,
            actor=actor,
            action="task.dropped",
            subject=f"task:{row['id']}",
            after={"because": because},
        )
    return len(rows)


async def finish(session: AsyncSession, task_id: UUID, *, outcome: str, actor: str, clock: Clock) -> None:
    """Close a task with what came of it. Raises NotFound, and Conflict where it is closed already."""
    require(session, "tasks:write")
    connection = await driver(session)
    row = await connection.fetchrow("SELECT state, account_id FROM task WHERE id = $1 FOR UPDATE", task_id)
    if row is None:
        raise NotFound("There is no task with this id.")
    await require_account(session, row["account_id"], "task")
    if row["state"] != "open":
        raise Conflict(f"the task is {row['state']} already")
    now = clock.now()
    await connection.execute(
        "UPDATE task SET state = 'done', closed_at = $2, closed_by = $3, outcome = $4 WHERE id = $1",
        task_id,
        now,
        actor,
        outcome,
    )
    await audit.write(
        connection, at=now, actor=actor, action="task.done", subject=f"task:{task_id}", after={"outcome": outcome}
    )


_COLUMNS: Final = tuple(
    Account.account_no if name == "account_no" else getattr(tables.Task, name) for name in Task.__slots__
)


def _theirs_to_see(session: AsyncSession) -> ColumnElement[bool]:
    """That a task tells whoever acts neither of a customer's word on their own work nor, without a part in looking
    after ratings, of anybody's single score."""
    acting = acting_in(session)
    if acting is None or acting.staff_no is None:
        return true()
    own = not_own(session, NOT_OWN_TASK)
    return own if any(map(acting.may, _SEE_SCORES)) else and_(own, tables.Task.kind.not_in(_OF_SCORES))


async def tasks(
    session: AsyncSession, wanted: TaskFilter, *, before: UUID | None, limit: int, soonest: bool = False
) -> list[Task]:
    """Up to `limit` tasks older than `before`, newest first; with `soonest` what is due first."""
    row = tables.Task
    query = select(*_COLUMNS).outerjoin(Account, Account.id == row.account_id).where(within(session, row.account_id))
    query = query.order_by(*((row.due_at, row.id) if soonest else (row.id.desc(),))).limit(limit)
    for column, words in ((row.state, wanted.states), (row.kind, wanted.kinds), (row.unit, wanted.units)):
        if words is not None:
            query = query.where(column.in_(words))
    query = query.where(_theirs_to_see(session))
    if wanted.owner_no is not None:
        query = query.where(row.owner_no == wanted.owner_no)
    if wanted.subject is not None:
        query = query.where(row.subject == wanted.subject)
    if wanted.account_no is not None:
        query = query.where(Account.account_no == wanted.account_no)
    if wanted.due_before is not None:
        query = query.where(row.due_at < wanted.due_before)
    if before is not None:
        query = query.where(row.id < before)
    return [Task(**one._mapping) for one in await session.execute(query)]


async def task(session: AsyncSession, task_id: UUID) -> Task:
    """One task. Raises NotFound."""
    query = select(*_COLUMNS).outerjoin(Account, Account.id == tables.Task.account_id)
    query = query.where(tables.Task.id == task_id, within(session, tables.Task.account_id), _theirs_to_see(session))
    one = (await session.execute(query)).one_or_none()
    if one is None:
        raise NotFound("There is no task with this id.")
    return Task(**one._mapping)
