"""Where a bill stands on the ladder: tables and properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kernel.errors import InvalidInput
from gateway.notices.ladder.rules import Day, Facts, Ladder, Legal, Stage, standing, stop_day
from gateway.outbox.hours import is_working_day

HOME = ZoneInfo("Asia/Shanghai")
LADDER = Ladder()
DUE = date(2025, 10, 25)
INSTEAD = frozenset({"vulnerable", "vip"})


def day(late: int, **facts: object) -> Day:
    now = datetime(2025, 10, 25, 0, 30, tzinfo=UTC) + timedelta(days=late)
    return Day(now=now, zone=HOME, person_instead=INSTEAD, **facts)  # type: ignore[arg-type]


def told(late: int, facts: Facts | None = None, **today: object) -> tuple[str, str | None, str | None]:
    at = standing(facts or Facts(due=DUE), LADDER, day(late, **today))
    return at.state, at.next.name if at.next else None, at.by


def taken(stage_day: int, days_ago: int, late: int, **facts: object) -> Facts:
    return Facts(
        due=DUE,
        taken_day=stage_day,
        taken_at=day(late - days_ago).now,
        **facts,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (-70, ("waiting", "bill_issued", "text")),
        (-40, ("due", "bill_issued", "text")),
        (-3, ("due", "before_due", "text")),
        (0, ("due", "before_due", "text")),
        (1, ("due", "overdue", "text")),
        (6, ("due", "overdue", "text")),
        (7, ("due", "daily_charge", "text")),
        # Known late: the reminder comes before anything that needs one.
        (60, ("due", "daily_charge", "text")),
    ],
)
def test_of_several_stages_the_highest_is_taken(late: int, expected: tuple[str, str, str]) -> None:
    assert told(late) == expected


@pytest.mark.parametrize(
    ("facts", "late", "expected"),
    [
        (Facts(due=DUE, settled=True), 9, ("settled", None, None)),
        (Facts(due=DUE, held="billing checks"), 9, ("frozen", "daily_charge", "text")),
        (Facts(due=DUE, doubt=True), 9, ("frozen", "daily_charge", "text")),
        (Facts(due=DUE, segments=frozenset({"protected_event"})), 9, ("frozen", "daily_charge", "text")),
        (Facts(due=DUE, segments=frozenset({"vulnerable"})), 9, ("frozen", "daily_charge", "text")),
        (Facts(due=DUE, segments=frozenset({"vulnerable"})), 15, ("due", "contact", "person")),
        (Facts(due=DUE, segments=frozenset({"vulnerable"})), -3, ("due", "before_due", "text")),
        (Facts(due=DUE, segments=frozenset({"vip"})), 1, ("due", "overdue", "person")),
        # A bill that is not due yet is told whatever happens.
        (Facts(due=DUE, held="billing checks"), -3, ("due", "before_due", "text")),
        # Between two stages lies a gap.
        (taken(1, 2, 7), 7, ("waiting", "daily_charge", "text")),
        (taken(1, 3, 7), 7, ("due", "daily_charge", "text")),
        # Every rung once.
        (taken(7, 9, 16, texted=True), 16, ("waiting", "legal", "legal")),
        # The legal stage needs a reminder that reached the customer a week ago.
        (taken(7, 24, 31, texted=True), 31, ("waiting", "legal", "legal")),
        (taken(7, 24, 31, texted=True, reminded_at=day(28).now), 31, ("waiting", "legal", "legal")),
        (taken(7, 24, 31, texted=True, reminded_at=day(24).now), 31, ("due", "legal", "legal")),
        (taken(7, 24, 31, texted=True, reminded_at=day(7).now, held="disputed"), 31, ("frozen", "legal", "legal")),
        (
            taken(15, 16, 31, reminded_at=day(7).now, segments=frozenset({"vulnerable"})),
            31,
            ("frozen", "legal", "legal"),
        ),
        (taken(15, 16, 31, reminded_at=day(7).now, segments=frozenset({"vip"})), 31, ("frozen", "legal", "legal")),
        (taken(31, 3, 40, texted=True), 40, ("done", None, None)),
        # A person went instead of the reminders and would not any more: the reminder that was missed comes first.
        (taken(15, 5, 20), 20, ("due", "daily_charge", "text")),
        (taken(15, 20, 35), 35, ("due", "daily_charge", "text")),
        (taken(1, 3, 4), 4, ("due", "overdue", "text")),
        (taken(15, 1, 16), 16, ("waiting", "daily_charge", "text")),
        (taken(15, 20, 35, texted=True), 35, ("waiting", "legal", "legal")),
        (taken(15, 20, 35, segments=frozenset({"vip"})), 35, ("frozen", "legal", "legal")),
    ],
)
def test_what_stops_or_delays_a_stage(facts: Facts, late: int, expected: tuple[str, str | None, str | None]) -> None:
    assert told(late, facts) == expected


def test_holidays_and_a_late_feed_delay_reminders_and_not_bills() -> None:
    assert told(1, holiday=True) == ("waiting", "overdue", "text")
    assert told(1, feed_late="payments are complete only up to Monday") == ("waiting", "overdue", "text")
    assert told(-3, holiday=True) == ("due", "before_due", "text")
    assert told(-3, feed_late="late") == ("waiting", "before_due", "text")
    assert told(-40, feed_late="late", holiday=True) == ("due", "bill_issued", "text")


def test_ladders_that_break_the_law_or_themselves_are_refused() -> None:
    wrong = (
        lambda: Ladder(stages=(Stage(name="legal", day=30, by="legal"),)),
        lambda: Ladder(stages=(Stage(name="b", day=2), Stage(name="a", day=1))),
        lambda: Ladder(stages=(Stage(name="a", day=1), Stage(name="a", day=2))),
        lambda: Ladder(warm_share=1.5),
        lambda: Legal(notice_days=2),
        lambda: Stage(name="x", day=1, template="bill"),
    )
    for make in wrong:
        with pytest.raises(InvalidInput):
            make()


moments = st.integers(-40, 0).map(lambda late: day(late).now)
facts = st.builds(
    Facts,
    due=st.dates(date(2025, 9, 1), date(2025, 12, 1)),
    settled=st.booleans(),
    taken_day=st.none() | st.sampled_from([stage.day for stage in LADDER.stages]),
    taken_at=st.none() | moments,
    texted=st.booleans(),
    reminded_at=st.none() | moments,
    held=st.none() | st.just("已缴,待核"),
    doubt=st.booleans(),
    segments=st.frozensets(st.sampled_from(["vulnerable", "medical_device", "vip", "protected_event", "group"])),
)
days = st.builds(
    lambda late, holiday, feed_late: day(late, holiday=holiday, feed_late=feed_late),
    st.integers(-5, 60),
    st.booleans(),
    st.none() | st.just("late"),
)


@given(facts, days)
def test_nothing_is_taken_that_something_stops(facts: Facts, today: Day) -> None:
    at = standing(facts, LADDER, today)
    assert at.because
    if at.state != "due":
        return
    assert at.next is not None and not facts.settled
    assert facts.due + timedelta(days=at.next.day) <= today.today
    # Never back, but for the text that is owed to who was visited instead and was told nothing.
    assert facts.taken_day is None or at.next.day > facts.taken_day or (at.by == "text" and not facts.texted)
    assert facts.taken_at is None or facts.taken_at + LADDER.gap <= today.now
    assert not (at.next.needs_payments and today.feed_late)
    if at.next.kind == "arrears":
        assert not today.holiday and facts.held is None and not facts.doubt
        assert "protected_event" not in facts.segments
    if at.by != "person" and at.next.kind == "arrears":
        assert not facts.segments & {"vulnerable", "medical_device", "vip"}
    if at.by == "legal":
        assert facts.reminded_at is not None and (today.today - facts.due).days > 30


@given(facts, days)
def test_taking_a_stage_leaves_nothing_due_that_day(facts: Facts, today: Day) -> None:
    at = standing(facts, LADDER, today)
    if at.state == "due" and at.next is not None:
        after = replace(facts, taken_day=at.next.day, taken_at=today.now)
        assert standing(after, LADDER, today).state != "due"


# Loading a calendar for the first time takes a while.
@settings(deadline=None)
@given(st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.integers(3, 30))
def test_nobody_is_cut_off_on_a_free_day_or_its_eve(approved: date, notice_days: int) -> None:
    found = stop_day(approved, Legal(notice_days=notice_days), "CN")
    assert found >= approved + timedelta(days=notice_days)
    assert is_working_day(found, "CN") and is_working_day(found + timedelta(days=1), "CN")
