"""What was promised to customers: the clocks that run, progress, what was kept and what was not."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import StringConstraints

from gateway.cases.commitments import reading
from gateway.kernel.database import driver
from gateway.staff import directory
from gateway.web.console.lists import Column, Staff, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
#: The tabs, in order; what is running comes first.
STATES: Final = ("open", "broken", "kept")


class PromiseQuery(ListQuery):
    """Which commitments."""

    state: Literal["open", "broken", "kept", "renegotiated", "released"] = "open"
    unit: str | None = None


class Progress(Form):
    """How far it is, in the customer's words."""

    progress: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    tell: Literal["yes"] | None = None


class Done(Form):
    """What came of it."""

    outcome: Said


class Reason(Form):
    """Why it will not be kept, or needs not be."""

    reason: Said


class Told(Form):
    """How the customer was told, where no text did."""

    how: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Another(Form):
    """Another time, and another thing where that changes too."""

    due_at: datetime
    what: Annotated[str, StringConstraints(max_length=200)] | None = None
    reason: Said


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.Commitment]]] = {
    "commitments.reference": lambda one: one.reference,
    "commitments.what": lambda one: one.what,
    "commitments.whose": Terms("units", lambda one: one.unit),
    "common.account": lambda one: one.account_no,
    "commitments.told": lambda one: one.told_percent,
    "commitments.due_at": lambda one: one.due_at,
    "owner": Staff(lambda one: one.owner_no),
    "progress": lambda one: one.progress,
}


async def listing(view: View) -> web.StreamResponse:
    """Commitments, newest first."""
    query: PromiseQuery = view.query
    wanted = reading.CommitmentFilter(states=[query.state], units=[query.unit] if query.unit else None)
    page = await listed(
        view,
        "promises",
        lambda before, limit: reading.commitments(view.session, wanted, before=before, limit=limit),
        lambda one: one.id,
        _SORTED,
    )
    if query.format == "csv":
        headings = [f"commitments.{name}" for name in _COLUMNS]
        return view.csv("commitments", headings, [_cells(one) for one in page.items])
    return view.render(
        "commitments/list.html", promises=page.items, next=page.next, state=query.state, states=STATES,
        named=await directory.names(await driver(view.session), [one.owner_no for one in page.items]),
    )  # fmt: skip


_COLUMNS: Final = ("reference", "what", "state", "unit", "owner_no", "account_no", "made_at", "due_at", "outcome")


def _cells(one: reading.Commitment) -> list[Any]:
    return [getattr(one, name) for name in _COLUMNS]


async def one(view: View) -> web.StreamResponse:
    """One commitment with all that befell it."""
    found = await reading.commitment(view.session, view.id("commitment"))
    return view.render(
        "commitments/one.html", one=found, spent=_spent(view, found),
        named=await directory.names(await driver(view.session), [found.owner_no]),
        names=await directory.actors(
            await driver(view.session), [found.made_by, found.ended_by, *(event.by for event in found.events)]
        ),
    )  # fmt: skip


def _spent(view: View, one: reading.Commitment) -> int:
    """How much of its time is over, in hundredths."""
    whole = (one.due_at - one.made_at).total_seconds()
    gone = ((one.ended_at or view.now) - one.made_at).total_seconds()
    return max(0, min(100, round(100 * gone / whole))) if whole > 0 else 100


async def progress(view: View) -> web.StreamResponse:
    """Say how far it is."""
    form: Progress = view.form
    await view.services.commitments.progress(
        view.session, view.id("commitment"), words=form.progress, tell=form.tell is not None, actor=view.actor
    )
    return _back(view, "commitments.progressed")


async def keep(view: View) -> web.StreamResponse:
    """It is done."""
    await view.services.commitments.keep(
        view.session, view.id("commitment"), outcome=view.form.outcome, actor=view.actor
    )
    return _back(view, "commitments.kept")


async def admit(view: View) -> web.StreamResponse:
    """It will not be kept."""
    await view.services.commitments.admit(
        view.session, view.id("commitment"), reason=view.form.reason, actor=view.actor
    )
    return _back(view, "commitments.broken")


async def release(view: View) -> web.StreamResponse:
    """The customer needs it no more."""
    await view.services.commitments.release(
        view.session, view.id("commitment"), reason=view.form.reason, actor=view.actor
    )
    return _back(view, "commitments.released")


async def told(view: View) -> web.StreamResponse:
    """A person told the customer."""
    await view.services.commitments.told(view.session, view.id("commitment"), how=view.form.how, actor=view.actor)
    return _back(view, "commitments.was_told")


async def renegotiate(view: View) -> web.StreamResponse:
    """Another one takes its place; the customer is told."""
    form: Another = view.form
    made = await view.services.commitments.renegotiate(
        view.session, view.id("commitment"), due_at=view.moment(form.due_at), what=form.what, reason=form.reason,
        actor=view.actor,
    )  # fmt: skip
    return view.go(f"/commitments/{made}", "commitments.renegotiated")


def _back(view: View, said: str) -> web.Response:
    return view.go(f"/commitments/{view.id('commitment')}", said)


def _deed(name: str, handler: Any, form: type[Form]) -> Page:
    return Page(
        method="POST", path=f"/commitments/{{id}}/{name}", handler=handler, scope="cases:write",
        title="commitments.one", under="/commitments", form=form, again=one,
    )  # fmt: skip


PAGES: Final = (
    Page(
        method="GET", path="/commitments", handler=listing, scope="cases:read", title="commitments.title",
        query=PromiseQuery, menu=Menu(group="service", order=15, icon="hourglass"),
    ),
    Page(
        method="GET", path="/commitments/{id}", handler=one, scope="cases:read", title="commitments.one",
        under="/commitments",
    ),
    _deed("progress", progress, Progress),
    _deed("keep", keep, Done),
    _deed("break", admit, Reason),
    _deed("release", release, Reason),
    _deed("told", told, Told),
    _deed("renegotiate", renegotiate, Another),
)  # fmt: skip
