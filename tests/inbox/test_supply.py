"""What customers say of their supply: reports find their outage, questions their answer, and the rest a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.cases import explained, unexplained
from gateway.notices.outages import keeping
from gateway.notices.outages.explaining import Earlier
from gateway.notices.outages.scopes import Scope

A, B, C, D = "4100000011", "4100000022", "4100000033", "4100000044"
X, Y, Z, W = "+8613800374443", "+8613300335193", "+8615900237069", "+8615900237070"


def effects(inbound: dict[str, Any]) -> list[str]:
    return [effect["effect"] for effect in inbound["effects"]]


@pytest.fixture
async def street(town: Any) -> Any:
    """Four households on one transformer area."""
    await town.do("INSERT INTO feeder (code, name) VALUES ('F1', '10kV寺坪8线')")
    await town.do(
        """INSERT INTO transformer_area (code, name, feeder_id)
           SELECT 'T1', '章家河1号公变', id FROM feeder"""
    )
    for account, number in ((A, X), (B, Y), (C, Z), (D, W)):
        await town.household(account, number)
    await town.do("UPDATE account SET transformer_area_id = (SELECT id FROM transformer_area)")
    return town


async def announce(town: Any, kind: str = "fault", **given: Any) -> str:
    given.setdefault("starts_at", town.clock.now() - timedelta(hours=1))
    new = keeping.NewOutage(kind=kind, scope=Scope(feeders=("F1",)), given=given, outage_no="FO1")  # type: ignore[arg-type]
    async with town.database.work() as work:
        name = await keeping.announce(
            work.connection,
            new,
            actor="key:dispatch",
            now=town.clock.now(),
            earlier=Earlier(unexplained=unexplained, explained=explained),
        )
        await work.commit()
    return name


@pytest.mark.parametrize("text", ["家里停电了", "怎么没电了啊", "our power is out"])
async def test_a_report_belongs_to_its_outage_and_is_answered_with_the_estimate(street: Any, text: str) -> None:
    await announce(street, ends_at=street.clock.now() + timedelta(hours=3), reason="电缆被挖断")
    inbound = await street.hears(X, text)
    assert (inbound["state"], effects(inbound)) == ("done", ["outage_reported", "outage_explained"])
    (answer,) = await street.rows("SELECT * FROM message")
    assert answer["template"] == "outage_update"
    assert "原因是电缆被挖断" in answer["body"] and "13时来电" in answer["body"]
    assert answer["reference"] == "outage:FO1" and answer["not_before"] == street.clock.now()
    assert await street.values('SELECT count(*) FROM "case"') == [0]
    # Asked again, there is nothing new to say.
    assert effects(await street.hears(X, "还没来电")) == ["outage_reported"]
    assert await street.values("SELECT ground FROM message_account") == ["outage:FO1@1"]


async def test_a_report_without_an_outage_is_a_case_and_several_are_a_cluster(street: Any) -> None:
    assert effects(await street.hears(X, "家里停电了")) == ["case_opened", "case_told"]
    assert effects(await street.hears(Y, "我家没电")) == ["case_opened", "case_told"]
    assert await street.values("SELECT kind FROM task") == []
    assert effects(await street.hears(Z, "停电了，什么情况")) == ["case_opened", "case_told", "cluster_found"]
    assert effects(await street.hears(W, "没电了")) == ["case_opened", "case_told"]
    tasks = await street.rows("SELECT kind, unit, words FROM task")
    assert [(task["kind"], task["unit"]) for task in tasks] == [("possible_outage", "dispatch")]
    assert "T1" in tasks[0]["words"]


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("zh-CN", "家里停电了", ("停电报修收到了", "95598")),
        ("en", "no power at my house", ("report of no power", "95598")),
    ],
)
async def test_who_reports_a_fault_nobody_knows_of_is_answered_once_at_any_hour(
    street: Any, language: str, text: str, words: tuple[str, ...]
) -> None:
    await street.do("UPDATE account SET language = $1", language)
    street.clock.on(hours=17)
    inbound = await street.hears(X, text)
    (answer,) = await street.rows("SELECT body, not_before, purpose FROM message")
    assert all(word in answer["body"] for word in words), answer
    assert inbound["effects"][0]["reference"] in answer["body"]
    assert (answer["not_before"], answer["purpose"]) == (street.clock.now(), "outage")
    # It promises nobody's call, and is said once.
    assert await street.values("SELECT count(*) FROM commitment") == [0]
    assert effects(await street.hears(X, text)) == ["case_joined"]
    assert await street.values("SELECT count(*) FROM message") == [1]


async def test_one_text_answers_a_fault_and_all_else_that_is_said(street: Any) -> None:
    inbound = await street.hears(X, "家里停电了，你们电费也乱收，我要投诉")
    raised = [one["class"] for one in inbound["effects"] if one["effect"] == "case_opened"]
    assert len(raised) > 1 and raised[0] == "fault_report"
    assert effects(inbound).count("case_told") == 1
    (answer,) = await street.rows("SELECT body FROM message")
    assert "停电报修收到了" in answer["body"]


async def test_a_number_nobody_knows_is_answered_too(street: Any) -> None:
    unknown = "+8613900137777"
    assert effects(await street.hears(unknown, "家里没电了")) == ["case_opened", "case_told"]
    assert await street.queued(unknown) == ["case_progress"]


async def test_who_has_several_accounts_reports_for_the_one_that_is_off(street: Any) -> None:
    """Whether the outage was known before or is entered later, and though another one was written about last."""
    await street.account("4100000055")
    await street.link("4100000055", X)
    assert effects(await street.hears(X, "家里停电了"))[0] == "case_opened"
    assert await street.values('SELECT account_id FROM "case"') == [None]
    await announce(street)
    assert await street.values('SELECT matter FROM "case"') == ["outage:FO1"]
    (reported,) = await street.values("SELECT a.account_no FROM outage_report JOIN account a ON a.id = account_id")
    assert reported == A
    await street.account("4100000066")
    await street.link("4100000066", Y)
    await street.text(Y, "outage_planned", ["4100000066"])
    assert effects(await street.hears(Y, "没电了")) == ["outage_reported", "outage_explained"]
    await street.account("4100000077")
    await street.link("4100000077", Z)
    assert effects(await street.hears(Z, "什么时候来电"))[-1] == "outage_explained"


async def test_an_outage_explains_who_reported_it_before_it_was_known(street: Any) -> None:
    """At night they are told of it at any hour, nobody looks for a cause any more, and "it is back" settles them."""
    await street.do("INSERT INTO feeder (code, name) VALUES ('F2', '10kV山工6线')")
    await street.do(
        "INSERT INTO transformer_area (code, name, feeder_id) SELECT 'T2', '东湖公变', id FROM feeder WHERE code = 'F2'"
    )
    await street.do(
        "UPDATE account SET transformer_area_id = (SELECT id FROM transformer_area WHERE code = 'T2') "
        f"WHERE account_no = '{D}'"
    )
    for number in (X, Y, Z, W):
        await street.hears(number, "家里停电了")
    assert await street.values("SELECT kind FROM task") == ["possible_outage"]
    # That of five hours ago was another one.
    await street.do(
        f"""UPDATE "case" SET opened_at = opened_at - interval '5 hours'
            WHERE account_id IN (SELECT id FROM account WHERE account_no = '{B}')"""
    )
    await announce(street, starts_at=street.clock.now() - timedelta(minutes=5))
    rows = await street.rows(
        'SELECT account_no, matter FROM "case" JOIN account ON account.id = "case".account_id ORDER BY account_no'
    )
    assert {row["account_no"]: row["matter"] for row in rows} == {
        A: "outage:FO1", B: "supply", C: "outage:FO1", D: "supply",
    }  # fmt: skip
    assert await street.values("SELECT count(*) FROM outage_report") == [2]
    assert await street.values("SELECT state FROM task") == ["dropped"]
    # Asked again, it is answered and no new case; and when it is back they say so.
    assert effects(await street.hears(X, "还是没电"))[0] == "outage_reported"
    await street.text(X, "restoration", [A])
    await street.do("UPDATE message_account SET ground = 'outage:FO1@2' WHERE ground IS NULL")
    assert effects(await street.hears(X, "1")) == ["restoration_confirmed", "case_taken_back"]
    states = await street.rows("""SELECT state FROM "case" WHERE matter = 'outage:FO1' ORDER BY state""")
    assert [row["state"] for row in states] == ["closed", "open"]


async def test_still_off_after_the_restoration_opens_a_case_on_that_outage(street: Any) -> None:
    name = await announce(street)
    async with street.database.work() as work:
        await keeping.change(
            work.connection,
            name,
            {"state": "restored"},
            actor="key:dispatch",
            now=street.clock.now(),
            zone=street.tools.outages._zone,
        )
        await work.commit()
    asked = await street.text(X, "restoration", [A])
    inbound = await street.hears(X, "2")
    assert (inbound["state"], inbound["answers"]) == ("done", asked)
    assert effects(inbound) == ["case_opened", "case_told"]
    assert await street.values('SELECT matter FROM "case"') == ["outage:FO1"]


async def test_back_again_is_noted_and_wants_nothing(street: Any) -> None:
    await street.text(X, "restoration", [A])
    inbound = await street.hears(X, "1")
    assert (inbound["state"], effects(inbound)) == ("done", ["restoration_confirmed"])


async def test_not_my_address_is_a_signal_about_the_contact(street: Any) -> None:
    await street.text(X, "restoration", [A])
    inbound = await street.hears(X, "0")
    assert inbound["reading"]["intents"] == ["wrong_number"]
    assert await street.values("SELECT state FROM contact_link WHERE state = 'suspended'") == ["suspended"]
    assert await street.values("SELECT count(*) FROM signal") == [1]


@pytest.mark.parametrize("text", ["什么时候来电", "几点能来电？", "when will the power be back"])
async def test_a_question_is_answered_where_an_outage_is_known(street: Any, text: str) -> None:
    waits = await street.hears(X, text)
    assert waits["state"] == "triage" and "none is known" in waits["remark"]
    await announce(street, ends_at=street.clock.now() + timedelta(hours=2))
    inbound = await street.hears(X, text)
    assert (inbound["state"], effects(inbound)[-1]) == ("done", "outage_explained")
    assert await street.queued(X) == ["outage_fault"]


async def test_a_planned_outage_to_come_answers_when(street: Any) -> None:
    starts_at = street.clock.now() + timedelta(days=2)
    await announce(street, "planned", starts_at=starts_at, ends_at=starts_at + timedelta(hours=6))
    inbound = await street.hears(X, "哪天停电？停到几点")
    assert effects(inbound) == ["outage_explained"], inbound
    (answer,) = await street.rows("SELECT body FROM message")
    assert "11月6日10时至16时" in answer["body"]
    # It does not explain that there is no supply today.
    assert effects(await street.hears(Y, "我家没电了")) == ["case_opened", "case_told"]
    assert await street.values('SELECT matter FROM "case"') == ["supply"]


async def test_an_important_user_confirms_with_a_code(street: Any) -> None:
    starts_at = street.clock.now() + timedelta(days=2)
    await announce(street, "planned", starts_at=starts_at, ends_at=starts_at + timedelta(hours=6))
    asked = await street.text(X, "outage_planned_short_notice", [A])
    await street.do(
        """INSERT INTO outage_confirmation (outage_id, account_id, message_id, due_at)
           SELECT o.id, a.id, $1, o.starts_at FROM outage o, account a WHERE a.account_no = $2""",
        asked,
        A,
    )
    inbound = await street.hears(X, "1")
    assert (inbound["state"], effects(inbound)) == ("done", ["outage_confirmed"])
    assert await street.values("SELECT confirmed_at IS NOT NULL FROM outage_confirmation") == [True]
