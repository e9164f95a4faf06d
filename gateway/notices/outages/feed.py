"""Events of an outage management system, in the field's vocabulary (domain notes §3.9), as outages.

The names are those that such systems export: the properties of a notification (OUTAGETIME, ESTRESTTIME, …), and
those of the events themselves (startDateTime, estimatedRestorationTime, …). What an event leaves out stays as it
was; a null takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from gateway.kernel.errors import InvalidInput
from gateway.notices.outages import keeping
from gateway.notices.outages.explaining import Earlier
from gateway.notices.outages.keeping import NewOutage
from gateway.notices.outages.lives import OVER, Kind
from gateway.notices.outages.scopes import Scope
from gateway.notices.outages.timetable import USUAL, Timetable

Became = Literal["created", "updated", "unchanged", "stale"]

#: Facts of ours by the name of the event's field.
_FACTS: Final[Mapping[str, str]] = {
    "outage_time": "starts_at",
    "est_rest_time": "ends_at",
    "crew_eta": "crew_at",
    "completion_time": "restored_at",
    "cause": "reason",
    "customers_out": "customers_out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it came. `said` holds what it says, by the names of `_FACTS`; None takes a fact away."""

    outage_no: str
    kind: Kind | None
    said: Mapping[str, Any]
    scope: Scope | None
    #: The affected customers are more of them, not all of them.
    incremental: bool = False
    #: The event was found false, or will not take place.
    discarded: bool = False
    #: Rises with every update; an event with a lower one than is known comes late.
    reference: int | None = None


def facts_of(event: Event) -> dict[str, Any]:
    """What an event changes, in our words."""
    facts = {_FACTS[name]: value for name, value in event.said.items()}
    if event.discarded:
        # Of a false event, the completion is the moment at which that was found out.
        facts.pop("restored_at", None)
        return {**facts, "state": "cancelled"}
    if facts.get("restored_at") is None:
        facts.pop("restored_at", None)
    return facts


async def take(
    connection: Any,
    event: Event,
    *,
    actor: str,
    now: datetime,
    zone: ZoneInfo,
    table: Timetable = USUAL,
    earlier: Earlier | None = None,
) -> Became:
    """Bring an event into the outages, in the connection's transaction; what that did.

    Raises InvalidInput for an event that cannot be, and Conflict for one about an outage that is over.
    """
    row = (await keeping.hold(connection, [event.outage_no])).get(event.outage_no)
    facts = facts_of(event)
    if row is None:
        became: Became = await _begin(connection, event, facts, actor, now, table, earlier)
    elif event.reference is not None and row["reference"] is not None and event.reference <= row["reference"]:
        return "stale"
    else:
        if event.kind not in (None, row["kind"]):
            raise InvalidInput(f"{event.outage_no} is known as a {row['kind']} outage", field="outageType")
        if row["state"] in OVER:
            facts = {name: value for name, value in facts.items() if name in ("reason", "customers_out")}
        changed = await keeping.change(
            connection,
            event.outage_no,
            facts,
            scope=None if row["state"] in OVER else event.scope,
            add_to_scope=event.incremental,
            actor=actor,
            now=now,
            zone=zone,
            table=table,
            earlier=earlier,
        )
        became = "updated" if changed else "unchanged"
    if event.reference is not None:
        await connection.execute(
            "UPDATE outage SET reference = $2 WHERE outage_no = $1", event.outage_no, event.reference
        )
    return became


async def _begin(
    connection: Any,
    event: Event,
    facts: Mapping[str, Any],
    actor: str,
    now: datetime,
    table: Timetable,
    earlier: Earlier | None,
) -> Became:
    if event.scope is None:
        raise InvalidInput("a new event names feeders, transformer areas or affected customers", field="customers")
    new = NewOutage(kind=event.kind or "fault", scope=event.scope, given=facts, outage_no=event.outage_no)
    await keeping.announce(connection, new, actor=actor, now=now, table=table, earlier=earlier)
    return "created"
