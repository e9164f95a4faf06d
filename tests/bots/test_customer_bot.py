"""The customer bot through the emulated Bot API: every screen and button, in both languages."""

from __future__ import annotations

import pytest

from tests.bots.conftest import World


async def test_begins_binds_and_shows_what_is_known(world: World) -> None:
    number = world.number()
    account = await world.account(number, owes="86.40")
    chat = world.chat()
    await chat.bind(number)
    await chat.press("🏠 我的户号", until=f"户号尾号{account[-4:]}")
    shown = await chat.sees("王*")
    assert "王强" not in shown.text
    assert account not in shown.text
    await chat.press("⬅️ 返回", until="请选择")
    await chat.press("💰 电费", until="86.40元")


async def test_a_survey_answered_by_a_button_is_the_rating_that_an_sms_gives(world: World) -> None:
    number = world.number()
    account = await world.account(number)
    order = await world.closed_order(number, account)
    chat = world.chat()
    await chat.bind(number)
    await world.notice(
        "survey", {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"},
        channels=["telegram", "sms"],
    )  # fmt: skip
    asked = await chat.sees("请评价")
    assert asked.labels == ["1 分", "2 分", "3 分", "4 分", "5 分", "问题没解决"]
    assert await chat.press("4 分") == "收到，谢谢！"
    assert "✓ 您的回答：4 分" in (await chat.sees("请评价")).text
    assert (await chat.sees("请评价")).labels == []
    row = await world.row(
        """SELECT e.score, e.channel, i.event_ref FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
           WHERE i.event_ref = $1""",
        order,
    )
    assert (row["score"], row["channel"]) == (4, "telegram")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
async def test_the_menu_has_every_screen(world: World, language: str) -> None:
    number = world.number()
    await world.account(number)
    chat = world.chat(language=language)
    await chat.bind(number)
    menu = (await chat.sees("请选择" if language != "en" else "What can we do")).labels
    assert len(menu) == 11
    for label in menu[:6]:
        await chat.press(label)
        await chat.press("⬅️ 返回" if language != "en" else "⬅️ Back", until=None)
