"""Visits by programme, the plan as a calendar, and wishes that become tasks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.followups.calendar_file import rows
from gateway.followups.calendars import calendar
from gateway.followups.reading import Followup, voice
from gateway.followups.visits import STANDARD, change, programmes
from gateway.kernel.errors import InvalidInput, NotFound
from tests.followups.conftest import Office, office, town, wording

__all__ = ["office", "town", "wording"]


async def _change(office: Office, code: str, **changes: Any) -> None:
    async with office.town.database.work() as work:
        now, zone = office.town.clock.now(), office.house.settings.zone
        await change(work.connection, code, changes, now=now, zone=zone, actor="key:head")
        await work.commit()


async def test_an_active_programme_plans_for_its_audience_and_ends_with_its_switch(office: Office) -> None:
    vip = await office.town.account("+8613800000001", vip=True, manager_no="E1")
    await office.town.account("+8613800000002", manager_no="E1")
    await office.town.account("+8613800000003", vip=True)
    await office.due()
    assert await office.rows("SELECT 1 FROM followup") == []
    await _change(office, "visit1", name="回访", topic="用电安全走访", active=True, rule="FREQ=MONTHLY")
    await office.due()
    await office.due()
    found = await office.rows("SELECT f.*, a.account_no FROM followup f JOIN account a ON a.id = f.account_id")
    assert {(row["account_no"], row["topic"], row["programme"], row["manager_no"]) for row in found} == {
        (vip, "用电安全走访", "visit1", "E1")
    }
    assert 3 <= len(found) <= 5
    await _change(office, "visit1", active=False)
    states = {row["state"] for row in await office.rows("SELECT state FROM followup")}
    assert states == {"cancelled"}
    async with office.town.database.connection() as connection:
        table = await programmes(connection)
    assert (table["visit1"].name, table["visit2"]) == ("回访", STANDARD["visit2"]) and len(table) == 4


async def test_a_programme_that_makes_no_sense_is_refused(office: Office) -> None:
    for wrong in ({"rule": "FREQ=SECONDLY"}, {"audience": "nobody"}, {"channel": "pigeon"}):
        with pytest.raises(InvalidInput):
            await _change(office, "visit1", **wrong)
    with pytest.raises(NotFound):
        await _change(office, "visit5", active=True)


async def test_a_wish_is_a_task_of_its_owner_until_it_is_answered(office: Office) -> None:
    account = await office.town.account("+8613800000001", vip=True)
    (plan,) = await office.plan(account, date(2025, 11, 10), manager_no="E1")
    async with office.town.database.session() as session:
        wish = await office.house.followups.hear(
            session, plan, words="希望增设充电桩", owner_no="C2", due_on=date(2025, 11, 20), actor="key:manager"
        )
        await session.commit()
    (task,) = await office.rows("SELECT * FROM task")
    assert (task["kind"], task["owner_no"], task["unit"], task["state"]) == ("customer_voice", "C2", "T2", "open")
    assert task["due_at"] == datetime(2025, 11, 20, 16, tzinfo=UTC) and task["words"] == "希望增设充电桩"
    async with office.town.database.session() as session:
        assert (await voice(session, wish)).task_id == task["id"]
        await office.house.followups.answer(session, wish, answer="已列入明年计划", actor="key:C2")
        await session.commit()
    (task,) = await office.rows("SELECT * FROM task")
    assert (task["state"], task["outcome"]) == ("done", "已列入明年计划")


async def test_a_wish_is_answered_by_doing_its_task_and_owed_from_today_on(office: Office) -> None:
    account = await office.town.account("+8613800000001", vip=True)
    (plan,) = await office.plan(account, date(2025, 11, 10), manager_no="E1")
    wish: dict[str, Any] = {"words": "希望增设充电桩", "owner_no": "C2", "actor": "key:manager"}
    async with office.town.database.session() as session:
        with pytest.raises(InvalidInput):
            await office.house.followups.hear(session, plan, due_on=date(2025, 10, 1), **wish)
    async with office.town.database.session() as session:
        heard = await office.house.followups.hear(session, plan, due_on=date(2025, 11, 20), **wish)
        await session.commit()
    await office.due()
    async with office.town.database.work() as work:
        await work.execute(
            "UPDATE task SET state = 'done', outcome = '已列入明年计划', closed_by = 'staff:C2', closed_at = opened_at"
        )
        await work.commit()
    await office.due()
    async with office.town.database.session() as session:
        one = await voice(session, heard)
    assert (one.state, one.answer) == ("answered", "已列入明年计划")
    assert await office.rows("SELECT 1 FROM audit_entry WHERE action = 'followup.voice_answered'")


def _plan(**facts: Any) -> Followup:
    usual: dict[str, Any] = {
        "id": uuid4(), "plan_no": None, "series_id": None, "account_no": "4100005171", "manager": "E1",
        "deputy": None, "planned_for": date(2025, 11, 10), "topic": "季度走访", "channel": "visit",
        "state": "planned", "done_at": None, "outcome": None, "independent": None, "programme": None, "rule": None,
    }  # fmt: skip
    return Followup(**(usual | facts))


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=200), st.sampled_from(["planned", "done"]))
def test_a_calendar_is_lines_of_75_octets_that_unfold_to_what_was_said(topic: str, state: str) -> None:
    text = calendar([_plan(topic=topic, state=state)], name="回访计划", now=datetime(2025, 11, 1, tzinfo=UTC))
    lines = text.split("\r\n")
    assert lines[-1] == "" and all(len(line.encode()) <= 75 for line in lines)
    whole = text.replace("\r\n ", "").split("\r\n")
    (said,) = [line for line in whole if line.startswith("SUMMARY:")]
    plain = said.removeprefix("SUMMARY:").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    assert plain == f"走访：{topic}（户号尾号5171）"
    # Handed in again it is the same plan.
    (row,) = rows(text, ZoneInfo("Asia/Shanghai"))
    assert row[0].endswith("@lamplighter") and row[3:6] == ("2025-11-10", topic, "visit")
    assert "4100005171" not in text and "DTSTART;VALUE=DATE:20251110" in whole
