"""The embedded carrier on an ephemeral port, and a gateway that writes down what is posted to it."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from gateway.sandbox.carrier import Behaviour, Carrier

SID = "AC" + "0" * 32
TOKEN = "not-a-secret"
SENDER = "+15005550006"
NUMBER = "+8613900000001"

EMPTY_TWIML = ("text/xml", '<?xml version="1.0" encoding="UTF-8"?><Response />')


def credentials(account: str, token: str) -> dict[str, str]:
    """The header of basic authentication."""
    return {"Authorization": "Basic " + b64encode(f"{account}:{token}".encode()).decode()}


@dataclass
class Gateway:
    """Takes webhooks like the real one: those with a good signature, in order of arrival."""

    url: str = ""
    posts: asyncio.Queue[tuple[str, dict[str, str]]] = field(default_factory=asyncio.Queue)
    #: Answers in order; after them, 200 with empty TwiML.
    answers: list[tuple[int, str, str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        form = {str(name): str(value) for name, value in (await request.post()).items()}
        signature = request.headers.get("X-Twilio-Signature", "")
        if not RequestValidator(TOKEN).validate(f"{self.url}{request.raw_path}", form, signature):
            return web.Response(status=403)
        self.posts.put_nowait((request.path, form))
        status, kind, text = self.answers.pop(0) if self.answers else (200, *EMPTY_TWIML)
        return web.Response(status=status, text=text, content_type=kind)

    async def post(self) -> tuple[str, dict[str, str]]:
        """Wait for the next webhook: its path and its form."""
        return await asyncio.wait_for(self.posts.get(), 10)


@dataclass
class Outside:
    """The carrier as seen over HTTP, with its account's credentials."""

    url: str
    session: aiohttp.ClientSession
    gateway: Gateway

    @property
    def messages(self) -> str:
        return f"{self.url}/2010-04-01/Accounts/{SID}/Messages"

    async def send(self, **fields: str) -> tuple[int, dict[str, Any]]:
        """Create a message; `To`, `From` and `Body` have defaults."""
        form = {"To": NUMBER, "From": SENDER, "Body": "【国网供电】您好", **fields}
        async with self.session.post(
            f"{self.messages}.json", data={name: value for name, value in form.items() if value}
        ) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str, **query: str) -> Any:
        async with self.session.get(f"{self.url}{path}", params=query) as answer:
            return await answer.json()

    async def reply(self, text: str, number: str = NUMBER) -> int:
        """Answer on a handset."""
        async with self.session.post(f"{self.url}/_carrier/handsets/{number}/reply", json={"text": text}) as answer:
            return answer.status

    def callback(self, message: str = "1") -> str:
        return f"{self.gateway.url}/webhooks/twilio/status/{message}"


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    app = web.Application()
    app.router.add_post("/webhooks/twilio/{rest:.*}", gateway.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield gateway
    await runner.cleanup()


Start = Callable[..., Awaitable[Outside]]


@pytest.fixture
async def start(gateway: Gateway) -> AsyncIterator[Start]:
    """Start a carrier that behaves as the arguments say; receipts come at once unless they say otherwise."""
    carriers: list[Carrier] = []
    session = aiohttp.ClientSession(headers=credentials(SID, TOKEN))

    async def start(keep: int = 1_000, **behaviour: Any) -> Outside:
        carrier = Carrier(
            account_sid=SID,
            auth_token=TOKEN,
            callbacks_base=gateway.url,
            sender=SENDER,
            behaviour=Behaviour.model_validate({"receipt_delay": 0, **behaviour}),
            keep=keep,
        )
        carriers.append(carrier)
        return Outside(await carrier.start("127.0.0.1", 0), session, gateway)

    yield start
    await session.close()
    for carrier in carriers:
        await carrier.close()
