"""The sandbox's test clock. None of this exists in live mode."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.kernel.errors import InvalidInput
from gateway.web import problems
from gateway.web.models import Body, Instant
from gateway.web.paging import in_reach
from gateway.web.problems import Refusal
from gateway.web.routing import Call, Route
from gateway.web.services import Sandbox

TAG: Final = "sandbox"
#: The longest that `/sandbox/idle` waits, in seconds.
MOST_PATIENCE: Final = 600


class ClockMove(Body):
    """Where to move the clock: to an instant, or on by an ISO 8601 duration such as `PT3H`."""

    now: Instant | None = None
    advance: Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=3660))] | None = None

    @model_validator(mode="after")
    def _one(self) -> ClockMove:
        if (self.now is None) == (self.advance is None):
            raise ValueError("either `now` or `advance` is needed, and not both")
        return self


class ClockReading(BaseModel):
    """What time it is in the sandbox."""

    now: datetime


class IdleQuery(BaseModel):
    """How long to wait, in seconds."""

    model_config = ConfigDict(extra="forbid")

    timeout: float = Field(default=30, ge=0, le=MOST_PATIENCE, allow_inf_nan=False)


class Idle(BaseModel):
    """Nothing is in progress."""

    idle: bool
    now: datetime


def _sandbox(call: Call[Any, Any]) -> Sandbox:
    sandbox = call.services.sandbox
    assert sandbox is not None, "the route is offered in the sandbox only"
    return sandbox


async def read(call: Call[None, None]) -> ClockReading:
    """The time."""
    return ClockReading(now=call.services.clock.now())


async def move(call: Call[ClockMove, None]) -> ClockReading:
    """Move the clock; the answer comes when everything due in between is done."""
    target = call.body.now
    if call.body.advance is not None:
        target = call.services.clock.now() + call.body.advance
    assert target is not None
    try:
        in_reach(target)
    except ValueError as error:
        raise InvalidInput(str(error), field="advance") from error
    return ClockReading(now=await _sandbox(call).move_to(target))


async def idle(call: Call[None, IdleQuery]) -> Idle:
    """Wait until nothing is in progress."""
    busy = await _sandbox(call).idle(call.query.timeout)
    if busy:
        raise Refusal(problems.TOO_SLOW, f"Still in progress: {', '.join(busy)}.")
    return Idle(idle=True, now=call.services.clock.now())


ROUTES: Final = (
    Route(
        method="GET",
        path="/sandbox/clock",
        handler=read,
        scope="sandbox",
        tag=TAG,
        summary="The test clock",
        answer=ClockReading,
        sandbox_only=True,
        quiet=True,
    ),
    Route(
        method="POST",
        path="/sandbox/clock",
        handler=move,
        scope="sandbox",
        tag=TAG,
        summary="Set the test clock or move it on; answers when all that fell due is done",
        answer=ClockReading,
        body=ClockMove,
        sandbox_only=True,
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/sandbox/idle",
        handler=idle,
        scope="sandbox",
        tag=TAG,
        summary="Wait until no import, notice, message or inbound is in progress",
        answer=Idle,
        query=IdleQuery,
        sandbox_only=True,
        quiet=True,
        problems=(408,),
    ),
)
