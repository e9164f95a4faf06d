"""Follow-ups: the managers' plan, who stands in, the independent follow-up, what customers want looked into."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from gateway.evaluations import must_not_steer
from gateway.followups import Change, Outcome, Plan, reading, scripts, standing_in, visits
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden, NotFound
from gateway.notices import templates_directory
from gateway.web.feeds import signed
from gateway.web.models import AccountNo, Body
from gateway.web.paging import Page, PageQuery, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "followups"

StaffNo = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Channel = Literal["visit", "phone", "sms", "chat"]


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("a day is written YYYY-MM-DD") from None
    return value


Day = Annotated[date, BeforeValidator(_day)]


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


class IndependentQuery(PageQuery):
    """Which independent follow-ups."""

    state: Annotated[list[str] | None, Words] = None
    caller: str | None = None


class VoiceQuery(PageQuery):
    """Which items."""

    owner: str | None = None
    state: Literal["open", "answered"] | None = None


class CallOutcome(Body):
    """What came of a call, and which member of staff made it."""

    by: StaffNo
    reached: bool
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    solved: bool | None = None
    comment: Said | None = None


class NewDeputy(Body):
    """Who stands in for a manager, first and last day included."""

    manager: StaffNo
    deputy: StaffNo
    first_day: Day
    last_day: Day
    reason: Said | None = None


class DeputyMade(BaseModel):
    """The entry that was made."""

    id: int


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


async def stand_in(call: Call[NewDeputy, None]) -> DeputyMade:
    """Name a deputy."""
    body = call.body
    made = await call.services.deputies.name(
        call.session,
        manager_no=body.manager,
        deputy_no=body.deputy,
        first_day=body.first_day,
        last_day=body.last_day,
        reason=body.reason,
        actor=call.actor,
    )
    return DeputyMade(id=made)


async def independent(call: Call[None, IndependentQuery]) -> Page[reading.Independent]:
    """Independent follow-ups, newest first."""
    query = call.query
    before = behind("independent", query.cursor, UUID)
    found = await reading.independent(
        call.session, states=query.state, caller=query.caller, before=before, limit=query.limit + 1
    )
    return Page[reading.Independent](**cut("independent", found, query.limit, lambda one: one.id))


async def called(call: Call[CallOutcome, None]) -> reading.Independent:
    """Say what came of a call."""
    body, independent_id = call.body, call.id("independent follow-up")
    if call.caller.staff_no not in (None, body.by):
        raise Forbidden("this key speaks for its own member of staff only")
    outcome = Outcome(reached=body.reached, score=body.score, solved=body.solved, comment=body.comment)
    await call.services.independent.called(call.session, independent_id, outcome, by=body.by, actor=call.actor)
    return await reading.independent_one(call.session, independent_id)


class CalendarOf(Body):
    """Whose plan."""

    manager: StaffNo


class CalendarAddress(BaseModel):
    """An address to subscribe to. Whoever has it reads that plan: it is given to that manager alone."""

    url: str


class DeputyQuery(PageQuery):
    """For whom."""

    manager: str | None = None


class DeputyEnd(Body):
    """The last day on which somebody stands in."""

    last_day: Day


class ScriptQuery(BaseModel):
    """In which language; the customer's where it names none."""

    model_config = ConfigDict(extra="forbid")

    language: str | None = None


async def deputies(call: Call[None, DeputyQuery]) -> Page[standing_in.StandingIn]:
    """Who stands in for whom, newest first."""
    query = call.query
    before = behind("deputies", query.cursor, int)
    found = await standing_in.of_manager(call.session, query.manager, before=before, limit=query.limit + 1)
    return Page[standing_in.StandingIn](**cut("deputies", found, query.limit, lambda one: one.id))


async def end_deputy(call: Call[DeputyEnd, None]) -> DeputyMade:
    """Let somebody stand in no longer."""
    text = call.text("id")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise NotFound("There is no such entry.")
    await call.services.deputies.end(call.session, int(text), last_day=call.body.last_day, actor=call.actor)
    return DeputyMade(id=int(text))


async def script(call: Call[None, ScriptQuery]) -> scripts.Script:
    """What a caller says, and the form."""
    one = await reading.independent_one(call.session, call.id("independent follow-up"))
    programmes = await visits.programmes(await driver(call.session))
    settings = call.services.settings
    directory = templates_directory() / "scripts"
    known = scripts.languages(directory)
    language = call.query.language or (one.language if one.language in known else settings.language)
    return scripts.script(
        directory,
        language,
        sender=(settings.sender_name_en if language == "en" else "") or settings.sender_name,
        topic=one.topic,
        channel=one.channel,
        done_on=one.done_at.astimezone(settings.zone).date() if one.done_at else None,
        caller=None,
        questions=programmes[one.programme].questions if one.programme in programmes else (),
    )


