"""What was promised to customers: the clocks that run, progress, what was kept and what was not."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints

from gateway.cases.commitments import reading
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View
from gateway.web.paging import behind, cut

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
    """Why it will not be kept."""

    reason: Said


async def listing(view: View) -> web.StreamResponse:
    """Commitments, newest first."""
    query: PromiseQuery = view.query
    wanted = reading.CommitmentFilter(states=[query.state], units=[query.unit] if query.unit else None)
    before = behind("commitments", query.cursor, UUID)
    found = await reading.commitments(view.session, wanted, before=before, limit=query.limit + 1)
    page = cut("commitments", found, query.limit, lambda one: one.id)
    if query.format == "csv":
        headings = [f"commitments.{name}" for name in _COLUMNS]
        return view.csv("commitments", headings, [_cells(one) for one in page["items"]])
    return view.render(
        "commitments/list.html", promises=page["items"], next=page["next"], state=query.state, states=STATES
    )


_COLUMNS: Final = ("reference", "what", "state", "unit", "owner_no", "account_no", "made_at", "due_at", "outcome")


def _cells(one: reading.Commitment) -> list[Any]:
    return [getattr(one, name) for name in _COLUMNS]


async def one(view: View) -> web.StreamResponse:
    """One commitment with all that befell it."""
    found = await reading.commitment(view.session, view.id("commitment"))
    return view.render("commitments/one.html", one=found)


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
)  # fmt: skip
