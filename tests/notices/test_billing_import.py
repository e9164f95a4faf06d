from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.kernel.database import Database
from tests.importing import Office, at, counts

A, B = "4100000918", "4100000926"
ARREARS = (
    "欠费月份,户号,户名,欠费金额,最早应缴日期,欠费月数,违约金,统计日期\n"
    f'202503,{A},陈锋,"1,429.61",2025/02/20,2,76.88,2025-03-31\n'
    f"202503,{B},杨玲,84.11,2025/03/25,1,0.50,2025-03-31\n"
    '合计,,,"1,513.72"\n'
)


def paid(*rows: str) -> str:
    return "\n".join(["payment_id,account_no,billing_month,amount,paid_at,channel", *rows, ""])


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    office = Office(database, tmp_path)
    office.clock.offset = at("2025-04-02 10:00") - office.clock.now()
    await office.load("archive", f"户号,户名\n{A},陈锋\n{B},杨玲\n")
    return office


async def bill(office: Office, account_no: str) -> dict[str, object]:
    rows = await office.rows(
        "SELECT b.* FROM bill b JOIN account a ON a.id = account_id WHERE account_no = $1", account_no
    )
    return rows[0]


async def stopped(office: Office) -> list[tuple[str, str]]:
    return [tuple(row.values()) for row in await office.rows("SELECT ground, reason FROM ground_stop ORDER BY 1")]  # type: ignore[misc]


async def test_an_arrears_list_becomes_overdue_bills(office: Office) -> None:
    assert counts(await office.load("arrears", ARREARS)) == (2, 2, 0, 0, 0, 0)
    found = await bill(office, A)
    assert (found["amount"], found["late_fee"], found["months_overdue"], found["overdue"], found["paid"]) == (
        Decimal("1429.61"),
        Decimal("76.88"),
        2,
        True,
        Decimal(0),
    )
    before = await office.versions()
    assert counts(await office.load("arrears", ARREARS)) == (2, 0, 0, 2, 0, 0)
    assert await office.versions() == before


@pytest.mark.parametrize(
    "headings",
    [
        "billing_month,account_no,amount,due_date",
        "账单月份,户号,应收电费,交费截止日期",
        "电费年月,用户编号,本月电费,应交日期",
        "账期,户号,账单金额,到期日",
    ],
)
async def test_a_list_of_bills_with_the_words_of_any_office(office: Office, headings: str) -> None:
    assert counts(await office.load("bills", f"{headings}\n202503,{A},86.50,2025-04-25\n")) == (1, 1, 0, 0, 0, 0)
    found = await bill(office, A)
    assert (found["amount"], found["overdue"], found["settled_at"]) == (Decimal("86.50"), False, None)


async def test_rows_of_a_list_that_cannot_go_in(office: Office) -> None:
    loaded = await office.load(
        "arrears",
        "billing_month,account_no,amount_due,due_date,months_overdue,late_fee\n"
        "202503,4100000999,1.00,2025-03-25,1,0\n"
        f"202513,{A},1.00,2025-03-25,1,0\n"
        f"202503,{A},-1.00,2025-03-25,1,0\n"
        f"202503,{A},12.345,2025-03-25,1,0\n"
        f"202503,{A},,2025-03-25,1,0\n"
        f"202503,{A},1.00,三月底,1,0\n"
        f"202503,{B},1.00,2025-03-25,几个月,无\n",
    )
    assert counts(loaded) == (7, 1, 0, 0, 6, 0)
    assert await office.rejects(loaded) == [
        (2, "account_no", "unknown_account", "row"),
        (3, "billing_month", "bad_month", "row"),
        (4, "amount_due", "negative_amount", "row"),
        (5, "amount_due", "too_precise", "row"),
        (6, "amount_due", "missing_value", "row"),
        (7, "due_date", "bad_date", "row"),
        (8, "months_overdue", "bad_number", "cell"),
        (8, "late_fee", "bad_amount", "cell"),
    ]


async def test_a_payment_settles_the_bill_and_stops_its_ground(office: Office) -> None:
    await office.load("arrears", ARREARS)
    payment = paid(f"PY1,{A},202503,1429.61,2025-03-31 19:13:43,alipay")
    assert counts(await office.load("payments", payment)) == (1, 1, 0, 0, 0, 0)
    found = await bill(office, A)
    assert (found["paid"], found["settled_at"]) == (Decimal("1429.61"), at("2025-03-31 19:13:43"))
    assert await stopped(office) == [(f"bill:{A}:202503", "paid")]
    assert (await bill(office, B))["settled_at"] is None
    assert counts(await office.load("payments", payment)) == (1, 0, 0, 1, 0, 0)
    # The same list again does not open what is settled.
    assert counts(await office.load("arrears", ARREARS)) == (2, 0, 0, 2, 0, 0)
    assert (await bill(office, A))["settled_at"] is not None


