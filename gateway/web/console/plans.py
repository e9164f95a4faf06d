"""The account managers' plan: today, what is overdue, ten days ahead; and the independent follow-up."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.followups import Change, Outcome, Plan, reading
from gateway.kernel.errors import InvalidInput
from gateway.web.console.pages import Form, ListQuery, Menu, Page, Query, View
from gateway.web.paging import behind, cut

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Channel = Literal["visit", "phone", "sms", "chat"]
CHANNELS: Final = ("visit", "phone", "sms", "chat")
#: How far ahead the list looks, and how far back for what was not done; the calendar's weeks.
AHEAD: Final = timedelta(days=10)
BACK: Final = timedelta(days=92)
_MOST: Final = 500
#: What may recur, in the words of RFC 5545.
RULES: Final = {"month": "FREQ=MONTHLY", "quarter": "FREQ=MONTHLY;INTERVAL=3", "year": "FREQ=YEARLY"}


class PlanQuery(Query):
    """Whose plan; everybody's with `all`."""

    of: str | None = None


class DoneQuery(ListQuery):
    """What was done, and whose."""

    of: str | None = None


class NewPlan(Form):
    """A follow-up to plan."""

    account_no: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    planned_for: date
    topic: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    channel: Channel = "visit"
    rule: Literal["month", "quarter", "year"] | None = None


class Completed(Form):
    """What came of it."""

    outcome: Said


class Moved(Form):
    """To which day."""

    planned_for: date


class CallQuery(ListQuery):
    """Which independent follow-ups."""

    show: Literal["mine", "to_call", "asked", "ended"] = "to_call"


class CallOutcome(Form):
    """What came of a call."""

    reached: Literal["yes", "no"]
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    solved: Literal["yes", "no"] | None = None
    comment: Said | None = None


async def plan(view: View) -> web.StreamResponse:
    """Today's list, what is overdue, and ten days ahead by day."""
    query: PlanQuery | None = view.query
    of = (query.of if query is not None else None) or _own(view)
    today = view.now.astimezone(view.services.settings.zone).date()
    wanted = reading.FollowupFilter(
        manager=None if of == "all" else of, states=["planned", "missed"], since=today - BACK, until=today + AHEAD
    )
    found = await reading.followups(view.session, wanted, before=None, limit=_MOST)
    found.sort(key=lambda one: (one.planned_for, one.account_no))
    days = {day: list(some) for day, some in groupby(found, key=lambda one: one.planned_for)}
    return view.render(
        "plans/plan.html",
        of=of,
        own=_own(view),
        today=today,
        late=[one for one in found if one.planned_for < today],
        due=days.get(today, []),
        ahead=[(day, some) for day, some in days.items() if day > today],
        channels=CHANNELS,
        rules=RULES,
    )


def _own(view: View) -> str:
    """A manager sees their own plan first; whoever plans nothing themselves, everybody's."""
    acting = view.person.acting
    return acting.staff_no if acting.staff_no is not None and "account_manager" in view.person.roles else "all"


async def done(view: View) -> web.StreamResponse:
    """What was done, newest first: never what the independent follow-up answered."""
    query: DoneQuery = view.query
    of = query.of or _own(view)
    wanted = reading.FollowupFilter(manager=None if of == "all" else of, states=["done"])
    found = await reading.followups(
        view.session, wanted, before=behind("followups", query.cursor, UUID), limit=query.limit + 1
    )
    page = cut("followups", found, query.limit, lambda one: one.id)
    if query.format == "csv":
        headings = [f"plans.{name}" for name in ("planned_for", "account", "topic", "manager", "outcome")]
        rows = [[one.planned_for, one.account_no, one.topic, one.manager, one.outcome] for one in page["items"]]
        return view.csv("followups", headings, rows)
    return view.render("plans/done.html", of=of, items=page["items"], next=page["next"])


