"""Lanes with their health; one of them with its nodes, its history and its switch."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import StringConstraints

from gateway.kernel import audit_reading
from gateway.kernel.errors import NotFound
from gateway.outbox.health import LaneSeen
from gateway.staff import members
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View

_COLUMNS: Final = ("lane", "channel", "health", "carrier", "sender", "rate", "concurrency", "rank", "enabled")
_SWITCHED: Final = "lane.switched_"
_LATEST: Final = 20


class Switch(Form):
    """On or off, and why."""

    to: Literal["on", "off"]
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


async def health(view: View) -> web.StreamResponse:
    """The lanes, and what their breakers say."""
    query: ListQuery = view.query
    found = await view.services.lanes.lanes(view.session)
    if query.format == "csv":
        return view.csv("lanes", [f"rules.{name}" for name in _COLUMNS], map(_cells, found))
    return view.render("rules/lanes.html", lanes=found)


def _cells(lane: LaneSeen) -> list[object]:
    return [
        lane.name, lane.channel, lane.health, lane.carrier, lane.sender, lane.rate, lane.concurrency, lane.rank,
        lane.enabled,
    ]  # fmt: skip


async def one(view: View) -> web.StreamResponse:
    """One lane."""
    name = view.text("name")
    found = await view.services.lanes.lanes(view.session)
    lane = next((lane for lane in found if lane.name == name), None)
    if lane is None:
        raise NotFound("There is no such lane.")
    done = None
    if view.may("audit:read"):
        done = await audit_reading.entries(
            view.session, actor=None, action=_SWITCHED, subject=f"lane:{name}", before=None, limit=_LATEST
        )
    return view.render(
        "rules/lane.html",
        one=lane,
        others=[other for other in found if other.channel == lane.channel and other.name != name and other.enabled],
        done=done,
        names=await members.names(view.session),
    )


async def switch(view: View) -> web.StreamResponse:
    """Let the lane send, or let it send nothing more."""
    form: Switch = view.form
    name = view.text("name")
    await view.services.lanes.switch(view.session, name, on=form.to == "on", why=form.why, actor=view.actor)
    return view.go(f"/lanes/{name}", f"rules.lane_{form.to}", name=name)


PAGES: Final = (
    Page(
        method="GET", path="/lanes", handler=health, scope="messages:read", title="rules.lanes", whole=True,
        query=ListQuery, menu=Menu(group="settings", order=30, icon="antenna"),
    ),
    Page(
        method="GET", path="/lanes/{name}", handler=one, scope="messages:read", title="rules.lane", whole=True,
        under="/lanes",
    ),
    Page(
        method="POST", path="/lanes/{name}", handler=switch, scope="lanes:write", title="rules.lane", whole=True,
        under="/lanes", form=Switch, again=one,
    ),
)  # fmt: skip
