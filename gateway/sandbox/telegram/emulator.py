"""The server of the emulated Bot API: bots, chats, updates."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from aiohttp import web

from gateway.kernel.logs import logger
from gateway.sandbox.telegram.spec import Wrong, check

log = logger(__name__)

_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
#: Seconds between two tries of a webhook that failed, and how often it is tried.
_AGAIN: Final = 0.2
_TRIES: Final = 20
_MOST_CALLS: Final = 20_000


@dataclass(slots=True, kw_only=True)
class Call:
    """A call of a bot."""

    token: str
    method: str
    params: dict[str, Any]
    #: The parameters as they came over the wire.
    given: dict[str, Any] = field(default_factory=dict)
    ok: bool = True


@dataclass(slots=True, kw_only=True)
class Shown:
    """A message in a chat, as its person sees it now."""

    message_id: int
    text: str
    from_bot: bool
    buttons: list[list[dict[str, Any]]] = field(default_factory=list)
    #: The keyboard beneath the input field, where the message brought one.
    keyboard: list[list[dict[str, Any]]] = field(default_factory=list)
    deleted: bool = False
    at: float = field(default_factory=time.time)

    @property
    def labels(self) -> list[str]:
        """What its buttons say."""
        return [button["text"] for row in self.buttons for button in row]


@dataclass(slots=True, kw_only=True)
class _Bot:
    id: int
    username: str
    webhook: str = ""
    secret: str = ""
    updates: deque[dict[str, Any]] = field(default_factory=deque)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    chats: dict[int, list[Shown]] = field(default_factory=dict)
    #: Chats that blocked the bot or are gone, with what Telegram says of them.
    gone: dict[int, str] = field(default_factory=dict)


class Emulator:
    """Bots by token; `per_chat` and `overall` are messages a second beyond which Telegram answers 429, 0 never.

    Messages and updates are numbered from `first` on: whoever keeps the gateway's database beyond a run of his own
    counts on from run to run, since the gateway takes a number it has seen for a repeat.
    """

    def __init__(self, *tokens: str, per_chat: float = 0, overall: float = 0, first: int = 0) -> None:
        self.bots: dict[str, _Bot] = {}
        for token in tokens:
            self.add(token)
        self.calls: deque[Call] = deque(maxlen=_MOST_CALLS)
        #: How many calls there were, those that are forgotten included.
        self.made = 0
        self.answers: dict[str, str | None] = {}
        #: Answers given instead of the usual one to the next calls of a method.
        self.failures: dict[str, deque[tuple[int, dict[str, Any] | str]]] = {}
        self.per_chat = per_chat
        self.overall = overall
        #: Are told whose chat with which bot has changed.
        self.watchers: set[Callable[[str, int], None]] = set()
        self._sent: deque[tuple[float, int]] = deque(maxlen=10_000)
        self._numbers = first
        self._languages: dict[int, str] = {}
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._posting: set[asyncio.Task[None]] = set()
        self.address = ""

    def add(self, token: str) -> None:
        """Have one more bot."""
        id_ = int(token.partition(":")[0])
        self.bots[token] = _Bot(id=id_, username=f"lamplighter_{id_}_bot")

    def routes(self) -> list[web.RouteDef]:
        """For a server of somebody else's."""
        return [web.post("/bot{token}/{method}", self._serve), web.get("/bot{token}/{method}", self._serve)]

    async def open(self) -> None:
        """Begin to report; for a server of somebody else's."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen; the address, for `TELEGRAM__API_BASE`."""
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        await self.open()
        self.address = f"http://{host}:{self._runner.addresses[0][1]}"
        return self.address

    async def close(self) -> None:
        """Stop reporting and listening."""
        for bot in self.bots.values():
            bot.woken.set()
        for task in list(self._posting):
            task.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # What people do.

    def say(self, token: str, chat: int, text: str, *, reply_to: int | None = None, language: str = "zh-hans") -> int:
        """A person writes to a bot; the number of the update."""
        self._languages[chat] = language
        message = self._message(token, chat, Shown(message_id=self._next(), text=text, from_bot=False))
        if reply_to is not None:
            message["reply_to_message"] = {
                "message_id": reply_to, "date": 0, "chat": message["chat"], "text": "…",
                "from": {"id": self.bots[token].id, "is_bot": True, "first_name": "bot"},
            }  # fmt: skip
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return self.push(token, {"message": message})

    def share(self, token: str, chat: int, phone: str, *, of: int | None = None) -> int:
        """A person shares a contact: his own number, or that of the user `of` (0: of somebody without an account)."""
        message = self._message(token, chat, Shown(message_id=self._next(), text="", from_bot=False))
        del message["text"]
        contact: dict[str, Any] = {"phone_number": phone.lstrip("+"), "first_name": "客户"}
        if of != 0:
            contact["user_id"] = chat if of is None else of
        return self.push(token, {"message": {**message, "contact": contact}})

    def press(self, token: str, chat: int, label: str, *, message_id: int | None = None) -> str:
        """A person presses the button with a label on the newest message that has it; the id of the query."""
        for shown in reversed(self.bots[token].chats.get(chat, [])):
            if message_id is not None and shown.message_id != message_id:
                continue
            for button in (button for row in shown.buttons for button in row):
                if button["text"] == label and not shown.deleted:
                    return self.press_data(token, chat, shown.message_id, button["callback_data"])
        raise AssertionError(f"no button says {label!r}; there are {self.labels(token, chat)}")

    def press_data(self, token: str, chat: int, message_id: int, data: str) -> str:
        """A callback query with any data, as a client of one's own may send it."""
        shown = next((one for one in self.bots[token].chats.get(chat, []) if one.message_id == message_id), None)
        query = str(self._next())
        self.answers[query] = None
        body = {
            "id": query,
            "from": self._user(chat),
            "chat_instance": str(chat),
            "data": data,
            "message": {
                "message_id": message_id, "date": int(time.time()), "chat": {"id": chat, "type": "private"},
                "text": shown.text if shown else "…",
                "from": {"id": self.bots[token].id, "is_bot": True, "first_name": "bot"},
            },
        }  # fmt: skip
        self.push(token, {"callback_query": body})
        return query

    def block(self, token: str, chat: int, *, why: str = "Forbidden: bot was blocked by the user") -> int:
        """A person blocks the bot, which is told so."""
        self.bots[token].gone[chat] = why
        return self._member(token, chat, "member", "kicked")

    def unblock(self, token: str, chat: int) -> int:
        """A person lets the bot write again."""
        self.bots[token].gone.pop(chat, None)
        return self._member(token, chat, "kicked", "member")

    def _member(self, token: str, chat: int, was: str, now: str) -> int:
        bot = {"id": self.bots[token].id, "is_bot": True, "first_name": "bot"}
        kicked = {"status": "kicked", "user": bot, "until_date": 0}
        member = {"status": "member", "user": bot}
        change = {
            "chat": {"id": chat, "type": "private"}, "from": self._user(chat), "date": int(time.time()),
            "old_chat_member": kicked if was == "kicked" else member,
            "new_chat_member": kicked if now == "kicked" else member,
        }  # fmt: skip
        return self.push(token, {"my_chat_member": change})

    def _changed(self, bot: _Bot, chat: int) -> None:
        for token, one in self.bots.items():
            if one is bot:
                for watcher in self.watchers:
                    watcher(token, chat)

    def chat(self, token: str, chat: int) -> list[Shown]:
        """What a chat shows."""
        return [one for one in self.bots[token].chats.get(chat, []) if not one.deleted]

    def last(self, token: str, chat: int) -> Shown:
        """The newest message of the bot in a chat."""
        return [one for one in self.chat(token, chat) if one.from_bot][-1]

    def labels(self, token: str, chat: int) -> list[str]:
        """What the buttons of a chat say, oldest first."""
        return [label for one in self.chat(token, chat) for label in one.labels]

    def fail(self, method: str, status: int, description: str, **parameters: Any) -> None:
        """Answer the next call of a method with an error; a `description` that is no JSON object's is sent bare."""
        body: dict[str, Any] | str = {"ok": False, "error_code": status, "description": description}
        if parameters.get("bare"):
            body = description
        elif parameters:
            body = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
        self.failures.setdefault(method, deque()).append((status, body))

    def push(self, token: str, update: Mapping[str, Any]) -> int:
        """Report something, whatever it is; its number."""
        bot = self.bots[token]
        number = self._next()
        whole = {"update_id": number, **update}
        if bot.webhook:
            task = asyncio.create_task(self._post(bot, whole))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)
        else:
            bot.updates.append(whole)
            bot.woken.set()
        return number

    async def _post(self, bot: _Bot, update: dict[str, Any]) -> None:
        assert self._session is not None
        for _ in range(_TRIES):
            try:
                headers = {_HEADER: bot.secret} if bot.secret else {}
                async with self._session.post(bot.webhook, json=update, headers=headers) as response:
                    said = await response.read()
                    if 200 <= response.status < 300:
                        if said.strip() not in (b"", b"{}"):
                            log.warning("a webhook was answered with a call", body=said[:200])
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(_AGAIN)

    # What bots call.

    async def _serve(self, request: web.Request) -> web.Response:
        token, method = request.match_info["token"], request.match_info["method"]
        bot = self.bots.get(token)
        if bot is None:
            return _error(401, "Unauthorized")
        given = await _given(request)
        call = Call(token=token, method=method, params=dict(given), given=dict(given))
        self.calls.append(call)
        self.made += 1
        if (waiting := self.failures.get(method)) is not None and waiting:
            call.ok = False
            status, body = waiting.popleft()
            if isinstance(body, str):
                return web.Response(status=status, text=body, content_type="text/html")
            return web.json_response(body, status=status)
        try:
            call.params = params = check(method, given)
            result = await self._do(bot, method, params)
        except Wrong as error:
            call.ok = False
            return _error(400, f"Bad Request: {error}")
        except _Denied as error:
            call.ok = False
            return _error(error.status, error.args[0], **error.parameters)
        return web.json_response({"ok": True, "result": result})

    async def _do(self, bot: _Bot, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "getMe":
                return {"id": bot.id, "is_bot": True, "first_name": "Lamplighter", "username": bot.username}
            case "getUpdates":
                return await self._get_updates(bot, params)
            case "setWebhook" | "deleteWebhook":
                bot.webhook, bot.secret = params.get("url", ""), params.get("secret_token", "")
                return True
            case "getWebhookInfo":
                return {"url": bot.webhook, "has_custom_certificate": False, "pending_update_count": len(bot.updates)}
            case "sendMessage":
                return self._send(bot, params)
            case "editMessageText" | "editMessageReplyMarkup":
                return self._edit(bot, params)
            case "deleteMessage":
                self._find(bot, params).deleted = True
            case "answerCallbackQuery":
                if params["callback_query_id"] not in self.answers:
                    raise Wrong("query is too old and response timeout expired or query ID is invalid")
                self.answers[params["callback_query_id"]] = params.get("text", "")
        return True

    async def _get_updates(self, bot: _Bot, params: dict[str, Any]) -> list[dict[str, Any]]:
        if bot.webhook:
            raise _Denied(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = params.get("offset", 0)
        while bot.updates and bot.updates[0]["update_id"] < offset:
            bot.updates.popleft()
        if not bot.updates and params.get("timeout"):
            bot.woken.clear()
            try:
                await asyncio.wait_for(bot.woken.wait(), params["timeout"])
            except TimeoutError:
                return []
        return list(bot.updates)[: params.get("limit", 100)]

    def _send(self, bot: _Bot, params: dict[str, Any]) -> dict[str, Any]:
        chat = params["chat_id"]
        if chat in bot.gone:
            raise _Denied(403, bot.gone[chat])
        if chat not in bot.chats:
            raise Wrong("chat not found")
        self._pace(chat)
        shown = Shown(message_id=self._next(), text=params["text"], from_bot=True)
        markup = params.get("reply_markup") or {}
        shown.buttons = markup.get("inline_keyboard", [])
        shown.keyboard = markup.get("keyboard", [])
        bot.chats[chat].append(shown)
        self._changed(bot, chat)
        return _as_message(shown, chat)

    def _edit(self, bot: _Bot, params: dict[str, Any]) -> dict[str, Any]:
        shown = self._find(bot, params)
        text = params.get("text", shown.text)
        buttons = (params.get("reply_markup") or {}).get("inline_keyboard", [])
        if (text, buttons) == (shown.text, shown.buttons):
            raise Wrong(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        shown.text, shown.buttons = text, buttons
        self._changed(bot, params["chat_id"])
        return _as_message(shown, params["chat_id"])

    def _find(self, bot: _Bot, params: dict[str, Any]) -> Shown:
        for shown in bot.chats.get(params["chat_id"], []):
            if shown.message_id == params["message_id"] and not shown.deleted:
                if not shown.from_bot:
                    raise Wrong("message can't be edited")
                return shown
        raise Wrong("message to edit not found")

    def _pace(self, chat: int) -> None:
        now = time.monotonic()
        recent = [one for at, one in self._sent if now - at < 1]
        if (self.per_chat and recent.count(chat) >= self.per_chat) or (self.overall and len(recent) >= self.overall):
            raise _Denied(429, "Too Many Requests: retry after 1", retry_after=1)
        self._sent.append((now, chat))

    def _message(self, token: str, chat: int, shown: Shown) -> dict[str, Any]:
        self.bots[token].chats.setdefault(chat, []).append(shown)
        self._changed(self.bots[token], chat)
        return {**_as_message(shown, chat), "from": self._user(chat)}

    def _user(self, chat: int) -> dict[str, Any]:
        language = self._languages.get(chat, "zh-hans")
        return {"id": chat, "is_bot": False, "first_name": "客户", "language_code": language}

    def _next(self) -> int:
        self._numbers += 1
        return self._numbers


class _Denied(Exception):
    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.parameters = parameters


def _as_message(shown: Shown, chat: int) -> dict[str, Any]:
    return {
        "message_id": shown.message_id,
        "date": int(time.time()),
        "chat": {"id": chat, "type": "private"},
        "text": shown.text,
    }


def _error(status: int, description: str, **parameters: Any) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    headers = {"Retry-After": str(parameters["retry_after"])} if "retry_after" in parameters else None
    return web.json_response(body, status=status, headers=headers)


async def _given(request: web.Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        given |= json.loads(await request.text() or "{}")
    elif request.body_exists:
        given |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return given
