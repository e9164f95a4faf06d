"""Updates that mean harm or come too many, two nodes on one conversation, a node that dies between two steps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import pytest

from bots.telegram import receiving
from bots.telegram.api import BotApi
from bots.telegram.receiving import HEADER
from bots.updates import Updates
from gateway.kernel.errors import Unavailable
from gateway.notices import Wording
from gateway.sandbox.telegram import Emulator
from tests.bots.conftest import TOKEN, World, eventually, running, settings_for


async def post(world: World, body: bytes | dict[str, Any], secret: str | None = None, bot: str = "customer") -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    good = world.emulator.bots[TOKEN].secret
    headers = {HEADER: good if secret is None else secret} if secret != "" else {}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{world.house.settings.base_url}/webhooks/telegram/{bot}", data=data, headers=headers) as answer,
    ):
        if answer.status == 200:
            assert await answer.read() == b""
        return answer.status


def message(number: int, chat: int, text: str) -> dict[str, Any]:
    who = {"id": chat, "is_bot": False, "first_name": "客户", "language_code": "zh-hans"}
    return {
        "update_id": number,
        "message": {
            "message_id": number, "date": 1, "chat": {"id": chat, "type": "private"}, "from": who, "text": text
        },
    }  # fmt: skip


@pytest.mark.parametrize("secret", ["", "wrong", "Ünicode", "x" * 5000])
async def test_nothing_is_stored_without_the_secret(world: World, secret: str) -> None:
    assert await post(world, message(10**9, 1, "伪造"), secret.encode().decode("latin-1")) == 403
    assert not await world.rows("SELECT 1 FROM chat_update WHERE update_no = '1000000000'")


async def test_what_is_no_update_is_left_to_a_person_and_blocks_nothing(world: World) -> None:
    chat = world.chat()
    for body in (b"", b"not json", b"[]", b'{"update_id": "x"}', b"\xff\xfe", b'{"update_id": -1}', b"[" * 5000):
        assert await post(world, body) == 200
    broken = {"update_id": 10**9 + 1, "message": {"message_id": "?", "chat": {"id": chat.id}}}
    assert await post(world, broken) == 200
    assert await post(world, b"{" + b" " * 300_000 + b"}") == 413
    await chat.say("/start", until="您好")
    await chat.settled()
    kept = await world.rows("SELECT 1 FROM inbound WHERE channel = 'telegram' AND sender IS NULL AND state = 'triage'")
    assert len(kept) == 8


async def test_a_repeat_is_dealt_with_once(world: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    said = message(10**9 + 2, chat.id, "谢谢")
    assert set(await asyncio.gather(*(post(world, said) for _ in range(10)))) == {200}
    await chat.settled()
    assert len(await world.rows("SELECT 1 FROM inbound WHERE sender = $1", str(chat.id))) == 1


async def test_a_group_is_told_nothing(world: World) -> None:
    group = message(10**9 + 3, -100500, "/start")
    group["message"]["chat"]["type"] = "supergroup"
    assert await post(world, group) == 200
    await eventually(lambda: world.quiet(-100500))
    assert -100500 not in world.emulator.bots[TOKEN].chats
    assert not await world.rows("SELECT 1 FROM contact_point WHERE address = '-100500'")


async def test_two_hundred_updates_at_once_are_all_heard(world: World) -> None:
    chats = [world.chat() for _ in range(20)]
    for chat in chats:
        await chat.say("/start")
    await asyncio.gather(*(chat.settled() for chat in chats))
    sent = [
        post(world, message(2 * 10**9 + place, chats[place % 20].id, f"第{place}句话，请问怎么办理"))
        for place in range(200)
    ]
    assert set(await asyncio.gather(*sent)) == {200}

    async def heard() -> bool:
        rows = await world.rows("SELECT count(*) AS n FROM inbound WHERE text LIKE '第%句话%' AND state <> 'received'")
        return bool(rows[0]["n"] == 200)

    await eventually(heard, 60)


async def test_a_chat_that_floods_keeps_no_other_waiting(world: World) -> None:
    """Telegram would take nothing more to five chats for an hour; others are answered meanwhile."""
    flood = [world.chat() for _ in range(5)]
    names = [str(chat.id) for chat in flood]
    async with world.database.work() as work:
        await work.execute(
            """INSERT INTO chat_pace (lane, chat, sent)
               SELECT 'telegram:7000001', chat, array_fill(clock_timestamp() + interval '1 hour', ARRAY[3])
               FROM unnest($1::text[]) AS chat""",
            names,
        )
        await work.commit()
    for place in range(5):
        for at, chat in enumerate(flood):
            assert await post(world, message(6 * 10**9 + 10 * place + at, chat.id, "/start")) == 200
    other = world.chat()
    await other.say("/start", until="您好")
    held = "SELECT state, count(*) AS n FROM chat_update WHERE chat = ANY($1::text[]) GROUP BY state"

    async def dealt_with() -> bool:
        return {row["state"]: row["n"] for row in await world.rows(held, names)} == {"answering": 15, "received": 10}

    await eventually(dealt_with)
    async with world.database.work() as work:
        await work.execute("DELETE FROM chat_update WHERE chat = ANY($1::text[])", names)
        await work.commit()


async def test_a_blocked_bot_falls_back_to_sms_and_comes_back(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    values = {"area": "城东台区", "restored_at": "2025-11-04T09:30:00+08:00"}
    # Nobody told us: the 403 does.
    world.emulator.bots[TOKEN].gone[chat.id] = "Forbidden: user is deactivated"
    async with world.database.work() as work:
        await work.execute(
            """UPDATE chat SET wants = '{outage}' WHERE contact_point_id IN (
                 SELECT id FROM contact_point WHERE address = $1)""",
            str(chat.id),
        )
        await work.commit()
    first = await world.send("restoration", account, values)
    gone = await world.row(
        "SELECT error_code, replaced_by FROM message WHERE id = $1 AND replaced_by IS NOT NULL", first
    )
    assert gone["error_code"] == "403"
    sms = await world.row("SELECT channel, to_address FROM message WHERE id = $1", gone["replaced_by"])
    assert tuple(sms.values()) == ("sms", number)
    state = await world.row("SELECT state FROM contact_point WHERE address = $1", str(chat.id))
    assert state["state"] == "unreachable"
    values["area"] = "城西台区"
    second = await world.send("restoration", account, values)
    assert (await world.row("SELECT channel FROM message WHERE id = $1", second))["channel"] == "sms"
    world.emulator.unblock(TOKEN, chat.id)
    await chat.say("/menu")
    await chat.settled()
    assert (await world.row("SELECT state FROM contact_point WHERE address = $1", str(chat.id)))["state"] == "active"
    world.emulator.block(TOKEN, chat.id)
    await world.row(
        "SELECT 1 FROM chat JOIN contact_point p ON p.id = chat.contact_point_id "
        "WHERE p.address = $1 AND gone_why = 'blocked'", str(chat.id),
    )  # fmt: skip
    # That it is blocked, told again of a chat that is known to be gone, is no coming back.
    told_again = world.emulator.block(TOKEN, chat.id)
    await world.row("SELECT 1 FROM chat_update WHERE update_no = $1", str(told_again))
    await chat.settled()
    came_back = await world.row(
        "SELECT count(*) AS number FROM audit_entry JOIN contact_point p ON subject = 'contact_point:' || p.id "
        "WHERE p.address = $1 AND action = 'chat.returned'", str(chat.id),
    )  # fmt: skip
    assert came_back["number"] == 1


async def test_what_the_chat_does_not_take_in_time_goes_by_sms_and_never_by_both(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    for _ in range(60):
        world.emulator.fail("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
    order = await world.closed_order(number, account)
    await world.notice(
        "survey", {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"},
        channels=["telegram", "sms"], fallback_minutes=1,
    )  # fmt: skip
    row = await world.row(
        "SELECT m.id FROM message m JOIN invitation i ON i.message_id = m.id WHERE i.event_ref = $1", order
    )
    # Turned away at least once: what is put back in time below must not be begun in between.
    await world.row("SELECT number FROM message_event WHERE id = $1 AND kind = 'retry'", row["id"])
    async with world.database.work() as work:
        await work.execute(
            "UPDATE message SET created_at = created_at - interval '2 minutes', not_before = not_before - "
            "interval '2 minutes' WHERE id = $1", row["id"],
        )  # fmt: skip
        await work.execute("UPDATE message_event SET at = at - interval '2 minutes' WHERE id = $1", row["id"])
        await work.commit()
    gone = await world.row(
        "SELECT state, error_code, replaced_by FROM message WHERE id = $1 AND replaced_by IS NOT NULL", row["id"]
    )
    assert (gone["state"], gone["error_code"]) == ("failed", "not_taken")
    assert (await world.row("SELECT channel FROM message WHERE id = $1", gone["replaced_by"]))["channel"] == "sms"
    world.emulator.failures.clear()
    assert not any("请评价" in text for text in chat.texts)


async def test_the_timer_and_the_chat_race_and_one_of_them_wins(world: World) -> None:
    """Twelve texts that the chat would not take for ten minutes, and takes at the very moment the time is over."""
    numbers = [world.number() for _ in range(12)]
    accounts = [await world.account(number) for number in numbers]
    places = [await world.bound(number, "outage") for number in numbers]
    for _ in range(200):
        world.emulator.fail("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
    values = {"area": "赛跑台区", "restored_at": "2025-11-04T09:30:00+08:00"}
    sent = [await world.send("restoration", account, values) for account in accounts]

    async def tried() -> bool:
        rows = await world.rows(
            "SELECT DISTINCT id FROM message_event WHERE id = ANY($1::uuid[]) AND kind = 'retry'", sent
        )
        return bool(rows)

    await eventually(tried)
    world.emulator.failures.clear()
    async with world.database.work() as work:
        await work.execute(
            """UPDATE message SET created_at = created_at - interval '11 minutes',
                 not_before = not_before - interval '11 minutes' WHERE id = ANY($1::uuid[])""",
            sent,
        )
        await work.execute("UPDATE message_event SET at = at - interval '11 minutes' WHERE id = ANY($1::uuid[])", sent)
        await work.commit()

    async def ended() -> bool:
        rows = await world.rows(
            """SELECT 1 FROM message m LEFT JOIN message n ON n.id = m.replaced_by WHERE m.id = ANY($1::uuid[])
                 AND (m.state = 'delivered' OR n.state IN ('sent', 'delivered'))""",
            sent,
        )
        return len(rows) == len(sent)

    await eventually(ended)
    for number, chat in zip(numbers, places, strict=True):
        here = sum("赛跑台区" in one.text for one in world.emulator.chat(TOKEN, chat))
        there = len(await world.rows("SELECT 1 FROM message WHERE to_address = $1 AND body LIKE '%赛跑台区%'", number))
        assert here + there == 1, (here, there)


async def test_unlinking_stops_what_waits_and_sends_it_by_sms(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    chat = world.chat()
    await chat.bind(number)
    await chat.press("🔔 接收设置")
    await chat.press("✉️ 停电")
    await chat.press("⬅️ 返回")
    now = world.house.clock.now()
    waiting = await world.send(
        "restoration", account, {"area": "城东台区", "restored_at": "2025-11-04T09:30:00+08:00"},
        not_before=now.replace(hour=12),
    )  # fmt: skip
    await chat.press("🔓 解除绑定", until="确认解除绑定")
    await chat.press("✅ 是", until="已解除绑定")
    gone = await world.row(
        "SELECT error_code, replaced_by FROM message WHERE id = $1 AND replaced_by IS NOT NULL", waiting
    )
    assert gone["error_code"] == "unbound"
    assert (await world.row("SELECT channel FROM message WHERE id = $1", gone["replaced_by"]))["channel"] == "sms"


@pytest.fixture
async def second(world: World, emulator: Emulator, tmp_path: Any, wording: Wording) -> AsyncIterator[World]:
    settings = settings_for(world.database_url, tmp_path, emulator)
    async with running(settings, wording) as node:
        yield World(node, emulator, world.database_url)


async def test_two_nodes_share_one_conversation(world: World, second: World) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat()
    nodes = [world, second]
    steps = ["/start", None, number, "000000"]
    chat.world.emulator.bots[TOKEN].chats.setdefault(chat.id, [])
    for place, step in enumerate(steps):
        update = message(3 * 10**9 + place, chat.id, step or "")
        if step is None:
            shown = next(one for one in chat.shown if one.labels)
            query = str(10**12)
            world.emulator.answers[query] = None
            update = {"update_id": 3 * 10**9 + place, "callback_query": {
                "id": query, "from": update["message"]["from"], "chat_instance": "1", "data": "b:code",
                "message": {"message_id": shown.message_id, "date": 1, "chat": {"id": chat.id, "type": "private"}},
            }}  # fmt: skip
        assert await post(nodes[place % 2], update) == 200
        await chat.settled()
    assert "验证码不对" in chat.texts[-1]


async def test_a_node_that_dies_between_two_steps_leaves_the_next_one_to_another(world: World) -> None:
    """The step was committed and nothing shown: another node shows it when the lease is over."""
    chat = world.chat()
    await chat.say("/start", until="您好")
    await chat.settled()
    calls = [{"method": "sendMessage", "params": {"chat_id": chat.id, "text": "别人没来得及说的话"}}]
    async with world.database.work() as work:
        await work.execute(
            """INSERT INTO chat_update (id, bot, update_no, chat, body, received_at, state, calls, tries, leased_until)
               VALUES (gen_random_uuid(), 'telegram:7000001', '4000000000', $1, '', now(), 'answering', $2::jsonb, 1,
                       clock_timestamp() - interval '1 second')""",
            str(chat.id), json.dumps(calls),
        )  # fmt: skip
        await work.commit()
    await chat.sees("别人没来得及说的话")
    await chat.settled()


async def test_a_step_that_fails_is_kept_and_said(world: World) -> None:
    chat = world.chat()
    await chat.say("/start", until="您好")
    async with world.database.work() as work:
        await work.execute(
            """INSERT INTO conversation (bot, chat, speaker, state, data)
               VALUES ('7000001', $1, $2, 'Report:words', '{"account": "no number"}')
               ON CONFLICT (bot, chat, speaker) DO UPDATE SET state = excluded.state, data = excluded.data""",
            str(chat.id), f"{chat.id}:default",
        )  # fmt: skip
        await work.commit()
    await chat.say("没电了", until="抱歉，刚才没有处理成功")
    row = await world.row("SELECT state, remark FROM chat_update WHERE chat = $1 AND state = 'left'", str(chat.id))
    assert "could not be dealt with" in row["remark"]
    await chat.say("/start", until="您好")


async def test_polling_stores_before_it_asks_for_more_and_is_held_up_by_nothing(emulator: Emulator) -> None:
    token = "7000003:polled-bot-token"
    emulator.add(token)
    stored: list[str] = []
    kept: list[bytes] = []

    class Stored:
        """Is away at first, as a database may be."""

        away = True

        async def put(self, number: str, chat: str, body: bytes) -> None:
            if self.away:
                self.away = False
                raise Unavailable("the database is away")
            stored.append(chat)

    async def keep(body: bytes) -> None:
        kept.append(body)

    api = BotApi(token, emulator.address)
    await api.start()
    polling = asyncio.create_task(receiving.poll(api, cast("Updates", Stored()), keep))
    emulator.fail("getUpdates", 502, "<html>bad gateway</html>", bare=True)
    for chat in (1, 2):
        emulator.say(token, chat, "你好")
    await eventually(lambda: stored == ["1", "2"])
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    await api.close()
