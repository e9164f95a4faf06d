"""Rules by which a plan recurs, as RFC 5545 has them (RRULE), by whole days. Pure.

A rule is gone through no further than the day asked for, so that one which never comes to a day, such as the 30th of
February, costs no more than another: people write them, and whoever reads them serves others at the same time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, cast, get_args
from zoneinfo import ZoneInfo

from gateway.kernel.errors import InvalidInput

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
FREQUENCIES: Final[tuple[str, ...]] = get_args(Frequency)
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: The parts of a rule that number days, weeks or months, with the largest number; which may count from the end.
_NUMBERED: Final[Mapping[str, int]] = {
    "BYMONTH": 12,
    "BYMONTHDAY": 31,
    "BYYEARDAY": 366,
    "BYWEEKNO": 53,
    "BYSETPOS": 366,
}
#: In which frequencies a part has a meaning (RFC 5545 §3.3.10), where not in all.
_ONLY_IN: Final[Mapping[str, tuple[Frequency, ...]]] = {
    "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY"),
    "BYYEARDAY": ("YEARLY",),
    "BYWEEKNO": ("YEARLY",),
}
_KNOWN: Final = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", *_NUMBERED}
_MOST_APART: Final = 1000
_MOST_TIMES: Final = 10_000
_UNTIL: Final = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
_BYDAY: Final = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """A rule that was read. Weekdays count from Monday, 0; a weekday's `nth` is 0 for every one."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: date | None = None
    weekdays: tuple[tuple[int, int], ...] = ()
    numbers: Mapping[str, tuple[int, ...]]
    week_starts: int = 0


def read(rule: str, zone: ZoneInfo | None = None) -> Recurrence:
    """The rule of an RRULE's value; an UNTIL in UTC falls on its day in `zone`.

    Raises InvalidInput for one that cannot be read, recurs more often than daily, or that the standard does not know.
    """
    parts: dict[str, str] = {}
    for part in rule.strip("; ").upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name in parts:
            raise _refused(f"a rule says {name} once")
        parts[name] = value
    if (unknown := sorted(parts.keys() - _KNOWN)) and any(unknown):
        raise _refused(f"a rule goes by days: “{unknown[-1]}” has no place in it")
    if unknown or parts.get("FREQ") not in FREQUENCIES:
        raise _refused(f"a rule names its FREQ: {', '.join(FREQUENCIES)}")
    frequency = cast("Frequency", parts["FREQ"])
    if "COUNT" in parts and "UNTIL" in parts:
        raise _refused("a rule ends by COUNT or by UNTIL, not by both")
    numbers = {name: _numbers(name, parts[name], frequency) for name in _NUMBERED if name in parts}
    weekdays = _weekdays(parts["BYDAY"], frequency, "BYWEEKNO" in parts) if "BYDAY" in parts else ()
    if "BYSETPOS" in numbers and not weekdays and len(numbers) == 1:
        raise _refused("BYSETPOS picks among days that another part names")
    starts = parts.get("WKST", "MO")
    if starts not in _WEEKDAYS or (starts != "MO" and "BYWEEKNO" in parts):
        raise _refused("WKST is a weekday, and Monday where weeks are numbered")
    return Recurrence(
        frequency=frequency,
        interval=_number("INTERVAL", parts.get("INTERVAL", "1"), 1, _MOST_APART),
        count=_number("COUNT", parts["COUNT"], 1, _MOST_TIMES) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"], zone) if "UNTIL" in parts else None,
        weekdays=weekdays,
        numbers=numbers,
        week_starts=_WEEKDAYS.index(starts),
    )


def canonical(rule: str, zone: ZoneInfo) -> str:
    """The rule as it is kept: without its name, in capitals, ending by a day of `zone`. Raises InvalidInput."""
    until = read(rule, zone).until
    parts = rule.strip("; ").upper().removeprefix("RRULE:").split(";")
    return ";".join(f"UNTIL={until:%Y%m%d}" if part.startswith("UNTIL=") and until else part for part in parts)


def days(rule: Recurrence, starts_on: date, until: date, after: date = date.min) -> Iterator[date]:
    """The days of a rule from `starts_on` to `until`, both included, in order; those up to `after` are left out."""
    last = until if rule.until is None else min(until, rule.until)
    fits, left = _fits(rule, starts_on), rule.count
    # What ends by a number is counted from its first day; of the rest nothing need be gone through that is over.
    since = starts_on if left is not None else max(starts_on, after)
    for period in _periods(rule, starts_on, since, last):
        for day in _picked([day for day in period if fits(day)], rule.numbers.get("BYSETPOS", ())):
            if day < starts_on:
                continue
            if day > last or left == 0:
                return
            left = None if left is None else left - 1
            if day > after:
                yield day


def _refused(words: str) -> InvalidInput:
    return InvalidInput(words, field="rule")


def _number(name: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 7 and least <= int(text) <= most):
        raise _refused(f"{name} is a whole number from {least} to {most}")
    return int(text)


def _numbers(name: str, text: str, frequency: Frequency) -> tuple[int, ...]:
    if frequency not in _ONLY_IN.get(name, FREQUENCIES):
        raise _refused(f"{name} has no meaning with FREQ={frequency}")
    found = []
    for one in text.split(","):
        number = _number(name, one.removeprefix("-").removeprefix("+"), 1, _NUMBERED[name])
        if one.startswith("-") and name == "BYMONTH":
            raise _refused("BYMONTH counts from January")
        found.append(-number if one.startswith("-") else number)
    return tuple(found)


