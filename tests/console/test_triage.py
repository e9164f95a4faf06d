"""Triage: one key a decision, taken back with another."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.kernel.ids import new_id
from gateway.web.console.triage import keys

from .conftest import Seats, Visitors
from .world import World


async def say(world: World, text: str, at: int) -> None:
    """A customer of the first district says something that waits for a person."""
    number = (await world.numbers(world.accounts["东湖区"][7 + at]))[0]
    async with world.database.work() as work:
        await work.execute(
            """INSERT INTO inbound (id, channel, carrier_id, sender, text, received_at, state, reading, choices)
               VALUES ($1, 'sms', $2, $3, $4, $5, 'triage', $6::jsonb, $7::jsonb)""",
            new_id(world.clock.now()),
            f"SM{at}{text}",
            number,
            text,
            world.clock.now(),
            '{"intents": ["unclear"], "score": null, "urgent": false, "abstain": true, "because": ["odd"]}',
            '[{"key": "1", "intents": ["thanks"], "score": null, "words": "thanks"}]',
        )
        await work.commit()


async def states(world: World) -> dict[str, str]:
    async with world.database.connection() as connection:
        rows = await connection.fetch("SELECT text, state FROM inbound")
    return {row["text"]: row["state"] for row in rows}


def test_every_reply_has_its_keys_and_nothing_to_do_is_always_the_ninth() -> None:
    choices: list[dict[str, Any]] = [{"key": "1", "intents": ["complaint"], "score": None}]
    found = keys(choices)
    assert [key.key for key in found] == [*range(1, len(found)), 9]
    assert len({key.intents for key in found}) == len(found)
    assert found[-1].name == "nothing"


@pytest.mark.browser
async def test_replies_are_decided_by_keys(world: World, visitor: Visitors, seat: Seats) -> None:
    said = ("谢谢师傅", "收到了哈", "这是啥")
    for at, text in enumerate(said):
        await say(world, text, at)
    admin = await seat("archive_admin")
    page = admin.page
    await admin.go("/triage")
    assert await page.locator(".reply").count() == 3
    await page.keyboard.press("9")
    await page.locator(".reply[hidden]").wait_for(state="attached")
    await page.keyboard.press("u")
    assert await page.locator(".reply[hidden]").count() == 0
    await page.keyboard.press("j")
    assert "收到了哈" in await page.locator(".reply.current").inner_text()
    await page.keyboard.press("9")
    await page.keyboard.press("1")
    assert await page.locator(".reply[hidden]").count() == 2
    # Leaving sends what is held, and only that.
    await page.goto(f"{world.url}/console/me")
    for _ in range(100):
        found = await states(world)
        left = [text for text in said if found[text] == "triage"]
        if len(left) == 1:
            break
        await page.wait_for_timeout(50)
    assert left == ["这是啥"]
    assert admin.problems == []


async def test_the_other_district_does_not_see_them(world: World, visitor: Visitors) -> None:
    await say(world, "我们村没电", 3)
    status, text = await visitor("elsewhere").get("/triage")
    assert status == 200 and "我们村没电" not in text
    async with world.database.connection() as connection:
        reply = await connection.fetchval("SELECT id FROM inbound WHERE text = '我们村没电'")
    assert (await visitor("elsewhere").post(f"/triage/{reply}", {"nothing": "true"}))[0] == 404
    status, text, _ = await visitor("archive_admin").post(f"/triage/{reply}", {})
    assert status == 422
    assert (await visitor("archive_admin").post(f"/triage/{reply}", {"nothing": "true"}))[0] == 303
    assert (await visitor("archive_admin").post(f"/triage/{reply}", {"nothing": "true"}))[0] == 409
