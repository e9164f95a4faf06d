"""When a message may leave: the sending hours of each class, at the recipient's place.

Hours are those of the place that is served (domain notes §7): 08:00 means eight o'clock on the wall there, on
every side of a change of clocks. An opening includes its first moment and excludes its last. Everything here
is pure: the moment asked about is an argument, and answers are in UTC.

Public holidays come from the `holidays` package. Where a region trades working days for longer breaks, as
China does every year, a holiday is the whole break as people live it: the weekend inside the National Day
week is holiday too, and the Sunday worked for it is a working day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from gateway.kernel.errors import InvalidInput, Misconfigured


class HoursClass(StrEnum):
    """Which hours a text keeps; templates name theirs in the front matter."""

    #: Notices and surveys: 08:00–20:00 every day.
    SERVICE = "service"
    #: Arrears: 08:00–20:00, not on public holidays.
    ARREARS = "arrears"
    #: Commercial-adjacent: 09:00–20:00 on working days.
    ADVICE = "advice"
    #: Faults and restorations: 06:00–22:00.
    OUTAGE = "outage"
    #: Legal notices: the moment is set by the procedure, so none is refused here.
    LEGAL = "legal"
    #: Codes, answers to what a person just wrote, and what safety needs: any moment.
    ANY = "any"


class Days(StrEnum):
    """The days on which a class may leave."""

    EVERY = "every day"
    NOT_HOLIDAYS = "not on public holidays"
    WORKING = "working days only"


@dataclass(frozen=True, slots=True)
class Opening:
    """When a class may leave: from `opens` until just before `closes` on the wall, on these days."""

    opens: time
    closes: time
    days: Days


# Compared by identity: a table is made seldom, and asked about a million times.
@dataclass(frozen=True, slots=True, eq=False)
class HoursTable:
    """The hours of each class that has any; a class that is not in it may leave at any moment."""

    openings: Mapping[HoursClass, Opening]


@dataclass(frozen=True, slots=True)
class Quiet:
    """When somebody wants nothing: from `begins` until just before `ends` on the wall, over midnight where `ends` is
    not later."""

    begins: time
    ends: time

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}–{self.ends:%H:%M}"

    def holds(self, wall: time) -> bool:
        """Whether a moment of the day lies in it."""
        if self.begins < self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends


#: Classes that somebody's own hours narrow. What concerns the supply at this moment, the law and answers keep theirs.
NARROWED: Final = frozenset({HoursClass.SERVICE, HoursClass.ARREARS, HoursClass.ADVICE})

#: The product's own hours (domain notes §7).
STANDARD_HOURS: Final = HoursTable(
    {
        HoursClass.SERVICE: Opening(time(8), time(20), Days.EVERY),
        HoursClass.ARREARS: Opening(time(8), time(20), Days.NOT_HOLIDAYS),
        HoursClass.ADVICE: Opening(time(9), time(20), Days.WORKING),
        HoursClass.OUTAGE: Opening(time(6), time(22), Days.EVERY),
    }
)

#: The hours in force when it is asked.
Hours = Callable[[], HoursTable]


def standard() -> HoursTable:
    """The product's own hours."""
    return STANDARD_HOURS


