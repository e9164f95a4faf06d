"""Cases, promises, warnings and plans on the pages: what is done there, and by whom it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from .conftest import Seats, Visitors
from .examples.service import call, case, case_of, planned, promise
from .world import NOW, World


async def test_a_case_is_taken_on_written_on_and_closed(world: World, visitor: Visitors) -> None:
    supervisor = visitor("supervisor")
    path = f"/cases/{await case_of(world, 4)}"
    status, text = await supervisor.get(path)
    assert status == 200 and "13800138000" not in text and "账单" not in text
    handover = text.split("/handovers/", 1)[1].split("/", 1)[0]
    # Who receives a case speaks for it: neither another unit's people, nor whoever handed it over.
    assert (await supervisor.post(f"{path}/handovers/{handover}/take"))[0] == 403
    assert (await visitor("admin").post(f"{path}/handovers/{handover}/take"))[0] == 303
    status, text, _ = await supervisor.post(f"{path}/contacted", {"note": ""})
    assert status == 422
    assert (await supervisor.post(f"{path}/contacted", {"note": "已电话联系，用户认可"}))[0] == 303
    assert (await supervisor.post(f"{path}/close", {"outcome": "表底无误，已说明"}))[0] == 303
    status, text = await supervisor.get(path)
    assert "已电话联系，用户认可" in text and "表底无误，已说明" in text and "/close" not in text
    status, text = await supervisor.get("/cases?state=all&format=csv")
    assert status == 200 and "billing" in text


async def test_a_promise_is_kept_in_time(world: World, visitor: Visitors) -> None:
    supervisor = visitor("supervisor")
    path = await promise(world)
    status, text = await supervisor.get("/commitments")
    assert status == 200 and path in text
    status, _, _ = await supervisor.post(f"{path}/progress", {"progress": "正在核对表底", "tell": "yes"})
    assert status == 303
    status, text = await supervisor.get(path)
    assert "正在核对表底" in text
    assert (await visitor("auditor").post(f"{path}/keep", {"outcome": "x"}))[0] == 403


async def test_a_plan_is_made_done_and_asked_about_by_somebody_else(world: World, visitor: Visitors) -> None:
    manager = visitor("account_manager")
    form = {"account_no": world.accounts["东湖区"][2], "topic": "更换表计", "planned_for": f"{NOW:%Y-%m-%d}"}
    status, text, _ = await manager.post("/plans", form | {"account_no": "000"})
    assert status == 422 and "更换表计" in text
    status, text, to = await manager.post("/plans", form)
    if status in (403, 422):
        # Why stands on the page, with what was typed.
        assert "更换表计" in text and 'role="alert"' in text and "您的角色不能做这件事" not in text
        # An account without a manager, or with another: its contacts are not theirs to plan.
        visit = await planned(world, "更换表计")
        to = f"/console/plans/{visit}"
    path = to.removeprefix("/console")
    async with world.database.work() as work:
        # Their own: others' plans are not theirs to change.
        await work.execute(
            """UPDATE followup SET manager_no = (SELECT m.staff_no FROM staff_member m
                 JOIN staff_login l ON l.staff_id = m.id WHERE l.name = 'account-manager') WHERE id = $1::uuid""",
            path.rpartition("/")[2],
        )
        await work.commit()
    day = f"{NOW + timedelta(days=2):%Y-%m-%d}"
    assert (await manager.post(f"{path}/move", {"planned_for": day}))[0] == 303
    status, text = await manager.get("/plans/today?of=all")
    assert status == 200 and "更换表计" in text
    assert (await manager.post(f"{path}/complete", {"outcome": "已换新表"}))[0] == 303
    assert (await manager.get("/calls"))[0] == 403
    async with world.database.work() as work:
        asked = await work.value(
            "SELECT id FROM independent_followup WHERE followup_id = $1::uuid", path.rpartition("/")[2]
        )
    reviewer = visitor("reviewer")
    status, text, _ = await reviewer.post(f"/calls/{asked}/outcome", {"reached": "yes"})
    assert status == 422
    said = {"reached": "yes", "score": "2", "solved": "no", "comment": "新表走得太快"}
    assert (await reviewer.post(f"/calls/{asked}/outcome", said))[0] == 303
    # The manager's own plan says that somebody answered, and never what.
    status, text = await manager.get(path)
    assert status == 200 and "已答复" in text and "新表走得太快" not in text


@pytest.mark.browser
async def test_cases_and_plans_with_something_in_them_are_sound(world: World, seat: Seats) -> None:
    await case(world)
    await call(world)
    for language, width in (("zh-CN", 390), ("en", 1440)):
        admin = await seat("admin", language)
        await admin.size(width)
        for path in (
            "/cases",
            "/commitments",
            "/plans?of=all",
            "/plans/today?of=all",
            "/plans/new",
            "/plans/deputies",
            "/plans/voices",
            "/plans/subscribe",
            "/plans/done",
            "/calls?show=asked",
        ):
            await admin.go(path)
            await admin.look(axe=width == 1440)
        assert admin.problems == []
