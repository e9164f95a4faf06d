"""What is kept how long, who decided so, and what each night let go of."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, Field, StringConstraints

from gateway.retention import keeping
from gateway.web.models import Body
from gateway.web.paging import Page, PageQuery, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "retention"


class KeptFor(Body):
    """How many days something is kept from now on, and why."""

    days: int = Field(ge=0, le=keeping.MOST_DAYS)
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


class WaitingQuery(BaseModel):
    """For how many days it would be kept; as in force where it is left out."""

    model_config = {"extra": "forbid"}

    days: int | None = Field(default=None, ge=0, le=keeping.MOST_DAYS)


class Waiting(BaseModel):
    """How many things would go tonight; `more` where the count stopped there."""

    waiting: int
    more: bool


async def rules(call: Call[None, None]) -> Page[keeping.Kept]:
    """Every rule."""
    return Page[keeping.Kept](items=await call.services.retention.kept(call.session), next=None)


async def change(call: Call[KeptFor, None]) -> keeping.Kept:
    """Keep something for another time."""
    name, retention = call.text("name"), call.services.retention
    await retention.change(call.session, name, days=call.body.days, why=call.body.why, actor=call.actor)
    return next(one for one in await retention.kept(call.session) if one.name == name)


async def waiting(call: Call[None, WaitingQuery]) -> Waiting:
    """What a change would do."""
    found = await call.services.retention.waiting(call.session, call.text("name"), call.query.days)
    return Waiting(waiting=min(found, keeping.COUNTED), more=found > keeping.COUNTED)


async def runs(call: Call[None, PageQuery]) -> Page[keeping.Ran]:
    """What went, newest first."""
    before = behind("retention", call.query.cursor, int)
    found = await call.services.retention.runs(call.session, before=before, limit=call.query.limit + 1)
    return Page[keeping.Ran](**cut("retention", found, call.query.limit, lambda one: one.id))


ROUTES: Final = (
    Route(
        method="GET",
        path="/retention",
        handler=rules,
        scope="policy:read",
        tag=TAG,
        summary="What is kept how long, and what the last night let go of",
        answer=Page[keeping.Kept],
    ),
    Route(
        method="GET",
        path="/retention/runs",
        handler=runs,
        scope="policy:read",
        tag=TAG,
        summary="What each night let go of, newest first",
        answer=Page[keeping.Ran],
        query=PageQuery,
    ),
    Route(
        method="PUT",
        path="/retention/{name}",
        handler=change,
        scope="policy:write",
        tag=TAG,
        summary="Keep something for so many days from now on",
        answer=keeping.Kept,
        body=KeptFor,
    ),
    Route(
        method="GET",
        path="/retention/{name}/waiting",
        handler=waiting,
        scope="policy:read",
        tag=TAG,
        summary="How many things would go tonight, kept for so many days",
        answer=Waiting,
        query=WaitingQuery,
    ),
)
