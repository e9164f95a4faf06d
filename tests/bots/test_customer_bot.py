"""The customer bot through the emulated Bot API: every screen and button, in both languages."""

from __future__ import annotations

import asyncio

import pytest

from bots import binding
from bots.telegram.customer.talk import LONGEST, MOST_ROWS, buttons, shortened
from gateway.archive import chats
from tests.bots.conftest import World, eventually


async def test_begins_binds_and_shows_what_is_known(world: World) -> None:
    number = world.number()
    account = await world.account(number, owes="86.40")
    chat = world.chat()
    await chat.bind(number)
    await chat.press("🏠 我的户号", until=f"户号尾号{account[-4:]}")
    shown = await chat.sees("王*")
    assert "王强" not in shown.text
    assert account not in shown.text
    await chat.press("⬅️ 返回", until="请选择")
    await chat.press("💰 电费", until="86.40元")


async def test_a_survey_answered_by_a_button_is_the_rating_that_an_sms_gives(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    order = await world.closed_order(number, account)
    chat = world.chat()
    await chat.bind(number)
    await world.notice(
        "survey", {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"},
        channels=["telegram", "sms"],
    )  # fmt: skip
    asked = await chat.sees("请评价")
    assert asked.labels == ["1 分", "2 分", "3 分", "4 分", "5 分", "问题没解决"]
    assert await chat.press("4 分") == "收到，谢谢！"
    assert "✓ 您的回答：4 分" in (await chat.sees("请评价")).text
    assert (await chat.sees("请评价")).labels == []
    row = await world.row(
        """SELECT e.score, e.channel, i.event_ref FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
           WHERE i.event_ref = $1""",
        order,
    )
    assert (row["score"], row["channel"]) == (4, "telegram")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
async def test_the_menu_has_every_screen(world: World, language: str) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat(language=language)
    await chat.bind(number)
    menu = (await chat.sees("请选择" if language != "en" else "What can we do")).labels
    assert len(menu) == 11
    for label in menu[:6]:
        await chat.press(label)
        await chat.press("⬅️ 返回" if language != "en" else "⬅️ Back", until=None)


async def test_binds_by_a_code_that_the_number_was_sent(world: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.say("/start", until="您好")
    await chat.press("✉️ 用短信验证码绑定", until="请输入登记的手机号")
    await chat.say("随便", until="这不像手机号")
    await chat.say(number.removeprefix("+86"), until="请在这里输入6位数字")
    await chat.say("000000", until="验证码不对")
    sms = await world.row("SELECT body FROM message WHERE to_address = $1 AND template = 'verification_chat'", number)
    code = next(word for word in sms["body"].replace("，", " ").replace("码", " ").split() if word.isdigit())
    await chat.say(code, until="绑定好了")
    assert await world.rows(
        """SELECT 1 FROM chat_binding b JOIN contact_point p ON p.id = b.phone_point_id
           WHERE p.address = $1 AND b.how = 'code' AND b.ended_at IS NULL""",
        number,
    )


async def test_a_linked_chat_links_another_number_from_its_accounts(world: World) -> None:
    first, second = world.number(), world.number()
    mine, another = await world.account(first), await world.account(second)
    chat = world.chat()
    await chat.bind(first)
    await chat.press("🏠 我的户号")
    await chat.sees(mine[-4:])
    await chat.press("➕ 再绑定一个手机号", until="请输入登记的手机号")
    await chat.say(second, until="请在这里输入6位数字")
    sms = await world.row("SELECT body FROM message WHERE to_address = $1 AND template = 'verification_chat'", second)
    code = next(word for word in sms["body"].replace("，", " ").replace("码", " ").split() if word.isdigit())
    await chat.say(code, until="绑定好了")
    await chat.press("🏠 我的户号")
    assert mine[-4:] in (await chat.sees(another[-4:])).text


async def test_an_unknown_number_is_answered_like_a_known_one(world: World) -> None:
    """In words, and as often as anybody asks, by one chat or another."""
    known, unknown = world.number(), world.number()
    await world.account(known)

    async def talk(number: str) -> list[str]:
        chat = world.chat()
        await chat.say("/start", until="您好")
        await chat.press("✉️ 用短信验证码绑定")
        await chat.say(number, until="如果这个号码已登记")
        await chat.say("000000", until="验证码不对")
        await chat.settled()
        return chat.texts

    async def asks(number: str) -> list[str]:
        said: list[str] = []
        async with world.database.work() as work:
            now = world.house.clock.now()
            for many in (4, 1):
                chat = await chats.open_chat(work.connection, "telegram", str(world.chat().id), at=now)
                said += [
                    await binding.ask_for_code(work.connection, world.house, chat, number, now=now) for _ in range(many)
                ]
            await work.commit()
        return said

    words = await asyncio.gather(talk(known), talk(unknown))
    assert words[0] == words[1]
    # One was asked for in the dialogue.
    assert [await asks(known), await asks(unknown)] == [["sent", "sent", "too_many", "too_many", "too_many"]] * 2
    sent = await world.rows("SELECT to_address FROM message WHERE to_address = ANY($1::text[])", [known, unknown])
    assert [row["to_address"] for row in sent] == [known] * 3


async def test_a_link_from_an_sms_binds_once(world: World) -> None:
    number = world.number()
    await world.account(number)
    async with world.database.session() as session:
        await world.house.proofs.invite(session, number, actor="key:clerk")
        await session.commit()
    sms = await world.row(
        "SELECT body FROM message WHERE to_address = $1 AND template = 'verification_chat_invitation'", number
    )
    token = sms["body"].partition("/start ")[2][:16]
    chat, other = world.chat(), world.chat()
    await chat.say(f"/start {token}", until="绑定好了")
    await other.say(f"/start {token}", until="这个链接已用过")
    assert not await world.rows(
        "SELECT 1 FROM chat_binding b JOIN contact_point p ON p.id = b.chat_point_id WHERE p.address = $1",
        str(other.id),
    )


@pytest.mark.parametrize("whose", [12345, 0], ids=["another user's", "nobody's"])
async def test_a_contact_of_somebody_else_binds_nothing(world: World, whose: int) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.say("/start", until="您好")
    world.emulator.share(chat.token, chat.id, number, of=whose)
    await chat.sees("这不是您本人的手机号")
    assert not await world.rows(
        "SELECT 1 FROM chat_binding b JOIN contact_point p ON p.id = b.phone_point_id WHERE p.address = $1", number
    )


async def test_one_chat_has_several_accounts_and_an_account_several_people(world: World) -> None:
    first, second = world.number(), world.number()
    mine = await world.account(first)
    ours = await world.account(first, second)
    chat, other = world.chat(), world.chat()
    await chat.bind(first)
    await other.bind(second)
    await chat.press("🏠 我的户号")
    shown = await chat.sees(mine[-4:])
    assert ours[-4:] in shown.text
    await other.press("🏠 我的户号")
    shown = await other.sees(ours[-4:])
    assert mine[-4:] not in shown.text


async def test_the_chat_of_whoever_had_the_number_before_sees_nothing_of_the_next(world: World) -> None:
    """The platform vouches for a number in one chat at a time; one that is revoked everywhere binds nobody."""
    number = world.number()
    account = await world.account(number)
    before, after = world.chat(), world.chat()
    await before.bind(number)
    await after.bind(number)
    assert await before.press("🏠 我的户号") == "请先绑定手机号。"

    case = (await world.call("POST", "/corrections", {
        "account_no": account, "number": number, "reason": "ticket", "evidence": "95598：此号码已换人",
    }))["id"]  # fmt: skip
    link = {"account_no": account, "number": number, "decision": "revoke"}
    await world.call("POST", f"/corrections/{case}/apply", {"links": [link], "new_contacts": []})
    assert await after.press("🏠 我的户号") == "请先绑定手机号。"
    bound = """SELECT 1 FROM chat_binding b JOIN contact_point c ON c.id = b.chat_point_id
               WHERE c.address = $1 AND b.ended_at IS NULL"""
    # Taken back as a whole: whoever it was taken from has his own again; not where the number is somebody else's now.
    await world.call("POST", f"/corrections/{case}/revert", {})
    assert await world.rows(bound, str(after.id))
    await world.call("POST", f"/corrections/{case}/apply", {"links": [link], "new_contacts": []})
    await world.account(number, holder="李梅")
    await world.call("POST", f"/corrections/{case}/revert", {})
    assert not await world.rows(bound, str(after.id)) and not await world.rows(bound, str(before.id))


async def test_whoever_answers_for_the_archive_sees_and_ends_what_a_number_is_bound_to(world: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    at = f"/contacts/{number.replace('+', '%2B')}"
    (seen,) = (await world.call("GET", at, None))["chats"]
    assert (seen["platform"], seen["how"], seen["reachable"]) == ("telegram", "contact", True)
    assert await world.call("DELETE", f"{at}/chats", None) == {"chats": 1}
    assert (await world.call("GET", at, None))["chats"] == []
    assert await chat.press("🏠 我的户号") == "请先绑定手机号。"
    assert await world.call("DELETE", f"{at}/chats", None) == {"chats": 0}


async def test_not_mine_opens_the_correction_that_an_sms_opens(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.press("🚫 不是我的户号", until="是哪个户号")
    await chat.press(f"户号尾号{account[-4:]}", until="确认户号尾号")
    await chat.press("✅ 是", until="收到，正在处理")
    case = await world.row(
        """SELECT c.reason, c.state, l.state AS link, p.kind, p.address FROM correction c
           JOIN contact_point p ON p.id = c.contact_point_id
           JOIN correction_link k ON k.correction_id = c.id JOIN contact_link l ON l.id = k.link_id
           JOIN account a ON a.id = l.account_id WHERE a.account_no = $1""",
        account,
    )
    assert tuple(case.values()) == ("reply", "open", "suspended", "phone", number)
    await chat.press("⬅️ 返回")
    await chat.press("🏠 我的户号", until="没有可显示的户号")
    apology = await world.row(
        "SELECT state, channel FROM message WHERE to_address = $1 AND kind = 'apology'", str(chat.id)
    )
    assert apology["channel"] == "telegram"
    await chat.sees("抱歉")


async def test_free_words_are_read_like_texts_and_answered_in_the_chat(world: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.say("我要投诉，上次说好来换表，一直没人来")
    heard = await world.row(
        "SELECT reading, contact_point_id, channel FROM inbound WHERE sender = $1 AND state <> 'received'", str(chat.id)
    )
    assert heard["channel"] == "telegram"
    assert "complaint" in heard["reading"] or "broken_commitment" in heard["reading"]


async def test_a_button_is_good_once_and_a_stale_one_says_so(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await world.send("restoration", account, {"area": "城东台区", "restored_at": "2025-11-04T09:30:00+08:00"},
                     channel="telegram")  # fmt: skip
    told = await chat.sees("复电通知")
    assert told.labels == ["✅ 来电了", "❌ 还没来电", "🚫 不是我的户号"]
    data = told.buttons[0][0]["callback_data"]
    await chat.press("✅ 来电了")
    assert await chat.press_data(told.message_id, data) == "这个问题已经回答过了。"
    said = await world.rows("SELECT 1 FROM inbound WHERE sender = $1", str(chat.id))
    assert len(said) == 1
    stranger = world.chat()
    await stranger.say("/start", until="您好")
    assert await stranger.press_data(stranger.shown[-1].message_id, data) == "请先绑定手机号。"
    other = world.number()
    await world.account(other)
    await stranger.bind(other)
    assert await stranger.press_data(stranger.shown[-1].message_id, data) == "这个问题已经过期。"
    assert len(await world.rows("SELECT 1 FROM inbound WHERE sender = $1", str(stranger.id))) == 0


async def test_a_rating_given_on_the_menus_screen_ends_the_question_itself(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await world.closed_order(number, account)
    await world.notice(
        "survey", {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"},
        channels=["telegram", "sms"],
    )  # fmt: skip
    asked = await chat.sees("请评价")
    await chat.press("⭐ 评价服务", on="请选择")
    screen = next(one for one in chat.shown if "请评价" in one.text and one.message_id != asked.message_id)
    await chat.press_data(screen.message_id, screen.buttons[0][3]["callback_data"])
    assert [one.labels for one in chat.shown if "您的回答：4 分" in one.text] == [[], []]


async def test_of_many_accounts_each_can_be_chosen(world: World) -> None:
    number = world.number()
    last = [await world.account(number) for _ in range(23)][-1]
    chat = world.chat()
    await chat.bind(number)
    for button in ("🛠 报修", "🚫 不是我的户号"):
        await chat.press(button, until="是哪个户号")
        assert f"户号尾号{last[-4:]}" not in chat.labels
        await chat.press("⏬ 更多户号")
        await chat.press(f"户号尾号{last[-4:]}")
        await chat.press("⬅️ 返回", until="请选择")


async def test_what_was_in_doubt_is_so_no_more_when_its_button_is_pressed(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    sent = await world.send("restoration", account, {"area": "疑台区", "restored_at": "2025-11-04T09:30:00+08:00"},
                            channel="telegram")  # fmt: skip
    await chat.sees("疑台区")
    await world.row("SELECT 1 FROM message WHERE id = $1 AND state = 'delivered'", sent)
    async with world.database.work() as work:
        await work.execute("UPDATE message SET state = 'uncertain', doubt_since = now() WHERE id = $1", sent)
        await work.commit()
    await chat.press("✅ 来电了", on="疑台区")
    assert (await world.row("SELECT state FROM message WHERE id = $1", sent))["state"] == "delivered"


async def test_who_has_unlinked_changes_nothing_by_buttons_that_are_still_there(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await world.send("restoration", account, {"area": "城北台区", "restored_at": "2025-11-04T09:30:00+08:00"},
                     channel="telegram")  # fmt: skip
    told = await chat.sees("复电通知")
    answer = told.buttons[0][0]["callback_data"]
    await chat.press("🔓 解除绑定", until="确认解除绑定")
    await chat.press("✅ 是", until="已解除绑定")
    account_id = (await world.row("SELECT id FROM account WHERE account_no = $1", account))["id"]
    for data in (answer, "p:billing:0", "w:outage:1", "h:night", "m:accounts", f"n:{account_id}!", "m:rate"):
        assert await chat.press_data(told.message_id, data) == "请先绑定手机号。"
    assert not await world.rows("SELECT 1 FROM inbound WHERE sender = $1", str(chat.id))
    changed = "SELECT 1 FROM opt_out o JOIN contact_point p ON p.id = o.contact_point_id WHERE p.address = ANY($1)"
    assert not await world.rows(changed, [number, str(chat.id)])


async def test_a_press_ends_the_report_that_was_begun(world: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    menu = chat.shown[-1].message_id
    await chat.press("🛠 报修", until="请说说情况")
    await chat.press_data(menu, "m:prefs")
    await chat.say("晚上8点到早上9点别发")
    heard = await world.row("SELECT text FROM inbound WHERE sender = $1", str(chat.id))
    assert heard["text"] == "晚上8点到早上9点别发"
    await chat.press_data(menu, "m:hours")

    async def shown() -> bool:
        await chat.press_data(menu, "m:prefs")
        return "您的免打扰时段：20:00–09:00" in chat.shown[-1].text or any(
            "您的免打扰时段：20:00–09:00" in one.text for one in chat.shown
        )

    await eventually(shown)


async def test_purposes_and_places_are_chosen_with_a_press(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.press("🔔 接收设置", until="点一下即可改")
    await chat.press("✅ 电费")
    assert "🚫 电费" in chat.labels
    refused = await world.rows(
        "SELECT o.purpose FROM opt_out o JOIN contact_point p ON p.id = o.contact_point_id WHERE p.address = $1", number
    )
    assert [row["purpose"] for row in refused] == ["billing"]
    await chat.press("🚫 电费")
    assert "✅ 电费" in chat.labels
    await chat.press("✉️ 停电")
    assert "💬 停电" in chat.labels
    message = await world.send("restoration", account, {"area": "城东台区", "restored_at": "2025-11-04T09:30:00+08:00"})
    row = await world.row("SELECT channel, fallback FROM message WHERE id = $1", message)
    assert (row["channel"], row["fallback"]) == ("telegram", ["sms"])
    await chat.sees("复电通知")


async def test_hours_are_chosen_with_a_press_and_kept_to(world: World) -> None:
    """The chat says it for the person: the number's texts wait too, until any time is chosen again."""
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.press("🔔 接收设置", until="点一下即可改")
    await chat.press("🌙 免打扰时段", until="什么时候")
    assert {"20:00–9:00", "9:00–18:00", "随时可以", "⬅️ 返回"} <= set(chat.labels)
    await chat.press("9:00–18:00")
    hours = """SELECT h.begins, h.ends FROM contact_hours h JOIN contact_point p ON p.id = h.contact_point_id
               WHERE p.address = ANY($1::text[]) ORDER BY p.id"""
    await world.row(hours, [number])
    kept = await world.rows(hours, [number, str(chat.id)])
    assert [(f"{row['begins']:%H:%M}", f"{row['ends']:%H:%M}") for row in kept] == [("09:00", "18:00")] * 2
    notice = await world.notice(
        "announcement", {"template": "announcement", "values": {"text": "营业厅迁址。"},
                         "audience": {"accounts": [account]}},
    )  # fmt: skip
    waits = await world.row(
        "SELECT not_before AT TIME ZONE 'Asia/Shanghai' AS at FROM message WHERE notice_id = $1", notice
    )
    assert waits["at"].hour >= 18 or waits["at"].hour < 9
    await chat.say("/menu", until="请选择")
    await chat.press("🔔 接收设置", until="点一下即可改")
    await chat.press("🌙 免打扰时段", until="什么时候")
    await chat.press("随时可以")
    await world.row("SELECT 1 WHERE NOT EXISTS (SELECT FROM contact_hours h JOIN contact_point p"
                    " ON p.id = h.contact_point_id WHERE p.address = $1)", number)  # fmt: skip


async def test_reports_reach_whoever_is_to_act(world: World) -> None:
    number = world.number()
    await world.account(number)
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.press("🛠 报修", until="是哪个户号")
    label = next(one for one in chat.labels if one.startswith("户号尾号"))
    await chat.press(label, until="请说说情况")
    await chat.say("整栋楼都没电", until="收到，正在处理")
    case = await world.row(
        """SELECT a.account_no FROM "case" c JOIN account a ON a.id = c.account_id
           JOIN contact_link l ON l.account_id = a.id JOIN contact_point p ON p.id = l.contact_point_id
           WHERE p.address = $1""",
        number,
    )
    assert case["account_no"].endswith(label[-4:])
    await chat.say("/menu", until="请选择")
    await chat.press("⚠️ 报危险", until="请远离危险处")
    await chat.say("电线杆下面冒火花", until="收到，正在处理")
    await world.row("SELECT 1 FROM alert al JOIN inbound i ON i.id = al.inbound_id WHERE i.sender = $1", str(chat.id))


async def test_asks_for_a_person(world: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.press("👤 找人工", until="已转人工")
    row = await world.row("SELECT state, remark FROM inbound WHERE sender = $1 AND state <> 'received'", str(chat.id))
    assert (row["state"], row["remark"]) == ("triage", "asks for a person")


async def test_a_single_text_follows_the_channels_of_its_segment(world: World) -> None:
    """Who is in no such segment is written to as ever; a text that names its channel keeps it."""
    watched, other = world.number(), world.number()
    account, usual = await world.account(watched), await world.account(other)
    chats = world.chat(), world.chat()
    await chats[0].bind(watched)
    await chats[1].bind(other)
    await world.call("PUT", f"/accounts/{account}/segments/sensitive", {"reason": "重点关注", "owner": "E7"})
    rows = [{"segment": "sensitive", "channels": ["telegram", "sms"]}]
    await world.call("PUT", "/policy", {"policy": {"channels": rows}, "why": "敏感客户先发聊天"})
    try:
        sent = [
            await world.call("POST", "/messages", {"template": "announcement", "values": {"text": text}, **to})
            for text, to in (
                ("明日检修改期。", {"account_no": account}),
                ("明日检修改期。", {"account_no": usual}),
                ("营业厅迁址。", {"account_no": account, "channel": "sms"}),
            )
        ]
    finally:
        await world.call("PUT", "/policy", {"policy": {"channels": []}, "why": "照旧"})
    rows = await world.rows(
        "SELECT id::text, channel, fallback FROM message WHERE id = ANY($1::uuid[])", [one["id"] for one in sent]
    )
    went = {row["id"]: (row["channel"], row["fallback"]) for row in rows}
    assert [went[one["id"]] for one in sent] == [("telegram", ["sms"]), ("sms", None), ("sms", None)]
    await chats[0].sees("明日检修改期。")


async def test_by_chat_and_by_sms_the_same_rows_come_of_it(world: World) -> None:
    """Field by field: a 4 by a button and by SMS; "not mine" by a button and by SMS."""
    by_chat, by_sms = world.number(), world.number()
    accounts = [await world.account(by_chat), await world.account(by_sms)]
    orders = [
        await world.closed_order(number, account) for number, account in zip((by_chat, by_sms), accounts, strict=True)
    ]
    chat = world.chat()
    await chat.bind(by_chat)
    span = {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"}
    await world.notice("survey", span, channels=["telegram", "sms"])
    asked = [
        await world.row(
            """SELECT m.channel FROM message m JOIN invitation i ON i.message_id = m.id
               WHERE i.event_ref = $1 AND m.state IN ('sent', 'delivered')""",
            order,
        )
        for order in orders
    ]  # fmt: skip
    assert [row["channel"] for row in asked] == ["telegram", "sms"]
    await chat.press("4 分", on="请评价")
    await world.texts(by_sms, "4")
    rows = [
        dict(await world.row(
            """SELECT e.score, e.solved, e.comment, e.why, e.state, e.suspicions, i.event_kind, i.team_code,
                 i.person_no, i.service, i.drawn, i.flags, i.skipped
               FROM evaluation e JOIN invitation i ON i.id = e.invitation_id WHERE i.event_ref = $1""",
            order,
        ))
        for order in orders
    ]  # fmt: skip
    assert rows[0] == rows[1]
    assert rows[0]["score"] == 4
    await chat.say("/menu", until="请选择")
    await chat.press("🚫 不是我的户号", until="是哪个户号")
    await chat.press(f"户号尾号{accounts[0][-4:]}", until="确认户号尾号")
    await chat.press("✅ 是", until="收到，正在处理")
    await world.texts(by_sms, "这不是我的户号，不要再发给我")
    cases = [
        dict(await world.row(
            """SELECT c.state, c.reason, c.opened_by, p.kind, l.state AS link, l.reason AS why, l.role, k.decision,
                 (SELECT array_agg(s.kind ORDER BY s.kind) FROM signal s WHERE s.contact_point_id = p.id) AS signals,
                 (SELECT count(*) FROM correction_link o WHERE o.correction_id = c.id) AS links
               FROM correction c JOIN contact_point p ON p.id = c.contact_point_id
               JOIN correction_link k ON k.correction_id = c.id JOIN contact_link l ON l.id = k.link_id
               JOIN account a ON a.id = l.account_id WHERE a.account_no = $1""",
            account,
        ))
        for account in accounts
    ]  # fmt: skip
    assert cases[0] == cases[1]
    assert cases[0]["link"] == "suspended"


def test_no_text_is_longer_than_telegram_takes() -> None:
    assert shortened("电" * LONGEST) == "电" * LONGEST
    lines = "\n".join(["💡" * 50] * 100)
    kept = shortened(lines)
    assert len(kept.encode("utf-16-le")) // 2 <= LONGEST
    assert kept.endswith("💡\n…")
    assert lines.startswith(kept.removesuffix("…"))
    assert len(shortened("💡" * LONGEST).encode("utf-16-le")) // 2 <= LONGEST
    rows = [[(f"{place}", "x")] for place in range(300)]
    shown = buttons(rows).inline_keyboard
    assert len(shown) == MOST_ROWS
    assert shown[-1][0].text == "299"
