"""Early warnings: raised by rule or by hand, acknowledged in time, closed with an outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import StringConstraints

from gateway.cases.warnings import reading
from gateway.cases.warnings.tables import WARNING_STATES
from gateway.kernel.database import driver
from gateway.staff import directory
from gateway.web.console.lists import Column, Teams, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
#: By when a warning raised by hand is to be acknowledged, where nobody says otherwise.
_USUAL: Final = timedelta(hours=24)


class WarningQuery(ListQuery):
    """Which warnings."""

    state: Literal["open", "acknowledged", "closed"] = "open"


class Acknowledgement(Form):
    """That the unit knows, and what it says of it."""

    note: Annotated[str, StringConstraints(max_length=1000)] | None = None


class Outcome(Form):
    """What was done."""

    outcome: Said


class NewWarning(Form):
    """A warning by hand."""

    kind: Literal["typical", "repeated", "common", "escalating"]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    words: Said
    unit: Code
    due_at: datetime


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.EarlyWarning]]] = {
    "warnings.subject": lambda one: one.subject,
    "warnings.words": lambda one: one.words,
    "warnings.unit": Teams(lambda one: one.unit),
    "warnings.due_at": lambda one: one.due_at,
    "kind": Terms("warning_kinds", lambda one: one.kind),
    "said": lambda one: [one.note, one.outcome],
}


async def warnings(view: View) -> web.StreamResponse:
    """Warnings, newest first."""
    query: WarningQuery = view.query if view.query is not None else WarningQuery(state="open")
    wanted = reading.WarningFilter(states=[query.state])
    page = await listed(
        view,
        "warnings",
        lambda before, limit: reading.warnings(view.session, wanted, before=before, limit=limit),
        lambda one: one.id,
        _SORTED,
        query=query,
    )
    if query.format == "csv":
        names = ("kind", "subject", "words", "unit", "state", "raised_at", "due_at", "outcome")
        rows = [[getattr(one, name) for name in names] for one in page.items]
        return view.csv("warnings", [f"warnings.{name}" for name in names], rows)
    teams = await directory.team_names(await driver(view.session))
    return view.render(
        "warnings/list.html", items=page.items, next=page.next, state=query.state, states=WARNING_STATES,
        teams=teams, usual=view.now + _USUAL,
    )  # fmt: skip


async def raise_one(view: View) -> web.StreamResponse:
    """Warn a unit."""
    form: NewWarning = view.form
    await view.services.warnings.raise_by_hand(
        view.session, kind=form.kind, subject=form.subject, words=form.words, unit=form.unit,
        due_at=view.moment(form.due_at), actor=view.actor,
    )  # fmt: skip
    return view.go("/warnings", "warnings.raised")


async def acknowledge(view: View) -> web.StreamResponse:
    """The unit knows."""
    await view.services.warnings.acknowledge(view.session, view.id("warning"), note=view.form.note, actor=view.actor)
    return view.go("/warnings?state=acknowledged", "warnings.acknowledged")


async def close(view: View) -> web.StreamResponse:
    """What was done about it."""
    await view.services.warnings.close(view.session, view.id("warning"), outcome=view.form.outcome, actor=view.actor)
    return view.go("/warnings?state=closed", "warnings.closed")


def _deed(path: str, handler: Any, form: type[Form]) -> Page:
    return Page(
        method="POST", path=path, handler=handler, scope="cases:write", title="warnings.title", under="/warnings",
        form=form, again=warnings,
    )  # fmt: skip


PAGES: Final = (
    Page(
        method="GET", path="/warnings", handler=warnings, scope="cases:read", title="warnings.title",
        query=WarningQuery, menu=Menu(group="service", order=20, icon="alert-triangle"),
    ),
    _deed("/warnings", raise_one, NewWarning),
    _deed("/warnings/{id}/acknowledge", acknowledge, Acknowledgement),
    _deed("/warnings/{id}/close", close, Outcome),
)  # fmt: skip
