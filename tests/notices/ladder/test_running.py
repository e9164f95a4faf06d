"""The day's stages over a real database: taken once, told once, frozen, and resumed after a crash."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.archive import consents
from gateway.kernel.errors import InvalidInput
from gateway.notices.ladder import feed
from gateway.notices.ladder.running import LadderRunner, Ran
from gateway.notices.ladder.tones import compare
from tests.notices.conftest import Town

A, B, C = "+8613800000001", "+8613800000002", "+8613800000003"


@pytest.fixture
async def runner(town: Town) -> LadderRunner:
    """A runner whose draws come out warm, official, warm, …; payments are known up to now."""
    draws = iter([0.1, 0.9] * 500)
    house = town.house
    await known(town)
    return LadderRunner(
        town.database,
        town.clock,
        house.notices,
        house.policy,
        zone=house.settings.zone,
        region="CN",
        draw=lambda: next(draws),
    )


async def known(town: Town) -> None:
    """Payments are complete up to now."""
    async with town.database.work() as work:
        await feed.declare(work.connection, town.clock.now(), actor="key:bank", now=town.clock.now())
        await work.commit()


async def owes(town: Town, account_no: str, due: date, amount: str = "86.50", month: str = "202510") -> None:
    async with town.database.work() as work:
        await work.execute(
            """INSERT INTO bill (account_id, billing_month, amount, due_date)
               SELECT id, $2, $3, $4 FROM account WHERE account_no = $1""",
            account_no,
            month,
            Decimal(amount),
            due,
        )
        await work.commit()


async def composed(town: Town, ran: Ran) -> list[Any]:
    """Compose what a run drafted; its messages."""
    for told in ran.notices:
        if not told.approved:
            await town.approve(told.notice_id)
        assert await town.house.notice_runner.compose_next(only=told.notice_id)
    return [message for told in ran.notices for message in await town.messages(told.notice_id)]


def late(town: Town, days: int) -> date:
    """A due date so many days before the town's today."""
    return (town.clock.now() + timedelta(hours=8)).date() - timedelta(days=days)


async def test_each_stage_says_its_own_and_is_taken_once(town: Town, runner: LadderRunner) -> None:
    stages = {"bill_issued": -20, "before_due": -2, "overdue": 1, "daily_charge": 9}
    accounts = {name: await town.account(f"+86138000001{n:02d}") for n, name in enumerate(stages)}
    for name, days in stages.items():
        await owes(town, accounts[name], late(town, days))
    ran = await runner.run(approve=True)
    assert {told.stage: told.bills for told in ran.notices} == dict.fromkeys(stages, 1)
    assert all(told.approved for told in ran.notices)
    bodies = {message["accounts"][0]: message["body"] for message in await composed(town, ran)}
    assert "本期电费是86.50元" in bodies[accounts["bill_issued"]]
    assert "逾期按日加收违约金0.09元" in bodies[accounts["before_due"]]
    assert "86.50元" in bodies[accounts["overdue"]]
    assert "0.78元" in bodies[accounts["daily_charge"]] and "0.09元" in bodies[accounts["daily_charge"]]
    again = await runner.run(approve=True)
    assert (again.looked_at, list(again.notices)) == (4, [])


async def test_a_bill_that_somebody_told_by_hand_is_not_told_again(town: Town, runner: LadderRunner) -> None:
    told, refused = await town.account(A), await town.account(B)
    await town.refuse(B, "billing")
    for account_no in (told, refused):
        await owes(town, account_no, late(town, -20))
    by_hand = await town.compose("bill")
    assert Counter(message["state"] for message in await town.messages(by_hand)) == {"queued": 1, "withheld": 1}
    ran = await runner.run(approve=False)
    assert [(stage.stage, stage.bills) for stage in ran.notices] == [("bill_issued", 1)]
    (message,) = await composed(town, ran)
    assert message["accounts"] == [refused], "only whom nothing reached is told by the ladder"
    town.clock.on(days=18)
    await known(town)
    ran = await runner.run(approve=False)
    assert [(stage.stage, stage.bills) for stage in ran.notices] == [("before_due", 2)], "and then the stages go on"


