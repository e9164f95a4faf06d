from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.evaluations.asking import Surveying
from gateway.followups import Outcome
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput
from tests.followups.conftest import PHONE, Office

A = "+8613800000001"
#: The town's clock stands on 2025-11-04, ten in the morning.
TODAY = date(2025, 11, 4)


async def visited(office: Office, account: str | None = None, **more: Any) -> UUID:
    """A visit by E1 that is done."""
    no = account or await office.town.account(A, vip=True)
    (followup,) = await office.plan(no, TODAY, manager_no="E1", **more)
    await office.change(followup, state="done", outcome="客户满意")
    return followup


async def independent(office: Office) -> Any:
    (row,) = await office.rows("SELECT * FROM independent_followup")
    return row


async def called(office: Office, by: str, **said: Any) -> None:
    row = await independent(office)
    async with office.town.database.session() as session:
        outcome = Outcome(**{"reached": True, **said})
        await office.house.independent.called(session, row["id"], outcome, by=by, actor="key:reviewer")
        await session.commit()


async def test_the_accounts_manager_is_planned_for_unless_another_is_named(office: Office) -> None:
    account = await office.town.account(A, manager_no="E2")
    await office.plan(account, TODAY)
    await office.plan(account, TODAY, manager_no="E1")
    rows = await office.rows("SELECT manager_no FROM followup ORDER BY id")
    assert [row["manager_no"] for row in rows] == ["E2", "E1"]


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({"account_no": "9999999999"}, "account_no"),
        ({}, "manager"),
        ({"manager_no": "nobody"}, "manager"),
        ({"manager_no": "E1", "day": TODAY - timedelta(days=1)}, "planned_for"),
        ({"manager_no": "E1", "rule": "FREQ=HOURLY"}, "rule"),
        ({"manager_no": "E1", "rule": "FREQ=YEARLY;BYMONTH=9"}, "rule"),
    ],
)
async def test_a_plan_that_cannot_be_names_its_field(office: Office, plan: dict[str, Any], field: str) -> None:
    account = plan.pop("account_no", None) or await office.town.account(A)
    with pytest.raises(InvalidInput) as refused:
        await office.plan(account, plan.pop("day", TODAY), **plan)
    assert refused.value.errors[0].field == field


async def test_a_series_is_written_down_as_far_as_can_be_seen_and_goes_on_with_time(office: Office) -> None:
    account = await office.town.account(A)
    made = await office.plan(account, TODAY, manager_no="E1", rule="FREQ=MONTHLY")
    assert len(made) == 5
    await office.due()
    assert len(await office.rows("SELECT 1 FROM followup")) == 5
    office.town.clock.on(days=60)
    await office.due()
    days = [row["planned_for"] for row in await office.rows("SELECT planned_for FROM followup ORDER BY planned_for")]
    assert days == [date(2025, 11, 4), date(2025, 12, 4), *(date(2026, month, 4) for month in (1, 2, 3, 4))]
    async with office.town.database.session() as session:
        cancelled = await office.house.followups.end_series(session, made[-1], actor="key:manager")
        await session.commit()
    states = [row["state"] for row in await office.rows("SELECT state FROM followup ORDER BY planned_for")]
    assert cancelled == states.count("cancelled") and "planned" not in states


async def test_what_is_done_has_an_outcome_and_is_over(office: Office) -> None:
    account = await office.town.account(A)
    (followup,) = await office.plan(account, TODAY, manager_no="E1")
    with pytest.raises(InvalidInput):
        await office.change(followup, state="done")
    await office.change(followup, state="done", outcome="客户满意")
    with pytest.raises(Conflict):
        await office.change(followup, planned_for=TODAY + timedelta(days=3))


async def test_after_a_visit_the_customer_is_asked_by_text(office: Office) -> None:
    followup = await visited(office)
    (message,) = await office.town.messages()
    assert (message["template"], message["kind"], message["state"]) == ("survey_followup", "survey", "queued")
    assert "客户经理看不到" in message["body"] and message["reference"] == f"followup:{followup}"
    (invitation,) = await office.rows("SELECT * FROM invitation")
    assert (invitation["event_kind"], invitation["event_ref"]) == ("followup", str(followup))
    assert (invitation["person_no"], invitation["team_code"]) == ("E1", "T1")
    assert (await independent(office))["state"] == "asked"


