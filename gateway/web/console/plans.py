"""The account managers' plan: a calendar to move things in, today's list, and one follow-up with its series."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import StringConstraints

from gateway.followups import Change, Onwards, Plan, reading
from gateway.followups.tables import CHANNELS
from gateway.kernel.database import driver
from gateway.kernel.errors import InvalidInput
from gateway.staff import directory
from gateway.web.console.lists import Column, Staff, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, Query, View
from gateway.web.console.recurring import OWN, RULES, Recurrence, in_words
from gateway.web.feeds import signed

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Topic = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Channel = Literal["visit", "phone", "sms", "chat"]
#: How far ahead the list looks, and how far back for what was not done.
AHEAD: Final = timedelta(days=10)
BACK: Final = timedelta(days=92)
#: As much as a calendar shows at once.
_WIDEST: Final = timedelta(days=400)
_MOST: Final = 2000
_CUSTOMERS: Final = 300


class PlanQuery(Query):
    """Whose plan; everybody's with `all`."""

    of: str | None = None


class SpanQuery(PlanQuery):
    """What the calendar shows: from `start`, up to and without `end`. It sends moments; their days count."""

    start: str | None = None
    end: str | None = None

    def days(self, today: date) -> tuple[date, date]:
        """The first and the last day; without any, four weeks. Raises InvalidInput."""
        try:
            first = date.fromisoformat(self.start[:10]) if self.start else today
            last = date.fromisoformat(self.end[:10]) - timedelta(days=1) if self.end else first + timedelta(days=27)
        except ValueError as error:
            raise InvalidInput("a day is written YYYY-MM-DD", field="start") from error
        return first, min(last, first + _WIDEST)


class NewQuery(Query):
    """What the form begins with."""

    day: date | None = None
    account: str | None = None


class DoneQuery(ListQuery):
    """What was done, and whose."""

    of: str | None = None


class NewPlan(Recurrence):
    """A follow-up to plan."""

    account_no: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    planned_for: date
    topic: Topic
    channel: Channel = "visit"
    manager: Code | None = None


class Completed(Form):
    """What came of it; and what the customer wants looked into, by whom and by when."""

    outcome: Said
    wish: Said | None = None
    owner: Code | None = None
    due_on: date | None = None


class Moved(Form):
    """To which day."""

    planned_for: date


class Changed(Form):
    """This one alone."""

    topic: Topic
    channel: Channel
    deputy: Code | None = None


class Following(Recurrence):
    """This one and all that follow. Without a rule they come as often as before."""

    planned_for: date
    topic: Topic
    channel: Channel


class Reason(Form):
    """Why it will not be."""

    reason: Said


async def calendar(view: View) -> web.StreamResponse:
    """The calendar; what stands in it is fetched by its script."""
    of = await _whose(view)
    today = _today(view)
    managers = await reading.managers(view.session, today - BACK)
    named = await directory.names(await driver(view.session), managers)
    return view.render(
        "plans/calendar.html", of=of, own=_own(view), today=today, managers=managers, named=named,
        counts=await _counts(view, of, today),
    )  # fmt: skip


async def events(view: View) -> web.StreamResponse:
    """What the calendar shows of a span."""
    of = await _whose(view)
    first, last = view.query.days(_today(view))
    wanted = reading.FollowupFilter(
        manager=None if of == "all" else of, states=["planned", "missed", "done"], since=first, until=last
    )
    found = await reading.followups(view.session, wanted, before=None, limit=_MOST)
    holders = await reading.holders(view.session, [one.account_no for one in found])
    named = await directory.names(await driver(view.session), [one.deputy or one.manager for one in found])
    may = view.may("followups:write")
    return view.json([_event(view, one, holders, named, of=of, may=may) for one in found])


def _event(
    view: View, one: reading.Followup, holders: dict[str, str], named: dict[str, str], *, of: str, may: bool
) -> dict[str, Any]:
    movable = may and one.state in ("planned", "missed") and _theirs(view, one)
    doer = one.deputy or one.manager
    parts = [holders.get(one.account_no, one.account_no), one.topic]
    if of == "all" or doer != of:
        parts.append(named.get(doer, doer))
    return {
        "id": str(one.id),
        "title": " · ".join(parts),
        "start": one.planned_for.isoformat(),
        "allDay": True,
        "url": f"/console/plans/{one.id}",
        "editable": movable,
        "classNames": [f"plan-{one.state}", f"plan-{one.channel}", *(["plan-deputy"] if one.deputy else [])],
        "words": ", ".join(
            [
                one.planned_for.isoformat(), *parts, one.account_no, view.t(f"plan_channels.{one.channel}"),
                view.t(f"plan_states.{one.state}"),
                *([view.t("plans.recurs")] if one.rule else []),
                *([view.t("plans.by_deputy")] if one.deputy else []),
            ]
        ),
        "recurs": one.rule is not None,
    }  # fmt: skip


