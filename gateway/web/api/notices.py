"""Notices: drafted, approved by a second person, stopped and let go on."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from gateway.kernel.errors import InvalidInput
from gateway.notices import Draft, reading
from gateway.web.models import AccountNo, Body, Instant, Prose, Values, Word
from gateway.web.paging import Page, PageQuery, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "notices"
_MOST_ACCOUNTS: Final = 10_000

Month = Annotated[str, StringConstraints(pattern=r"^20\d\d(0[1-9]|1[0-2])$"), Field(examples=["202510"])]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$")]
Accounts = Annotated[list[AccountNo], Field(min_length=1, max_length=_MOST_ACCOUNTS)]


class _Notice(Body):
    """What every notice may carry."""

    tone: Literal["warm", "official"] | None = None
    not_before: Instant | None = None
    expires_at: Instant | None = None
    channels: list[Word] | None = Field(default=None, min_length=1, max_length=8)
    #: Minutes that each channel but the last may try before a text goes on.
    fallback_minutes: int | None = Field(default=None, ge=1, le=1440)

    def about(self, zone: ZoneInfo) -> dict[str, Any]:
        """The fields that belong to the kind."""
        return self.model_dump(exclude={"kind", *_Notice.model_fields}, exclude_none=True)


class BillNotice(_Notice):
    """The bills of a month."""

    kind: Literal["bill"]
    billing_month: Month


class ArrearsNotice(_Notice):
    """What is overdue of a month."""

    kind: Literal["arrears"]
    billing_month: Month


class SurveyNotice(_Notice):
    """Invitations to evaluate the work orders closed in a span; days are whole and the last one is included."""

    kind: Literal["survey"]
    closed_from: Day | Instant
    closed_to: Day | Instant

    def about(self, zone: ZoneInfo) -> dict[str, Any]:
        """The span as instants, its end excluded."""
        return {
            "closed_from": _instant(self.closed_from, zone, "closed_from", timedelta(0)).isoformat(),
            "closed_to": _instant(self.closed_to, zone, "closed_to", timedelta(days=1)).isoformat(),
        }


class _OutageNotice(_Notice):
    """What an outage asks to be told."""

    outage_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    #: Reminders, updates and restoration go out under the same notice and approval.
    follow: bool = True


class PlannedOutageNotice(_OutageNotice):
    """A planned outage, told to whom it will leave without supply."""

    kind: Literal["outage_planned"]


class FaultNotice(_OutageNotice):
    """A fault, told to whom it leaves without supply."""

    kind: Literal["outage_fault"]


class RestorationNotice(_OutageNotice):
    """The end of an outage, told to those who were told of it."""

    kind: Literal["restoration"]


class ContactConfirmNotice(_Notice):
    """A question to numbers whether they are still the right ones."""

    kind: Literal["contact_confirm"]
    accounts: Accounts | None = None
    due: Literal[True] | None = None

    @model_validator(mode="after")
    def _whom(self) -> ContactConfirmNotice:
        if (self.accounts is None) == (self.due is None):
            raise ValueError("either `accounts` or `due` is needed, and not both")
        return self


class Audience(Body):
    """Whom an announcement concerns: everything that is named, together."""

    accounts: Accounts | None = None
    transformer_areas: list[str] | None = Field(default=None, min_length=1, max_length=1000)
    feeders: list[str] | None = Field(default=None, min_length=1, max_length=1000)
    districts: list[str] | None = Field(default=None, min_length=1, max_length=1000)
    everyone: Literal[True] | None = None

    @model_validator(mode="after")
    def _somebody(self) -> Audience:
        if not self.model_dump(exclude_none=True):
            raise ValueError("an audience names `accounts`, `transformer_areas`, `feeders`, `districts` or `everyone`")
        return self


class AnnouncementNotice(_Notice):
    """A text of one's own to an audience."""

    kind: Literal["announcement"]
    template: Word = "announcement"
    values: Values
    audience: Audience


class DemandResponseNotice(_Notice):
    """A request to use less for some hours, to those of an audience who asked to be asked."""

    kind: Literal["demand_response"]
    starts_at: Instant
    ends_at: Instant
    audience: Audience

    def about(self, zone: ZoneInfo) -> dict[str, Any]:
        """The hours as texts, as a notice keeps them."""
        times = {"starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat()}
        return {**super().about(zone), **times}


AnyNotice = Annotated[
    BillNotice
    | ArrearsNotice
    | PlannedOutageNotice
    | FaultNotice
    | RestorationNotice
    | SurveyNotice
    | ContactConfirmNotice
    | AnnouncementNotice
    | DemandResponseNotice,
    Field(discriminator="kind"),
]
KINDS: Final = frozenset(
    {
        "bill",
        "arrears",
        "outage_planned",
        "outage_fault",
        "restoration",
        "survey",
        "contact_confirm",
        "announcement",
        "demand_response",
    }
)


class Approval(Body):
    """Who answers for it, where the law asks for a named person: a legal notice."""

    #: A staff number.
    head: Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)] | None = None


class Remark(Body):
    """Why."""

    remark: Prose | None = None


