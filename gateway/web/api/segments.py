"""The segments of an account: tags with a reason, an owner and perhaps an end."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import StringConstraints

from gateway.archive import segments
from gateway.web.models import Body, Instant
from gateway.web.routing import Call, Route

TAG: Final = "archive"

Words = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
Owner = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]


class Tag(Body):
    """Whether it holds, why, on whose judgement, and until when."""

    #: False takes the tag off, whatever the archive's export says.
    holds: bool = True
    reason: Words
    owner: Owner
    expires_at: Instant | None = None


async def listed(call: Call[Any, None]) -> segments.SegmentsOfAccount:
    """The segments of an account."""
    return await segments.of_account(call.session, call.text("account_no"), call.services.clock.now())


async def put(call: Call[Tag, None]) -> segments.SegmentsOfAccount:
    """Put a tag on an account, or take it off."""
    await segments.put(
        call.session,
        call.text("account_no"),
        call.text("segment"),
        **call.body.model_dump(),
        actor=call.actor,
        at=call.services.clock.now(),
    )
    return await listed(call)


async def withdrawn(call: Call[None, None]) -> segments.SegmentsOfAccount:
    """Take back what a person said."""
    await segments.withdraw(
        call.session,
        call.text("account_no"),
        call.text("segment"),
        actor=call.actor,
        at=call.services.clock.now(),
    )
    return await listed(call)


ROUTES: Final = (
    Route(
        method="GET",
        path="/accounts/{account_no}/segments",
        handler=listed,
        scope="archive:read",
        tag=TAG,
        summary="The segments an account is in, and those that a person took off it",
        answer=segments.SegmentsOfAccount,
    ),
    Route(
        method="PUT",
        path="/accounts/{account_no}/segments/{segment}",
        handler=put,
        scope="archive:write",
        tag=TAG,
        summary="Put a tag on an account or take it off, with reason, owner and perhaps an end",
        answer=segments.SegmentsOfAccount,
        body=Tag,
    ),
    Route(
        method="DELETE",
        path="/accounts/{account_no}/segments/{segment}",
        handler=withdrawn,
        scope="archive:write",
        tag=TAG,
        summary="Take back what a person said of a segment; the archive's own word holds again",
        answer=segments.SegmentsOfAccount,
    ),
)
