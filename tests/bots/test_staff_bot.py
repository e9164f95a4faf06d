"""The staff bot: signing in by a code, what each role may do, alerts; with the traces that the console leaves."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest

from gateway.archive.opening import Doubt, open_or_join
from gateway.staff import chat_sign_in
from tests.bots.conftest import STAFF_TOKEN, Chat, World, eventually


@pytest.fixture(autouse=True)
async def _nothing_is_left_of_other_tests(world: World) -> None:
    """Nobody is signed in and no alert waits: each would be told of all of them, one a second."""
    async with world.database.work() as work:
        await work.execute("UPDATE staff_chat SET ended_at = now() WHERE ended_at IS NULL")
        await work.execute(
            "UPDATE alert SET acknowledged_at = at, acknowledged_by = 'key:test' WHERE acknowledged_at IS NULL"
        )
        await work.execute("DELETE FROM alert_told")
        await work.commit()


class Staff:
    """Somebody of the staff, signed in."""

    def __init__(self, world: World, chat: Chat, staff_no: str) -> None:
        self.world = world
        self.chat = chat
        self.staff_no = staff_no

    async def traces(self) -> list[str]:
        rows = await self.world.rows(
            "SELECT action FROM audit_entry WHERE actor = $1 ORDER BY id", f"staff:{self.staff_no}"
        )
        return [row["action"] for row in rows]


async def code_for(world: World, staff_no: str, *roles: str) -> str:
    async with world.database.work() as work:
        staff = await work.value(
            "INSERT INTO staff_member (staff_no, name) VALUES ($1, $2) RETURNING id", staff_no, f"员工{staff_no}"
        )
        await work.execute(
            """INSERT INTO staff_login (staff_id, name, password, roles, made_at)
               VALUES ($1, lower($2), '', $3, now())""",
            staff, staff_no, list(roles),
        )  # fmt: skip
        code = await chat_sign_in.new_code(work.connection, staff_no, actor="cli:test", at=world.house.clock.now())
        await work.commit()
    return code


async def signed_in(world: World, *roles: str, language: str = "zh-hans") -> Staff:
    staff_no = f"E{next(world.numbers):06d}"
    code = await code_for(world, staff_no, *roles)
    chat = world.chat(token=STAFF_TOKEN, language=language)
    await chat.say("/start")
    await chat.say(code, until="请选择" if language != "en" else "What would you like")
    return Staff(world, chat, staff_no)


async def test_only_a_code_opens_the_door_and_only_once(world: World) -> None:
    staff_no = f"E{next(world.numbers):06d}"
    code = await code_for(world, staff_no, "account_manager")
    chat, other = world.chat(token=STAFF_TOKEN), world.chat(token=STAFF_TOKEN)
    await chat.say("/menu", until="请输入控制台或命令行")
    await chat.say("12345678", until="登录码不对")
    await chat.say(code, until="请选择")
    await other.say(code, until="登录码不对")
    for _ in range(chat_sign_in.MOST_TRIES):
        await other.say("00000000")
    await other.settled()
    async with world.database.work() as work:
        fresh = await chat_sign_in.new_code(work.connection, staff_no, actor="cli:test", at=world.house.clock.now())
        await work.commit()
    await other.say(fresh)
    await other.settled()
    assert "请选择" not in " ".join(other.texts)


@pytest.mark.parametrize(
    ("role", "entries"),
    [
        ("account_manager", 6),
        ("archive_admin", 4),
        ("supervisor", 5),
        ("auditor", 2),
        ("admin", 11),
    ],
)
async def test_the_menu_is_that_of_the_role(world: World, role: str, entries: int) -> None:
    staff = await signed_in(world, role)
    assert len(staff.chat.labels) == entries


async def test_two_roles_have_both_and_what_is_taken_away_is_gone_at_once(world: World) -> None:
    staff = await signed_in(world, "supervisor", "archive_admin")
    assert len(staff.chat.labels) == 7
    async with world.database.work() as work:
        await work.execute(
            """UPDATE staff_login SET roles = '{supervisor}' WHERE staff_id =
                 (SELECT id FROM staff_member WHERE staff_no = $1)""",
            staff.staff_no,
        )
        await work.commit()
    assert "您的角色不能这样做" in await staff.chat.press("🧾 下一件更正")
    async with world.database.work() as work:
        await work.execute(
            """UPDATE staff_login SET disabled_at = now() WHERE staff_id =
                 (SELECT id FROM staff_member WHERE staff_no = $1)""",
            staff.staff_no,
        )
        await work.commit()
    assert "请输入" in await staff.chat.press("📌 督办事项")


async def test_a_manager_plans_moves_and_completes(world: World) -> None:
    staff = await signed_in(world, "account_manager")
    account = await world.account(world.number())
    other = await world.account(world.number())
    async with world.database.work() as work:
        await work.execute("UPDATE account SET manager_no = $2 WHERE account_no = $1", account, staff.staff_no)
        await work.commit()
    chat = staff.chat
    await chat.press("➕ 新计划", until="请输入户号")
    await chat.say(other, until="这不是您的客户")
    await chat.say(account, until="选哪一天")
    await chat.press("›")
    await chat.press("‹")
    await chat.press("6", until="请写下事由")
    await chat.say("季度走访", until="已记录")
    made = await world.row("SELECT id, planned_for, topic, state FROM followup WHERE manager_no = $1", staff.staff_no)
    assert (f"{made['planned_for']}", made["topic"]) == ("2025-11-06", "季度走访")
    await chat.press("⬅️ 返回")
    await chat.press("📅 今天的计划", until="没有要处理的")
    await chat.press("⬅️ 返回")
    await chat.press("🗓 未来十天", until="未来十天")
    label = next(one for one in chat.labels if "季度走访" in one)
    await chat.press(label)
    await chat.press("🗓 改期", until="选哪一天")
    await chat.press("7", until="已记录")
    assert f"{(await world.row('SELECT planned_for FROM followup WHERE id = $1', made['id']))[0]}" == "2025-11-07"
    await chat.press("⬅️ 返回")
    await chat.press("🗓 未来十天", until="未来十天")
    await chat.press(next(one for one in chat.labels if "季度走访" in one))
    await chat.press("✅ 完成", until="请写下结果")
    await chat.say("客户满意，约了明年增容", until="已记录")
    done = await world.row("SELECT state, outcome, done_by FROM followup WHERE id = $1", made["id"])
    assert tuple(done.values()) == ("done", "客户满意，约了明年增容", f"staff:{staff.staff_no}")
    assert {"followup.planned", "followup.changed", "followup.done"} <= set(await staff.traces())
    await chat.say("/menu")
    await chat.press("📣 我的客户动态")


async def doubted(world: World, *words: str, due: str) -> tuple[UUID, str, str]:
    """A case about one number of one account, whose evidence is some words; with the number and the account."""
    number = world.number()
    account = await world.account(number)
    async with world.database.work() as work:
        link = (await work.fetch(
            """SELECT l.id, l.account_id, l.contact_point_id FROM contact_link l
               JOIN account a ON a.id = l.account_id WHERE a.account_no = $1""", account,
        ))[0]  # fmt: skip
        opened = await open_or_join(work.connection, Doubt(
            contact_point_id=link["contact_point_id"], accounts=[link["account_id"]], suspend=[link["id"]],
            reason="reply", words="reply: wrong_number", actor="customer", at=world.house.clock.now(),
            hints=[{"kind": "reply", "words": one} for one in words],
        ))  # fmt: skip
        # Before all that other tests opened.
        await work.execute("UPDATE correction SET due_at = $2::text::timestamptz WHERE id = $1", opened.id, due)
        await work.commit()
    return opened.id, number, account


async def test_an_archive_admin_decides_link_by_link_and_proposes_a_number(world: World) -> None:
    staff = await signed_in(world, "archive_admin")
    new = world.number()
    case_id, number, account = await doubted(world, "打错了，我不是王强", due="2025-01-01")
    chat = staff.chat
    await chat.press("🧾 下一件更正", until="打错了，我不是王强")
    assert number not in " ".join(chat.texts)
    assert "用户说打错了" in chat.texts[-1]
    assert "户主" in chat.texts[-1]
    await chat.press(next(one for one in chat.labels if one.startswith("停用")))
    await chat.press("📱 补充新号码", until=f"请输入户号{account}的新号码")
    await chat.say("不是号码", until="这不像电话号码")
    await chat.say(number.removeprefix("+86"), until="没有补充")
    for _ in range(2):
        await chat.press("📱 补充新号码", until=f"请输入户号{account}的新号码")
        await chat.say(new.removeprefix("+86"), until="的什么人")
        await chat.press("租户", until=f"（户号{account}，租户）")
        if not _:
            await chat.press(f"🗑 去掉…{new[-4:]}")
            assert "租户" not in chat.texts[-1]
    await chat.press("✅ 执行", until="确定按上面的决定执行吗")
    assert (await world.row("SELECT state FROM correction WHERE id = $1", case_id))["state"] == "open"
    await chat.press("✅ 确定", until="已记录")
    case = await world.row("SELECT state, applied_by FROM correction WHERE id = $1", case_id)
    assert (case["state"], case["applied_by"]) == ("verifying", f"staff:{staff.staff_no}")
    state = await world.row(
        "SELECT l.state FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id WHERE p.address = $1",
        number,
    )
    assert state["state"] == "revoked"
    brought = await world.rows(
        "SELECT l.role FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id WHERE p.address = $1", new
    )
    assert [row["role"] for row in brought] == ["tenant"]
    assert "correction.applied" in await staff.traces()
    await chat.press("⬅️ 返回")
    await chat.press("🔎 待核实的联系方式")
    await chat.press(next(one for one in chat.labels if "发验证码" in one), until="验证码已发出")
    await world.row("SELECT 1 FROM message WHERE to_address = $1 AND kind = 'verification'", new)


async def test_who_was_named_is_proposed_and_a_role_is_changed(world: World) -> None:
    """The card shows what was said by its kind, nothing of accounts that are not the case's, and proposes whom
    somebody named: a number that is masked cannot be typed."""
    staff = await signed_in(world, "archive_admin")
    number, named, other = world.number(), world.number(), world.number()
    account = await world.account(number)
    case = (await world.call("POST", "/corrections", {
        "account_no": account, "number": number, "reason": "staff_report", "evidence": "物业说此人是租客",
        "new_contacts": [{"number": named, "role": "holder"}],
    }))["id"]  # fmt: skip
    elsewhere = {"kind": "neighbour", "account_no": "4199999999", "number": other}
    async with world.database.work() as work:
        await work.execute(
            """UPDATE correction SET due_at = '2024-12-01', hints = hints || $2::text::jsonb WHERE id = $1""",
            UUID(case), json.dumps([elsewhere]),
        )  # fmt: skip
        await work.commit()
    chat = staff.chat
    await chat.press("🧾 下一件更正", until="依据（反映内容）：物业说此人是租客")
    card = chat.shown[-1].text
    assert f"****{named[-4:]}（户号{account}，户主）" in card
    assert "4199999999" not in card and other[-4:] not in card
    await chat.press("改身份", until="的什么人")
    await chat.press("租户", until="改身份 → 租户")
    await chat.press("✅ 执行", until="确定按上面的决定执行吗")
    await chat.press("✅ 确定", until="已记录")
    rows = await world.rows(
        """SELECT p.address, l.role, l.state FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id
           WHERE p.address = ANY($1) ORDER BY l.id""",
        [number, named],
    )
    assert [tuple(row.values())[:2] for row in rows] == [(number, "tenant"), (named, "holder")]
    assert rows[0]["state"] != "revoked"


async def test_a_plan_is_the_managers_whoever_makes_it(world: World) -> None:
    """An admin plans for the account's manager, and so does whoever stands in for him."""
    manager, admin, deputy = [await signed_in(world, role) for role in ("account_manager", "admin", "account_manager")]
    account = await world.account(world.number())
    async with world.database.work() as work:
        await work.execute("UPDATE account SET manager_no = $2 WHERE account_no = $1", account, manager.staff_no)
        await work.execute(
            """INSERT INTO deputy (manager_no, deputy_no, first_day, last_day)
               VALUES ($1, $2, '2025-11-01', '2025-12-31')""",
            manager.staff_no, deputy.staff_no,
        )  # fmt: skip
        await work.commit()
    for one, topic in ((admin, "年检"), (deputy, "代访")):
        chat = one.chat
        await chat.press("➕ 新计划", until="请输入户号")
        await chat.say(account, until="选哪一天")
        await chat.press("28")
        await chat.say(topic, until="已记录")
    rows = await world.rows(
        "SELECT f.manager_no FROM followup f JOIN account a ON a.id = f.account_id WHERE a.account_no = $1", account
    )
    assert [row["manager_no"] for row in rows] == [manager.staff_no, manager.staff_no]


