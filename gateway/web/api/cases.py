"""What customers raised, what must not wait, and what they said about paying."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from gateway.cases import alerts as alerting
from gateway.cases import reading
from gateway.cases.tables import CASE_CLASSES, CASE_STATES
from gateway.web.models import AccountNo, Body, Prose, Word, query_number
from gateway.web.paging import Page, PageQuery, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "cases"

State = Literal["open", "closed"]
Class = Literal["complaint", "opinion", "fault_report", "service_request"]
assert (get_args(State), get_args(Class)) == (CASE_STATES, CASE_CLASSES)

StaffNo = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class CaseEvent(BaseModel):
    """Something that befell a case."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    kind: str
    by: str
    detail: str | None
    inbound_id: UUID | None
    message_id: UUID | None


class Case(BaseModel):
    """What a customer raised: opened by a reply, owned from the first contact to the end."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    #: How it is named to the customer.
    reference: str
    klass: Class = Field(serialization_alias="class")
    topic: str
    #: The work order or the outage it is about where one is known, else its topic.
    matter: str
    state: State
    account_no: str | None
    number: str | None
    #: The unit that owns it, and the person where one is known.
    unit: str
    owner_no: str | None = Field(serialization_alias="owner")
    summary: str
    #: How often the customer came with it.
    contacts: int
    opened_at: datetime
    opened_by: str
    #: Somebody gets in touch until then.
    due_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    #: What befell it; empty in lists.
    events: list[CaseEvent] = Field(default_factory=list)


class CaseQuery(PageQuery):
    """Which cases; everything given must hold."""

    state: Annotated[list[State] | None, Words] = None
    class_: Annotated[list[Class] | None, Words] = Field(default=None, alias="class")
    account_no: str | None = None
    number: Annotated[str | None, BeforeValidator(query_number)] = None


class AlertQuery(PageQuery):
    """Which alerts."""

    state: Literal["open", "all"] = "open"


class NoteQuery(PageQuery):
    """Which notes on accounts."""

    account_no: AccountNo | None = None


class CaseNote(Body):
    """Something to write on a case."""

    note: Said


class Assignment(Body):
    """Who owns it from now on: a unit, a person or both."""

    unit: Word | None = None
    owner: StaffNo | None = None
    note: Prose | None = None


class Closing(Body):
    """What came of it."""

    outcome: Said


class Acknowledgement(Body):
    """That somebody has taken an alert on."""

    note: Prose | None = None


async def listed(call: Call[None, CaseQuery]) -> Page[Case]:
    """Cases, newest first."""
    query = call.query
    wanted = reading.CaseFilter(
        states=query.state, classes=query.class_, account_no=query.account_no, number=query.number
    )
    before = behind("cases", query.cursor, UUID)
    found = await reading.cases(call.session, wanted, before=before, limit=query.limit + 1)
    shown = [Case.model_validate(one) for one in found]
    return Page[Case](**cut("cases", shown, query.limit, lambda one: one.id))


async def one(call: Call[None, None]) -> Case:
    """One case."""
    return await _case(call)


async def write(call: Call[CaseNote, None]) -> Case:
    """Write something on a case."""
    await call.services.cases.write(call.session, call.id("case"), note=call.body.note, actor=call.actor)
    return await _case(call)


async def assign(call: Call[Assignment, None]) -> Case:
    """Hand a case on."""
    body = call.body
    await call.services.cases.assign(
        call.session, call.id("case"), unit=body.unit, owner_no=body.owner, note=body.note, actor=call.actor
    )
    return await _case(call)


async def close(call: Call[Closing, None]) -> Case:
    """Close a case."""
    await call.services.cases.close(call.session, call.id("case"), outcome=call.body.outcome, actor=call.actor)
    return await _case(call)


async def _case(call: Call[Any, None]) -> Case:
    return Case.model_validate(await reading.case(call.session, call.id("case")))


async def alerts(call: Call[None, AlertQuery]) -> Page[reading.Alert]:
    """Alerts, newest first."""
    query = call.query
    before = behind("alerts", query.cursor, UUID)
    found = await reading.alerts(call.session, open_only=query.state == "open", before=before, limit=query.limit + 1)
    return Page[reading.Alert](**cut("alerts", found, query.limit, lambda one: one.id))


async def acknowledge(call: Call[Acknowledgement, None]) -> reading.Alert:
    """Take an alert on."""
    alert_id = call.id("alert")
    await alerting.acknowledge(call.session, alert_id, note=call.body.note, actor=call.actor, clock=call.services.clock)
    return await reading.alert(call.session, alert_id)


async def notes(call: Call[None, NoteQuery]) -> Page[reading.AccountNote]:
    """Notes on accounts, newest first."""
    query = call.query
    before = behind("notes", query.cursor, int)
    found = await reading.notes(call.session, account_no=query.account_no, before=before, limit=query.limit + 1)
    return Page[reading.AccountNote](**cut("notes", found, query.limit, lambda one: one.id))


def _writing(name: str, handler: Any, summary: str, body: Any) -> Route:
    return Route(
        method="POST",
        path=f"/cases/{{id}}/{name}",
        handler=handler,
        scope="cases:write",
        tag=TAG,
        summary=summary,
        answer=Case,
        body=body,
        problems=(409,),
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/cases",
        handler=listed,
        scope="cases:read",
        tag=TAG,
        summary="List what customers raised, newest first",
        answer=Page[Case],
        query=CaseQuery,
    ),
    Route(
        method="GET",
        path="/cases/{id}",
        handler=one,
        scope="cases:read",
        tag=TAG,
        summary="One case with all that befell it",
        answer=Case,
    ),
    _writing("note", write, "Write something on a case", CaseNote),
    _writing("assign", assign, "Hand a case on to a unit or a person", Assignment),
    _writing("close", close, "Close a case with what came of it; reminders that it paused go on", Closing),
    Route(
        method="GET",
        path="/alerts",
        handler=alerts,
        scope="cases:read",
        tag=TAG,
        summary="List alerts that nobody has taken on, or all of them, newest first",
        answer=Page[reading.Alert],
        query=AlertQuery,
    ),
    Route(
        method="POST",
        path="/alerts/{id}/acknowledge",
        handler=acknowledge,
        scope="cases:write",
        tag=TAG,
        summary="Take an alert on",
        answer=reading.Alert,
        body=Acknowledgement,
        body_optional=True,
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/notes",
        handler=notes,
        scope="cases:read",
        tag=TAG,
        summary="List what customers said about paying, as it was noted on their accounts, newest first",
        answer=Page[reading.AccountNote],
        query=NoteQuery,
    ),
)
