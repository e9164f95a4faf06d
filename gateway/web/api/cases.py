"""What customers raised, what must not wait, and what they said about paying."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from gateway.cases import reading, summing
from gateway.cases.handing_over import Handover
from gateway.cases.keeping import NewCase
from gateway.cases.tables import CASE_CLASSES, CASE_STATES, SEVERITIES
from gateway.web.models import AccountNo, Body, Number, Prose, query_number
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "cases"

State = Literal["open", "asked", "closed"]
Class = Literal[
    "complaint", "opinion", "fault_report", "service_request", "enquiry", "report", "suggestion", "praise",
]  # fmt: skip
Severity = Literal["critical", "high", "normal", "low", "invalid"]
assert (get_args(State), get_args(Class), get_args(Severity)) == (CASE_STATES, CASE_CLASSES, SEVERITIES)

StaffNo = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
#: Words that stand in a text.
Short = Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]


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
    """What a customer raised: by a reply, on the telephone, to somebody; owned from the first contact to the end."""

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
    #: The hotline's order that it is, where it is one.
    work_order_no: str | None
    #: How much it presses and why; and what the rule said, where a person judged otherwise.
    severity: Severity
    severity_why: str | None
    severity_by_rule: Severity | None
    #: Who was first contacted with it.
    first_unit: str | None
    first_owner: str | None
    #: When the customer last heard of it.
    told_at: datetime | None
    #: When the customer was asked whether it is solved, on whose word.
    asked_at: datetime | None
    asked_by: str | None
    #: How the customer's word came in: `confirmed`, `silent`, `unreached`, `taken_back`, `hotline`.
    confirmation: str | None
    #: How often the customer said of a closure that nothing was solved.
    contradictions: int
    contradicted_at: datetime | None
    #: What befell it, and its hand-overs; empty in lists.
    events: list[CaseEvent] = Field(default_factory=list)
    handovers: list[Handover] = Field(default_factory=list)


class CaseQuery(PageQuery):
    """Which cases; everything given must hold."""

    state: Annotated[list[State] | None, Words] = None
    class_: Annotated[list[Class] | None, Words] = Field(default=None, alias="class")
    account_no: str | None = None
    number: Annotated[str | None, BeforeValidator(query_number)] = None
    unit: Annotated[list[str] | None, Words] = None
    owner: str | None = None
    severity: Annotated[list[Severity] | None, Words] = None
    work_order: str | None = None
    #: Whether the customer contradicted a closure.
    contradicted: bool | None = None
    opened_from: QueryTime | None = None
    opened_before: QueryTime | None = None


class SummaryQuery(BaseModel):
    """Cases opened in which span, and by what."""

    model_config = ConfigDict(extra="forbid")

    by: summing.By = "unit"
    since: QueryTime | None = None
    until: QueryTime | None = None


class Summary(BaseModel):
    """Cases and hand-overs of a span in figures."""

    by: summing.By
    items: list[summing.CaseFigures]
    handovers: list[summing.HandoverFigures]


class CaseNote(Body):
    """Something to write on a case."""

    note: Said


class Assignment(Body):
    """Who owns it from now on: a unit, a person or both."""

    unit: Unit | None = None
    owner: StaffNo | None = None
    note: Prose | None = None


class Closing(Body):
    """What came of it."""

    outcome: Said


class AskedCase(Body):
    """What a customer told a member of staff; an account's, a number's, or both."""

    klass: Class = Field(alias="class")
    #: What it is about, as the customer would call it.
    topic: Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]
    summary: Said
    account_no: AccountNo | None = None
    number: Number | None = None
    unit: Unit | None = None
    owner: StaffNo | None = None
    #: Whether the customer is texted the reference, and until when somebody gets in touch.
    tell: bool = True


class Stage(Body):
    """How far it is, in the customer's words."""

    progress: Short


class Judgement(Body):
    """How a person judges it otherwise than the rule, and why."""

    severity: Severity | None = None
    klass: Class | None = Field(default=None, alias="class")
    topic: Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)] | None = None
    note: Said


class Answered(Body):
    """What the customer said on the telephone."""

    solved: bool
    note: Said


async def listed(call: Call[None, CaseQuery]) -> Page[Case]:
    """Cases, newest first."""
    query = call.query
    wanted = reading.CaseFilter(
        states=query.state,
        classes=query.class_,
        account_no=query.account_no,
        number=query.number,
        units=query.unit,
        owner_no=query.owner,
        severities=query.severity,
        work_order_no=query.work_order,
        contradicted=query.contradicted,
        opened_from=query.opened_from,
        opened_before=query.opened_before,
    )
    before = behind("cases", query.cursor, UUID)
    found = await reading.cases(call.session, wanted, before=before, limit=query.limit + 1)
    shown = [Case.model_validate(one) for one in found]
    return Page[Case](**cut("cases", shown, query.limit, lambda one: one.id))