async def _counts(view: View, of: str, today: date) -> tuple[int, int]:
    """How many are due today, and how many overdue."""
    wanted = reading.FollowupFilter(
        manager=None if of == "all" else of, states=["planned", "missed"], since=today - BACK, until=today
    )
    found = await reading.followups(view.session, wanted, before=None, limit=_MOST)
    due = sum(one.planned_for == today for one in found)
    return due, len(found) - due


async def today_list(view: View) -> web.StreamResponse:
    """What is overdue, what is for today, and ten days ahead by day."""
    of, today = await _whose(view), _today(view)
    wanted = reading.FollowupFilter(
        manager=None if of == "all" else of, states=["planned", "missed"], since=today - BACK, until=today + AHEAD
    )
    found = await reading.followups(view.session, wanted, before=None, limit=_MOST)
    found.sort(key=lambda one: (one.planned_for, one.account_no))
    days = {day: list(some) for day, some in groupby(found, key=lambda one: one.planned_for)}
    return view.render(
        "plans/today.html",
        of=of,
        own=_own(view),
        today=today,
        late=[one for one in found if one.planned_for < today],
        due=days.get(today, []),
        ahead=[(day, some) for day, some in days.items() if day > today],
        holders=await reading.holders(view.session, [one.account_no for one in found]),
        named=await directory.names(await driver(view.session), [one.deputy or one.manager for one in found]),
    )


def _own(view: View) -> str:
    """A manager sees their own plan first; whoever plans nothing themselves, everybody's."""
    acting = view.person.acting
    return acting.staff_no if acting.staff_no is not None and "account_manager" in view.person.roles else "all"


def _theirs(view: View, one: reading.Followup) -> bool:
    """Whether who is signed in may change it, as far as a page need know; the use case decides."""
    return view.may("admin") or view.person.acting.staff_no in (one.manager, one.deputy)


async def _whose(view: View) -> str:
    query: PlanQuery | None = view.query
    return (query.of if query is not None else None) or _own(view)


def _today(view: View) -> date:
    return view.now.astimezone(view.services.settings.zone).date()


#: What the list is sorted by and looked through.
_DONE: Final[dict[str, Column[reading.Followup]]] = {
    "plans.planned_for": lambda one: one.planned_for,
    "plans.topic": lambda one: one.topic,
    "common.account": lambda one: one.account_no,
    "plans.manager": Staff(lambda one: one.deputy or one.manager),
    "plans.independent_state": Terms("independent_states", lambda one: one.independent),
    "outcome": lambda one: one.outcome,
}


async def done(view: View) -> web.StreamResponse:
    """What was done, newest first: never what the independent follow-up answered."""
    query: DoneQuery = view.query
    of = query.of or _own(view)
    wanted = reading.FollowupFilter(manager=None if of == "all" else of, states=["done"])
    page = await listed(
        view,
        "done",
        lambda before, limit: reading.followups(view.session, wanted, before=before, limit=limit),
        lambda one: one.id,
        _DONE,
    )
    if query.format == "csv":
        headings = [f"plans.{name}" for name in ("planned_for", "account", "topic", "manager", "outcome")]
        rows = [[one.planned_for, one.account_no, one.topic, one.manager, one.outcome] for one in page.items]
        return view.csv("followups", headings, rows)
    people = [one.deputy or one.manager for one in page.items]
    return view.render(
        "plans/done.html", of=of, own=_own(view), items=page.items, next=page.next,
        named=await directory.names(await driver(view.session), people),
    )  # fmt: skip


async def new(view: View) -> web.StreamResponse:
    """The form for another."""
    query: NewQuery = view.query if view.query is not None else NewQuery()
    today, own = _today(view), _own(view)
    connection = await driver(view.session)
    return view.render(
        "plans/new.html",
        day=max(query.day or today, today),
        account=query.account or "",
        today=today,
        customers=[] if own == "all" else await reading.customers_of(view.session, own, limit=_CUSTOMERS),
        colleagues=await directory.colleagues(connection),
        channels=CHANNELS,
        rules=RULES,
        own_rule=OWN,
    )


async def make(view: View) -> web.StreamResponse:
    """Plan one, or a series."""
    form: NewPlan = view.form
    wanted = Plan(
        account_no=form.account_no, planned_for=form.planned_for, topic=form.topic, channel=form.channel,
        manager_no=form.manager, rule=form.written,
    )  # fmt: skip
    made = await view.services.followups.plan(view.session, wanted, actor=view.actor)
    if len(made) > 1:
        return view.go(f"/plans/{made[0]}", "plans.series_planned", count=len(made))
    return view.go(f"/plans/{made[0]}", "plans.planned")


async def one(view: View) -> web.StreamResponse:
    """One follow-up, with what the customer wanted."""
    found = await reading.followup(view.session, view.id("follow-up"))
    connection = await driver(view.session)
    voices = await reading.voices(view.session, owner=None, state=None, before=None, limit=50, followup=found.id)
    people = [found.manager, found.deputy, *(voice.owner for voice in voices)]
    return view.render(
        "plans/one.html",
        one=found,
        today=_today(view),
        theirs=_theirs(view, found),
        holder=(await reading.holders(view.session, [found.account_no])).get(found.account_no),
        recurs=in_words(view, found.rule),
        voices=voices,
        named=await directory.names(connection, people),
        colleagues=await directory.colleagues(connection),
        channels=CHANNELS,
        rules=RULES,
        own_rule=OWN,
    )


