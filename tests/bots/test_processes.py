"""Nodes on one database: one conversation for all, and `kill -9` of a process at the worst moments."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from bots.telegram.receiving import HEADER, secret_for
from gateway.kernel.settings import Settings
from gateway.notices import Wording
from gateway.sandbox.telegram import Emulator
from tests.bots.conftest import eventually, free_port, running
from tests.bots.test_hostile import message
from tests.walks.gateway import Gateway

pytestmark = pytest.mark.process

TOKEN = "7000005:processes-bot-token"
KEY = "k" * 40
BOT = "telegram:7000005"


class Nodes:
    """The platform and the database that all nodes share. A node that is killed is a process; the others, which only
    go on with what was left, live in the test's own, since a process takes seconds to start."""

    def __init__(self, directory: Path, url: str, wording: Wording, emulator: Emulator, connection: Any) -> None:
        self.directory = directory
        self.database_url = url
        self.wording = wording
        self.emulator = emulator
        self.connection = connection

    @asynccontextmanager
    async def process(self, name: str) -> AsyncIterator[Gateway]:
        """A process of its own; killed at the latest when the test is done with it."""
        directory = self.directory / name
        directory.mkdir()
        gateway = Gateway(
            directory, None, DATABASE_URL=self.database_url, SECRET_KEY=KEY, TELEGRAM__TOKEN=TOKEN,
            TELEGRAM__API_BASE=self.emulator.address,
        )  # fmt: skip
        await gateway.start()
        try:
            yield gateway
        finally:
            await gateway.kill()

    @asynccontextmanager
    async def another(self) -> AsyncIterator[str]:
        """Another node; its address."""
        settings = Settings(
            _env_file=None, database_url=self.database_url, data_dir=self.directory / "another", port=free_port(),
            secret_key=KEY, telegram={"token": TOKEN, "api_base": self.emulator.address, "mode": "webhook"},
        )  # fmt: skip
        async with running(settings, self.wording) as node:
            yield node.house.settings.base_url

    async def report(self, url: str, update: dict[str, Any]) -> None:
        """Report an update to one node; returns when it is acknowledged."""
        headers = {HEADER: secret_for(KEY, TOKEN)}
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{url}/webhooks/telegram/customer", data=json.dumps(update).encode(), headers=headers
            ) as answer,
        ):
            assert answer.status == 200

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
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory, wording: Wording
) -> AsyncIterator[Nodes]:
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE DATABASE bots_processes TEMPLATE {template_database} STRATEGY file_copy")
    url = server_url.replace("/postgres?", "/bots_processes?", 1)
    emulator = Emulator(TOKEN)
    await emulator.start()
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO test_clock (id, shift) VALUES (1, '0')")
    yield Nodes(tmp_path_factory.mktemp("nodes"), url, wording, emulator, connection)
    await connection.close()
    await emulator.close()
    await admin.execute("DROP DATABASE bots_processes WITH (FORCE)")
    await admin.close()


async def test_one_conversation_and_a_kill_at_any_moment(nodes: Nodes) -> None:
    """A node is killed while it acts, another between two steps and while it shows what it did: whichever node is
    there goes on, and everything is done and said once."""
    chat = 71
    nodes.emulator.bots[TOKEN].chats[chat] = []
    async with nodes.process("first") as first:
        await nodes.report(first.url, message(1, chat, "/start"))
        await nodes.sees(chat, "您好")
        await nodes.done(1)
        asked = next(one for one in nodes.emulator.chat(TOKEN, chat) if one.buttons)
        nodes.emulator.answers["2"] = None
        await nodes.report(first.url, pressed(2, chat, "b:code", asked.message_id))
        await nodes.sees(chat, "请输入登记的手机号")
        await nodes.done(2)

        # Persisted and acknowledged, not acted on: the one node that could act on it waits for the lock, and dies.
        locked = nodes.connection.transaction()
        await locked.start()
        await nodes.connection.execute("LOCK TABLE conversation IN ACCESS EXCLUSIVE MODE")
        await nodes.report(first.url, message(3, chat, "不是号码"))

        async def acted_on() -> bool:
            return bool(await nodes.connection.fetchval(
                "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'conversation'::regclass AND NOT granted"
            ))  # fmt: skip

        await eventually(acted_on)
        await first.kill()
        await locked.commit()
    async with nodes.another():
        await nodes.sees(chat, "这不像手机号")
        await nodes.done(3)

    # Between two steps: the dialogue stands where it stood, and a node that was not there goes on with it.
    async with nodes.process("second") as second:
        await nodes.report(second.url, message(4, chat, "13912349999"))
        await nodes.sees(chat, "请在这里输入6位数字")
        await nodes.done(4)
        # Committed, and the screen on its way, when it dies.
        for _ in range(3):
            nodes.emulator.fail("sendMessage", 429, "Too Many Requests: retry after 30", retry_after=30)
        made = nodes.emulator.made
        await nodes.report(second.url, message(5, chat, "/start"))

        async def showing() -> bool:
            state = "SELECT state FROM chat_update WHERE bot = $1 AND update_no = '5'"
            return await nodes.connection.fetchval(state, BOT) == "answering" and nodes.emulator.made > made

        await eventually(showing)
        await second.kill()
    nodes.emulator.failures.clear()
    # Nobody waits half a minute for the lease here.
    await nodes.connection.execute(
        "UPDATE chat_update SET leased_until = clock_timestamp() WHERE bot = $1 AND update_no = '5'", BOT
    )
    async with nodes.another():
        await nodes.done(5)
    for words, times in (("您好", 2), ("请输入登记", 1), ("这不像手机号", 1), ("6位数字", 1)):
        assert sum(words in text for text in nodes.said(chat)) == times, words
    assert await nodes.connection.fetchval("SELECT count(*) FROM contact_point WHERE address = '71'") == 1
