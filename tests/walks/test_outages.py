"""Walk: outages over HTTP on the test clock. A planned one that moves twice, is cut short and restored; a storm."""

from __future__ import annotations

import io
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway
from tests.walks.street import Street

pytestmark = pytest.mark.process

HOME = ZoneInfo("Asia/Shanghai")
#: Hours in which texts of each kind may leave.
HOURS = {"outage_planned": (8, 20), "outage_fault": (6, 22), "outage_update": (6, 22), "restoration": (6, 22)}

#: Households of the storm: feeders, transformer areas each, accounts in each.
FEEDERS, AREAS, HOMES = 4, 3, 25


@pytest.fixture(scope="module")
async def street() -> Street:
    """Two feeders for the planned outage, and those of the storm."""
    street = Street()
    for area in ("TW1", "TW2"):
        street.area("FW1", area)
    street.area("FW2", "TW3")
    street.home("FW1", "TW1", mobile="13861900001")
    street.home("FW1", "TW2", mobile="13861900001")
    street.home("FW1", "TW2", mobile="13861900002")
    street.home("FW1", "TW1", mobile="13861900003", level="一级")
    street.home("FW1", "TW1", mobile="13861900004", device="home_oxygen")
    street.home("FW2", "TW3", mobile="13861900009")
    for feeder in range(FEEDERS):
        for area in range(AREAS):
            street.area(f"FS{feeder}", f"TS{feeder}{area}")
            for home in range(HOMES):
                level, device = ("二级", "") if home == 7 else ("", "ventilator") if home == 9 else ("", "")
                street.home(f"FS{feeder}", f"TS{feeder}{area}", level=level, device=device)
    return street


@pytest.fixture(scope="module")
async def gateway(start: Start, street: Street) -> Gateway:
    """A gateway on the morning of 10 June 2025."""
    gateway = await start()
    await gateway.set_clock("2025-06-10T10:00:00")
    await street.imported(gateway)
    return gateway


async def patched(gateway: Gateway, outage_id: str, change: dict[str, Any]) -> Any:
    status, answer = await gateway.ask("PATCH", f"/outages/{outage_id}", json=change)
    assert status == 200, answer
    await gateway.idle()
    return answer


def hour(message: Any) -> int:
    return datetime.fromisoformat(message["sent_at"]).astimezone(HOME).hour


def within_hours(messages: list[Any], anytime: set[str]) -> None:
    """Nothing left outside the hours of its kind, but to those whom it may reach at any hour."""
    for message in messages:
        if message["sent_at"] is None or (message["kind"] != "outage_planned" and set(message["accounts"]) & anytime):
            continue
        first, last = HOURS[message["kind"]]
        assert first <= hour(message) < last, (message["kind"], message["sent_at"])


