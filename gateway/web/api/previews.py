"""Previews: what a notice would do if it were approved now."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateway.notices import KeptPreview, Preview
from gateway.web import idempotency
from gateway.web.routing import Call, Route, json_response

TAG: Final = "notices"
#: Seconds that a caller is kept waiting for a preview, below what proxies allow.
_PATIENCE: Final = 50


class PreviewSample(BaseModel):
    """One text as it would go out, its number masked."""

    model_config = ConfigDict(from_attributes=True)

    to: str = Field(validation_alias="to_masked")
    body: str
    segments: int
    accounts: int
    not_before: datetime


class PreviewTwice(BaseModel):
    """A number that would get another text on the same day, masked, and the kinds of the others."""

    model_config = ConfigDict(from_attributes=True)

    to: str = Field(validation_alias="to_masked")
    kinds: list[str]


class PreviewSuperseded(BaseModel):
    """Texts of another notice that wait and would be replaced."""

    model_config = ConfigDict(from_attributes=True)

    notice_id: UUID | None
    kind: str
    messages: int


class NoticePreview(BaseModel):
    """What a notice would do if it were approved now."""

    model_config = ConfigDict(from_attributes=True)

    #: `running`: the figures are those of what was gone through so far. `failed` and `broken_off`: ask again.
    state: Literal["running", "done", "failed", "broken_off"]
    #: The moment it is true of.
    begun_at: datetime
    #: Why it failed.
    error: str | None
    #: What it concerns (bills, work orders, accounts), as far as that was found and gone through.
    found: int
    audience: int
    messages: int
    #: Numbers that would be written to.
    recipients: int
    segments: int
    #: Segments at `SEGMENT_PRICE`, in the utility's currency.
    cost: Decimal
    #: Reason → number of texts.
    withheld: dict[str, int]
    #: Hour (UTC) → number of texts that would leave in it.
    by_hour: dict[datetime, int]
    #: Segments → number of texts.
    by_segments: dict[int, int]
    samples: list[PreviewSample]
    #: Numbers that would get two texts or more on one day, and up to ten of them.
    twice_a_day: int
    twice_samples: list[PreviewTwice]
    #: Earlier texts that those of this notice say are true no more.
    supersedes: list[PreviewSuperseded]

    @classmethod
    def of(cls, kept: KeptPreview) -> NoticePreview:
        """What was found, and how far that is."""
        facts = {name: getattr(kept.found, name) for name in Preview.__dataclass_fields__}
        return cls.model_validate(
            {**facts, "state": kept.state, "begun_at": kept.begun_at, "error": kept.error}, from_attributes=True
        )


class PreviewQuery(BaseModel):
    """How long to wait."""

    model_config = ConfigDict(extra="forbid")

    #: Seconds to wait for the end; what is not finished by then goes on being made.
    wait: float = Field(default=_PATIENCE, ge=0, le=300)


async def preview(call: Call[None, PreviewQuery]) -> web.Response:
    """What it would do: 200 where that is known, 202 where it is still being found out.

    No transaction is open meanwhile; an unfinished answer is not kept for an Idempotency-Key.
    """
    notice_id, sessions = call.id("notice"), call.services.database.session
    if call.claim is not None:
        async with sessions() as session:
            if (earlier := await idempotency.claim(session, call.claim)) is not None:
                return json_response(earlier.body.encode(), earlier.status)
    kept = await call.services.previews.ask(notice_id, call.query.wait)
    body = NoticePreview.of(kept).model_dump_json()
    if kept.state != "done":
        return json_response(body.encode(), 202)
    if call.claim is not None:
        async with sessions() as session:
            if (earlier := await idempotency.claim(session, call.claim)) is not None:
                return json_response(earlier.body.encode(), earlier.status)
            await idempotency.keep(session, call.claim, 200, body)
            await session.commit()
    return json_response(body.encode(), 200)


async def last_preview(call: Call[None, None]) -> NoticePreview:
    """The last preview that was asked for."""
    return NoticePreview.of(await call.services.previews.last(call.id("notice")))


ROUTES: Final = (
    Route(
        method="POST",
        path="/notices/{id}/preview",
        handler=preview,
        scope="notices:read",
        tag=TAG,
        summary="What it would do: counts, reasons, segments, sample texts; 202 while that is being found out",
        answer=NoticePreview,
        query=PreviewQuery,
        own_transaction=True,
        problems=(409,),
        also=(202,),
    ),
    Route(
        method="GET",
        path="/notices/{id}/preview",
        handler=last_preview,
        scope="notices:read",
        tag=TAG,
        summary="The last preview that was asked for, as far as it is",
        answer=NoticePreview,
        quiet=True,
    ),
)