def button(chat: Chat, label: str) -> tuple[int, str]:
    """The newest button with a label, as it is now: the message it stands on and what it says."""
    for one in reversed(chat.shown):
        for pressed in (pressed for row in one.buttons for pressed in row):
            if pressed["text"].startswith(label):
                return one.message_id, pressed["callback_data"]
    raise AssertionError(f"no button says {label}")


async def test_a_card_of_another_time_does_what_it_shows_or_nothing(world: World) -> None:
    """Two cases on two cards: the buttons of each are those of its case, and of what it showed."""
    staff = await signed_in(world, "archive_admin")
    first, number, _ = await doubted(world, "第一件", due="2025-01-02")
    second, other, _ = await doubted(world, "第二件", due="2025-01-03")
    chat = staff.chat
    await chat.press("🧾 下一件更正", until="第一件")
    undecided = button(chat, "停用")
    await chat.press_data(*undecided)
    whole = button(chat, "✅ 执行")
    dropped = button(chat, "↩️ 无误")
    await chat.press_data(*whole)
    sure = button(chat, "✅ 确定")
    # A second card, on which the second case is opened.
    await chat.say("/menu", until="请选择")
    await chat.press("🧾 下一件更正", until="第一件")
    await chat.press("➡️ 下一件", until="第二件")
    for stale in (whole, sure, dropped):
        assert "没有执行" in await chat.press_data(*stale)
        assert "第一件" in next(one.text for one in chat.shown if one.message_id == whole[0])
    rows = await world.rows("SELECT state, applied_at FROM correction WHERE id = ANY($1::uuid[])", [first, second])
    assert {tuple(row.values()) for row in rows} == {("open", None)}
    # The card as it stands by now decides its own case, whatever else was opened in between.
    await chat.press("⬅️ 返回", on="第二件")
    await chat.press_data(*button(chat, "停用"))
    await chat.press("✅ 执行", until="确定按上面")
    await chat.press("✅ 确定", until="已记录")
    states = await world.rows(
        """SELECT p.address, l.state FROM contact_link l JOIN contact_point p ON p.id = l.contact_point_id
           WHERE p.address = ANY($1::text[])""",
        [number, other],
    )
    assert {row["address"]: row["state"] for row in states} == {number: "revoked", other: "suspended"}
    # Decided, it has nothing left to press.
    assert "没有执行" in await chat.press_data(*undecided)
    assert "已经处理过了" in next(one.text for one in chat.shown if one.message_id == undecided[0])


