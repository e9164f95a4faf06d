"""Telegram's published specification of the Bot API, as data: what every call and every update is held against.

`bot_api.json` is the part of it that the gateway uses, reduced from the machine-readable form that aiogram's source
distribution carries (`.butcher/schema/schema.json`). It is independent of the gateway's own idea of the API
(`gateway/sandbox/telegram/spec.py`) and of aiogram's Python classes. Made by

    python -m tests.bots.published aiogram-3.31.0.tar.gz
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).with_name("bot_api.json")
_METHODS: Final = (
    "getMe", "getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo", "sendMessage", "editMessageText",
    "editMessageReplyMarkup", "deleteMessage", "answerCallbackQuery", "setMyCommands",
)  # fmt: skip
#: Types that are kept whole; values of any other are not looked into.
_TYPES: Final = (
    "Update", "Message", "InaccessibleMessage", "MaybeInaccessibleMessage", "User", "Chat", "Contact", "MessageEntity",
    "CallbackQuery", "ChatMemberUpdated", "ChatMember", "ChatMemberMember", "ChatMemberBanned", "ChatMemberLeft",
    "InlineKeyboardMarkup", "InlineKeyboardButton", "ReplyKeyboardMarkup", "KeyboardButton", "ReplyKeyboardRemove",
    "ForceReply", "ReplyParameters", "BotCommand", "WebhookInfo",
)  # fmt: skip


@cache
def specification() -> dict[str, Any]:
    """What is kept of the specification: `methods` and `types` with their fields, and where it is from."""
    kept: dict[str, Any] = json.loads(_FILE.read_text())
    return kept


def problems(method: str, given: Mapping[str, Any]) -> list[str]:
    """What the specification holds against a call, its parameters as they came over the wire (forms or JSON)."""
    published = specification()["methods"].get(method)
    if published is None:
        return [f"{method} is no method"]
    return list(_of_fields(method, published, {name: _read(value) for name, value in given.items()}))


def problems_of(type_: str, value: Any) -> list[str]:
    """What the specification holds against a value of a type, such as an `Update`."""
    return list(_of_type(type_, type_, value))


def _read(value: Any) -> Any:
    """A form's field holds objects, numbers and truth as JSON; what is no JSON is text."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return _Either(value, found)


class _Either:
    """A form's field that may be meant as text or as JSON."""

    def __init__(self, text: str, data: Any) -> None:
        self.text, self.data = text, data


def _of_fields(where: str, fields: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    for name in given.keys() - fields.keys():
        yield f"{where}: {name} is not published"
    for name, field in fields.items():
        if name in given:
            yield from _of_type(f"{where}.{name}", field["type"], given[name])
            yield from _of_size(f"{where}.{name}", field, given[name])
        elif field.get("required"):
            yield f"{where}: {name} is required"


def _of_size(where: str, field: Mapping[str, Any], value: Any) -> Iterator[str]:
    text = value.text if isinstance(value, _Either) else value
    if "size" not in field or not isinstance(text, str):
        return
    least, most, unit = field["size"]
    size = len(text.encode()) if unit == "bytes" else len(text.encode("utf-16-le", "surrogatepass")) // 2
    if not least <= size <= most:
        yield f"{where}: {size} {unit}, {least}-{most} allowed"


def _of_type(where: str, type_: str, value: Any) -> Iterator[str]:
    if " or " in type_ and not type_.startswith("Array of"):
        tried = [list(_of_type(where, one, value)) for one in re.split(r" or |, ", type_)]
        yield from min(tried, key=len)
        return
    if isinstance(value, _Either):
        value = value.text if type_ == "String" else value.data
    if type_.startswith("Array of "):
        if not isinstance(value, list):
            yield f"{where}: an array is expected"
            return
        for place, one in enumerate(value):
            yield from _of_type(f"{where}[{place}]", type_.removeprefix("Array of "), one)
        return
    plain = {"String": str, "Integer": int, "Boolean": bool, "True": bool, "Float": (int, float)}.get(type_)
    if plain is not None:
        if not isinstance(value, plain) or (isinstance(value, bool) and plain is not bool):
            yield f"{where}: {type_} is expected, not {value!r}"
        elif type_ == "True" and value is not True:
            yield f"{where}: it can only be true"
        return
    known = specification()["types"].get(type_)
    if known is None:
        return
    if "one_of" in known:
        tried = [list(_of_type(where, one, value)) for one in known["one_of"] if one in specification()["types"]]
        yield from min(tried, key=len)
    elif not isinstance(value, dict):
        yield f"{where}: {type_} is expected, not {value!r}"
    else:
        yield from _of_fields(f"{where}({type_})", known["fields"], value)


def _reduced(schema: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The part of the whole specification that is kept, without its prose."""
    items = {child["name"]: child for group in schema["items"] for child in group.get("children", ())}
    types: dict[str, Any] = {}
    for name in _TYPES:
        item = items[name]
        of = re.findall(r"^ - (\w+)$", item["description"], re.MULTILINE)
        types[name] = {"one_of": of} if of and not item["annotations"] else {"fields": _fields(item)}
    return {
        "of": "Telegram Bot API, https://core.telegram.org/bots/api",
        "version": schema["api"]["version"],
        "published": schema["api"]["release_date"],
        "from": f"{source} on PyPI, .butcher/schema/schema.json",
        "licence": "MIT, Copyright (c) 2017 - present Alex Root Junior",
        "methods": {name: _fields(items[name]) for name in _METHODS},
        "types": types,
    }


def _fields(item: Mapping[str, Any]) -> dict[str, Any]:
    fields = {}
    for one in item["annotations"]:
        field = fields[one["name"]] = {"type": one["type"]}
        if one["required"]:
            field["required"] = True
        if size := re.search(r"\b(\d+)-(\d+) (characters|bytes)", one["description"]):
            field["size"] = [int(size[1]), int(size[2]), size[3]]
    return fields


def main(archive: Path) -> None:
    """Make `bot_api.json` anew from aiogram's source distribution."""
    with tarfile.open(archive) as whole:
        name = next(one for one in whole.getnames() if one.endswith(".butcher/schema/schema.json"))
        member = whole.extractfile(name)
        assert member is not None
        schema = json.load(member)
    reduced = _reduced(schema, archive.name)
    lines = json.dumps(reduced, ensure_ascii=False, indent=1)
    # A field a line: the file is read in reviews.
    _FILE.write_text(re.sub(r"\{\s*(\"type\"[^{}]*?)\s*\}", lambda f: "{" + " ".join(f[1].split()) + "}", lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