class NoticeQuery(PageQuery):
    """Which notices."""

    state: Annotated[list[str] | None, Words] = None
    kind: Annotated[list[str] | None, Words] = None


def _instant(value: str | datetime, zone: ZoneInfo, field: str, whole_day: timedelta) -> datetime:
    """A moment as it is; a day as its beginning at the utility's home, or the next day's."""
    if isinstance(value, datetime):
        return value
    try:
        day = _day.validate_python(value)
    except ValueError as error:
        raise InvalidInput("there is no such day", field=field) from error
    return datetime.combine(day + whole_day, time(), zone)


_day: Final[TypeAdapter[date]] = TypeAdapter(date)


async def draft(call: Call[Any, None]) -> reading.NoticeDetail:
    """Write a draft down."""
    body = call.body
    asked = Draft(
        kind=body.kind,
        about=body.about(call.services.settings.zone),
        tone=body.tone,
        not_before=body.not_before,
        expires_at=body.expires_at,
        channels=tuple(body.channels) if body.channels else None,
        fallback_minutes=body.fallback_minutes,
    )
    notice_id = await call.services.notices.draft(call.session, asked, actor=call.actor)
    return await reading.notice(call.session, notice_id)


async def listed(call: Call[None, NoticeQuery]) -> Page[reading.Notice]:
    """Notices, newest first."""
    query = call.query
    before = behind("notices", query.cursor, UUID)
    found = await reading.notices(
        call.session, states=query.state, kinds=query.kind, before=before, limit=query.limit + 1
    )
    return Page[reading.Notice](**cut("notices", found, query.limit, lambda one: one.id))


async def one(call: Call[None, None]) -> reading.NoticeDetail:
    """A notice with its counts."""
    return await reading.notice(call.session, call.id("notice"))


async def approve(call: Call[Approval, None]) -> reading.NoticeDetail:
    """Approve a draft."""
    notice_id = await _known(call)
    await call.services.notices.approve(
        call.session, notice_id, actor=call.actor, two_people=call.caller.two_people, head=call.body.head
    )
    return await reading.notice(call.session, notice_id)


async def pause(call: Call[Remark, None]) -> reading.NoticeDetail:
    """Keep back what has not left."""
    notice_id = await _known(call)
    await call.services.notices.pause(call.session, notice_id, actor=call.actor, remark=call.body.remark)
    return await reading.notice(call.session, notice_id)


async def resume(call: Call[None, None]) -> reading.NoticeDetail:
    """Let a paused notice go on."""
    notice_id = await _known(call)
    await call.services.notices.resume(call.session, notice_id, actor=call.actor)
    return await reading.notice(call.session, notice_id)


async def cancel(call: Call[Remark, None]) -> reading.NoticeDetail:
    """Give a notice up."""
    notice_id = await _known(call)
    await call.services.notices.cancel(call.session, notice_id, actor=call.actor, remark=call.body.remark)
    return await reading.notice(call.session, notice_id)


async def resend(call: Call[None, None]) -> reading.NoticeDetail:
    """Draft it again for those whom it did not reach."""
    again = await call.services.notices.resend(call.session, await _known(call), actor=call.actor)
    return await reading.notice(call.session, again)


async def _known(call: Call[Any, None]) -> UUID:
    notice_id = call.id("notice")
    await reading.known(call.session, notice_id)
    return notice_id


def _moving(name: str, handler: Any, summary: str, *, scope: str = "notices:write", body: Any = None) -> Route:
    return Route(
        method="POST",
        path=f"/notices/{{id}}/{name}",
        handler=handler,
        scope=scope,
        tag=TAG,
        summary=summary,
        answer=reading.NoticeDetail,
        body=body,
        body_optional=True,
        problems=(409,),
    )


ROUTES: Final = (
    Route(
        method="POST",
        path="/notices",
        handler=draft,
        scope="notices:write",
        tag=TAG,
        summary="Draft a notice",
        answer=reading.NoticeDetail,
        status=201,
        body=AnyNotice,
        body_tags=KINDS,
    ),
    Route(
        method="GET",
        path="/notices",
        handler=listed,
        scope="notices:read",
        tag=TAG,
        summary="List notices, newest first",
        answer=Page[reading.Notice],
        query=NoticeQuery,
    ),
    Route(
        method="GET",
        path="/notices/{id}",
        handler=one,
        scope="notices:read",
        tag=TAG,
        summary="One notice, with its messages counted by state and by withheld reason",
        answer=reading.NoticeDetail,
        quiet=True,
    ),
    _moving(
        "approve",
        approve,
        "Approve a draft; somebody other than who drafted it",
        scope="notices:approve",
        body=Approval,
    ),
    _moving("pause", pause, "Keep back what has not left", body=Remark),
    _moving("resume", resume, "Let a paused notice go on"),
    Route(
        method="POST",
        path="/notices/{id}/resend",
        handler=resend,
        scope="notices:write",
        tag=TAG,
        summary="Draft it again for those alone whom it did not reach",
        answer=reading.NoticeDetail,
        status=201,
        problems=(409,),
    ),
    _moving("cancel", cancel, "Give a notice up; what is queued is cancelled", body=Remark),
)
