from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.followups.rules import Member, acting, check_rule, draw_caller, independent, occurrences
from gateway.kernel.errors import InvalidInput

START = date(2025, 1, 31)
MANAGER = Member(staff_no="E1", team="T1", job="客户经理")


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=MONTHLY;INTERVAL=3", ["2025-01-31", "2025-07-31", "2025-10-31"]),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", ["2025-01-31", "2025-02-28"]),
        ("freq=yearly", ["2025-01-31"]),
        ("FREQ=MONTHLY;BYDAY=1MO;UNTIL=20250401", ["2025-02-03", "2025-03-03"]),
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
     "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY\nEXDATE:20250101"],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused(rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_rule(rule, START)
    assert refused.value.errors[0].field == "rule"


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
