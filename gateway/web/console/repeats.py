"""Who came again in a month: what is counted, what is taken out and why, what is merged, split and contested."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.cases import marking, repeating
from gateway.cases.repeats import CODES, Code
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Order = Annotated[str, StringConstraints(min_length=1, max_length=64)]
#: Repeats on a page: a month is shown whole up to so many; and so many marks.
_MOST: Final = 500
_MARKS: Final = 50


class RepeatQuery(ListQuery):
    """Which month, this one where none is named."""

    month: Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] | None = Field(default=None)


class Marking(Form):
    """What somebody says of an order: another matter, the same as another, not to be counted, contested."""

    kind: Literal["merged", "split", "excluded", "challenged"]
    order: Order
    other: Order | None = None
    code: Code | None = None
    reason: Said
    evidence: Said | None = None


class Decision(Form):
    """What comes of a challenge."""

    uphold: Literal["yes", "no"]
    note: Said


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
    return view.render(
        "warnings/repeats.html", items=found[:_MOST], figures=figures, month=month, codes=list(CODES),
        marks=await marking.marks(view.session, None, before=None, limit=_MARKS),
    )  # fmt: skip


async def mark(view: View) -> web.StreamResponse:
    """Merge, split, exclude or contest one."""
    form: Marking = view.form
    await view.services.repeats.mark(
        view.session, kind=form.kind, work_order_no=form.order,
        other_no=form.other if form.kind == "merged" else None, code=form.code, reason=form.reason,
        evidence=form.evidence, actor=view.actor,
    )  # fmt: skip
    return view.go("/repeats", f"repeats.done_{form.kind}")


async def decide(view: View) -> web.StreamResponse:
    """Decide a challenge; somebody else than raised it."""
    form: Decision = view.form
    await view.services.repeats.decide(
        view.session, view.number("mark"), upheld=form.uphold == "yes", note=form.note, actor=view.actor
    )
    return view.go("/repeats", "repeats.decided")


async def withdraw(view: View) -> web.StreamResponse:
    """Take a mark back; it stays visible."""
    await view.services.repeats.withdraw(view.session, view.number("mark"), actor=view.actor)
    return view.go("/repeats", "repeats.withdrawn")


def _deed(path: str, handler: Any, form: type[Form] | None, scope: str = "cases:write") -> Page:
    return Page(
        method="POST", path=path, handler=handler, scope=scope, title="repeats.title", under="/repeats", form=form,
        again=repeats, whole=True,
    )  # fmt: skip


PAGES: Final = (
    Page(
        method="GET", path="/repeats", handler=repeats, scope="cases:read", title="repeats.title", whole=True,
        query=RepeatQuery, menu=Menu(group="service", order=30, icon="repeat"),
    ),
    _deed("/repeats/marks", mark, Marking),
    _deed("/repeats/marks/{id}/decide", decide, Decision, "cases:review"),
    _deed("/repeats/marks/{id}/withdraw", withdraw, None),
)  # fmt: skip
