"""Findings of the sweep decided many at a time; what imports bring back; who takes changes over."""

from __future__ import annotations

import re
from uuid import UUID

from gateway.archive.findings import FindingDecision
from gateway.archive.reading.contacts import contact

from .conftest import Visitors
from .world import OTHER_DISTRICT, World


async def found(world: World) -> list[UUID]:
    """Cases that a sweep opened: on numbers that stand in where nobody knew one."""
    if "findings" not in world.made:
        near, far = world.accounts["东湖区"][5:11], world.accounts[OTHER_DISTRICT][3:5]
        of = {"13801234567": near[0:2], "13501234567": near[2:4], "13701234567": near[4:6], "13901234567": far}
        rows = [
            {"account_no": account, "role": "holder", "contact_name": name, "mobile": number, "is_default": "N",
             "source": "developer_batch", "registered_date": "2014-05-01"}
            for number, accounts in of.items()
            for account, name in zip(accounts, ("欧阳明", "司马光远"), strict=True)
        ]  # fmt: skip
        await world.hand_in("contacts", rows, name="开发商批量.csv")
        await world.house.trust_sweeper.sweep()
        world.made["findings"] = True
    async with world.database.connection() as connection:
        rows = await connection.fetch(
            """SELECT id FROM correction WHERE opened_by = 'sweep' AND state = 'open' AND reason = 'placeholder'
               ORDER BY id"""
        )
    return [row["id"] for row in rows]


async def states(world: World, cases: list[UUID]) -> list[str]:
    async with world.database.connection() as connection:
        rows = await connection.fetch("SELECT id, state FROM correction WHERE id = ANY($1::uuid[])", cases)
    known = {row["id"]: row["state"] for row in rows}
    return [known[one] for one in cases]


async def test_many_findings_are_decided_in_one_go(world: World, visitor: Visitors) -> None:
    cases = await found(world)
    assert len(cases) == 4
    admin = visitor("archive_admin")
    status, text = await admin.get("/findings")
    # What is thought, and why, in the viewer's language.
    assert (status == 200 and "占位号码" in text) or "正确的可能" in text
    assert "a number that stands in" not in text and "registered in a batch" not in text
    status, text, to = await admin.post(
        "/findings", {f"a:{cases[0]}": "wrong", f"a:{cases[1]}": "right", "note": "假号"}
    )
    assert (status, to) == (303, "/console/findings"), text
    # What was taken off is off as by any correction; the number beside it on the account still sends.
    assert await states(world, cases[:2]) == ["applied", "dismissed"]
    async with world.database.session() as session:
        number = await contact(session, "+8613801234567")
    assert [link.state for link in number.links] == ["revoked", "revoked"]
    # A second word on the same finding changes nothing and says so.
    status, text, _ = await admin.post("/findings", {f"a:{cases[0]}": "right"})
    assert status == 409 and 'role="alert"' in text
    assert await states(world, cases[:1]) == ["applied"]


async def test_one_that_cannot_be_decided_leaves_the_others_be(world: World, visitor: Visitors) -> None:
    cases = await found(world)
    near, far = cases[0], cases[-1]
    # A person of the other district sees theirs alone, and decides theirs alone.
    elsewhere = visitor("elsewhere")
    _, text = await elsewhere.get("/findings")
    assert str(far) in text and str(near) not in text
    status, text, _ = await elsewhere.post("/findings", {f"a:{near}": "wrong", f"a:{far}": "right"})
    assert status == 303, text
    assert await states(world, [near, far]) == ["open", "dismissed"]


async def test_customers_are_asked_where_nobody_knows(world: World, visitor: Visitors) -> None:
    cases = await found(world)
    status, text, to = await visitor("archive_admin").post("/findings", {f"a:{cases[0]}": "ask"})
    assert status == 303 and re.fullmatch(r"/console/notices/[0-9a-f-]+", to), text
    async with world.database.connection() as connection:
        kind = await connection.fetchval("SELECT kind FROM notice WHERE id = $1::uuid", to.rpartition("/")[2])
    assert kind == "contact_confirm"
    assert (await visitor("archive_admin").post("/findings", {"note": "没有"}))[0] == 422


async def test_a_finding_is_none_that_no_sweep_opened(world: World) -> None:
    async with world.database.connection() as connection:
        case = await connection.fetchval("SELECT id FROM correction WHERE opened_by <> 'sweep' LIMIT 1")
    async with world.database.session() as session:
        done = await world.house.findings.decide(
            session, [FindingDecision(id=case, answer="wrong")], note=None, actor="cli:test"
        )
    assert [one.done for one in done] == [False]


async def test_what_an_import_brings_back_is_listed_by_source_and_batch(world: World, visitor: Visitors) -> None:
    account = world.accounts["东湖区"][5]
    row = {"account_no": account, "role": "holder", "contact_name": "欧阳明", "mobile": "13801234567",
           "is_default": "N", "source": "migration"}  # fmt: skip
    batch = await world.hand_in("contacts", [row], name="夜间全量.csv")
    admin = visitor("archive_admin")
    _, text = await admin.get("/conflicts")
    assert account in text and "夜间全量.csv" in text and "系统迁移" in text
    _, text = await admin.get(f"/conflicts?by=import&import_id={batch}")
    assert account in text
    _, text = await admin.get("/conflicts?source=counter")
    assert account not in text
    _, text = await visitor("elsewhere").get("/conflicts")
    assert account not in text and "夜间全量.csv" not in text
    _, text = await admin.get("/conflicts?format=csv")
    assert account in text and "13801234567" not in text


async def test_a_receiver_is_added_tried_again_and_ended(world: World, visitor: Visitors) -> None:
    admin = visitor("archive_admin")
    status, text, _ = await admin.post("/changes", {"consumer": "gis", "url": "ftp://gis.example.cn"})
    assert status == 422 and "ftp://gis.example.cn" in text
    status, text, _ = await admin.post("/changes", {"consumer": "gis", "url": "https://gis.example.cn/in"})
    assert status == 200 and "whsec_" in text
    status, text = await admin.get("/changes")
    assert "whsec_" not in text and "https://gis.example.cn/in" in text
    found = re.search(r"/console/changes/([0-9a-f-]+)/end", text[text.index("gis.example.cn") :])
    assert found is not None
    async with world.database.work() as work:
        await work.execute(
            "UPDATE subscription SET failing_since = $2, tries = 3, last_status = 503, last_error = 'answered 503' "
            "WHERE id = $1",
            UUID(found[1]),
            world.clock.now(),
        )
        await work.commit()
    _, text = await admin.get("/changes")
    assert "503" in text and f"/console/changes/{found[1]}/resume" in text
    assert (await admin.post(f"/changes/{found[1]}/resume"))[0] == 303
    assert (await admin.post(f"/changes/{found[1]}/end"))[0] == 303
    assert "gis.example.cn" not in (await admin.get("/changes"))[1]
    assert (await visitor("auditor").post(f"/changes/{found[1]}/end"))[0] == 403
