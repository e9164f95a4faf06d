"""Who stands in for whom, and what customers want looked into."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import StringConstraints

from gateway.followups import reading, standing_in
from gateway.kernel.database import driver
from gateway.staff import directory
from gateway.web.console.lists import Column, Staff, listed
from gateway.web.console.pages import Form, ListQuery, Page, View

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
#: Those who stood in so lately are still shown.
_BACK: Final = timedelta(days=31)
_MOST: Final = 500


class NewDeputy(Form):
    """Who stands in for a manager, first and last day included."""

    manager: Code
    deputy: Code
    first_day: date
    last_day: date
    reason: Annotated[str, StringConstraints(max_length=200)] | None = None


class VoiceQuery(ListQuery):
    """Which wishes, and whose to answer."""

    show: Literal["open", "answered"] = "open"
    of: str | None = None


class VoiceAnswer(Form):
    """What became of it."""

    answer: Said


async def deputies(view: View) -> web.StreamResponse:
    """Who stands in now, soon, and did lately."""
    today = view.now.astimezone(view.services.settings.zone).date()
    found = await standing_in.deputies(view.session, since=today - _BACK, limit=_MOST)
    if view.query is not None and view.query.format == "csv":
        rows = [[one.manager, one.deputy, one.first_day, one.last_day, one.reason] for one in found]
        return view.csv("deputies", _DEPUTIES, rows)
    connection = await driver(view.session)
    people = [number for one in found for number in (one.manager, one.deputy)]
    acting = view.person.acting
    return view.render(
        "plans/deputies.html",
        items=found,
        today=today,
        own=acting.staff_no if acting.staff_no is not None and "account_manager" in view.person.roles else "",
        named=await directory.names(connection, people),
        colleagues=await directory.colleagues(connection),
    )


_DEPUTIES: Final = ("plans.manager", "plans.deputy", "deputies.first_day", "deputies.last_day", "common.reason")


async def name(view: View) -> web.StreamResponse:
    """Name a deputy."""
    form: NewDeputy = view.form
    await view.services.deputies.name(
        view.session, manager_no=form.manager, deputy_no=form.deputy, first_day=form.first_day,
        last_day=form.last_day, reason=form.reason, actor=view.actor,
    )  # fmt: skip
    return view.go("/plans/deputies", "deputies.named")


async def end(view: View) -> web.StreamResponse:
    """The manager is back."""
    await view.services.deputies.end(view.session, view.number("deputy"), actor=view.actor)
    return view.go("/plans/deputies", "deputies.ended")


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.Voice]]] = {
    "voices.words": lambda one: one.words,
    "common.account": lambda one: one.account_no,
    "voices.owner": Staff(lambda one: one.owner),
    "voices.due_on": lambda one: one.due_on,
    "voices.answer": lambda one: one.answer,
}


async def voices(view: View) -> web.StreamResponse:
    """What customers want looked into, newest first."""
    query: VoiceQuery = view.query if view.query is not None else VoiceQuery()
    page = await listed(
        view,
        "voices",
        lambda before, limit: reading.voices(
            view.session, owner=query.of, state=query.show, before=before, limit=limit
        ),
        lambda one: one.id,
        _SORTED,
        query=query,
    )
    if query.format == "csv":
        headings = [f"voices.{name}" for name in ("words", "account", "owner", "due_on", "answer")]
        rows = [[one.words, one.account_no, one.owner, one.due_on, one.answer] for one in page.items]
        return view.csv("voices", headings, rows)
    owners = [one.owner for one in page.items]
    return view.render(
        "plans/voices.html",
        items=page.items,
        next=page.next,
        query=query,
        today=view.now.astimezone(view.services.settings.zone).date(),
        named=await directory.names(await driver(view.session), owners),
    )


async def answer(view: View) -> web.StreamResponse:
    """Say what became of one."""
    await view.services.followups.answer(view.session, view.id("item"), answer=view.form.answer, actor=view.actor)
    return view.go("/plans/voices", "voices.answered")


PAGES: Final = (
    Page(
        method="GET", path="/plans/deputies", handler=deputies, scope="followups:read", title="deputies.title",
        under="/plans", query=ListQuery,
    ),
    Page(
        method="POST", path="/plans/deputies", handler=name, scope="followups:write", title="deputies.title",
        under="/plans", form=NewDeputy, again=deputies,
    ),
    Page(
        method="POST", path="/plans/deputies/{id}/end", handler=end, scope="followups:write", title="deputies.title",
        under="/plans", again=deputies,
    ),
    Page(
        method="GET", path="/plans/voices", handler=voices, scope="followups:read", title="voices.title",
        under="/plans", query=VoiceQuery,
    ),
    Page(
        method="POST", path="/plans/voices/{id}/answer", handler=answer, scope="followups:write",
        title="voices.title", under="/plans", form=VoiceAnswer, again=voices,
    ),
)  # fmt: skip