async def make(view: View) -> web.StreamResponse:
    """Plan one, or a series."""
    form: NewPlan = view.form
    wanted = Plan(
        account_no=form.account_no, planned_for=form.planned_for, topic=form.topic, channel=form.channel,
        rule=RULES[form.rule] if form.rule else None,
    )  # fmt: skip
    made = await view.services.followups.plan(view.session, wanted, actor=view.actor)
    return view.go(f"/plans/{made[0]}", "plans.planned")


async def one(view: View) -> web.StreamResponse:
    """One follow-up."""
    found = await reading.followup(view.session, view.id("follow-up"))
    return view.render("plans/one.html", one=found)


async def complete(view: View) -> web.StreamResponse:
    """Say what came of it."""
    change = Change(state="done", outcome=view.form.outcome)
    await view.services.followups.change(view.session, view.id("follow-up"), change, actor=view.actor)
    return view.go(f"/plans/{view.id('follow-up')}", "plans.completed")


async def move(view: View) -> web.StreamResponse:
    """Put it on another day."""
    change = Change(planned_for=view.form.planned_for)
    await view.services.followups.change(view.session, view.id("follow-up"), change, actor=view.actor)
    return view.go(f"/plans/{view.id('follow-up')}", "plans.moved")


async def calls(view: View) -> web.StreamResponse:
    """The independent follow-up's queue."""
    query: CallQuery = view.query
    states = {"asked": ["asked"], "ended": ["answered", "unreached"]}.get(query.show, ["to_call"])
    found = await reading.independent(
        view.session,
        states=states,
        caller=view.person.acting.staff_no if query.show == "mine" else None,
        before=behind("independent", query.cursor, UUID),
        limit=query.limit + 1,
    )
    page = cut("independent", found, query.limit, lambda call: call.id)
    return view.render("plans/calls.html", items=page["items"], next=page["next"], show=query.show)


async def call(view: View) -> web.StreamResponse:
    """What to say, and the form for what came of it."""
    return view.render("plans/call.html", one=await reading.independent_one(view.session, view.id("call")))


async def called(view: View) -> web.StreamResponse:
    """Note what came of a call: the caller is who is signed in."""
    form: CallOutcome = view.form
    by = view.person.acting.staff_no
    if by is None:
        raise InvalidInput("a call is made by a member of staff", field="reached")
    reached = form.reached == "yes"
    outcome = Outcome(
        reached=reached,
        score=form.score if reached else None,
        solved=None if form.solved is None or not reached else form.solved == "yes",
        comment=form.comment if reached else None,
    )
    await view.services.independent.called(view.session, view.id("call"), outcome, by=by, actor=view.actor)
    return view.go("/calls", "calls.noted")


def _deed(path: str, handler: Any, form: type[Form], again: Any, scope: str, title: str, under: str) -> Page:
    return Page(
        method="POST", path=path, handler=handler, scope=scope, title=title, under=under, form=form, again=again,
    )  # fmt: skip


PAGES: Final = (
    Page(
        method="GET", path="/plans", handler=plan, scope="followups:read", title="plans.title", query=PlanQuery,
        menu=Menu(group="today", order=30, icon="calendar-week"),
    ),
    _deed("/plans", make, NewPlan, plan, "followups:write", "plans.title", "/plans"),
    Page(
        method="GET", path="/plans/done", handler=done, scope="followups:read", title="plans.done_tab", under="/plans",
        query=DoneQuery,
    ),
    Page(method="GET", path="/plans/{id}", handler=one, scope="followups:read", title="plans.one", under="/plans"),
    _deed("/plans/{id}/complete", complete, Completed, one, "followups:write", "plans.one", "/plans"),
    _deed("/plans/{id}/move", move, Moved, one, "followups:write", "plans.one", "/plans"),
    Page(
        method="GET", path="/calls", handler=calls, scope="followups:review", title="calls.title", query=CallQuery,
        menu=Menu(group="today", order=35, icon="phone"),
    ),
    Page(method="GET", path="/calls/{id}", handler=call, scope="followups:review", title="calls.one", under="/calls"),
    _deed("/calls/{id}/outcome", called, CallOutcome, call, "followups:review", "calls.one", "/calls"),
)  # fmt: skip