async def test_calendars_of_two_visits_move_each_its_own(world: World) -> None:
    staff = await signed_in(world, "account_manager")
    topics = ("走访甲", "走访乙")
    for topic in topics:
        account = await world.account(world.number())
        async with world.database.work() as work:
            await work.execute(
                """INSERT INTO followup (id, account_id, manager_no, planned_for, topic, channel, made_at, made_by)
                   SELECT gen_random_uuid(), id, $2, '2025-11-05', $3, 'visit', now(), 'key:test'
                   FROM account WHERE account_no = $1""",
                account, staff.staff_no, topic,
            )  # fmt: skip
            await work.commit()
    chat = staff.chat
    calendars = []
    for topic in topics:
        await chat.say("/menu", until="请选择")
        await chat.press("🗓 未来十天", until="未来十天")
        await chat.press(next(one for one in chat.labels if topic in one))
        await chat.press("🗓 改期", until="选哪一天")
        assert topic in chat.texts[-1]
        calendars.append([one for one in chat.shown if one.labels][-1])
    for shown, day in zip(calendars, ("20", "21"), strict=True):
        data = next(one["callback_data"] for row in shown.buttons for one in row if one["text"] == day)
        await chat.press_data(shown.message_id, data)
    rows = await world.rows("SELECT topic, planned_for::text FROM followup WHERE manager_no = $1", staff.staff_no)
    assert {tuple(row.values()) for row in rows} == {("走访甲", "2025-11-20"), ("走访乙", "2025-11-21")}


