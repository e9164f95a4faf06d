"""The feed of an outage management system: events in the field's vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, WrapValidator

from gateway.kernel.errors import Conflict, InvalidInput
from gateway.notices import Draft
from gateway.notices.outages import feed, reading
from gateway.notices.outages.scopes import Scope
from gateway.web import problems
from gateway.web.api.messages import FieldProblem, judged
from gateway.web.models import AccountNo, Body, Instant
from gateway.web.routing import Call, Route

TAG: Final = "outages"
_MOST_EVENTS: Final = 1000
_MOST_CUSTOMERS: Final = 10_000

EventId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Place = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
_KINDS: Final = {"planned": "planned", "C1PL": "planned", "unplanned": "fault", "C1UP": "fault", "fault": "fault"}


class FeedEvent(BaseModel):
    """One event. Names that are not known here are passed over: such feeds carry more than we tell."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)

    outage_id: EventId = Field(validation_alias=AliasChoices("externalOutageId", "outageId", "OUTAGEID", "EVENTID"))
    outage_type: Literal["planned", "unplanned", "fault", "C1PL", "C1UP"] | None = Field(
        default=None, validation_alias=AliasChoices("outageType", "OUTAGETYPE")
    )
    outage_time: Instant | None = Field(
        default=None, validation_alias=AliasChoices("OUTAGETIME", "startDateTime", "plannedStartDateTime")
    )
    est_rest_time: Instant | None = Field(
        default=None, validation_alias=AliasChoices("ESTRESTTIME", "estimatedRestorationTime", "plannedEndDateTime")
    )
    crew_eta: Instant | None = Field(default=None, validation_alias=AliasChoices("CREWETA", "crewEta"))
    completion_time: Instant | None = Field(
        default=None, validation_alias=AliasChoices("COMPLETIONTIME", "completionDateTime")
    )
    cause: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, validation_alias=AliasChoices("CAUSE", "cause")
    )
    customers_out: int | None = Field(
        default=None, ge=0, validation_alias=AliasChoices("CUSTOMERSOUT", "impactedCustomers")
    )
    discarded: bool = False
    incremental_update: bool = Field(default=False, validation_alias="incrementalUpdate")
    customers: Annotated[list[AccountNo], Field(max_length=_MOST_CUSTOMERS)] | None = Field(
        default=None, validation_alias=AliasChoices("customers", "AFFECTEDCUSTOMERLIST")
    )
    feeders: Annotated[list[Place], Field(max_length=_MOST_CUSTOMERS)] | None = None
    transformer_areas: Annotated[list[Place], Field(max_length=_MOST_CUSTOMERS)] | None = Field(
        default=None, validation_alias=AliasChoices("transformerAreas", "transformer_areas")
    )
    message_reference: Annotated[str, StringConstraints(pattern=r"^\d{1,18}$")] | None = Field(
        default=None, validation_alias="messageReference"
    )

    def asked(self) -> feed.Event:
        """The event as the domain has it."""
        facts = ("outage_time", "est_rest_time", "crew_eta", "completion_time", "cause", "customers_out")
        places = (self.feeders, self.transformer_areas, self.customers)
        scope = Scope(
            feeders=tuple(self.feeders or ()),
            transformer_areas=tuple(self.transformer_areas or ()),
            accounts=tuple(self.customers or ()),
        )
        kind = None if self.outage_type is None else _KINDS[self.outage_type]
        return feed.Event(
            outage_no=self.outage_id,
            kind=kind,  # type: ignore[arg-type]
            said={name: getattr(self, name) for name in facts if name in self.model_fields_set},
            scope=None if all(place is None for place in places) else scope,
            incremental=self.incremental_update,
            discarded=self.discarded,
            reference=None if self.message_reference is None else int(self.message_reference),
        )


#: An event, or what is wrong with it.
if TYPE_CHECKING:
    JudgedEvent = FeedEvent | ValidationError
else:
    JudgedEvent = Annotated[FeedEvent, WrapValidator(judged)]


class Feed(Body):
    """Events in the order in which they happened, each judged for itself."""

    events: Annotated[list[JudgedEvent], Field(min_length=1, max_length=_MOST_EVENTS)]
    #: Draft the notice of each new outage.
    notify: bool = False


class Taken(BaseModel):
    """What an event did, or what is wrong with it; without `outage_id` where the event has none that can be read."""

    outage_id: str | None = None
    became: Literal["created", "updated", "unchanged", "stale"] | None = None
    errors: list[FieldProblem] | None = None


class FeedAnswer(BaseModel):
    """One answer for each event, in order."""

    items: list[Taken]


async def take(call: Call[Feed, None]) -> FeedAnswer:
    """Take events in, each for itself: one that cannot be leaves the others alone."""
    items: list[Taken] = []
    for event in call.body.events:
        if not isinstance(event, FeedEvent):
            items.append(_unreadable(event))
            continue
        try:
            async with call.session.begin_nested():
                became = await call.services.outages.take(call.session, event.asked(), actor=call.actor)
                if became == "created" and call.body.notify:
                    await _draft(call, event.outage_id)
        except (InvalidInput, Conflict) as error:
            faults = error.errors if isinstance(error, InvalidInput) else ()
            found = [FieldProblem(field=one.field, message=one.message, code=one.code) for one in faults]
            items.append(
                Taken(
                    outage_id=event.outage_id,
                    errors=found or [FieldProblem(field="outageId", message=str(error), code="conflict")],
                )
            )
        else:
            items.append(Taken(outage_id=event.outage_id, became=became))
    return FeedAnswer(items=items)


def _unreadable(fault: ValidationError) -> Taken:
    """What is wrong with an event; its fields are named as it names them."""
    found = [FieldProblem(field=one.field, message=one.message, code=one.code) for one in problems.fields(fault)]
    return Taken(errors=found)


async def _draft(call: Call[Any, None], outage_no: str) -> None:
    outage = await reading.outage(call.session, outage_no)
    if outage.state in ("announced", "active"):
        draft = Draft(kind=f"outage_{outage.kind}", about={"outage_id": outage_no})
        await call.services.notices.draft(call.session, draft, actor=call.actor)


ROUTES: Final = (
    Route(
        method="POST",
        path="/outages/feed",
        handler=take,
        scope="outages:write",
        tag=TAG,
        summary="Events of an outage management system, in the field's vocabulary",
        answer=FeedAnswer,
        body=Feed,
    ),
)
