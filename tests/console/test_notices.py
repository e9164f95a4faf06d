"""Notices on pages: drafted, looked at, approved by somebody else, paused and given up."""

from __future__ import annotations

import re
from uuid import UUID

from gateway.notices import reading

from .conftest import Seats, Visitors
from .world import World


async def drafted(visitors: Visitors, who: str = "archive_admin", **fields: str) -> str:
    """Draft through the form; the path of the notice."""
    status, text, to = await visitors(who).post("/notices", {"kind": "arrears", "billing_month": "2025-03", **fields})
    assert status == 303, text
    return to.removeprefix("/console").removesuffix("/preview")


async def test_a_second_person_approves_what_one_drafted(world: World, visitor: Visitors) -> None:
    path = await drafted(visitor, "admin")
    status, text, _ = await visitor("admin").post(f"{path}/approve")
    assert status == 409 and "通知要由起草人以外的人批准" in text, text
    status, text, _ = await visitor("reviewer").post(f"{path}/approve")
    assert status == 303, text
    status, text = await visitor("admin").get(path)
    assert status == 200 and "已批准" in text and "王reviewer" in text
    # The page is loaded anew once its state is another than it was.
    client = visitor("admin")
    async with client.client.get(f"{world.url}/console{path}/counts?seen=draft") as answer:
        assert answer.headers["HX-Refresh"] == "true"
    async with client.client.get(f"{world.url}/console{path}/counts?seen=approved") as answer:
        assert "HX-Refresh" not in answer.headers and "every 2s" in await answer.text()

    for step, state in (("pause", "paused"), ("resume", "composing"), ("cancel", "cancelled")):
        status, text, _ = await visitor("archive_admin").post(f"{path}/{step}")
        assert status == 303, text
        async with world.database.session() as session:
            assert (await reading.notice(session, _id(path))).state == state
    status, text, _ = await visitor("archive_admin").post(f"{path}/pause")
    assert status == 409 and "不能暂停" in text


def _id(path: str) -> UUID:
    return UUID(path.rpartition("/")[2])


async def test_a_preview_says_who_gets_what_and_who_does_not(world: World, visitor: Visitors) -> None:
    path = await drafted(visitor)
    status, text, to = await visitor("archive_admin").post(f"{path}/preview")
    assert status == 303 and to.endswith("/preview"), text
    await world.house.previews.ask(_id(path), 60)
    status, text = await visitor("reviewer").get(f"{path}/preview")
    assert status == 200
    assert "【国网供电】" in text and "为什么不发" in text and "批准" in text
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), "numbers are masked"
    status, plot = await visitor("reviewer").get(f"{path}/preview/hours")
    assert status == 200 and '"bar"' in plot


async def test_what_cannot_be_drafted_keeps_what_was_typed(world: World, visitor: Visitors) -> None:
    admin = visitor("archive_admin")
    status, text, _ = await admin.post(
        "/notices", {"kind": "announcement", "text": "明天检修，请留意。", "whom": "grid"}
    )
    assert status == 422 and "明天检修，请留意。" in text and "发给谁" in text
    status, text, _ = await admin.post("/notices", {"kind": "survey", "closed_from": "2025-03-01"})
    assert status == 422 and 'value="2025-03-01"' in text and "必须填写" in text
    status, text, _ = await admin.post("/notices", {"kind": "songs"})
    assert status == 422
    status, text, _ = await admin.post("/notices", {"kind": "outage"})
    assert status == 422 and "必须填写" in text


async def test_every_kind_is_drafted(world: World, visitor: Visitors) -> None:
    account = world.accounts["东湖区"][0]
    asked: list[dict[str, str]] = [
        {"kind": "bill", "billing_month": "2025-03"},
        {"kind": "survey", "closed_from": "2025-03-01", "closed_to": "2025-03-31"},
        {"kind": "contact_confirm", "whom": "due"},
        {"kind": "contact_confirm", "whom": "accounts", "accounts": f"{account}，{world.accounts['东湖区'][1]}\n"},
        {"kind": "announcement", "whom": "grid", "districts": "东湖区", "text": "明天检修，请留意。"},
        {"kind": "announcement", "whom": "everyone", "text": "明天检修，请留意。"},
        {
            "kind": "demand_response", "whom": "accounts", "accounts": account, "starts_at": "2025-07-01T14:00",
            "ends_at": "2025-07-01T16:00",
        },
    ]  # fmt: skip
    for fields in asked:
        status, text, to = await visitor("admin").post("/notices", fields)
        assert status == 303, (fields, text)
        async with world.database.session() as session:
            found = await reading.notice(session, _id(to.removesuffix("/preview")))
        assert found.kind == fields["kind"] and found.drafted_by.startswith("staff:")
        if fields.get("accounts") and found.kind == "contact_confirm":
            assert found.about["accounts"] == world.accounts["东湖区"][:2]
        if found.kind == "demand_response":
            # The viewer's zone is the utility's until the browser says otherwise.
            assert found.about["starts_at"].startswith("2025-07-01T06:00")


async def test_who_reads_only_drafts_nothing(world: World, visitor: Visitors) -> None:
    status, text = await visitor("auditor").get("/notices")
    assert status == 200 and "/console/notices/new" not in text
    assert (await visitor("elsewhere").get("/notices"))[0] == 403


async def test_a_draft_is_looked_at_by_itself(world: World, visitor: Visitors, seat: Seats) -> None:
    path = await drafted(visitor)
    reviewer = await seat("reviewer")
    await reviewer.go(f"{path}/preview")
    await reviewer.page.wait_for_selector(".samples .bubble")
    assert reviewer.problems == []


async def test_a_notice_names_its_channels_and_how_long_each_may_try(world: World, visitor: Visitors) -> None:
    admin = visitor("archive_admin")
    fields = {"kind": "arrears", "billing_month": "2025-03", "channels": "sms"}
    status, text, _ = await admin.post("/notices", fields | {"fallback_minutes": "0"})
    assert status == 422 and "几分钟没送到就换下一个渠道" in text
    path = await drafted(visitor, channels="sms", fallback_minutes="25")
    async with world.database.session() as session:
        found = await reading.notice(session, _id(path))
    assert (found.channels, found.fallback_minutes) == (["sms"], 25)
    status, text = await admin.get(path)
    assert "<dd>25</dd>" in text


async def test_accounts_come_out_of_a_file(world: World, seat: Seats) -> None:
    admin = await seat("archive_admin")
    await admin.go("/notices/new?kind=announcement")
    page = admin.page
    accounts = world.accounts["东湖区"][:2]
    listed = "\n".join(["手机,户号", *(f"13800000000,{one}" for one in accounts)]).encode("gb18030")
    await page.set_input_files("#accounts-file", {"name": "户号.csv", "mimeType": "text/csv", "buffer": listed})
    await page.wait_for_function("document.getElementById('f-accounts').value !== ''")
    assert await page.input_value("#f-accounts") == "\n".join(accounts)
    assert await page.is_checked('input[name="whom"][value="accounts"]')
    assert admin.problems == []
