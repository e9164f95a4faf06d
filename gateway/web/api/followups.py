"""Follow-ups: the managers' plan, and what customers want looked into."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from gateway.followups import Change, Plan, reading
from gateway.web.api.following import Channel, Day, Said, StaffNo, route
from gateway.web.models import AccountNo, Body
from gateway.web.paging import Page, PageQuery, Words, behind, cut
from gateway.web.routing import Call


class NewFollowup(Body):
    """A follow-up to plan; with `rule` (the value of an RRULE, RFC 5545) a series that begins on `planned_for`."""

    account_no: AccountNo
    planned_for: Day
    topic: Said
    channel: Channel = "visit"
    #: The account's own manager where it names none.
    manager: StaffNo | None = None
    rule: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = Field(
        default=None, examples=["FREQ=MONTHLY;INTERVAL=3"]
    )


class FollowupChange(Body):
    """What is to change. `done` needs an outcome, and starts the independent follow-up."""

    state: Literal["done", "cancelled"] | None = None
    outcome: Said | None = None
    planned_for: Day | None = None
    topic: Said | None = None
    channel: Channel | None = None
    deputy: StaffNo | None = None


class FollowupQuery(PageQuery):
    """Which follow-ups; everything given must hold."""

    manager: str | None = None
    account_no: str | None = None
    state: Annotated[list[str] | None, Words] = None
    since: date | None = None
    until: date | None = None


class VoiceQuery(PageQuery):
    """Which items."""

    owner: str | None = None
    state: Literal["open", "answered"] | None = None


class NewVoice(Body):
    """What the customer wants looked into: who owes the answer, by when."""

    words: Said
    owner: StaffNo
    due_on: Day


class VoiceAnswer(Body):
    """What became of it."""

    answer: Said


class SeriesEnded(BaseModel):
    """How many planned follow-ups were cancelled with their series."""

    cancelled: int


async def plan(call: Call[NewFollowup, None]) -> reading.Followup:
    """Plan one, or the first of a series."""
    body = call.body
    wanted = Plan(
        account_no=body.account_no,
        planned_for=body.planned_for,
        topic=body.topic,
        channel=body.channel,
        manager_no=body.manager,
        rule=body.rule,
    )
    made = await call.services.followups.plan(call.session, wanted, actor=call.actor)
    return await reading.followup(call.session, made[0])


async def listed(call: Call[None, FollowupQuery]) -> Page[reading.Followup]:
    """Follow-ups, newest first."""
    query = call.query
    wanted = reading.FollowupFilter(
        manager=query.manager, account_no=query.account_no, states=query.state, since=query.since, until=query.until
    )
    before = behind("followups", query.cursor, UUID)
    found = await reading.followups(call.session, wanted, before=before, limit=query.limit + 1)
    return Page[reading.Followup](**cut("followups", found, query.limit, lambda one: one.id))


async def one(call: Call[None, None]) -> reading.Followup:
    """One follow-up."""
    return await reading.followup(call.session, call.id("follow-up"))


async def change(call: Call[FollowupChange, None]) -> reading.Followup:
    """Change it, or say what came of it."""
    body, followup_id = call.body, call.id("follow-up")
    wanted = Change(
        state=body.state,
        outcome=body.outcome,
        planned_for=body.planned_for,
        topic=body.topic,
        channel=body.channel,
        deputy_no=body.deputy,
    )
    await call.services.followups.change(call.session, followup_id, wanted, actor=call.actor)
    return await reading.followup(call.session, followup_id)


async def end_series(call: Call[None, None]) -> SeriesEnded:
    """End the series it belongs to."""
    cancelled = await call.services.followups.end_series(call.session, call.id("follow-up"), actor=call.actor)
    return SeriesEnded(cancelled=cancelled)


async def hear(call: Call[NewVoice, None]) -> reading.Voice:
    """Write down what the customer wants looked into."""
    body = call.body
    voice = await call.services.followups.hear(
        call.session,
        call.id("follow-up"),
        words=body.words,
        owner_no=body.owner,
        due_on=body.due_on,
        actor=call.actor,
    )
    return await reading.voice(call.session, voice)


async def voices(call: Call[None, VoiceQuery]) -> Page[reading.Voice]:
    """What customers want looked into, newest first."""
    query = call.query
    before = behind("voices", query.cursor, UUID)
    found = await reading.voices(
        call.session, owner=query.owner, state=query.state, before=before, limit=query.limit + 1
    )
    return Page[reading.Voice](**cut("voices", found, query.limit, lambda one: one.id))


async def answer(call: Call[VoiceAnswer, None]) -> reading.Voice:
    """Answer it."""
    voice_id = call.id("item")
    await call.services.followups.answer(call.session, voice_id, answer=call.body.answer, actor=call.actor)
    return await reading.voice(call.session, voice_id)


ROUTES: Final = (
    route(
        "GET",
        "/followups",
        listed,
        "followups:read",
        "List the managers' plan, newest first",
        Page[reading.Followup],
        query=FollowupQuery,
    ),
    route(
        "POST",
        "/followups",
        plan,
        "followups:write",
        "Plan a follow-up, once or by a recurrence rule",
        reading.Followup,
        body=NewFollowup,
        status=201,
    ),
    route(
        "GET",
        "/followups/voices",
        voices,
        "followups:read",
        "List what customers want looked into, newest first",
        Page[reading.Voice],
        query=VoiceQuery,
    ),
    route(
        "POST",
        "/followups/voices/{id}/answer",
        answer,
        "followups:write",
        "Say what became of what a customer wanted",
        reading.Voice,
        body=VoiceAnswer,
        problems=(409,),
    ),
    route("GET", "/followups/{id}", one, "followups:read", "One follow-up", reading.Followup),
    route(
        "PATCH",
        "/followups/{id}",
        change,
        "followups:write",
        "Move it, hand it to a deputy, or say what came of it",
        reading.Followup,
        body=FollowupChange,
        problems=(409,),
    ),
    route(
        "POST",
        "/followups/{id}/end-series",
        end_series,
        "followups:write",
        "End the series it belongs to; what is still planned of it is cancelled",
        SeriesEnded,
        problems=(409,),
    ),
    route(
        "POST",
        "/followups/{id}/voices",
        hear,
        "followups:write",
        "Write down what the customer wants looked into",
        reading.Voice,
        body=NewVoice,
        status=201,
    ),
)
