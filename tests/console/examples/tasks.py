"""Tasks and dangers that tests look at."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from gateway.cases import Danger, raise_alert
from gateway.kernel.ids import new_id
from gateway.staff.tasks import NewTask, open_tasks

from ..world import NOW, World, example


async def tasked(world: World, at: int) -> UUID:
    """A task about an account of the first district."""
    async with world.database.work() as work:
        account = await work.value("SELECT id FROM account WHERE account_no = $1", world.accounts["东湖区"][at])
        task = NewTask(
            kind="case_silent", subject=f"case:{new_id(NOW)}", account_id=account, due_at=NOW - timedelta(hours=1),
            words="S000007: the customer has heard nothing for 48 hours",
        )  # fmt: skip
        await open_tasks(work.connection, [task], at=NOW, actor="clock")
        made = await work.value("SELECT id FROM task WHERE subject = $1", task.subject)
        await work.commit()
    assert isinstance(made, UUID)
    return made


@example("/tasks/{id}")
async def task(world: World) -> str:
    if "task" not in world.made:
        world.made["task"] = await tasked(world, 8)
    return f"/tasks/{world.made['task']}"


@example("/alerts/{id}")
async def alert(world: World) -> str:
    if "alert" not in world.made:
        async with world.database.work() as work:
            world.made["alert"] = await raise_alert(
                work.connection,
                Danger(
                    kind="safety", inbound_id=new_id(NOW), at=NOW, sender="+8613800138000",
                    account_no=world.accounts["东湖区"][8], words="表箱冒烟", actor="reader",
                ),
            )  # fmt: skip
            await work.commit()
    return f"/alerts/{world.made['alert']}"
