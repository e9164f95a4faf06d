"""Messages that stay in doubt: whether the carrier has them is unknown, and a person decides."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.kernel.database import driver
from gateway.outbox import doubt, reading
from gateway.web.models import Body
from gateway.web.paging import Page, PageQuery, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "messages"


class DoubtQuery(PageQuery):
    """Which messages in doubt."""

    older_than: float = Field(default=doubt.LIMIT, ge=0, description="seconds in doubt, in real time")


class Doubtful(BaseModel):
    """A message that the carrier may or may not have."""

    id: UUID
    to: str
    kind: str
    notice_id: UUID | None
    lane: str | None = Field(description="the lane that it was handed to")
    claimed_at: datetime | None = Field(description="when the hand-over began")
    doubt_since: datetime = Field(description="in real time, whatever the test clock says")


class Decision(Body):
    """A person's word: `taken` as the carrier's own records say it."""

    taken: bool
    note: str | None = Field(default=None, max_length=500)


async def listed(call: Call[None, DoubtQuery]) -> Page[Doubtful]:
    """Messages in doubt, the oldest first."""
    query = call.query
    found = await doubt.in_doubt(
        await driver(call.session),
        limit=query.limit + 1,
        older_than=query.older_than,
        after=behind("doubts", query.cursor, UUID),
    )
    shown = [
        Doubtful(
            id=one.id,
            to=one.to_address,
            kind=one.kind,
            notice_id=one.notice_id,
            lane=one.lane,
            claimed_at=one.claimed_at,
            doubt_since=one.doubt_since,
        )
        for one in found
    ]
    return Page[Doubtful](**cut("doubts", shown, query.limit, lambda one: one.id))


async def decide(call: Call[Decision, None]) -> reading.MessageDetail:
    """Settle a message in doubt by a person's word."""
    message, body = call.id("message"), call.body
    await reading.message(call.session, message)
    await doubt.decide(
        await driver(call.session),
        message,
        taken=body.taken,
        at=call.services.clock.now(),
        by=call.actor,
        note=body.note,
    )
    return await reading.message(call.session, message)


ROUTES: Final = (
    Route(
        method="GET",
        path="/doubts",
        handler=listed,
        scope="messages:read",
        tag=TAG,
        summary="List messages that have been in doubt for long, the oldest first",
        answer=Page[Doubtful],
        query=DoubtQuery,
    ),
    Route(
        method="POST",
        path="/doubts/{id}/decide",
        handler=decide,
        scope="messages:decide",
        tag=TAG,
        summary="Say whether the carrier took a message in doubt; if it did not, it is sent again",
        answer=reading.MessageDetail,
        body=Decision,
        problems=(409,),
    ),
)
