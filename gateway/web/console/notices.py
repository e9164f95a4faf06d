"""Notices: what goes out to many, how far it is, and what people do with it."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.kernel.errors import Conflict, Forbidden
from gateway.notices import reading
from gateway.outbox import reading as outbox
from gateway.staff import members
from gateway.web.console.lists import Actors, Column, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, Query, View
from gateway.web.console.rendering import masked
from gateway.web.paging import Words

#: The tabs of the list: a name, and the states behind it.
SHELVES: Final[dict[str, tuple[str, ...] | None]] = {
    "all": None,
    "draft": ("draft",),
    "moving": ("approved", "composing", "sending"),
    "paused": ("paused",),
    "done": ("done",),
    "cancelled": ("cancelled",),
}
#: While it stands there, its figures change by themselves.
MOVING: Final = frozenset(("approved", "composing", "sending", "paused"))
#: Kinds that go on telling after they are done, so that they may still be paused or given up.
_FOLLOWING: Final = frozenset(("outage_planned", "outage_fault", "restoration"))


class NoticesQuery(ListQuery):
    """Which notices."""

    shelf: Annotated[str, StringConstraints(pattern="^(all|draft|moving|paused|done|cancelled)$")] = "all"
    kind: str | None = None


class TalliesQuery(Query):
    """Of which notices the figures are wanted."""

    ids: Annotated[list[UUID], Words] = Field(default_factory=list)


class NoticeQuery(ListQuery):
    """Which of its messages are listed."""

    state: str | None = None


class CountsQuery(Query):
    """The state in which the page last saw it."""

    seen: str = ""


class Remark(Form):
    """Why."""

    remark: Annotated[str, StringConstraints(max_length=2000)] | None = None


class Approval(Form):
    """Who answers for it, where it is a legal notice."""

    head: Annotated[str, StringConstraints(max_length=64)] | None = None


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.Notice]]] = {
    "notices.what": Terms("message_kinds", lambda one: one.kind),
    "common.state": Terms("states", lambda one: one.state),
    "notices.audience": lambda one: one.audience,
    "notices.drafted": lambda one: one.drafted_at,
    "by": Actors(lambda one: one.drafted_by),
    "about": lambda one: " ".join(map(str, one.about.values())),
}


#: The same of a notice's texts.
_MESSAGES: Final[dict[str, Column[outbox.Message]]] = {
    "messages.to": lambda one: masked(one.to),
    "common.account": lambda one: one.accounts or one.account_no,
    "messages.body": lambda one: one.body,
    "common.state": Terms("states", lambda one: one.state),
    "messages.why": lambda one: one.decision,
    "messages.at": lambda one: one.delivered_at or one.sent_at or one.not_before,
    "withheld": Terms("withheld", lambda one: one.withheld_reason),
    "error": lambda one: one.error_code,
}


async def listing(view: View) -> web.StreamResponse:
    """Notices, newest first."""
    query: NoticesQuery = view.query
    kinds = [query.kind] if query.kind else None
    page = await listed(
        view,
        "notices",
        lambda before, limit: reading.notices(
            view.session, states=SHELVES[query.shelf], kinds=kinds, before=before, limit=limit
        ),
        lambda one: one.id,
        _SORTED,
    )
    if query.format == "csv":
        columns = ("id", "kind", "state", "audience", "composed", "drafted_by", "drafted_at", "approved_by")
        rows = [[getattr(one, name) for name in columns] for one in page.items]
        return view.csv("notices", [f"notices.{name}" for name in columns], rows)
    return view.render(
        "notices/list.html",
        notices=page.items,
        next=page.next,
        shelf=query.shelf,
        shelves=list(SHELVES),
        names=await members.names(view.session),
    )


async def tallies(view: View) -> web.StreamResponse:
    """Messages by state of several notices, put where the list has their places."""
    query: TalliesQuery = view.query
    return view.render("notices/tallies.html", tallies=await reading.tallies(view.session, query.ids[:100]))


async def one(view: View) -> web.StreamResponse:
    """A notice: what it is, how far it is, its messages."""
    notice_id = view.id("notice")
    query: NoticeQuery = view.query if view.query is not None else NoticeQuery()
    found = await reading.notice(view.session, notice_id)
    wanted = outbox.MessageFilter(notice=notice_id, states=[query.state] if query.state else None)
    page = await listed(
        view,
        "messages",
        lambda before, limit: outbox.messages(view.session, wanted, before=before, limit=limit),
        lambda message: message.id,
        _MESSAGES,
        query=query,
    )
    if query.format == "csv":
        return _messages_file(view, page.items)
    return view.render(
        "notices/one.html",
        one=found,
        messages=page.items,
        next=page.next,
        message_state=query.state,
        moving=found.state in MOVING,
        goes_on=found.state == "done" and found.kind in _FOLLOWING,
        names=await members.names(view.session),
    )


def _messages_file(view: View, messages: list[outbox.Message]) -> web.Response:
    columns = ("state", "withheld_reason", "accounts", "segments", "sent_at", "delivered_at", "decision", "error_code")
    rows: list[list[Any]] = []
    for message in messages:
        cells = [getattr(message, name) for name in columns]
        cells[2] = " ".join(message.accounts)
        rows.append([masked(message.to), *cells])
    return view.csv("messages", ["common.number", *(f"messages.{name}" for name in columns)], rows)


async def counts(view: View) -> web.StreamResponse:
    """How far it is, for the page that is open; the page is loaded anew where its state has changed."""
    found = await reading.notice(view.session, view.id("notice"))
    response = view.render("notices/counts.html", one=found, moving=found.state in MOVING)
    if view.query.seen and view.query.seen != found.state:
        response.headers["HX-Refresh"] = "true"
    return response


async def approve(view: View) -> web.StreamResponse:
    """Let it go out; somebody other than who drafted it."""
    notice_id = view.id("notice")
    await reading.known(view.session, notice_id)
    try:
        await view.services.notices.approve(
            view.session,
            notice_id,
            actor=view.actor,
            two_people=view.person.acting.two_people,
            head=view.form.head,
        )
    except Forbidden as error:
        # Not the role is wanting but another pair of eyes: the page says so, and stays.
        raise Conflict(str(error)) from error
    return view.go(f"/notices/{notice_id}", "notices.approved")


async def pause(view: View) -> web.StreamResponse:
    """Keep back what has not left."""
    notice_id = view.id("notice")
    await view.services.notices.pause(view.session, notice_id, actor=view.actor, remark=view.form.remark)
    return view.go(f"/notices/{notice_id}", "notices.paused", undo=f"/notices/{notice_id}/resume")


async def resume(view: View) -> web.StreamResponse:
    """Let it go on."""
    notice_id = view.id("notice")
    await view.services.notices.resume(view.session, notice_id, actor=view.actor)
    return view.go(f"/notices/{notice_id}", "notices.resumed", undo=f"/notices/{notice_id}/pause")


async def cancel(view: View) -> web.StreamResponse:
    """Give it up."""
    notice_id = view.id("notice")
    await view.services.notices.cancel(view.session, notice_id, actor=view.actor, remark=view.form.remark)
    return view.go(f"/notices/{notice_id}", "notices.cancelled")


async def resend(view: View) -> web.StreamResponse:
    """Draft it again for those whom it did not reach."""
    again = await view.services.notices.resend(view.session, view.id("notice"), actor=view.actor)
    return view.go(f"/notices/{again}/preview", "notices.resent")


def _moving(name: str, handler: Any, *, scope: str = "notices:write", form: type[Form] | None = None) -> Page:
    return Page(
        method="POST", path=f"/notices/{{id}}/{name}", handler=handler, scope=scope, title="notices.one", whole=True,
        under="/notices", form=form, again=one,
    )  # fmt: skip


PAGES: Final = (
    Page(
        method="GET", path="/notices", handler=listing, scope="notices:read", title="notices.title", whole=True,
        query=NoticesQuery, menu=Menu(group="notices", order=10, icon="send"),
    ),
    Page(
        method="GET", path="/notices/tallies", handler=tallies, scope="notices:read", whole=True, part=True,
        query=TalliesQuery,
    ),
    Page(
        method="GET", path="/notices/{id}", handler=one, scope="notices:read", title="notices.one", whole=True,
        under="/notices", query=NoticeQuery,
    ),
    Page(
        method="GET", path="/notices/{id}/counts", handler=counts, scope="notices:read", whole=True, part=True,
        query=CountsQuery,
    ),
    _moving("approve", approve, scope="notices:approve", form=Approval),
    _moving("pause", pause, form=Remark),
    _moving("resume", resume),
    _moving("cancel", cancel, form=Remark),
    _moving("resend", resend),
)  # fmt: skip
