"""What must not wait, and what customers said about paying."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

from gateway.cases import alerts as alerting
from gateway.cases import reading
from gateway.web.models import AccountNo, Body, Prose
from gateway.web.paging import Page, PageQuery, behind, cut
from gateway.web.routing import Call, Route

TAG: Final = "cases"


class AlertQuery(PageQuery):
    """Which alerts."""

    state: Literal["open", "all"] = "open"


class NoteQuery(PageQuery):
    """Which notes on accounts."""

    account_no: AccountNo | None = None


class Acknowledgement(Body):
    """That somebody has taken an alert on."""

    note: Prose | None = None


async def alerts(call: Call[None, AlertQuery]) -> Page[reading.Alert]:
    """Alerts, newest first."""
    query = call.query
    before = behind("alerts", query.cursor, UUID)
    found = await reading.alerts(call.session, open_only=query.state == "open", before=before, limit=query.limit + 1)
    return Page[reading.Alert](**cut("alerts", found, query.limit, lambda one: one.id))


async def acknowledge(call: Call[Acknowledgement, None]) -> reading.Alert:
    """Take an alert on."""
    alert_id = call.id("alert")
    await alerting.acknowledge(call.session, alert_id, note=call.body.note, actor=call.actor, clock=call.services.clock)
    return await reading.alert(call.session, alert_id)


async def notes(call: Call[None, NoteQuery]) -> Page[reading.AccountNote]:
    """Notes on accounts, newest first."""
    query = call.query
    before = behind("notes", query.cursor, int)
    found = await reading.notes(call.session, account_no=query.account_no, before=before, limit=query.limit + 1)
    return Page[reading.AccountNote](**cut("notes", found, query.limit, lambda one: one.id))


ROUTES: Final = (
    Route(
        method="GET",
        path="/alerts",
        handler=alerts,
        scope="cases:read",
        tag=TAG,
        summary="List alerts that nobody has taken on, or all of them, newest first",
        answer=Page[reading.Alert],
        query=AlertQuery,
    ),
    Route(
        method="POST",
        path="/alerts/{id}/acknowledge",
        handler=acknowledge,
        scope="cases:write",
        tag=TAG,
        summary="Take an alert on",
        answer=reading.Alert,
        body=Acknowledgement,
        body_optional=True,
        problems=(409,),
    ),
    Route(
        method="GET",
        path="/notes",
        handler=notes,
        scope="cases:read",
        tag=TAG,
        summary="List what customers said about paying, as it was noted on their accounts, newest first",
        answer=Page[reading.AccountNote],
        query=NoteQuery,
    ),
)
