from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from gateway.followups.recurrence import canonical
from gateway.followups.rules import Member, acting, check_rule, draw_caller, independent, occurrences
from gateway.kernel.errors import InvalidInput

START = date(2025, 1, 31)
HOME = ZoneInfo("Asia/Shanghai")
MANAGER = Member(staff_no="E1", team="T1", job="客户经理")


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=MONTHLY;INTERVAL=3", ["2025-01-31", "2025-07-31", "2025-10-31"]),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", ["2025-01-31", "2025-02-28"]),
        ("freq=yearly", ["2025-01-31"]),
        ("FREQ=MONTHLY;BYDAY=1MO;UNTIL=20250401", ["2025-02-03", "2025-03-03"]),
        ("FREQ=YEARLY;BYYEARDAY=60,-1", ["2025-03-01", "2025-12-31"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=WE", ["2025-05-14"]),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20250331T235959",
            ["2025-01-31", "2025-02-28", "2025-03-31"],
        ),
    ],
)
def test_a_rule_comes_to_its_days(rule: str, days: list[str]) -> None:
    found = occurrences(rule, START, date(2025, 1, 30), date(2025, 12, 31))
    assert [day.isoformat() for day in found] == days


def test_what_was_written_down_before_is_not_written_again() -> None:
    whole = occurrences("FREQ=WEEKLY", START, date(2025, 1, 30), date(2025, 6, 30))
    early = occurrences("FREQ=WEEKLY", START, date(2025, 1, 30), date(2025, 3, 14))
    assert early + occurrences("FREQ=WEEKLY", START, date(2025, 3, 14), date(2025, 6, 30)) == whole


@pytest.mark.parametrize(
    "rule",
    ["", "monthly", "FREQ=SECONDLY", "FREQ=DAILY;BYHOUR=1,2", "FREQ=DAILY;INTERVAL=x", "FREQ=DAILY;UNTIL=20200101",
     "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY\nEXDATE:20250101", "FREQ=DAILY;UNTIL=soon",
     "FREQ=DAILY;UNTIL=20251301", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY;BYYEARDAY=3", "FREQ=DAILY;BYMONTH=-2",
     "FREQ=DAILY;COUNT=2;UNTIL=20260101", "FREQ=DAILY;COUNT=0", "FREQ=MONTHLY;BYSETPOS=1", "FREQ=DAILY;FREQ=DAILY",
     "FREQ=MONTHLY;BYDAY=0MO", "FREQ=DAILY;;COUNT=1", "FREQ=DAILY;WKST=XX", "FREQ=MONTHLY;BYMONTHDAY=32"],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused(rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_rule(rule, START, HOME)
    assert refused.value.errors[0].field == "rule"


@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
     "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=366", "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=-2"],
)  # fmt: skip
def test_a_rule_that_would_be_looked_for_for_ever_is_refused_at_once(rule: str) -> None:
    with pytest.raises(InvalidInput):
        check_rule(rule, START, HOME)


def test_a_rule_that_ends_at_a_moment_is_kept_with_its_day_at_home() -> None:
    kept = check_rule("rrule:freq=monthly;until=20250430T160000Z", START, HOME)
    assert kept == "FREQ=MONTHLY;UNTIL=20250501"
    assert canonical("FREQ=MONTHLY;UNTIL=20250430T155959Z", HOME).endswith("=20250430")


def _part(name: str, least: int, most: int, *, negative: bool = True) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    return st.lists(number | number.map(lambda one: -one) if negative else number, min_size=1, max_size=3).map(
        lambda found: f"{name}={','.join(map(str, found))}"
    )