async def test_no_stage_names_an_amount_to_a_contact_that_needs_proof(town: Town, runner: LadderRunner) -> None:
    for number, days in enumerate((-20, -2, 1, 9)):
        await owes(town, await town.account(f"+86138000009{number:02d}"), late(town, days))
    async with town.database.work() as work:
        await work.execute("UPDATE contact_link SET needs_proof = true")
        await work.commit()
    messages = await composed(town, await runner.run(approve=True))
    assert Counter(message["template"] for message in messages) == {"bill_masked": 2, "arrears_masked": 2}
    assert not [message["body"] for message in messages if "86.5" in message["body"] or "0.09" in message["body"]]


async def test_one_text_for_all_that_a_number_owes_at_a_stage(town: Town, runner: LadderRunner) -> None:
    one, other = await town.account(A), await town.account(A)
    await owes(town, one, late(town, 8), "100.00")
    await owes(town, one, late(town, 9), "50.00", month="202509")
    await owes(town, other, late(town, 8), "30.00")
    third = await town.account(B)
    await owes(town, third, late(town, 8), "100.00")
    await owes(town, third, late(town, 9), "50.00", month="202509")
    ran = await runner.run(approve=True)
    messages = {message["to_address"]: message for message in await composed(town, ran)}
    assert len(messages) == 2
    assert "2户" in messages[A]["body"] and "180.00元" in messages[A]["body"] and "1.49元" in messages[A]["body"]
    assert messages[B]["template"] == "arrears_charge" and "150.00元" in messages[B]["body"]


async def test_what_freezes_a_bill_is_told_and_nothing_is_sent(town: Town, runner: LadderRunner) -> None:
    held, doubted, guarded, vulnerable = [await town.account(f"+86138000002{n:02d}") for n in range(4)]
    for account in (held, doubted, guarded, vulnerable):
        await owes(town, account, late(town, 8))
    async with town.database.work() as work:
        await work.execute(
            """INSERT INTO hold (account_id, reason, words, placed_at, placed_by, expires_at)
               SELECT id, 'paid', '客户称已缴费', $2::timestamptz, 'customer', $2::timestamptz + interval '7 days'
               FROM account WHERE account_no = $1""",
            held,
            town.clock.now(),
        )
        await work.execute(
            """UPDATE contact_link SET state = 'suspended'
               WHERE account_id = (SELECT id FROM account WHERE account_no = $1)""",
            doubted,
        )
        await work.execute(
            """INSERT INTO account_segment (account_id, segment, reason, owner, placed_at, placed_by)
               SELECT id, 'protected_event', '高考', 'E1', $2, 'key:x' FROM account WHERE account_no = $1""",
            guarded,
            town.clock.now(),
        )
        await work.execute("UPDATE account SET vulnerable = 'elderly_alone' WHERE account_no = $1", vulnerable)
        await work.commit()
    ran = await runner.run(approve=True)
    assert list(ran.notices) == []
    assert ran.frozen == Counter(hold=1, contact_in_doubt=1, protected_event=1, vulnerable=1)
    async with town.database.session() as session:
        bills = await town.house.ladder.bills(
            session, account_no=None, billing_month=None, settled=False, before=None, limit=10
        )
    states = {bill.account_no: (bill.state, bill.frozen_by) for bill in bills}
    assert states[held] == ("frozen", "hold") and states[vulnerable] == ("frozen", "vulnerable")
    assert {bill.because for bill in bills if bill.account_no == held} == {"客户称已缴费"}
    # What is over goes on where it stood.
    async with town.database.work() as work:
        await work.execute("UPDATE hold SET ended_at = $1", town.clock.now())
        await work.commit()
    assert [told.bills for told in (await runner.run(approve=True)).notices] == [1]


