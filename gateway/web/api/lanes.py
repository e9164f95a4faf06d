"""Lanes: what leaves by which carrier, whether it is well, and the switch of each."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, StringConstraints

from gateway.outbox.health import LaneSeen
from gateway.web.models import Body
from gateway.web.routing import Call, Route

TAG: Final = "messages"


class Lanes(BaseModel):
    """Every lane; there are few."""

    items: list[LaneSeen]


class Switch(Body):
    """Whether the lane may send from now on, and why."""

    enabled: bool
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


async def listed(call: Call[None, None]) -> Lanes:
    """Every lane, by channel and rank."""
    return Lanes(items=await call.services.lanes.lanes(call.session))


async def switch(call: Call[Switch, None]) -> LaneSeen:
    """Switch a lane on or off."""
    body = call.body
    return await call.services.lanes.switch(
        call.session, call.text("name"), on=body.enabled, why=body.why, actor=call.actor
    )


ROUTES: Final = (
    Route(
        method="GET",
        path="/lanes",
        handler=listed,
        scope="messages:read",
        tag=TAG,
        summary="List the lanes with their figures and what each node's breaker says",
        answer=Lanes,
    ),
    Route(
        method="PATCH",
        path="/lanes/{name}",
        handler=switch,
        scope="lanes:write",
        tag=TAG,
        summary="Switch a lane on or off; what it would have sent leaves by the other lanes of its channel, or waits",
        answer=LaneSeen,
        body=Switch,
        problems=(409,),
    ),
)
