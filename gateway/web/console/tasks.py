"""What people are to do beside the texts, what is due first before the others; and dangers that nobody has taken on."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints

from gateway.cases import alerts as taking_on
from gateway.cases import reading as cases
from gateway.kernel.database import driver
from gateway.kernel.errors import InvalidInput
from gateway.staff import directory
from gateway.staff import tasks as keeping
from gateway.web.console.lists import Actors, Column, Staff, Teams, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
#: Where what a task is about has its page.
_PAGES: Final = {
    "case": "/cases", "commitment": "/commitments", "correction": "/corrections", "outage": "/outages",
    "supervision_card": "/supervision-cards",
}  # fmt: skip


class TaskQuery(ListQuery):
    """Which tasks: one's own, all that are open, or those that are over."""

    show: Literal["mine", "open", "over"] = "open"


class Outcome(Form):
    """What came of it; asked for once it is known that the task is there for them."""

    outcome: Said | None = None


class Note(Form):
    """What is done about it."""

    note: Annotated[str, StringConstraints(max_length=1000)] | None = None


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[keeping.Task]]] = {
    "tasks.words": lambda one: one.words,
    "tasks.whose": Teams(lambda one: one.unit),
    "common.account": lambda one: one.account_no,
    "tasks.due_at": lambda one: one.due_at,
    "owner": Staff(lambda one: one.owner_no),
    "kind": Terms("task_kinds", lambda one: one.kind),
    "outcome": lambda one: one.outcome,
}


#: The same of alerts.
_ALERTS: Final[dict[str, Column[cases.Alert]]] = {
    "alerts.words": lambda one: one.words,
    "common.account": lambda one: one.account_no,
    "alerts.at": lambda one: one.at,
    "alerts.taken_by": Actors(lambda one: one.acknowledged_by),
    "kind": Terms("alerts", lambda one: one.kind),
    "note": lambda one: one.note,
}


async def listing(view: View) -> web.StreamResponse:
    """Tasks: what is open by when it is due, what is over with the newest first."""
    query: TaskQuery = view.query if view.query is not None else TaskQuery()
    further = None
    if query.show == "over":
        wanted = keeping.TaskFilter(states=["done", "dropped"])
        page = await listed(
            view,
            "tasks",
            lambda before, limit: keeping.tasks(view.session, wanted, before=before, limit=limit),
            lambda one: one.id,
            _SORTED,
            query=query,
        )
        items, further = page.items, page.next
    else:
        own = view.person.acting.staff_no if query.show == "mine" else None
        open_ones = keeping.TaskFilter(states=["open"], owner_no=own)
        page = await listed(
            view,
            "tasks",
            lambda _, limit: keeping.tasks(view.session, open_ones, before=None, limit=limit, soonest=True),
            lambda one: one.id,
            _SORTED,
            query=query,
            whole=True,
        )
        items, further = page.items, page.next
    if query.format == "csv":
        names = ("kind", "words", "unit", "owner_no", "account_no", "due_at", "state", "outcome")
        rows = [[getattr(one, name) for name in names] for one in items]
        return view.csv("tasks", [f"tasks.{name}" for name in names], rows)
    connection = await driver(view.session)
    return view.render(
        "tasks/list.html", items=items, next=further, show=query.show,
        places={one.id: _where(one.subject) for one in items},
        named=await directory.names(connection, [one.owner_no for one in items]),
        teams=await directory.team_names(connection),
    )  # fmt: skip


def _where(subject: str) -> str | None:
    """The page of what a task is about."""
    kind, _, key = subject.partition(":")
    try:
        return f"{_PAGES[kind]}/{UUID(key)}"
    except (KeyError, ValueError):
        return None


async def finish(view: View) -> web.StreamResponse:
    """Say what came of one."""
    await keeping.task(view.session, view.id("task"))
    if view.form.outcome is None:
        raise InvalidInput("what is done has an outcome", field="outcome")
    await keeping.finish(
        view.session, view.id("task"), outcome=view.form.outcome, actor=view.actor, clock=view.services.clock
    )
    return view.go("/tasks", "tasks.finished")


async def alerts(view: View) -> web.StreamResponse:
    """Dangers that customers told of: those that nobody has taken on first."""
    query: ListQuery = view.query if view.query is not None else ListQuery()
    page = await listed(
        view,
        "alerts",
        lambda before, limit: cases.alerts(view.session, open_only=False, before=before, limit=limit),
        lambda one: one.id,
        _ALERTS,
        query=query,
    )
    if query.format == "csv":
        names = ("kind", "words", "account_no", "at", "acknowledged_by", "note")
        return view.csv(
            "alerts", [f"alerts.{name}" for name in names],
            [[getattr(one, name) for name in names] for one in page.items],
        )  # fmt: skip
    items = page.items
    if page.sort is None:
        items = sorted(items, key=lambda one: one.acknowledged_at is not None)
    return view.render("tasks/alerts.html", items=items, next=page.next)


async def take_on(view: View) -> web.StreamResponse:
    """Take one on."""
    await taking_on.acknowledge(
        view.session, view.id("alert"), note=view.form.note, actor=view.actor, clock=view.services.clock
    )
    return view.go("/alerts", "alerts.taken")


PAGES: Final = (
    Page(
        method="GET", path="/tasks", handler=listing, scope="tasks:read", title="tasks.title", query=TaskQuery,
        menu=Menu(group="today", order=20, icon="checklist"),
    ),
    Page(
        method="POST", path="/tasks/{id}/done", handler=finish, scope="tasks:write", title="tasks.title",
        under="/tasks", form=Outcome, again=listing,
    ),
    Page(
        method="GET", path="/alerts", handler=alerts, scope="cases:read", title="alerts.title", query=ListQuery,
        menu=Menu(group="today", order=22, icon="urgent"),
    ),
    Page(
        method="POST", path="/alerts/{id}/take", handler=take_on, scope="cases:write", title="alerts.title",
        under="/alerts", form=Note, again=alerts,
    ),
)  # fmt: skip
