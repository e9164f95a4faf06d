"""The ladder of arrears: where bills stand, taking due stages, the payment feed, tones, disconnections."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import StringConstraints

from gateway.notices.ladder import reading
from gateway.notices.ladder.feed import Watermark
from gateway.notices.ladder.running import Ran
from gateway.notices.ladder.tones import Comparison
from gateway.web.api.notices import Month
from gateway.web.models import AccountNo, Body, Instant, Word
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "ladder"
#: How far back tones are compared where nobody says so.
_SPAN: Final = timedelta(days=90)

DisconnectionState = Literal["proposed", "announced", "final", "stopped", "restored", "cancelled"]


class BillQuery(PageQuery):
    """Which bills; everything given must hold."""

    account_no: AccountNo | None = None
    billing_month: Month | None = None
    settled: bool = False


class ToneQuery(PageQuery):
    """Texts sent in which span."""

    since: QueryTime | None = None
    until: QueryTime | None = None


class DisconnectionQuery(PageQuery):
    """Which disconnections."""

    state: Annotated[list[DisconnectionState] | None, Words] = None
    account_no: AccountNo | None = None


class Running(Body):
    """Which stage; all that are due where none is named."""

    stage: Word | None = None


class Complete(Body):
    """Up to when payments are complete."""

    complete_until: Instant


class When(Body):
    """When it was done; now where nothing is said."""

    at: Instant | None = None


class Why(Body):
    """Why."""

    because: Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


async def bills(call: Call[None, BillQuery]) -> Page[reading.LadderBill]:
    """Where bills stand."""
    query = call.query
    found = await call.services.ladder.bills(
        call.session,
        account_no=query.account_no,
        billing_month=query.billing_month,
        settled=query.settled,
        before=behind("ladder", query.cursor, int),
        limit=query.limit + 1,
    )
    return Page[reading.LadderBill](**cut("ladder", found, query.limit, lambda one: one.id))


async def run(call: Call[Running, None]) -> Ran:
    """Draft what is due."""
    return await call.services.ladder.draft_due(stage=call.body.stage, actor=call.actor)


async def feed(call: Call[Any, None]) -> Watermark:
    """The watermark of payments."""
    return await call.services.ladder.feed(call.session)


async def declare(call: Call[Complete, None]) -> Watermark:
    """Take a word that payments are complete."""
    await call.services.ladder.declare(call.session, call.body.complete_until, actor=call.actor)
    return await feed(call)


async def tones(call: Call[None, ToneQuery]) -> Comparison:
    """Two tones compared."""
    now: datetime = call.services.clock.now()
    until = call.query.until or now
    return await call.services.ladder.tones(call.session, since=call.query.since or until - _SPAN, until=until)


async def disconnections(call: Call[None, DisconnectionQuery]) -> Page[reading.Disconnection]:
    """Disconnections, newest first."""
    query = call.query
    found = await reading.disconnections(
        call.session,
        states=query.state,
        account_no=query.account_no,
        before=behind("disconnections", query.cursor, UUID),
        limit=query.limit + 1,
    )
    return Page[reading.Disconnection](**cut("disconnections", found, query.limit, lambda one: one.id))


async def disconnection(call: Call[Any, None]) -> reading.Disconnection:
    """One disconnection."""
    return await reading.disconnection(call.session, call.id("disconnection"))


async def stopped(call: Call[When, None]) -> reading.Disconnection:
    """Supply was stopped."""
    at = call.body.at
    await call.services.ladder.stopped(call.session, call.id("disconnection"), at=at, actor=call.actor)
    return await disconnection(call)


async def restored(call: Call[When, None]) -> reading.Disconnection:
    """Supply is back."""
    at = call.body.at
    await call.services.ladder.restored(call.session, call.id("disconnection"), at=at, actor=call.actor)
    return await disconnection(call)


async def given_up(call: Call[Why, None]) -> reading.Disconnection:
    """It does not come to that."""
    because = call.body.because
    await call.services.ladder.give_up(call.session, call.id("disconnection"), because=because, actor=call.actor)
    return await disconnection(call)


def _moving(name: str, handler: Any, summary: str, body: Any, *, optional: bool = True) -> Route:
    return Route(
        method="POST",
        path=f"/disconnections/{{id}}/{name}",
        handler=handler,
        scope="ladder:write",
        tag=TAG,
        summary=summary,
        answer=reading.Disconnection,
        body=body,
        body_optional=optional,
        problems=(409,),
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/ladder/bills",
        handler=bills,
        scope="ladder:read",
        tag=TAG,
        summary="Where bills stand on the ladder of arrears and why, newest first",
        answer=Page[reading.LadderBill],
        query=BillQuery,
    ),
    Route(
        method="POST",
        path="/ladder/run",
        handler=run,
        scope="ladder:write",
        tag=TAG,
        summary="Take the stages that are due now; what tells them stays a draft",
        answer=Ran,
        body=Running,
        body_optional=True,
    ),
    Route(
        method="GET",
        path="/ladder/feed",
        handler=feed,
        scope="ladder:read",
        tag=TAG,
        summary="Up to when payments are complete, and whether reminders wait for them",
        answer=Watermark,
    ),
    Route(
        method="PUT",
        path="/ladder/feed",
        handler=declare,
        scope="ladder:write",
        tag=TAG,
        summary="Say that payments are complete up to a moment",
        answer=Watermark,
        body=Complete,
    ),
    Route(
        method="GET",
        path="/ladder/tones",
        handler=tones,
        scope="ladder:read",
        tag=TAG,
        summary="The two tones compared: payment within days, complaints, refusals, with intervals",
        answer=Comparison,
        query=ToneQuery,
    ),
    Route(
        method="GET",
        path="/disconnections",
        handler=disconnections,
        scope="ladder:read",
        tag=TAG,
        summary="List disconnections for arrears, newest first",
        answer=Page[reading.Disconnection],
        query=DisconnectionQuery,
    ),
    Route(
        method="GET",
        path="/disconnections/{id}",
        handler=disconnection,
        scope="ladder:read",
        tag=TAG,
        summary="One disconnection",
        answer=reading.Disconnection,
    ),
    _moving("stopped", stopped, "Say that supply was stopped, as announced", When),
    _moving("restored", restored, "Say that supply is back; the customer is told", When),
    _moving("cancel", given_up, "End the procedure before supply is stopped", Why, optional=False),
)
