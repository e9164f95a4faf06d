"""Arrears lived through by the test clock: stages by themselves, a payment on day nine, a holiday, a named head.

Its days follow one another, so they are one test; each chapter says what holds in it.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import HOME, Gateway

pytestmark = pytest.mark.process

WANG, LI, OXYGEN, KEY = (files.account_no(serial) for serial in range(903101, 903105))
OF_WANG, OF_LI, OF_OXYGEN, OF_KEY = (f"+861391234100{number}" for number in range(1, 5))
BILLS = "billing_month,account_no,amount,due_date".split(",")
STAFF = "staff_id,name,phone,team_id,team_name,role,district".split(",")


@pytest.fixture(scope="module")
async def gateway(start: Start, carrier: OutsideCarrier) -> Gateway:
    """A gateway whose ladder runs by itself, in September 2025, with four customers and a bill for each."""
    gateway = await start(LADDER="auto")
    await gateway.set_clock("2025-09-10T09:30:00")
    people = [
        files.household(WANG, "王强", OF_WANG),
        files.household(LI, "李娜", OF_LI),
        files.household(OXYGEN, "赵敏", OF_OXYGEN, special="家庭氧疗"),
        files.household(KEY, "岚州酒店", OF_KEY),
    ]
    people[3][18:20] = ["是", "E000042"]
    await gateway.imported("archive", files.archive_csv(people))
    staff = ["E000007", "周主任", "", "T1", "营业班", "主任", "东湖区"]
    await gateway.imported("staff", files.sheet([STAFF, staff]).encode())
    rows = [["202509", number, "86.50", "2025-09-25"] for number in (WANG, LI, OXYGEN, KEY)]
    await gateway.imported("bills", files.sheet([BILLS, *rows]).encode())
    return gateway


async def noon(gateway: Gateway, day: date) -> None:
    """Live on until noon of a day; on the evening before it the bank says that its file is complete."""
    evening = f"{day - timedelta(days=1)}T21:00:00"
    await gateway.set_clock(evening)
    status, answer = await gateway.ask("PUT", "/ladder/feed", json={"complete_until": f"{evening}{HOME}"})
    assert (status, answer["late"]) == (200, None)
    await gateway.set_clock(f"{day}T12:00:00")


async def standing(gateway: Gateway, account: str) -> tuple[str, str | None, str | None]:
    """Where an account's bill stands: its state, what freezes it, and the next stage."""
    (bill,) = (await gateway.get("/ladder/bills", account_no=account, settled="true"))["items"]
    return bill["state"], bill["frozen_by"], bill["next_stage"]


async def the_bill_is_told_and_once_more_before_it_falls_due(gateway: Gateway, carrier: OutsideCarrier) -> None:
    await noon(gateway, date(2025, 9, 11))
    assert [len(carrier.to(number)) for number in (OF_WANG, OF_LI, OF_OXYGEN, OF_KEY)] == [1, 1, 1, 1]
    await noon(gateway, date(2025, 9, 22))
    _, reminder = carrier.to(OF_WANG)
    assert "9月25日前交" in reminder and "违约金0.09元" in reminder
    assert await standing(gateway, WANG) == ("waiting", None, "overdue")


async def while_the_bank_is_late_nobody_is_reminded(gateway: Gateway, carrier: OutsideCarrier) -> None:
    # The last word of the bank is of the 21st.
    await gateway.set_clock("2025-09-26T12:00:00")
    assert len(carrier.to(OF_WANG)) == 2
    feed = await gateway.get("/ladder/feed")
    assert "complete only up to" in feed["late"]
    await noon(gateway, date(2025, 9, 27))
    assert len(carrier.to(OF_WANG)) == len(carrier.to(OF_LI)) == 3


async def a_person_speaks_to_the_key_account_and_the_frail_are_left_alone(
    gateway: Gateway, carrier: OutsideCarrier
) -> None:
    assert len(carrier.to(OF_OXYGEN)) == len(carrier.to(OF_KEY)) == 2
    assert await standing(gateway, OXYGEN) == ("frozen", "vulnerable", "overdue")
    (task,) = (await gateway.get("/tasks", account_no=KEY))["items"]
    assert (task["kind"], task["owner_no"], task["state"]) == ("account_manager", "E000042", "open")


