"""Policy, segments, consents and tasks over HTTP."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from gateway.archive import opt_outs
from gateway.archive import segments as archive_segments
from gateway.staff.tasks import NewTask, drop_tasks, open_tasks
from tests.web.conftest import NOW, House
from tests.web.test_cases import A, an_account

X = "+8613800374443"


async def test_the_policy_is_read_changed_and_its_versions_listed(house: House) -> None:
    own = await house.call("GET", "/policy")
    assert (own["version"], own["in_force"], own["policy"]["arrears_gap"]) == (1, True, "P3D")
    body = {"policy": {"hours": {"service": {"closes": "19:00:00"}}}, "why": "夏季作息", "version": 1}
    made = await house.call("PUT", "/policy", json=body)
    assert (made["version"], made["why"], made["made_by"]) == (2, "夏季作息", "key:bootstrap")
    assert made["policy"]["hours"]["service"] == {"opens": "08:00:00", "closes": "19:00:00", "days": "every day"}
    await house.call("PUT", "/policy", json=body, expect=409)
    wrong = {"policy": {"hours": {"service": {"closes": "7 pm"}}}, "why": "x"}
    refused = await house.call("PUT", "/policy", json=wrong, expect=422)
    assert refused["errors"][0]["field"] == "policy.hours.service.closes"
    page = await house.call("GET", "/policy/versions?limit=1")
    assert [one["version"] for one in page["items"]] == [2]
    page = await house.call("GET", f"/policy/versions?cursor={page['next']}")
    assert [one["version"] for one in page["items"]] == [1] and page["next"] is None
    assert (await house.call("GET", "/policy/versions/1"))["policy"]["hours"]["service"]["closes"] == "20:00:00"
    for nowhere in ("3", "0", "二"):
        await house.call("GET", f"/policy/versions/{nowhere}", expect=404)


async def test_a_tag_goes_before_the_archive_until_it_ends_or_is_taken_back(house: House) -> None:
    account = await an_account(house)
    async with house.database.work() as work:
        await work.execute("UPDATE account SET vulnerable = 'home_oxygen', manager_no = 'E1' WHERE id = $1", account)
        await work.commit()
    path = f"/accounts/{A}/segments"

    async def named() -> dict[str, str]:
        return {one["segment"]: one["source"] for one in (await house.call("GET", path))["segments"]}

    usual = {"individual": "usual", "direct": "usual", "long_term": "usual"}
    assert await named() == {**usual, "vulnerable": "archive", "medical_device": "archive"}
    until = (NOW + timedelta(days=30)).isoformat()
    tag = {"reason": "中考保电", "owner": "E7", "expires_at": until}
    put = await house.call("PUT", f"{path}/protected_event", json=tag)
    (shown,) = [one for one in put["segments"] if one["segment"] == "protected_event"]
    assert (shown["reason"], shown["owner"], shown["placed_by"]) == ("中考保电", "E7", "key:bootstrap")
    off = {"holds": False, "reason": "moved out", "owner": "E7"}
    put = await house.call("PUT", f"{path}/vulnerable", json=off)
    assert [one["segment"] for one in put["taken_off"]] == ["vulnerable"]
    assert "vulnerable" not in await named() and "medical_device" in await named()
    await house.call("PUT", f"{path}/temporary", json={"reason": "工地", "owner": "E7"})
    assert (await named())["temporary"] == "person" and "long_term" not in await named()
    await house.call("PUT", f"{path}/long_term", json={"reason": "转正式用电", "owner": "E7"})
    assert (await named())["long_term"] == "person" and "temporary" not in await named()
    await house.call("DELETE", f"{path}/vulnerable")
    assert (await named())["vulnerable"] == "archive"
    await house.call("DELETE", f"{path}/vulnerable", expect=404)
    house.clock.at = NOW + timedelta(days=31)
    assert "protected_event" not in await named()
    async with house.database.work() as work:
        assert await archive_segments.release_due(work.connection, house.clock.at) == 1
        await work.commit()
    for segment, body, status in (
        ("noble", tag, 422),
        ("vip", {"reason": "", "owner": "E7"}, 422),
        ("vip", {"reason": "x", "owner": "E7", "expires_at": until}, 422),
    ):
        await house.call("PUT", f"{path}/{segment}", json=body, expect=status)
    await house.call("PUT", "/accounts/4100000099/segments/vip", json=off, expect=404)
    async with house.database.work() as work:
        actions = await work.fetch("SELECT action FROM audit_entry ORDER BY id")
    assert [row["action"] for row in actions] == [
        *("segment.put", "segment.taken_off", "segment.put", "segment.put", "segment.withdrawn", "segment.expired")
    ]


async def test_a_consent_is_kept_with_its_proof_and_ended_by_a_refusal(house: House) -> None:
    path = "/contacts/%2B8613800374443/consents"
    body = {"purpose": "advice", "source": "counter", "evidence": "柜台签字,见证人E7"}
    await house.call("POST", path, json=body, expect=404)
    async with house.database.work() as work:
        point = await work.value("INSERT INTO contact_point (address) VALUES ($1) RETURNING id", X)
        await work.commit()
    for _ in range(2):
        page = await house.call("POST", path, json=body, expect=201)
        assert [one["evidence"] for one in page["items"]] == ["柜台签字,见证人E7"]
    await house.call("DELETE", f"{path}/advice")
    await house.call("DELETE", f"{path}/advice", expect=404)
    await house.call("POST", path, json=body, expect=201)
    async with house.database.work() as work:
        await opt_outs.refuse(work.connection, point, "all", at=NOW, source="reply")
        await work.commit()
    page = await house.call("GET", path)
    assert [one["ended_by"] for one in page["items"]] == ["refusal:reply", "key:bootstrap"]
    await house.call("POST", path, json=body, expect=422)
    await house.call("POST", path, json={**body, "purpose": "billing"}, expect=422)


async def test_tasks_are_opened_once_done_once_and_dropped(house: House) -> None:
    account = await an_account(house)
    wanted = [
        NewTask(kind="visit", subject=f"bill:{A}:202510", words="上门", due_at=NOW, account_id=account),
        NewTask(
            kind="paper_notice", subject=f"bill:{A}:202510", words="送达", due_at=NOW + timedelta(days=3), owner_no="E7"
        ),
    ]
    async with house.database.work() as work:
        assert await open_tasks(work.connection, wanted, at=NOW, actor="clock") == 2
        assert await open_tasks(work.connection, wanted, at=NOW, actor="clock") == 0
        await work.commit()
    items = (await house.call("GET", "/tasks"))["items"]
    assert [(one["kind"], one["account_no"], one["owner_no"]) for one in items] == [
        ("paper_notice", None, "E7"),
        ("visit", A, None),
    ]
    visit = items[1]["id"]
    for query, found in (("kind=visit", 1), ("owner=E7", 1), (f"account_no={A}", 1), ("state=done", 0)):
        assert len((await house.call("GET", f"/tasks?{query}"))["items"]) == found, query
    done = await house.call("POST", f"/tasks/{visit}/done", json={"outcome": "已缴清"})
    assert (done["state"], done["outcome"], done["closed_by"]) == ("done", "已缴清", "key:bootstrap")
    await house.call("POST", f"/tasks/{visit}/done", json={"outcome": "x"}, expect=409)
    await house.call("GET", f"/tasks/{uuid4()}", expect=404)
    async with house.database.work() as work:
        kinds = ("visit", "paper_notice")
        dropped = await drop_tasks(
            work.connection, [f"bill:{A}:202510"], kinds=kinds, because="paid", at=NOW, actor="clock"
        )
        assert dropped == 1
        await work.commit()
    assert {one["state"] for one in (await house.call("GET", "/tasks"))["items"]} == {"done", "dropped"}