async def test_a_person_speaks_to_key_accounts_and_vulnerable_households(town: Town, runner: LadderRunner) -> None:
    key = await town.account(A, vip=True, manager_no="E42")
    frail = await town.account(B, vulnerable="disabled")
    await owes(town, key, late(town, 2))
    await owes(town, frail, late(town, 15))
    ran = await runner.run(approve=True)
    assert list(ran.notices) == [] and ran.tasks == Counter(overdue=1, contact=1)
    async with town.database.work() as work:
        tasks = await work.fetch("SELECT * FROM task ORDER BY kind")
    assert [(task["kind"], task["owner_no"], task["unit"]) for task in tasks] == [
        ("account_manager", "E42", "key_accounts"),
        ("visit", None, "customer_service"),
    ]
    assert "86.50" in tasks[0]["words"]


async def test_a_household_that_is_vulnerable_no_more_is_reminded_and_does_not_wait_for_ever(
    town: Town, runner: LadderRunner
) -> None:
    """So is a key account that was one: its task gives way to the text, once."""
    helped = await town.account(A, vulnerable="elderly_alone")
    key = await town.account(B, vip=True)
    for account in (helped, key):
        await owes(town, account, late(town, 16))
    ran = await runner.run(approve=True)
    assert (ran.tasks, list(ran.notices)) == ({"contact": 2}, [])
    town.clock.on(days=7)
    await known(town)
    assert not (await runner.run(approve=True)).notices
    async with town.database.work() as work:
        await work.execute("UPDATE account SET vulnerable = NULL, vip = false")
        await work.execute(
            """INSERT INTO dunning_step
                 (bill_id, account_id, stage, day, outcome, run_id, taken_at, because, policy_version)
               SELECT bill_id, account_id, 'daily_charge', 7, 'task', gen_random_uuid(), taken_at, 'key account', '1'
               FROM dunning_step JOIN account a ON a.id = account_id WHERE a.account_no = $1""",
            key,
        )
        await work.commit()
    ran = await runner.run(approve=True)
    assert {told.stage for told in ran.notices} == {"daily_charge"}
    assert {message["to_address"] for message in await composed(town, ran)} == {A, B}
    assert not (await runner.run(approve=True)).notices


async def test_reminders_wait_for_a_late_payment_feed_and_for_holidays(town: Town, runner: LadderRunner) -> None:
    await owes(town, await town.account(A), late(town, 1))
    await owes(town, await town.account(B), late(town, -20))
    town.clock.on(days=3)
    ran = await runner.run(approve=True)
    assert [told.stage for told in ran.notices] == ["bill_issued"]
    ((why, number),) = ran.waiting.items()
    assert "complete only up to" in why and number == 1
    await known(town)
    assert [told.stage for told in (await runner.run(approve=True)).notices] == ["overdue"]
    # 1 January is a public holiday.
    town.clock.at = datetime(2026, 1, 1, 2, tzinfo=UTC)
    await known(town)
    assert list((await runner.run(approve=True)).notices) == []
    town.clock.at = datetime(2026, 1, 5, 2, tzinfo=UTC)
    await known(town)
    assert {told.stage for told in (await runner.run(approve=True)).notices} == {"daily_charge"}


async def elsewhere(town: Town, account_no: str, zone: str, calendar: str) -> None:
    """Let the account's address keep other clocks and holidays than the utility does."""
    async with town.database.work() as work:
        await work.execute(
            """UPDATE premise SET time_zone = $2, calendar = $3
               WHERE id = (SELECT premise_id FROM account WHERE account_no = $1)""",
            account_no,
            zone,
            calendar,
        )
        await work.commit()


async def taken(runner: LadderRunner) -> dict[str, int]:
    """Stage → bills for which it is taken now."""
    return {told.stage: told.bills for told in (await runner.run(approve=True)).notices}


