"""Drafting a notice: by month, by span, by what is due, or by audience on the grid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import BeforeValidator, Field, StringConstraints, ValidationError

from gateway.archive.reading import grid
from gateway.kernel.errors import FieldError, InvalidInput
from gateway.notices import Draft
from gateway.notices.outages import reading as outages
from gateway.web.api import notices as api
from gateway.web.console.pages import Form, Page, Query, View, faults

#: What may be drafted, in the order of the tabs; `outage` is the three kinds that an outage asks for.
KINDS: Final = ("arrears", "bill", "outage", "survey", "contact_confirm", "announcement", "demand_response")
_MODELS: Final[Mapping[str, Any]] = {
    "arrears": api.ArrearsNotice,
    "bill": api.BillNotice,
    "outage_planned": api.PlannedOutageNotice,
    "outage_fault": api.FaultNotice,
    "restoration": api.RestorationNotice,
    "survey": api.SurveyNotice,
    "contact_confirm": api.ContactConfirmNotice,
    "announcement": api.AnnouncementNotice,
    "demand_response": api.DemandResponseNotice,
}
#: The kind as the tab names it, and the outage's own.
_TAB_OF: Final = {"outage_planned": "outage", "outage_fault": "outage", "restoration": "outage"}
_between: Final = re.compile(r"[\s,;，；、]+").split


def listed(value: object) -> object:
    """What was typed or chosen as a list: words parted by blanks, commas or lines."""
    parts = value if isinstance(value, list) else [value]
    return [word for part in parts for word in _between(str(part)) if word]


def chosen(value: object) -> object:
    """What was chosen of a list; one choice comes alone."""
    return value if isinstance(value, list) else [value]


Listed = Annotated[list[str], BeforeValidator(listed)]
Chosen = Annotated[list[str], BeforeValidator(chosen)]
Moment = Annotated[datetime, Field(strict=False)]


class NewQuery(Query):
    """What is to be drafted, and for which outage."""

    kind: Literal["arrears", "bill", "outage", "survey", "contact_confirm", "announcement", "demand_response"] = (
        "arrears"
    )
    outage_id: str | None = None


class AreasQuery(Query):
    """The feeders whose areas are wanted; parted by commas where there are several."""

    feeders: str = ""


class Drafting(Form):
    """A notice as it is asked for; which fields matter depends on the kind."""

    kind: Annotated[str, StringConstraints(max_length=32)]
    billing_month: str | None = None
    outage_id: str | None = None
    follow: Literal["yes"] | None = None
    closed_from: str | None = None
    closed_to: str | None = None
    whom: Literal["due", "accounts", "everyone", "grid"] | None = None
    accounts: Listed = Field(default_factory=list)
    feeders: Chosen = Field(default_factory=list)
    transformer_areas: Chosen = Field(default_factory=list)
    districts: Listed = Field(default_factory=list)
    text: Annotated[str, StringConstraints(max_length=2000)] | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    tone: Literal["warm", "official"] | None = None
    not_before: Moment | None = None
    expires_at: Moment | None = None
    channels: Chosen = Field(default_factory=list)
    fallback_minutes: Annotated[int, Field(strict=False)] | None = None


async def new(view: View) -> web.StreamResponse:
    """The form."""
    query: NewQuery | None = view.query
    given = str(view.given.get("kind") or "")
    kind = query.kind if query is not None else _TAB_OF.get(given, given)
    if kind not in KINDS:
        kind = "arrears"
    return view.render(
        "notices/new.html",
        kind=kind,
        kinds=[one for one in KINDS if one != "survey" or view.may("evaluations:invite")],
        outage_id=query.outage_id if query is not None else None,
        outages=await _outages(view) if kind == "outage" else (),
        feeders=await grid.feeders(view.session) if kind in ("announcement", "demand_response") else (),
        month=f"{view.now:%Y-%m}",
        channels=sorted(view.services.notices.channels, key=lambda one: (one == "sms", one)),
    )


async def _outages(view: View) -> list[outages.OutageRead]:
    wanted = outages.OutageFilter(states=["announced", "active", "restored"])
    found = await outages.outages(view.session, wanted, before=None, limit=100)
    return [one for _, one in found]


async def areas(view: View) -> web.StreamResponse:
    """The transformer areas on the feeders that are chosen, to choose from."""
    query: AreasQuery = view.query
    chosen = [code for code in query.feeders.split(",") if code][:50]
    return view.render("notices/areas.html", areas=await grid.areas(view.session, chosen))


async def draft(view: View) -> web.StreamResponse:
    """Write a draft down, and go on to what it would do."""
    form: Drafting = view.form
    kind = form.kind
    if kind == "outage":
        kind = await _kind_of(view, form.outage_id)
    model = _MODELS.get(kind)
    if model is None:
        raise InvalidInput(f"no such kind of notice: {kind}", field="kind")
    try:
        body = model.model_validate({"kind": kind, **_common(form, view), **_about(kind, form, view)})
    except ValidationError as error:
        raise _plainly(faults(error)) from error
    asked = Draft(
        kind=kind,
        about=body.about(view.services.settings.zone),
        tone=body.tone,
        not_before=body.not_before,
        expires_at=body.expires_at,
        channels=tuple(body.channels) if body.channels else None,
        fallback_minutes=body.fallback_minutes,
    )
    notice_id = await view.services.notices.draft(view.session, asked, actor=view.actor)
    return view.go(f"/notices/{notice_id}/preview", "notices.drafted_note")


async def _kind_of(view: View, outage_id: str | None) -> str:
    """What an outage asks to be told as it stands."""
    if not outage_id:
        raise InvalidInput("an outage has to be chosen", errors=[FieldError("outage_id", "is needed", "missing")])
    outage = await outages.outage(view.session, outage_id)
    return "restoration" if outage.state == "restored" else f"outage_{outage.kind}"


def _common(form: Drafting, view: View) -> dict[str, Any]:
    common = {
        "tone": form.tone, "not_before": form.not_before, "expires_at": form.expires_at,
        "channels": form.channels or None, "fallback_minutes": form.fallback_minutes,
    }  # fmt: skip
    return {name: moment(value, view) for name, value in common.items() if value is not None}


def moment(value: Any, view: View) -> Any:
    """A time that was typed without an offset is the viewer's own; as the interface writes it."""
    if not isinstance(value, datetime):
        return value
    return (value if value.tzinfo is not None else value.replace(tzinfo=view.zone)).isoformat()