async def test_a_planned_outage_that_moves_twice_is_cut_short_and_restored(
    gateway: Gateway, carrier: OutsideCarrier, street: Street
) -> None:
    body = {
        "outage_id": "PO9106001",
        "kind": "planned",
        "scope": {"feeders": ["FW1"]},
        "starts_at": "2025-06-24T09:00:00+08:00",
        "ends_at": "2025-06-24T15:00:00+08:00",
        "reason": "变压器更换",
    }
    outage = await gateway.post("/outages", body, status=201)
    assert (outage["state"], outage["affected"], outage["notices"]) == ("announced", 5, [])
    assert carrier.texts == []
    notice = await gateway.approved({"kind": "outage_planned", "outage_id": "PO9106001"})
    await carrier.settled()
    # One text a number; the neighbour on another feeder hears nothing, now or ever.
    assert carrier.by_number() == {f"+861386190000{number}": 1 for number in (1, 2, 3, 4)}
    assert "TW1公变、TW2公变" in carrier.to("+8613861900001")[0]
    assert "回复1" in carrier.to("+8613861900003")[0]
    tasks = await gateway.every("/tasks")
    assert {task["kind"] for task in tasks} == {"outage_ring"}

    # Nobody confirms: a person rings.
    await gateway.set_clock("2025-06-10T14:30:00")
    assert "outage_confirm" in {task["kind"] for task in await gateway.every("/tasks")}

    await gateway.set_clock("2025-06-15T21:00:00")
    await patched(
        gateway,
        "PO9106001",
        {"starts_at": "2025-06-26T09:00:00+08:00", "ends_at": "2025-06-26T15:00:00+08:00", "reason": "降雨"},
    )
    # At nine in the evening nobody is written to about what is eleven days away. It moves again before the morning.
    assert set(carrier.by_number().values()) == {1}
    await patched(
        gateway,
        "PO9106001",
        {"starts_at": "2025-06-27T09:00:00+08:00", "ends_at": "2025-06-27T15:00:00+08:00", "reason": "台风"},
    )
    await gateway.set_clock("2025-06-16T09:00:00")
    texts = carrier.to("+8613861900002")
    assert len(texts) == 2 and "原定6月24日9时的停电因台风改到6月27日9时至15时" in texts[1]
    stopped = [m for m in await gateway.messages(notice=notice) if m["withheld_reason"] == "superseded"]
    assert len(stopped) == 4 and all("6月26日" in m["body"] for m in stopped)

    await gateway.set_clock("2025-06-26T20:00:00")
    texts = carrier.to("+8613861900002")
    assert len(texts) == 5, texts
    assert ["提醒" in text for text in texts] == [False, False, True, True, True] and "明日" in texts[-1]

    await gateway.set_clock("2025-06-27T10:00:00")
    assert (await gateway.get("/outages/PO9106001"))["state"] == "active"
    await patched(gateway, "PO9106001", {"ends_at": "2025-06-27T13:00:00+08:00"})
    assert "改为13时" in carrier.to("+8613861900002")[-1]
    await gateway.set_clock("2025-06-27T12:40:00")
    await patched(gateway, "PO9106001", {"state": "restored"})
    await carrier.settled()
    texts = carrier.to("+8613861900002")
    assert len(texts) == 7 and "6月27日12时40分来电" in texts[-1]

    # Is yours back? Yes; no; not my address.
    for number, reply in (("+8613861900001", "1"), ("+8613861900002", "2"), ("+8613861900004", "0")):
        assert await carrier.reply(number, reply) in (200, 204)
    await gateway.idle()
    (case,) = await gateway.every("/cases")
    assert (case["class"], case["matter"], case["number"]) == ("fault_report", "outage:PO9106001", "+8613861900002")
    (link,) = await gateway.every("/links", state="suspended")
    assert link["number"] == "+8613861900004"

    messages = await gateway.messages(notice=notice)
    within_hours(messages, street.urgent)
    assert set(carrier.by_number()) == {f"+861386190000{number}" for number in (1, 2, 3, 4)}
    assert carrier.to("+8613861900009") == []
    outage = await gateway.get("/outages/PO9106001")
    assert [one["revision"] for one in outage["history"]] == [1, 2, 3, 4, 5]
    assert outage["told"] == {"on": 5}
    assert all(task["state"] != "open" for task in await gateway.every("/tasks"))


