"""What a person says in a chat is worth what it is worth by SMS: to whoever reads it, answers it, and takes it back."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from gateway.inbox import by_hand, conversations, reading
from gateway.kernel.acting import Acting, act_for
from gateway.kernel.errors import NotFound
from gateway.notices import Asked
from tests.bots.conftest import KEY, Chat, World


async def heard(world: World, chat: Chat, words: str) -> Any:
    """What was heard in a chat, once it was read and dealt with."""
    return await world.row(
        """SELECT id, state, effects::text AS effects, remark FROM inbound
           WHERE sender = $1 AND text LIKE $2 AND state <> 'received'""",
        str(chat.id), f"%{words}%",
    )  # fmt: skip


async def part_of(world: World, account_no: str) -> int:
    """A part of the utility that supplies an account."""
    name = next(world.numbers)
    async with world.database.work() as work:
        part: int = await work.value("INSERT INTO organisation (name) VALUES ($1) RETURNING id", f"分局{name}")
        area = await work.value(
            "INSERT INTO transformer_area (code, name, organisation_id) VALUES ($1, '台区', $2) RETURNING id",
            f"T{name}", part,
        )  # fmt: skip
        await work.execute("UPDATE account SET transformer_area_id = $2 WHERE account_no = $1", account_no, area)
        await work.commit()
    return part


def of_part(part: int) -> Acting:
    return Acting(
        actor="staff:E1", scopes=frozenset({"inbound:read", "inbound:resolve"}), organisations=frozenset({part})
    )  # fmt: skip


async def test_each_part_of_the_utility_reads_its_own_chats_and_no_other(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    here, elsewhere = await part_of(world, account), await part_of(world, await world.account(world.number()))
    chat = world.chat()
    await chat.bind(number)
    await chat.say("我想问一下增容怎么办理，找人工")
    said = await heard(world, chat, "增容")
    wanted = reading.InboundFilter(sender=str(chat.id))
    for part, seen in ((here, True), (elsewhere, False)):
        async with world.database.session() as session:
            act_for(session, of_part(part))
            found = await reading.inbounds(session, wanted, before=None, limit=5)
            last = await conversations.recent(session, sender=str(chat.id), before=None, limit=5)
            assert bool(found) is seen
            assert [one.account_no for one in last] == ([account] if seen else [])
            if not seen:
                with pytest.raises(NotFound):
                    await reading.inbound(session, said["id"])


async def test_nobody_of_another_part_takes_back_what_a_chat_caused(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    here, elsewhere = await part_of(world, account), await part_of(world, await world.account(world.number()))
    chat = world.chat()
    await chat.bind(number)
    await chat.say("退订")
    said = await heard(world, chat, "退订")
    for part in (elsewhere, here):
        async with world.database.session() as session:
            act_for(session, of_part(part))
            undo = by_hand.undo(
                session, said["id"], world.house.corrections, note=None, actor="staff:E1", at=world.house.clock.now()
            )
            if part == elsewhere:
                with pytest.raises(NotFound):
                    await undo
            else:
                assert await undo


async def test_a_person_answers_in_the_chat_that_asked(world: World) -> None:
    number, other = world.number(), world.number()
    account = await world.account(number, other)
    chat = world.chat()
    await chat.bind(number)
    await chat.press("👤 找人工")
    async with world.database.session() as session:
        taken = await by_hand.answer(
            session, world.house.acceptor, account, "您好，增容请带身份证到东湖营业厅办理。",
            at_number=str(chat.id), actor="staff:E1", at=world.house.clock.now(),
        )  # fmt: skip
        await session.commit()
    assert taken.state == "queued", taken
    await chat.sees("增容请带身份证")


async def test_a_new_number_told_in_a_chat_is_proposed_as_by_sms(world: World) -> None:
    number, new = world.number(), world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.say(f"我换号码了，以后发到新号码{new.removeprefix('+86')}")
    said = await heard(world, chat, "换号码")
    assert "correction_opened" in said["effects"] and "code_sent" in said["effects"], said
    case = await world.row(
        """SELECT p.address, c.reason FROM correction c JOIN contact_point p ON p.id = c.contact_point_id
           JOIN account a ON a.id = c.account_id WHERE a.account_no = $1""",
        account,
    )
    assert tuple(case.values()) == (number, "proposal")
    assert await world.row("SELECT 1 FROM message WHERE to_address = $1 AND template LIKE 'verification%'", new)


async def test_a_new_number_of_somebody_with_two_is_for_a_person(world: World) -> None:
    """Which of the two it replaces, nobody said."""
    first, second = world.number(), world.number()
    for number in (first, second):
        await world.account(number)
    chat = world.chat()
    await chat.bind(first)
    world.emulator.share(chat.token, chat.id, second)
    await chat.sees("绑定好了，共2个户号")
    await chat.settled()
    await chat.say(f"我换号码了，新号码是{world.number().removeprefix('+86')}")
    said = await heard(world, chat, "换号码")
    assert said["state"] == "triage" and "correction_opened" not in said["effects"]


@pytest.mark.parametrize(("words", "language", "menu"), [("ENGLISH", "en", "What can we do"), ("中文", "zh", "请选择")])
async def test_a_language_asked_for_in_words_is_the_chats_too(
    world: World, words: str, language: str, menu: str
) -> None:
    number = world.number()
    account = await world.account(number, language="zh" if language == "en" else "en")
    chat = world.chat(language="zh-hans" if language == "en" else "en")
    await chat.bind(number)
    await chat.say(words)
    assert "language_chosen" in (await heard(world, chat, words))["effects"]
    row = await world.row("SELECT language FROM account WHERE account_no = $1", account)
    assert row["language"] == language
    await chat.say("/menu", until=menu)


async def test_what_came_of_a_matter_is_asked_in_the_chat_that_raised_it(world: World) -> None:
    """Of several people of an account, whoever raised it is asked, and his button closes it."""
    holder, tenant = world.number(), world.number()
    account = await world.account(holder, tenant)
    chat = world.chat()
    await chat.bind(tenant)
    await chat.press("🛠 报修", until="请说说情况")
    await chat.say("单元门口的表箱没电了")
    case = await world.row(
        'SELECT k.id, k.state FROM "case" k JOIN account a ON a.id = k.account_id WHERE a.account_no = $1', account
    )
    await world.call("POST", f"/cases/{case['id']}/close", {"outcome": "已更换表箱熔断器"})
    asked = await chat.sees("问题解决了吗")
    await chat.press("✅ 解决了", on=asked.text[:20])
    closed = "SELECT 1 FROM \"case\" WHERE id = $1 AND state = 'closed' AND confirmation = 'confirmed'"
    await world.row(closed, case["id"])
    assert not await world.rows("SELECT 1 FROM message WHERE to_address = $1", holder)


async def test_what_is_asked_further_comes_to_the_chat_that_wants_it(world: World) -> None:
    """What goes on with a survey goes to its number, or to that person's chat where such things are wanted there."""
    number = world.number()
    account = await world.account(number, world.number())
    chat = await world.bound(number, "service")
    point = await world.row("SELECT id FROM contact_point WHERE address = $1", number)
    asked = Asked(template="survey_why", account_no=account, point=point["id"], goes_on=True)
    async with world.database.work() as work:
        (taken,) = await world.house.acceptor.accept(work.connection, [asked], now=world.house.clock.now())
        await work.commit()
    row = await world.row("SELECT channel, to_address FROM message WHERE id = $1", getattr(taken, "id", None))
    assert tuple(row.values()) == ("telegram", str(chat))


async def test_a_payment_after_a_reminder_in_the_chat_speaks_for_the_number(world: World) -> None:
    number = world.number()
    account = await world.account(number, owes="86.40")
    await world.bound(number, "billing")
    values = {"account_tail": account, "amount": "86.40", "pay_by": "2025-11-20"}
    told = await world.send("arrears", account, values, channel="telegram")
    await world.row("SELECT 1 FROM message WHERE id = $1 AND state = 'delivered'", told)
    file = aiohttp.FormData()
    paid_at = world.house.clock.now().isoformat()
    rows = f"payment_id,account_no,billing_month,amount,paid_at\nP{account},{account},202510,86.40,{paid_at}\n"
    file.add_field("file", rows.encode(), filename="payments.csv")
    url = f"http://127.0.0.1:{world.house.settings.port}/api/v1/imports?kind=payments"
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session,
        session.post(url, data=file) as answer,
    ):
        assert answer.status == 202, await answer.text()
    await world.row(
        """SELECT 1 FROM signal s JOIN contact_point p ON p.id = s.contact_point_id
           WHERE s.kind = 'paid_after_reminder' AND p.address = $1""",
        number,
    )
