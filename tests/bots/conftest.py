"""A whole node beside an emulated Bot API: what people do in chats goes in over HTTP, and so does all that comes out.

One node with every bot serves all tests of the folder, each of which has chats, numbers and accounts of its own.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import structlog
from aiohttp import web
from yarl import URL

import bots
from bots.platform import Platform
from gateway.app import Node
from gateway.archive import chats
from gateway.house import House
from gateway.kernel.clock import ShiftedClock
from gateway.kernel.database import Database
from gateway.kernel.settings import Settings
from gateway.notices import Draft, Wording
from gateway.outbox import partitions
from gateway.sandbox.telegram import Emulator, Shown
from gateway.sandbox.wecom import Company, WeComEmulator
from tests.bots import published, third

#: The application of WeCom.
COMPANY = Company(
    corp_id="ww5a5a5a5a5a5a5a5a",
    secret="app-secret",
    agent_id=1000002,
    token="callback-token",
    aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
)
TOKEN = "7000001:customer-bot-token"
STAFF_TOKEN = "7000002:staff-bot-token"
KEY = "root-key-of-the-sandbox"
#: A Tuesday, ten in the morning in Shanghai.
MORNING = datetime(2025, 11, 4, 2, 0, tzinfo=UTC)
PATIENCE = 60.0

_databases = count(1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


async def eventually(look: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """What `look` finds, as soon as it finds anything."""
    deadline = time.monotonic() + patience
    pause = 0.01
    while True:
        found = look()
        if asyncio.iscoroutine(found) or isinstance(found, asyncio.Future):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing came of it within {patience:g} seconds")
        await asyncio.sleep(pause)
        # On a busy machine, looking is what keeps it busy.
        pause = min(0.15, pause * 1.3)


class Chat:
    """A person's chat with a bot."""

    def __init__(self, world: World, id_: int, token: str = TOKEN, language: str = "zh-hans") -> None:
        self.world = world
        self.id = id_
        self.token = token
        self.language = language
        #: The short words above the screens, in the order of the presses.
        self.heard: list[str] = []
        self._emulator = world.emulator

    @property
    def shown(self) -> list[Shown]:
        return self._emulator.chat(self.token, self.id)

    @property
    def texts(self) -> list[str]:
        """What the bot says in the chat, as it stands now."""
        return [one.text for one in self.shown if one.from_bot]

    @property
    def labels(self) -> list[str]:
        return self._emulator.labels(self.token, self.id)

    async def say(self, text: str, *, until: str | None = None, reply_to: int | None = None) -> None:
        number = self._emulator.say(self.token, self.id, text, reply_to=reply_to, language=self.language)
        await self.world.row(
            "SELECT 1 FROM chat_update WHERE update_no = $1 AND state IN ('done', 'left')", str(number)
        )
        if until is not None:
            await self.sees(until)

    async def press(self, label: str, *, until: str | None = None, on: str | None = None) -> str:
        """Press the newest button with a label; `on` the message that has these words."""
        await eventually(lambda: label in self.labels)
        shown = await self.sees(on) if on is not None else None
        query = self._emulator.press(self.token, self.id, label, message_id=shown.message_id if shown else None)
        said = await self._answer(query)
        if until is not None:
            await self.sees(until)
        return said

    async def press_data(self, message_id: int, data: str) -> str:
        return await self._answer(self._emulator.press_data(self.token, self.id, message_id, data))

    async def _answer(self, query: str) -> str:
        await eventually(lambda: self._emulator.answers[query] is not None)
        await self.settled()
        self.heard.append(str(self._emulator.answers[query]))
        return self.heard[-1]

    async def settled(self) -> None:
        """Until everything that was done in the chat is dealt with and shown."""
        await eventually(lambda: self.world.quiet(self.id))

    async def sees(self, words: str) -> Shown:
        """The newest message that has these words, once there is one."""
        try:
            return await eventually(lambda: next((one for one in reversed(self.shown) if words in one.text), None))
        except AssertionError:
            raise AssertionError(f"nobody says {words!r}; there is {self.texts}") from None

    async def bind(self, number: str) -> None:
        """Begin, share the number, and wait for the menu."""
        zh = self.language.startswith("zh")
        await self.say("/start", until="您好" if zh else "Hello")
        self._emulator.share(self.token, self.id, number)
        await self.sees("绑定好了" if zh else "Linked")
        await self.sees("请选择" if zh else "What can we do")


