from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.evaluations.surveys import Surveys
from gateway.kernel.acting import Acting, act_for
from gateway.kernel.errors import Forbidden
from gateway.notices import Draft
from tests.notices.conftest import Town, town, wording

__all__ = ["town", "wording"]

HOME = ZoneInfo("Asia/Shanghai")
A, B = "+8613800000001", "+8613800000002"
SPAN = {"closed_from": "2025-11-01T00:00:00+08:00", "closed_to": "2025-11-04T00:00:00+08:00"}
CLOSED = datetime(2025, 11, 2, 4, tzinfo=UTC)


async def order(town: Town, number: str, account_no: str | None, **facts: Any) -> None:
    async with town.database.work() as work:
        await work.execute(
            """INSERT INTO work_order (work_order_no, kind, account_id, account_no, caller_number, opened_at, closed_at,
                                       team_code, handler_no)
               VALUES ($1, $2, (SELECT id FROM account WHERE account_no = $3), $3, $4, $5, $6, 'TM0001', 'E000001')""",
            number,
            facts.get("kind", "fault_repair"),
            account_no,
            facts.get("caller"),
            CLOSED - timedelta(days=1),
            facts.get("closed", CLOSED),
        )
        await work.commit()


async def invitations(town: Town) -> dict[str, Any]:
    async with town.database.work() as work:
        rows = await work.fetch(
            """SELECT i.event_ref, i.team_code, i.person_no, m.state, m.withheld_reason, m.to_address, m.body
               FROM invitation i JOIN message m ON m.id = i.message_id"""
        )
    return {row["event_ref"]: row for row in rows}


async def test_every_closed_order_is_asked_about_once(town: Town) -> None:
    account = await town.account(A)
    await order(town, "W1", account)
    await order(town, "W2", account, closed=None)
    await order(town, "W3", account, closed=CLOSED + timedelta(days=30))
    await order(town, "W4", account, kind="commitment")
    await town.compose("survey", SPAN)
    found = await invitations(town)
    assert set(found) == {"W1"}
    asked = found["W1"]
    assert (asked["state"], asked["team_code"], asked["person_no"]) == ("queued", "TM0001", "E000001")
    assert "11月1日" in asked["body"] and "报修" in asked["body"] and "5非常满意" in asked["body"]
    await town.compose("survey", SPAN)
    assert len(await town.messages()) == 1


async def test_what_is_left_out_while_its_text_is_written_is_not_asked_about(town: Town) -> None:
    """Promise P6: an event is asked about or skipped, and never both."""
    for number, phone in (("W1", A), ("W2", B)):
        await order(town, number, await town.account(phone))
    notice = await town.compose("survey", SPAN)
    async with town.database.work() as work:
        # As it stands where `leave_out` commits between the reading of the subjects and the noting of their texts.
        rows = await work.fetch("SELECT id, event_ref, message_id FROM invitation ORDER BY event_ref")
        await work.execute(
            """UPDATE invitation SET message_id = NULL, notice_id = NULL,
                 skipped = CASE event_ref WHEN 'W1' THEN 'sensitive' END"""
        )
        told = [({"id": row["id"]}, row["message_id"]) for row in rows]
        await Surveys(town.house.events, HOME).written(work.connection, {"id": notice}, told, town.clock.now())
        found = await work.fetch(
            """SELECT i.event_ref, i.message_id IS NOT NULL AS asked, i.skipped, m.state, m.withheld_reason
               FROM invitation i JOIN unnest($1::bigint[], $2::uuid[]) AS told(id, message) ON told.id = i.id
               JOIN message m ON m.id = told.message ORDER BY i.event_ref""",
            [row["id"] for row in rows],
            [row["message_id"] for row in rows],
        )
    assert [tuple(row) for row in found] == [
        ("W1", False, "sensitive", "withheld", "superseded"),
        ("W2", True, None, "queued", None),
    ]


async def test_one_person_is_asked_once_in_thirty_days_and_the_rest_is_counted(town: Town) -> None:
    account, other = await town.account(A), await town.account(A)
    for number, whose in (("W1", account), ("W2", account), ("W3", other)):
        await order(town, number, whose)
    await town.compose("survey", SPAN)
    found = await invitations(town)
    assert sorted(row["withheld_reason"] or "asked" for row in found.values()) == [
        "asked",
        "surveyed_recently",
        "surveyed_recently",
    ]


async def test_whoever_called_is_asked_where_the_number_belongs_to_the_account(town: Town) -> None:
    account = await town.account(A, {"address": B, "role": "relative"})
    await order(town, "W1", account, caller=B)
    await town.compose("survey", SPAN)
    assert (await invitations(town))["W1"]["to_address"] == B


async def test_a_stranger_s_number_on_the_order_does_not_redirect_the_invitation(town: Town) -> None:
    account = await town.account(A)
    await town.account(B)
    await order(town, "W1", account, caller=B)
    await town.compose("survey", SPAN)
    assert (await invitations(town))["W1"]["to_address"] == A


async def test_an_order_without_an_account_is_counted(town: Town) -> None:
    await order(town, "W1", None, caller="+8613811111111")
    await town.compose("survey", SPAN)
    found = (await invitations(town))["W1"]
    assert (found["state"], found["withheld_reason"]) == ("withheld", "no_contact")


async def test_who_steers_notices_steers_no_survey_without_a_say_in_them(town: Town) -> None:
    await order(town, "W1", await town.account(A))
    drafted = await town.draft("survey", SPAN)
    clerk = Acting(actor="key:clerk", scopes=frozenset({"notices:write", "notices:approve"}))
    notices = town.house.notices
    for step in (
        lambda session: notices.draft(session, Draft(kind="survey", about=SPAN), actor=clerk.actor),
        lambda session: notices.approve(session, drafted, actor=clerk.actor, two_people=True),
        lambda session: notices.pause(session, drafted, actor=clerk.actor),
        lambda session: notices.resume(session, drafted, actor=clerk.actor),
        lambda session: notices.cancel(session, drafted, actor=clerk.actor),
        lambda session: notices.resend(session, drafted, actor=clerk.actor),
    ):
        async with town.database.session() as session:
            act_for(session, clerk)
            with pytest.raises(Forbidden, match="evaluations:invite"):
                await step(session)
    assert (await town.row(drafted))["state"] == "draft"


async def test_nobody_steers_surveys_while_their_own_work_is_asked_about(town: Town) -> None:
    await order(town, "W1", await town.account(A))
    drafted = await town.compose("survey", SPAN)
    async with town.database.work() as work:
        await work.execute("UPDATE invitation SET person_no = 'E7'")
        await work.commit()
    notices = town.house.notices
    for staff_no in ("E7", "E8"):
        head = Acting(actor=f"staff:{staff_no}", scopes=frozenset({"admin"}), two_people=True)
        refused = pytest.raises(Forbidden, match="whoever handled W1") if staff_no == "E7" else nullcontext()
        for step in (
            lambda session: notices.draft(session, Draft(kind="survey", about=SPAN), actor="x"),
            lambda session: notices.pause(session, drafted, actor="x"),
            lambda session: notices.resume(session, drafted, actor="x"),
            lambda session: notices.cancel(session, drafted, actor="x"),
        ):
            async with town.database.session() as session:
                act_for(session, head)
                with refused:
                    await step(session)
                    await session.commit()
