from __future__ import annotations

from pathlib import Path

import pytest

from gateway.kernel.database import Database
from tests.importing import Office, at, counts

CHINESE = (
    "工单编号,业务类型,业务子类,受理渠道,来电号码,联系人,户号,受理内容,受理时间,处理时限,承诺时间,承诺完成时间,"
    "归档时间,处理班组,处理人,是否一次办结,诉求认定,关联工单,关联类型,处理结果\n"
    '24100100000001,意见,短信错发,phone,015800180338,,4105000015791,"收到其他客户的停电通知,要求取消短信。",'
    "2024-10-01 08:57:39,2024-10-15 08:57:39,,,2024-10-02 16:57:39,TM0002,E000005,N,,,,已更正\n"
    "24100200000001,咨询,电量电费查询,phone,13700361079,白 飞超,,查询电费,2024-10-02 14:22:20,"
    ",,,,TM0006,E000030,Y,,,,\n"
)
ENGLISH = (
    "wo_id,biz_type,caller_number,account_no,opened_at,closed_at,once_done\n"
    "1,fault_repair,+8619900246366,,2024-10-02 19:13:34,,N\n"
    "2,praise,空号,12,2024-10-02 19:13:34,2024-10-03 01:00:00,N\n"
    "3,吐槽,13700361079,,2024-10-02 19:13:34,,N\n"
    ",praise,13700361079,,2024-10-02 19:13:34,,N\n"
    "5,praise,13700361079,,,,N\n"
    "6,praise,13700361079,,上周,,N\n"
    "7,praise,13700361079,,2024-10-02 19:13:34,上周,N\n"
)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
async def test_the_export_of_the_hotline(office: Office, encoding: str) -> None:
    await office.load("archive", "户号,户名\n4105000015791,王强\n")
    assert counts(await office.load("work_orders", CHINESE.encode(encoding))) == (2, 2, 0, 0, 0, 0)
    first, second = await office.rows("SELECT * FROM work_order ORDER BY work_order_no")
    assert (first["kind"], first["subtype"], first["caller_number"], first["closed_at"]) == (
        "opinion",
        "短信错发",
        "+8615800180338",
        at("2024-10-02 16:57:39"),
    )
    assert first["account_id"] is not None
    assert (second["kind"], second["caller_name"], second["once_done"], second["closed_at"]) == (
        "consultation",
        "白飞超",
        True,
        None,
    )
    before = await office.rows("SELECT xmin::text, ctid::text FROM work_order ORDER BY 2")
    assert counts(await office.load("work_orders", CHINESE.encode(encoding))) == (2, 0, 0, 2, 0, 0)
    assert await office.rows("SELECT xmin::text, ctid::text FROM work_order ORDER BY 2") == before


async def test_an_order_that_is_closed_since(office: Office) -> None:
    await office.load("work_orders", CHINESE)
    closed = CHINESE.replace("2024-10-02 14:22:20,,,,,", "2024-10-02 14:22:20,,,,2024-10-02 14:26:20,")
    assert counts(await office.load("work_orders", closed)) == (2, 0, 1, 1, 0, 0)
    assert (await office.rows("SELECT count(*) FROM work_order WHERE closed_at IS NULL"))[0]["count"] == 0


async def test_orders_that_say_too_little(office: Office) -> None:
    loaded = await office.load("work_orders", ENGLISH)
    assert counts(loaded) == (7, 3, 0, 0, 4, 0)
    assert await office.rejects(loaded) == [
        (3, "account_no", "bad_account_no", "cell"),
        (4, "biz_type", "unknown_word", "row"),
        (5, "wo_id", "missing_value", "row"),
        (6, "opened_at", "missing_value", "row"),
        (7, "opened_at", "bad_time", "row"),
        (8, "closed_at", "bad_time", "cell"),
    ]
    rows = await office.rows("SELECT caller_number, account_id, account_no FROM work_order ORDER BY work_order_no")
    assert [tuple(row.values()) for row in rows] == [
        ("+8619900246366", None, None),
        ("空号", None, "12"),
        ("+8613700361079", None, None),
    ]


async def test_nobody_brings_a_file_of_their_own_orders(office: Office) -> None:
    """Whose number an order names, when it was closed and by whom decides who is asked, and where (promise P6)."""
    await office.load("work_orders", CHINESE)
    before = await office.rows("SELECT * FROM work_order ORDER BY work_order_no")
    another = CHINESE.replace("E000005", "E000007").replace("015800180338", "13900000009")
    for content in (CHINESE.replace("015800180338", "13900000009"), another):
        loaded = await office.load("work_orders", content, by="staff:E000005")
        assert counts(loaded) == (2, 0, 0, 1, 1, 0)
        assert await office.rejects(loaded) == [(2, "处理人", "own_work", "row")]
    assert await office.rows("SELECT * FROM work_order ORDER BY work_order_no") == before
    taken = CHINESE.replace("E000030", "E000005")
    assert counts(await office.load("work_orders", taken, by="staff:E000005"))[4] == 2
    assert counts(await office.load("work_orders", another, by="staff:E000008")) == (2, 0, 1, 1, 0, 0)
