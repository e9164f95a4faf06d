"""What customers raised: lists, one case with all that befell it, and what is done with it."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.cases import reading
from gateway.cases.commitments import reading as promises
from gateway.cases.tables import CASE_CLASSES, CASE_STATES, SEVERITIES
from gateway.kernel.errors import NotFound
from gateway.web.console.pages import Form, ListQuery, Menu, Page, View
from gateway.web.paging import behind, cut

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=40)]
#: Events of the timeline by their tone.
_TONES: Final = {"opened": "amber", "contradicted": "red", "closed": "green", "confirmed": "green", "escalated": "red"}


class CaseQuery(ListQuery):
    """Which cases; everything given must hold."""

    state: str = "open"
    kind: str | None = None
    severity: str | None = None
    account: str | None = None
    unit: str | None = None
    owner: str | None = None


class Note(Form):
    """Something to write on a case."""

    note: Said


class Assignment(Form):
    """Who owns it from now on."""

    unit: Code | None = None
    owner: Code | None = None
    note: Annotated[str, StringConstraints(max_length=1000)] | None = None


class Stage(Form):
    """How far it is, in the customer's words."""

    progress: Short


class Closing(Form):
    """What came of it."""

    outcome: Said


class Returning(Form):
    """Why it is not for the receiving unit."""

    reason: Said


class Rating(Form):
    """How the hand-over was."""

    rating: Annotated[int, Field(ge=1, le=5)]


async def listing(view: View) -> web.StreamResponse:
    """Cases, newest first."""
    query: CaseQuery = view.query
    wanted = reading.CaseFilter(
        states=None if query.state == "all" else [query.state],
        classes=[query.kind] if query.kind else None,
        severities=[query.severity] if query.severity else None,
        account_no=query.account,
        units=[query.unit] if query.unit else None,
        owner_no=query.owner,
    )
    before = behind("cases", query.cursor, UUID)
    found = await reading.cases(view.session, wanted, before=before, limit=query.limit + 1)
    page = cut("cases", found, query.limit, lambda one: one.id)
    if query.format == "csv":
        return view.csv("cases", [f"cases.{name}" for name in _COLUMNS], [_cells(one) for one in page["items"]])
    return view.render(
        "cases/list.html",
        cases=page["items"],
        next=page["next"],
        query=query,
        states=CASE_STATES,
        classes=CASE_CLASSES,
        severities=SEVERITIES,
    )


_COLUMNS: Final = (
    "reference", "klass", "severity", "topic", "state", "unit", "owner_no", "account_no", "contacts", "opened_at",
    "due_at", "closed_at", "outcome",
)  # fmt: skip


def _cells(one: reading.Case) -> list[Any]:
    return [getattr(one, name) for name in _COLUMNS]


async def one(view: View) -> web.StreamResponse:
    """One case with all that befell it, what was promised about it, and where it was handed."""
    case_id = view.id("case")
    found = await reading.case(view.session, case_id)
    made = await promises.commitments(view.session, promises.CommitmentFilter(case_id=case_id), before=None, limit=50)
    return view.render(
        "cases/one.html",
        one=found,
        promises=made,
        events=[
            {
                "at": event.at,
                "kind": event.kind,
                "by": event.by,
                "detail": event.detail,
                "tone": _TONES.get(event.kind),
            }
            for event in found.events
        ],
    )


async def write(view: View) -> web.StreamResponse:
    """Write something on it."""
    await view.services.cases.write(view.session, view.id("case"), note=view.form.note, actor=view.actor)
    return _back(view, "cases.noted")


async def assign(view: View) -> web.StreamResponse:
    """Hand it on."""
    form: Assignment = view.form
    await view.services.cases.assign(
        view.session, view.id("case"), unit=form.unit, owner_no=form.owner, note=form.note, actor=view.actor
    )
    return _back(view, "cases.assigned")


async def tell(view: View) -> web.StreamResponse:
    """Text the customer how far it is."""
    await view.services.cases.tell(view.session, view.id("case"), progress=view.form.progress, actor=view.actor)
    return _back(view, "cases.told")


async def contacted(view: View) -> web.StreamResponse:
    """Somebody got in touch."""
    await view.services.cases.contacted(view.session, view.id("case"), note=view.form.note, actor=view.actor)
    return _back(view, "cases.contacted")


async def close(view: View) -> web.StreamResponse:
    """Say what came of it; the customer is asked."""
    await view.services.cases.close(view.session, view.id("case"), outcome=view.form.outcome, actor=view.actor)
    return _back(view, "cases.closing")


async def take(view: View) -> web.StreamResponse:
    """The receiving unit has it."""
    await view.services.cases.acknowledge(
        view.session, view.id("case"), _handover(view), owner_no=view.person.acting.staff_no, actor=view.actor
    )
    return _back(view, "cases.taken")


async def give_back(view: View) -> web.StreamResponse:
    """It is not for the receiving unit."""
    await view.services.cases.give_back(
        view.session, view.id("case"), _handover(view), reason=view.form.reason, actor=view.actor
    )
    return _back(view, "cases.given_back")


async def rate(view: View) -> web.StreamResponse:
    """Say how a hand-over was."""
    await view.services.cases.rate(
        view.session, view.id("case"), _handover(view), rating=view.form.rating, note=None, actor=view.actor,
        two_people=view.person.acting.two_people,
    )  # fmt: skip
    return _back(view, "cases.rated")


def _handover(view: View) -> int:
    text = view.text("handover")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound("There is no such hand-over.")
    return int(text)


def _back(view: View, said: str) -> web.Response:
    return view.go(f"/cases/{view.id('case')}", said)


def _deed(name: str, handler: Any, form: type[Form] | None) -> Page:
    return Page(
        method="POST", path=f"/cases/{{id}}/{name}", handler=handler, scope="cases:write", title="cases.one",
        under="/cases", form=form, again=one,
    )  # fmt: skip


PAGES: Final = (
    Page(
        method="GET", path="/cases", handler=listing, scope="cases:read", title="cases.title", query=CaseQuery,
        menu=Menu(group="service", order=10, icon="messages"),
    ),
    Page(
        method="GET", path="/cases/{id}", handler=one, scope="cases:read", title="cases.one", under="/cases",
    ),
    _deed("note", write, Note),
    _deed("assign", assign, Assignment),
    _deed("tell", tell, Stage),
    _deed("contacted", contacted, Note),
    _deed("close", close, Closing),
    _deed("handovers/{handover}/take", take, None),
    _deed("handovers/{handover}/return", give_back, Returning),
    _deed("handovers/{handover}/rate", rate, Rating),
)  # fmt: skip
