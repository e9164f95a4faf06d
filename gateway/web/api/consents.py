"""Consents on a number: given with their proof, taken back, read."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, StringConstraints

from gateway.archive import consents
from gateway.kernel import phones
from gateway.kernel.errors import NotFound
from gateway.web.models import Body, Instant, Word
from gateway.web.paging import Page
from gateway.web.routing import Call, Route

TAG: Final = "archive"

Proof = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


class NewConsent(Body):
    """What was consented to, where, and by what it can be proved."""

    purpose: Literal["advice", "demand_response"]
    source: Word
    evidence: Proof
    given_at: Instant | None = None


def _number(call: Call[Any, Any]) -> str:
    try:
        return phones.parse(call.text("number"), call.services.settings.region).e164
    except phones.InvalidPhone as error:
        raise NotFound("This is no telephone number.") from error


async def _all(call: Call[Any, Any]) -> Page[consents.Consent]:
    return Page[consents.Consent](items=await consents.of_number(call.session, _number(call)), next=None)


async def given(call: Call[NewConsent, None]) -> Page[consents.Consent]:
    """Record a consent."""
    body = call.body
    await consents.give(
        call.session,
        _number(call),
        body.purpose,
        source=body.source,
        evidence=body.evidence,
        actor=call.actor,
        at=body.given_at or call.services.clock.now(),
    )
    return await _all(call)


async def taken_back(call: Call[None, None]) -> Page[consents.Consent]:
    """End a consent."""
    await consents.take_back(
        call.session, _number(call), call.text("purpose"), actor=call.actor, at=call.services.clock.now()
    )
    return await _all(call)


async def listed(call: Call[None, None]) -> Page[consents.Consent]:
    """All consents of a number."""
    return await _all(call)


class Invited(BaseModel):
    """Whom the text went to."""

    number: str


async def invited(call: Call[None, None]) -> Invited:
    """Invite the holder of a number to the chat."""
    number = _number(call)
    await call.services.proofs.invite(call.session, number, actor=call.actor)
    return Invited(number=number)


class Unlinked(BaseModel):
    """How many chats were bound to the number."""

    chats: int


async def unlinked(call: Call[None, None]) -> Unlinked:
    """End the bindings of chats to a number."""
    return Unlinked(chats=await call.services.proofs.unlink(call.session, _number(call), actor=call.actor))


ROUTES: Final = (
    Route(
        method="POST",
        path="/contacts/{number}/chat-invitation",
        handler=invited,
        scope="messages:send",
        tag=TAG,
        summary="Send a number the word that binds a chat to it",
        answer=Invited,
        status=202,
    ),
    Route(
        method="DELETE",
        path="/contacts/{number}/chats",
        handler=unlinked,
        scope="archive:write",
        tag=TAG,
        summary="End the bindings of chats to a number",
        answer=Unlinked,
    ),
    Route(
        method="GET",
        path="/contacts/{number}/consents",
        handler=listed,
        scope="archive:read",
        tag=TAG,
        summary="Every consent given on a number, newest first",
        answer=Page[consents.Consent],
    ),
    Route(
        method="POST",
        path="/contacts/{number}/consents",
        handler=given,
        scope="archive:write",
        tag=TAG,
        summary="Record a consent with its proof",
        answer=Page[consents.Consent],
        body=NewConsent,
        status=201,
    ),
    Route(
        method="DELETE",
        path="/contacts/{number}/consents/{purpose}",
        handler=taken_back,
        scope="archive:write",
        tag=TAG,
        summary="End a consent; it stays on record",
        answer=Page[consents.Consent],
    ),
)