async def test_a_stage_is_due_by_the_date_and_the_holidays_of_the_address(town: Town, runner: LadderRunner) -> None:
    here, there = await town.account(A), await town.account(B)
    await elsewhere(town, there, "America/New_York", "US-NY")
    for account in (here, there):
        await owes(town, account, late(town, 1))
    # It is ten on Tuesday here, and nine on Monday evening there: the bill is due today, not overdue.
    assert await taken(runner) == {"overdue": 1, "before_due": 1}
    async with town.database.session() as session:
        (bill,) = await town.house.ladder.bills(
            session, account_no=there, billing_month=None, settled=False, before=None, limit=5
        )
    assert (bill.state, bill.next_stage, bill.next_on) == ("waiting", "overdue", date(2025, 11, 4))
    # The 27th is Thanksgiving there and a working day here; on 1 October it is the other way round.
    town.clock.at = datetime(2025, 11, 28, 2, tzinfo=UTC)
    await known(town)
    assert await taken(runner) == {"daily_charge": 1}
    town.clock.at = datetime(2026, 10, 1, 15, tzinfo=UTC)
    await known(town)
    third = await town.account(C)
    await elsewhere(town, third, "America/New_York", "US-NY")
    await owes(town, third, date(2026, 9, 30))
    assert (await taken(runner))["overdue"] == 1


async def test_a_crash_between_taking_and_telling_loses_nothing(town: Town, runner: LadderRunner) -> None:
    await owes(town, await town.account(A), late(town, 1))
    notices, runner._notices = runner._notices, None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        await runner.run(approve=True)
    runner._notices = notices
    ran = await runner.run(approve=True)
    assert [(told.stage, told.bills) for told in ran.notices] == [("overdue", 1)]
    assert len(await composed(town, ran)) == 1
    assert list((await runner.run(approve=True)).notices) == []


async def test_by_hand_everything_stays_a_draft_and_one_stage_may_be_named(town: Town, runner: LadderRunner) -> None:
    await owes(town, await town.account(A), late(town, 1))
    await owes(town, await town.account(B), late(town, 8))
    desk = town.house.ladder
    with pytest.raises(InvalidInput):
        await desk.draft_due(stage="nonsense", actor="key:clerk")
    ran = await desk.draft_due(stage="overdue", actor="key:clerk")
    assert [(told.stage, told.approved) for told in ran.notices] == [("overdue", False)]
    row = await town.row(ran.notices[0].notice_id)
    assert (row["state"], row["drafted_by"], row["kind"]) == ("draft", "key:clerk", "arrears")
    assert [told.stage for told in (await desk.draft_due(stage=None, actor="key:clerk")).notices] == ["daily_charge"]


async def test_large_runs_wait_for_a_person(town: Town, runner: LadderRunner) -> None:
    for number in range(3):
        await owes(town, await town.account(f"+86138000003{number:02d}"), late(town, -20))
    async with town.database.session() as session:
        changes = {"ladder": {"confirm_above": 2}}
        await town.house.policy.put(session, changes, why="小心", base=None, actor="key:admin")
        await session.commit()
    async with town.database.connection() as connection:
        await town.house.policy.refresh(connection)
    (told,) = (await runner.run(approve=True)).notices
    assert (told.bills, told.approved) == (3, False)


async def test_the_day_is_taken_once_and_again_when_the_feed_has_caught_up(town: Town, runner: LadderRunner) -> None:
    await owes(town, await town.account(A), late(town, 1))
    async with town.database.work() as work:
        await work.execute("DELETE FROM feed")
        await work.commit()
    ran = await runner.run_if_due()
    assert ran is not None and list(ran.notices) == []
    assert await runner.run_if_due() is None
    await known(town)
    ran = await runner.run_if_due()
    assert ran is not None and len(ran.notices) == 1
    assert await runner.run_if_due() is None
    async with town.database.connection() as connection:
        next_due = await runner.next_due(connection, town.clock.now())
    assert next_due == datetime(2025, 11, 5, 0, 0, tzinfo=UTC)


