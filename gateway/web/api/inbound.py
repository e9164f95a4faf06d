"""What customers said, and settling what waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gateway.inbox import by_hand, reading
from gateway.kernel.errors import InvalidInput
from gateway.web.models import Body, Prose, query_number
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "inbound"

Intent = Literal[
    "score", "comment", "wrong_number", "moved_or_sold", "not_account_holder", "opt_out", "opt_in", "complaint",
    "broken_commitment", "false_closure", "repeat_appeal", "billing_dispute", "payment_made", "payment_promise",
    "payment_question", "payment_extension", "outage_report", "outage_question", "restored_confirm", "not_restored",
    "ack", "thanks", "human", "help", "safety_urgent", "abuse", "unclear",
]  # fmt: skip


class Reading(BaseModel):
    """How it was read: the main intent first, and why."""

    model_config = ConfigDict(extra="allow")

    intents: list[str] = Field(default_factory=list)
    score: int | None = None
    urgent: bool = False
    abstain: bool = False
    because: list[str] = Field(default_factory=list)
    version: str | int | None = None


class Choice(BaseModel):
    """A likely meaning: the key that chooses it, and what it means."""

    key: str
    intents: list[str]
    score: int | None
    words: str


class Inbound(BaseModel):
    """One thing a customer said, how it was read and what it caused."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    sender: str | None = Field(serialization_alias="from")
    recipient: str | None = Field(serialization_alias="to")
    channel: str
    text: str
    received_at: datetime
    #: `done`, or `triage` where it waits for a person; for a moment `received`.
    state: str
    reading: Reading | None
    #: The message it answers.
    answers: UUID | None
    effects: list[dict[str, Any]]
    remark: str | None
    #: A person must look within minutes.
    urgent: bool
    #: The likeliest meanings, to choose from with one key; none where it does not wait.
    choices: list[Choice]
    resolved_by: str | None
    resolved_at: datetime | None


class InboundQuery(PageQuery):
    """Which inbounds; everything given must hold."""

    state: Annotated[list[Literal["received", "done", "triage"]] | None, Words] = None
    from_: Annotated[str | None, BeforeValidator(query_number)] = Field(default=None, alias="from")
    answers: UUID | None = None
    urgent: bool | None = None
    since: QueryTime | None = None


class Resolution(Body):
    """What a person makes of an inbound: read as `choice` or `intents` and reacted to so; else it is only closed."""

    #: The key of one of its `choices`, in the place of `intents` and `score`.
    choice: str | None = Field(default=None, max_length=1)
    intents: list[Intent] | None = Field(default=None, min_length=1, max_length=8)
    score: int | None = Field(default=None, ge=0, le=10)
    note: Prose | None = None


class Undoing(Body):
    """Why a reading is taken back."""

    note: Prose | None = None


async def listed(call: Call[None, InboundQuery]) -> Page[Inbound]:
    """Inbounds, newest first."""
    query = call.query
    wanted = reading.InboundFilter(
        states=query.state, sender=query.from_, answers=query.answers, urgent=query.urgent, since=query.since
    )
    before = behind("inbound", query.cursor, UUID)
    found = await reading.inbounds(call.session, wanted, before=before, limit=query.limit + 1)
    shown = [Inbound.model_validate(one) for one in found]
    return Page[Inbound](**cut("inbound", shown, query.limit, lambda one: one.id))


async def one(call: Call[None, None]) -> Inbound:
    """One inbound."""
    return Inbound.model_validate(await reading.inbound(call.session, call.id("inbound")))


async def resolve(call: Call[Resolution, None]) -> Inbound:
    """Settle what waits for a person."""
    inbound_id, body = call.id("inbound"), call.body
    waiting = await reading.inbound(call.session, inbound_id)
    intents: list[str] | None = list(body.intents) if body.intents is not None else None
    score = body.score
    if body.choice is not None:
        if intents is not None or score is not None:
            raise InvalidInput("a choice stands in the place of intents and score", field="choice")
        chosen = next((one for one in waiting.choices if one["key"] == body.choice), None)
        if chosen is None:
            raise InvalidInput("there is no such choice", field="choice")
        intents, score = chosen["intents"], chosen["score"]
    await call.services.inbox.resolve(
        call.session,
        inbound_id,
        intents=intents,
        score=score,
        note=call.body.note,
        actor=call.actor,
    )
    return Inbound.model_validate(await reading.inbound(call.session, inbound_id))


async def undo(call: Call[Undoing, None]) -> Inbound:
    """Take back what a misreading caused."""
    inbound_id = call.id("inbound")
    await by_hand.undo(
        call.session,
        inbound_id,
        call.services.corrections,
        note=call.body.note,
        actor=call.actor,
        at=call.services.clock.now(),
    )
    return Inbound.model_validate(await reading.inbound(call.session, inbound_id))


ROUTES: Final = (
    Route(
        method="GET",
        path="/inbound",
        handler=listed,
        scope="inbound:read",
        tag=TAG,
        summary="List what customers said, newest first; the triage list is `?state=triage`, urgent first",
        answer=Page[Inbound],
        query=InboundQuery,
    ),
    Route(
        method="GET",
        path="/inbound/{id}",
        handler=one,
        scope="inbound:read",
        tag=TAG,
        summary="One inbound, how it was read and what it caused",
        answer=Inbound,
    ),
    Route(
        method="POST",
        path="/inbound/{id}/resolve",
        handler=resolve,
        scope="inbound:resolve",
        tag=TAG,
        summary="Settle an inbound that waits for a person",
        answer=Inbound,
        body=Resolution,
        body_optional=True,
        problems=(409,),
    ),
    Route(
        method="POST",
        path="/inbound/{id}/undo",
        handler=undo,
        scope="inbound:resolve",
        tag=TAG,
        summary="Take back what a misreading caused; the text waits to be read anew",
        answer=Inbound,
        body=Undoing,
        body_optional=True,
        problems=(409,),
    ),
)
