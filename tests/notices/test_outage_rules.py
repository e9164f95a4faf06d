"""What holds of outages whatever is thrown at them: the timetable, their lives, and what a number is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.kernel.errors import Conflict, InvalidInput
from gateway.notices.kinds import Moment
from gateway.notices.outages import saying
from gateway.notices.outages.lives import FACTS, Facts, begin, go_on, tells
from gateway.notices.outages.timetable import USUAL, confirm_by, due_at, next_due
from gateway.notices.policy import Wish
from gateway.outbox.hours import HoursClass

HOME = ZoneInfo("Asia/Shanghai")
ZONES = st.sampled_from([HOME, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")])
MOMENTS = st.datetimes(
    min_value=datetime(2025, 1, 1),  # noqa: DTZ001
    max_value=datetime(2026, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)
NOW = datetime(2025, 6, 10, 2, 0, tzinfo=UTC)
quick = settings(deadline=None)


@quick
@given(starts_at=MOMENTS, zone=ZONES)
def test_a_reminder_is_never_later_than_it_is_owed_and_falls_into_the_day(starts_at: datetime, zone: ZoneInfo) -> None:
    for reminder in USUAL.reminders:
        at = due_at(reminder, starts_at, zone)
        assert at < starts_at
        if reminder.on_the_eve is None:
            assert at <= starts_at - reminder.before
        else:
            assert (starts_at.astimezone(zone).date() - at.astimezone(zone).date()).days == 1
        assert USUAL.first <= at.astimezone(zone).time() <= USUAL.last


@quick
@given(starts_at=MOMENTS, behind=MOMENTS, zone=ZONES)
def test_every_reminder_comes_once_and_in_order(starts_at: datetime, behind: datetime, zone: ZoneInfo) -> None:
    came = []
    while (due := next_due(starts_at, behind, zone)) is not None:
        assert behind < due.at < starts_at
        came.append(due.step)
        behind = due.at
    assert len(came) == len(set(came)) <= len(USUAL.reminders)


@quick
@given(asked_at=MOMENTS, starts_at=MOMENTS)
def test_there_is_always_time_to_confirm(asked_at: datetime, starts_at: datetime) -> None:
    assert asked_at < confirm_by(asked_at, starts_at) <= asked_at + USUAL.confirm_within


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "starts_at": MOMENTS,
        "ends_at": st.none() | MOMENTS,
        "crew_at": st.none() | MOMENTS,
        "restored_at": MOMENTS,
        "reason": st.text(max_size=5),
        "state": st.sampled_from(["announced", "active", "restored", "cancelled"]),
    },
)


@quick
@given(
    kind=st.sampled_from(["planned", "fault"]),
    first=CHANGES,
    changes=st.lists(st.tuples(CHANGES, st.timedeltas(timedelta(0), timedelta(days=40))), max_size=6),
)
def test_whatever_happens_an_outage_stays_sound_and_what_ended_stays_ended(
    kind: Any, first: dict[str, Any], changes: list[tuple[dict[str, Any], timedelta]]
) -> None:
    now = NOW
    try:
        facts = begin(kind, {"starts_at": NOW, **first}, now)
    except InvalidInput as refused:
        assert refused.errors[0].field in FACTS
        return
    for change, later in changes:
        now += later
        before = facts
        try:
            facts = go_on(facts, change, now)
        except (InvalidInput, Conflict):
            continue
        assert not before.over or (facts.state == before.state and not tells(before, facts))
        assert go_on(facts, {}, now) == facts or facts.kind == "planned"
        _sound(facts, now)


def _sound(facts: Facts, now: datetime) -> None:
    assert (facts.restored_at is not None) == (facts.state == "restored")
    assert facts.restored_at is None or facts.starts_at <= facts.restored_at <= now
    assert facts.ends_at is None or facts.starts_at < facts.ends_at
    assert facts.kind != "planned" or facts.ends_at is not None
    assert facts.kind != "fault" or facts.state != "announced"


def row(**more: Any) -> dict[str, Any]:
    """A subject as composing reads it: off, and its number told nothing."""
    return {
        "outage_no": "FO1", "outage_kind": "fault", "outage_state": "active", "short_notice": False,
        "starts_at": NOW - timedelta(hours=1), "ends_at": None, "crew_at": None, "restored_at": None, "reason": None,
        "revision": 1, "telling_revision": 1, "affected": True, "area": "章家河1号公变", "line": "10kV寺坪8线",
        "told_said": None, "told_revision": None, "told_point": None, "told_starts_at": None, "told_ends_at": None,
        "told_reason": None,
        "changed_at": NOW, "off_again": None, "off_later": None, "reported": False, "point_id": 7, "language": "zh",
        "important_level": None, "sensitive": False, "key_concern": False, "vulnerable": None, "vip": False,
        "customer_segment": None, "tags": None, **more,
    }  # fmt: skip


ROWS = st.builds(
    row,
    outage_kind=st.sampled_from(["planned", "fault"]),
    outage_state=st.sampled_from(["announced", "active", "restored", "cancelled"]),
    ends_at=st.just(NOW + timedelta(hours=3)),
    restored_at=st.just(NOW),
    revision=st.just(3),
    telling_revision=st.integers(1, 3),
    affected=st.booleans(),
    told_said=st.sampled_from([None, "off", "on", "cancelled"]),
    told_revision=st.integers(0, 3),
    told_point=st.sampled_from([7, 8]),
    off_again=st.sampled_from([None, 4]),
    off_later=st.sampled_from([None, 4]),
    reason=st.sampled_from([None, "降雨", "变压器更换" * 20]),
    language=st.sampled_from(["zh", "en", None]),
    important_level=st.sampled_from([None, "一级"]),
    area=st.sampled_from([None, "章家河1号公变", "唐家庄3号公变"]),
)
USUAL_WISH = Wish(kind="outage_fault", klass="N", purpose="outage", hours=HoursClass.OUTAGE)


@pytest.mark.parametrize(("language", "words"), [("zh", "沿线用户"), ("en", "all along it")])
def test_who_hangs_on_the_line_itself_is_not_told_the_line_twice(language: str, words: str) -> None:
    ends_at = NOW + timedelta(hours=3)
    on_it = row(outage_kind="planned", outage_state="announced", area="10kV寺坪8线", ends_at=ends_at, language=language)
    moment = Moment(now=NOW, zone=HOME, leaves=NOW)
    assert saying.say([on_it], "announce", moment).values["area"] == words
    beside = {**on_it, "area": "章家河1号公变"}
    assert "章家河1号公变" in saying.say([on_it, beside], "announce", moment).values["area"]


@quick
@given(rows=st.lists(ROWS, min_size=1, max_size=5), step=st.sampled_from(["announce", "week", "eve", "update"]))
def test_on_is_told_to_those_alone_who_were_told_off_and_are_not_off_again(
    rows: list[dict[str, Any]], step: str
) -> None:
    one = {key: rows[0][key] for key in ("outage_kind", "outage_state", "telling_revision")}
    rows = [{**each, **one} for each in rows]
    moment = Moment(now=NOW, zone=HOME, leaves=NOW)
    parts = saying.parts(rows)
    assert sorted(map(id, (each for part in parts for each in part))) == sorted(map(id, rows))
    for part in parts:
        wish = saying.wish(part, USUAL_WISH, NOW, HOME, "CN")
        if wish.matter != "open":
            continue
        said = saying.say(part, step, moment)
        assert said.template.startswith(wish.kind), (said.template, wish.kind)
        for each in part:
            knew = each["told_said"] == "off" and each["told_point"] == 7
            if wish.kind == "restoration":
                assert knew and each["off_again"] is None
                assert each["outage_state"] in ("active", "restored") and not (
                    each["outage_state"] == "active" and each["affected"]
                )
            if each["outage_state"] in ("restored", "cancelled"):
                assert knew


@pytest.mark.parametrize(
    ("areas", "words"),
    [
        (["甲"], "甲"),
        (["甲", "甲"], "甲2户"),
        (["甲", "乙"], "甲、乙"),
        (["甲", "乙", "丙"], "甲、乙等3处"),
        ([None], "您的用电地址"),
    ],
)
def test_places_are_named_as_far_as_a_text_can(areas: list[str | None], words: str) -> None:
    rows = [row(area=area) for area in areas]
    said = saying.say(rows, "announce", Moment(now=NOW, zone=HOME, leaves=NOW))
    assert said.values["area"] == words
