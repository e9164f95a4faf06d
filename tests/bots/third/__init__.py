"""A third platform, as small as one can be: a folder, and a line where platforms are named.

People are written to by `POST {address}/send`; what they write comes to `/webhooks/third` as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from bots import binding, desk
from bots.channel import ChatChannel, NoAnswer, NotConnected
from bots.pace import Pace, Quota, forgetting
from bots.platform import Answered, Opened, Platform, Rooms
from bots.updates import WAKE, Call, Update, Updates
from gateway.archive import chats
from gateway.outbox.carriers import Accepted, Handover, InboundText, Outcome, Refused
from gateway.outbox.lanes import LaneSpec

NAME = "third"


class Api:
    """The platform's one call."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        assert self._session is not None
        await self._session.close()

    async def send(self, to: str, text: str) -> int:
        assert self._session is not None
        try:
            async with self._session.post(f"{self._address}/send", json={"to": to, "text": text}) as answer:
                return answer.status
        except aiohttp.ClientConnectorError as error:
            raise NotConnected(type(error).__name__) from None
        except aiohttp.ClientError as error:
            raise NoAnswer(type(error).__name__) from None


class Third(ChatChannel):
    def __init__(self, api: Api, pace: Pace) -> None:
        super().__init__(NAME, api, pace, [Quota(most=5, span=1)], r"[a-z]+\d*")
        self._to = api

    async def _send(self, handover: Handover) -> Outcome:
        status = await self._to.send(handover.to, handover.body)
        if status == 200:
            return Accepted(carrier_id=str(handover.message_id), delivered=True)
        return Refused(code=str(status), for_good=True, why="it said no")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    updates: Updates
    path: str = "/webhooks/third"
    carrier: str = NAME
    methods: Sequence[str] = ("POST",)

    async def answer(
        self, *, method: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answered:
        if headers.get("X-Secret") != "third-secret":
            return Answered(status=403, outcome="forged")
        said = json.loads(body)
        await self.updates.put(str(said["no"]), said["from"], body)
        return Answered()


class Bot:
    def __init__(self, rooms: Rooms, api: Api) -> None:
        self._rooms = rooms
        self._api = api

    async def handle(self, connection: Any, update: Update) -> list[Call]:
        said = json.loads(update.body)
        chat = await chats.open_chat(connection, NAME, update.chat, at=update.at)
        words = binding.words_for(chat, None, self._rooms)
        if said["text"].startswith("+"):
            await binding.ask_for_code(connection, self._rooms, chat, said["text"], now=update.at)
            return [{"method": "send", "params": {"to": chat.address, "text": words("code_sent")}}]
        if not chat.phones:
            phone, _ = await chats.redeem_code(connection, chat.point, said["text"], at=update.at)
            if phone is None:
                return [{"method": "send", "params": {"to": chat.address, "text": words("not_bound")}}]
            await chats.bind(connection, chat.point, phone, how="code", at=update.at)
            lines = await desk.bills_in_words(connection, await desk.accounts(connection, [phone]), words)
            return [{"method": "send", "params": {"to": chat.address, "text": "\n".join(lines)}}]
        heard = InboundText(carrier_id=str(said["no"]), sender=chat.address, recipient=NAME, text=said["text"], raw={})
        await self._rooms.intake.put(connection, heard, channel=NAME)
        return []

    async def excuse(self, connection: Any, update: Update) -> list[Call]:
        return []

    async def show(self, call: Call) -> None:
        await self._api.send(call["params"]["to"], call["params"]["text"])


def platform(address: str) -> Platform:
    """The line."""

    def opened(rooms: Rooms) -> Opened:
        api = Api(address)
        pace = Pace(rooms.database, NAME)
        bot = Bot(rooms, api)
        updates = Updates(NAME, rooms.database, rooms.clock, handle=bot.handle, show=bot.show, excuse=bot.excuse)
        return Opened(
            name=NAME,
            lane=LaneSpec(name=NAME, channel=NAME, carrier=NAME, sender=NAME, rate=10, concurrency=4),
            channel=Third(api, pace),
            hooks=[Hook(updates=updates)],
            parts={"third updates": updates.run, "third intake": updates.take_in},
            forget=forgetting(pace, updates.forget),
            listens={WAKE: updates.wake},
        )

    return Platform(name=NAME, wanted=lambda _settings: True, open=opened)
