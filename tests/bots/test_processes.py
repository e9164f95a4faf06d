"""Two nodes, each a process, on one database: one conversation for both, and `kill -9` at the worst moments."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import asyncpg
import pytest

from bots.telegram.receiving import HEADER, secret_for
from gateway.sandbox.telegram import Emulator
from tests.bots.conftest import eventually
from tests.bots.test_hostile import message
from tests.walks.gateway import Gateway

pytestmark = pytest.mark.process

TOKEN = "7000005:processes-bot-token"
KEY = "k" * 40
BOT = "telegram:7000005"


class Nodes:
    """Two processes, the platform they share, and their database."""

    def __init__(self, gateways: list[Gateway], emulator: Emulator, connection: asyncpg.Connection[Any]) -> None:
        self.gateways = gateways
        self.emulator = emulator
        self.connection = connection

    async def report(self, node: int, update: dict[str, Any]) -> None:
        """Report an update to one node; returns when it is acknowledged."""
        url = f"{self.gateways[node].url}/webhooks/telegram/customer"
        headers = {HEADER: secret_for(KEY, TOKEN)}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=json.dumps(update).encode(), headers=headers) as answer,
        ):
            assert answer.status == 200

    def signal(self, node: int, number: signal.Signals) -> None:
        process = self.gateways[node].process
        assert process is not None
        process.send_signal(number)

    async def sees(self, chat: int, words: str) -> None:
        await eventually(lambda: any(words in one.text for one in self.emulator.chat(TOKEN, chat) if one.from_bot))

    def said(self, chat: int) -> list[str]:
        return [one.text for one in self.emulator.chat(TOKEN, chat) if one.from_bot]

    async def done(self, number: int) -> None:
        async def look() -> bool:
            return bool(await self.connection.fetchval(
                "SELECT state = 'done' FROM chat_update WHERE bot = $1 AND update_no = $2", BOT, str(number)
            ))  # fmt: skip

        await eventually(look)


def pressed(number: int, chat: int, data: str, message_id: int) -> dict[str, Any]:
    who = message(0, chat, "")["message"]["from"]
    inner = {"message_id": message_id, "date": 1, "chat": {"id": chat, "type": "private"}}
    query = {"id": str(number), "from": who, "chat_instance": "1", "data": data, "message": inner}
    return {"update_id": number, "callback_query": query}


@pytest.fixture(scope="module")
async def nodes(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Nodes]:
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE DATABASE bots_processes TEMPLATE {template_database} STRATEGY file_copy")
    url = server_url.replace("/postgres?", "/bots_processes?", 1)
    emulator = Emulator(TOKEN)
    address = await emulator.start()
    gateways = [
        Gateway(
            tmp_path_factory.mktemp(f"node{place}"), None, DATABASE_URL=url, SECRET_KEY=KEY, TELEGRAM__TOKEN=TOKEN,
            TELEGRAM__API_BASE=address,
        )
        for place in range(2)
    ]  # fmt: skip
    await asyncio.gather(*(gateway.start() for gateway in gateways))
    connection = await asyncpg.connect(url)
    yield Nodes(gateways, emulator, connection)
    await asyncio.gather(*(gateway.kill() for gateway in gateways))
    await connection.close()
    await emulator.close()
    await admin.execute("DROP DATABASE bots_processes WITH (FORCE)")
    await admin.close()


async def test_one_conversation_and_a_kill_between_any_two_steps(nodes: Nodes) -> None:
    """/start here, the button there; then one is killed while it acts, and later the other between two steps."""
    chat = 71
    nodes.emulator.bots[TOKEN].chats[chat] = []
    await nodes.report(0, message(1, chat, "/start"))
    await nodes.sees(chat, "您好")
    await nodes.done(1)
    asked = next(one for one in nodes.emulator.chat(TOKEN, chat) if one.buttons)
    nodes.emulator.answers["2"] = None
    await nodes.report(1, pressed(2, chat, "b:code", asked.message_id))
    await nodes.sees(chat, "请输入登记的手机号")
    await nodes.done(2)

    # Persisted and acknowledged, not acted on: the one node that could act on it waits for the lock, and dies.
    nodes.signal(1, signal.SIGSTOP)
    locked = nodes.connection.transaction()
    await locked.start()
    await nodes.connection.execute("LOCK TABLE conversation IN ACCESS EXCLUSIVE MODE")
    await nodes.report(0, message(3, chat, "不是号码"))

    async def acted_on() -> bool:
        return bool(await nodes.connection.fetchval(
            "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'conversation'::regclass AND NOT granted"
        ))  # fmt: skip

    await eventually(acted_on)
    await nodes.gateways[0].kill()
    await locked.commit()
    nodes.signal(1, signal.SIGCONT)
    await nodes.sees(chat, "这不像手机号")
    await nodes.done(3)

    # Between two steps: the dialogue stands where it stood, and a node that was not there goes on with it.
    await nodes.gateways[1].kill()
    await nodes.gateways[0].start()
    await nodes.report(0, message(4, chat, "13912349999"))
    await nodes.sees(chat, "请在这里输入6位数字")
    await nodes.done(4)
    for words in ("您好", "请输入登记", "这不像手机号", "6位数字"):
        assert sum(words in text for text in nodes.said(chat)) == 1, words


async def test_killed_while_it_shows_what_it_did(nodes: Nodes) -> None:
    """Committed, and the screen on its way: another node shows it when the lease is over, and acts on nothing twice."""
    chat = 72
    nodes.emulator.bots[TOKEN].chats[chat] = []
    for _ in range(3):
        nodes.emulator.fail("sendMessage", 429, "Too Many Requests: retry after 30", retry_after=30)
    await nodes.report(0, message(5, chat, "/start"))

    async def showing() -> bool:
        state = await nodes.connection.fetchval("SELECT state FROM chat_update WHERE bot = $1 AND update_no = '5'", BOT)
        return state == "answering" and bool(nodes.emulator.calls)

    await eventually(showing)
    await nodes.gateways[0].kill()
    nodes.emulator.failures.clear()
    # Nobody waits half a minute for the lease here.
    await nodes.connection.execute(
        "UPDATE chat_update SET leased_until = clock_timestamp() WHERE bot = $1 AND update_no = '5'", BOT
    )
    await nodes.gateways[0].start()
    await nodes.sees(chat, "您好")
    await nodes.done(5)
    assert sum("您好" in text for text in nodes.said(chat)) == 1
    assert await nodes.connection.fetchval("SELECT count(*) FROM contact_point WHERE address = '72'") == 1
