"""The published specification of the Bot API: what it refuses, and that the emulator agrees with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.sandbox.telegram import Emulator
from gateway.sandbox.telegram.spec import METHODS
from tests.bots.conftest import TOKEN
from tests.bots.published import problems, problems_of, specification

_BUTTONS = {"inline_keyboard": [[{"text": "4 分", "callback_data": "a:1"}]]}


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("sendMessage", {"chat_id": "7", "text": "您好"}),
        ("sendMessage", {"chat_id": "7", "text": "86.40"}),
        ("sendMessage", {"chat_id": "7", "text": "请评价", "reply_markup": json.dumps(_BUTTONS)}),
        ("editMessageReplyMarkup", {"chat_id": "7", "message_id": "3"}),
        ("answerCallbackQuery", {"callback_query_id": "12", "text": ""}),
        ("getUpdates", {"offset": "1", "timeout": "25", "allowed_updates": '["message"]'}),
    ],
)
def test_takes_what_is_right(method: str, given: dict[str, Any]) -> None:
    assert problems(method, given) == []


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("sendMesage", {"chat_id": "7", "text": "您好"}),
        ("sendMessage", {"chat": "7", "text": "您好"}),
        ("sendMessage", {"chat_id": "7"}),
        ("sendMessage", {"chat_id": "7", "text": "电" * 4097}),
        ("sendMessage", {"chat_id": "7", "text": "请评价", "reply_markup": '{"inline_keyboards": []}'}),
        ("sendMessage", {"chat_id": "7", "text": "请评价", "reply_markup": '{"inline_keyboard": [{"text": "4"}]}'}),
        ("sendMessage", {"chat_id": "7", "text": "您好", "reply_markup":
            json.dumps({"inline_keyboard": [[{"text": "4 分", "callback_data": "电" * 22}]]})}),
        ("editMessageText", {"chat_id": "7", "message_id": "x", "text": "您好"}),
        ("setMyCommands", {"commands": '[{"command": "menu"}]'}),
        ("answerCallbackQuery", {"text": "ok"}),
    ],
)  # fmt: skip
def test_refuses_what_is_wrong(method: str, given: dict[str, Any]) -> None:
    assert problems(method, given) != []


def test_the_emulator_knows_no_method_and_no_parameter_that_is_not_published() -> None:
    published = specification()["methods"]
    for method, parameters in METHODS.items():
        assert {name.rstrip("!") for name in parameters} <= published[method].keys(), method
        needed = {name.rstrip("!") for name in parameters if name.endswith("!")}
        required = {name for name, one in published[method].items() if one.get("required")}
        # Published as optional for the sake of inline messages and rich ones, which nobody here sends.
        assert required <= needed <= required | {"chat_id", "message_id", "text"}, method


async def test_what_people_do_is_reported_as_published(emulator: Emulator) -> None:
    token = "7000009:reported-bot-token"
    emulator.add(token)
    emulator.say(token, 5, "/start ABC")
    emulator.say(token, 5, "好的", reply_to=1)
    emulator.share(token, 5, "+8613900000000")
    emulator.press_data(token, 5, 1, "m:home")
    emulator.block(token, 5)
    emulator.unblock(token, 5)
    reported = list(emulator.bots[token].updates)
    assert len(reported) == 6
    assert [told for update in reported for told in problems_of("Update", update)] == []
    assert TOKEN not in json.dumps(reported)
