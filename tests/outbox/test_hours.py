from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kernel.errors import InvalidInput, Misconfigured
from gateway.outbox.hours import (
    HoursClass,
    check_region,
    describe,
    is_public_holiday,
    is_working_day,
    next_window,
)

# A loaded machine is no failure of the property.
unhurried = settings(deadline=None)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
# Places whose clocks do odd things: half-hour changes, a skipped day, changes at midnight, a two-hour change.
ZONES = [
    "Asia/Shanghai",
    "Asia/Urumqi",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Asia/Kathmandu",
]
LIMITS = {
    HoursClass.SERVICE: (time(8), time(20)),
    HoursClass.ARREARS: (time(8), time(20)),
    HoursClass.ADVICE: (time(9), time(20)),
    HoursClass.OUTAGE: (time(6), time(22)),
}

classes = st.sampled_from(HoursClass)
zones = st.sampled_from(ZONES).map(ZoneInfo)
regions = st.sampled_from(["CN", "US", "US-NY", "GB"])
moments = st.datetimes(
    min_value=datetime(2005, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds and adds the zone
    max_value=datetime(2035, 12, 31),  # noqa: DTZ001
    timezones=st.sampled_from(["UTC", *ZONES]).map(ZoneInfo),
)


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("hours_class", "asked", "opens", "closes"),
    [
        # Tuesday 8 April 2025, an ordinary working day.
        ("service", "2025-04-08T07:59:59", "2025-04-08T08:00", "2025-04-08T20:00"),
        ("service", "2025-04-08T08:00", "2025-04-08T08:00", "2025-04-08T20:00"),
        ("service", "2025-04-08T19:59:59", "2025-04-08T19:59:59", "2025-04-08T20:00"),
        ("service", "2025-04-08T20:00", "2025-04-09T08:00", "2025-04-09T20:00"),
        ("outage", "2025-04-08T05:00", "2025-04-08T06:00", "2025-04-08T22:00"),
        ("outage", "2025-04-08T21:30", "2025-04-08T21:30", "2025-04-08T22:00"),
        ("outage", "2025-04-08T23:10", "2025-04-09T06:00", "2025-04-09T22:00"),
        ("advice", "2025-04-08T08:30", "2025-04-08T09:00", "2025-04-08T20:00"),
        ("any", "2025-04-08T03:00", "2025-04-08T03:00", None),
        ("legal", "2025-04-08T03:00", "2025-04-08T03:00", None),
        # A weekend: arrears may go, advice waits for Monday.
        ("arrears", "2025-04-12T10:00", "2025-04-12T10:00", "2025-04-12T20:00"),
        ("advice", "2025-04-12T10:00", "2025-04-14T09:00", "2025-04-14T20:00"),
        # National Day 2025: 1 to 8 October off, the weekend inside it too; Sunday 28 September worked.
        ("arrears", "2025-09-30T20:30", "2025-10-09T08:00", "2025-10-09T20:00"),
        ("arrears", "2025-10-04T10:00", "2025-10-09T08:00", "2025-10-09T20:00"),
        ("service", "2025-10-04T10:00", "2025-10-04T10:00", "2025-10-04T20:00"),
        ("advice", "2025-09-28T10:00", "2025-09-28T10:00", "2025-09-28T20:00"),
        ("advice", "2025-10-11T10:00", "2025-10-11T10:00", "2025-10-11T20:00"),
        # Spring Festival 2025: 28 January to 4 February off, Sunday 26 January and Saturday 8 February worked.
        ("arrears", "2025-01-26T10:00", "2025-01-26T10:00", "2025-01-26T20:00"),
        ("arrears", "2025-01-27T21:00", "2025-02-05T08:00", "2025-02-05T20:00"),
        # A break across the end of the year.
        ("arrears", "2025-12-31T20:00", "2026-01-04T08:00", "2026-01-04T20:00"),
    ],
)
def test_hours_in_china(hours_class: str, asked: str, opens: str, closes: str | None) -> None:
    window = next_window(HoursClass(hours_class), local(asked), SHANGHAI, "CN")
    assert window.opens == local(opens)
    assert window.closes == (local(closes) if closes else None)


@pytest.mark.parametrize(
    ("asked", "opens", "utc"),
    [
        ("2025-03-08T21:00", "2025-03-09T08:00", "2025-03-09T12:00+00:00"),  # clocks went forward that night
        ("2025-03-07T21:00", "2025-03-08T08:00", "2025-03-08T13:00+00:00"),
        ("2025-11-01T21:00", "2025-11-02T08:00", "2025-11-02T13:00+00:00"),  # and back
    ],
)
def test_the_wall_clock_counts_on_both_sides_of_daylight_saving(asked: str, opens: str, utc: str) -> None:
    window = next_window(HoursClass.SERVICE, local(asked, NEW_YORK), NEW_YORK, "US-NY")
    assert window.opens == local(opens, NEW_YORK)
    assert window.opens == datetime.fromisoformat(utc)
    assert window.closes == local(opens, NEW_YORK).replace(hour=20)