class World:
    """The node, the emulator, and what tests put into the archive."""

    def __init__(self, node: Node, emulator: Emulator, url: str) -> None:
        self.node = node
        self.house = node.house
        self.emulator = emulator
        self.database_url = url
        self.numbers = count(1)

    @property
    def database(self) -> Database:
        return self.house.database

    def chat(self, *, language: str = "zh-hans", token: str = TOKEN) -> Chat:
        return Chat(self, 900_000 + next(self.numbers), token, language)

    def number(self) -> str:
        return f"+86139{next(self.numbers):08d}"

    async def account(
        self, *numbers: str, owes: str | None = None, role: str = "holder", holder: str = "王强", **link: Any
    ) -> str:
        """An account that these numbers stand for, owing `owes` for 202510."""
        account_no = f"41{next(self.numbers):08d}"
        async with self.database.work() as work:
            customer = await work.value("INSERT INTO customer (name) VALUES ($1) RETURNING id", holder)
            premise = await work.value("INSERT INTO premise (address) VALUES ('岚州市东湖区章家河12号') RETURNING id")
            account = await work.value(
                """INSERT INTO account (account_no, customer_id, premise_id, holder_name, language)
                   VALUES ($1, $2, $3, $4, $5) RETURNING id""",
                account_no, customer, premise, holder, link.pop("language", "zh"),
            )  # fmt: skip
            for place, number in enumerate(numbers):
                point = await work.value(
                    """INSERT INTO contact_point (address) VALUES ($1)
                       ON CONFLICT (address, kind) DO UPDATE SET address = excluded.address RETURNING id""",
                    number,
                )
                await work.execute(
                    """INSERT INTO contact_link (account_id, contact_point_id, role, state, is_default, needs_proof)
                       VALUES ($1, $2, $3, 'unverified', $4, $5)""",
                    account, point, role, place == 0, link.get("needs_proof", False),
                )  # fmt: skip
            if owes is not None:
                await work.execute(
                    """INSERT INTO bill (account_id, billing_month, amount, due_date, overdue)
                       VALUES ($1, '202510', $2, $3, true)""",
                    account, Decimal(owes), date(2025, 10, 25),
                )  # fmt: skip
            await work.commit()
        return account_no

    async def bound(self, number: str, *wants: str) -> int:
        """A chat that is bound to a number without a word said; the chat."""
        chat = 900_000 + next(self.numbers)
        self.emulator.bots[TOKEN].chats.setdefault(chat, [])
        async with self.database.work() as work:
            now = self.house.clock.now()
            opened = await chats.open_chat(work.connection, "telegram", str(chat), at=now)
            phone = await work.value("SELECT id FROM contact_point WHERE address = $1 AND kind = 'phone'", number)
            await chats.bind(work.connection, opened.point, phone, how="contact", at=now)
            for purpose in wants:
                await chats.want(work.connection, opened.point, purpose, here=True, at=now)
            await work.commit()
        return chat

    async def closed_order(self, number: str, account_no: str) -> str:
        """A work order that this number raised and that was closed this morning."""
        order = f"2511{next(self.numbers):010d}"
        now = self.house.clock.now()
        async with self.database.work() as work:
            await work.execute(
                """INSERT INTO work_order (work_order_no, kind, account_id, account_no, caller_number, channel,
                     opened_at, closed_at, team_code, handler_no)
                   SELECT $1, 'service_request', id, account_no, $3, 'phone', $4, $5, 'T01', 'E000014' FROM account
                   WHERE account_no = $2""",
                order, account_no, number, now - timedelta(days=1), now - timedelta(hours=1),
            )  # fmt: skip
            await work.commit()
        return order

    async def send(self, template: str, account_no: str, values: dict[str, Any], **more: Any) -> Any:
        """A single message to an account; its id."""
        from gateway.notices import Asked

        async with self.database.work() as work:
            (taken,) = await self.house.acceptor.accept(
                work.connection,
                [Asked(template=template, values=values, account_no=account_no, **more)],
                now=self.house.clock.now(),
            )
            await work.commit()
        if isinstance(taken, Exception):
            raise taken
        return taken.id

    async def notice(self, kind: str, about: dict[str, Any], **more: Any) -> Any:
        """A notice, approved."""
        async with self.database.session() as session:
            notice = await self.house.notices.draft(session, Draft(kind=kind, about=about, **more), actor="key:clerk")
            await self.house.notices.approve(session, notice, actor="key:head", two_people=True)
            await session.commit()
        return notice

    async def call(self, method: str, path: str, json: Any) -> Any:
        """What the node's own API answers."""
        url = f"http://127.0.0.1:{self.house.settings.port}/api/v1{path}"
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session,
            session.request(method, url, json=json) as answer,
        ):
            told = await answer.json()
            assert answer.status < 300, told
            return told

    async def texts(self, number: str, words: str) -> None:
        """A text from a handset of the embedded carrier."""
        url = f"{self.node.carrier_address}/_carrier/handsets/{number.replace('+', '%2B')}/reply"
        async with (
            aiohttp.ClientSession() as session,
            session.post(URL(url, encoded=True), json={"text": words}) as told,
        ):
            assert told.status == 202

    async def quiet(self, chat: int) -> bool:
        return not await self.rows(
            "SELECT 1 FROM chat_update WHERE chat = $1 AND state IN ('received', 'answering')", str(chat)
        )

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        async with self.database.work() as work:
            return await work.fetch(statement, *values)

    async def row(self, statement: str, *values: Any) -> Any:
        """The first row, once there is one."""

        async def look() -> Any:
            return next(iter(await self.rows(statement, *values)), None)

        return await eventually(look)


