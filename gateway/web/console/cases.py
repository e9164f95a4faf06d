"""What customers raised: lists, one case with all that befell it, and what is done with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.cases import reading
from gateway.cases.commitments import reading as promises
from gateway.cases.commitments.keeping import NewCommitment
from gateway.cases.keeping import NewCase
from gateway.cases.tables import CASE_CLASSES, CASE_STATES, SEVERITIES
from gateway.kernel.database import driver
from gateway.kernel.errors import NotFound
from gateway.staff import directory
from gateway.web.console.lists import Column, Staff, Terms, listed
from gateway.web.console.pages import Form, ListQuery, Menu, Page, Query, View

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


class NewQuery(Query):
    """What the form begins with."""

    account: str | None = None


Class = Literal[
    "complaint", "opinion", "fault_report", "service_request", "enquiry", "report", "suggestion", "praise"
]  # fmt: skip
Severity = Literal["critical", "high", "normal", "low", "invalid"]
#: What a case is about, where no order says it otherwise.
TOPICS: Final = ("billing", "outage", "supply", "service", "contact", "misdirected", "payment_check", "billing_dispute")


class Opening(Form):
    """What a customer told a member of staff."""

    klass: Class
    topic: Short
    summary: Said
    account_no: Annotated[str, StringConstraints(max_length=32)] | None = None
    number: Annotated[str, StringConstraints(max_length=32)] | None = None
    unit: Code | None = None
    tell: Literal["yes"] | None = None


class Judgement(Form):
    """That it presses otherwise, or is of another class, than the rule said."""

    severity: Severity
    klass: Class
    note: Said


class Word(Form):
    """What the customer said when somebody rang: solved or not."""

    solved: Literal["yes", "no"]
    note: Said


class Promise(Form):
    """What is promised, and by when; `told_how` where the customer was told otherwise than by text."""

    what: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    due_at: datetime
    owner: Code | None = None
    told_how: Annotated[str, StringConstraints(max_length=200)] | None = None


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


#: What the list is sorted by and looked through.
_SORTED: Final[dict[str, Column[reading.Case]]] = {
    "cases.reference": lambda one: one.reference,
    "cases.topic": Terms("topics", lambda one: one.topic),
    "cases.severity": Terms("severities", lambda one: one.severity),
    "cases.whose": Terms("units", lambda one: one.unit),
    "common.account": lambda one: one.account_no,
    "cases.due_at": lambda one: one.due_at,
    "owner": Staff(lambda one: one.owner_no),
    "class": Terms("services", lambda one: one.klass),
    "summary": lambda one: one.summary,
}


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
    page = await listed(
        view,
        "cases",
        lambda before, limit: reading.cases(view.session, wanted, before=before, limit=limit),
        lambda one: one.id,
        _SORTED,
    )
    if query.format == "csv":
        return view.csv("cases", [f"cases.{name}" for name in _COLUMNS], [_cells(one) for one in page.items])
    return view.render(
        "cases/list.html",
        cases=page.items,
        next=page.next,
        query=query,
        states=CASE_STATES,
        classes=CASE_CLASSES,
        severities=SEVERITIES,
        named=await directory.names(await driver(view.session), [one.owner_no for one in page.items]),
    )


async def new(view: View) -> web.StreamResponse:
    """The form for what somebody said on the telephone or at the counter."""
    query: NewQuery = view.query if view.query is not None else NewQuery()
    return view.render(
        "cases/new.html", account=query.account or "", classes=CASE_CLASSES, topics=TOPICS,
        teams=await directory.team_names(await driver(view.session)),
    )  # fmt: skip


async def open_(view: View) -> web.StreamResponse:
    """Open one, or join the open one on the same matter."""
    form: Opening = view.form
    asked = NewCase(
        klass=form.klass, topic=form.topic, summary=form.summary, account_no=form.account_no, number=form.number,
        unit=form.unit, tell=form.tell is not None,
    )  # fmt: skip
    opened = await view.services.cases.open(view.session, asked, actor=view.actor)
    return view.go(f"/cases/{opened.id}", "cases.joined_one" if opened.joined else "cases.opened_one")


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
    connection = await driver(view.session)
    return view.render(
        "cases/one.html",
        one=found,
        promises=made,
        classes=CASE_CLASSES,
        severities=SEVERITIES,
        tomorrow=(view.now + timedelta(days=1)).replace(hour=17, minute=0, second=0, microsecond=0),
        teams=await directory.team_names(connection),
        named=await directory.names(connection, [found.owner_no, found.first_owner]),
        names=await directory.actors(
            connection,
            [
                found.opened_by,
                *(one.by for one in found.events),
                *(one.by for one in found.handovers),
                *(one.acknowledged_by for one in found.handovers),
            ],
        ),
        colleagues=await directory.colleagues(connection),
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


async def judge(view: View) -> web.StreamResponse:
    """Say that it presses otherwise than the rule said."""
    form: Judgement = view.form
    await view.services.cases.judge(
        view.session, view.id("case"), severity=form.severity, klass=form.klass, topic=None, note=form.note,
        actor=view.actor,
    )  # fmt: skip
    return _back(view, "cases.judged_one")


async def answer(view: View) -> web.StreamResponse:
    """Note the customer's word, given on the telephone."""
    form: Word = view.form
    await view.services.cases.answer(
        view.session, view.id("case"), solved=form.solved == "yes", note=form.note, actor=view.actor,
        two_people=view.person.acting.two_people,
    )  # fmt: skip
    return _back(view, "cases.answered_yes" if form.solved == "yes" else "cases.answered_no")


async def promise(view: View) -> web.StreamResponse:
    """Promise the customer something."""
    form: Promise = view.form
    asked = NewCommitment(
        what=form.what, due_at=view.moment(form.due_at), case_id=view.id("case"), owner_no=form.owner,
        told_how=form.told_how,
    )  # fmt: skip
    await view.services.commitments.make(view.session, asked, actor=view.actor)
    return _back(view, "cases.promised")


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
        method="GET", path="/cases/new", handler=new, scope="cases:write", title="cases.new", under="/cases",
        query=NewQuery,
    ),
    Page(
        method="POST", path="/cases", handler=open_, scope="cases:write", title="cases.new", under="/cases",
        form=Opening, again=new,
    ),
    Page(
        method="GET", path="/cases/{id}", handler=one, scope="cases:read", title="cases.one", under="/cases",
    ),
    _deed("note", write, Note),
    _deed("assign", assign, Assignment),
    _deed("tell", tell, Stage),
    _deed("contacted", contacted, Note),
    _deed("close", close, Closing),
    _deed("judge", judge, Judgement),
    _deed("answer", answer, Word),
    _deed("promise", promise, Promise),
    _deed("handovers/{handover}/take", take, None),
    _deed("handovers/{handover}/return", give_back, Returning),
    _deed("handovers/{handover}/rate", rate, Rating),
)  # fmt: skip
