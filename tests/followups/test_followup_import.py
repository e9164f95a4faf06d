from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.followups.calendars import calendar
from gateway.followups.reading import FollowupFilter, followups
from gateway.kernel.database import Database
from tests.importing import Office, counts

PLAN = (
    "计划编号,户号,客户经理,计划日期,主题,方式,完成日期,结果\n"
    "VF1,4105000015791,E000024,2025-01-20,季度走访,走访,,\n"
    "VF2,4105000015791,E000024,2025-01-21,节能建议,电话,2025-01-22,客户满意\n"
    "VF3,4105000099999,E000024,2025-01-21,节能建议,电话,,\n"
    "VF4,4105000015791,E000024,2025-01-21,节能建议,写信,,\n"
    "VF5,4105000015791,E000024,某天,节能建议,短信,,\n"
)


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    office = Office(database, tmp_path)
    await office.load("archive", "户号,户名\n4105000015791,王强\n")
    return office


async def test_the_managers_plan_as_a_file(office: Office) -> None:
    run = await office.load("followups", PLAN)
    assert counts(run)[:2] == (5, 2)
    rows = await office.rows("SELECT plan_no, state, channel, outcome FROM followup ORDER BY plan_no")
    assert [tuple(row.values()) for row in rows] == [
        ("VF1", "planned", "visit", None),
        ("VF2", "done", "phone", "客户满意"),
    ]
    rejects = await office.rows("SELECT row_number, column_name, reason FROM import_reject ORDER BY row_number")
    assert [(row["column_name"], row["reason"].split(":")[0]) for row in rejects] == [
        ("户号", "unknown_account"),
        ("方式", "unknown_word"),
        ("计划日期", "bad_date"),
    ]


async def test_a_file_does_not_undo_what_was_done_here(office: Office) -> None:
    await office.load("followups", PLAN)
    assert counts(await office.load("followups", PLAN))[1:4] == (0, 0, 2)
    moved = PLAN.replace("2025-01-20", "2025-02-20").replace("2025-01-22,客户满意", ",")
    await office.load("followups", moved)
    rows = await office.rows("SELECT planned_for::text AS day, state, outcome FROM followup ORDER BY plan_no")
    assert [tuple(row.values()) for row in rows] == [
        ("2025-02-20", "planned", None),
        ("2025-01-21", "done", "客户满意"),
    ]


async def test_no_manager_brings_a_file_of_their_own_visits(office: Office) -> None:
    await office.load("followups", PLAN)
    before = await office.rows("SELECT * FROM followup ORDER BY plan_no")
    done = PLAN.replace("走访,,", "走访,2025-01-20,客户满意")
    for content in (done, done.replace("E000024", "E000025")):
        loaded = await office.load("followups", content, by="staff:E000024")
        assert [reason for _, _, reason, _ in await office.rejects(loaded)].count("own_work") == 3 - (content != done)
    assert await office.rows("SELECT * FROM followup ORDER BY plan_no") == before
    await office.load("followups", done, by="staff:E000025")
    states = await office.rows("SELECT state FROM followup")
    assert [row["state"] for row in states] == ["done", "done"]


async def test_a_plan_of_a_file_may_recur(office: Office) -> None:
    recurring = (
        "计划编号,户号,客户经理,计划日期,主题,方式,周期\n"
        "VF1,4105000015791,E000024,2099-01-20,季度走访,走访,FREQ=MONTHLY;INTERVAL=3\n"
        "VF2,4105000015791,E000024,2099-01-20,季度走访,走访,FREQ=HOURLY\n"
    )
    loaded = await office.load("followups", recurring)
    assert counts(loaded)[:2] == (2, 1)
    assert await office.rejects(loaded) == [(3, "周期", "bad_rule", "row")]
    (series,) = await office.rows(
        """SELECT s.rule, s.starts_on::text, s.made_until::text, f.plan_no FROM followup_series s
           JOIN followup f ON f.series_id = s.id"""
    )
    assert tuple(series.values()) == ("FREQ=MONTHLY;INTERVAL=3", "2099-01-20", "2099-01-20", "VF1")
    await office.load("followups", recurring)
    assert len(await office.rows("SELECT 1 FROM followup_series")) == 1