def _about(kind: str, form: Drafting, view: View) -> dict[str, Any]:
    if kind in ("arrears", "bill"):
        return {"billing_month": (form.billing_month or "").replace("-", "")}
    if kind in ("outage_planned", "outage_fault", "restoration"):
        return {"outage_id": form.outage_id, "follow": form.follow == "yes"}
    if kind == "survey":
        return _given({"closed_from": form.closed_from, "closed_to": form.closed_to})
    if kind == "contact_confirm":
        return {"due": True} if form.whom != "accounts" else {"accounts": form.accounts}
    audience = {"everyone": True} if form.whom == "everyone" else _given(_places(form))
    if kind == "demand_response":
        times = {"starts_at": moment(form.starts_at, view), "ends_at": moment(form.ends_at, view)}
        return {**_given(times), "audience": audience}
    return {"values": _given({"text": form.text}), "audience": audience}


def _places(form: Drafting) -> dict[str, list[str]]:
    if form.whom == "accounts":
        return {"accounts": form.accounts}
    # Areas that were chosen stand for their feeders.
    return {
        "feeders": [] if form.transformer_areas else form.feeders,
        "transformer_areas": form.transformer_areas,
        "districts": form.districts,
    }


def _given(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in named.items() if value}


def _plainly(error: InvalidInput) -> InvalidInput:
    """Faults by the fields of the form."""
    found = [FieldError(one.field.partition("[")[0].removeprefix("audience."), one.message, one.code)
             for one in error.errors]  # fmt: skip
    return InvalidInput(str(error), errors=found)


PAGES: Final = (
    Page(
        method="GET", path="/notices/new", handler=new, scope="notices:write", title="notices.new", whole=True,
        under="/notices", query=NewQuery,
    ),
    Page(
        method="POST", path="/notices", handler=draft, scope="notices:write", title="notices.new", whole=True,
        under="/notices", form=Drafting, again=new,
    ),
    Page(
        method="GET", path="/grid/areas", handler=areas, scope="outages:read", whole=True, part=True,
        query=AreasQuery,
    ),
)  # fmt: skip
