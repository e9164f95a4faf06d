"""WeCom's server API as far as the gateway uses it, spoken over HTTP by the sandbox and by tests.

It is strict about what it is given, keeps what every person of the company sees, and reports what they do by sealed
and signed callbacks, as WeCom does. The envelope is written here once more, from the platform's description, so that
the gateway's own is held against another.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import struct
import time
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = ["Company", "Received", "WeComEmulator"]

_AGAIN: Final = 0.2
_TRIES: Final = 20
_LONGEST: Final = 2048
#: The parts of an answer to a callback.
_ANSWER: Final = ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")
_CARD: Final = {"card_type", "main_title", "sub_title_text", "task_id", "button_list"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company with one application."""

    corp_id: str
    secret: str
    agent_id: int
    token: str
    aes_key: str


@dataclass(slots=True, kw_only=True)
class Received:
    """Something in a person's chat with the application, as it is now."""

    n: int
    text: str
    mine: bool
    at: float
    #: Buttons of a card: what each says and its key.
    buttons: list[tuple[str, str]] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=dict)


class WeComEmulator:
    """One company. `next` are answers given instead of the usual one: an object, or a bare HTTP status.

    Messages and reports are numbered from `first` on, as the Telegram emulator's are.
    """

    def __init__(self, company: Company, callback: str = "", *, first: int = 0) -> None:
        self.company = company
        self.callback = callback
        self.sent: list[dict[str, Any]] = []
        #: What stands in place of cards' buttons, by the code that was given for it; each is good once.
        self.codes: dict[str, str | None] = {}
        self.next: deque[dict[str, Any] | int] = deque()
        self.tokens = 0
        self.people: dict[str, list[Received]] = {}
        #: Are told whose chat has changed.
        self.watchers: set[Callable[[str], None]] = set()
        self.address = ""
        self._numbers = first
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._posting: set[asyncio.Task[Any]] = set()

    def routes(self) -> list[web.RouteDef]:
        """For a server of somebody else's."""
        return [web.get("/cgi-bin/gettoken", self._token), web.post("/cgi-bin/message/send", self._send),
                web.post("/cgi-bin/message/update_template_card", self._update)]  # fmt: skip

    async def start(self) -> str:
        """Listen; the address, for `WECOM__API_BASE`."""
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self.address

    async def close(self) -> None:
        """Stop reporting and listening."""
        for task in list(self._posting):
            task.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # What people do.

    def say(self, person: str, text: str) -> None:
        """A person writes to the application."""
        number = self._show(person, Received(n=0, text=text, mine=True, at=time.time()))
        self._report(self.text_xml(person, text, 10**15 + number))

    def press(self, person: str, key: str) -> None:
        """A person presses a button of a card."""
        self._report(self.press_xml(person, key, self._next()))

    def leave(self, person: str) -> None:
        """A person stops following the application."""
        self._report(self._event_xml(person, "unsubscribe", "", self._next()))

    def text_xml(self, person: str, text: str, number: int) -> str:
        """What WeCom reports of a text."""
        return self._xml(
            person, "text", f"<Content><![CDATA[{text}]]></Content><MsgId>{number}</MsgId>", int(time.time())
        )

    def press_xml(self, person: str, key: str, at: int) -> str:
        """What WeCom reports of a button of a card, with a code by which the card may be changed once."""
        code = f"{person}/{key}/{at}"
        self.codes[code] = None
        return self._event_xml(
            person, "template_card_event", key, at, f"<ResponseCode><![CDATA[{code}]]></ResponseCode>"
        )

    def _event_xml(self, person: str, event: str, key: str, at: int, more: str = "") -> str:
        inner = f"<Event><![CDATA[{event}]]></Event><EventKey><![CDATA[{key}]]></EventKey>{more}"
        return self._xml(person, "event", inner, at)

    def _xml(self, person: str, kind: str, inner: str, at: int) -> str:
        return (
            f"<xml><ToUserName><![CDATA[{self.company.corp_id}]]></ToUserName>"
            f"<FromUserName><![CDATA[{escape(person)}]]></FromUserName><CreateTime>{at}</CreateTime>"
            f"<MsgType><![CDATA[{kind}]]></MsgType>{inner}<AgentID>{self.company.agent_id}</AgentID></xml>"
        )

    def sealed(self, inner: str) -> tuple[dict[str, str], bytes]:
        """The query and the body of a callback."""
        key = b64decode(self.company.aes_key + "=")
        message = inner.encode()
        plain = os.urandom(16) + struct.pack(">I", len(message)) + message + self.company.corp_id.encode()
        plain += bytes([32 - len(plain) % 32]) * (32 - len(plain) % 32)
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        sealed = b64encode(encryptor.update(plain) + encryptor.finalize()).decode()
        now, nonce = str(int(time.time())), os.urandom(4).hex()
        signed = "".join(sorted((self.company.token, now, nonce, sealed)))
        query = {
            "msg_signature": hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest(),
            "timestamp": now,
            "nonce": nonce,
        }
        corp = f"<ToUserName><![CDATA[{self.company.corp_id}]]></ToUserName>"
        return query, f"<xml>{corp}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()

    def _report(self, inner: str) -> None:
        task = asyncio.create_task(self._post(inner))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _post(self, inner: str) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        query, body = self.sealed(inner)
        for _ in range(_TRIES):
            try:
                async with self._session.post(self.callback, params=query, data=body) as response:
                    if response.status == 200:
                        self._answered(inner, await response.text())
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(_AGAIN)

    def _answered(self, inner: str, answer: str) -> None:
        """The answer to a press replaces the buttons of the card; one not signed and sealed for WeCom does nothing."""
        code = re.search(r"<ResponseCode><!\[CDATA\[(.*?)\]\]>", inner)
        found = (re.search(rf"<{name}>(?:<!\[CDATA\[)?([^<\]]*)", answer) for name in _ANSWER)
        sealed, signature, now, nonce = (one[1] if one else "" for one in found)
        signed = "".join(sorted((self.company.token, now, nonce, sealed)))
        if code is None or signature != hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest():
            return
        key = b64decode(self.company.aes_key + "=")
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = (decryptor.update(b64decode(sealed)) + decryptor.finalize())[16:]
        (length,) = struct.unpack(">I", plain[:4])
        said = re.search(r"<ReplaceName><!\[CDATA\[(.*?)\]\]>", plain[4 : 4 + length].decode(), re.DOTALL)
        if said is not None and self.codes.get(code[1], "") is None:
            self._replace(code[1], said[1])

    def _replace(self, code: str, said: str) -> None:
        """Put some words in place of the buttons for which a code was given, which is good once."""
        self.codes[code] = said
        person, key, _ = code.split("/")
        for one in self.people.get(person, []):
            if any(key == known for _, known in one.buttons):
                one.text += f"\n{said}"
                one.buttons = []
        self._changed(person)

    # What the application calls.

    async def _token(self, request: web.Request) -> web.Response:
        given = dict(request.query)
        if given != {"corpid": self.company.corp_id, "corpsecret": self.company.secret}:
            return web.json_response({"errcode": 40013, "errmsg": "invalid corpid"})
        self.tokens += 1
        return web.json_response(
            {"errcode": 0, "errmsg": "ok", "access_token": f"token-{self.tokens}", "expires_in": 7200}
        )

    async def _send(self, request: web.Request) -> web.Response:
        if request.query.get("access_token") != f"token-{self.tokens}":
            return web.json_response({"errcode": 40014, "errmsg": "invalid access_token"})
        body = await request.json()
        if (wrong := self._wrong(body)) is not None:
            return web.json_response({"errcode": wrong[0], "errmsg": wrong[1]})
        self.sent.append(body)
        answer = self.next.popleft() if self.next else None
        if isinstance(answer, int):
            return web.Response(status=answer, text="<html>bad gateway</html>")
        if answer is not None:
            return web.json_response(answer)
        card = body.get("template_card")
        text = card["sub_title_text"] if card else body["text"]["content"]
        buttons = [(one["text"], one["key"]) for one in card["button_list"]] if card else []
        shown = Received(n=0, text=text, mine=False, at=time.time(), buttons=buttons, body=body)
        number = self._show(body["touser"], shown)
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": f"msg-{number}"})

    async def _update(self, request: web.Request) -> web.Response:
        if request.query.get("access_token") != f"token-{self.tokens}":
            return web.json_response({"errcode": 40014, "errmsg": "invalid access_token"})
        body = await request.json()
        code = str(body.get("response_code"))
        if set(body) != {"userids", "agentid", "response_code", "button"} or set(body["button"]) != {"replace_name"}:
            return web.json_response({"errcode": 40058, "errmsg": "invalid parameter"})
        if self.codes.get(code, "") is not None:
            return web.json_response({"errcode": 84015, "errmsg": "response_code is invalid or was used"})
        self._replace(code, body["button"]["replace_name"])
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    def _wrong(self, body: Any) -> tuple[int, str] | None:
        """What WeCom would hold against a message."""
        kind = body.get("msgtype")
        if set(body) != {"touser", "agentid", "msgtype", kind}:
            return 40008, "invalid message type"
        if body["agentid"] != self.company.agent_id:
            return 40056, "invalid agentid"
        if kind == "text":
            content = body["text"].get("content")
            if set(body["text"]) != {"content"} or not content:
                return 44004, "text is empty"
            return (45002, "content size out of limit") if len(content.encode()) > _LONGEST else None
        card = body.get("template_card", {})
        if kind != "template_card" or set(card) != _CARD:
            return 40008, "invalid message type"
        long = len(card["sub_title_text"]) > 160 or any(len(one["text"]) > 20 for one in card["button_list"])
        if not 1 <= len(card["button_list"]) <= 6 or len(card["task_id"]) > 128 or long:
            return 84014, "invalid card"
        return None

    def _show(self, person: str, one: Received) -> int:
        one.n = self._next()
        self.people.setdefault(person, []).append(one)
        self._changed(person)
        return one.n

    def _changed(self, person: str) -> None:
        for watcher in self.watchers:
            watcher(person)

    def _next(self) -> int:
        self._numbers += 1
        return self._numbers
