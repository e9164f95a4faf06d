"""Outages: what is off, where and until when, who was told; written down and changed; many at once."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import Field, StringConstraints, ValidationError

from gateway.archive.reading import grid
from gateway.kernel.errors import FieldError, InvalidInput
from gateway.notices import Draft
from gateway.notices.outages import reading
from gateway.notices.outages.keeping import NewOutage
from gateway.notices.outages.storms import StormOutage, storm
from gateway.staff import members
from gateway.web.api.outages import OutageBody, OutageChange
from gateway.web.console.drafting import Chosen, Listed, Moment, moment
from gateway.web.console.lists import Column, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View, faults

#: The tabs of the list, and the states behind each.
SHELVES: Final[dict[str, tuple[str, ...] | None]] = {
    "current": ("announced", "active"),
    "restored": ("restored",),
    "cancelled": ("cancelled",),
    "all": None,
}


class OutagesQuery(ListQuery):
    """Which outages."""

    shelf: Literal["current", "restored", "cancelled", "all"] = "current"


class NewForm(Form):
    """A new outage."""

    outage_id: str | None = None
    kind: str
    feeders: Chosen = Field(default_factory=list)
    transformer_areas: Chosen = Field(default_factory=list)
    accounts: Listed = Field(default_factory=list)
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    crew_at: Moment | None = None
    reason: Annotated[str, StringConstraints(max_length=500)] | None = None
    notify: Literal["yes"] | None = None


class ChangeForm(Form):
    """An outage as it is to stand. A time that is left empty is not known any more."""

    starts_at: Moment | None = None
    ends_at: Moment | None = None
    crew_at: Moment | None = None
    reason: Annotated[str, StringConstraints(max_length=500)] | None = None


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[tuple[int, reading.OutageRead]]]] = {
    "outages.one": lambda one: one[1].outage_id,
    "common.state": Terms("outage_states", lambda one: one[1].state),
    "outages.where": lambda one: one[1].scope.feeders + one[1].scope.transformer_areas + one[1].scope.accounts,
    "outages.starts_at": lambda one: one[1].starts_at,
    "outages.ends_at": lambda one: one[1].restored_at or one[1].ends_at,
    "common.reason": lambda one: one[1].reason,
}


async def listing(view: View) -> web.StreamResponse:
    """Outages, newest first."""
    query: OutagesQuery = view.query
    wanted = reading.OutageFilter(states=SHELVES[query.shelf])
    page = await listed(
        view,
        "outages",
        lambda before, limit: reading.outages(view.session, wanted, before=before, limit=limit),
        lambda one: one[0],
        _SORTED,
        of=int,
    )
    outages = [one for _, one in page.items]
    if query.format == "csv":
        columns = ("outage_id", "kind", "state", "starts_at", "ends_at", "restored_at", "reason")
        rows = [[getattr(one, name) for name in columns] for one in outages]
        return view.csv("outages", [f"outages.{name}" for name in columns], rows)
    return view.render("outages/list.html", outages=outages, next=page.next, shelf=query.shelf, shelves=list(SHELVES))


async def one(view: View) -> web.StreamResponse:
    """An outage, its history, its notices and who knows of it."""
    found = await reading.outage(view.session, view.text("id"))
    return view.render("outages/one.html", one=found, names=await members.names(view.session))


async def new(view: View) -> web.StreamResponse:
    """The form for a new one."""
    return view.render("outages/new.html", feeders=await grid.feeders(view.session), now=f"{view.now:%Y-%m-%dT%H:%M}")


async def announce(view: View) -> web.StreamResponse:
    """Write a new outage down, and draft what tells of it where that is wanted."""
    form: NewForm = view.form
    # Areas that were chosen stand for their feeders.
    scope = {
        "feeders": [] if form.transformer_areas else form.feeders,
        "transformer_areas": form.transformer_areas,
        "accounts": form.accounts,
    }
    given = {name: moment(getattr(form, name), view) for name in ("starts_at", "ends_at", "crew_at", "reason")}
    given = {name: value for name, value in given.items() if value is not None}
    try:
        body = OutageBody.model_validate(
            {"kind": form.kind, "scope": scope, "outage_id": form.outage_id, "notify": form.notify == "yes", **given}
        )
    except ValidationError as error:
        raise plainly(faults(error)) from error
    facts = body.model_dump(exclude={"outage_id", "kind", "scope", "notify"}, exclude_none=True)
    asked = NewOutage(kind=body.kind, scope=body.scope.asked(), given=facts, outage_no=body.outage_id)
    try:
        outage_no = await view.services.outages.announce(view.session, asked, actor=view.actor)
    except InvalidInput as error:
        raise plainly(error) from error
    if body.notify:
        draft = Draft(kind=f"outage_{body.kind}", about={"outage_id": outage_no})
        notice_id = await view.services.notices.draft(view.session, draft, actor=view.actor)
        return view.go(f"/notices/{notice_id}", "outages.written_and_drafted")
    return view.go(f"/outages/{outage_no}", "outages.written")


def plainly(error: InvalidInput) -> InvalidInput:
    """Faults by the fields of the form: what is wrong with a part of the scope is wrong with that part."""
    found = []
    for fault in error.errors:
        name = fault.field.partition("[")[0]
        found.append(FieldError(name.removeprefix("scope."), fault.message, fault.code))
    return InvalidInput(str(error), errors=found)


async def change(view: View) -> web.StreamResponse:
    """Change its times or its reason; the notices that follow it tell what is not true any more."""
    form: ChangeForm = view.form
    outage_no = view.text("id")
    before = await reading.outage(view.session, outage_no)
    given: dict[str, Any] = {}
    for name in ("starts_at", "ends_at", "crew_at"):
        typed, had = getattr(form, name), getattr(before, name)
        # A field shows minutes: what was not touched keeps its seconds.
        if (
            typed is None
            or had is None
            or typed != had.astimezone(view.zone).replace(tzinfo=None, second=0, microsecond=0)
        ):
            given[name] = moment(typed, view)
    given["reason"] = form.reason
    if given.get("starts_at", "") is None:
        raise InvalidInput("some fields are wrong", errors=[FieldError("starts_at", "is needed", "missing")])
    await _change(view, outage_no, given)
    return view.go(f"/outages/{outage_no}", "outages.changed")


async def restore(view: View) -> web.StreamResponse:
    """Supply is back now."""
    await _change(view, view.text("id"), {"state": "restored"})
    return view.go(f"/outages/{view.text('id')}", "outages.restored_now")


async def call_off(view: View) -> web.StreamResponse:
    """It does not take place, or never was."""
    await _change(view, view.text("id"), {"state": "cancelled"})
    return view.go(f"/outages/{view.text('id')}", "outages.called_off")


async def _change(view: View, outage_no: str, given: dict[str, Any]) -> None:
    try:
        body = OutageChange.model_validate(given)
    except ValidationError as error:
        raise plainly(faults(error)) from error
    changed = {name: getattr(body, name) for name in body.model_fields_set}
    await view.services.outages.change(view.session, outage_no, changed, scope=None, actor=view.actor)


async def storm_page(view: View) -> web.StreamResponse:
    """Everything that is off at once, by feeder; its figures renew themselves."""
    found = await storm(view.session, view.services.clock.now())
    template = "outages/storm_figures.html" if view.page.part else "outages/storm.html"
    return view.render(template, lines=_by_feeder(found), outages=found)


def _by_feeder(found: list[StormOutage]) -> list[tuple[str, list[StormOutage]]]:
    lines: defaultdict[str, list[StormOutage]] = defaultdict(list)
    for outage in found:
        lines[outage.feeders[0] if outage.feeders else ""].append(outage)
    return sorted(lines.items(), key=lambda line: -sum(one.state == "active" for one in line[1]))


def _acting(path: str, handler: Any, form: type[Form] | None = None) -> Page:
    return Page(
        method="POST", path=f"/outages/{{id}}{path}", handler=handler, scope="outages:write", title="outages.one",
        whole=True, under="/outages", form=form, again=one,
    )  # fmt: skip


PAGES: Final = (
    Page(
        method="GET", path="/outages", handler=listing, scope="outages:read", title="outages.title", whole=True,
        query=OutagesQuery, menu=Menu(group="notices", order=20, icon="bolt-off"),
    ),
    Page(
        method="GET", path="/outages/storm", handler=storm_page, scope="outages:read", title="outages.storm",
        whole=True, under="/outages",
    ),
    Page(
        method="GET", path="/outages/storm/figures", handler=storm_page, scope="outages:read", whole=True, part=True,
    ),
    Page(
        method="GET", path="/outages/new", handler=new, scope="outages:write", title="outages.new", whole=True,
        under="/outages",
    ),
    Page(
        method="POST", path="/outages", handler=announce, scope="outages:write", title="outages.new", whole=True,
        under="/outages", form=NewForm, again=new,
    ),
    Page(
        method="GET", path="/outages/{id}", handler=one, scope="outages:read", title="outages.one", whole=True,
        under="/outages",
    ),
    _acting("", change, ChangeForm),
    _acting("/restore", restore),
    _acting("/call-off", call_off),
)  # fmt: skip
