"""Walk 1: an arrears file becomes texts, and a payment that arrives in between stops what is queued.

What follows one another is one test; each chapter says what holds in it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.walks import files
from tests.walks.carrier import OutsideCarrier
from tests.walks.conftest import Start
from tests.walks.gateway import Gateway

pytestmark = pytest.mark.process

WANG, LI, ZHAO, SUN = (files.account_no(serial) for serial in range(902101, 902105))
QIAN, NOBODY, OXYGEN, LANDLINE = (files.account_no(serial) for serial in range(902105, 902109))
OWNER_OF_TWO = "+8613912340001"


@pytest.fixture(scope="module")
async def gateway(start: Start, carrier: OutsideCarrier) -> Gateway:
    """A gateway on the evening of 1 April 2025, with the sample archive and what other offices sent."""
    gateway = await start()
    await gateway.set_clock("2025-04-01T21:30:00")
    for kind in ("topology", "staff", "accounts", "contacts", "arrears"):
        done = await gateway.import_file(kind, files.sample(kind), f"{kind}.csv")
        assert done["state"] == "done", done
    return gateway


def accounts_of(messages: list[Any]) -> Counter[str]:
    """Account → messages that speak for it."""
    return Counter(account for message in messages for account in message["accounts"])


async def dirty_files_go_in_and_what_is_refused_is_named(gateway: Gateway) -> None:
    gb18030 = files.archive_gb18030(
        [
            files.household(WANG, "王 强", "１３９１２３４０００１"),
            files.household(LI, "李娜", "+86 139-1234-0002", second=("李父", "0086-13912340003")),
        ]
    )
    assert (await gateway.imported("archive", gb18030, "用户档案_gb18030.csv"))["created"] == 2

    pages: list[list[list[object]]] = [
        [[*files.household(ZHAO, "赵敏", "")[:10], 13912340001, *files.household(ZHAO, "赵敏", "")[11:]]],
        [list(files.household(SUN, "孙丽 (房东)", "139 1234 0004"))],
    ]
    done = await gateway.imported("archive", files.archive_xlsx(pages), "用户档案.xlsx")
    assert (done["rows"], done["created"]) == (2, 2)

    ragged = "\ufeff" + files.sheet(
        [
            files.ARCHIVE,
            files.household(QIAN, "钱多多", "13912340005"),
            files.ARCHIVE,
            [],
            ["4.17000E+11", "郑某", "岚州市青石县", "居民生活"],
            files.household(NOBODY, "无名", "13800000000"),
            [*files.household(OXYGEN, "吴氧", "13912340007", special="家庭氧疗"), "", ""],
            files.household(LANDLINE, "冯座机", "", landline="0398-2793631"),
            ["合计", "4户"],
        ],
        line="\r\n",
    )
    done = await gateway.import_file("archive", ragged.encode(), "用户档案_bom_crlf.csv")
    assert done["state"] == "done" and done["created"] == 4, done
    rejects = await gateway.every(f"/imports/{done['id']}/rejects")
    lost = next(reject for reject in rejects if reject["row"][0] == "4.17000E+11")
    assert (lost["row_number"], lost["column"]) == (5, "户号")
    assert "mangled_by_spreadsheet" in lost["reason"]
    assert any(reject["row"][0] == NOBODY and reject["column"] == "移动电话" for reject in rejects), rejects

    arrears = "\ufeff" + files.sheet(
        [
            files.ARREARS,
            files.owes(WANG, "王强", "1,429.61"),
            files.owes(ZHAO, "赵敏", "84.11"),
            files.owes(LI, "李娜", "10.00"),
            files.owes(SUN, "孙丽", "20.00"),
            files.owes(QIAN, "钱多多", "30.00"),
            files.owes(NOBODY, "无名", "40.00"),
            files.owes(OXYGEN, "吴氧", "50.00"),
            files.owes(LANDLINE, "冯座机", "60.00"),
            files.owes("4199999990", "谁", "1.00"),
            files.owes(LI, "李娜", "-3.00"),
            ["合计", "", "", "1,723.72"],
        ],
        line="\r\n",
    )
    done = await gateway.import_file("arrears", arrears.encode(), "欠费清单_bom.csv")
    assert (done["created"], done["rejected"]) == (8, 2), done
    reasons = {reject["row_number"]: reject for reject in await gateway.every(f"/imports/{done['id']}/rejects")}
    assert (reasons[10]["column"], reasons[11]["column"]) == ("户号", "欠费金额")
    assert "unknown_account" in reasons[10]["reason"] and "negative_amount" in reasons[11]["reason"]


async def test_importing_the_same_file_again_changes_nothing(gateway: Gateway) -> None:
    for kind in ("topology", "staff", "accounts", "contacts", "arrears"):
        done = await gateway.import_file(kind, files.sample(kind), f"{kind}.csv")
        assert (done["created"], done["updated"]) == (0, 0), (kind, done)
        assert done["unchanged"] + done["rejected"] + done["conflicts"] == done["rows"], (kind, done)


async def test_accounts_that_spell_one_premise_in_two_ways_settle_on_one(gateway: Gateway) -> None:
    first, second = files.account_no(902201), files.account_no(902202)
    rows = [
        ("account_no", "customer_no", "holder_name", "premise_id", "address", "id_masked"),
        (first, "C902", "郑强", "PR902", "岚州市东湖区幸福路7栋1单元", ""),
        (second, "C902", "郑 强", "PR902", "岚州市东湖区幸福路7#1单元", "41****1"),
    ]
    assert (await gateway.imported("accounts", files.sheet(rows).encode()))["created"] == 2
    for _ in range(2):
        assert (await gateway.imported("accounts", files.sheet(rows).encode()))["unchanged"] == 2


async def a_notice_is_drafted_previewed_approved_and_waits_for_the_morning(
    gateway: Gateway, carrier: OutsideCarrier
) -> None:
    draft = await gateway.post(
        "/notices", {"kind": "arrears", "billing_month": "202503", "tone": "official"}, status=201
    )
    assert draft["state"] == "draft"
    preview = await gateway.post(f"/notices/{draft['id']}/preview")
    assert preview["audience"] > 130 and preview["segments"] >= preview["messages"] > 100
    assert preview["samples"] and all(sample["body"].startswith("【国网供电】") for sample in preview["samples"])
    assert "13912340001" not in str(preview)

    await gateway.post(f"/notices/{draft['id']}/approve")
    await gateway.idle()
    notice = await gateway.get(f"/notices/{draft['id']}")
    messages = await gateway.messages(notice=draft["id"])
    assert notice["state"] == "sending"
    assert notice["counts"] == Counter(message["state"] for message in messages)
    assert notice["withheld"] == Counter(m["withheld_reason"] for m in messages if m["state"] == "withheld")
    assert set(notice["counts"]) == {"queued", "withheld"}
    assert notice["counts"]["queued"] == preview["messages"] and notice["withheld"] == preview["withheld"]
    # Every account of the audience is spoken for by exactly one message, sent or withheld.
    assert notice["audience"] == notice["composed"] == len(accounts_of(messages))
    assert set(accounts_of(messages).values()) == {1}
    # One text for a number, whatever it stands on.
    assert set(Counter(m["to"] for m in messages if m["state"] == "queued").values()) == {1}
    assert carrier.texts == []


async def one_text_speaks_for_all_accounts_of_a_person(gateway: Gateway) -> None:
    (of_wang,) = await gateway.messages(account_no=WANG)
    (of_zhao,) = await gateway.messages(account_no=ZHAO)
    assert of_wang["id"] == of_zhao["id"]
    assert sorted(of_wang["accounts"]) == sorted([WANG, ZHAO]) and of_wang["account_no"] == of_wang["accounts"][0]
    assert of_wang["to"] == OWNER_OF_TWO and of_wang["kind"] == "arrears" and of_wang["template"] == "arrears_several"
    assert "1513.72" in of_wang["body"].replace(",", "") and WANG[-4:] in of_wang["body"]
    assert of_wang["state"] == "queued" and of_wang["not_before"].startswith("2025-04-02T00:00:00")


async def who_is_not_written_to_has_a_message_that_says_why(gateway: Gateway, account: str, reason: str) -> None:
    (message,) = await gateway.messages(account_no=account)
    assert (message["state"], message["withheld_reason"]) == ("withheld", reason)
    assert message["decision"]


async def a_payment_in_the_night_stops_the_text_in_the_morning(gateway: Gateway, carrier: OutsideCarrier) -> None:
    paid = [
        ["P1", LI, "202503", "10.00", "2025-04-01 22:10:00", "wechat"],
        ["P2", ZHAO, "202503", "84.11", "2025-04-01 22:11:00", "alipay"],
        ["P3", SUN, "202503", "5.00", "2025-04-01 22:12:00", "alipay"],
    ]
    await gateway.imported("payments", files.payments_csv(paid))
    (of_li,) = await gateway.messages(account_no=LI)
    assert (of_li["state"], of_li["withheld_reason"]) == ("withheld", "paid")
    assert carrier.texts == []

    await gateway.set_clock("2025-04-02T08:00:30")
    await carrier.settled()
    await gateway.idle()
    assert carrier.to("+8613912340002") == []
    # The paid account is not spoken of any more, and the other one is as if it had never been there.
    (text,) = carrier.to(OWNER_OF_TWO)
    assert WANG[-4:] in text and ZHAO[-4:] not in text
    assert "1429.61" in text.replace(",", "") and "1513.72" not in text.replace(",", "")
    # What is paid in part is still owed.
    assert len(carrier.to("+8613912340004")) == 1


async def every_text_left_in_its_hours_and_each_number_got_one(gateway: Gateway, carrier: OutsideCarrier) -> None:
    messages = await gateway.messages(kind="arrears")
    sent = [message for message in messages if message["sent_at"]]
    assert {message["state"] for message in messages} <= {"delivered", "withheld"}
    assert all(message["sent_at"].startswith("2025-04-02T00:0") for message in sent)
    assert carrier.by_number() == Counter(message["to"] for message in sent)
    assert set(carrier.by_number().values()) == {1}
    assert {text.body for text in carrier.texts} == {message["body"] for message in sent}
    notice = await gateway.get(f"/notices/{sent[0]['notice_id']}")
    assert notice["state"] == "done"
    assert notice["counts"] == Counter(message["state"] for message in messages)
    # The account that was paid meanwhile is still found, and its message says so.
    assert accounts_of(messages)[ZHAO] == 1
    (of_zhao,) = await gateway.messages(account_no=ZHAO)
    assert (of_zhao["state"], of_zhao["withheld_reason"]) == ("withheld", "paid")


async def nobody_is_dunned_twice_within_three_days(gateway: Gateway, carrier: OutsideCarrier) -> None:
    before = len(carrier.texts)
    notice_id = await gateway.approved({"kind": "arrears", "billing_month": "202503"})
    notice = await gateway.get(f"/notices/{notice_id}")
    assert set(notice["counts"]) == {"withheld"} and notice["withheld"]["frequency_cap"] > 90
    assert len(carrier.texts) == before


async def an_outage_of_receipts_moves_nothing_backwards(gateway: Gateway, carrier: OutsideCarrier) -> None:
    text = carrier.texts[0]
    for status in ("sent", "queued", "sending", "delivered"):
        assert await carrier.post(text.callback, carrier.receipt(text, status)) == 204
    (message,) = [m for m in await gateway.messages(to=text.to) if m["carrier_id"] == text.sid]
    assert message["state"] == "delivered"


async def test_a_month_of_arrears_is_told(gateway: Gateway, carrier: OutsideCarrier) -> None:
    await dirty_files_go_in_and_what_is_refused_is_named(gateway)
    await a_notice_is_drafted_previewed_approved_and_waits_for_the_morning(gateway, carrier)
    await one_text_speaks_for_all_accounts_of_a_person(gateway)
    for account, reason in ((NOBODY, "no_contact"), (OXYGEN, "visit_instead"), (LANDLINE, "invalid_number")):
        await who_is_not_written_to_has_a_message_that_says_why(gateway, account, reason)
    await a_payment_in_the_night_stops_the_text_in_the_morning(gateway, carrier)
    await every_text_left_in_its_hours_and_each_number_got_one(gateway, carrier)
    await nobody_is_dunned_twice_within_three_days(gateway, carrier)
    await an_outage_of_receipts_moves_nothing_backwards(gateway, carrier)
