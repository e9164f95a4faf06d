"""When a planned outage is told of again (domain notes §3.6): seven days, 24 hours and the evening before.

The timetable is a part of the policy, which an admin may replace. Pure. A step is never later than what it owes:
where the moment lies outside the hours in which people are written to, it moves to the evening before. Who was told
shortly before a step is left in peace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from gateway.kernel.errors import InvalidInput

Ahead = Literal["week", "day", "eve"]
Step = Literal["announce", "week", "day", "eve", "update", "restored", "cancelled"]

_DAY: Final = timedelta(days=1)
_NONE: Final = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A step of the timetable: how long before the start it is owed, and how old what was told must be for it."""

    step: Ahead
    before: timedelta
    #: Owed at this time of the day before instead.
    on_the_eve: time | None = None
    unless_told_within: timedelta

    def __post_init__(self) -> None:
        if self.before <= _NONE:
            raise InvalidInput("a reminder comes before the start", field="outages.reminders")
        if (self.step == "eve") != (self.on_the_eve is not None):
            raise InvalidInput('the step "eve", and no other, is owed on the eve', field="outages.reminders")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """The steps of planned outages, and what goes with them. Figures are the product's own but for the first two.

    A reminder that is left out of `reminders` is not sent.
    """

    reminders: tuple[Reminder, ...] = (
        Reminder(step="week", before=timedelta(days=7), unless_told_within=timedelta(hours=48)),
        Reminder(step="day", before=timedelta(hours=24), unless_told_within=timedelta(hours=6)),
        Reminder(step="eve", before=_DAY, on_the_eve=time(18), unless_told_within=timedelta(hours=6)),
    )
    #: The hours into which a step is put; it has to leave before they close.
    first: time = time(8)
    last: time = time(18)
    #: Announced later than this before its start, an outage is one at short notice.
    statutory: timedelta = timedelta(days=7)
    #: How long an important user has to confirm before a person rings, and how long when it is soon.
    confirm_within: timedelta = timedelta(hours=4)
    confirm_soon: timedelta = timedelta(hours=1)
    #: When a person must have rung a home with a medical device: after a fault was told, and before a planned start.
    ring_after_fault: timedelta = timedelta(minutes=30)
    ring_before_start: timedelta = _DAY
    #: A restoration that could not be told for so long is not news any more.
    restoration_lasts: timedelta = _DAY
    #: How long after it ended an outage still explains that there is no supply.
    explains_after: timedelta = timedelta(hours=2)

    def __post_init__(self) -> None:
        if len({reminder.step for reminder in self.reminders}) != len(self.reminders):
            raise InvalidInput("each step is listed once", field="outages.reminders")
        if self.first >= self.last:
            raise InvalidInput("the hours of reminders close after they open", field="outages.last")
        if min(self.confirm_within, self.confirm_soon, self.ring_after_fault, self.restoration_lasts) <= _NONE:
            raise InvalidInput("a time to wait is longer than none", field="outages")


USUAL: Final = Timetable()
#: The timetable in force when it is asked.
Timetables = Callable[[], Timetable]


def usual() -> Timetable:
    """The product's own timetable."""
    return USUAL


@dataclass(frozen=True, slots=True)
class Due:
    """A step and the moment it is due."""

    step: Step
    at: datetime


def due_at(reminder: Reminder, starts_at: datetime, zone: ZoneInfo, table: Timetable = USUAL) -> datetime:
    """When a reminder is due, in `zone`."""
    if reminder.on_the_eve is not None:
        day = starts_at.astimezone(zone).date() - _DAY
        return datetime.combine(day, reminder.on_the_eve, zone)
    owed = (starts_at - reminder.before).astimezone(zone)
    if owed.time() < table.first:
        return datetime.combine(owed.date() - _DAY, table.last, zone)
    if owed.time() > table.last:
        return datetime.combine(owed.date(), table.last, zone)
    return owed


def next_due(starts_at: datetime, behind: datetime, zone: ZoneInfo, table: Timetable = USUAL) -> Due | None:
    """The first step that is due later than `behind` and before the start; None where none is left."""
    coming = [
        Due(reminder.step, at)
        for reminder in table.reminders
        if behind < (at := due_at(reminder, starts_at, zone, table)) < starts_at
    ]
    return min(coming, key=lambda due: due.at, default=None)


def reminder_of(step: str, table: Timetable = USUAL) -> Reminder | None:
    """The reminder of a step; None for steps that something that happened brings about."""
    return next((reminder for reminder in table.reminders if reminder.step == step), None)


def confirm_by(asked_at: datetime, starts_at: datetime, table: Timetable = USUAL) -> datetime:
    """Until when a text to an important user has to be confirmed before a person rings."""
    soon = starts_at - asked_at < _DAY + table.confirm_within
    return asked_at + (table.confirm_soon if soon else table.confirm_within)
