"""What people are to do beside the texts."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import StringConstraints

from gateway.staff import tasks
from gateway.web.models import AccountNo, Body
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "tasks"


class TaskQuery(PageQuery):
    """Which tasks; everything given must hold."""

    state: Annotated[list[Literal["open", "done", "dropped"]] | None, Words] = None
    kind: Annotated[list[str] | None, Words] = None
    unit: Annotated[list[str] | None, Words] = None
    owner: str | None = None
    account_no: AccountNo | None = None
    subject: str | None = None
    due_before: QueryTime | None = None


class Outcome(Body):
    """What came of it."""

    outcome: Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


async def listed(call: Call[None, TaskQuery]) -> Page[tasks.Task]:
    """Tasks, newest first."""
    query = call.query
    wanted = tasks.TaskFilter(
        states=query.state,
        kinds=query.kind,
        units=query.unit,
        owner_no=query.owner,
        account_no=query.account_no,
        subject=query.subject,
        due_before=query.due_before,
    )
    before = behind("tasks", query.cursor, UUID)
    found = await tasks.tasks(call.session, wanted, before=before, limit=query.limit + 1)
    return Page[tasks.Task](**cut("tasks", found, query.limit, lambda one: one.id))


async def one(call: Call[None, None]) -> tasks.Task:
    """One task."""
    return await tasks.task(call.session, call.id("task"))


async def done(call: Call[Outcome, Any]) -> tasks.Task:
    """Close a task with what came of it."""
    task_id = call.id("task")
    await tasks.finish(call.session, task_id, outcome=call.body.outcome, actor=call.actor, clock=call.services.clock)
    return await tasks.task(call.session, task_id)


ROUTES: Final = (
    Route(
        method="GET",
        path="/tasks",
        handler=listed,
        scope="tasks:read",
        tag=TAG,
        summary="List what people are to do, newest first",
        answer=Page[tasks.Task],
        query=TaskQuery,
    ),
    Route(
        method="GET",
        path="/tasks/{id}",
        handler=one,
        scope="tasks:read",
        tag=TAG,
        summary="One task",
        answer=tasks.Task,
    ),
    Route(
        method="POST",
        path="/tasks/{id}/done",
        handler=done,
        scope="tasks:write",
        tag=TAG,
        summary="Close a task with what came of it",
        answer=tasks.Task,
        body=Outcome,
        problems=(409,),
    ),
)
