"""How an outage may begin and go on: its facts, what a change makes of them, and whether people are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from gateway.kernel.errors import Conflict, InvalidInput
from gateway.notices.outages.timetable import USUAL, Timetable

Kind = Literal["planned", "fault"]
State = Literal["announced", "active", "restored", "cancelled"]
OVER: Final = frozenset({"restored", "cancelled"})
#: By how much the clock of whoever reports a fault may be ahead of ours.
_CLOCKS_DIFFER: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an outage. `ends_at` is the planned end or the estimated restoration."""

    kind: Kind
    state: State
    starts_at: datetime
    ends_at: datetime | None
    announced_at: datetime
    short_notice: bool
    crew_at: datetime | None = None
    restored_at: datetime | None = None
    reason: str | None = None
    customers_out: int | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, or never was."""
        return self.state in OVER


#: What a change may bring; anything else is not a fact of an outage.
CHANGEABLE: Final = frozenset({"starts_at", "ends_at", "crew_at", "restored_at", "reason", "customers_out", "state"})
FACTS: Final = tuple(one.name for one in fields(Facts))


def begin(kind: Kind, given: Mapping[str, Any], now: datetime, table: Timetable = USUAL) -> Facts:
    """The facts of a new outage from what is given of it (None counts as not given).

    An outage whose planned end has passed is history: it counts as restored then. Raises InvalidInput.
    """
    said = {name: value for name, value in given.items() if value is not None}
    starts_at = said.get("starts_at")
    if starts_at is None:
        raise InvalidInput("an outage needs the time at which it starts", field="starts_at")
    announced_at = min(said.get("announced_at", now), now)
    short = said.get("short_notice", kind == "planned" and starts_at - announced_at < table.statutory)
    facts = Facts(
        kind=kind,
        state=said.get("state") or ("active" if kind == "fault" or starts_at <= now else "announced"),
        starts_at=starts_at,
        ends_at=said.get("ends_at"),
        announced_at=announced_at,
        short_notice=bool(short) and kind == "planned",
        crew_at=said.get("crew_at"),
        restored_at=said.get("restored_at"),
        reason=said.get("reason"),
        customers_out=said.get("customers_out"),
    )
    if "state" not in said and facts.restored_at is not None:
        facts = replace(facts, state="restored")
    if "state" not in said and kind == "planned" and facts.ends_at is not None and facts.ends_at <= now:
        facts = replace(facts, state="restored", restored_at=facts.restored_at or facts.ends_at)
    return _sound(facts, now)


def go_on(facts: Facts, change: Mapping[str, Any], now: datetime) -> Facts:
    """The facts after a change; None takes a fact away. Raises Conflict where it is over, InvalidInput otherwise."""
    changed = replace(facts, **{name: value for name, value in change.items() if name in CHANGEABLE})
    if facts.over:
        if changed.state != facts.state or _times(changed) != _times(facts):
            raise Conflict(f"the outage is {facts.state}; what goes off again is another outage")
        return _sound(changed, now)
    if change.get("state") == "restored" and "restored_at" not in change and (end := change.get("ends_at")) is not None:
        # Who reports the end with its time means that time.
        changed = replace(changed, restored_at=end)
    if "state" not in change:
        if change.get("restored_at") is not None:
            changed = replace(changed, state="restored")
        elif changed.kind == "planned":
            changed = replace(changed, state="active" if changed.starts_at <= now else "announced")
    return _sound(changed, now)


def _times(facts: Facts) -> tuple[datetime, datetime | None]:
    return facts.starts_at, facts.ends_at


def _sound(facts: Facts, now: datetime) -> Facts:
    """The facts, with the end that a restoration implies. Raises InvalidInput where they contradict each other."""
    if facts.kind == "fault" and facts.starts_at > now + _CLOCKS_DIFFER:
        raise InvalidInput("a fault cannot start later than now", field="starts_at")
    if facts.ends_at is not None and facts.ends_at <= facts.starts_at:
        raise InvalidInput("it ends before it starts", field="ends_at")
    if facts.state == "restored":
        restored_at = facts.restored_at or now
        facts = replace(facts, restored_at=min(restored_at, now))
        if facts.restored_at is not None and facts.restored_at < facts.starts_at:
            raise InvalidInput("it was restored before it began", field="restored_at")
    elif facts.restored_at is not None:
        raise InvalidInput("only a restored outage has a time of restoration", field="restored_at")
    if facts.kind == "planned" and facts.ends_at is None:
        raise InvalidInput("a planned outage needs the time at which it ends", field="ends_at")
    if facts.kind == "fault" and facts.state == "announced":
        raise InvalidInput("a fault is active, restored or cancelled", field="state")
    return facts


def tells(before: Facts, after: Facts) -> bool:
    """Whether a change makes what people were told untrue, so that it has to be told."""
    if before.state != after.state and after.over:
        return True
    if after.over:
        return False
    if after.kind == "planned":
        return _times(before) != _times(after)
    return before.ends_at != after.ends_at or _crew_slips(before, after)


def _crew_slips(before: Facts, after: Facts) -> bool:
    """Whether a crew comes later than was said to those who know of no time yet at which supply is back."""
    if after.ends_at is not None or before.crew_at is None or after.crew_at is None:
        return False
    return after.crew_at > before.crew_at