async def test_lists_of_planned_outages_and_of_faults_are_told_apart(gateway: Gateway, street: Street) -> None:
    planned = [
        "outage_id,scope,feeder_id,feeder_name,tarea_ids,start_time,end_time,reason,published_at,status,changed_at,"
        "new_start,new_end".split(","),
        ["PO1", "tarea", "FW1", "10kVFW1线", "TW1", "2025-07-10 09:00:00", "2025-07-10 12:00:00", "检修",
         "2025-06-20 09:00:00", "scheduled", "", "", ""],
        ["PO2", "section", "FW1", "", "TW1|TW2", "2025-07-11 09:00:00", "2025-07-11 12:00:00", "", "", "rescheduled",
         "2025-06-27 09:00:00", "2025-07-13 09:00:00", "2025-07-13 12:00:00"],
        ["PO3", "feeder", "FW2", "", "", "2025-07-12 09:00:00", "2025-07-12 12:00:00", "", "", "cancelled", "", "", ""],
        ["PO4", "tarea", "FW1", "", "TW9", "2025-07-12 09:00:00", "2025-07-12 12:00:00", "", "", "scheduled", "", "",
         ""],
        ["PO5", "tarea", "FW1", "", "TW1", "2025-07-12 09:00:00", "2025-07-12 08:00:00", "", "", "scheduled", "", "",
         ""],
        ["PO6", "feeder", "FW2", "", "", "2025-05-12 09:00:00", "2025-05-12 12:00:00", "", "", "scheduled", "", "", ""],
    ]  # fmt: skip
    done = await gateway.import_file("outages", files.sheet(planned).encode())
    assert (done["rows"], done["created"], done["rejected"]) == (6, 4, 2), done
    rejects = {reject["row_number"]: reject for reject in await gateway.every(f"/imports/{done['id']}/rejects")}
    assert (rejects[5]["column"], rejects[6]["column"]) == ("tarea_ids", "end_time")
    assert "unknown_place: there is no transformer area TW9" in rejects[5]["reason"]
    moved = await gateway.get("/outages/PO2")
    assert (moved["starts_at"], moved["scope"]["transformer_areas"]) == ("2025-07-13T01:00:00Z", ["TW1", "TW2"])
    assert (await gateway.get("/outages/PO3"))["state"] == "cancelled"
    # What is over by its own plan is history.
    assert (await gateway.get("/outages/PO6"))["state"] == "restored"
    again = await gateway.import_file("outages", files.sheet(planned).encode())
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 4)

    book = Workbook()
    here = book.worksheets[0]
    here.append(["月度停电计划表"])
    here.append(["停电编号", "范围", "线路", "台区编号", "停电时间", "送电时间", "停电原因", "状态"])
    at = datetime(2025, 7, 10, 9)  # noqa: DTZ001
    here.append(["PO1", "台区", "10kVFW1线", "TW1", at, at + timedelta(hours=4), "检修", "scheduled"])
    here.append(["PO7", "线路", "10kVFW2线", None, at, at + timedelta(hours=4), "检修", "已取消"])
    out = io.BytesIO()
    book.save(out)
    done = await gateway.imported("outages", out.getvalue(), "停电计划.xlsx")
    assert (done["created"], done["updated"]) == (1, 1)
    assert (await gateway.get("/outages/PO1"))["ends_at"] == "2025-07-10T05:00:00Z"

    faults = [
        "故障编号,范围,线路编号,台区编号,故障时间,报告时间,故障原因,预计复电时间,复电时间".split(","),
        ["FO1", "台区", "FW1", "TW1", "2025-06-27 05:07:19", "", "表箱烧损", "2025-06-27 09:07:19",
         "2025-06-27 08:10:19"],
        ["FO2", "线路", "FW2", "", "2025-06-27 12:00:00", "", "大风异物挂线", "2025-06-27 15:00:00", ""],
    ]  # fmt: skip
    done = await gateway.imported("outages", files.sheet(faults).encode("gb18030"))
    assert done["created"] == 2
    listed = await gateway.every("/outages", kind="fault")
    assert [(one["outage_id"], one["state"]) for one in listed] == [("FO2", "active"), ("FO1", "restored")]
    here = await gateway.every("/outages", account_no=street.on["FW2"][0], state="active")
    assert [one["outage_id"] for one in here] == ["FO2"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"kind": "outage_fault", "outage_id": "NONE"}, 422, "outage_id"),
        ({"kind": "outage_planned", "outage_id": "FO2"}, 422, "outage_id"),
        ({"kind": "outage_fault"}, 422, "outage_id"),
        ({"kind": "outage_fault", "outage_id": "FO1"}, 409, None),
        ({"kind": "restoration", "outage_id": "FO2"}, 409, None),
    ],
)
async def test_a_notice_about_nothing_is_refused(
    gateway: Gateway, body: dict[str, Any], status: int, field: str | None
) -> None:
    got, answer = await gateway.ask("POST", "/notices", json=body)
    assert got == status, answer
    if field is not None:
        assert [error["field"] for error in answer["errors"]] == [field]


