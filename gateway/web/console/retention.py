"""What is kept how long: what is in force, what a change would let go of tonight, what each night did."""

from __future__ import annotations

from typing import Annotated, Final

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.retention import keeping
from gateway.staff import members
from gateway.web.console.lists import Column, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View


class KeptFor(Form):
    """How many days, and why."""

    days: int = Field(ge=0, le=keeping.MOST_DAYS)
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Days(Form):
    """How many days it would be."""

    days: int = Field(ge=0, le=keeping.MOST_DAYS)


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[keeping.Ran]]] = {
    "retention.at": lambda one: one.at,
    "retention.rule": Terms("retained", lambda one: one.rule),
    "retention.before": lambda one: one.before,
    "retention.removed": lambda one: one.removed,
    "retention.error": lambda one: one.error,
}


async def listing(view: View) -> web.StreamResponse:
    """Every rule, and what the nights did."""
    query: ListQuery = view.query if view.query is not None else ListQuery()
    retention = view.services.retention
    page = await listed(
        view,
        "runs",
        lambda before, limit: retention.runs(view.session, before=before, limit=limit),
        lambda one: one.id,
        _SORTED,
        of=int,
    )
    if query.format == "csv":
        rows = [[one.at, one.rule, one.before, one.removed, one.error] for one in page.items]
        return view.csv("retention", [f"retention.{name}" for name in _COLUMNS], rows)
    return view.render(
        "retention/list.html",
        rules=await retention.kept(view.session),
        runs=page.items,
        next=page.next,
        names=await members.names(view.session),
    )


_COLUMNS: Final = ("at", "rule", "before", "removed", "error")


async def one(view: View) -> web.StreamResponse:
    """One rule, with the form to change it."""
    return await _one(view, days=None)


async def _one(view: View, *, days: int | None) -> web.Response:
    name, retention = view.text("name"), view.services.retention
    waiting = await retention.waiting(view.session, name, days)
    rule = next(rule for rule in await retention.kept(view.session) if rule.name == name)
    return view.render(
        "retention/one.html",
        rule=rule,
        days=days,
        waiting=min(waiting, keeping.COUNTED),
        more=waiting > keeping.COUNTED,
        names=await members.names(view.session),
    )


async def try_out(view: View) -> web.StreamResponse:
    """How many things would go tonight, kept for so many days. Nothing is changed."""
    form: Days = view.form
    return await _one(view, days=form.days)


async def change(view: View) -> web.StreamResponse:
    """Keep it for another time."""
    form: KeptFor = view.form
    name = view.text("name")
    await view.services.retention.change(view.session, name, days=form.days, why=form.why, actor=view.actor)
    return view.go(f"/retention/{name}", "retention.changed")


PAGES: Final = (
    Page(
        method="GET", path="/retention", handler=listing, scope="policy:read", title="retention.title", whole=True,
        query=ListQuery, menu=Menu(group="settings", order=85, icon="hourglass"),
    ),
    Page(
        method="GET", path="/retention/{name}", handler=one, scope="policy:read", title="retention.title", whole=True,
        under="/retention",
    ),
    Page(
        method="POST", path="/retention/{name}", handler=change, scope="policy:write", title="retention.title",
        whole=True, under="/retention", form=KeptFor, again=one,
    ),
    Page(
        method="POST", path="/retention/{name}/try", handler=try_out, scope="policy:write", title="retention.title",
        whole=True, under="/retention", form=Days, again=one,
    ),
)  # fmt: skip
