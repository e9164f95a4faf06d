"""Outages: what is off, where and until when."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from gateway.notices import Draft
from gateway.notices.outages import reading
from gateway.notices.outages.keeping import NewOutage
from gateway.notices.outages.scopes import Scope
from gateway.web.models import AccountNo, Body, Instant
from gateway.web.paging import Page, PageQuery, QueryTime, Words, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "outages"
_MOST_PLACES: Final = 10_000

OutageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$"), Field(examples=["PO2503000006"])]
Place = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Places = Annotated[list[Place], Field(max_length=_MOST_PLACES)]
State = Literal["announced", "active", "restored", "cancelled"]
Reason = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)]


class ScopeBody(Body):
    """Where it is: codes (or names) of the grid, account numbers; everything that is named, together."""

    feeders: Places = Field(default_factory=list)
    transformer_areas: Places = Field(default_factory=list)
    accounts: Annotated[list[AccountNo], Field(max_length=_MOST_PLACES)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _somewhere(self) -> ScopeBody:
        if not (self.feeders or self.transformer_areas or self.accounts):
            raise ValueError("a scope names `feeders`, `transformer_areas` or `accounts`")
        return self

    def asked(self) -> Scope:
        """The scope as the domain has it."""
        return Scope(
            feeders=tuple(self.feeders),
            transformer_areas=tuple(self.transformer_areas),
            accounts=tuple(self.accounts),
        )


class OutageBody(Body):
    """A new outage. `ends_at` is the planned end, or the estimated restoration of a fault."""

    outage_id: OutageId | None = None
    kind: Literal["planned", "fault"]
    scope: ScopeBody
    starts_at: Instant
    ends_at: Instant | None = None
    reason: Reason | None = None
    state: State | None = None
    crew_at: Instant | None = None
    restored_at: Instant | None = None
    #: When it was announced elsewhere; less than seven days before its start makes it one at short notice.
    announced_at: Instant | None = None
    short_notice: bool | None = None
    customers_out: int | None = Field(default=None, ge=0)
    #: Draft the notice that tells of it.
    notify: bool = False


class OutageChange(Body):
    """What has changed; what is left out stays. A null takes an estimate away."""

    scope: ScopeBody | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    reason: Reason | None = None
    state: State | None = None
    crew_at: Instant | None = None
    restored_at: Instant | None = None
    customers_out: int | None = Field(default=None, ge=0)
    #: Draft the notice that tells of it, where none follows it already.
    notify: bool = False

    @model_validator(mode="after")
    def _something(self) -> OutageChange:
        for name in ("scope", "starts_at", "state"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"`{name}` cannot be taken away")
        return self


class OutageQuery(PageQuery):
    """Which outages; everything given must hold. `since` and `until` are about the start."""

    state: Annotated[list[State] | None, Words] = None
    kind: Annotated[list[Literal["planned", "fault"]] | None, Words] = None
    since: QueryTime | None = None
    until: QueryTime | None = None
    account_no: AccountNo | None = None


async def listed(call: Call[None, OutageQuery]) -> Page[reading.OutageRead]:
    """Outages, newest first."""
    query = call.query
    wanted = reading.OutageFilter(
        states=query.state, kinds=query.kind, since=query.since, until=query.until, account_no=query.account_no
    )
    before = behind("outages", query.cursor, int)
    found = await reading.outages(call.session, wanted, before=before, limit=query.limit + 1)
    page = cut("outages", found, query.limit, lambda one: one[0])
    return Page[reading.OutageRead](items=[outage for _, outage in page["items"]], next=page["next"])


async def one(call: Call[None, None]) -> reading.OutageDetail:
    """One outage."""
    return await reading.outage(call.session, call.text("outage_id"))


async def announce(call: Call[OutageBody, None]) -> reading.OutageDetail:
    """Write a new outage down."""
    body = call.body
    given = body.model_dump(exclude={"outage_id", "kind", "scope", "notify"}, exclude_none=True)
    new = NewOutage(kind=body.kind, scope=body.scope.asked(), given=given, outage_no=body.outage_id)
    outage_no = await call.services.outages.announce(call.session, new, actor=call.actor)
    if body.notify:
        await _draft(call, outage_no)
    return await reading.outage(call.session, outage_no)


async def change(call: Call[OutageChange, None]) -> reading.OutageDetail:
    """Change an outage."""
    body, outage_no = call.body, call.text("outage_id")
    changed = {name: getattr(body, name) for name in body.model_fields_set - {"scope", "notify"}}
    scope = body.scope.asked() if body.scope is not None else None
    await call.services.outages.change(call.session, outage_no, changed, scope=scope, actor=call.actor)
    if body.notify:
        await _draft(call, outage_no)
    return await reading.outage(call.session, outage_no)


async def _draft(call: Call[Any, None], outage_no: str) -> UUID | None:
    """Draft the notice that an outage asks for as it stands; None where one follows it, or nothing is to be told."""
    outage = await reading.outage(call.session, outage_no)
    if outage.state == "cancelled" or any(one.follow and one.state != "cancelled" for one in outage.notices):
        return None
    kind = "restoration" if outage.state == "restored" else f"outage_{outage.kind}"
    draft = Draft(kind=kind, about={"outage_id": outage_no})
    return await call.services.notices.draft(call.session, draft, actor=call.actor)


ROUTES: Final = (
    Route(
        method="GET",
        path="/outages",
        handler=listed,
        scope="outages:read",
        tag=TAG,
        summary="List outages, newest first",
        answer=Page[reading.OutageRead],
        query=OutageQuery,
    ),
    Route(
        method="GET",
        path="/outages/{outage_id}",
        handler=one,
        scope="outages:read",
        tag=TAG,
        summary="One outage with its history, its notices, and how many know what of it",
        answer=reading.OutageDetail,
    ),
    Route(
        method="POST",
        path="/outages",
        handler=announce,
        scope="outages:write",
        tag=TAG,
        summary="A new outage; nothing is sent without a notice, which `notify` drafts",
        answer=reading.OutageDetail,
        status=201,
        body=OutageBody,
        problems=(409,),
    ),
    Route(
        method="PATCH",
        path="/outages/{outage_id}",
        handler=change,
        scope="outages:write",
        tag=TAG,
        summary="Change an outage; the notices that follow it tell what is not true any more",
        answer=reading.OutageDetail,
        body=OutageChange,
        problems=(409,),
    ),
)