#: No calendar closes this many days on end; a search that gets here has met a broken one.
_FURTHEST_DAYS: Final = 60
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time, in UTC, in which a message may leave: from `opens` until just before `closes`.

    `closes` is None where the class has no hours.
    """

    opens: datetime
    closes: datetime | None


def describe(hours_class: HoursClass, table: HoursTable = STANDARD_HOURS) -> str:
    """The hours of a class in words, for the reason stored with a message."""
    rule = table.openings.get(hours_class)
    if rule is None:
        return "at any hour"
    words = f"{rule.opens:%H:%M}–{rule.closes:%H:%M}"
    return words if rule.days is Days.EVERY else f"{words}, {rule.days.value}"


def next_window(
    hours_class: HoursClass,
    at: datetime,
    zone: ZoneInfo,
    region: str,
    table: HoursTable = STANDARD_HOURS,
    quiet: Quiet | None = None,
) -> Window:
    """Find the first moment not before `at` when a message of this class may leave, and when that ends.

    `quiet` are the recipient's own hours, which narrow most classes; where they leave nothing of a class they do
    not count. Inside its hours the answer opens at `at` itself, so asking again about the answer changes nothing.
    `region` is a country (`CN`) or a country and a part of it (`US-NY`), for public holidays. A naive `at`
    raises InvalidInput; an unknown region raises Misconfigured (`check_region` finds it at start).
    """
    if at.tzinfo is None:
        raise InvalidInput("a moment without a time zone cannot be placed in sending hours", field="at")
    # Compared in UTC: between zones, Python holds no two moments equal in the hour that a clock change repeats.
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    window = _next_window(hours_class, at, zone, region, table)
    if quiet is None or hours_class not in NARROWED:
        return window
    return _narrowed(hours_class, window, zone, region, table, quiet) or window


def check_region(region: str) -> None:
    """Raise Misconfigured where no calendar of public holidays is known for `region`."""
    _calendar(region, 2025)


def is_public_holiday(day: date, region: str) -> bool:
    """Whether `day` is a public holiday in `region`, the weekend inside a longer break included."""
    return day in _calendar(region, day.year).holidays


def is_working_day(day: date, region: str) -> bool:
    """Whether people work on `day` in `region`: no weekend and no holiday, or a weekend day worked instead."""
    return day not in _calendar(region, day.year).free


# A million recipients share a few moments, zones and classes; a large notice asks once for each.
@lru_cache(maxsize=16_384)
def _next_window(hours_class: HoursClass, at: datetime, zone: ZoneInfo, region: str, table: HoursTable) -> Window:
    rule = table.openings.get(hours_class)
    if rule is None:
        return Window(opens=at, closes=None)
    # The day before, too: after a clock change across midnight a window may belong to the day just left.
    day = at.astimezone(zone).date() - _DAY
    for _ in range(_FURTHEST_DAYS):
        window = _window_of(rule, day, zone, region)
        if window is not None and at < window[1]:
            return Window(opens=max(at, window[0]), closes=window[1])
        day += _DAY
    raise Misconfigured(f"region {region}: no {hours_class.value} hours within {_FURTHEST_DAYS} days of {at}")


@lru_cache(maxsize=16_384)
def _narrowed(
    hours_class: HoursClass, window: Window, zone: ZoneInfo, region: str, table: HoursTable, quiet: Quiet
) -> Window | None:
    """The first stretch from `window` on outside somebody's own hours; None where they leave none."""
    for _ in range(_FURTHEST_DAYS):
        opens = window.opens
        if quiet.holds(opens.astimezone(zone).time()):
            opens = _next_wall(opens, quiet.ends, zone)
        if window.closes is not None and opens < window.closes:
            return Window(opens=opens, closes=min(window.closes, _next_wall(opens, quiet.begins, zone)))
        if window.closes is None:
            return Window(opens=opens, closes=_next_wall(opens, quiet.begins, zone))
        window = _next_window(hours_class, max(opens, window.closes), zone, region, table)
    return None


def _next_wall(after: datetime, wall: time, zone: ZoneInfo) -> datetime:
    """The next moment after `after` at which the clock on the wall shows `wall`."""
    day = after.astimezone(zone).date() - _DAY
    while True:
        moment = max(_moments(day, wall, zone))
        if moment > after:
            return moment
        day += _DAY


@lru_cache(maxsize=4096)
def _window_of(rule: Opening, day: date, zone: ZoneInfo, region: str) -> tuple[datetime, datetime] | None:
    """The hours of one day as moments in UTC, or None where that day has none."""
    if rule.days is Days.NOT_HOLIDAYS and is_public_holiday(day, region):
        return None
    if rule.days is Days.WORKING and not is_working_day(day, region):
        return None
    opens = max(_moments(day, rule.opens, zone))
    closes = min(_moments(day, rule.closes, zone))
    return (opens, closes) if opens < closes else None


def _moments(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both readings of a wall time; they differ only where a clock change skips or repeats it."""
    first = datetime.combine(day, wall, zone)
    return first.astimezone(UTC), first.replace(fold=1).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _Calendar:
    holidays: frozenset[date]
    #: Days on which nobody works: weekends that are not traded, and holidays.
    free: frozenset[date]


@lru_cache(maxsize=512)
def _calendar(region: str, year: int) -> _Calendar:
    # Loading the package takes a third of a second, which no command that never asks should pay.
    import holidays

    country, _, part = region.partition("-")
    try:
        known = holidays.country_holidays(country, subdiv=part or None, years=(year - 1, year, year + 1))
    except NotImplementedError as error:
        raise Misconfigured(f"no calendar of public holidays is known for region {region!r}: {error}") from error
    days = [date(year, 1, 1) + _DAY * n for n in range(-15, 381)]
    free = frozenset(day for day in days if not known.is_working_day(day))
    named = frozenset(day for day in days if day in known)
    if not known.weekend_workdays:
        return _Calendar(named, free)
    breaks: set[date] = set()
    run: list[date] = []
    for day in days:
        if day in free:
            run.append(day)
            continue
        if not named.isdisjoint(run):
            breaks.update(run)
        run = []
    return _Calendar(frozenset(breaks | named), free)
