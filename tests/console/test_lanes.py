"""A lane's switch on its page: with a reason, for those alone who may, for all to see."""

from __future__ import annotations

from .conftest import Visitors
from .examples.rules import lane
from .world import World


async def test_a_lane_is_switched_off_and_on_again(world: World, visitor: Visitors) -> None:
    path = await lane(world)
    admin, auditor = visitor("admin"), visitor("auditor")
    assert (await auditor.post(path, {"to": "off", "why": "x"}))[0] == 403
    assert 'name="why"' not in (await auditor.get(path))[1]
    status, text, _ = await admin.post(path, {"to": "off"})
    assert status == 422 and "停用这条通道" in text
    assert (await admin.post(path, {"to": "off", "why": "运营商检修"}))[0] == 303
    status, text, _ = await admin.post(path, {"to": "off", "why": "再停一次"})
    assert status == 409 and "再停一次" in text and "已经停用" in text
    assert "已停用" in (await auditor.get("/lanes"))[1] and "运营商检修" in (await auditor.get(path))[1]
    status, text = await admin.get("/lanes?format=csv")
    assert status == 200 and "sms-main" in text and "False" in text
    assert (await admin.post(path, {"to": "on", "why": "检修结束"}))[0] == 303
    assert (await admin.get("/lanes/none"))[0] == 404
