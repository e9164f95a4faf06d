"""The methods of the Bot API that the gateway may call, with their parameters as Telegram publishes them.

https://core.telegram.org/bots/api. A call that names another method or parameter, leaves out one that is needed, or
gives a value that does not fit is refused as Telegram refuses it. Values come as form fields (objects then as JSON)
or as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

#: Turns a value as it came into what it means; raises ValueError in Telegram's words.
Reader = Callable[[Any], Any]


class Wrong(ValueError):
    """A call that Telegram would not take; the text is its description."""


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,19}", str(value)):
        raise Wrong("must be an integer")
    return int(value)


def _boolean(value: Any) -> bool:
    if str(value).lower() not in ("true", "false", "1", "0"):
        raise Wrong("must be true or false")
    return str(value).lower() in ("true", "1")


def _object(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise Wrong("can't parse JSON object") from error


def _text(least: int, most: int) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong("must be a string")
        units = len(value.encode("utf-16-le", "surrogatepass")) // 2
        if units < least or (least and not value.strip()):
            raise Wrong("message text is empty")
        if units > most:
            raise Wrong("message is too long")
        return value

    return read


def _word(*words: str) -> Reader:
    def read(value: Any) -> str:
        if value not in words:
            raise Wrong(f"must be one of {', '.join(words)}")
        return str(value)

    return read


def _pattern(pattern: str) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
            raise Wrong("has characters that are not allowed")
        return value

    return read


def _inline(value: Any) -> list[list[dict[str, Any]]]:
    """InlineKeyboardMarkup: rows of buttons, each with a text and exactly one thing that it does."""
    if (
        not isinstance(value, dict)
        or set(value) != {"inline_keyboard"}
        or not isinstance(value["inline_keyboard"], list)
    ):
        raise Wrong("object expected as reply markup")
    for row in value["inline_keyboard"]:
        if not isinstance(row, list) or not 0 < len(row) <= 8:
            raise Wrong("a row of the keyboard has one to eight buttons")
        for button in row:
            _inline_button(button)
    if sum(len(row) for row in value["inline_keyboard"]) > 100:
        raise Wrong("reply markup is too long")
    keyboard: list[list[dict[str, Any]]] = value["inline_keyboard"]
    return keyboard


def _inline_button(button: Any) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"]:
        raise Wrong("text buttons are required")
    does = set(button) - {"text"}
    if does == {"callback_data"}:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= 64:
            raise Wrong("BUTTON_DATA_INVALID")
    elif does == {"url"}:
        if not str(button["url"]).startswith(("https://", "http://", "tg://")):
            raise Wrong("BUTTON_URL_INVALID")
    else:
        raise Wrong("a button does exactly one thing")


def _markup(value: Any) -> Any:
    """Any of the reply markups that the gateway uses."""
    found = _object(value)
    if not isinstance(found, dict):
        raise Wrong("object expected as reply markup")
    if "inline_keyboard" in found:
        return {"inline_keyboard": _inline(found)}
    if "remove_keyboard" in found:
        if found["remove_keyboard"] is not True or set(found) - {"remove_keyboard", "selective"}:
            raise Wrong("remove_keyboard must be True")
        return found
    if "keyboard" in found:
        known = {"keyboard", "is_persistent", "resize_keyboard", "one_time_keyboard", "input_field_placeholder"}
        if set(found) - known - {"selective"}:
            raise Wrong("unknown field of the keyboard")
        for row in found["keyboard"]:
            for button in row:
                if set(button) - {"text", "request_contact"} or not button.get("text"):
                    raise Wrong("text buttons are required")
        return found
    raise Wrong("object expected as reply markup")


def _commands(value: Any) -> Any:
    found = _object(value)
    if not isinstance(found, list) or len(found) > 100:
        raise Wrong("commands must be a list of 100 at most")
    for one in found:
        if not isinstance(one, dict) or set(one) != {"command", "description"}:
            raise Wrong("a command has a name and a description")
        if not re.fullmatch(r"[a-z0-9_]{1,32}", one["command"]) or not 1 <= len(one["description"]) <= 256:
            raise Wrong("BOT_COMMAND_INVALID")
    return found


def _words(value: Any) -> Any:
    found = _object(value)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Wrong("must be a list of strings")
    return found


_MESSAGE: Final[Mapping[str, Reader]] = {
    "parse_mode": _word("HTML", "MarkdownV2", "Markdown"),
    "link_preview_options": _object,
}
#: Method → parameter → how it is read; a name that ends in `!` must be given.
METHODS: Final[Mapping[str, Mapping[str, Reader]]] = {
    "getMe": {},
    "getUpdates": {"offset": _integer, "limit": _integer, "timeout": _integer, "allowed_updates": _words},
    "setWebhook": {
        "url!": _pattern(r"https?://\S+|"),
        "ip_address": _text(0, 64),
        "max_connections": _integer,
        "allowed_updates": _words,
        "drop_pending_updates": _boolean,
        "secret_token": _pattern(r"[A-Za-z0-9_-]{1,256}"),
    },
    "deleteWebhook": {"drop_pending_updates": _boolean},
    "getWebhookInfo": {},
    "sendMessage": {
        "chat_id!": _integer,
        "text!": _text(1, 4096),
        "disable_notification": _boolean,
        "protect_content": _boolean,
        "reply_parameters": _object,
        "reply_markup": _markup,
        **_MESSAGE,
    },
    "editMessageText": {
        "chat_id!": _integer,
        "message_id!": _integer,
        "text!": _text(1, 4096),
        "reply_markup": _markup,
        **_MESSAGE,
    },
    "editMessageReplyMarkup": {"chat_id!": _integer, "message_id!": _integer, "reply_markup": _markup},
    "deleteMessage": {"chat_id!": _integer, "message_id!": _integer},
    "answerCallbackQuery": {
        "callback_query_id!": _text(1, 64),
        "text": _text(0, 200),
        "show_alert": _boolean,
        "cache_time": _integer,
    },
    "setMyCommands": {"commands!": _commands, "scope": _object, "language_code": _text(0, 2)},
}


def check(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a call, read. Raises Wrong, in the words that Telegram would use or nearly so."""
    known = METHODS.get(method)
    if known is None:
        raise Wrong(f"unknown method {method}")
    readers = {name.rstrip("!"): reader for name, reader in known.items()}
    for name in given:
        if name not in readers:
            raise Wrong(f"unknown parameter {name} of {method}")
    for name in known:
        if name.endswith("!") and name[:-1] not in given:
            raise Wrong("message text is empty" if name == "text!" else f"parameter {name[:-1]} is required")
    return {name: readers[name](value) for name, value in given.items()}