async def test_what_is_written_after_another_button_is_no_outcome(world: World) -> None:
    staff = await signed_in(world, "account_manager")
    account = await world.account(world.number())
    async with world.database.work() as work:
        await work.execute(
            """INSERT INTO followup (id, account_id, manager_no, planned_for, topic, channel, made_at, made_by)
               SELECT gen_random_uuid(), id, $2, '2025-11-05', '走访丙', 'visit', now(), 'key:test'
               FROM account WHERE account_no = $1""",
            account, staff.staff_no,
        )  # fmt: skip
        await work.commit()
    chat = staff.chat
    await chat.press("🗓 未来十天", until="未来十天")
    shown = next(one for one in reversed(chat.shown) if one.labels)
    await chat.press(next(one for one in chat.labels if "走访丙" in one))
    await chat.press("✅ 完成", until="请写下结果")
    await chat.press_data(shown.message_id, "ten_days")
    await chat.say("这句话不是结果")
    await chat.settled()
    row = await world.row("SELECT state, outcome FROM followup WHERE manager_no = $1", staff.staff_no)
    assert tuple(row.values()) == ("planned", None)


async def test_an_outcome_that_quotes_another_message_is_nobodys(world: World) -> None:
    """A reminder of one visit is quoted while what came of another is asked."""
    staff = await signed_in(world, "account_manager")
    for topic in ("走访丁", "走访戊"):
        account = await world.account(world.number())
        async with world.database.work() as work:
            await work.execute(
                """INSERT INTO followup (id, account_id, manager_no, planned_for, topic, channel, made_at, made_by)
                   SELECT gen_random_uuid(), id, $2, '2025-11-05', $3, 'visit', now(), 'key:test'
                   FROM account WHERE account_no = $1""",
                account, staff.staff_no, topic,
            )  # fmt: skip
            await work.commit()
    chat = staff.chat
    other = chat.shown[-1].message_id
    await chat.say("/menu", until="请选择")
    await chat.press("🗓 未来十天", until="未来十天")
    await chat.press(next(one for one in chat.labels if "走访丁" in one))
    await chat.press("✅ 完成", until="请写下结果")
    await chat.say("戊户一切正常", reply_to=other, until="您引用的是另一条消息")
    outcomes = "SELECT topic, outcome FROM followup WHERE manager_no = $1"
    assert {row["outcome"] for row in await world.rows(outcomes, staff.staff_no)} == {None}
    refused = next(one for one in reversed(chat.shown) if "您引用的是另一条消息" in one.text)
    assert "走访丁" in refused.text
    await chat.press("✅ 完成", on="您引用的是另一条消息", until="请写下结果")
    await chat.say("丁户一切正常", reply_to=refused.message_id, until="已记录")
    assert "走访丁" in (await chat.sees("已记录")).text
    rows = await world.rows(outcomes, staff.staff_no)
    assert {row["topic"]: row["outcome"] for row in rows} == {"走访丁": "丁户一切正常", "走访戊": None}


