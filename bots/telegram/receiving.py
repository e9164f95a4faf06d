"""How updates come in: by webhook, whose secret is checked before anything else, or by polling on one node."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bots.channel import NoAnswer, NotConnected
from bots.platform import Answered
from bots.telegram.api import BotApi
from bots.telegram.talking import update_no
from bots.updates import Updates
from gateway.kernel.cancelling import unless_cancelled
from gateway.kernel.database import AWAY
from gateway.kernel.errors import Unavailable
from gateway.kernel.logs import logger

log = logger(__name__)

HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
#: What the bots want to hear of.
ALLOWED: Final = ("message", "callback_query", "my_chat_member")
_POLL_SECONDS: Final = 25
_PAUSE: Final = 2.0
_PASSING: Final[tuple[type[Exception], ...]] = (NotConnected, NoAnswer, Unavailable, *AWAY)


def secret_for(key: str, token: str) -> str:
    """The secret of a bot's webhook: nobody has to keep it, and another token has another."""
    return hmac.new(key.encode(), f"telegram webhook {token}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One bot's address. `unreadable` keeps what is no update for a person."""

    path: str
    carrier: str
    secret: str
    updates: Updates
    unreadable: Callable[[bytes], Awaitable[None]]
    methods: Sequence[str] = ("POST",)

    async def answer(
        self, *, method: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answered:
        """Check the secret, store the update, answer once it is committed. Nothing is said in the answer."""
        given = headers.get(HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self.secret.encode()):
            return Answered(status=403, outcome="forged")
        try:
            number, chat = update_no(body)
        except (ValueError, RecursionError):
            await self.unreadable(body)
            return Answered(outcome="unreadable")
        await self.updates.put(number, chat, body)
        return Answered()


async def set_webhook(api: BotApi, url: str, secret: str, also: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Tell Telegram where to report, and what else it is to know (`also`: calls); until it has taken it."""
    told: list[tuple[str, Mapping[str, Any]]] = [
        ("setWebhook", {"url": url, "secret_token": secret, "allowed_updates": list(ALLOWED), "max_connections": 40}),
        *also,
    ]
    await _tell(api, told)
    await asyncio.Event().wait()


async def poll(
    api: BotApi,
    updates: Updates,
    unreadable: Callable[[bytes], Awaitable[None]],
    also: Sequence[tuple[str, Mapping[str, Any]]] = (),
) -> None:
    """Fetch updates until cancelled. One is fetched again until it is stored; one that is none holds up no other."""
    await _tell(api, [("deleteWebhook", {}), *also])
    offset = 0
    while True:
        try:
            reply = await api.call(
                "getUpdates",
                {"offset": offset, "timeout": _POLL_SECONDS, "allowed_updates": list(ALLOWED)},
                within=_POLL_SECONDS + 10,
            )
            if not reply.ok or not isinstance(reply.result, list):
                await asyncio.sleep(reply.retry_after or _PAUSE)
                continue
            for update in reply.result:
                body = json.dumps(update, ensure_ascii=False).encode("utf-8", "surrogatepass")
                try:
                    number, chat = update_no(body)
                except ValueError:
                    await unreadable(body)
                else:
                    await updates.put(number, chat, body)
                    offset = max(offset, int(number) + 1)
        except _PASSING as error:
            unless_cancelled()
            log.warning("polling put off", error=type(error).__name__)
            await asyncio.sleep(_PAUSE)


async def _tell(api: BotApi, calls: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    for method, params in calls:
        wait = _PAUSE
        while True:
            try:
                reply = await api.call(method, params)
            except (NotConnected, NoAnswer) as error:
                why = str(error)
            else:
                if reply.ok:
                    break
                why = reply.description
                wait = max(wait, reply.retry_after or 0)
            log.warning("Telegram was not told", method=method, why=why)
            await asyncio.sleep(wait)
            wait = min(60.0, wait * 2)