async def test_a_storm_tells_everybody_on_its_feeders_in_order(
    gateway: Gateway, carrier: OutsideCarrier, street: Street
) -> None:
    await gateway.set_clock("2025-07-01T21:40:00")
    before = len(carrier.texts)
    hit = [f"FS{feeder}" for feeder in range(FEEDERS - 1)]
    notices = []
    for feeder in hit:
        body = {
            "outage_id": f"FO-{feeder}",
            "kind": "fault",
            "scope": {"feeders": [feeder]},
            "starts_at": "2025-07-01T21:35:00+08:00",
            "reason": "雷击",
            "notify": True,
        }
        outage = await gateway.post("/outages", body, status=201)
        notices.append(outage["notices"][0]["notice_id"])
    await gateway.idle()
    accounts = {account for feeder in hit for account in street.on[feeder]}
    thrice = {*street.on["FS1"], *street.on["FS2"][:HOMES]}
    assert len(carrier.texts) - before == len(accounts)

    # In the night: the first feeder is back, the second slips, the third gets an estimate.
    await gateway.set_clock("2025-07-01T23:30:00")
    await patched(gateway, "FO-FS0", {"state": "restored"})
    await patched(gateway, "FO-FS1", {"ends_at": "2025-07-02T05:00:00+08:00"})
    await gateway.set_clock("2025-07-02T01:00:00")
    await patched(gateway, "FO-FS1", {"ends_at": "2025-07-02T09:00:00+08:00"})
    await patched(gateway, "FO-FS2", {"ends_at": "2025-07-02T04:00:00+08:00"})
    # Before the morning the third is back as well, and off again by another fault.
    await gateway.set_clock("2025-07-02T04:30:00")
    await patched(gateway, "FO-FS2", {"state": "restored"})
    body = {
        "outage_id": "FO-AGAIN",
        "kind": "fault",
        "scope": {"transformer_areas": ["TS20"]},
        "starts_at": "2025-07-02T04:50:00+08:00",
        "notify": True,
    }
    await gateway.set_clock("2025-07-02T04:50:00")
    await gateway.post("/outages", body, status=201)
    await gateway.idle()
    await gateway.set_clock("2025-07-02T07:00:00")
    await patched(gateway, "FO-FS1", {"state": "restored"})
    await patched(gateway, "FO-AGAIN", {"state": "restored"})
    await carrier.settled()
    await gateway.idle()

    told: dict[str, list[str]] = defaultdict(list)
    for text in carrier.texts[before:]:
        told[text.to].append(text.body)
    assert set(told) == {street.number[account] for account in accounts}
    for account in accounts:
        texts = told[street.number[account]]
        # Off first, on last, and nothing behind it; who was told twice that it is back lost it in between.
        assert "停电" in texts[0] and texts[-1].startswith("【国网供电】复电通知"), texts
        backs = [place for place, text in enumerate(texts) if "复电通知" in text]
        assert len(backs) == 1 or account in street.urgent, texts
        if account not in street.urgent:
            # Whom nobody told that it was back, the second fault keeps off: that is news of the first, no other one.
            assert sum("故障停电" in text for text in texts) == 1, texts
            assert len(texts) == (3 if account in thrice else 2), texts
    messages = [m for m in await gateway.messages(since="2025-07-01T21:00:00+08:00") if m["to"] in told]
    within_hours(messages, street.urgent)
    woken = [m for m in messages if m["sent_at"] and not 6 <= hour(m) < 22]
    assert woken and all(set(m["accounts"]) & street.urgent for m in woken)
    for notice in notices:
        assert (await gateway.get(f"/notices/{notice}"))["state"] == "done"