async def test_a_deputys_visit_is_the_deputys(office: Office) -> None:
    account = await office.town.account(A)
    (followup,) = await office.plan(account, TODAY, manager_no="E1")
    await office.change(followup, deputy_no="E9")
    await office.change(followup, state="done", outcome="已办")
    (invitation,) = await office.rows("SELECT person_no, team_code FROM invitation")
    assert tuple(invitation) == ("E9", "T2")


async def test_who_does_not_answer_is_called_by_somebody_outside_the_line(office: Office) -> None:
    await visited(office)
    async with office.town.database.work() as work:
        await work.execute("UPDATE message SET state = 'delivered'")
        await work.commit()
    await office.due()
    assert (await independent(office))["state"] == "asked"
    office.town.clock.on(hours=73)
    await office.due()
    row = await independent(office)
    assert row["state"] == "to_call" and row["caller_no"] in ("C2", "C3") and "of 2" in row["draw"]


async def test_whom_no_text_reaches_is_called_at_once(office: Office) -> None:
    await visited(office, await office.town.account())
    await office.due()
    assert (await independent(office))["state"] == "to_call"


@pytest.mark.parametrize("by", ["E1", "E2", "C1"])
async def test_nobody_of_the_managers_team_notes_what_the_customer_said(office: Office, by: str) -> None:
    await visited(office)
    with pytest.raises(Forbidden):
        await called(office, by, score=5)
    assert await office.rows("SELECT 1 FROM evaluation") == []


async def test_what_was_said_by_telephone_is_an_evaluation(office: Office) -> None:
    await visited(office)
    await called(office, "C3", score=2, solved=False, comment="一直没给方案")
    (row,) = await office.rows("SELECT * FROM evaluation")
    assert (row["score"], row["solved"], row["comment"], row["channel"]) == (2, False, "一直没给方案", "phone")
    assert (await independent(office))["state"] == "answered"
    with pytest.raises(Conflict):
        await called(office, "C3", score=5)


async def test_three_calls_in_vain_are_the_end(office: Office) -> None:
    await visited(office)
    for _ in range(3):
        assert (await independent(office))["state"] != "unreached"
        await called(office, "C3", reached=False)
    assert (await independent(office))["state"] == "unreached"


async def test_managers_are_reminded_on_the_day_once_and_deputies_in_their_place(office: Office) -> None:
    account = await office.town.account(A)
    for days, manager in ((0, "E1"), (1, "E1"), (1, "E2")):
        await office.plan(account, TODAY + timedelta(days=days), manager_no=manager)
    await office.due()
    await office.due()
    reminders = [message for message in await office.town.messages() if message["template"] == "followup_due"]
    assert [message["to_address"] for message in reminders] == [PHONE]
    async with office.town.database.session() as session:
        tomorrow = TODAY + timedelta(days=1)
        await office.house.deputies.name(
            session,
            manager_no="E1",
            deputy_no="E9",
            first_day=tomorrow,
            last_day=tomorrow,
            reason="休假",
            actor="key:x",
        )
        await session.commit()
    office.town.clock.on(days=1)
    await office.due()
    told = [message["to_address"] for message in await office.town.messages() if message["template"] == "followup_due"]
    assert told == [PHONE, "+8613900000099"]
    rows = await office.rows("SELECT manager_no, deputy_no FROM followup WHERE planned_for = $1 ORDER BY id", tomorrow)
    assert [tuple(row) for row in rows] == [("E1", "E9"), ("E2", None)]


async def test_a_plan_nobody_spoke_of_was_missed_and_can_still_be_done(office: Office) -> None:
    account = await office.town.account(A)
    (followup,) = await office.plan(account, TODAY, manager_no="E1")
    office.town.clock.on(days=6)
    await office.due()
    assert [row["state"] for row in await office.rows("SELECT state FROM followup")] == ["planned"]
    office.town.clock.on(days=1)
    await office.due()
    assert [row["state"] for row in await office.rows("SELECT state FROM followup")] == ["missed"]
    await office.change(followup, state="done", outcome="补访")
    assert (await independent(office))["state"] == "asked"


