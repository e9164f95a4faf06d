"""Conversations on pages: why each text went, how replies were read, answers by hand, misreadings taken back."""

from __future__ import annotations

from gateway.inbox import reading

from .conftest import Visitors
from .examples.conversations import reachable, said, written_to
from .world import World


async def test_what_a_misreading_caused_is_taken_back_in_one_click(world: World, visitor: Visitors) -> None:
    account = await reachable(world, 1)
    path = f"/conversations/{account}"
    await written_to(world, account, "东湖营业厅迁至幸福街道12号。")
    inbound_id = await said(world, account, "打错了，我不是王强")
    reviewer = visitor("reviewer")
    status, text = await reviewer.get(path)
    assert status == 200 and "东湖营业厅" in text and "打错了，我不是王强" in text and "引起" in text
    assert f"{path}/undo/{inbound_id}" in text, text

    assert (await visitor("auditor").post(f"{path}/undo/{inbound_id}"))[0] == 403
    assert (await visitor("elsewhere").post(f"{path}/undo/{inbound_id}"))[0] == 404
    status, text, _ = await reviewer.post(f"{path}/undo/{inbound_id}")
    assert status == 303, text
    async with world.database.session() as session:
        after = await reading.inbound(session, inbound_id)
    assert after.state == "triage" and after.effects[-1]["effect"] == "taken_back"
    async with world.database.connection() as connection:
        states = await connection.fetch(
            "SELECT l.state FROM contact_link l JOIN account a ON a.id = l.account_id WHERE a.account_no = $1", account
        )
    assert "suspended" not in {row["state"] for row in states}
    status, text, _ = await reviewer.post(f"{path}/undo/{inbound_id}")
    assert status == 409
    async with world.database.session() as session:
        await world.house.inbox.resolve(session, inbound_id, intents=None, score=None, note=None, actor="staff:E000027")
        await session.commit()


async def test_an_answer_by_hand_goes_by_the_policy(world: World, visitor: Visitors) -> None:
    account = await reachable(world, 2)
    path = f"/conversations/{account}"
    admin = visitor("archive_admin")
    status, text, to = await admin.post(f"{path}/answer", {"text": "您好，已为您登记，明天上门。"})
    assert status == 303 and to.endswith(path), text
    status, text = await admin.get(path)
    assert "您好，已为您登记，明天上门。" in text and "发给" in text
    status, text, _ = await admin.post(f"{path}/answer", {"text": ""})
    assert status == 422 and "必须填写" in text
    assert (await visitor("elsewhere").post(f"{path}/answer", {"text": "您好"}))[0] == 404
    assert (await visitor("auditor").post(f"{path}/answer", {"text": "您好"}))[0] == 403


async def test_a_thread_is_found_by_its_account(world: World, visitor: Visitors) -> None:
    account = await reachable(world, 0)
    await written_to(world, account, "明天检修，请留意。")
    await said(world, account, "收到，谢谢")
    admin, elsewhere = visitor("archive_admin"), visitor("elsewhere")
    status, text = await admin.get("/conversations")
    assert status == 200 and "收到，谢谢" in text and f"/conversations/{account}" in text
    assert (await admin.get(f"/conversations?q={account}"))[0] == 303
    status, text = await elsewhere.get("/conversations")
    assert status == 200 and "收到，谢谢" not in text
    assert (await elsewhere.get(f"/conversations?q={account}"))[0] == 200
