"""Who is asked and what ratings are worth: events with their draws, programmes, answers set apart, challenges."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from gateway.evaluations import ledger, must_not_steer, reading, reviewing
from gateway.evaluations import programmes as kept
from gateway.evaluations.drawing import Programme, Question
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden, InvalidInput
from gateway.web.models import Body
from gateway.web.paging import Page, PageQuery, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "evaluations"

StaffNo = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class EventQuery(PageQuery):
    """Which events; everything given must hold. `day`: those that were drawn with its seed."""

    kind: str | None = None
    ref: str | None = None
    day: date | None = None
    team: str | None = None


class ProgrammeChange(Body):
    """A new version of a programme, made out of `version`; what is left out stays."""

    version: int
    rate: Annotated[float, Field(ge=0, le=1)] | None = None
    asks: list[Question] | None = None
    answer_hours: int | None = None
    remind_hours: int | None = None
    reason: Said


class ProgrammeBody(BaseModel):
    """How many services of a kind are asked about, what is asked beside the score, and for how long."""

    code: str
    version: int
    rate: float
    asks: list[str]
    answer_hours: int
    remind_hours: int


class Programmes(BaseModel):
    """The programmes in force."""

    items: list[ProgrammeBody]


class _Person(Body):
    """Said by a member of staff; whose key it is need not say so."""

    by: StaffNo | None = None


class LeaveOut(_Person):
    """Why an event is not asked about: safety or the law (code 4)."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    ref: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    reason: Said


class LeftOut(BaseModel):
    """The event that is not asked about."""

    kind: str
    ref: str
    code: Literal["4"] = "4"


class Review(_Person):
    """What an answer that was set apart is worth."""

    counts: bool
    words: Said


class NewChallenge(_Person):
    """Why the unit contests a rating, and what proves it."""

    grounds: Said
    evidence: Said


class Decision(_Person):
    """What comes of a challenge."""

    uphold: bool
    decision: Said


class ChallengeQuery(PageQuery):
    """Which challenges."""

    state: Annotated[list[Literal["open", "upheld", "refused"]] | None, Words] = None
    team: str | None = None


def person(call: Call[Any, Any], named: str | None) -> str:
    """Who says it: whose key it is, or who is named by a program. Raises InvalidInput and Forbidden."""
    own = call.caller.staff_no
    if own is None and named is None:
        raise InvalidInput("say which member of staff it is", field="by")
    if own is not None and named not in (None, own):
        raise Forbidden("this key speaks for its own member of staff only")
    return own or named or ""


async def events(call: Call[None, EventQuery]) -> Page[ledger.DrawnEvent]:
    """Events with their draws, newest first."""
    query = call.query
    found = await ledger.events(
        await driver(call.session),
        before=behind("events", query.cursor, int),
        kind=query.kind,
        ref=query.ref,
        day=query.day,
        team=query.team,
        limit=query.limit + 1,
    )
    return Page[ledger.DrawnEvent](**cut("events", found, query.limit, lambda one: one.id))


class SeedQuery(BaseModel):
    """Seeds of days before `before`."""

    before: date | None = None
    limit: int = Field(default=50, ge=1, le=500)


class Seeds(BaseModel):
    """Seeds, the newest first."""

    items: list[kept.Seed]


async def seeds(call: Call[None, SeedQuery]) -> Seeds:
    """Seeds as they may be told."""
    services = call.services
    found = await kept.seeds(
        await driver(call.session),
        before=call.query.before,
        limit=call.query.limit,
        now=services.clock.now(),
        zone=services.settings.zone,
    )
    return Seeds(items=found)


def _shown(programme: Programme) -> ProgrammeBody:
    return ProgrammeBody(**programme.body)


async def programmes(call: Call[None, None]) -> Programmes:
    """The programmes in force."""
    table = await kept.programmes(await driver(call.session))
    return Programmes(items=[_shown(one) for one in table.values()])


async def change_programme(call: Call[ProgrammeChange, None]) -> ProgrammeBody:
    """A new version of one."""
    body = call.body
    changes = body.model_dump(exclude={"version", "reason"}, exclude_none=True)
    await must_not_steer(call.session, _now(call))
    made = await kept.change(
        await driver(call.session),
        call.text("code"),
        changes,
        version=body.version,
        reason=body.reason,
        at=_now(call),
        actor=call.actor,
    )
    return _shown(made)


