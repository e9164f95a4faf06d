"""Commitments: what was promised to customers, by when, by whom, and whether it was kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from gateway.cases.commitments import reading
from gateway.cases.commitments.keeping import NewCommitment
from gateway.cases.commitments.rules import KINDS, STATES
from gateway.web.models import AccountNo, Body, Instant, Number
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "commitments"

State = Literal["open", "kept", "broken", "renegotiated", "released"]
Kind = Literal["contact", "work"]
assert (get_args(State), get_args(Kind)) == (STATES, KINDS)

StaffNo = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
#: Words that stand in a text.
Short = Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]


class AskedCommitment(Body):
    """A promise: on a case, to an account, or to a number. The customer is told by text, unless `told` says how he
    was told already."""

    what: Said
    due_at: Instant
    kind: Kind = "work"
    case: Annotated[UUID | None, Field(strict=False)] = None
    account_no: AccountNo | None = None
    number: Number | None = None
    #: What it is about, as the customer would call it; the case's own by default.
    topic: Short | None = None
    unit: Unit | None = None
    owner: StaffNo | None = None
    told: Said | None = None


class Progress(Body):
    """How far it is, in the customer's words; `tell` texts it at once."""

    progress: Short
    tell: bool = False


class Told(Body):
    """How a person told the customer."""

    how: Said


class Done(Body):
    """What was done."""

    outcome: Said


class Reason(Body):
    """Why."""

    reason: Said


class Renegotiation(Body):
    """Another promise in its place, before its time is up."""

    due_at: Instant
    reason: Said
    what: Said | None = None


class CommitmentQuery(PageQuery):
    """Which commitments; everything given must hold."""

    state: Annotated[list[State] | None, Words] = None
    kind: Annotated[list[Kind] | None, Words] = None
    unit: Annotated[list[str] | None, Words] = None
    owner: str | None = None
    account_no: AccountNo | None = None
    case: UUID | None = None
    work_order: str | None = None
    due_before: QueryTime | None = None
    due_from: QueryTime | None = None


class KeepingQuery(BaseModel):
    """Whose time ends in which span, and by what."""

    model_config = {"extra": "forbid"}

    by: reading.By = "unit"
    since: QueryTime | None = None
    until: QueryTime | None = None


class KeepingList(BaseModel):
    """How commitments were kept."""

    by: reading.By
    since: datetime | None
    until: datetime | None
    items: list[reading.Keeping]


async def listed(call: Call[None, CommitmentQuery]) -> Page[reading.Commitment]:
    """Commitments, newest first."""
    query = call.query
    wanted = reading.CommitmentFilter(
        states=query.state,
        kinds=query.kind,
        units=query.unit,
        owner_no=query.owner,
        account_no=query.account_no,
        case_id=query.case,
        work_order_no=query.work_order,
        due_before=query.due_before,
        due_from=query.due_from,
    )
    before = behind("commitments", query.cursor, UUID)
    found = await reading.commitments(call.session, wanted, before=before, limit=query.limit + 1)
    return Page[reading.Commitment](**cut("commitments", found, query.limit, lambda one: one.id))


async def one(call: Call[Any, None]) -> reading.Commitment:
    """One commitment."""
    return await reading.commitment(call.session, call.id("commitment"))


async def summary(call: Call[None, KeepingQuery]) -> KeepingList:
    """How many were kept."""
    query, zone = call.query, call.services.settings.timezone
    found = await reading.keeping(call.session, query.by, since=query.since, until=query.until, zone=zone)
    return KeepingList(by=query.by, since=query.since, until=query.until, items=found)


async def make(call: Call[AskedCommitment, None]) -> reading.Commitment:
    """Promise something."""
    body = call.body
    made = await call.services.commitments.make(
        call.session,
        NewCommitment(
            what=body.what,
            due_at=body.due_at,
            kind=body.kind,
            case_id=body.case,
            account_no=body.account_no,
            number=body.number,
            topic=body.topic,
            unit=body.unit,
            owner_no=body.owner,
            told_how=body.told,
        ),
        actor=call.actor,
    )
    return await reading.commitment(call.session, made)


async def told(call: Call[Told, None]) -> reading.Commitment:
    """Note that the customer was told."""
    await call.services.commitments.told(call.session, _id(call), how=call.body.how, actor=call.actor)
    return await one(call)


async def progress(call: Call[Progress, None]) -> reading.Commitment:
    """Say how far it is."""
    await call.services.commitments.progress(
        call.session, _id(call), words=call.body.progress, tell=call.body.tell, actor=call.actor
    )
    return await one(call)


async def keep(call: Call[Done, None]) -> reading.Commitment:
    """It is done."""
    await call.services.commitments.keep(call.session, _id(call), outcome=call.body.outcome, actor=call.actor)
    return await one(call)


async def admit(call: Call[Reason, None]) -> reading.Commitment:
    """It will not be kept."""
    await call.services.commitments.admit(call.session, _id(call), reason=call.body.reason, actor=call.actor)
    return await one(call)


async def renegotiate(call: Call[Renegotiation, None]) -> reading.Commitment:
    """Put another in its place; the new one."""
    body = call.body
    made = await call.services.commitments.renegotiate(
        call.session, _id(call), due_at=body.due_at, what=body.what, reason=body.reason, actor=call.actor
    )
    return await reading.commitment(call.session, made)


async def release(call: Call[Reason, None]) -> reading.Commitment:
    """The customer needs it no more."""
    await call.services.commitments.release(call.session, _id(call), reason=call.body.reason, actor=call.actor)
    return await one(call)


def _id(call: Call[Any, None]) -> UUID:
    return call.id("commitment")


def _deed(name: str, handler: Any, summary: str, body: Any, *, status: int = 200) -> Route:
    return Route(
        method="POST",
        path=f"/commitments/{{id}}/{name}",
        handler=handler,
        scope="cases:write",
        tag=TAG,
        summary=summary,
        answer=reading.Commitment,
        status=status,
        body=body,
        problems=(409,),
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/commitments",
        handler=listed,
        scope="cases:read",
        tag=TAG,
        summary="List what was promised to customers, newest first",
        answer=Page[reading.Commitment],
        query=CommitmentQuery,
    ),
    Route(
        method="GET",
        path="/commitments/summary",
        handler=summary,
        scope="cases:read",
        tag=TAG,
        summary="How commitments were kept, by unit, owner or month, with intervals",
        answer=KeepingList,
        query=KeepingQuery,
    ),
    Route(
        method="POST",
        path="/commitments",
        handler=make,
        scope="cases:write",
        tag=TAG,
        summary="Promise something to a customer, who is told",
        answer=reading.Commitment,
        status=201,
        body=AskedCommitment,
    ),
    Route(
        method="GET",
        path="/commitments/{id}",
        handler=one,
        scope="cases:read",
        tag=TAG,
        summary="One commitment with all that befell it",
        answer=reading.Commitment,
    ),
    _deed("told", told, "Note that a person told the customer, where no text did", Told),
    _deed("progress", progress, "Say how far it is, in the customer's words", Progress),
    _deed("keep", keep, "It is done: kept in time, or broken and done late; the customer is told", Done),
    _deed("break", admit, "It will not be kept; supervision takes it up", Reason),
    _deed("renegotiate", renegotiate, "Put another in its place before its time is up", Renegotiation, status=201),
    _deed("release", release, "The customer needs it no more", Reason),
)
