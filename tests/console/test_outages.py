"""Outages on pages: written down, changed, restored, and many at once."""

from __future__ import annotations

from gateway.notices.outages import reading
from gateway.notices.outages.storms import storm

from .conftest import Visitors
from .world import World


async def test_an_outage_is_written_down_told_changed_and_ended(world: World, visitor: Visitors) -> None:
    admin, account = visitor("archive_admin"), world.accounts["东湖区"][7]
    form = {
        "kind": "fault", "outage_id": "FO-PAGE", "accounts": account, "starts_at": "2025-04-01T09:10",
        "reason": "雷击", "notify": "yes",
    }  # fmt: skip
    status, text, to = await admin.post("/outages", {**form, "starts_at": "2025-04-03T09:10"})
    assert status == 422 and "故障不能晚于现在开始" in text and "雷击" in text, text
    status, text, _ = await admin.post("/outages", {**form, "accounts": "99999"})
    assert status == 422 and "没有这个户号：99999" in text
    status, text, to = await admin.post("/outages", form)
    assert status == 303 and to.startswith("/console/notices/"), text

    status, text, _ = await admin.post(
        "/outages/FO-PAGE", {"starts_at": "2025-04-01T09:10", "ends_at": "2025-04-01T12:30", "reason": "雷击"}
    )
    assert status == 303, text
    async with world.database.session() as session:
        outage = await reading.outage(session, "FO-PAGE")
    assert outage.ends_at is not None and outage.ends_at.hour == 4 and outage.revision == 2
    status, text = await admin.get("/outages/storm")
    assert status == 200 and "FO-PAGE" in text and "正在停电" in text
    async with world.database.session() as session:
        seen = {one.outage_id: one for one in await storm(session, world.clock.now())}
    assert (seen["FO-PAGE"].affected, seen["FO-PAGE"].told) == (1, 0)

    status, text, _ = await admin.post("/outages/FO-PAGE/restore")
    assert status == 303, text
    status, text = await admin.get("/outages/FO-PAGE")
    assert "已恢复" in text and "/outages/FO-PAGE/restore" not in text
    status, text, _ = await admin.post("/outages/FO-PAGE/call-off")
    assert status == 409 and "这次停电已经结束" in text


async def test_who_reads_only_changes_nothing(world: World, visitor: Visitors) -> None:
    status, text = await visitor("auditor").get("/outages")
    assert status == 200 and "/console/outages/new" not in text
    assert (await visitor("supervisor").post("/outages/FO-TEST/restore"))[0] == 403
    assert (await visitor("elsewhere").post("/outages/FO-TEST/restore"))[0] == 403