WEEKDAY = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
DAYS = st.lists(WEEKDAY, min_size=1, max_size=3).map(lambda found: f"BYDAY={','.join(found)}")
NTH_DAYS = st.builds(lambda nth, day: f"BYDAY={nth}{day}", st.sampled_from([1, 2, 5, -1, -5]), WEEKDAY)
MONTHS = _part("BYMONTH", 1, 12, negative=False)
PARTS: dict[str, list[st.SearchStrategy[str]]] = {
    "DAILY": [MONTHS, DAYS, _part("BYMONTHDAY", 1, 31)],
    "WEEKLY": [MONTHS, DAYS, WEEKDAY.map(lambda day: f"WKST={day}")],
    "MONTHLY": [MONTHS, DAYS | NTH_DAYS, _part("BYMONTHDAY", 1, 31)],
    "YEARLY": [MONTHS, DAYS | NTH_DAYS, _part("BYMONTHDAY", 1, 31), _part("BYYEARDAY", 1, 366)],
}


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(sorted(PARTS)))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}"]
    parts += [draw(part) for part in draw(st.lists(st.sampled_from(PARTS[frequency]), unique_by=id, max_size=2))]
    if frequency == "YEARLY" and len(parts) == 2 and draw(st.booleans()):
        parts += [draw(_part("BYWEEKNO", 2, 51, negative=False)), draw(DAYS)]
    if frequency in ("MONTHLY", "YEARLY") and len(parts) > 2 and draw(st.booleans()):
        parts.append(draw(_part("BYSETPOS", 1, 5)))
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 9))}")
    return ";".join(parts)


_CYCLES = 19 * 400


@given(rules(), st.dates(date(2023, 1, 1), date(2028, 12, 31)))
def test_a_rule_comes_to_the_days_that_the_library_of_the_standard_finds(rule: str, start: date) -> None:
    until = start + timedelta(days=1200)
    # The library looks up to the year 9999 for a day that never comes. The calendar repeats itself in 400 years: near
    # the end it has not far to look.
    begin = datetime.combine(start.replace(year=start.year + _CYCLES), time())
    known = rrulestr(f"RRULE:{rule}", dtstart=begin).xafter(begin, inc=True)
    found = (moment.date().replace(year=moment.year - _CYCLES) for moment in known)
    wanted = list(takewhile(lambda day: day <= until, found))
    assert occurrences(rule, start, start - timedelta(days=1), until) == wanted
    later = start + timedelta(days=700)
    assert occurrences(rule, start, later, until) == [day for day in wanted if day > later]


@pytest.mark.parametrize(
    ("member", "outside"),
    [
        (Member(staff_no="E1", team="T2", job=None), False),
        (Member(staff_no="E2", team="T1", job=None), False),
        (Member(staff_no="E2", team="T2", job=None), True),
        (Member(staff_no="E2", team=None, job=None), True),
    ],
)
def test_nobody_of_the_managers_line_is_independent(member: Member, outside: bool) -> None:
    assert independent(member, MANAGER) is outside


STAFF = st.lists(
    st.builds(
        Member,
        staff_no=st.sampled_from(["E1", "E2", "E3", "E4"]),
        team=st.sampled_from([None, "T1", "T2"]),
        job=st.sampled_from([None, "派单坐席", "客户经理", "回访专员"]),
    )
)


@given(STAFF, st.text(max_size=20), st.randoms(use_true_random=False))
def test_the_draw_can_be_repeated_and_never_picks_the_line(staff: list[Member], seed: str, chance: object) -> None:
    caller, draw = draw_caller(staff, MANAGER, seed)
    assert draw_caller(list(reversed(staff)), MANAGER, seed) == (caller, draw)
    able = [one for one in staff if independent(one, MANAGER) and one.job in ("派单坐席", "回访专员")]
    assert (caller is None) == (not able)
    if caller is not None:
        assert caller in {one.staff_no for one in able}


def test_a_deputy_acts_on_the_days_named_and_no_other() -> None:
    absent = [("E1", "E9", date(2025, 5, 1), date(2025, 5, 3))]
    days = [date(2025, 4, 30), date(2025, 5, 1), date(2025, 5, 3), date(2025, 5, 4)]
    assert [acting("E1", day, absent) for day in days] == ["E1", "E9", "E9", "E1"]
    assert acting("E2", date(2025, 5, 1), absent) == "E2"
