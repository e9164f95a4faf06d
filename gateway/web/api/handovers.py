"""Hand-overs of cases between units: acknowledged, given back, rated by who receives them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from gateway.kernel.errors import NotFound
from gateway.web.api.cases import Case, Said, StaffNo, shown, writing
from gateway.web.models import Body, Prose
from gateway.web.routing import Call


class Taking(Body):
    """That the receiving unit has it, and who."""

    owner: StaffNo | None = None


class Returning(Body):
    """Why it is not for the receiving unit."""

    reason: Said


class Rating(Body):
    """How the hand-over was, by who received it: 1 to 5."""

    rating: Annotated[int, Field(ge=1, le=5)]
    note: Prose | None = None


async def acknowledge_handover(call: Call[Taking, None]) -> Case:
    """The receiving unit has it."""
    await call.services.cases.acknowledge(
        call.session, call.id("case"), _handover(call), owner_no=call.body.owner, actor=call.actor
    )
    return await shown(call)


async def return_handover(call: Call[Returning, None]) -> Case:
    """It is not for the receiving unit."""
    await call.services.cases.give_back(
        call.session, call.id("case"), _handover(call), reason=call.body.reason, actor=call.actor
    )
    return await shown(call)


async def rate_handover(call: Call[Rating, None]) -> Case:
    """Say how a hand-over was."""
    await call.services.cases.rate(
        call.session,
        call.id("case"),
        _handover(call),
        rating=call.body.rating,
        note=call.body.note,
        actor=call.actor,
        two_people=call.caller.two_people,
    )
    return await shown(call)


def _handover(call: Call[Any, None]) -> int:
    text = call.text("handover")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFound("There is no such hand-over.")
    return int(text)


ROUTES: Final = (
    writing(
        "handovers/{handover}/acknowledge",
        acknowledge_handover,
        "The receiving unit has the case",
        Taking,
        optional=True,
    ),
    writing("handovers/{handover}/return", return_handover, "Give the case back, with a reason", Returning),
    writing("handovers/{handover}/rate", rate_handover, "Rate the hand-over, as who received it", Rating),
)