async def test_payments_in_part_add_up(office: Office) -> None:
    await office.load("arrears", ARREARS)
    await office.load("payments", paid(f"PY1,{A},202503,1000.00,2025-04-01 08:00:00,app"))
    assert ((await bill(office, A))["paid"], await stopped(office)) == (Decimal(1000), [])
    assert f"bill:{A}:202503" in office.rewritten
    await office.load("payments", paid(f"PY2,{A},202503,429.61,2025-04-01 09:00:00,app"))
    assert (await bill(office, A))["settled_at"] == at("2025-04-01 09:00:00")


async def test_what_was_paid_before_the_list_was_cut_is_not_on_it(office: Office) -> None:
    await office.load("arrears", ARREARS)
    await office.load("payments", paid(f"PY1,{B},202503,84.11,2025-03-30 23:59:59,app"))
    assert (await bill(office, B))["settled_at"] is None
    await office.load("payments", paid(f"PY2,{B},202503,84.11,2025-03-31 00:00:00,app"))
    assert (await bill(office, B))["settled_at"] is not None


async def test_only_a_later_list_opens_a_settled_bill_again(office: Office) -> None:
    await office.load("arrears", ARREARS)
    await office.load("payments", paid(f"PY1,{B},202503,84.11,2025-03-31 12:00:00,app"))
    later = ARREARS.replace("2025-03-31", "2025-04-10")
    assert counts(await office.load("arrears", later)) == (2, 0, 2, 0, 0, 0)
    assert ((await bill(office, B))["settled_at"], await stopped(office)) == (None, [])
    earlier = ARREARS.replace("2025-03-31", "2025-03-01").replace("84.11", "20.00")
    assert counts(await office.load("arrears", earlier)) == (2, 0, 0, 2, 0, 0)
    assert (await bill(office, B))["amount"] == Decimal("84.11")


async def test_a_payment_may_come_before_its_bill(office: Office) -> None:
    await office.load("payments", paid(f"PY1,{B},202503,100.00,2025-04-01 08:00:00,bank"))
    await office.load("arrears", ARREARS)
    assert (await bill(office, B))["settled_at"] == at("2025-04-01 08:00:00")
    assert await stopped(office) == [(f"bill:{B}:202503", "paid")]


async def test_payments_without_a_number_are_known_by_what_they_say(office: Office) -> None:
    rows = paid(f",{A},202503,10.00,2025-04-01 08:00:00,app", f",{A},202503,10.00,2025-04-01 08:00:01,app")
    assert counts(await office.load("payments", rows)) == (2, 2, 0, 0, 0, 0)
    assert counts(await office.load("payments", rows)) == (2, 0, 0, 2, 0, 0)
    loaded = await office.load(
        "payments", paid(f"PY9,{A},202503,10.00,昨天,app", "PY8,4100000999,202503,1,2025-04-01,app")
    )
    assert await office.rejects(loaded) == [
        (2, "paid_at", "bad_time", "row"),
        (3, "account_no", "unknown_account", "row"),
    ]


async def test_bills_as_issued_are_not_overdue_and_never_take_arrears_back(office: Office) -> None:
    issued = f"billing_month,account_no,amount,due_date\n202503,{A},618.45,2025-03-20\n"
    assert counts(await office.load("bills", issued)) == (1, 1, 0, 0, 0, 0)
    assert (await bill(office, A))["overdue"] is False
    await office.load("arrears", ARREARS)
    assert ((await bill(office, A))["overdue"], (await bill(office, A))["amount"]) == (True, Decimal("1429.61"))
    assert counts(await office.load("bills", issued)) == (1, 0, 0, 1, 0, 0)
    assert (await bill(office, A))["overdue"] is True


async def test_a_stop_is_dated_by_the_clock(office: Office) -> None:
    await office.load("arrears", ARREARS)
    await office.load("payments", paid(f"PY1,{B},202503,84.11,2025-04-01 12:00:00,app"))
    (row,) = await office.rows("SELECT at FROM ground_stop")
    assert abs(row["at"] - at("2025-04-02 10:00")) < timedelta(minutes=5)