async def summary(call: Call[None, SummaryQuery]) -> Summary:
    """Cases and hand-overs in figures."""
    query, zone = call.query, call.services.settings.timezone
    items = await summing.cases(call.session, query.by, since=query.since, until=query.until, zone=zone)
    given = await summing.handovers(call.session, since=query.since, until=query.until)
    return Summary(by=query.by, items=items, handovers=given)


async def one(call: Call[None, None]) -> Case:
    """One case."""
    return await shown(call)


async def write(call: Call[CaseNote, None]) -> Case:
    """Write something on a case."""
    await call.services.cases.write(call.session, call.id("case"), note=call.body.note, actor=call.actor)
    return await shown(call)


async def assign(call: Call[Assignment, None]) -> Case:
    """Hand a case on."""
    body = call.body
    await call.services.cases.assign(
        call.session, call.id("case"), unit=body.unit, owner_no=body.owner, note=body.note, actor=call.actor
    )
    return await shown(call)


async def raise_(call: Call[AskedCase, None]) -> Case:
    """Open a case, or join the open one."""
    body = call.body
    opened = await call.services.cases.open(
        call.session,
        NewCase(
            klass=body.klass,
            topic=body.topic,
            summary=body.summary,
            account_no=body.account_no,
            number=body.number,
            unit=body.unit,
            owner_no=body.owner,
            tell=body.tell,
        ),
        actor=call.actor,
    )
    return Case.model_validate(await reading.case(call.session, opened.id))


async def tell(call: Call[Stage, None]) -> Case:
    """Tell the customer how far it is."""
    await call.services.cases.tell(call.session, call.id("case"), progress=call.body.progress, actor=call.actor)
    return await shown(call)


async def contacted(call: Call[CaseNote, None]) -> Case:
    """Somebody got in touch."""
    await call.services.cases.contacted(call.session, call.id("case"), note=call.body.note, actor=call.actor)
    return await shown(call)


async def judge(call: Call[Judgement, None]) -> Case:
    """Judge it otherwise."""
    body = call.body
    await call.services.cases.judge(
        call.session,
        call.id("case"),
        severity=body.severity,
        klass=body.klass,
        topic=body.topic,
        note=body.note,
        actor=call.actor,
    )
    return await shown(call)


async def answer(call: Call[Answered, None]) -> Case:
    """Note what the customer said."""
    await call.services.cases.answer(
        call.session,
        call.id("case"),
        solved=call.body.solved,
        note=call.body.note,
        actor=call.actor,
        two_people=call.caller.two_people,
    )
    return await shown(call)


async def close(call: Call[Closing, None]) -> Case:
    """Say what came of a case, and ask."""
    await call.services.cases.close(call.session, call.id("case"), outcome=call.body.outcome, actor=call.actor)
    return await shown(call)


async def shown(call: Call[Any, None]) -> Case:
    return Case.model_validate(await reading.case(call.session, call.id("case")))


def writing(name: str, handler: Any, summary: str, body: Any, *, optional: bool = False) -> Route:
    return Route(
        method="POST",
        path=f"/cases/{{id}}/{name}",
        handler=handler,
        scope="cases:write",
        tag=TAG,
        summary=summary,
        answer=Case,
        body=body,
        body_optional=optional,
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
        path="/cases/summary",
        handler=summary,
        scope="cases:read",
        tag=TAG,
        summary="Cases and hand-overs of a span in figures",
        answer=Summary,
        query=SummaryQuery,
    ),
    Route(
        method="POST",
        path="/cases",
        handler=raise_,
        scope="cases:write",
        tag=TAG,
        summary="Write down what a customer raised, or join the open case on the matter; the customer is told",
        answer=Case,
        status=201,
        body=AskedCase,
        problems=(409,),
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
    writing("note", write, "Write something on a case", CaseNote),
    writing("assign", assign, "Hand a case on to a unit or a person", Assignment),
    writing("judge", judge, "Judge severity, class or topic otherwise than the rule", Judgement),
    writing("tell", tell, "Tell the customer how far it is, in the customer's words", Stage),
    writing("contacted", contacted, "Somebody got in touch with the customer, as was promised", CaseNote),
    writing("close", close, "Say what came of it; the customer is asked whether it is solved", Closing),
    writing("answer", answer, "What the customer said on the telephone; not by who closed it", Answered),
)
