"""Supervision cards: issued to a named person, reported on, checked by a third, printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints

from gateway.cases import reading as cases
from gateway.cases.commitments import reading as promises
from gateway.cases.warnings import reading
from gateway.cases.warnings.cards import NewCard
from gateway.cases.warnings.tables import CARD_STATES
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden, NotFound
from gateway.staff import directory
from gateway.web.console.lists import Column, Staff, Teams, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, Query, View

Said = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
#: How long a card runs where nobody says otherwise.
_USUAL: Final = timedelta(days=3)
_SUBJECTS: Final = ("case", "commitment", "warning")
#: Where these have pages of their own.
_PAGES: Final = {"case": "/cases", "commitment": "/commitments"}


class CardQuery(ListQuery):
    """Which cards; one's own to do or to check."""

    state: Literal["issued", "reported", "passed", "withdrawn"] = "issued"
    mine: Literal["yes"] | None = None


class NewQuery(Query):
    """What it is about: `case:…`, `commitment:…`, `warning:…`; and what the form says of it."""

    subject: Annotated[str, StringConstraints(max_length=200)] | None = None


class Issuing(Form):
    """A card. Who is signed in issues it."""

    words: Said
    doer: Code
    checker: Code
    due_at: datetime
    unit: Code | None = None
    subject: Annotated[str, StringConstraints(max_length=200)] | None = None


class Report(Form):
    """What the doer did."""

    report: Said


class Check(Form):
    """What the checker found; another time where it is sent back."""

    passed: Literal["yes", "no"]
    result: Said
    due_at: datetime | None = None


class Reason(Form):
    """Why it is taken back."""

    reason: Said


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.Card]]] = {
    "cards.number": lambda one: one.number,
    "cards.words": lambda one: one.words,
    "cards.doer": Staff(lambda one: one.doer),
    "cards.checker": Staff(lambda one: one.checker),
    "cards.due_at": lambda one: one.due_at,
    "unit": Teams(lambda one: one.unit),
    "report": lambda one: one.report,
}


async def listing(view: View) -> web.StreamResponse:
    """Cards, newest first."""
    query: CardQuery = view.query
    own = view.person.acting.staff_no
    wanted = reading.CardFilter(states=[query.state])

    async def read(before: UUID | None, limit: int) -> Sequence[reading.Card]:
        found = await reading.cards(view.session, wanted, before=before, limit=limit)
        return [one for one in found if query.mine is None or own in (one.doer, one.checker, one.issuer)]

    page = await listed(view, "cards", read, lambda one: one.id, _SORTED, whole=query.mine is not None)
    items = page.items
    if query.format == "csv":
        names = ("number", "words", "unit", "issuer", "doer", "checker", "state", "due_at", "report", "result")
        rows = [[getattr(one, name) for name in names] for one in items]
        return view.csv("supervision-cards", [f"cards.{name}" for name in names], rows)
    people = [number for one in items for number in (one.doer, one.checker, one.issuer)]
    connection = await driver(view.session)
    return view.render(
        "cards/list.html", items=items, next=page.next, state=query.state, states=CARD_STATES, mine=query.mine,
        named=await directory.names(connection, people), teams=await directory.team_names(connection),
    )  # fmt: skip


async def new(view: View) -> web.StreamResponse:
    """The form for another, filled with what it is about."""
    query: NewQuery = view.query if view.query is not None else NewQuery()
    subject = view.given.get("subject") or query.subject or ""
    words, doer, unit = await _about(view, subject)
    connection = await driver(view.session)
    return view.render(
        "cards/new.html", subject=subject, words=words, doer=doer, unit=unit, usual=view.now + _USUAL,
        colleagues=await directory.colleagues(connection), teams=await directory.team_names(connection),
    )  # fmt: skip