async def test_what_came_of_a_warning_names_it_and_quotes_nothing_else(world: World) -> None:
    staff = await signed_in(world, "supervisor")
    async with world.database.session() as session:
        id_ = await world.house.warnings.raise_by_hand(
            session, kind="common", subject=f"area:{staff.staff_no}", words="西湖四户反映停电", unit="T01",
            due_at=world.house.clock.now() + timedelta(hours=1), actor="key:test",
        )  # fmt: skip
        await session.commit()
    chat = staff.chat
    other = chat.shown[-1].message_id
    await chat.say("/menu", until="请选择")

    def place(words: str) -> str:
        return next(line.partition(".")[0] for line in chat.texts[-1].split("\n") if words in line)

    await chat.press("⚠️ 预警", until="西湖四户反映停电")
    await chat.press(f"👁 知悉 {place('西湖四户')}", until="已知悉")
    await chat.press(f"✅ 办结 {place('西湖四户')}", until="采取了什么措施")
    await chat.say("别的事办好了", reply_to=other, until="您引用的是另一条消息")
    assert (await world.row("SELECT state FROM warning WHERE id = $1", id_))["state"] == "acknowledged"
    await chat.press("✅ 办结", on="您引用的是另一条消息", until="采取了什么措施")
    await chat.say("换了熔丝", until="已记录")
    assert "西湖四户反映停电" in (await chat.sees("已记录")).text


async def test_lists_begin_with_what_is_oldest_and_say_how_many_more_there_are(world: World) -> None:
    staff = await signed_in(world, "supervisor")
    chat = staff.chat
    async with world.database.work() as work:
        await work.execute(
            """INSERT INTO task (id, kind, subject, words, unit, opened_at, opened_by, due_at)
               SELECT gen_random_uuid(), 'test', 'test:' || $1 || n, 'first of many ' || n, 'supervision', now(),
                      'key:test', '2025-01-01'::timestamptz + n * interval '1 hour' FROM generate_series(1, 12) n""",
            staff.staff_no,
        )
        await work.commit()
    await chat.press("📌 督办事项", until="1. ")
    shown = chat.texts[-1]
    assert "first of many 1（" in shown
    assert "first of many 11" not in shown
    assert "条，请到控制台查看" in shown
    async with world.database.work() as work:
        await work.execute("DELETE FROM task WHERE subject LIKE 'test:%'")
        await work.commit()


async def test_an_alert_says_where_and_who_tells_of_it(world: World) -> None:
    supervisor = await signed_in(world, "supervisor")
    number = world.number()
    accounts = [await world.account(number) for _ in range(4)]
    chat = world.chat()
    await chat.bind(number)
    await chat.say("门口冒火花，有人触电")
    told = await supervisor.chat.sees("门口冒火花")
    where = [f"户号{account}，岚州市东湖区章家河12号" for account in accounts]
    assert told.text.split("\n")[1:5] == [*where[:3], "还有1个户号，请问清是哪一个。"]
    assert f"Telegram聊天（{number[:-8]}****{number[-4:]}）" in told.text
    await supervisor.chat.press("🙋 我来处理", on="门口冒火花", until="已接手")
    assert where[0] in (await supervisor.chat.sees("门口冒火花")).text
    stranger = world.chat()
    await stranger.say("/start", until="您好")
    await stranger.say("楼上漏电起火了，有人触电")
    told = await supervisor.chat.sees("楼上漏电起火")
    assert "没有登记的户号" in told.text
    assert "Telegram聊天（未绑定号码）" in told.text
    texted = world.number()
    one = await world.account(texted)
    await world.texts(texted, "电线掉下来冒火花，有人触电")
    told = await supervisor.chat.sees("电线掉下来冒火花")
    assert f"户号{one}，岚州市东湖区章家河12号" in told.text
    assert f"来自{texted[:-8]}****{texted[-4:]}，" in told.text


async def alert(world: World, words: str = "家里漏电冒火花，快来救人") -> UUID:
    chat = world.chat()
    number = world.number()
    await world.account(number)
    await chat.bind(number)
    await chat.say(words)
    row = await world.row(
        "SELECT a.id FROM alert a JOIN inbound i ON i.id = a.inbound_id WHERE i.sender = $1", str(chat.id)
    )
    found: UUID = row["id"]
    return found


async def test_an_alert_is_told_taken_on_by_one_and_the_others_see_it(world: World) -> None:
    first, second = await signed_in(world, "supervisor"), await signed_in(world, "supervisor")
    manager = await signed_in(world, "account_manager")
    id_ = await alert(world)
    await first.chat.sees("漏电冒火花")
    await second.chat.sees("漏电冒火花")
    await first.chat.press("🙋 我来处理", on="漏电冒火花", until="已接手")
    told = await second.chat.sees(f"✓ 员工{first.staff_no}已接手")
    assert "漏电冒火花" in told.text
    row = await world.row("SELECT acknowledged_by FROM alert WHERE id = $1", id_)
    assert row["acknowledged_by"] == f"staff:{first.staff_no}"
    assert "alert.acknowledged" in await first.traces()
    assert not any("漏电" in text for text in manager.chat.texts)