EVENTS = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:a1@phone
DTSTART;TZID="Asia/Shanghai":20990120T233000
SUMMARY:走访：季度走访\\, 户号4105000015791
BEGIN:VALARM
SUMMARY:别忘了
END:VALARM
RRULE:FREQ=MONTHLY;INTERVAL=3;UNTIL=21000101T000000Z
END:VEVENT
BEGIN:VEVENT
UID:a2@phone
DTSTART:20990120T170000Z
SUMMARY:节能建议
CATEGORIES:电话
DESCRIPTION:户号：41050000
 15791
END:VEVENT
BEGIN:VEVENT
UID:a3@phone
DTSTART;VALUE=DATE:20990122
SUMMARY:喝茶
END:VEVENT
BEGIN:VEVENT
UID:a4@phone
DTSTART;VALUE=DATE:20990122
SUMMARY:走访 户号4105000015791
RRULE:FREQ=WEEKLY
EXDATE;VALUE=DATE:20990129
END:VEVENT
BEGIN:VEVENT
UID:a5@phone
DTSTART;VALUE=DATE:20990122
SUMMARY:走访 户号4105000015791
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
_PLANS = """SELECT plan_no, planned_for::text AS day, topic, channel, manager_no, series_id IS NOT NULL AS recurs
            FROM followup ORDER BY plan_no"""


async def test_a_calendar_is_handed_in_as_a_plan(office: Office) -> None:
    await office.rows("UPDATE account SET manager_no = 'E000024' RETURNING id")
    loaded = await office.load("followups", EVENTS, name="plan.ics")
    assert counts(loaded)[:2] == (5, 2)
    assert [tuple(row.values()) for row in await office.rows(_PLANS)] == [
        ("a1@phone", "2099-01-20", "季度走访", "visit", "E000024", True),
        ("a2@phone", "2099-01-21", "节能建议", "phone", "E000024", False),
    ]
    assert await office.rejects(loaded) == [
        (4, "account_no", "missing_value", "row"),
        (5, "rule", "bad_rule", "row"),
        (6, "planned_date", "bad_date", "row"),
    ]
    assert counts(await office.load("followups", EVENTS, name="plan.ics"))[:2] == (5, 0)


async def test_the_feed_handed_in_again_moves_what_was_moved_and_nothing_else(office: Office) -> None:
    await office.load("followups", PLAN)
    made = "INSERT INTO followup (id, account_id, manager_no, planned_for, topic, channel, made_at, made_by, state)"
    await office.rows(
        f"""{made} SELECT gen_random_uuid(), account.id, 'E000025', '2099-03-02', topic, 'phone', now(), 'key:x', state
            FROM account, (VALUES ('峰谷电价，户号4105000015791', 'planned'), ('取消的', 'cancelled'))
              AS v(topic, state) RETURNING id"""
    )
    async with office.database.session() as session:
        plans = await followups(session, FollowupFilter(), before=None, limit=9)
    feed = calendar(plans, name="回访计划", now=datetime(2025, 1, 1, tzinfo=UTC))
    before = await office.rows("SELECT planned_for, topic, channel, manager_no, state FROM followup ORDER BY id")
    assert counts(await office.load("followups", feed, name="back.ics"))[1:] == (0, 0, 3, 0, 0)
    assert before == await office.rows(
        "SELECT planned_for, topic, channel, manager_no, state FROM followup ORDER BY id"
    )
    moved = feed.replace("DTSTART;VALUE=DATE:20990302", "DTSTART;VALUE=DATE:20990309")
    loaded = await office.load("followups", moved, name="back.ics")
    assert counts(loaded)[1:] == (0, 1, 2, 0, 0)
    (plan,) = await office.rows("SELECT planned_for::text AS day FROM followup WHERE topic LIKE '峰谷%'")
    assert plan["day"] == "2099-03-09"


async def test_an_event_that_claims_to_be_the_houses_and_is_not_is_refused(office: Office) -> None:
    event = EVENTS.split("BEGIN:VEVENT")[3].replace("a3@phone", "00000000-0000-7000-8000-000000000000@lamplighter")
    loaded = await office.load("followups", f"BEGIN:VCALENDAR\nBEGIN:VEVENT{event}", name="x.ics")
    assert await office.rejects(loaded) == [(2, "account_no", "unknown_account", "row")]
