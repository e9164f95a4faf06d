"""A third platform lives in the house like the first two, with nothing of it changed but a line."""

from __future__ import annotations

import re
from typing import Any

import aiohttp

from tests.bots.conftest import ThirdServer, World, eventually


async def post(world: World, body: dict[str, Any], secret: str = "third-secret") -> int:
    url = f"{world.house.settings.base_url}/webhooks/third"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers={"X-Secret": secret}) as answer,
    ):
        return answer.status


async def test_binds_is_told_falls_back_and_is_heard(world: World, third_server: ThirdServer) -> None:
    number = world.number()
    account = await world.account(number, owes="86.40")
    who = f"lihua{next(world.numbers)}"

    async def hears(words: str) -> None:
        await eventually(lambda: any(one["to"] == who and words in one["text"] for one in third_server.sent))

    assert await post(world, {"no": 1, "from": who, "text": "你好"}, secret="guessed") == 403
    assert await post(world, {"no": 1, "from": who, "text": number}) == 200
    await hears("6位数字")
    sms = await world.row("SELECT body FROM message WHERE to_address = $1 AND template = 'verification_chat'", number)
    code = re.findall(r"\d{6}", sms["body"])[0]
    assert await post(world, {"no": 2, "from": who, "text": code}) == 200
    await hears("86.40元")
    order = await world.closed_order(number, account)
    await world.notice(
        "survey", {"closed_from": "2025-11-04T00:00:00+08:00", "closed_to": "2025-11-05T00:00:00+08:00"},
        channels=["third", "sms"],
    )  # fmt: skip
    await hears("请评价")
    assert await post(world, {"no": 3, "from": who, "text": "4"}) == 200
    row = await world.row(
        """SELECT e.score, e.channel FROM evaluation e JOIN invitation i ON i.id = e.invitation_id
           WHERE i.event_ref = $1""",
        order,
    )
    assert tuple(row.values()) == (4, "third")
    third_server.says = 410
    values = {"area": "城东台区", "restored_at": "2025-11-04T09:30:00+08:00"}
    async with world.database.work() as work:
        await work.execute(
            """UPDATE chat SET wants = '{outage}' WHERE contact_point_id = (
                 SELECT id FROM contact_point WHERE address = $1)""",
            who,
        )
        await work.commit()
    told = await world.send("restoration", account, values)
    gone = await world.row("SELECT replaced_by FROM message WHERE id = $1 AND replaced_by IS NOT NULL", told)
    assert (await world.row("SELECT channel FROM message WHERE id = $1", gone["replaced_by"]))["channel"] == "sms"
    third_server.says = 200