class VisitChange(Body):
    """What is to change of a programme of visits; what is left out stays."""

    name: Said | None = None
    topic: Said | None = None
    channel: Channel | None = None
    rule: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    audience: Literal["vip", "important", "vulnerable", "key_concern", "all"] | None = None
    questions: Annotated[list[Said], Field(max_length=10)] | None = None
    active: bool | None = None


class VisitProgrammes(BaseModel):
    """The programmes of visits."""

    items: list[visits.VisitProgramme]


async def calendar_address(call: Call[CalendarOf, None]) -> CalendarAddress:
    """The address of a manager's calendar."""
    if call.caller.staff_no not in (None, call.body.manager):
        raise Forbidden("a calendar's address is given to whose plan it is")
    return CalendarAddress(url=signed(call.services, call.body.manager))


async def visit_programmes(call: Call[None, None]) -> VisitProgrammes:
    """The four."""
    return VisitProgrammes(items=list((await visits.programmes(await driver(call.session))).values()))


async def change_visits(call: Call[VisitChange, None]) -> visits.VisitProgramme:
    """Change one."""
    changes = call.body.model_dump(exclude_none=True)
    if "questions" in changes:
        changes["questions"] = tuple(changes["questions"])
    services = call.services
    await must_not_steer(call.session, call.services.clock.now())
    return await visits.change(
        await driver(call.session),
        call.text("code"),
        changes,
        now=services.clock.now(),
        zone=services.settings.zone,
        actor=call.actor,
    )


def _route(method: str, path: str, handler: Any, scope: str, summary: str, answer: Any, **more: Any) -> Route:
    return Route(
        method=method, path=path, handler=handler, scope=scope, tag=TAG, summary=summary, answer=answer, **more
    )


ROUTES: Final = (
    _route(
        "GET",
        "/followups",
        listed,
        "followups:read",
        "List the managers' plan, newest first",
        Page[reading.Followup],
        query=FollowupQuery,
    ),
    _route(
        "POST",
        "/followups",
        plan,
        "followups:write",
        "Plan a follow-up, once or by a recurrence rule",
        reading.Followup,
        body=NewFollowup,
        status=201,
    ),
    _route(
        "GET",
        "/followups/independent",
        independent,
        "followups:review",
        "List independent follow-ups, newest first",
        Page[reading.Independent],
        query=IndependentQuery,
    ),
    _route(
        "GET",
        "/followups/independent/{id}/script",
        script,
        "followups:review",
        "What the caller says, and the outcome form with what is asked for each field",
        scripts.Script,
        query=ScriptQuery,
    ),
    _route(
        "POST",
        "/followups/independent/{id}/outcome",
        called,
        "followups:review",
        "Say what came of an independent call; nobody of the manager's team may",
        reading.Independent,
        body=CallOutcome,
        problems=(409,),
    ),
    _route(
        "GET",
        "/followups/voices",
        voices,
        "followups:read",
        "List what customers want looked into, newest first",
        Page[reading.Voice],
        query=VoiceQuery,
    ),
    _route(
        "POST",
        "/followups/voices/{id}/answer",
        answer,
        "followups:write",
        "Say what became of what a customer wanted",
        reading.Voice,
        body=VoiceAnswer,
        problems=(409,),
    ),
    _route(
        "POST",
        "/followups/deputies",
        stand_in,
        "followups:write",
        "Name who stands in for a manager",
        DeputyMade,
        body=NewDeputy,
        status=201,
    ),
    _route(
        "GET",
        "/followups/deputies",
        deputies,
        "followups:read",
        "List who stands in for whom, newest first",
        Page[standing_in.StandingIn],
        query=DeputyQuery,
    ),
    _route(
        "PATCH",
        "/followups/deputies/{id}",
        end_deputy,
        "followups:write",
        "Let somebody stand in no longer",
        DeputyMade,
        body=DeputyEnd,
    ),
    _route(
        "POST",
        "/followups/calendar",
        calendar_address,
        "followups:read",
        "The address of a manager's plan as an iCalendar feed",
        CalendarAddress,
        body=CalendarOf,
    ),
    _route(
        "GET",
        "/followups/programmes",
        visit_programmes,
        "followups:read",
        "The programmes of visits (四访)",
        VisitProgrammes,
    ),
    _route(
        "PATCH",
        "/followups/programmes/{code}",
        change_visits,
        "followups:programmes",
        "Name a programme of visits, say to whom it goes and how often, switch it on or off",
        visits.VisitProgramme,
        body=VisitChange,
    ),
    _route("GET", "/followups/{id}", one, "followups:read", "One follow-up", reading.Followup),
    _route(
        "PATCH",
        "/followups/{id}",
        change,
        "followups:write",
        "Move it, hand it to a deputy, or say what came of it",
        reading.Followup,
        body=FollowupChange,
        problems=(409,),
    ),
    _route(
        "POST",
        "/followups/{id}/end-series",
        end_series,
        "followups:write",
        "End the series it belongs to; what is still planned of it is cancelled",
        SeriesEnded,
        problems=(409,),
    ),
    _route(
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
