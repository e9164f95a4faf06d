"""Every button that can be reached from the menus is pressed, in both languages, as a curious person would."""

from __future__ import annotations

import re

import pytest

from tests.bots.conftest import Chat, World

from .test_staff_bot import signed_in

_HAN = re.compile("[\u4e00-\u9fff]")
_FIGURES = re.compile(r"\d+")
#: They would end the walk or change its language, and have tests of their own.
_LAST = ("🌐", "🔓")
_MOST = 150


async def every_button(chat: Chat) -> set[tuple[str, str]]:
    """Press whatever was not pressed yet, screen by screen, and begin anew at the menu; what was pressed."""
    pressed: set[tuple[str, str]] = set()
    fruitless = 0
    for _ in range(_MOST):
        screen = next((one for one in reversed(chat.shown) if one.from_bot), None)
        name = "" if screen is None else _FIGURES.sub("#", screen.text.split("\n")[0])
        labels = [] if screen is None else screen.labels
        fresh = [one for one in labels if (name, _FIGURES.sub("#", one)) not in pressed and not one.startswith(_LAST)]
        if not fresh:
            fruitless += 1
            if fruitless > 2:
                return pressed
            await chat.say("/menu")
            await chat.settled()
            continue
        fruitless = 0
        pressed.add((name, _FIGURES.sub("#", fresh[0])))
        await chat.press(fresh[0])
    raise AssertionError(f"there is no end of buttons: {sorted(pressed)}")


def hold(chat: Chat, language: str) -> None:
    """Nothing failed, and what the buttons say is of the language that was chosen."""
    failed = ("抱歉，刚才", "Sorry, that failed", "没有办成", "That did not work", "已失效", "no longer valid")
    said = [*chat.texts, *chat.heard]
    assert not [text for text in said if any(words in text for words in failed)]
    labels = [label for one in chat.shown for label in one.labels if not label.startswith("🌐")]
    words = [label for label in labels if any(char.isalpha() for char in label)]
    if language == "en":
        assert not [label for label in words if _HAN.search(label)]
    else:
        assert not [label for label in words if re.search(r"[A-Za-z]{4}", label)]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
async def test_customers_find_an_answer_behind_every_button(world: World, language: str) -> None:
    number = world.number()
    await world.account(number, owes="86.40")
    chat = world.chat(language=language)
    await chat.bind(number)
    pressed = await every_button(chat)
    menu = {label for name, label in pressed if name.startswith(("请选择", "What can we do"))}
    assert len(menu) >= 9, sorted(pressed)
    assert len(pressed) > 15, sorted(pressed)
    hold(chat, language)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
async def test_staff_find_an_answer_behind_every_button(world: World, language: str) -> None:
    staff = await signed_in(world, "admin", language=language)
    pressed = await every_button(staff.chat)
    menu = {label for name, label in pressed if name.startswith(("请选择", "What would you like"))}
    assert len(menu) >= 9, sorted(pressed)
    hold(staff.chat, language)
