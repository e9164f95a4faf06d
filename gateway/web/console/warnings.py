"""Early warnings, supervision cards, and the repeats of a month. They concern the whole utility."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.cases import repeating
from gateway.cases.warnings import reading
from gateway.cases.warnings.tables import CARD_STATES, WARNING_STATES
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View
from gateway.web.paging import behind, cut

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
#: Repeats on a page: a month is shown whole up to so many.
_MOST: Final = 500


class WarningQuery(ListQuery):
    """Which warnings."""

    state: Literal["open", "acknowledged", "closed"] = "open"


class CardQuery(ListQuery):
    """Which cards."""

    state: Literal["issued", "reported", "passed", "withdrawn"] = "issued"


class RepeatQuery(ListQuery):
    """Which month, this one where none is named."""

    month: Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = Field(default=None)


class Nothing(Form):
    """A button."""


class Outcome(Form):
    """What was done."""

    outcome: Said


class Challenge(Form):
    """A repeat that a unit contests."""

    order: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    reason: Said


async def warnings(view: View) -> web.StreamResponse:
    """Warnings, newest first."""
    query: WarningQuery = view.query if view.query is not None else WarningQuery(state="open")
    wanted = reading.WarningFilter(states=[query.state])
    before = behind("warnings", query.cursor, UUID)
    found = await reading.warnings(view.session, wanted, before=before, limit=query.limit + 1)
    page = cut("warnings", found, query.limit, lambda one: one.id)
    if query.format == "csv":
        names = ("kind", "subject", "words", "unit", "state", "raised_at", "due_at", "outcome")
        rows = [[getattr(one, name) for name in names] for one in page["items"]]
        return view.csv("warnings", [f"warnings.{name}" for name in names], rows)
    return view.render(
        "warnings/list.html", items=page["items"], next=page["next"], state=query.state, states=WARNING_STATES
    )


async def acknowledge(view: View) -> web.StreamResponse:
    """The unit knows."""
    await view.services.warnings.acknowledge(view.session, view.id("warning"), note=None, actor=view.actor)
    return view.go("/warnings?state=acknowledged", "warnings.acknowledged")


async def close(view: View) -> web.StreamResponse:
    """What was done about it."""
    await view.services.warnings.close(view.session, view.id("warning"), outcome=view.form.outcome, actor=view.actor)
    return view.go("/warnings?state=closed", "warnings.closed")


async def cards(view: View) -> web.StreamResponse:
    """Supervision cards, newest first."""
    query: CardQuery = view.query
    before = behind("cards", query.cursor, UUID)
    found = await reading.cards(
        view.session, reading.CardFilter(states=[query.state]), before=before, limit=query.limit + 1
    )
    page = cut("cards", found, query.limit, lambda one: one.id)
    if query.format == "csv":
        names = ("number", "words", "unit", "issuer", "doer", "checker", "state", "due_at", "report", "result")
        rows = [[getattr(one, name) for name in names] for one in page["items"]]
        return view.csv("supervision-cards", [f"cards.{name}" for name in names], rows)
    return view.render(
        "warnings/cards.html", items=page["items"], next=page["next"], state=query.state, states=CARD_STATES
    )


async def repeats(view: View) -> web.StreamResponse:
    """The events of a month, what is taken out, and what is contested."""
    query: RepeatQuery = view.query if view.query is not None else RepeatQuery()
    zone = view.services.settings.zone
    month = query.month or f"{view.services.clock.now().astimezone(zone):%Y-%m}"
    year, number = month.split("-")
    start = datetime(int(year), int(number), 1, tzinfo=zone)
    found, figures = await repeating.of_month(view.session, start, zone=zone)
    if query.format == "csv":
        rows = [
            [" ".join(one.work_orders), one.account_no, one.topic, one.second_at, one.exclusion, one.evidence]
            for one in found
        ]
        headings = [f"repeats.{name}" for name in ("orders", "account", "topic", "second_at", "excluded", "evidence")]
        return view.csv(f"repeats-{month}", headings, rows)
    return view.render("warnings/repeats.html", items=found[:_MOST], figures=figures, month=month)


async def challenge(view: View) -> web.StreamResponse:
    """Contest one; somebody else decides."""
    form: Challenge = view.form
    await view.services.repeats.mark(
        view.session, kind="challenged", work_order_no=form.order, reason=form.reason, actor=view.actor
    )
    return view.go("/repeats", "repeats.challenge_done")


def _page(path: str, handler: Any, title: str, **more: Any) -> Page:
    return Page(method="GET", path=path, handler=handler, scope="cases:read", title=title, whole=True, **more)


def _deed(path: str, handler: Any, form: type[Form], again: Any, under: str, title: str) -> Page:
    return Page(
        method="POST", path=path, handler=handler, scope="cases:write", title=title, under=under, form=form,
        again=again, whole=True,
    )  # fmt: skip


PAGES: Final = (
    _page(
        "/warnings", warnings, "warnings.title", query=WarningQuery,
        menu=Menu(group="service", order=20, icon="alert-triangle"),
    ),
    _deed("/warnings/{id}/acknowledge", acknowledge, Nothing, warnings, "/warnings", "warnings.title"),
    _deed("/warnings/{id}/close", close, Outcome, warnings, "/warnings", "warnings.title"),
    _page(
        "/supervision-cards", cards, "cards.title", query=CardQuery,
        menu=Menu(group="service", order=25, icon="clipboard-check"),
    ),
    _page(
        "/repeats", repeats, "repeats.title", query=RepeatQuery,
        menu=Menu(group="service", order=30, icon="repeat"),
    ),
    _deed("/repeats/challenge", challenge, Challenge, repeats, "/repeats", "repeats.title"),
)  # fmt: skip