async def test_an_alert_is_told_although_the_platform_stumbles(world: World) -> None:
    people = [await signed_in(world, "supervisor") for _ in range(2)]
    id_ = await alert(world, "楼道里冒烟了，有人被困")
    for one in people:
        await one.chat.sees("楼道里冒烟了")
        await one.chat.settled()
    for _ in people:
        world.emulator.fail("sendMessage", 502, "Bad Gateway")
    async with world.database.work() as work:
        await work.execute("DELETE FROM alert_told WHERE alert_id = $1", id_)
        await work.commit()
    for one in people:
        await eventually(lambda one=one: sum("楼道里冒烟了" in text for text in one.chat.texts) == 2)


async def parted(world: World, staff: Staff, account: str | None = None) -> None:
    """Have somebody act for a part of the utility of his own, to which an account belongs."""
    name = next(world.numbers)
    async with world.database.work() as work:
        whole = await work.value("INSERT INTO organisation (name) VALUES ($1) RETURNING id", f"县{name}")
        part = await work.value(
            "INSERT INTO organisation (name, parent_id) VALUES ($1, $2) RETURNING id", f"所{name}", whole
        )
        area = await work.value(
            "INSERT INTO transformer_area (code, name, organisation_id) VALUES ($1, '台区', $2) RETURNING id",
            f"T{name}", part,
        )  # fmt: skip
        await work.execute("UPDATE account SET transformer_area_id = $2 WHERE account_no = $1", account, area)
        await work.execute(
            """UPDATE staff_login SET organisation_id = $2
               WHERE staff_id = (SELECT id FROM staff_member WHERE staff_no = $1)""",
            staff.staff_no, whole,
        )  # fmt: skip
        await work.commit()


async def test_each_part_of_the_utility_is_told_its_own(world: World) -> None:
    """Of an alert and of a broken promise: the whole utility's people and the part's, and nobody of another."""
    whole, here, elsewhere = [await signed_in(world, "supervisor") for _ in range(3)]
    auditor = await signed_in(world, "auditor")
    number = world.number()
    account = await world.account(number)
    await parted(world, here, account)
    await parted(world, elsewhere)
    chat = world.chat()
    await chat.bind(number)
    await chat.say("配电箱冒烟了，有人触电")
    for one in (whole, here):
        await one.chat.sees("配电箱冒烟了")
    made = await world.call("POST", "/commitments", {
        "account_no": account, "kind": "contact", "what": "后天上门", "unit": "T01", "topic": "上门",
        "due_at": (world.house.clock.now() + timedelta(hours=2)).isoformat(),
    })  # fmt: skip
    await world.house.due_commitments.run(world.house.clock.now() + timedelta(hours=3))
    for one in (whole, here):
        await one.chat.sees("后天上门")
    assert {row["staff_no"] for row in await world.rows(
        "SELECT staff_no FROM staff_note WHERE subject = $1", f"commitment:{made['id']}"
    )} >= {whole.staff_no, here.staff_no}  # fmt: skip
    assert not [text for text in elsewhere.chat.texts if "冒烟" in text or "后天上门" in text]
    await here.chat.press("🤝 未兑现的承诺", on="承诺未兑现", until="后天上门")
    await here.chat.press(next(one for one in here.chat.labels if one.startswith("👁")), until="已知悉")
    async with world.database.work() as work:
        await work.execute("UPDATE alert SET at = at - interval '6 minutes' WHERE words LIKE '配电箱冒烟%'")
        await work.commit()
    told = await auditor.chat.sees("配电箱冒烟了")
    assert told.labels == []
    await elsewhere.chat.press("🚨 紧急告警", until="没有要处理的")
    assert "⚠️ 预警" not in elsewhere.chat.labels
    await here.chat.press("🙋 我来处理", on="配电箱冒烟了", until="已接手")


async def test_a_note_that_may_have_been_told_is_not_told_by_sms_too(world: World) -> None:
    """After an error of the platform's own nobody knows; after a refusal the SMS goes."""
    staff = await signed_in(world, "account_manager")
    number = world.number()
    account = await world.account(world.number())
    async with world.database.work() as work:
        await work.execute("UPDATE staff_member SET phone = $2 WHERE staff_no = $1", staff.staff_no, number)
        await work.commit()

    async def reminded(topic: str) -> str:
        async with world.database.work() as work:
            id_ = await work.value(
                """INSERT INTO followup (id, account_id, manager_no, planned_for, topic, channel, made_at, made_by)
                   SELECT gen_random_uuid(), id, $2, '2025-11-04', $3, 'visit', now(), 'key:test'
                   FROM account WHERE account_no = $1 RETURNING id""",
                account, staff.staff_no, topic,
            )  # fmt: skip
            await work.commit()
        await world.house.due_followups.run(world.house.clock.now())
        row = await world.row(
            "SELECT ended, remark FROM staff_note WHERE subject = $1 AND remark IS NOT NULL", f"followup:{id_}"
        )
        await world.house.due_followups.run(world.house.clock.now())
        return str(row["remark"])

    texted = "SELECT 1 FROM message WHERE to_address = $1"
    world.emulator.fail("sendMessage", 502, "Bad Gateway", bare=True)
    assert "perhaps" in await reminded("问过的")
    assert not await world.rows(texted, number)
    world.emulator.fail("sendMessage", 400, "Bad Request: chat not found")
    assert "chat not found" in await reminded("没到的")
    assert len(await world.rows(texted, number)) == 1


