"""What people are to do, and dangers: on pages of their own, for one's own part of the utility."""

from __future__ import annotations

from gateway.cases import Danger, raise_alert
from gateway.kernel.ids import new_id

from .conftest import Visitors
from .examples.tasks import tasked
from .world import NOW, World


async def test_a_task_is_done_on_its_page(world: World, visitor: Visitors) -> None:
    task = await tasked(world, 6)
    supervisor = visitor("supervisor")
    status, text = await supervisor.get("/tasks")
    assert status == 200 and f"/tasks/{task}/done" in text and "客户已 48 小时没有得到消息" in text
    assert (await supervisor.post(f"/tasks/{task}/done", {"outcome": ""}))[0] == 422
    assert (await visitor("auditor").post(f"/tasks/{task}/done", {"outcome": "x"}))[0] == 403
    assert (await supervisor.post(f"/tasks/{task}/done", {"outcome": "已电话告知"}))[0] == 303
    status, text = await supervisor.get("/tasks?show=over")
    assert status == 200 and "已电话告知" in text
    status, text, _ = await supervisor.post(f"/tasks/{task}/done", {"outcome": "再来一次"})
    assert status == 409


async def test_another_part_sees_no_task_and_no_danger_of_this_one(world: World, visitor: Visitors) -> None:
    task, account_no = await tasked(world, 7), world.accounts["东湖区"][7]
    async with world.database.work() as work:
        alert = await raise_alert(
            work.connection,
            Danger(
                kind="safety", inbound_id=new_id(NOW), at=NOW, sender="+8613800138000", account_no=account_no,
                words="电线掉在地上冒火花", actor="reader",
            ),
        )  # fmt: skip
        await work.commit()
    elsewhere, supervisor = visitor("elsewhere"), visitor("supervisor")
    status, text = await elsewhere.get("/tasks")
    assert status == 200 and str(task) not in text
    assert (await elsewhere.post(f"/tasks/{task}/done", {"outcome": "x"}))[0] == 404
    status, text = await elsewhere.get("/alerts")
    assert status == 200 and "电线掉在地上" not in text
    assert (await elsewhere.post(f"/alerts/{alert}/take"))[0] == 404
    status, text = await supervisor.get("/alerts")
    assert status == 200 and "电线掉在地上" in text and "13800138000" not in text
    assert (await supervisor.post(f"/alerts/{alert}/take", {"note": "已派抢修"}))[0] == 303
    status, text, _ = await supervisor.post(f"/alerts/{alert}/take", {"note": "我也去"})
    assert status == 409 and "已经接手" in text
