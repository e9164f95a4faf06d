"""Outages from their announcement to their end: who is told what, and who is not told any more."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from gateway.kernel.errors import Conflict, InvalidInput
from gateway.notices.outages.scopes import Scope
from tests.notices.conftest import MORNING, Town
from tests.notices.grid import Grid

A, B, C, D = (f"+861380000000{digit}" for digit in "1234")
#: Ten at night in Shanghai.
NIGHT = datetime(2025, 11, 4, 14, 30, tzinfo=UTC)


@pytest.fixture
async def grid(town: Town) -> Grid:
    """Two feeders; the first has two transformer areas."""
    grid = Grid(town)
    await grid.area("T1", "F1", "章家河1号公变")
    await grid.area("T2", "F1", "唐家庄3号公变")
    await grid.area("T3", "F2", "明珠名苑2号公变")
    return grid


async def test_everybody_on_the_feeder_is_told_and_nobody_else(grid: Grid) -> None:
    first, second = await grid.account("T1", A), await grid.account("T2", B)
    await grid.account("T3", C)
    await grid.account(None, D)
    nobody = await grid.account("T2")
    notice = await grid.tell("outage_fault", await grid.fault(feeders=["F1"], reason="电缆被外力挖断"))
    messages = await grid.town.messages(notice)
    assert {(m["state"], *m["accounts"]) for m in messages} == {
        ("queued", first), ("queued", second), ("withheld", nobody)
    }  # fmt: skip
    assert {m["kind"] for m in messages} == {"outage_fault"}
    assert next(m for m in messages if m["state"] == "withheld")["withheld_reason"] == "no_contact"
    assert "章家河1号公变于11月4日9时" in next(m["body"] for m in messages if m["to_address"] == A)


async def test_one_text_a_number_names_the_places(grid: Grid) -> None:
    await grid.account("T1", A)
    await grid.account("T1", A)
    await grid.account("T2", A)
    await grid.account("T2", B)
    await grid.account("T2", B, language="en")
    notice = await grid.tell("outage_fault", await grid.fault(feeders=["F1"]))
    messages = {m["to_address"]: m for m in await grid.town.messages(notice)}
    assert len(messages) == 2
    assert "章家河1号公变、唐家庄3号公变于" in messages[A]["body"] and len(messages[A]["accounts"]) == 3
    assert "唐家庄3号公变2户于" in messages[B]["body"]


async def test_those_to_whom_it_matters_most_are_composed_first_however_many_there_are(grid: Grid) -> None:
    """Neighbours of the first chunks do not go ahead of them; and a number has one text for all its accounts."""
    ordinary = [f"+86138000001{number:02d}" for number in range(6)]
    for number in ordinary:
        await grid.account("T1", number)
    await grid.account("T1", A, important_level="一级")
    await grid.account("T2", ordinary[4], vulnerable="ventilator")
    grid.town.house.notice_runner._chunk = 2
    notice = await grid.town.draft("outage_planned", {"outage_id": await grid.planned(feeders=["F1"])})
    preview = await grid.town.house.notices.preview(notice)
    assert (preview.recipients, preview.messages, preview.audience) == (7, 7, 8)
    await grid.town.approve(notice)
    await grid.settle()
    messages = await grid.town.messages(notice)
    assert {m["to_address"] for m in messages[:2]} == {A, ordinary[4]}
    assert [len(m["accounts"]) for m in messages if m["to_address"] == ordinary[4]] == [2]
    assert len(messages) == 7 and {m["state"] for m in messages} == {"queued"}


async def test_a_slipping_estimate_replaces_what_waits_and_updates_what_was_told(grid: Grid) -> None:
    await grid.account("T1", A)
    now = grid.town.clock.now()
    outage = await grid.fault("T1", ends_at=now + timedelta(hours=2))
    notice = await grid.tell("outage_fault", outage)
    # Nobody was told yet: the stale copy dies, and the fresh text is no correction.
    await grid.change(outage, ends_at=now + timedelta(hours=3))
    stale, fresh = await grid.town.messages(notice)
    assert (stale["state"], stale["withheld_reason"]) == ("withheld", "superseded")
    assert fresh["kind"] == "outage_fault" and "预计13时来电" in fresh["body"]
    await grid.deliver()
    await grid.change(outage, ends_at=now + timedelta(hours=5), reason="电缆终端头击穿")
    update = (await grid.town.messages(notice))[-1]
    assert (update["state"], update["kind"], update["template"]) == ("queued", "outage_update", "outage_update")
    assert "电缆终端头击穿" in update["body"] and "15时来电" in update["body"]
    # The same again tells nobody anything.
    assert not await grid.change(outage, ends_at=now + timedelta(hours=5))
    assert len(await grid.town.messages(notice)) == 3


async def test_a_crew_that_comes_later_than_was_said_is_told(grid: Grid) -> None:
    await grid.account("T1", A)
    now = grid.town.clock.now()
    outage = await grid.fault("T1", crew_at=now + timedelta(minutes=30))
    notice = await grid.tell("outage_fault", outage)
    await grid.deliver()
    # "By half past ten" stays true where it comes sooner.
    await grid.change(outage, crew_at=now + timedelta(minutes=20))
    assert len(await grid.town.messages(notice)) == 1
    await grid.change(outage, crew_at=now + timedelta(minutes=70))
    update = (await grid.town.messages(notice))[-1]
    assert (update["kind"], update["template"], update["state"]) == ("outage_update", "outage_update_crew", "queued")
    assert "11时10分前到场" in update["body"] and update["expires_at"] == now + timedelta(minutes=70)
    await grid.deliver()
    # Once it is known when supply is back, the crew is no news any more.
    await grid.change(outage, ends_at=now + timedelta(hours=3))
    await grid.deliver()
    await grid.change(outage, crew_at=now + timedelta(hours=2))
    assert [message["template"] for message in await grid.town.messages(notice)] == [
        "outage_fault_crew",
        "outage_update_crew",
        "outage_update_estimate",
    ]


async def test_restored_is_told_to_those_who_were_told_and_kills_what_waits(grid: Grid) -> None:
    told, asleep = await grid.account("T1", A), await grid.account("T1", B)
    outage = await grid.fault("T1")
    notice = await grid.tell("outage_fault", outage)
    async with grid.town.database.work() as work:
        await work.execute("UPDATE message SET state = 'delivered', sent_at = $2 WHERE to_address = $1", A, MORNING)
        await work.commit()
    await grid.change(outage, state="restored")
    by_account = {(m["accounts"][0], m["kind"]): m for m in await grid.town.messages(notice)}
    assert by_account[told, "restoration"]["state"] == "queued"
    assert by_account[asleep, "outage_fault"]["withheld_reason"] == "recovered"
    assert (asleep, "restoration") not in by_account
    assert "回复2" in by_account[told, "restoration"]["body"]
    await grid.deliver()
    # Neither a second notice nor a second report of the same tells it twice.
    again = await grid.tell("restoration", outage)
    assert await grid.town.messages(again) == []
    assert not await grid.change(outage, state="restored")


async def test_what_has_ended_does_not_begin_again(grid: Grid) -> None:
    await grid.account("T1", A)
    outage = await grid.fault("T1")
    await grid.change(outage, state="restored")
    with pytest.raises(Conflict):
        await grid.change(outage, state="active")
    with pytest.raises(Conflict):
        await grid.tell("outage_fault", outage)


async def test_a_planned_outage_that_moves_names_what_it_replaces(grid: Grid) -> None:
    await grid.account("T1", A)
    outage = await grid.planned("T1")
    notice = await grid.tell("outage_planned", outage)
    await grid.deliver()
    starts_at = MORNING + timedelta(days=12)
    await grid.change(outage, starts_at=starts_at, ends_at=starts_at + timedelta(hours=6), reason="降雨")
    announced, moved = await grid.town.messages(notice)
    assert announced["template"] == "outage_planned" and "11月14日10时至16时" in announced["body"]
    assert moved["template"] == "outage_update_moved"
    assert "原定11月14日10时的停电因降雨改到11月16日10时至16时" in moved["body"]
    await grid.deliver()
    # Without a word why, neither the work nor what was told before is given as the reason.
    await grid.change(outage, starts_at=starts_at + timedelta(hours=1))
    again = (await grid.town.messages(notice))[-1]
    assert "原定11月16日10时的停电因检修安排调整改到11月16日11时至16时" in again["body"]
    await grid.deliver()
    await grid.change(outage, state="cancelled", reason="市政活动")
    cancelled = (await grid.town.messages(notice))[-1]
    assert cancelled["template"] == "outage_update_cancelled"
    assert "原定11月16日11时的停电因市政活动取消" in cancelled["body"]


async def test_the_calendar_reminds_under_the_same_notice(grid: Grid) -> None:
    await grid.account("T1", A)
    outage = await grid.planned("T1")
    notice = await grid.tell("outage_planned", outage)
    left = await grid.pass_time(MORNING + timedelta(days=10, hours=1))
    assert [one["template"] for one in left] == [
        "outage_planned", "outage_planned_reminder", "outage_planned_reminder", "outage_planned_eve"
    ]  # fmt: skip
    messages = await grid.town.messages(notice)
    assert [m["sent_at"] for m in messages] == [
        MORNING,
        MORNING + timedelta(days=3),
        MORNING + timedelta(days=9),
        MORNING + timedelta(days=9, hours=8),
    ]
    assert "明日（11月14日）10时至16时" in messages[-1]["body"]
    async with grid.town.database.work() as work:
        assert await work.value("SELECT state FROM outage WHERE outage_no = $1", outage) == "active"
    await grid.change(outage, state="restored")
    assert [one["kind"] for one in await grid.deliver()] == ["restoration"]


async def test_a_notice_that_does_not_follow_says_its_one_text(grid: Grid) -> None:
    await grid.account("T1", A)
    outage = await grid.planned("T1")
    await grid.tell("outage_planned", outage, follow=False)
    await grid.deliver()
    await grid.change(outage, ends_at=MORNING + timedelta(days=10, hours=8))
    assert await grid.pass_time(MORNING + timedelta(days=10, hours=1)) == []
    await grid.change(outage, state="restored")
    assert await grid.deliver() == []


async def test_who_leaves_the_scope_is_released_and_who_enters_is_told(grid: Grid) -> None:
    stays, leaves, enters = await grid.account("T1", A), await grid.account("T2", B), await grid.account("T3", C)
    outage = await grid.planned("T1", "T2")
    notice = await grid.tell("outage_planned", outage)
    await grid.deliver()
    await grid.change(outage, scope=Scope(transformer_areas=("T1", "T3")))
    said = Counter((m["accounts"][0], m["template"]) for m in await grid.town.messages(notice))
    assert said == {
        (stays, "outage_planned"): 1,
        (leaves, "outage_planned"): 1,
        (leaves, "outage_update_released"): 1,
        (enters, "outage_planned"): 1,
    }


async def test_a_part_that_is_switched_back_first_is_told_so(grid: Grid) -> None:
    await grid.account("T1", A)
    await grid.account("T2", B)
    outage = await grid.fault("T1", "T2")
    await grid.tell("outage_fault", outage)
    await grid.deliver()
    await grid.change(outage, scope=Scope(transformer_areas=("T1",)))
    assert [(one["to_address"], one["kind"]) for one in await grid.deliver()] == [(B, "restoration")]
    await grid.change(outage, state="restored")
    assert [(one["to_address"], one["kind"]) for one in await grid.deliver()] == [(A, "restoration")]


async def test_a_false_alarm_is_taken_back(grid: Grid) -> None:
    await grid.account("T1", A)
    outage = await grid.fault("T1")
    await grid.tell("outage_fault", outage)
    await grid.deliver()
    await grid.change(outage, state="cancelled")
    assert [one["template"] for one in await grid.deliver()] == ["outage_update_discarded"]


async def test_supply_is_not_back_while_another_outage_keeps_it_off(grid: Grid) -> None:
    await grid.account("T1", A)
    await grid.account("T2", B)
    first = await grid.fault(feeders=["F1"])
    await grid.tell("outage_fault", first)
    await grid.deliver()
    second = await grid.fault("T1", starts_at=MORNING - timedelta(minutes=10))
    await grid.change(first, state="restored")
    # B has its supply back; A would be told what is not so.
    assert [(one["to_address"], one["kind"]) for one in await grid.deliver()] == [(B, "restoration")]
    # The end of the second is told to A, which was told of the first alone.
    await grid.tell("outage_fault", second, follow=True)
    await grid.deliver()
    await grid.change(second, state="restored")
    left = await grid.deliver()
    assert [(one["to_address"], one["kind"]) for one in left] == [(A, "restoration")]


async def test_a_restoration_that_waits_dies_when_the_supply_fails_again(grid: Grid) -> None:
    await grid.account("T1", A)
    first = await grid.fault("T1")
    await grid.tell("outage_fault", first)
    await grid.deliver()
    await grid.change(first, state="restored")
    second = await grid.fault("T1", starts_at=MORNING)
    assert await grid.deliver() == []
    notice = await grid.tell("outage_fault", second)
    assert [one["kind"] for one in await grid.deliver()] != ["restoration"]
    await grid.change(second, state="restored")
    assert [one["kind"] for one in await grid.deliver()] == ["restoration"]
    assert {m["notice_id"] for m in await grid.town.messages() if m["kind"] == "restoration" and m["sent_at"]} == {
        notice
    }


async def test_at_night_only_those_to_whom_it_is_urgent_are_woken(grid: Grid) -> None:
    await grid.account("T1", A)
    await grid.account("T1", B, vulnerable="ventilator")
    await grid.account("T1", C, important_level="一级")
    await grid.account("T1", D, vulnerable="elderly_alone")
    grid.town.clock.at = NIGHT
    notice = await grid.tell("outage_fault", await grid.fault("T1"))
    messages = {m["to_address"]: m for m in await grid.town.messages(notice)}
    assert messages[B]["not_before"] == messages[C]["not_before"] == NIGHT
    assert messages[B]["priority"] < messages[A]["priority"]
    morning = datetime(2025, 11, 4, 22, 0, tzinfo=UTC)
    assert messages[A]["not_before"] == messages[D]["not_before"] == morning


async def test_an_estimate_that_would_be_over_before_the_text_leaves_is_not_given(grid: Grid) -> None:
    await grid.account("T1", A)
    await grid.account("T1", B, vulnerable="home_oxygen")
    grid.town.clock.at = NIGHT
    outage = await grid.fault("T1", ends_at=NIGHT + timedelta(hours=3))
    messages = {m["to_address"]: m for m in await grid.town.messages(await grid.tell("outage_fault", outage))}
    assert messages[A]["template"] == "outage_fault"
    assert messages[B]["template"] == "outage_fault_estimate"
    assert messages[B]["expires_at"] == NIGHT + timedelta(hours=3)


async def test_planned_outages_are_told_in_the_daytime_unless_it_would_be_too_late(grid: Grid) -> None:
    await grid.account("T1", A)
    starts_at = datetime(2025, 11, 5, 23, 0, tzinfo=UTC)
    soon = await grid.planned("T1", starts_at=starts_at)
    await grid.tell("outage_planned", soon)
    await grid.deliver()
    grid.town.clock.at = datetime(2025, 11, 5, 12, 30, tzinfo=UTC)
    await grid.change(soon, state="cancelled", reason="降雨")
    # At half past eight in the evening, for seven in the morning: before eight is too late, so it goes now.
    message = (await grid.town.messages())[-1]
    assert (message["template"], message["not_before"]) == ("outage_update_cancelled", grid.town.clock.now())


async def test_important_users_confirm_or_are_rung(grid: Grid) -> None:
    silent = await grid.account("T1", A, important_level="特级", manager_no="E7")
    answers = await grid.account("T1", B, important_level="二级")
    outage = await grid.planned("T1", starts_at=MORNING + timedelta(hours=30))
    notice = await grid.tell("outage_planned", outage)
    messages = {m["to_address"]: m for m in await grid.town.messages(notice)}
    assert messages[A]["template"] == "outage_planned_short_notice" and "回复1" in messages[A]["body"]
    await grid.deliver()
    from gateway.notices.outages import confirming

    async with grid.town.database.work() as work:
        assert await confirming.confirmed(work.connection, messages[B]["id"], actor="customer", at=MORNING) == [outage]
        await work.commit()
    await grid.pass_time(MORNING + timedelta(hours=5))
    async with grid.town.database.work() as work:
        tasks = await work.fetch("SELECT t.*, a.account_no FROM task t JOIN account a ON a.id = t.account_id")
    assert [(task["kind"], task["account_no"], task["owner_no"]) for task in tasks] == [
        ("outage_confirm", silent, "E7")
    ]
    assert answers not in {task["account_no"] for task in tasks}
    await grid.change(outage, state="cancelled")
    async with grid.town.database.work() as work:
        assert await work.value("SELECT state FROM task") == "dropped"


async def test_a_home_with_a_medical_device_is_rung_even_where_no_text_goes(grid: Grid) -> None:
    await grid.account("T1", A, vulnerable="dialysis")
    await grid.account("T1", vulnerable="ventilator")
    await grid.account("T1", B, vulnerable="disabled")
    await grid.tell("outage_fault", await grid.fault("T1"))
    async with grid.town.database.work() as work:
        assert [row["kind"] for row in await work.fetch("SELECT kind FROM task")] == ["outage_ring"] * 2


async def test_a_wrong_number_hears_no_more_of_the_outage(grid: Grid) -> None:
    account = await grid.account("T1", A, {"address": B, "is_default": False})
    outage = await grid.fault("T1")
    await grid.tell("outage_fault", outage)
    await grid.deliver()
    async with grid.town.database.work() as work:
        await work.execute(
            """UPDATE contact_link SET state = 'revoked'
               WHERE contact_point_id = (SELECT id FROM contact_point WHERE address = $1)""",
            A,
        )
        await work.commit()
    await grid.change(outage, state="restored")
    assert await grid.deliver() == []
    last = (await grid.town.messages())[-1]
    # The right number was never told that it was off.
    assert (last["accounts"], last["to_address"], last["withheld_reason"]) == ([account], B, "recovered")


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("planned", {"ends_at": None}, "ends_at"),
        ("planned", {"ends_at": MORNING}, "ends_at"),
        ("fault", {"starts_at": MORNING + timedelta(hours=1)}, "starts_at"),
        ("fault", {"state": "announced"}, "state"),
        ("fault", {"restored_at": MORNING, "state": "active"}, "restored_at"),
    ],
)
async def test_an_outage_that_cannot_be_names_its_field(grid: Grid, kind: str, given: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        if kind == "planned":
            starts_at = MORNING + timedelta(days=10)
            from gateway.notices.outages.lives import begin

            begin("planned", {"starts_at": starts_at, **given}, MORNING)
        else:
            await grid.fault("T1", **given)
    assert [error.field for error in refused.value.errors] == [field]


async def test_a_scope_that_the_archive_does_not_know_is_named(grid: Grid) -> None:
    with pytest.raises(InvalidInput) as refused:
        await grid.fault("T1", "T9", feeders=["F9"], accounts=["4100000000"])
    assert [error.field for error in refused.value.errors] == [
        "scope.feeders[0]", "scope.transformer_areas[1]", "scope.accounts[0]"
    ]  # fmt: skip


async def test_a_preview_keeps_nothing(grid: Grid) -> None:
    await grid.account("T1", A)
    outage = await grid.planned("T1")
    notice = await grid.town.draft("outage_planned", {"outage_id": outage})
    seen = await grid.town.house.notices.preview(notice)
    assert (seen.audience, seen.messages) == (1, 1)
    async with grid.town.database.work() as work:
        assert await work.value("SELECT count(*) FROM outage_account") == 0


async def test_an_announcement_goes_to_places_of_the_grid_and_names_those_it_does_not_know(grid: Grid) -> None:
    there = await grid.account("T1", A)
    await grid.account("T2", B)
    async with grid.town.database.work() as work:
        line = await work.value(
            "SELECT f.code FROM feeder f JOIN transformer_area t ON t.feeder_id = f.id WHERE t.code = 'T1'"
        )
        await work.execute("INSERT INTO premise (district, address) VALUES ('西山区', '西山区幸福街道1号')")
        await work.commit()
    said = {"values": {"text": "迁址。"}}
    for place in ({"transformer_areas": ["T1"]}, {"transformer_areas": ["T1"], "districts": ["西山区"]}):
        notice = await grid.town.compose("announcement", {**said, "audience": place})
        assert [message["accounts"] for message in await grid.town.messages(notice)] == [[there]]
    unknown = {"feeders": [line, "F404"], "transformer_areas": ["T1号公变"], "districts": ["西山区", "北山区"]}
    with pytest.raises(InvalidInput) as refused:
        await grid.town.draft("announcement", {**said, "audience": unknown})
    assert {error.field for error in refused.value.errors} == {
        "audience.feeders[1]", "audience.transformer_areas[0]", "audience.districts[1]"
    }  # fmt: skip


async def test_a_preview_says_what_its_texts_replace(grid: Grid) -> None:
    house = grid.town.house
    for number in (A, B):
        await grid.account("T1", number)
    outage = await grid.planned("T1")
    first = await grid.tell("outage_planned", outage, follow=False)
    second = await grid.town.draft("outage_planned", {"outage_id": outage})
    assert (await house.notices.preview(second)).supersedes == [], "what waits is said by the first"
    await grid.deliver()
    await grid.change(outage, starts_at=grid.town.clock.now() + timedelta(days=9))
    seen = await house.notices.preview(second)
    assert [(one.notice_id, one.kind, one.messages) for one in seen.supersedes] == [(first, "outage_planned", 2)]
    assert seen.messages == 2


async def test_finding_out_what_to_say_grows_with_the_outage_and_not_with_its_square(grid: Grid) -> None:
    """Though the planner takes an outage for a handful of people, as it does where a storm is ahead of statistics."""
    area, people = grid.areas["T1"], 150
    async with grid.town.database.work() as work:
        for statement in (
            "INSERT INTO customer (name) VALUES ('王强')",
            "INSERT INTO premise (address) VALUES ('章家河')",
            """INSERT INTO account (account_no, customer_id, premise_id, holder_name, transformer_area_id)
               SELECT (4200000000 + i)::text, (SELECT min(id) FROM customer), (SELECT min(id) FROM premise), '王强', $1
               FROM generate_series(1, $2::int) i""",
            """INSERT INTO contact_point (address, line) SELECT '+86137' || (10000000 + i), 'mobile'
               FROM generate_series(1, $2::int) i WHERE $1::int > 0""",
            """INSERT INTO contact_link (account_id, contact_point_id, role, is_default)
               SELECT a.id, p.id, 'holder', true FROM account a
               JOIN contact_point p ON p.address = '+86137' || (a.account_no::bigint - 4200000000 + 10000000)""",
        ):
            await work.execute(statement, *((area, people) if "$2" in statement else ()))
        await work.commit()
    notice_id = await grid.town.draft("outage_fault", {"outage_id": await grid.fault("T1")})
    async with grid.town.database.work() as work:
        for way in ("material", "hashjoin", "mergejoin", "seqscan"):
            await work.execute(f"SET LOCAL enable_{way} = off")
        notice = dict(await work.connection.fetchrow("SELECT * FROM notice WHERE id = $1", notice_id))
        seen = await grid.town.house.previewer.go_through(work.connection, notice)
        read = await work.value(
            """SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
               WHERE relname = 'outage_account'"""
        )
    assert seen.messages == people
    assert people <= read <= 10 * people


async def test_a_notice_that_is_done_for_now_can_still_be_given_up(grid: Grid) -> None:
    await grid.account("T1", A)
    outage = await grid.planned("T1")
    notice = await grid.tell("outage_planned", outage)
    await grid.deliver()
    assert (await grid.town.row(notice))["state"] == "done"
    async with grid.town.database.session() as session:
        await grid.town.house.notices.cancel(session, notice, actor="key:clerk")
        await session.commit()
    await grid.change(outage, ends_at=MORNING + timedelta(days=10, hours=9))
    assert await grid.pass_time(MORNING + timedelta(days=10)) == []
    assert (await grid.town.row(notice))["state"] == "cancelled"


async def test_what_changes_while_a_notice_is_paused_is_told_when_it_goes_on(grid: Grid) -> None:
    await grid.account("T1", A)
    outage = await grid.fault("T1")
    notice = await grid.tell("outage_fault", outage)
    async with grid.town.database.session() as session:
        await grid.town.house.notices.pause(session, notice, actor="key:clerk")
        await session.commit()
    await grid.change(outage, ends_at=MORNING + timedelta(hours=4))
    assert (await grid.town.row(notice))["state"] == "paused"
    async with grid.town.database.session() as session:
        await grid.town.house.notices.resume(session, notice, actor="key:clerk")
        await session.commit()
    await grid.settle()
    assert [(one["kind"], "14时" in one["body"]) for one in await grid.deliver()] == [("outage_fault", True)]


async def test_outages_that_are_long_over_are_forgotten_person_by_person(grid: Grid) -> None:
    from gateway.notices.outages import following

    await grid.account("T1", A)
    outage = await grid.fault("T1")
    await grid.tell("outage_fault", outage)
    async with grid.town.database.work() as work:
        assert await following.forget(work.connection, MORNING + timedelta(days=1)) == 0
    await grid.change(outage, state="restored")
    async with grid.town.database.work() as work:
        assert await following.forget(work.connection, MORNING + timedelta(days=1)) == 1
        assert await work.value("SELECT count(*) FROM outage_told") == 0


async def test_the_timetable_is_the_policys_and_what_is_to_come_goes_by_the_new_one(grid: Grid) -> None:
    await grid.account("T1", A)
    starts_at = MORNING + timedelta(days=10)
    notice = await grid.tell("outage_planned", await grid.planned("T1", starts_at=starts_at))
    await grid.deliver()
    book = grid.town.house.policy
    # Earlier than what was to come by the timetable before.
    once = {"reminders": [{"step": "day", "before": "P8D", "unless_told_within": "PT6H"}]}
    async with grid.town.database.session() as session:
        await book.put(session, {"outages": once}, why="少打扰", base=None, actor="key:admin")
        await session.commit()
    async with grid.town.database.connection() as connection:
        await book.refresh(connection)
    left = await grid.pass_time(starts_at - timedelta(hours=1))
    assert [text["template"] for text in left] == ["outage_planned_reminder"]
    reminder = (await grid.town.messages(notice))[-1]
    assert reminder["sent_at"] == starts_at - timedelta(days=8)


async def test_a_text_without_an_end_is_worth_what_its_template_says(grid: Grid) -> None:
    await grid.account("T1", A)
    now = grid.town.clock.now()
    (text,) = await grid.town.messages(await grid.tell("outage_fault", await grid.fault("T1")))
    assert text["expires_at"] == now + timedelta(hours=4)
    # Nor does it hold any longer because its notice may be sent all day.
    await grid.account("T3", C)
    fault = await grid.fault("T3")
    (text,) = await grid.town.messages(await grid.tell("outage_fault", fault, until=now + timedelta(hours=12)))
    assert text["expires_at"] == now + timedelta(hours=4)
    # An end that is known goes before it.
    await grid.account("T2", B)
    outage = await grid.fault("T2", ends_at=now + timedelta(hours=9))
    (text,) = await grid.town.messages(await grid.tell("outage_fault", outage))
    assert text["expires_at"] == now + timedelta(hours=9)
