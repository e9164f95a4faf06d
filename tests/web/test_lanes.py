"""Lanes over HTTP: seen, switched off and on again, with who and why."""

from __future__ import annotations

from sqlalchemy import text

from gateway.outbox.lanes import LaneSpec, enabled, ensure
from tests.web.conftest import House

SPEC = LaneSpec(name="sms-main", channel="sms", carrier="twilio", sender="95598", rate=50, concurrency=20)


async def test_a_lane_is_switched_off_and_on_with_a_reason(house: House) -> None:
    async with house.database.work() as work:
        await ensure(work, SPEC)
        await work.commit()
    (lane,) = (await house.call("GET", "/lanes"))["items"]
    assert (lane["name"], lane["enabled"], lane["rate"], lane["breakers"]) == ("sms-main", True, 50, [])
    off = {"enabled": False, "why": "运营商检修"}
    assert (await house.call("PATCH", "/lanes/sms-main", json=off))["enabled"] is False
    await house.call("PATCH", "/lanes/sms-main", json=off, expect=409)
    await house.call("PATCH", "/lanes/sms-main", json={"enabled": True, "why": " "}, expect=422)
    await house.call("PATCH", "/lanes/none", json=off, expect=404)
    async with house.database.work() as work:
        assert await enabled(work) == []
        # A node that starts again writes its settings down, and leaves the switch as it was.
        await ensure(work, SPEC)
        assert await enabled(work) == []
        await work.commit()
    on = await house.call("PATCH", "/lanes/sms-main", json={"enabled": True, "why": "检修结束"})
    assert on["enabled"] is True
    async with house.database.session() as session:
        found = await session.execute(
            text("SELECT actor, action, after->>'why' FROM audit_entry WHERE subject = 'lane:sms-main' ORDER BY id")
        )
        assert [tuple(row) for row in found] == [
            ("key:bootstrap", "lane.switched_off", "运营商检修"),
            ("key:bootstrap", "lane.switched_on", "检修结束"),
        ]
