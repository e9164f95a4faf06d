"""What each intent causes beside scores, refusals and wrong numbers, with the real reader."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.inbox import Reader
from gateway.notices import release_due

A, B, C = "4100000011", "4100000022", "4100000033"
X, Y = "+8613800374443", "+8613300335193"


def effects(inbound: dict[str, Any]) -> list[str]:
    return [effect["effect"] for effect in inbound["effects"]]


async def cases(town: Any) -> list[dict[str, Any]]:
    return list(
        await town.rows(
            """SELECT c.klass, c.topic, c.matter, c.state, c.unit, c.contacts, a.account_no
               FROM "case" c LEFT JOIN account a ON a.id = c.account_id ORDER BY c.number"""
        )
    )


async def owes(town: Any, account_no: str, month: str = "202510") -> str:
    """An overdue bill; its ground."""
    await town.do(
        """INSERT INTO bill (account_id, billing_month, amount, due_date, overdue)
           VALUES ((SELECT id FROM account WHERE account_no = $1), $2, 86.50, '2025-10-25', true)""",
        account_no,
        month,
    )
    return f"bill:{account_no}:{month}"


async def grounded(town: Any, number: str, grounds: dict[str, str], **more: Any) -> Any:
    """A queued reminder that rests on the bills of its accounts."""
    message = await town.text(number, "arrears", sorted(grounds), state="queued", **more)
    for account_no, ground in grounds.items():
        await town.do(
            "UPDATE message_account SET ground = $3 WHERE id = $1 AND account_no = $2", message, account_no, ground
        )
    return message


SERVICE, BILLING, OUTAGE = "service", "billing", "outage"


@pytest.mark.parametrize(
    ("template", "text", "klass", "topic", "unit", "told"),
    [
        ("arrears", "我要投诉你们", "complaint", BILLING, "customer_service", True),
        ("outage_planned", "I want to make a complaint about this", "complaint", OUTAGE, "customer_service", True),
        ("arrears", "说好昨天来人结果没来", "complaint", BILLING, "customer_service", True),
        ("case_progress_low_score", "8", "complaint", SERVICE, "customer_service", True),
        ("restoration", "2", "fault_report", "supply", "dispatch", True),
        ("arrears", "停电两个小时了还没来电", "fault_report", "supply", "dispatch", True),
        ("arrears", "电费早就交了", "service_request", "payment_check", "billing", False),
        ("arrears", "这个月电费怎么这么多？", "service_request", "billing_dispute", "billing", True),
    ],
)
async def test_what_must_be_followed_up_opens_a_case(
    town: Any, template: str, text: str, klass: str, topic: str, unit: str, told: bool
) -> None:
    await town.household(A, X)
    await town.text(X, template, [A])
    inbound = await town.hears(X, text)
    (case,) = await cases(town)
    assert case == {
        "klass": klass,
        "topic": topic,
        "matter": topic,
        "state": "open",
        "unit": unit,
        "contacts": 1,
        "account_no": A,
    }
    assert "case_opened" in effects(inbound)
    assert ("case_told" in effects(inbound)) == told
    assert await town.queued(X) == (["case_progress"] if told else [])
    assert "case.opened" in await town.values("SELECT action FROM audit_entry")
    if told:
        (body,) = await town.values("SELECT body FROM message WHERE state = 'queued'")
        assert next(one["reference"] for one in inbound["effects"] if one["effect"] == "case_opened") in body


async def test_the_manager_of_an_account_owns_its_cases(town: Any) -> None:
    await town.household(A, X)
    await town.do("UPDATE account SET manager_no = 'E000007'")
    await town.text(X, "arrears", [A])
    await town.hears(X, "我要投诉你们")
    assert await town.rows('SELECT unit, owner_no FROM "case"') == [{"unit": "customer_service", "owner_no": "E000007"}]


async def test_the_same_matter_joins_and_is_told_once(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.hears(X, "我要投诉你们")
    town.clock.on(minutes=5)
    second = await town.hears(X, "我要投诉，太不像话了")
    assert effects(second) == ["case_joined"]
    (case,) = await cases(town)
    assert case["contacts"] == 2
    assert await town.values("SELECT kind FROM case_event ORDER BY id") == ["opened", "told", "joined"]
    assert await town.queued(X) == ["case_progress"]


async def test_nobody_called_joins_the_case_that_was_told_of_and_goes_to_supervision(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.hears(X, "我要投诉你们")
    await town.do("UPDATE message SET state = 'sent', sent_at = $1 WHERE state = 'queued'", town.clock.now())
    town.clock.on(hours=25)
    inbound = await town.hears(X, "8")
    assert (inbound["state"], effects(inbound)) == ("done", ["case_joined", "commitments_broken"])
    (case,) = await cases(town)
    assert (case["unit"], case["contacts"]) == ("supervision", 2)


async def test_a_complaint_of_a_survey_names_the_work_order(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    await town.hears(X, "9")
    (case,) = await cases(town)
    assert (case["klass"], case["matter"]) == ("complaint", "work_order:WO1")
    assert await town.values("SELECT template FROM message WHERE state = 'queued'") == ["case_progress_low_score"]


async def test_a_fault_belongs_to_the_outage_that_was_told_of(town: Any) -> None:
    await town.household(A, X)
    message = await town.text(X, "restoration", [A])
    await town.do("UPDATE message_account SET ground = 'outage:FO1' WHERE id = $1", message)
    inbound = await town.hears(X, "还是没电")
    assert inbound["state"] == "done"
    (case,) = await cases(town)
    assert (case["klass"], case["matter"]) == ("fault_report", "outage:FO1")


async def test_a_low_score_opens_a_case_and_a_correction_upwards_takes_it_back(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    town.clock.on(minutes=5)
    first = await town.hears(X, "1")
    assert effects(first) == ["evaluation_recorded", "case_opened", "case_told"]
    (case,) = await cases(town)
    assert (case["klass"], case["matter"], case["state"]) == ("opinion", "work_order:WO1", "open")
    town.clock.on(minutes=5)
    await town.household(B, X)
    await town.text(X, "arrears", [B])
    town.clock.on(minutes=5)
    second = await town.hears(X, "刚才打错了，是5分")
    assert effects(second) == ["evaluation_revised", "case_taken_back"]
    (case,) = await cases(town)
    assert case["state"] == "closed"
    assert await town.queued(X) == []
    assert await town.values("SELECT withheld_reason FROM message WHERE kind = 'case_progress'") == ["superseded"]


async def test_supply_that_is_off_is_no_more_of_a_case_about_a_rating(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    await town.hears(X, "1")
    await town.do("UPDATE message SET state = 'delivered', sent_at = created_at WHERE kind = 'case_progress'")
    town.clock.on(minutes=5)
    assert effects(await town.hears(X, "家里停电了")) == ["case_opened", "case_told"]
    assert sorted(case["klass"] for case in await cases(town)) == ["fault_report", "opinion"]
    town.clock.on(minutes=5)
    assert effects(await town.hears(X, "还是没电")) == ["case_joined"]


async def test_a_stranger_who_complains_is_nobodys_account(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, "打错了，我不是王强，再发我投诉你们")
    assert "links_suspended" in effects(inbound)
    for case in await cases(town):
        assert (case["topic"], case["account_no"]) == ("misdirected", None)


@pytest.mark.parametrize(
    ("text", "reason", "days"),
    [("电费早就交了", "paid", 7), ("这个月电费怎么这么多？", "visit_instead", 30)],
)
async def test_reminders_of_the_account_pause_and_go_on(town: Any, text: str, reason: str, days: int) -> None:
    await town.household(A, X)
    await town.household(B, X)
    ground_a, ground_b = await owes(town, A), await owes(town, B)
    await town.text(X, "arrears", [A])
    own = await grounded(town, X, {A: ground_a})
    both = await grounded(town, X, {A: ground_a, B: ground_b})
    alone = await town.text(X, "arrears_masked", [A], state="queued")
    other = await town.text(X, "outage_planned", [A], state="queued")
    inbound = await town.hears(X, text)
    pause = next(one for one in inbound["effects"] if one["effect"] == "reminders_paused")
    assert (pause["accounts"], pause["messages_withheld"]) == ([A], 2)
    states = {row["id"]: row for row in await town.rows("SELECT id, state, withheld_reason, decision FROM message")}
    for message in (own, alone):
        assert (states[message]["state"], states[message]["withheld_reason"]) == ("withheld", reason)
        assert "the customer" in states[message]["decision"]
    # The other account's part of a text for two is still to be told: the claim has it written anew.
    assert (states[both]["state"], states[other]["state"]) == ("queued", "queued")
    assert await town.rows("SELECT ground, reason FROM ground_stop") == [{"ground": ground_a, "reason": reason}]
    (hold,) = await town.rows("SELECT reason, expires_at, case_id, inbound_id FROM hold WHERE ended_at IS NULL")
    assert hold["expires_at"] - town.clock.now() == timedelta(days=days)
    assert hold["inbound_id"] == inbound["id"] and hold["case_id"] is not None

    town.clock.on(days=days - 1)
    await release(town)
    assert await town.values("SELECT ground FROM ground_stop") == [ground_a]
    town.clock.on(days=1)
    await release(town)
    assert await town.values("SELECT ground FROM ground_stop") == []
    assert await town.values("SELECT ended_by FROM hold") == ["clock"]


async def release(town: Any) -> None:
    async with town.database.work() as work:
        await release_due(work.connection, town.clock.now())
        await work.commit()


async def test_closing_the_case_lifts_its_hold_but_not_another(town: Any) -> None:
    await town.household(A, X)
    ground = await owes(town, A)
    await town.text(X, "arrears", [A])
    await town.hears(X, "电费早就交了")
    town.clock.on(minutes=1)
    await town.hears(X, "这个月电费怎么这么多？")
    assert sorted(await town.values("SELECT reason FROM hold")) == ["paid", "visit_instead"]
    for topic, left in (("payment_check", [ground]), ("billing_dispute", [])):
        (case,) = await town.values('SELECT id FROM "case" WHERE topic = $1', topic)
        async with town.database.session() as session:
            await town.cases.close(session, case, outcome="查清了", actor="staff:E1")
            await session.commit()
        assert await town.values("SELECT ground FROM ground_stop") == left
    assert await town.values('SELECT DISTINCT state FROM "case"') == ["asked"]


async def test_a_bill_that_was_paid_meanwhile_stays_stopped_when_the_hold_ends(town: Any) -> None:
    await town.household(A, X)
    ground = await owes(town, A)
    await town.text(X, "arrears", [A])
    await town.hears(X, "电费早就交了")
    await town.do("UPDATE bill SET settled_at = $1", town.clock.now())
    town.clock.on(days=8)
    await release(town)
    assert await town.values("SELECT ground FROM ground_stop") == [ground]


async def test_paid_behind_another_notice_is_about_the_reminder(town: Any) -> None:
    await town.household(A, X)
    await town.household(B, X)
    await town.text(X, "arrears", [A])
    town.clock.on(hours=1)
    await town.text(X, "outage_planned", [B])
    inbound = await town.hears(X, "电费已经交了")
    assert next(one for one in inbound["effects"] if one["effect"] == "reminders_paused")["accounts"] == [A]


async def test_paid_from_a_number_with_two_accounts_and_no_reminder_waits(town: Any) -> None:
    await town.household(A, X)
    await town.household(B, X)
    inbound = await town.hears(X, "电费已经交了")
    assert (inbound["state"], inbound["effects"]) == ("triage", [])
    assert await town.values("SELECT id FROM hold") == []


@pytest.mark.parametrize(
    ("text", "kind", "state"),
    [("明天就去交", "payment_promise", "done"), ("能不能缓几天，手头紧", "payment_extension", "triage")],
)
async def test_what_is_said_of_paying_later_is_noted_on_the_account(
    town: Any, text: str, kind: str, state: str
) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, text)
    assert (inbound["state"], effects(inbound)) == (state, ["noted"])
    assert await town.rows("SELECT kind, words, at FROM account_note") == [
        {"kind": kind, "words": text, "at": town.clock.now()}
    ]
    assert await town.values("SELECT id FROM hold") == []


@pytest.mark.parametrize("text", ["？？？", "嗯那个啥来着"])
async def test_the_unclear_are_asked_once_and_wait(town: Any, text: str) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    first = await town.hears(X, text)
    assert (first["state"], effects(first)) == ("triage", ["asked_again"])
    second = await town.hears(X, "哦吼")
    assert (second["state"], effects(second)) == ("triage", [])
    assert await town.queued(X) == ["clarification"]
    third = await town.hears(X, "电费早就交了")
    assert third["state"] == "done"
    settled = await town.rows("SELECT state FROM inbound ORDER BY id")
    assert [row["state"] for row in settled] == ["done", "triage", "done"]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "[自动回复] 您好，我正在开会，稍后回复您"])
async def test_a_machine_is_not_asked(town: Any, text: str) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, text)
    assert inbound["reading"]["intents"] == ["unclear"]
    assert inbound["state"] == "triage"
    assert await town.queued(X) == []


async def test_a_second_wave_from_two_workers_opens_one_case(town: Any) -> None:
    """Two numbers of one account complain at once; two nodes read at once; a webhook comes twice."""
    await town.household(A, X)
    await town.link(A, Y, is_default=False)
    await town.text(X, "arrears", [A])
    await town.text(Y, "arrears", [A])
    for number, sid in ((X, "SM1"), (Y, "SM2"), (X, "SM1"), (Y, "SM2")):
        await town.stores(number, "我要投诉你们", sid)
    readers = [Reader(town.database, town.clock, town.tools) for _ in range(2)]
    while sum(await asyncio.gather(*(reader.round() for reader in readers))):
        pass
    (case,) = await cases(town)
    assert case["contacts"] == 2
    assert len(await town.values("SELECT id FROM message WHERE kind = 'case_progress'")) == 1


async def test_a_reaction_that_fails_half_way_leaves_nothing_behind(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.do("ALTER TABLE hold ADD CONSTRAINT none CHECK (account_id < 0)")
    try:
        inbound = await town.hears(X, "电费早就交了")
    finally:
        await town.do("ALTER TABLE hold DROP CONSTRAINT none")
    assert (inbound["state"], inbound["effects"]) == ("triage", [])
    assert await cases(town) == []
    assert await town.values("SELECT id FROM audit_entry") == []
