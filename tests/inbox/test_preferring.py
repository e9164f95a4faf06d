"""The customer's own hand: when they want no texts, and where they want them, by a text."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.inbox.preferring import channel_asked, language_asked
from gateway.inbox.wished_hours import AtAnyHour, hours_asked
from gateway.notices.accepting import Asked
from gateway.outbox.claiming import Late
from gateway.outbox.hours import STANDARD_HOURS, HoursClass, Quiet, next_window
from gateway.outbox.second_looks import put_off

A, X = "4100000039", "+8613800374443"
HOME = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("晚上别发", 18, 8),
        ("请晚上9点以后不要再发短信了", 21, 8),
        ("半夜别发短信了,吵死了", 22, 8),
        ("早上九点前别发", 0, 9),
        ("十二点到两点别吵,谢谢", 12, 14),
        ("12:00-14:00请勿打扰", 12, 14),
        ("22点到6点不要发", 22, 6),
        ("只在白天发", 18, 8),
        ("白天上班,晚上再发", 8, 18),
        ("Don't text me after 9pm", 21, 8),
        ("only text me between 9 and 17", 17, 9),
        ("no texts at night, thanks", 20, 8),
    ],
)
def test_hours_are_read(text: str, begins: int, ends: int) -> None:
    assert hours_asked(text) == Quiet(time(begins), time(ends))


@pytest.mark.parametrize("text", ["随时可发", "随时都可以发。", "取消免打扰", "Any time is fine"])
def test_hours_are_taken_back(text: str) -> None:
    assert hours_asked(text) == AtAnyHour()


@pytest.mark.parametrize(
    "text", ["别发了", "晚上停电吗", "不要再发了", "don't text me", "晚上才来电,别发了", "9点来电了", "晚上别停电"]
)
def test_other_texts_are_no_wish_about_hours(text: str) -> None:
    assert hours_asked(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [("英文", "en"), ("以后用英文发", "en"), ("请用中文发给我。", "zh"), ("改成英语短信吧", "en"),
     ("English please", "en"), ("英文看不懂", None), ("用中文名字登记了吗", None), ("不要发英文", None)],
)  # fmt: skip
def test_languages_are_read(text: str, language: str | None) -> None:
    assert language_asked(text) == language


@pytest.mark.parametrize(
    ("text", "channel"),
    [("只要短信", "sms"), ("以后都用短信", "sms"), ("只要微信", "wecom"), ("SMS only please", "sms"), ("发短信", None),
     ("Please use Telegram", "telegram"), ("没收到短信", None)],
)  # fmt: skip
def test_channels_are_read(text: str, channel: str | None) -> None:
    assert channel_asked(text) == channel


walls = st.times().map(lambda wall: wall.replace(second=0, microsecond=0))


@given(
    st.sampled_from([HoursClass.SERVICE, HoursClass.ARREARS, HoursClass.ADVICE]),
    st.integers(0, 700 * 1440).map(lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    walls,
    walls,
)
@settings(deadline=None)
def test_ones_own_hours_only_ever_narrow(kind: HoursClass, at: datetime, begins: time, ends: time) -> None:
    assume(begins != ends)
    quiet = Quiet(begins, ends)
    usual = next_window(kind, at, HOME, "CN")
    narrowed = next_window(kind, at, HOME, "CN", STANDARD_HOURS, quiet)
    assert narrowed.opens >= usual.opens and narrowed.closes is not None and narrowed.opens < narrowed.closes
    again = next_window(kind, narrowed.opens, HOME, "CN")
    assert again.opens == narrowed.opens, "still within the hours of the class"
    last = narrowed.closes - timedelta(minutes=1)
    if narrowed != usual:
        assert not quiet.holds(narrowed.opens.astimezone(HOME).time())
        assert not quiet.holds(last.astimezone(HOME).time())
    assert next_window(kind, narrowed.opens, HOME, "CN", STANDARD_HOURS, quiet) == narrowed


def test_hours_that_leave_nothing_do_not_count_and_faults_keep_their_own() -> None:
    at = datetime(2025, 11, 4, 2, tzinfo=UTC)
    usual = next_window(HoursClass.SERVICE, at, HOME, "CN")
    assert next_window(HoursClass.SERVICE, at, HOME, "CN", STANDARD_HOURS, Quiet(time(7), time(21))) == usual
    fault = next_window(HoursClass.OUTAGE, at, HOME, "CN")
    assert next_window(HoursClass.OUTAGE, at, HOME, "CN", STANDARD_HOURS, Quiet(time(0), time(23))) == fault


async def accepted(town: Any, template: str = "announcement") -> Any:
    (taken,) = await town_accepts(town, [Asked(template=template, values={"text": "通知"}, account_no=A)])
    (row,) = await town.rows("SELECT not_before, closes_at, decision FROM message WHERE id = $1", taken.id)
    return row


async def town_accepts(town: Any, asked: list[Asked]) -> list[Any]:
    async with town.database.work() as work:
        taken = await town.acceptor.accept(work.connection, asked, now=town.clock.now())
        await work.commit()
    return list(taken)


async def test_what_waits_and_what_comes_keeps_to_the_hours_somebody_asked_for(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    waiting = await town.text(X, "arrears", [A], state="queued")
    await town.do("UPDATE message SET hours = 'arrears', not_before = $1 WHERE id = $2", town.clock.now(), waiting)
    inbound = await town.hears(X, "上午别发短信")
    assert [effect["effect"] for effect in inbound["effects"]] == ["hours_chosen", "confirmation_queued"]
    assert inbound["state"] == "done" and inbound["effects"][0]["messages_put_off"] == 1
    row = await accepted(town)
    assert row["not_before"].astimezone(HOME).time() == time(12) and "00:00–12:00" in row["decision"]
    (late,) = await town.rows("SELECT id, hours, zone, expires_at FROM message WHERE closes_at <= $1", town.clock.now())
    await put_off(town.database, [Late(**late)], now=town.clock.now(), region="CN", hours=STANDARD_HOURS)
    (moved,) = await town.values("SELECT not_before FROM message WHERE id = $1", waiting)
    assert moved.astimezone(HOME).time() == time(12)
    assert "hours.chosen" in await town.values("SELECT action FROM audit_entry")
    await town.hears(X, "随时可发")
    assert (await accepted(town))["not_before"] == town.clock.now()


async def test_a_chat_that_is_not_known_is_for_a_person_and_sms_alone_needs_none(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    assert (await town.hears(X, "只要微信"))["state"] == "triage"
    inbound = await town.hears(X, "只要短信")
    assert [effect["effect"] for effect in inbound["effects"]] == ["channel_chosen", "confirmation_queued"]
