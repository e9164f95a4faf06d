"""From an update to what is shown: aiogram's dispatcher between our store and the Bot API.

Handlers get a `Talk` and answer with calls (aiogram's method objects), which are made after the commit. None of
them calls the Bot API itself, and none answers within the webhook.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Final

from aiogram import Bot, Dispatcher, Router
from aiogram.methods import TelegramMethod
from aiogram.types import CallbackQuery, TelegramObject
from aiogram.types import Update as TelegramUpdate
from pydantic import ValidationError

from bots.channel import NoAnswer, NotConnected
from bots.pace import Pace
from bots.storage import PostgresStorage
from bots.telegram.api import BotApi
from bots.telegram.channel import SCREENS
from bots.updates import Call, Update
from gateway.kernel.logs import logger

log = logger(__name__)

#: What a handler answers with: calls of the Bot API, in their order.
Said = Sequence[TelegramMethod[Any]]
#: Refusals of the Bot API that mean: there is nothing left to show.
_NOTHING_TO_DO: Final = ("message is not modified", "message to edit not found", "query is too old", "not found")


def as_call(method: TelegramMethod[Any]) -> Call:
    """A method object as it is kept: its name and the parameters that were given."""
    params = method.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return {"method": method.__api_method__, "params": params}


def parse(body: bytes) -> TelegramUpdate:
    """An update from its bytes. Raises ValueError for what is none."""
    try:
        return TelegramUpdate.model_validate_json(body)
    except ValidationError as error:
        raise ValueError(f"no update: {error.error_count()} faults") from error


def sorry(body: bytes, chat: str, text: str) -> list[Call]:
    """What is said in a chat where an update could not be dealt with; a button that was pressed waits no more."""
    calls: list[Call] = [{"method": "sendMessage", "params": {"chat_id": int(chat), "text": text}}]
    with suppress(ValueError):
        query = parse(body).callback_query
        if query is not None:
            calls.insert(0, {"method": "answerCallbackQuery", "params": {"callback_query_id": query.id}})
    return calls


_STORAGE: Final = PostgresStorage()
#: Buttons that leave the question as it is: the other language, and cells of a calendar that cannot be chosen.
_LEAVE_IT: Final = ("m:language", "-")


async def _ends_question(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
) -> Any:
    """Whoever presses a button does not answer in words what was asked before: what he writes next is about that."""
    assert isinstance(event, CallbackQuery)
    if data.get("raw_state") is not None and event.data not in _LEAVE_IT:
        await data["state"].set_state(None)
    return await handler(event, data)


@cache
def _dispatcher(routers: tuple[Router, ...]) -> Dispatcher:
    """The dispatcher of some routers. It holds nothing of a node, and a router can be in one only."""
    dispatcher = Dispatcher(storage=_STORAGE)
    dispatcher.callback_query.outer_middleware(_ends_question)
    dispatcher.include_routers(*routers)
    return dispatcher


class Talking:
    """One bot's dispatcher."""

    def __init__(self, api: BotApi, routers: Sequence[Router]) -> None:
        self._bot = Bot(api.token)
        self._dispatcher = _dispatcher(tuple(routers))

    async def feed(self, connection: Any, update: TelegramUpdate, **context: Any) -> list[Call]:
        """Let the handlers deal with an update in the connection's transaction; what is to be shown.

        `context` is what they are given, by the names of their arguments.
        """
        with _STORAGE.in_transaction(connection):
            said = await self._dispatcher.feed_update(self._bot, update, **context)
        if not isinstance(said, list | tuple):
            return []
        return [as_call(method) for method in said]


class Showing:
    """Makes calls at the pace that Telegram allows, over all nodes and together with what the outbox sends."""

    def __init__(self, api: BotApi, pace: Pace) -> None:
        self._api = api
        self._pace = pace

    async def show(self, call: Call) -> None:
        """Make a call until Telegram takes or refuses it. A message that may have been sent is not sent again.

        Edits and short words above a screen come to the same however often they are made.
        """
        method, params = str(call["method"]), call["params"]
        for _ in range(5):
            if method == "sendMessage":
                await self._pace.turn(str(params["chat_id"]), SCREENS)
            try:
                reply = await self._api.call(method, params)
            except NotConnected:
                await asyncio.sleep(1)
                continue
            except NoAnswer as error:
                if method == "sendMessage":
                    log.warning("whether something was said is unknown", why=str(error))
                    return
                await asyncio.sleep(1)
                continue
            if reply.ok or any(words in reply.description for words in _NOTHING_TO_DO):
                return
            if reply.retry_after is not None:
                await asyncio.sleep(min(reply.retry_after, 30))
                continue
            if reply.status >= 500:
                if method == "sendMessage":
                    log.warning("whether something was said is unknown", status=reply.status)
                    return
                await asyncio.sleep(1)
                continue
            log.warning("a screen was refused", method=method, status=reply.status, why=reply.description)
            return
        raise TimeoutError(f"{method} was not taken")


def update_no(body: bytes) -> tuple[str, str]:
    """The number of an update and the chat it belongs to. Raises ValueError for what cannot be told apart."""
    update = json.loads(body)
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        raise ValueError("an update without a number")
    return str(number), _chat_of(update)


def _chat_of(update: dict[str, Any]) -> str:
    for name, part in update.items():
        if name == "update_id" or not isinstance(part, dict):
            continue
        inner = part.get("message") if name == "callback_query" else part
        chat = inner.get("chat") if isinstance(inner, dict) else None
        if isinstance(chat, dict) and isinstance(chat.get("id"), int):
            return str(chat["id"])
        who = part.get("from")
        if isinstance(who, dict) and isinstance(who.get("id"), int):
            return str(who["id"])
    return ""


__all__ = ["Said", "Showing", "Talking", "Update", "parse", "sorry", "update_no"]
