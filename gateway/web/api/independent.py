"""The independent follow-up: who is to be called, what is said, what came of it."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.followups import Outcome, reading, scripts, visits
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden
from gateway.notices import templates_directory
from gateway.web.api.following import Said, StaffNo, route
from gateway.web.models import Body
from gateway.web.paging import Page, PageQuery, Words, behind, cut
from gateway.web.routing import Call


class IndependentQuery(PageQuery):
    """Which independent follow-ups."""

    state: Annotated[list[str] | None, Words] = None
    caller: str | None = None


class CallOutcome(Body):
    """What came of a call, and which member of staff made it."""

    by: StaffNo
    reached: bool
    score: Annotated[int, Field(ge=1, le=5)] | None = None
    solved: bool | None = None
    comment: Said | None = None


class ScriptQuery(BaseModel):
    """In which language; the customer's where it names none."""

    model_config = ConfigDict(extra="forbid")

    language: str | None = None


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


ROUTES: Final = (
    route(
        "GET",
        "/followups/independent",
        independent,
        "followups:review",
        "List independent follow-ups, newest first",
        Page[reading.Independent],
        query=IndependentQuery,
    ),
    route(
        "GET",
        "/followups/independent/{id}/script",
        script,
        "followups:review",
        "What the caller says, and the outcome form with what is asked for each field",
        scripts.Script,
        query=ScriptQuery,
    ),
    route(
        "POST",
        "/followups/independent/{id}/outcome",
        called,
        "followups:review",
        "Say what came of an independent call; nobody of the manager's team may",
        reading.Independent,
        body=CallOutcome,
        problems=(409,),
    ),
)