async def test_the_next_due_moment_is_named_for_every_kind_of_work(office: Office) -> None:
    account = await office.town.account(A)
    due, clock = office.house.due_followups, office.town.clock

    async def upcoming() -> Any:
        async with office.town.database.connection() as connection:
            return await due.next_due(connection, clock.now())

    assert await upcoming() is None
    (followup,) = await office.plan(account, TODAY + timedelta(days=2), manager_no="E1")
    seen = []
    while (moment := await upcoming()) is not None and len(seen) < 5:
        clock.at = moment
        await office.due()
        seen.append(moment.astimezone(office.house.settings.zone).isoformat()[:13])
    # The reminder, the end of waiting for a word, and the call to the customer who did not answer.
    assert seen == ["2025-11-06T08", "2025-11-13T08", "2025-11-16T08"]
    assert [row["state"] for row in await office.rows("SELECT state FROM followup WHERE id = $1", followup)] == [
        "missed"
    ]


async def test_a_contact_of_ones_own_takes_no_survey_about_another_service_away(office: Office) -> None:
    """Of what a manager planned the customer is rung about, while a text would use up the span of another's survey."""
    account = await office.town.account(A)
    (followup,) = await office.plan(account, TODAY, manager_no="E1")
    async with office.town.database.work() as work:
        await work.execute(
            """INSERT INTO invitation (event_kind, event_ref, account_id, person_no, drawn)
               SELECT 'work_order', 'W1', id, 'E9', true FROM account"""
        )
        await work.execute("UPDATE followup SET made_by = 'staff:E1'")
        await work.commit()
    await office.change(followup, state="done", outcome="电话回访")
    assert [one for one in await office.town.messages() if one["state"] == "queued"] == []
    await office.due()
    assert (await independent(office))["state"] == "to_call"


@pytest.mark.parametrize(
    ("handler", "team", "made_by", "asked"),
    [
        # Their own work, their team's; somebody else's; a contact that the utility planned.
        ("E1", "T2", "staff:E1", True),
        ("E2", "T1", "staff:E1", True),
        ("C3", "T2", "staff:E1", False),
        ("E1", "T1", "key:plan", False),
    ],
)
async def test_a_contact_of_ones_own_done_before_an_order_opens_keeps_it_from_no_survey(
    office: Office, handler: str, team: str, made_by: str, asked: bool
) -> None:
    house, town = office.house, office.town
    surveying = Surveying(
        house.database, house.notices, house.acceptor, house.events, house.settings.zone, automatic=True
    )

    async def kept(query: str, *values: Any) -> None:
        async with town.database.work() as work:
            await work.execute(query, *values)
            await work.commit()

    async def due() -> None:
        await surveying.run(town.clock.now())
        while await house.notice_runner.compose_next():
            pass
        await kept("UPDATE message SET state = 'delivered', sent_at = $1 WHERE state = 'queued'", town.clock.at)

    account = await town.account(A)
    await due()
    (followup,) = await office.plan(account, TODAY, manager_no="E1")
    await kept("UPDATE followup SET made_by = $1", made_by)
    await office.change(followup, state="done", outcome="电话回访")
    await due()
    town.clock.on(days=3)
    await kept(
        """INSERT INTO work_order (work_order_no, kind, account_id, account_no, opened_at, closed_at, team_code,
                                   handler_no)
           SELECT 'W1', 'complaint', id, account_no, $1, $2, $3, $4 FROM account""",
        town.clock.at,
        town.clock.at + timedelta(hours=2),
        team,
        handler,
    )
    town.clock.on(hours=3)
    for _ in range(3):
        await due()
        town.clock.on(hours=1)
    rows = await office.rows(
        """SELECT m.state, m.withheld_reason, i.flags FROM invitation i JOIN message m ON m.id = i.message_id
           WHERE i.event_ref = 'W1'"""
    )
    wanted = ("delivered", None, ["despite_own_contact"]) if asked else ("withheld", "surveyed_recently", [])
    assert [(row["state"], row["withheld_reason"], row["flags"]) for row in rows] == [wanted]
