"""Chats on the wall: a person without a telephone at hand talks to the utility's bots from the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from gateway.kernel.settings import Settings
from gateway.sandbox.carrier import Carrier
from gateway.sandbox.carrier.standing_in import stand_ins

NUMBER = "+8613900000001"


class Wall:
    def __init__(self, session: aiohttp.ClientSession, url: str, settings: Settings) -> None:
        self.session, self.url, self.settings = session, url, settings

    async def get(self, path: str) -> Any:
        async with self.session.get(self.url + path) as answer:
            return await answer.json()

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.session.post(self.url + path, json=body) as answer:
            return answer.status, await answer.json()

    async def bot(self, method: str, **params: Any) -> Any:
        token = self.settings.telegram.token.get_secret_value()
        status, answer = await self.post(f"/bot{token}/{method}", params)
        assert status == 200, answer
        return answer["result"]


@pytest.fixture
async def wall() -> AsyncIterator[Wall]:
    settings = Settings(_env_file=None, carrier={"chats": True})
    others = stand_ins(settings)
    carrier = Carrier(
        account_sid="AC1", auth_token="t", callbacks_base="http://127.0.0.1:9", sender="+861069559800",
        apps=others.apps, also=others.routes,
    )  # fmt: skip
    url = await carrier.start("127.0.0.1", 0)
    for one in others.open:
        await one()
    async with aiohttp.ClientSession() as session:
        yield Wall(session, url, settings)
    for close in others.close:
        await close()
    await carrier.close()


async def test_a_person_begins_shares_and_presses(wall: Wall) -> None:
    assert (await wall.get("/_carrier/chats"))["platforms"] == ["telegram", "telegram-staff", "wecom"]
    at = f"/_carrier/chats/telegram/{NUMBER}"
    assert (await wall.get(at))["texts"] == []
    assert (await wall.post(at, {"text": "/start"}))[0] == 202
    keyboard = {"keyboard": [[{"text": "分享", "request_contact": True}]]}
    await wall.bot("sendMessage", chat_id=8613900000001, text="您好", reply_markup=keyboard)
    assert (await wall.get(at))["asks_number"]
    assert (await wall.post(at, {"share": True}))[0] == 202
    buttons = {"inline_keyboard": [[{"text": "4 分", "callback_data": "a:4"}]]}
    asked = await wall.bot("sendMessage", chat_id=8613900000001, text="请评价", reply_markup=buttons)
    card = (await wall.get("/_carrier/chats?q=评价"))["items"][0]
    assert card["texts"][-1]["buttons"] == [[{"text": "4 分", "data": "a:4"}]]
    assert (await wall.post(at, {"press": "a:4", "message": asked["message_id"]}))[0] == 202
    said = await wall.bot("getUpdates")
    assert [next(iter(set(one) - {"update_id"})) for one in said] == ["message", "message", "callback_query"]
    assert said[1]["message"]["contact"]["user_id"] == said[1]["message"]["from"]["id"]
    await wall.post(at, {"block": True})
    assert (await wall.get(at))["blocked"]


async def test_wecom_stands_beside_it(wall: Wall) -> None:
    wecom = wall.settings.wecom
    secret = wecom.secret.get_secret_value()
    token = (await wall.get(f"/cgi-bin/gettoken?corpid={wecom.corp_id}&corpsecret={secret}"))["access_token"]
    body = {"touser": "u8613900000001", "agentid": wecom.agent_id, "msgtype": "text", "text": {"content": "您好"}}
    assert (await wall.post(f"/cgi-bin/message/send?access_token={token}", body))[1]["errcode"] == 0
    assert (await wall.post(f"/cgi-bin/message/send?access_token={token}", body | {"extra": 1}))[1]["errcode"] == 40008
    assert (await wall.get(f"/_carrier/chats/wecom/{NUMBER}"))["texts"][0]["body"] == "您好"


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "x" * 1601}, {"press": "a"}, {"share": False}, [], 5])
async def test_what_nobody_can_do_is_refused(wall: Wall, body: Any) -> None:
    assert (await wall.post(f"/_carrier/chats/telegram/{NUMBER}", body))[0] == 422
    assert (await wall.post("/_carrier/chats/pager/5", {"text": "hi"}))[0] == 422
    assert (await wall.post("/_carrier/chats/telegram/nobody", {"text": "hi"}))[0] == 422


async def test_numbers_go_on_from_run_to_run(wall: Wall) -> None:
    """The gateway's database outlives the carrier: a number that it has seen is a repeat to it."""
    assert (await wall.post(f"/_carrier/chats/telegram/{NUMBER}", {"text": "/start"}))[0] == 202
    (update,) = await wall.bot("getUpdates")
    assert update["update_id"] > update["message"]["message_id"] > 1_700_000_000
    assert (await wall.post(f"/_carrier/chats/wecom/{NUMBER}", {"text": "您好"}))[0] == 202
    assert (await wall.get(f"/_carrier/chats/wecom/{NUMBER}"))["texts"][0]["n"] > 1_700_000_000