async def _about(view: View, subject: str) -> tuple[str, str, str]:
    """What a card about this begins with: words, doer, unit."""
    kind, _, key = subject.partition(":")
    try:
        found = UUID(key) if kind in _SUBJECTS else None
        if found is None:
            return "", "", ""
        if kind == "case":
            case = await cases.case(view.session, found)
            return view.t("cards.about_case", reference=case.reference, what=case.summary), case.owner_no or "", ""
        if kind == "commitment":
            promise = await promises.commitment(view.session, found)
            words = view.t("cards.about_promise", reference=promise.reference, what=promise.what)
            return words, promise.owner_no or "", ""
        return (await reading.warning(view.session, found)).words, "", ""
    except (ValueError, NotFound):
        return "", "", ""


async def issue(view: View) -> web.StreamResponse:
    """Issue one."""
    form: Issuing = view.form
    asked = NewCard(
        words=form.words, issuer=_own(view), doer=form.doer, checker=form.checker, due_at=view.moment(form.due_at),
        unit=form.unit, subject=form.subject,
    )  # fmt: skip
    made = await view.services.cards.issue(view.session, asked, actor=view.actor)
    return view.go(f"/supervision-cards/{made}", "cards.issued")


async def one(view: View) -> web.StreamResponse:
    """One card: to be reported on by its doer, checked by its checker, and printed."""
    found = await reading.card(view.session, view.id("card"))
    connection = await driver(view.session)
    return view.render(
        "cards/one.html",
        one=found,
        own=view.person.acting.staff_no,
        about=_where(found.subject),
        usual=view.now + _USUAL,
        named=await directory.names(connection, [found.issuer, found.doer, found.checker]),
        teams=await directory.team_names(connection),
    )


def _where(subject: str | None) -> str | None:
    """The page of what a card is about."""
    kind, _, key = (subject or "").partition(":")
    try:
        return f"{_PAGES[kind]}/{UUID(key)}"
    except (KeyError, ValueError):
        return None


async def report(view: View) -> web.StreamResponse:
    """Say what was done."""
    await view.services.cards.report(
        view.session, view.id("card"), by=_own(view), report=view.form.report, actor=view.actor
    )
    return _back(view, "cards.reported")


async def check(view: View) -> web.StreamResponse:
    """Say what was found."""
    form: Check = view.form
    await view.services.cards.check(
        view.session, view.id("card"), by=_own(view), passed=form.passed == "yes", result=form.result,
        due_at=None if form.due_at is None else view.moment(form.due_at), actor=view.actor,
    )  # fmt: skip
    return _back(view, "cards.checked")


async def withdraw(view: View) -> web.StreamResponse:
    """Take it back."""
    await view.services.cards.withdraw(
        view.session, view.id("card"), by=_own(view), reason=view.form.reason, actor=view.actor
    )
    return _back(view, "cards.withdrawn")


def _own(view: View) -> str:
    number = view.person.acting.staff_no
    if number is None:
        raise Forbidden("this is said by a member of staff")
    return number


def _back(view: View, said: str) -> web.Response:
    return view.go(f"/supervision-cards/{view.id('card')}", said)


def _deed(path: str, handler: Any, form: type[Form], again: Any, scope: str = "cases:write") -> Page:
    return Page(
        method="POST", path=path, handler=handler, scope=scope, title="cards.one", under="/supervision-cards",
        form=form, again=again,
    )  # fmt: skip


PAGES: Final = (
    Page(
        method="GET", path="/supervision-cards", handler=listing, scope="cases:read", title="cards.title",
        query=CardQuery, menu=Menu(group="service", order=25, icon="clipboard-check"),
    ),
    Page(
        method="GET", path="/supervision-cards/new", handler=new, scope="cases:write", title="cards.new",
        query=NewQuery, under="/supervision-cards",
    ),
    _deed("/supervision-cards", issue, Issuing, new),
    Page(
        method="GET", path="/supervision-cards/{id}", handler=one, scope="cases:read", title="cards.one",
        under="/supervision-cards",
    ),
    _deed("/supervision-cards/{id}/report", report, Report, one),
    _deed("/supervision-cards/{id}/check", check, Check, one, "cases:review"),
    _deed("/supervision-cards/{id}/withdraw", withdraw, Reason, one),
)  # fmt: skip
