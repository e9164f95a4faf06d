"""A carrier of the tests' own: it speaks what Twilio's REST API needs, and shares no code with the gateway.

It takes texts at `Messages.json`, remembers every one of them, answers with signed status callbacks and posts
signed inbound texts. What it counts is what customers would have received.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

ACCOUNT = "AC" + "d0" * 16
TOKEN = "token-of-the-outside-carrier"
SENDER = "+861069559811"


@dataclass
class Text:
    """One text that the carrier took."""

    sid: str
    to: str
    body: str
    callback: str
    status: str
    taken_at: datetime
    error_code: int | None = None


def signature(url: str, form: dict[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 of the address and the parameters in the order of their names."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(TOKEN.encode(), signed.encode(), hashlib.sha1).digest()).decode()


class OutsideCarrier:
    """Runs on a free port of this machine; `gateway` is where webhooks go."""

    def __init__(self) -> None:
        self.url = ""
        self.gateway = ""
        self.texts: list[Text] = []
        #: Number → code that refuses it at the door.
        self.refuses: dict[str, int] = {}
        #: Number → code of the receipt that says it was not delivered.
        self.undelivered: dict[str, int] = {}
        #: Number → how many texts to it are lost on the way here, and how many are taken without an answer.
        self.loses: dict[str, int] = {}
        self.takes_silently: dict[str, int] = {}
        #: Whether receipts are posted at all.
        self.receipts = True
        #: Seconds that an answer takes.
        self.latency = 0.0
        #: Texts after which nothing is answered any more, though it is taken; None for no end.
        self.falls_silent_after: int | None = None
        self.asked_about = 0
        self._by_sid: dict[str, Text] = {}
        self._numbers = count(1)
        self._posting: asyncio.Queue[Text] = asyncio.Queue()
        self._posters: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._silent = asyncio.Event()

    async def start(self) -> None:
        """Listen, and be ready to post."""
        app = web.Application()
        messages = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"
        app.router.add_post(f"{messages}.json", self._create)
        app.router.add_get(f"{messages}.json", self._list)
        app.router.add_get(messages + "/{sid}.json", self._one)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        self._posters = [asyncio.create_task(self._post_receipts()) for _ in range(16)]

    async def close(self) -> None:
        """Stop, and let go of whoever still waits for an answer."""
        self._silent.set()
        for task in self._posters:
            task.cancel()
        await asyncio.gather(*self._posters, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def to(self, number: str) -> list[str]:
        """What the handset of `number` has received, in order."""
        return [text.body for text in self.texts if text.to == number]

    def by_number(self) -> Counter[str]:
        """Number → texts."""
        return Counter(text.to for text in self.texts)

    async def settled(self) -> None:
        """Wait until every receipt has been posted."""
        await self._posting.join()

    async def reply(self, number: str, text: str, *, sid: str | None = None) -> int:
        """Write from a handset; the status that the gateway answers."""
        sid = sid or f"SM{next(self._numbers):032x}"
        form = {
            "AccountSid": ACCOUNT,
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "From": number,
            "To": SENDER,
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
            "ApiVersion": "2010-04-01",
        }
        return await self.post(f"{self.gateway}/webhooks/twilio/inbound", form)

    async def post(self, url: str, form: dict[str, str], *, signed: str | None = None) -> int:
        """Post a webhook, well signed unless `signed` says otherwise; the status answered."""
        assert self._session is not None
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature(url, form) if signed is None else signed,
        }
        async with self._session.post(url, data=urlencode(form), headers=headers) as answer:
            await answer.read()
            return answer.status

    def receipt(self, text: Text, status: str) -> dict[str, str]:
        """The form of a status callback."""
        form = {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "From": SENDER,
            "MessageSid": text.sid,
            "MessageStatus": status,
            "SmsSid": text.sid,
            "SmsStatus": status,
            "To": text.to,
        }
        return form if text.error_code is None else form | {"ErrorCode": str(text.error_code)}

    async def _create(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return _refusal(401, 20003, "Authenticate")
        if form.get("From") != SENDER or not form.get("Body") or not form.get("To"):
            return _refusal(400, 21604, "A parameter is missing")
        if code := self.refuses.get(form["To"]):
            return _refusal(400, code, "Refused")
        if _spend(self.loses, form["To"]):
            return _hang_up(request)
        if self.latency:
            await asyncio.sleep(self.latency)
        text = Text(
            sid=f"SM{next(self._numbers):032x}",
            to=form["To"],
            body=form["Body"],
            callback=form.get("StatusCallback", ""),
            status="queued",
            taken_at=datetime.now(UTC),
        )
        self.texts.append(text)
        self._by_sid[text.sid] = text
        if _spend(self.takes_silently, text.to):
            return _hang_up(request)
        if self.falls_silent_after is not None and len(self.texts) > self.falls_silent_after:
            await self._silent.wait()
        if self.receipts and text.callback:
            self._posting.put_nowait(text)
        return web.json_response(_shown(text), status=201)

    async def _list(self, request: web.Request) -> web.Response:
        self.asked_about += 1
        to = request.query.get("To")
        found = [_shown(text) for text in reversed(self.texts) if to is None or text.to == to]
        return web.json_response({"messages": found, "next_page_uri": None, "page": 0, "page_size": len(found)})

    async def _one(self, request: web.Request) -> web.Response:
        self.asked_about += 1
        text = self._by_sid.get(request.match_info["sid"])
        if text is None:
            return _refusal(404, 20404, "The requested resource was not found")
        return web.json_response(_shown(text))

    async def _post_receipts(self) -> None:
        while True:
            text = await self._posting.get()
            try:
                code = self.undelivered.get(text.to)
                text.error_code = code
                for status in ("sent", "delivered" if code is None else "undelivered"):
                    text.status = status
                await self.post(text.callback, self.receipt(text, text.status))
            except (aiohttp.ClientError, TimeoutError):
                # As with the real one, a callback that finds nobody is not repeated.
                pass
            finally:
                self._posting.task_done()


def _spend(left: dict[str, int], number: str) -> bool:
    """Use up one of what is left for a number; whether there was one."""
    found = left.get(number, 0)
    left[number] = max(0, found - 1)
    return found > 0


def _hang_up(request: web.Request) -> web.Response:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _shown(text: Text) -> dict[str, object]:
    written = format_datetime(text.taken_at.replace(microsecond=0), usegmt=True)
    return {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": text.body,
        "date_created": written,
        "date_sent": written if text.status != "queued" else None,
        "date_updated": written,
        "direction": "outbound-api",
        "error_code": text.error_code,
        "error_message": None,
        "from": SENDER,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "to": text.to,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{text.sid}.json",
    }


def _refusal(status: int, code: int, message: str) -> web.Response:
    told = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return web.json_response(told, status=status)