async def leave_out(call: Call[LeaveOut, None]) -> LeftOut:
    """Not ask about an event."""
    body = call.body
    await reviewing.leave_out(
        await driver(call.session),
        body.kind,
        body.ref,
        by=person(call, body.by),
        words=body.reason,
        at=_now(call),
        actor=call.actor,
    )
    return LeftOut(kind=body.kind, ref=body.ref)


async def review(call: Call[Review, None]) -> reading.Evaluation:
    """Say what an answer is worth that was set apart."""
    evaluation = call.id("evaluation")
    await reviewing.review(
        await driver(call.session),
        evaluation,
        by=person(call, call.body.by),
        counts=call.body.counts,
        words=call.body.words,
        at=_now(call),
        actor=call.actor,
    )
    return await reading.evaluation(call.session, evaluation)


async def challenge(call: Call[NewChallenge, None]) -> reviewing.Challenge:
    """Contest a rating."""
    connection = await driver(call.session)
    made = await reviewing.challenge(
        connection,
        call.id("evaluation"),
        by=person(call, call.body.by),
        grounds=call.body.grounds,
        evidence=call.body.evidence,
        at=_now(call),
        actor=call.actor,
    )
    return await reviewing.challenge_one(connection, made)


async def challenges(call: Call[None, ChallengeQuery]) -> Page[reviewing.Challenge]:
    """Challenges, newest first."""
    query = call.query
    found = await reviewing.challenges(
        call.session,
        states=query.state,
        team=query.team,
        before=behind("challenges", query.cursor, UUID),
        limit=query.limit + 1,
    )
    return Page[reviewing.Challenge](**cut("challenges", found, query.limit, lambda one: one.id))


async def decide(call: Call[Decision, None]) -> reviewing.Challenge:
    """Decide a challenge."""
    connection, challenge_id = await driver(call.session), call.id("challenge")
    await reviewing.decide(
        connection,
        challenge_id,
        by=person(call, call.body.by),
        uphold=call.body.uphold,
        decision=call.body.decision,
        at=_now(call),
        actor=call.actor,
    )
    return await reviewing.challenge_one(connection, challenge_id)


def _now(call: Call[Any, Any]) -> datetime:
    return call.services.clock.now()


def _route(method: str, path: str, handler: Any, scope: str, summary: str, answer: Any, **more: Any) -> Route:
    return Route(
        method=method,
        path=f"/evaluations/{path}",
        handler=handler,
        scope=f"evaluations:{scope}",
        tag=TAG,
        summary=summary,
        answer=answer,
        **more,
    )


ROUTES: Final = (
    _route(
        "GET",
        "events",
        events,
        "audit",
        "Every event with its draw and its one end, newest first",
        Page[ledger.DrawnEvent],
        query=EventQuery,
    ),
    _route(
        "GET", "seeds", seeds, "audit", "The seeds of draws: digests, and seeds of days that are over", Seeds,
        query=SeedQuery,
    ),
    _route(
        "POST",
        "events/leave-out",
        leave_out,
        "review",
        "Not ask about an event for the sake of safety or the law; somebody outside the unit says so",
        LeftOut,
        body=LeaveOut,
        problems=(409,),
    ),
    _route("GET", "programmes", programmes, "read", "The programmes in force", Programmes),
    _route(
        "PATCH",
        "programmes/{code}",
        change_programme,
        "programmes",
        "Make a new version of a programme, for draws to come",
        ProgrammeBody,
        body=ProgrammeChange,
        problems=(409,),
    ),
    _route(
        "GET",
        "challenges",
        challenges,
        "read",
        "List challenged ratings, newest first",
        Page[reviewing.Challenge],
        query=ChallengeQuery,
    ),
    _route(
        "POST",
        "challenges/{id}/decide",
        decide,
        "review",
        "Decide a challenge, from outside the unit; an upheld one annuls the rating, which stays visible",
        reviewing.Challenge,
        body=Decision,
        problems=(409,),
    ),
    _route(
        "POST",
        "{id}/challenge",
        challenge,
        "challenge",
        "Contest a rating for the unit whose work is rated",
        reviewing.Challenge,
        body=NewChallenge,
        status=201,
        problems=(409,),
    ),
    _route(
        "POST",
        "{id}/review",
        review,
        "review",
        "Say what an answer is worth that was set apart; somebody outside the unit says so",
        reading.Evaluation,
        body=Review,
        problems=(409,),
    ),
)  # fmt: skip