def _weekdays(text: str, frequency: Frequency, by_week: bool) -> tuple[tuple[int, int], ...]:
    found = []
    for one in text.split(","):
        if (read_one := _BYDAY.fullmatch(one)) is None:
            raise _refused(f"BYDAY names weekdays: {', '.join(_WEEKDAYS)}")
        nth = int(read_one[1] or 0)
        if nth == 0 and read_one[1]:
            raise _refused("there is no weekday before the first")
        if nth and (frequency not in ("MONTHLY", "YEARLY") or by_week):
            raise _refused("a weekday is numbered in a month or a year alone")
        found.append((_WEEKDAYS.index(read_one[2]), nth))
    return tuple(found)


def _until(text: str, zone: ZoneInfo | None) -> date:
    parsed = _UNTIL.fullmatch(text)
    try:
        if parsed is None:
            raise ValueError
        if not parsed[3] or zone is None:
            return datetime.strptime(parsed[1], "%Y%m%d").replace(tzinfo=UTC).date()
        moment = datetime.strptime(parsed[1] + parsed[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise _refused("UNTIL is a day, such as 20251231, or a moment, such as 20251231T160000Z") from error
    return moment.astimezone(zone).date()


def _periods(rule: Recurrence, starts_on: date, since: date, last: date) -> Iterator[Sequence[date]]:
    """The days of each period that the rule looks at: years, months, weeks or days, every `interval`-th of them, from
    the one on that `since` lies in or behind."""
    step, begin = rule.interval, starts_on
    if rule.frequency == "WEEKLY":
        begin = starts_on - timedelta(days=(starts_on.weekday() - rule.week_starts) % 7)
    elif rule.frequency != "DAILY":
        begin = starts_on.replace(day=1) if rule.frequency == "MONTHLY" else starts_on.replace(month=1, day=1)
    begin = _after(rule.frequency, begin, _between(rule.frequency, begin, since) // step * step)
    while begin <= last:
        end = _after(rule.frequency, begin, 1)
        yield [begin + timedelta(days=place) for place in range((end - begin).days)]
        begin = _after(rule.frequency, begin, step)


def _between(frequency: Frequency, begin: date, day: date) -> int:
    """How many whole periods lie between the one that begins on `begin` and the one that `day` is in."""
    if frequency in ("DAILY", "WEEKLY"):
        return (day - begin).days // (7 if frequency == "WEEKLY" else 1)
    years = day.year - begin.year
    return years if frequency == "YEARLY" else years * 12 + day.month - begin.month


def _after(frequency: Frequency, begin: date, periods: int) -> date:
    """The beginning of the period so many behind the one that begins on `begin`."""
    try:
        if frequency in ("DAILY", "WEEKLY"):
            return begin + timedelta(days=periods * (7 if frequency == "WEEKLY" else 1))
        months = begin.month - 1 + periods * (12 if frequency == "YEARLY" else 1)
        return begin.replace(year=begin.year + months // 12, month=months % 12 + 1)
    except (ValueError, OverflowError):
        return date.max


def _fits(rule: Recurrence, starts_on: date) -> Callable[[date], bool]:
    """Whether a day is one that the rule's parts name; what they leave open is as on the first day."""
    numbers = {name: frozenset(found) for name, found in rule.numbers.items() if name != "BYSETPOS"}
    weekdays = rule.weekdays
    if not weekdays and not numbers.keys() - {"BYMONTH"}:
        if rule.frequency == "WEEKLY":
            weekdays = ((starts_on.weekday(), 0),)
        elif rule.frequency != "DAILY":
            numbers["BYMONTHDAY"] = frozenset((starts_on.day,))
            if rule.frequency == "YEARLY":
                numbers.setdefault("BYMONTH", frozenset((starts_on.month,)))
    of_year = rule.frequency == "YEARLY" and "BYMONTH" not in numbers

    def fits(day: date) -> bool:
        return all(_places(name, day) & wanted for name, wanted in numbers.items()) and (
            not weekdays or any(day.weekday() == weekday and _nth(day, nth, of_year) for weekday, nth in weekdays)
        )

    return fits


def _places(name: str, day: date) -> set[int]:
    """How a part of a rule may number a day, from the beginning and from the end."""
    if name == "BYMONTH":
        return {day.month}
    if name == "BYWEEKNO":
        year, week, _ = day.isocalendar()
        return {week, week - date(year, 12, 28).isocalendar().week - 1}
    place, length = _place(day, of_year=name == "BYYEARDAY")
    return {place, place - length - 1}


def _place(day: date, *, of_year: bool) -> tuple[int, int]:
    """Which day of its year or month it is, and how many there are."""
    first = day.replace(month=1, day=1) if of_year else day.replace(day=1)
    return (day - first).days + 1, (_after("YEARLY" if of_year else "MONTHLY", first, 1) - first).days


def _nth(day: date, nth: int, of_year: bool) -> bool:
    """Whether it is the nth of its weekday in its year or month; 0 is any."""
    if nth == 0:
        return True
    place, length = _place(day, of_year=of_year)
    return nth == ((place - 1) // 7 + 1 if nth > 0 else -((length - place) // 7 + 1))


def _picked(found: Sequence[date], places: Sequence[int]) -> Sequence[date]:
    if not places:
        return found
    return sorted({found[place - 1 if place > 0 else place] for place in places if -len(found) <= place <= len(found)})
