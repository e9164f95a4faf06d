"""Who stands in for whom; the address of a plan; the programmes of visits (四访)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, StringConstraints

from gateway.evaluations import must_not_steer
from gateway.followups import standing_in, visits
from gateway.kernel.database import driver
from gateway.kernel.errors import Forbidden, NotFound
from gateway.web.api.following import Channel, Day, Said, StaffNo, route
from gateway.web.feeds import signed
from gateway.web.models import Body
from gateway.web.paging import Page, PageQuery, behind, cut
from gateway.web.routing import Call


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


ROUTES: Final = (
    route(
        "POST",
        "/followups/deputies",
        stand_in,
        "followups:write",
        "Name who stands in for a manager",
        DeputyMade,
        body=NewDeputy,
        status=201,
    ),
    route(
        "GET",
        "/followups/deputies",
        deputies,
        "followups:read",
        "List who stands in for whom, newest first",
        Page[standing_in.StandingIn],
        query=DeputyQuery,
    ),
    route(
        "PATCH",
        "/followups/deputies/{id}",
        end_deputy,
        "followups:write",
        "Let somebody stand in no longer",
        DeputyMade,
        body=DeputyEnd,
    ),
    route(
        "POST",
        "/followups/calendar",
        calendar_address,
        "followups:read",
        "The address of a manager's plan as an iCalendar feed",
        CalendarAddress,
        body=CalendarOf,
    ),
    route(
        "GET",
        "/followups/programmes",
        visit_programmes,
        "followups:read",
        "The programmes of visits (四访)",
        VisitProgrammes,
    ),
    route(
        "PATCH",
        "/followups/programmes/{code}",
        change_visits,
        "followups:programmes",
        "Name a programme of visits, say to whom it goes and how often, switch it on or off",
        visits.VisitProgramme,
        body=VisitChange,
    ),
)