async def complete(view: View) -> web.StreamResponse:
    """Say what came of it, and write down what the customer wants looked into."""
    form: Completed = view.form
    followup = view.id("follow-up")
    if form.wish is not None:
        if form.owner is None or form.due_on is None:
            raise InvalidInput(
                "what a customer wants is owed by somebody, by a day", field="owner" if form.owner is None else "due_on"
            )
        await view.services.followups.hear(
            view.session, followup, words=form.wish, owner_no=form.owner, due_on=form.due_on, actor=view.actor
        )
    change = Change(state="done", outcome=form.outcome)
    await view.services.followups.change(view.session, followup, change, actor=view.actor)
    return _back(view, "plans.completed")


async def move(view: View) -> web.StreamResponse:
    """Put it on another day."""
    change = Change(planned_for=view.form.planned_for)
    await view.services.followups.change(view.session, view.id("follow-up"), change, actor=view.actor)
    return _back(view, "plans.moved")


async def drag(view: View) -> web.StreamResponse:
    """The same for the calendar, which says it itself."""
    change = Change(planned_for=view.form.planned_for)
    await view.services.followups.change(view.session, view.id("follow-up"), change, actor=view.actor)
    return view.json({"said": view.t("plans.moved_to", day=view.form.planned_for.isoformat())})


async def change(view: View) -> web.StreamResponse:
    """Change this one alone."""
    form: Changed = view.form
    wanted = Change(topic=form.topic, channel=form.channel, deputy_no=form.deputy)
    await view.services.followups.change(view.session, view.id("follow-up"), wanted, actor=view.actor)
    return _back(view, "plans.changed")


async def follow(view: View) -> web.StreamResponse:
    """Change this one and all that follow."""
    form: Following = view.form
    wanted = Onwards(starts_on=form.planned_for, topic=form.topic, channel=form.channel, rule=form.written)
    first = await view.services.series.change(view.session, view.id("follow-up"), wanted, actor=view.actor)
    return view.go(f"/plans/{first}", "plans.series_changed")


async def cancel(view: View) -> web.StreamResponse:
    """This one will not be."""
    wanted = Change(state="cancelled", outcome=view.form.reason)
    await view.services.followups.change(view.session, view.id("follow-up"), wanted, actor=view.actor)
    return _back(view, "plans.cancelled")


async def end(view: View) -> web.StreamResponse:
    """This one and all that follow will not be."""
    number = await view.services.series.end(view.session, view.id("follow-up"), actor=view.actor)
    return view.go("/plans", "plans.series_ended", count=number)


def _back(view: View, said: str) -> web.Response:
    return view.go(f"/plans/{view.id('follow-up')}", said)


async def subscribe(view: View) -> web.StreamResponse:
    """The address of one's own plan, for the calendar of a telephone or a desk."""
    own = view.person.acting.staff_no
    return view.render("plans/subscribe.html", url=None if own is None else signed(view.services, own))


def _deed(path: str, handler: Any, form: type[Form] | None, again: Any, **more: Any) -> Page:
    return Page(
        method="POST", path=path, handler=handler, scope="followups:write", title="plans.title", under="/plans",
        form=form, again=again, **more,
    )  # fmt: skip


def _page(path: str, handler: Any, title: str, **more: Any) -> Page:
    return Page(method="GET", path=path, handler=handler, scope="followups:read", title=title, **more)


PAGES: Final = (
    _page("/plans", calendar, "plans.title", query=PlanQuery, menu=Menu(group="today", order=30, icon="calendar-week")),
    _page("/plans/events", events, "plans.title", query=SpanQuery, part=True),
    _page("/plans/today", today_list, "plans.today_title", query=PlanQuery, under="/plans"),
    _page("/plans/done", done, "plans.done_tab", under="/plans", query=DoneQuery),
    _page("/plans/subscribe", subscribe, "plans.subscribe", under="/plans"),
    Page(
        method="GET", path="/plans/new", handler=new, scope="followups:write", title="plans.new", under="/plans",
        query=NewQuery,
    ),
    _deed("/plans", make, NewPlan, new),
    _page("/plans/{id}", one, "plans.one", under="/plans"),
    _deed("/plans/{id}/complete", complete, Completed, one),
    _deed("/plans/{id}/move", move, Moved, one),
    _deed("/plans/{id}/drag", drag, Moved, None, part=True),
    _deed("/plans/{id}/change", change, Changed, one),
    _deed("/plans/{id}/follow", follow, Following, one),
    _deed("/plans/{id}/cancel", cancel, Reason, one),
    _deed("/plans/{id}/end", end, None, one),
)  # fmt: skip
