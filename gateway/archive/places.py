"""Where an address keeps other clocks, or other public holidays, than the utility's home does (domain notes §7)."""

from __future__ import annotations

from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import holidays

#: Joins the address of an account `a`, and the columns of it that `place_of` reads.
PREMISE: Final = "LEFT JOIN premise ON premise.id = a.premise_id"
COLUMNS: Final = "premise.time_zone, premise.calendar"


def place_of(row: Any, zone: ZoneInfo, region: str) -> tuple[ZoneInfo, str]:
    """The time zone and the calendar of public holidays at an address; `zone` and `region` where it has none."""
    own, calendar = row.get("time_zone"), row.get("calendar")
    return (zone if own is None else ZoneInfo(own)), calendar or region


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _calendars() -> dict[str, list[str]]:
    return holidays.list_supported_countries()


def is_zone(name: str) -> bool:
    """Whether a time zone of this name is known."""
    return name in _zones()


def is_calendar(name: str) -> bool:
    """Whether public holidays are known for a country (`CN`), or for a part of one (`US-NY`)."""
    country, _, part = name.partition("-")
    return country in _calendars() and (not part or part in _calendars()[country])