def test_the_place_served_counts_and_not_where_the_moment_was_written() -> None:
    nine_in_shanghai = local("2025-04-08T09:00")
    assert next_window(HoursClass.SERVICE, nine_in_shanghai, SHANGHAI, "CN").opens == nine_in_shanghai
    assert next_window(HoursClass.SERVICE, nine_in_shanghai, ZoneInfo("Asia/Urumqi"), "CN").opens == local(
        "2025-04-08T10:00"
    )


def test_a_skipped_day_is_passed_over() -> None:
    apia = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
    window = next_window(HoursClass.SERVICE, local("2011-12-29T21:00", apia), apia, "US")
    assert window.opens == local("2011-12-31T08:00", apia)
    assert window.closes == local("2011-12-31T20:00", apia)


@pytest.mark.parametrize(
    ("day", "holiday", "working"),
    [
        (date(2025, 10, 1), True, False),
        (date(2025, 10, 5), True, False),
        (date(2025, 9, 28), False, True),
        (date(2025, 9, 27), False, False),
        (date(2025, 4, 8), False, True),
        (date(2025, 12, 31), False, True),
    ],
)
def test_the_chinese_calendar_trades_days(day: date, holiday: bool, working: bool) -> None:
    assert is_public_holiday(day, "CN") is holiday
    assert is_working_day(day, "CN") is working


def test_elsewhere_a_weekend_beside_a_holiday_is_only_a_weekend() -> None:
    assert is_public_holiday(date(2025, 7, 4), "US")
    assert not is_public_holiday(date(2025, 7, 5), "US")


def test_naive_moments_and_unknown_regions_are_refused() -> None:
    with pytest.raises(InvalidInput, match="without a time zone"):
        next_window(HoursClass.SERVICE, datetime(2025, 4, 8, 9), SHANGHAI, "CN")  # noqa: DTZ001
    with pytest.raises(Misconfigured, match="'ZZ'"):
        check_region("ZZ")
    with pytest.raises(Misconfigured, match="'US-ZZ'"):
        check_region("US-ZZ")
    check_region("CN")


def test_hours_are_said_in_words() -> None:
    assert describe(HoursClass.ARREARS) == "08:00–20:00, not on public holidays"
    assert describe(HoursClass.OUTAGE) == "06:00–22:00"
    assert describe(HoursClass.ANY) == "at any hour"


@unhurried
@given(classes, moments, zones, regions)
def test_never_outside_hours_and_never_before_asked(
    hours_class: HoursClass, at: datetime, zone: ZoneInfo, region: str
) -> None:
    window = next_window(hours_class, at, zone, region)
    assert window.opens >= at.astimezone(UTC)
    assert window.opens.tzinfo is UTC
    if hours_class not in LIMITS:
        assert (window.opens, window.closes) == (at.astimezone(UTC), None)
        return
    first, last = LIMITS[hours_class]
    there = window.opens.astimezone(zone)
    assert first <= there.time() < last
    assert window.closes is not None
    assert window.opens < window.closes
    end = (window.closes - timedelta(seconds=1)).astimezone(zone)
    assert end.date() == there.date()
    assert first <= end.time() < last
    if hours_class is HoursClass.ARREARS:
        assert not is_public_holiday(there.date(), region)
    if hours_class is HoursClass.ADVICE:
        assert is_working_day(there.date(), region)


@unhurried
@given(classes, moments, zones, regions)
def test_deferring_twice_is_deferring_once(hours_class: HoursClass, at: datetime, zone: ZoneInfo, region: str) -> None:
    window = next_window(hours_class, at, zone, region)
    assert next_window(hours_class, window.opens, zone, region) == window


@unhurried
@given(classes, moments, st.timedeltas(timedelta(0), timedelta(days=20)), zones, regions)
def test_asking_later_never_opens_earlier(
    hours_class: HoursClass, at: datetime, later: timedelta, zone: ZoneInfo, region: str
) -> None:
    asked_later = at.astimezone(UTC) + later
    first = next_window(hours_class, at, zone, region)
    second = next_window(hours_class, asked_later, zone, region)
    assert first.opens <= second.opens
    if first.opens <= asked_later and (first.closes is None or asked_later < first.closes):
        assert second.opens == asked_later
    elif asked_later < first.opens:
        assert second == first