async def test_what_nobody_says_otherwise_is_told_again(world: World) -> None:
    staff = await signed_in(world, "supervisor")
    world.emulator.bots[STAFF_TOKEN].gone[staff.chat.id] = "Forbidden: bot was blocked by the user"
    account = await world.account(world.number())
    made = await world.call("POST", "/commitments", {
        "account_no": account, "kind": "contact", "what": "大后天回电", "unit": "T01", "topic": "回电",
        "due_at": (world.house.clock.now() + timedelta(hours=2)).isoformat(),
    })  # fmt: skip
    await world.house.due_commitments.run(world.house.clock.now() + timedelta(hours=3))
    subject = f"commitment:{made['id']}"
    mine = "staff_no = $1 AND subject = $2"
    row = await world.row(
        f"""SELECT tries, again_at - left_at AS pause FROM staff_note WHERE {mine} AND remark LIKE '%blocked%'""",
        staff.staff_no, subject,
    )  # fmt: skip
    assert row["tries"] == 1
    assert timedelta(minutes=4) < row["pause"] < timedelta(minutes=7)
    del world.emulator.bots[STAFF_TOKEN].gone[staff.chat.id]
    async with world.database.work() as work:
        await work.execute(f"UPDATE staff_note SET again_at = clock_timestamp() WHERE {mine}", staff.staff_no, subject)
        await work.commit()
    await staff.chat.sees("大后天回电")


async def test_an_alert_that_nobody_takes_on_is_told_to_everybody(world: World) -> None:
    manager = await signed_in(world, "account_manager")
    id_ = await alert(world, "变压器着火了，快来")
    async with world.database.work() as work:
        await work.execute("UPDATE alert SET at = at - $2::interval WHERE id = $1", id_, timedelta(minutes=6))
        await work.commit()
    told = await manager.chat.sees("变压器着火")
    assert "5分钟无人接手" in told.text
    await world.row("SELECT 1 FROM task WHERE kind = 'alert_unacknowledged' AND subject = $1", f"alert:{id_}")
    async with world.database.work() as work:
        # However many others wait, what is due first is shown.
        await work.execute("UPDATE task SET due_at = '2025-01-01' WHERE subject = $1", f"alert:{id_}")
        await work.commit()
    supervisor = await signed_in(world, "supervisor")
    await supervisor.chat.press("📌 督办事项", until="5 分钟无人接手")
    line = next(one for one in supervisor.chat.texts[-1].split("\n") if "5 分钟无人接手" in one)
    await supervisor.chat.press(f"👁 知悉 {line.partition('.')[0]}")
    assert "task.done" in await supervisor.traces()
    await world.row(
        "SELECT 1 FROM task WHERE kind = 'alert_unacknowledged' AND subject = $1 AND state = 'done'", f"alert:{id_}"
    )
    await manager.chat.press("🙋 我来处理", on="变压器着火", until="已接手")


async def test_the_words_are_english_for_who_speaks_it(world: World) -> None:
    staff = await signed_in(world, "supervisor", language="en")
    await staff.chat.press("🤝 Broken promises")
    await staff.chat.press("⬅️ Back", until="What would you like")
    await staff.chat.press("Sign out", until="Signed out.")
    await staff.chat.say("/menu", until="This bot is for staff")
    assert await staff.traces() == ["staff.signed_in", "staff.signed_out"]


