"""Telegram as a channel: what goes over the wire, and what its answers mean, by tables."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from bots.choices import callback_data, codes_in, pressed
from bots.pace import Pace, Quota
from bots.telegram.api import BotApi
from bots.telegram.channel import SCREENS, TelegramChannel
from gateway.kernel.database import Database
from gateway.notices import Wording
from gateway.outbox.carriers import Accepted, Evidence, Handover, Outcome, Refused, Throttled, Unknown
from gateway.sandbox.telegram import Emulator
from tests.bots.conftest import TOKEN, free_port

MESSAGE = UUID("01930000-0000-7000-8000-000000000001")


def _no_codes(_name: str, _version: str) -> None:
    return None


def handover(to: str = "77", body: str = "您好", **more: Any) -> Handover:
    return Handover(message_id=MESSAGE, to=to, body=body, status_callback="", **more)


class Ever:
    """A pace at which everything may go."""

    async def take(self, chat: str, quotas: Sequence[Quota]) -> float:
        return 0.0


@pytest.fixture
async def channel(emulator: Emulator, wording: Wording) -> AsyncIterator[TelegramChannel]:
    channel = TelegramChannel(
        BotApi(TOKEN, emulator.address), lambda name, version: codes_in(wording, name, version), Ever()
    )
    await channel.start()
    emulator.bots[TOKEN].chats.setdefault(77, [])
    yield channel
    await channel.close()


REFUSALS: list[tuple[int, str, dict[str, Any], Outcome]] = [
    (403, "Forbidden: bot was blocked by the user", {},
     Refused(code="403", for_good=True, why="the person blocked the bot", evidence=Evidence.GONE)),
    (403, "Forbidden: user is deactivated", {},
     Refused(code="403", for_good=True, why="the account was deleted", evidence=Evidence.GONE)),
    (403, "Forbidden: bot can't initiate conversation with a user", {},
     Refused(code="403", for_good=True, why="the bot may not write there", evidence=Evidence.GONE)),
    (400, "Bad Request: chat not found", {},
     Refused(code="400", for_good=True, why="there is no such chat", evidence=Evidence.GONE)),
    (400, "Bad Request: message is too long", {}, Refused(code="400", for_good=True, why="the message is not allowed")),
    (401, "Unauthorized", {}, Refused(code="401", for_good=False, why="the token is not valid")),
    (404, "Not Found", {}, Refused(code="404", for_good=False, why="there is no such bot")),
    (429, "Too Many Requests: retry after 7", {"retry_after": 7}, Throttled(after=7.0, code="429")),
    (500, "Internal Server Error", {}, Unknown(why="http_500")),
    (502, "<html>Bad Gateway</html>", {"bare": True}, Unknown(why="http_502")),
    (200, "<html>a captive portal</html>", {"bare": True}, Unknown(why="http_502")),
]  # fmt: skip


@pytest.mark.parametrize(("status", "description", "parameters", "outcome"), REFUSALS)
async def test_what_its_answers_mean(
    channel: TelegramChannel,
    emulator: Emulator,
    status: int,
    description: str,
    parameters: dict[str, Any],
    outcome: Outcome,
) -> None:
    emulator.fail("sendMessage", status, description, **parameters)
    assert await channel.hand_over(handover()) == outcome


async def test_what_it_takes_is_in_the_chat_with_buttons_that_name_the_message(
    channel: TelegramChannel, emulator: Emulator, wording: Wording
) -> None:
    text = wording.named("restoration", "en")
    taken = await channel.hand_over(handover(body="Power is back", template=text.name, template_version=text.version))
    assert isinstance(taken, Accepted)
    assert taken.delivered
    shown = emulator.last(TOKEN, 77)
    assert taken.carrier_id == f"77:{shown.message_id}"
    assert shown.labels == ["✅ It is back", "❌ Still off", "🚫 Not my account"]
    data = shown.buttons[1][0]["callback_data"]
    assert pressed(data) == (MESSAGE, "2")
    assert len(data.encode()) <= 64


async def test_one_a_second_to_a_chat_over_all_nodes(emulator: Emulator, database: Database) -> None:
    """Two nodes' channels, and a screen of a dialogue in between."""
    for chat in (77, 78):
        emulator.bots[TOKEN].chats.setdefault(chat, [])
    nodes = [TelegramChannel(BotApi(TOKEN, emulator.address), _no_codes, Pace(database, "telegram:1")) for _ in "ab"]
    for node in nodes:
        await node.start()
    outcomes = await asyncio.gather(*(node.hand_over(handover(to=to)) for node in nodes for to in ("77", "77", "78")))
    for to in ("77", "78"):
        here = [one for one, asked in zip(outcomes, ("77", "77", "78") * 2, strict=True) if asked == to]
        assert sum(isinstance(one, Accepted) for one in here) == 1
        assert all(one.recipient_only and 0 < one.after <= 1 for one in here if isinstance(one, Throttled))
    screens = Pace(database, "telegram:1")
    assert await screens.take("77", SCREENS) == 0
    assert isinstance(await nodes[0].hand_over(handover()), Throttled)
    assert await screens.take("77", SCREENS) == 0
    assert 2 < await screens.take("77", SCREENS) <= 3
    assert await Pace(database, "telegram:2").take("77", SCREENS) == 0
    await screens.forget()
    assert 2 < await screens.take("77", SCREENS) <= 3
    for node in nodes:
        await node.close()


async def test_where_the_database_is_away_nothing_is_sent(emulator: Emulator) -> None:
    class Away:
        async def take(self, chat: str, quotas: Sequence[Quota]) -> float:
            raise OSError("gone")

    before = emulator.made
    outcome = await TelegramChannel(BotApi(TOKEN, emulator.address), _no_codes, Away()).hand_over(handover())
    assert isinstance(outcome, Throttled)
    assert emulator.made == before


@pytest.mark.parametrize("to", ["+8613800000001", "", "77; DROP TABLE message", "9" * 40])
async def test_what_is_no_chat_is_never_called(channel: TelegramChannel, emulator: Emulator, to: str) -> None:
    before = len(emulator.calls)
    assert isinstance(await channel.hand_over(handover(to=to)), Refused)
    assert len(emulator.calls) == before


async def test_where_nobody_listens_nothing_was_taken(wording: Wording) -> None:
    channel = TelegramChannel(BotApi(TOKEN, f"http://127.0.0.1:{free_port()}"), _no_codes, Ever())
    await channel.start()
    outcome = await channel.hand_over(handover())
    await channel.close()
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.for_good) == ("not_connected", False)


async def test_an_answer_that_is_cut_off_is_in_doubt_and_names_no_token() -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", cut)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    channel = TelegramChannel(BotApi(TOKEN, f"http://127.0.0.1:{runner.addresses[0][1]}"), _no_codes, Ever())
    await channel.start()
    outcome = await channel.hand_over(handover())
    await channel.close()
    await runner.cleanup()
    assert isinstance(outcome, Unknown)
    assert "customer-bot-token" not in str(outcome)


@pytest.mark.parametrize("data", ["", "a:short:1", f"{callback_data(MESSAGE, '1')}0", "b:code", "a:" + "!" * 22 + ":1"])
def test_data_that_no_button_of_ours_has_is_nothing(data: str) -> None:
    assert pressed(data) is None
