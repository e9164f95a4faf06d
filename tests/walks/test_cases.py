"""Walk: what a customer raises is promised, told unasked, closed by the customer's word, and opened again by it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway
from tests.walks.test_score import HEADINGS

pytestmark = pytest.mark.process

FIRST, SECOND = (files.account_no(serial) for serial in range(904601, 904603))
ONE, OTHER = (f"+861391236600{last}" for last in (1, 2))


def order(number: str, kind: str, caller: str, account: str, **more: str) -> tuple[str, ...]:
    """A row of the hotline's export."""
    return (
        number, kind, more.get("subtype", "服务行为"), "phone", caller, "", account, more.get("content", "客户反映"),
        more.get("opened", "2025-03-31 09:00:00"), "2025-04-10 09:00:00", more.get("promised", ""), "",
        more.get("closed", ""), "TM0003", "E000013", "N",
    )  # fmt: skip


@pytest.fixture(scope="module")
async def gateway(start: Start, carrier: OutsideCarrier) -> Gateway:
    """A gateway on 1 April 2025 with two households and a few orders of the hotline."""
    gateway = await start()
    await gateway.set_clock("2025-04-01T10:00:00")
    households = [files.household(FIRST, "吴一", "13912366001"), files.household(SECOND, "吴二", "13912366002")]
    await gateway.imported("archive", files.archive_csv(households))
    return gateway


async def _case(gateway: Gateway, **query: str) -> Any:
    (case,) = await gateway.every("/cases", **query)
    return await gateway.get(f"/cases/{case['id']}")


async def test_a_promise_is_told_and_its_progress_unasked(gateway: Gateway, carrier: OutsideCarrier) -> None:
    case = await gateway.post(
        "/cases",
        {"class": "opinion", "topic": "表箱锈蚀", "summary": "表箱锈穿了", "number": ONE, "account_no": FIRST},
        status=201,
    )
    promise = await gateway.post(
        "/commitments",
        {"case": case["id"], "what": "更换表箱", "due_at": "2025-04-11T10:00:00+08:00"},
        status=201,
    )
    await gateway.post(f"/cases/{case['id']}/contacted", {"note": "已电话联系"})
    await gateway.idle()
    await carrier.settled()
    noted, promised = carrier.to(ONE)
    assert case["reference"] in noted and "4月11日10时" in promised and case["reference"] in promised
    told = await gateway.get(f"/messages/{promise['told_message_id']}")
    assert told["account_no"] == FIRST and told["kind"] == "case_progress"
    await gateway.advance("P5DT1M")
    await gateway.post(f"/commitments/{promise['id']}/progress", {"progress": "备料完成"})
    await gateway.advance("P3D")
    await carrier.settled()
    half, most = carrier.to(ONE)[2:]
    assert "正在办理" in half and "备料完成" in most
    await gateway.advance("P2D")
    await carrier.settled()
    assert "没能按期" in carrier.to(ONE)[-1] and len(carrier.to(ONE)) == 5
    broken = await gateway.get(f"/commitments/{promise['id']}")
    assert (broken["state"], broken["told_percent"]) == ("broken", 100)
    assert "commitment_broken" in {task["kind"] for task in await gateway.every("/tasks", state="open")}
    assert await carrier.reply(ONE, "8") == 200
    await gateway.idle()
    assert (await gateway.get(f"/commitments/{promise['id']}"))["contradicted_at"] is not None
    assert (await gateway.get(f"/cases/{case['id']}"))["unit"] == "supervision"


async def test_closing_asks_and_no_opens_again_and_yes_closes(gateway: Gateway, carrier: OutsideCarrier) -> None:
    case = await _case(gateway, account_no=FIRST)
    for answer, state, contradictions in (("没解决", "open", 1), ("1", "closed", 1)):
        await gateway.post(f"/cases/{case['id']}/close", {"outcome": "已更换表箱"})
        assert (await _case(gateway, account_no=FIRST))["state"] == "asked"
        await gateway.advance("PT1H")
        await carrier.settled()
        assert "问题解决了吗" in carrier.to(ONE)[-1]
        assert await carrier.reply(ONE, answer) == 200
        await gateway.idle()
        now = await _case(gateway, account_no=FIRST)
        assert (now["state"], now["contradictions"]) == (state, contradictions)
        # The same text never goes twice within a day.
        await gateway.advance("P1DT1H")
    assert now["confirmation"] == "confirmed"
    kinds = [event["kind"] for event in now["events"]]
    assert kinds.index("asked") < kinds.index("contradicted") < kinds.index("confirmed") < kinds.index("closed")


async def test_orders_are_cases_and_their_commitments_are_followed(gateway: Gateway, carrier: OutsideCarrier) -> None:
    await gateway.set_clock("2025-04-14T10:00:00")
    orders = [
        order("25033100000001", "fault_repair", "13912366002", SECOND, content="线路打火", subtype="低压故障",
              opened="2025-04-14 09:00:00"),
        order("25033100000002", "complaint", "13912366002", SECOND, closed="2025-04-10 12:00:00"),
        order("25033100000003", "commitment", "13912366002", SECOND, promised="2025-04-21 18:00:00",
              opened="2025-04-14 09:00:00", content="承诺4月21日前整改完毕"),
    ]  # fmt: skip
    await gateway.imported("work_orders", files.sheet([HEADINGS, *orders]).encode(), "orders.csv")
    by_order = {case["work_order_no"]: case for case in await gateway.every("/cases", account_no=SECOND)}
    assert {number: (case["class"], case["state"], case["severity"]) for number, case in by_order.items()} == {
        "25033100000001": ("fault_report", "open", "critical"),
        "25033100000002": ("complaint", "closed", "high"),
    }
    (urgent,) = await gateway.every("/tasks", kind="case_urgent")
    assert urgent["unit"] == "supervision" and "线路打火" in urgent["words"]
    (promise,) = await gateway.every("/commitments", account_no=SECOND)
    assert (promise["kind"], promise["state"], promise["work_order_no"]) == ("work", "open", "25033100000003")
    before = len(carrier.to(OTHER))
    await gateway.advance("P11D")
    await carrier.settled()
    texts = [text for text in carrier.to(OTHER)[before:] if "服务行为" in text]
    assert len(texts) == 3 and "没能按期" in texts[-1]
    summary = await gateway.get("/commitments/summary", by="unit")
    (unit,) = [one for one in summary["items"] if one["key"] == "TM0003"]
    assert (unit["made"], unit["broken"], unit["rate"]) == (1, 1, 0.0)


async def test_what_is_likely_to_escalate_is_warned_of(gateway: Gateway) -> None:
    warnings = await gateway.every("/warnings", kind="escalating")
    assert warnings and all(one["due_at"] > one["raised_at"] for one in warnings)
    one = await gateway.post(f"/warnings/{warnings[0]['id']}/acknowledge", {"note": "已安排"})
    assert one["state"] == "acknowledged"
