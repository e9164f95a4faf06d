"""Reminders that wait while what a customer says of the bill is looked into."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from gateway.notices import Asked, lift_of_case, pause, release_due
from gateway.notices.policy import DEFAULT, FRESH, Link, Paused, Recipient, SendAt, Wish, Withhold, decide
from gateway.outbox.hours import HoursClass
from tests.notices.conftest import MORNING, Town
from tests.notices.test_composing import small_runner

A, B = "+8613800000001", "+8613800000002"
DAY = timedelta(days=1)


async def hold(town: Town, account_no: str, because: str = "paid") -> Any:
    """Pause an account's reminders; the case that asked for it."""
    case = uuid4()
    async with town.database.work() as work:
        account = await work.value("SELECT id FROM account WHERE account_no = $1", account_no)
        await pause(
            work.connection,
            [account],
            because,
            inbound_id=uuid4(),
            case_id=case,
            actor="customer",
            at=town.clock.now(),
        )
        await work.commit()
    return case


def reasons(messages: list[Any]) -> dict[str, tuple[str, str]]:
    return {
        message["accounts"][0]: (message["withheld_reason"], message["decision"])
        for message in messages
        if message["state"] == "withheld"
    }


@pytest.mark.parametrize(("because", "reason"), [("paid", "paid"), ("disputed", "visit_instead")])
async def test_a_new_notice_leaves_the_account_out_and_says_why(town: Town, because: str, reason: str) -> None:
    held, other = await town.account(A, owes="10"), await town.account(B, owes="20")
    await hold(town, held, because)
    messages = await town.messages(await town.compose())
    withheld = reasons(messages)
    assert withheld.keys() == {held} and withheld[held][0] == reason
    assert "the customer" in withheld[held][1]
    assert [message["accounts"] for message in messages if message["state"] == "queued"] == [[other]]


async def test_the_other_account_of_a_number_is_told_alone(town: Town) -> None:
    held, other = await town.account(A, owes="10"), await town.account(A, owes="20")
    notice = await town.draft()
    await town.approve(notice)
    assert await town.house.notice_runner.compose_next(only=notice)
    (both,) = [message for message in await town.messages(notice) if message["state"] == "queued"]
    assert both["accounts"] == [held, other]
    await hold(town, held)
    async with town.database.work() as work:
        await town.house.recomposer(work.connection, [both["id"]])
        await work.commit()
    messages = await town.messages(notice)
    assert [message["accounts"] for message in messages if message["state"] == "queued"] == [[other]]
    assert reasons(messages)[held][0] == "paid"


async def test_a_hold_between_finding_and_telling_is_heeded(town: Town) -> None:
    held, other = await town.account(A, owes="10"), await town.account(A, owes="20")
    notice = await town.draft()
    await town.approve(notice)
    runner = small_runner(town, 10)
    async with town.database.connection() as reader:
        row = dict(await reader.fetchrow("SELECT * FROM notice WHERE id = $1", notice))
        await runner.find(reader, row, town.house.notice_kinds["arrears"], None)
    await hold(town, held)
    assert await runner.compose_next(only=notice)
    messages = await town.messages(notice)
    assert [message["accounts"] for message in messages if message["state"] == "queued"] == [[other]]
    assert reasons(messages)[held][0] == "paid"


async def test_a_single_reminder_is_withheld_and_a_single_bill_is_not(town: Town) -> None:
    held = await town.account(A, owes="10")
    await hold(town, held)
    values = {"account_tail": held, "amount": "10.00", "pay_by": "2025-11-20"}
    asked = [
        Asked(template="arrears", account_no=held, values=values, tone="warm"),
        Asked(template="announcement", account_no=held, values={"text": "营业厅搬家"}),
    ]
    async with town.database.work() as work:
        taken = await town.house.acceptor.accept(work.connection, asked, now=town.clock.now())
        await work.commit()
    assert [one.state for one in taken] == ["withheld", "queued"]  # type: ignore[union-attr]


async def test_a_hold_ends_and_the_account_is_reminded_again(town: Town) -> None:
    held = await town.account(A, owes="10")
    case = await hold(town, held)
    async with town.database.work() as work:
        assert await release_due(work.connection, town.clock.now() + 6 * DAY) == 0
        assert await lift_of_case(work.connection, case, "staff:E1", town.clock.now()) == 1
        assert await lift_of_case(work.connection, case, "staff:E1", town.clock.now()) == 0
        assert await work.value("SELECT count(*) FROM ground_stop") == 0
        await work.commit()
    (message,) = await town.messages(await town.compose())
    assert message["state"] == "queued"


async def test_said_twice_is_one_hold_that_lasts_longer(town: Town) -> None:
    held = await town.account(A, owes="10")
    await hold(town, held)
    town.clock.on(days=3)
    last = await hold(town, held)
    async with town.database.work() as work:
        rows = await work.fetch("SELECT expires_at, case_id FROM hold")
    assert [(row["expires_at"], row["case_id"]) for row in rows] == [(town.clock.now() + 7 * DAY, last)]


@pytest.mark.parametrize("kind", ["arrears", "legal_notice", "bill", "outage_planned", "survey"])
@pytest.mark.parametrize("left", [timedelta(0), timedelta(seconds=1), DAY])
def test_the_policy_withholds_reminders_until_the_hold_ends(kind: str, left: timedelta, wording: Any) -> None:
    link = Link(role="holder", state="verified", contact_point_id=1, link_id=1)
    recipient = Recipient(
        links=[link], zone=wording.templates[0].zone, region="CN", paused=Paused("paid", "says so", MORNING + left)
    )
    wish = Wish(kind=kind, klass="N", purpose="billing", hours=HoursClass.ANY)
    decision = decide(recipient, wish, FRESH, MORNING)
    if kind in DEFAULT.held_kinds and left:
        assert decision == Withhold("paid", "says so")
    else:
        assert isinstance(decision, SendAt)


def test_the_reasons_of_holds_are_the_contracts() -> None:
    from gateway.notices.holds import PAUSES
    from gateway.notices.policy import REASONS
    from gateway.notices.tables import HOLD_REASONS

    assert {one.reason for one in PAUSES.values()} == set(HOLD_REASONS) <= set(REASONS)