async def test_the_days_plan_is_told_in_the_chat_and_by_sms_only_where_that_fails(world: World) -> None:
    here, gone, nowhere = await signed_in(world, "account_manager"), await signed_in(world, "account_manager"), "E9"
    numbers = {here.staff_no: world.number(), gone.staff_no: world.number(), nowhere: world.number()}
    account = await world.account(world.number())
    async with world.database.work() as work:
        await work.execute("INSERT INTO staff_member (staff_no, name) VALUES ('E9', '没有聊天的')")
        for staff_no, number in numbers.items():
            await work.execute("UPDATE staff_member SET phone = $2 WHERE staff_no = $1", staff_no, number)
            await work.execute(
                """INSERT INTO followup (id, account_id, manager_no, planned_for, topic, channel, made_at, made_by)
                   SELECT gen_random_uuid(), id, $2, '2025-11-04', '季度走访', 'visit', now(), 'key:test'
                   FROM account WHERE account_no = $1""",
                account, staff_no,
            )  # fmt: skip
        await work.commit()
    world.emulator.bots[STAFF_TOKEN].gone[gone.chat.id] = "Forbidden: bot was blocked by the user"

    async def texted(staff_no: str) -> bool:
        await world.house.due_followups.run(world.house.clock.now())
        return bool(await world.rows("SELECT 1 FROM message WHERE to_address = $1", numbers[staff_no]))

    await eventually(lambda: texted(nowhere))
    told = await here.chat.sees("今天的回访")
    assert told.labels == ["✅ 完成", "🗓 改期", "📅 今天的计划"]
    await eventually(lambda: texted(gone.staff_no))
    assert not await texted(here.staff_no)
    assert len(await world.rows("SELECT 1 FROM message WHERE to_address = $1", numbers[gone.staff_no])) == 1
    await here.chat.press("✅ 完成", on="今天的回访", until="请写下结果")
    await here.chat.say("客户满意", until="已记录")
    assert "followup.done" in await here.traces()


async def test_warnings_are_acknowledged_and_closed_and_broken_promises_are_told(world: World) -> None:
    staff = await signed_in(world, "supervisor")
    now = world.house.clock.now()
    account = await world.account(world.number())
    async with world.database.session() as session:
        warning = await world.house.warnings.raise_by_hand(
            session, kind="common", subject="area:东湖", words="东湖三天内五户反映电压低", unit="T01",
            due_at=now + timedelta(hours=8), actor="key:test",
        )  # fmt: skip
        await session.commit()
    chat = staff.chat
    await chat.press("⚠️ 预警", until="东湖三天内五户反映电压低")
    await chat.press("👁 知悉 1", until="已知悉")
    row = await world.row("SELECT state, acknowledged_by FROM warning WHERE id = $1", warning)
    assert tuple(row.values()) == ("acknowledged", f"staff:{staff.staff_no}")
    await chat.press("✅ 办结 1", until="采取了什么措施")
    await chat.say("已安排测压改造", until="已记录")
    row = await world.row("SELECT state, outcome FROM warning WHERE id = $1", warning)
    assert tuple(row.values()) == ("closed", "已安排测压改造")
    assert {"warning.acknowledged", "warning.closed"} <= set(await staff.traces())
    made = await world.call("POST", "/commitments", {
        "account_no": account, "kind": "contact", "what": "明天上午回电", "unit": "T01", "topic": "回电",
        "due_at": (now + timedelta(hours=2)).isoformat(),
    })  # fmt: skip
    await world.house.due_commitments.run(now + timedelta(hours=3))
    await chat.sees("承诺未兑现")
    await chat.press("🤝 未兑现的承诺", on="承诺未兑现", until="明天上午回电")
    line = next(one for one in chat.texts[-1].split("\n") if "明天上午回电" in one)
    await chat.press(f"👁 知悉 {line.partition('.')[0]}", until="已知悉")
    task = await world.row(
        "SELECT state FROM task WHERE kind = 'commitment_broken' AND subject = $1", f"commitment:{made['id']}"
    )
    assert task["state"] == "done"


async def test_one_person_is_a_customer_here_and_staff_there(world: World) -> None:
    """The same account of Telegram at both bots: what it may do at one it may not at the other."""
    staff = await signed_in(world, "account_manager")
    number = world.number()
    account = await world.account(number)
    customer = Chat(world, staff.chat.id)
    await customer.bind(number)
    await customer.press("🏠 我的户号", until=account[-4:])
    shown = customer.shown[-1]
    assert await customer.press_data(shown.message_id, "today") == "这个按钮已失效，请用 /menu 重新打开。"
    assert "已失效" in await staff.chat.press_data(staff.chat.shown[-1].message_id, "m:accounts")
    assert not any(account[-4:] in text for text in staff.chat.texts)


async def test_a_manager_is_shown_what_was_raised_and_no_single_score(world: World) -> None:
    staff = await signed_in(world, "account_manager")
    account = await world.account(world.number())
    rows = (
        ("表箱锈蚀", "表箱锈蚀", "报的故障"),
        ("low_score", "followup:f1", "1分"),
        ("回访", "followup:f2", "2分，没来"),
    )
    async with world.database.work() as work:
        await work.execute("UPDATE account SET manager_no = $2 WHERE account_no = $1", account, staff.staff_no)
        for topic, matter, summary in rows:
            await work.execute(
                """INSERT INTO "case" (id, klass, topic, subject, matter, account_id, unit, summary, opened_at,
                     opened_by, due_at)
                   SELECT uuidv7(), 'complaint', $2, 'account:' || a.id, $3, a.id, 'T1', $4, now(), 'x', now()
                   FROM account a WHERE a.account_no = $1""",
                account, topic, matter, summary,
            )  # fmt: skip
        await work.commit()
    await staff.chat.press("📣 我的客户动态", until="表箱锈蚀")
    shown = "\n".join(staff.chat.texts)
    assert "low_score" not in shown
    assert "回访，" not in shown