async def test_tones_are_drawn_by_reader_kept_and_compared(town: Town, runner: LadderRunner) -> None:
    accounts = [await town.account(f"+86138000004{n:02d}") for n in range(4)]
    shared = await town.account("+8613800000400")
    gentle = await town.account(C, sensitive=True)
    for account in (*accounts, shared, gentle):
        await owes(town, account, late(town, 1))
    ran = await runner.run(approve=True)
    assert Counter((told.tone, told.bills) for told in ran.notices) == Counter({("warm", 4): 1, ("official", 2): 1})
    messages = await composed(town, ran)
    assert {len(message["accounts"]) for message in messages} == {1, 2}
    async with town.database.work() as work:
        draws = await work.fetch("SELECT d.*, a.account_no FROM tone_draw d JOIN account a ON a.id = account_id")
        tones = {row["account_no"]: row["tone"] for row in draws}
        assert gentle not in tones and tones[shared] == tones[accounts[0]] == "warm"
        assert all((row["draw"] < row["warm_share"]) == (row["tone"] == "warm") for row in draws)
        at = town.clock.now()
        await work.execute("UPDATE message SET state = 'delivered', sent_at = $1", at)
        paid_by = next(account for account in accounts if tones[account] == "warm")
        await work.execute(
            """UPDATE bill SET settled_at = $2
               WHERE account_id = (SELECT id FROM account WHERE account_no = $1)""",
            paid_by,
            at + timedelta(days=5),
        )
        upset = next(account for account in accounts if tones[account] == "official")
        await work.execute(
            """INSERT INTO inbound (id, channel, carrier_id, text, received_at, state, answers, reading)
               SELECT gen_random_uuid(), 'sms', 'X1', '我要投诉,别再发', $2, 'done', part.id,
                      '{"intents": ["complaint", "opt_out"]}'
               FROM message_account part WHERE part.account_no = $1""",
            upset,
            at,
        )
        await work.commit()
    ladder = town.house.policy().ladder
    async with town.database.session() as session:
        early = await compare(session, ladder, since=at - timedelta(days=1), until=at, now=at)
        assert [arm.told for arm in early.arms] == [0, 0] and early.differences["paid"] is None
        found = await compare(
            session, ladder, since=at - timedelta(days=1), until=at + timedelta(days=9), now=at + timedelta(days=9)
        )
    warm, official = found.arms
    assert (warm.tone, warm.told, warm.paid.count) == ("warm", 3, 1)
    assert (official.told, official.complaints.count, official.refusals.count) == (2, 1, 1)
    assert warm.paid.low < 1 / 3 < warm.paid.high
    assert found.differences["complaints"] is not None and found.differences["complaints"].difference == -0.5


async def test_prepayment_is_offered_once_to_those_who_agreed(town: Town, runner: LadderRunner) -> None:
    agreed, silent, rarely = [await town.account(number) for number in (A, B, C)]
    for account, bills in ((agreed, 3), (silent, 3), (rarely, 2)):
        for number in range(bills):
            month = 6 + number
            await owes(town, account, date(2025, month, 25), month=f"2025{month:02d}")
    async with town.database.work() as work:
        await work.execute("UPDATE bill SET settled_at = due_date + interval '3 days'")
        await work.commit()
    async with town.database.session() as session:
        for number in (A, C):
            await consents.give(
                session, number, "advice", source="counter", evidence="签字", actor="key:x", at=town.clock.now()
            )
        await session.commit()
    ran = await runner.run(approve=True)
    assert [(told.stage, told.tone, told.bills) for told in ran.notices] == [("prepayment", "warm", 1)]
    (message,) = await composed(town, ran)
    assert (message["to_address"], message["klass"], message["state"]) == (A, "C", "queued")
    assert "可先存一笔" in message["body"]
    town.clock.on(days=100)
    await known(town)
    assert list((await runner.run(approve=True)).notices) == []
    assert agreed and silent and rarely
