"""The utility's own system: what its imports bring back that was stopped, and the changes it takes over from here."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints

from gateway.archive import changes as of_corrections
from gateway.archive import pushing, upstream
from gateway.archive.reading import conflicts as reading
from gateway.kernel.database import driver
from gateway.web.console.lists import Column, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View
from gateway.web.console.rendering import masked

By = Literal["source", "import", "file", "month"]
BYS: Final = get_args(By)


class ConflictQuery(ListQuery):
    """Which conflicts: summed up by `by`, and narrowed to an import, an account or a source."""

    by: By = "source"
    import_id: UUID | None = None
    account: str | None = None
    source: str | None = None


class ChangesQuery(ListQuery):
    """Which page of the changes."""


class NewReceiver(Form):
    """A system that wants changes pushed to it."""

    consumer: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")]
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    from_now: Literal["yes"] | None = None


_CONFLICTS: Final = ("at", "account", "number", "state", "source", "file", "row", "told")
_CHANGES: Final = ("id", "at", "kind", "account", "number", "role", "correction")


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.ConflictSeen]]] = {
    "upstream.at": lambda one: one.at,
    "common.account": lambda one: one.account_no,
    "common.number": lambda one: masked(one.number),
    "upstream.state": Terms("states", lambda one: one.link_state),
    "upstream.source": Terms("sources", lambda one: one.source or "unknown"),
    "upstream.file": lambda one: one.file,
    "upstream.told": lambda one: one.told,
}


#: The same of the changes; each is as it is handed on.
_CHANGED: Final[dict[str, Column[Any]]] = {
    "upstream.id": lambda one: int(one["id"]),
    "upstream.at": lambda one: one["at"],
    "upstream.kind": Terms("change_kinds", lambda one: one["kind"]),
    "common.account": lambda one: one["account_no"],
    "common.number": lambda one: masked(one["number"]),
    "common.role": Terms("link_roles", lambda one: one["role"]),
}


async def conflicts(view: View) -> web.StreamResponse:
    """What imports brought again that was stopped: summed up, and one by one."""
    query: ConflictQuery = view.query
    page = await listed(
        view,
        "conflicts",
        lambda before, limit: reading.conflicts(
            view.session,
            import_id=query.import_id,
            account_no=query.account,
            source=query.source,
            before=before,
            limit=limit,
        ),
        lambda one: one.id,
        _SORTED,
        of=int,
    )
    if query.format == "csv":
        rows = [
            [one.at, one.account_no, masked(one.number), one.link_state, one.source, one.file, one.row_number, one.told]
            for one in page.items
        ]
        return view.csv("conflicts", [f"upstream.{name}" for name in _CONFLICTS], rows)
    return view.render(
        "upstream/conflicts.html",
        conflicts=page.items,
        next=page.next,
        sums=await reading.summed(view.session, query.by, view.services.settings.zone.key),
        by=query.by,
        bys=BYS,
        asked=query,
    )


async def changes(view: View) -> web.StreamResponse:
    """What corrections changed, the newest first, and who has taken it over."""
    return await _changes(view, secret=None)


async def _changes(view: View, *, secret: str | None) -> web.Response:
    query: ChangesQuery = view.query if isinstance(view.query, ChangesQuery) else ChangesQuery()
    connection = await driver(view.session)
    page = await listed(
        view,
        "changes",
        lambda before, limit: of_corrections.newest(connection, before=before, limit=limit),
        lambda one: int(one["id"]),
        _CHANGED,
        of=int,
        query=query,
    )
    if query.format == "csv":
        rows = [
            [one["id"], one["at"], one["kind"], one["account_no"], masked(one["number"]), one["role"],
             one["correction_id"]]
            for one in page.items
        ]  # fmt: skip
        return view.csv("changes", [f"upstream.{name}" for name in _CHANGES], rows)
    pushed = await pushing.subscriptions(connection)
    own = {one.consumer for one in pushed}
    return view.render(
        "upstream/changes.html",
        changes=page.items,
        next=page.next,
        subscriptions=pushed,
        consumers=[one for one in await upstream.consumers(connection) if one.consumer not in own],
        secret=secret,
    )


async def subscribe(view: View) -> web.StreamResponse:
    """Have changes pushed to an address; its secret is shown once."""
    form: NewReceiver = view.form
    settings = view.services.settings
    made = await pushing.subscribe(
        await driver(view.session),
        url=form.url,
        consumer=form.consumer,
        actor=view.actor,
        at=view.services.clock.now(),
        live=not settings.sandbox,
        from_now=form.from_now == "yes",
    )
    return await _changes(view, secret=pushing.in_words(pushing.secret_of(settings.kept_secret(), made)))


async def resume(view: View) -> web.StreamResponse:
    """Try again at once."""
    connection, id_ = await driver(view.session), view.id("subscription")
    await pushing.go_on(connection, id_, actor=view.actor, at=view.services.clock.now())
    return view.go("/changes", "upstream.resumed")


async def end(view: View) -> web.StreamResponse:
    """End a subscription."""
    connection, id_ = await driver(view.session), view.id("subscription")
    await pushing.unsubscribe(connection, id_, actor=view.actor, at=view.services.clock.now())
    return view.go("/changes", "upstream.ended")


PAGES: Final = (
    Page(
        method="GET", path="/conflicts", handler=conflicts, scope="corrections:read", title="upstream.conflicts",
        query=ConflictQuery, menu=Menu(group="archive", order=50, icon="git-merge"),
    ),
    Page(
        method="GET", path="/changes", handler=changes, scope="changes:read", title="upstream.changes", whole=True,
        query=ChangesQuery, menu=Menu(group="archive", order=60, icon="send"),
    ),
    Page(
        method="POST", path="/changes", handler=subscribe, scope="changes:acknowledge", title="upstream.changes",
        whole=True, under="/changes", form=NewReceiver, again=changes,
    ),
    Page(
        method="POST", path="/changes/{id}/resume", handler=resume, scope="changes:acknowledge",
        title="upstream.changes", whole=True, under="/changes", again=changes,
    ),
    Page(
        method="POST", path="/changes/{id}/end", handler=end, scope="changes:acknowledge", title="upstream.changes",
        whole=True, under="/changes", again=changes,
    ),
)  # fmt: skip
