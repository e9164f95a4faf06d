"""The policy: which texts may go, when and to whom; versions of it, each with who, when and why."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, JsonValue, StringConstraints

from gateway.kernel.errors import NotFound
from gateway.notices.policies import PolicyVersion
from gateway.web.models import Body
from gateway.web.paging import Page, PageQuery, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "policy"


class NewPolicy(Body):
    """Changes to the version in force, laid over it as a JSON Merge Patch: what is left out stays."""

    policy: dict[str, JsonValue]
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
    #: The version that was looked at: 409 where there is a newer one.
    version: int | None = Field(default=None, ge=1)


async def in_force(call: Call[Any, None]) -> PolicyVersion:
    """The version in force."""
    return await call.services.policy.version(call.session, None)


async def put(call: Call[NewPolicy, None]) -> PolicyVersion:
    """Make a new version."""
    body = call.body
    await call.services.policy.put(call.session, body.policy, why=body.why, base=body.version, actor=call.actor)
    return await in_force(call)


async def listed(call: Call[None, PageQuery]) -> Page[PolicyVersion]:
    """Versions, newest first."""
    query = call.query
    before = behind("policy", query.cursor, int)
    found = await call.services.policy.versions(call.session, before=before, limit=query.limit + 1)
    return Page[PolicyVersion](**cut("policy", found, query.limit, lambda one: one.version))


async def one(call: Call[None, None]) -> PolicyVersion:
    """One version."""
    number = call.text("version")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise NotFound("There is no such version of the policy.")
    return await call.services.policy.version(call.session, int(number))


ROUTES: Final = (
    Route(
        method="GET",
        path="/policy",
        handler=in_force,
        scope="policy:read",
        tag=TAG,
        summary="The policy in force",
        answer=PolicyVersion,
    ),
    Route(
        method="PUT",
        path="/policy",
        handler=put,
        scope="policy:write",
        tag=TAG,
        summary="Make a new version of the policy; it is in force at once, on every node",
        answer=PolicyVersion,
        body=NewPolicy,
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/policy/versions",
        handler=listed,
        scope="policy:read",
        tag=TAG,
        summary="Every version there was, newest first",
        answer=Page[PolicyVersion],
        query=PageQuery,
    ),
    Route(
        method="GET",
        path="/policy/versions/{version}",
        handler=one,
        scope="policy:read",
        tag=TAG,
        summary="One version of the policy",
        answer=PolicyVersion,
    ),
)
