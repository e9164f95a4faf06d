from __future__ import annotations

from pathlib import Path

import pytest

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