async def no_reminder_in_the_week_of_the_holiday_and_none_after_a_payment(
    gateway: Gateway, carrier: OutsideCarrier
) -> None:
    await noon(gateway, date(2025, 10, 2))
    assert len(carrier.to(OF_WANG)) == 3 and await standing(gateway, WANG) == ("waiting", None, "daily_charge")
    # Nine days after the due date, in the middle of the holidays.
    await gateway.set_clock("2025-10-04T15:00:00")
    paid = ["P903101", WANG, "202509", "86.50", "2025-10-04 14:30:00", "wechat"]
    await gateway.imported("payments", files.payments_csv([paid]))
    assert await standing(gateway, WANG) == ("settled", None, None)

    await noon(gateway, date(2025, 10, 9))
    assert len(carrier.to(OF_WANG)) == 3
    assert "1.21元" in carrier.to(OF_LI)[-1] and "0.09元" in carrier.to(OF_LI)[-1]
    messages = await gateway.messages(account_no=LI)
    assert messages[0]["sent_at"].startswith("2025-10-09T00:0")
    assert "(policy 1)" in messages[0]["decision"]


async def after_thirty_days_a_named_head_decides_and_payment_ends_it(gateway: Gateway, carrier: OutsideCarrier) -> None:
    await noon(gateway, date(2025, 10, 12))
    assert [task["kind"] for task in (await gateway.get("/tasks", account_no=OXYGEN))["items"]] == ["visit"]
    await noon(gateway, date(2025, 10, 27))
    (draft,) = (await gateway.get("/notices", kind="legal_notice"))["items"]
    assert draft["state"] == "draft"
    refused = await gateway.post(f"/notices/{draft['id']}/approve", {}, status=422)
    assert refused["errors"][0]["field"] == "head"
    await gateway.post(f"/notices/{draft['id']}/approve", {"head": "E000007"})
    await gateway.idle()
    (notice,) = [text for text in carrier.to(OF_LI) if "停电通知" in text]
    assert "11月3日9时" in notice and "86.50元" in notice
    (stop,) = (await gateway.get("/disconnections"))["items"]
    assert (stop["account_no"], stop["state"], stop["head_no"]) == (LI, "announced", "E000007")
    (paper,) = (await gateway.get("/tasks", account_no=LI, state="open"))["items"]
    assert paper["kind"] == "paper_notice"

    await gateway.set_clock("2025-11-03T08:31:00")
    assert "停电前再次通知" in carrier.to(OF_LI)[-1]
    told = len(carrier.to(OF_LI))
    paid = ["P903102", LI, "202509", "86.50", "2025-11-03 08:40:00", "alipay"]
    await gateway.set_clock("2025-11-03T08:45:00")
    await gateway.imported("payments", files.payments_csv([paid]))
    await gateway.set_clock("2025-11-03T09:30:00")
    stop = await gateway.get(f"/disconnections/{stop['id']}")
    assert (stop["state"], stop["because"]) == ("cancelled", "the bill has been paid")
    await gateway.post(f"/disconnections/{stop['id']}/stopped", {}, status=409)
    assert len(carrier.to(OF_LI)) == told
    assert (await gateway.get("/tasks", account_no=LI, state="open"))["items"] == []


async def nothing_left_out_of_hours_or_on_a_holiday(gateway: Gateway) -> None:
    for message in await gateway.messages(kind="arrears"):
        sent = message["sent_at"]
        assert sent is None or ("T00:" <= sent[10:14] <= "T11:" and not "2025-10-01" <= sent[:10] <= "2025-10-08")


async def test_two_months_of_arrears(gateway: Gateway, carrier: OutsideCarrier) -> None:
    await the_bill_is_told_and_once_more_before_it_falls_due(gateway, carrier)
    await while_the_bank_is_late_nobody_is_reminded(gateway, carrier)
    await a_person_speaks_to_the_key_account_and_the_frail_are_left_alone(gateway, carrier)
    await no_reminder_in_the_week_of_the_holiday_and_none_after_a_payment(gateway, carrier)
    await after_thirty_days_a_named_head_decides_and_payment_ends_it(gateway, carrier)
    await nothing_left_out_of_hours_or_on_a_holiday(gateway)