@asynccontextmanager
async def running(
    settings: Settings, wording: Wording, platforms: Sequence[Platform] = bots.PLATFORMS
) -> AsyncIterator[Node]:
    """A node, from its start to its end."""
    database = Database(settings.database_url, size=12)
    await database.start()
    clock = ShiftedClock()
    async with database.connection() as connection:
        clock.offset = await connection.fetchval("SELECT shift FROM test_clock WHERE id = 1")
        await partitions.ensure(connection, clock.now())
    house = House(settings, database, clock, wording, platforms=platforms)
    node = Node(house)
    task = asyncio.create_task(node.run())
    try:
        started = asyncio.create_task(node.started.wait())
        done, _ = await asyncio.wait([started, task], timeout=30, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            task.result()
        assert started in done, "the node did not start"
        yield node
    finally:
        node.stop()
        await asyncio.wait_for(task, 30)
        await database.close()


def settings_for(url: str, directory: Path, emulator: Emulator, **more: Any) -> Settings:
    return Settings(
        _env_file=None,
        database_url=url,
        data_dir=directory,
        port=free_port(),
        secret_key="s" * 40,
        bootstrap_api_key=KEY,
        telegram={"token": TOKEN, "api_base": emulator.address, "mode": more.pop("mode", "webhook")},
        **more,
    )


@pytest.fixture(scope="session")
def wording() -> Wording:
    """All texts, read once for all tests: they are immutable."""
    return Wording.load()


class ThirdServer:
    """The tiny third platform's server; answers every message with the status `says`."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.says = 200
        self.address = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/send", self._send)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _send(self, request: web.Request) -> web.Response:
        if self.says == 200:
            self.sent.append(await request.json())
        return web.Response(status=self.says)


@pytest.fixture(scope="package", autouse=True)
def _plain_tracebacks() -> Iterator[None]:
    """As the gateway's own; structlog's usual ones show every value of every frame, which takes many seconds."""
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="package")
async def emulator() -> AsyncIterator[Emulator]:
    emulator = Emulator(TOKEN, STAFF_TOKEN)
    await emulator.start()
    yield emulator
    await emulator.close()


@pytest.fixture(scope="package")
async def wecom() -> AsyncIterator[WeComEmulator]:
    wecom = WeComEmulator(COMPANY)
    await wecom.start()
    yield wecom
    await wecom.close()


@pytest.fixture(scope="package")
async def third_server() -> AsyncIterator[ThirdServer]:
    server = ThirdServer()
    await server.start()
    yield server
    await server.close()


@pytest.fixture(autouse=True)
def _as_published(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every call that is made in a test is one that the published specification knows, down to its parameters."""
    emulator: Emulator | None = request.getfixturevalue("emulator") if "emulator" in request.fixturenames else None
    seen = emulator.made if emulator is not None else 0
    yield
    if emulator is not None:
        new = list(emulator.calls)[-(emulator.made - seen) :] if emulator.made > seen else []
        assert [told for call in new for told in published.problems(call.method, call.given)] == []


@pytest.fixture(scope="package")
async def own_database_url(server_url: str, template_database: str) -> AsyncIterator[str]:
    """A database for the folder, whose clock stands at `MORNING`."""
    name = f"bots_{next(_databases)}"
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY file_copy")
    url = server_url.replace("/postgres?", f"/{name}?", 1)
    inside = await asyncpg.connect(url)
    await inside.execute("INSERT INTO test_clock (id, shift) VALUES (1, $1)", MORNING - datetime.now(UTC))
    await inside.close()
    yield url
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture(scope="package")
async def world(
    own_database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    emulator: Emulator,
    wecom: WeComEmulator,
    third_server: ThirdServer,
    wording: Wording,
) -> AsyncIterator[World]:
    settings = settings_for(
        own_database_url,
        tmp_path_factory.mktemp("node"),
        emulator,
        telegram_staff={"token": STAFF_TOKEN},
        wecom={**asdict(COMPANY), "api_base": wecom.address},
    )
    wecom.callback = f"{settings.base_url}/webhooks/wecom"
    platforms = (*bots.PLATFORMS, third.platform(third_server.address))
    async with running(settings, wording, platforms) as node:
        await eventually(lambda: emulator.bots[TOKEN].webhook and emulator.bots[STAFF_TOKEN].webhook)
        yield World(node, emulator, own_database_url)
