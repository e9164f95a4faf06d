"""Files of commitments, of warnings, and of scores that came another way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cases.due import DueCases
from gateway.evaluations.outside import other_sources
from gateway.kernel.database import Database
from tests.importing import ZONE, Office, at, counts

PROMISED = (
    "承诺编号,户号,联系电话,诉求编号,承诺事项,承诺内容,承诺日期,承诺期限,兑现时间,责任单位,责任人,兑现结果\n"
    "C1,4105000015791,,,表箱锈蚀,更换表箱,2025-03-01 09:00,2099-03-10 18:00,,TM0003,e000013,\n"
    "C2,,13800374443,,低电压,增容改造,2025-02-01 09:00,2025-02-20 18:00,2025-02-19 12:00,TM0003,,已改造\n"
    "C3,,13800374443,,低电压,增容改造,2025-02-01 09:00,2025-02-20 18:00,,TM0003,,\n"
    "C4,,,,低电压,增容改造,2025-02-01 09:00,2025-02-20 18:00,,TM0003,,\n"
    "C5,4105000099999,,,低电压,增容改造,2025-02-01 09:00,2025-02-20 18:00,,TM0003,,\n"
    "C6,,,S999999,低电压,增容改造,2025-02-01 09:00,2025-02-20 18:00,,TM0003,,\n"
    "C7,,13800374443,,低电压,增容改造,2025-02-20 18:00,2025-02-01 09:00,,TM0003,,\n"
    "C8,,12,,低电压,增容改造,2025-02-01 09:00,2025-02-20 18:00,,TM0003,,\n"
    "C9,,13800374443,,低电压,增容改造,某天,2025-02-20 18:00,,TM0003,,\n"
)
WARNED = (
    "预警类型,预警对象,预警内容,接收单位,签收期限\n"
    "共性,topic:频繁停电,三个台区反映频繁停电,TM0003,2099-03-10 18:00\n"
    "易升级,case:S000012,客户表示将拨打12398,TM0002,2099-03-05 18:00\n"
    "稀奇,topic:电压,x,TM0003,2099-03-10 18:00\n"
    "典型,topic:电压,x,TM0003,下周\n"
    "典型,topic:电压,,TM0003,2099-03-10 18:00\n"
)
SCORES = (
    "来源,编号,日期,班组编号,工号,工单编号,得分,满分,意见\n"
    "服务卡,K1,2025-03-01,TM0003,e000013,,5,,很好\n"
    "服务卡,K2,2025-03-02,TM0003,E000013,,2,,\n"
    "暗访,M1,2025-03-02,TM0003,,,86,,窗口有人值守\n"
    "电话回访,P1,2025-03-02,TM0003,E000013,25030100000001,4分,5,\n"
    "网上,X1,2025-03-02,TM0003,,,4,,\n"
    "服务卡,K3,2025-03-02,TM0003,,,6,,\n"
    "服务卡,K4,2025-03-02,TM0003,,,很好,,\n"
    "服务卡,K5,某天,TM0003,,,4,,\n"
    "服务卡,,2025-03-02,TM0003,,,4,,\n"
)


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    office = Office(database, tmp_path)
    await office.load("archive", "户号,户名\n4105000015791,王强\n")
    return office


async def rejects(office: Office) -> list[tuple[Any, ...]]:
    rows = await office.rows("SELECT row_number, column_name, reason FROM import_reject ORDER BY row_number")
    return [(row["column_name"], row["reason"].split(":")[0]) for row in rows]


async def test_what_was_promised_elsewhere(office: Office) -> None:
    assert counts(await office.load("commitments", PROMISED))[:2] == (9, 3)
    rows = await office.rows(
        "SELECT work_order_no, state, to_number, unit, owner_no, next_at, made_by FROM commitment ORDER BY 1"
    )
    assert [(row["work_order_no"], row["state"], row["to_number"], row["owner_no"]) for row in rows] == [
        ("C1", "open", None, "E000013"),
        ("C2", "kept", "+8613800374443", None),
        ("C3", "broken", "+8613800374443", None),
    ]
    # The one that runs is told of at its marks; who brought it is known.
    assert [row["next_at"] is not None for row in rows] == [True, False, False]
    assert all(row["made_by"].startswith("import:") for row in rows)
    assert await rejects(office) == [
        ("户号", "missing_value"),
        ("户号", "unknown_account"),
        ("诉求编号", "unknown_case"),
        ("承诺期限", "out_of_range"),
        ("联系电话", "not_a_number"),
        ("承诺日期", "bad_time"),
    ]
    assert counts(await office.load("commitments", PROMISED))[1:4] == (0, 0, 3)
    done = PROMISED.replace("2099-03-10 18:00,,", "2099-03-10 18:00,2025-03-09 10:00,")
    assert counts(await office.load("commitments", done))[1:4] == (0, 1, 2)
    first, *_ = await office.rows("SELECT state FROM commitment ORDER BY work_order_no")
    assert first["state"] == "kept"


async def test_warnings_from_above(office: Office) -> None:
    assert counts(await office.load("warnings", WARNED))[:2] == (5, 2)
    rows = await office.rows("SELECT kind, subject, unit, state, rule FROM warning ORDER BY subject")
    assert [tuple(row.values()) for row in rows] == [
        ("escalating", "case:S000012", "TM0002", "open", "by_hand"),
        ("common", "topic:频繁停电", "TM0003", "open", "by_hand"),
    ]
    assert await rejects(office) == [
        ("预警类型", "unknown_word"),
        ("签收期限", "bad_time"),
        ("预警内容", "missing_value"),
    ]
    assert counts(await office.load("warnings", WARNED))[1:4] == (0, 0, 2)
    assert counts(await office.load("warnings", WARNED.replace("三个台区", "四个台区")))[1:4] == (0, 1, 1)
    # What the unit has acknowledged is not rewritten under its hands.
    await office.rows("UPDATE warning SET state = 'acknowledged' RETURNING id")
    assert counts(await office.load("warnings", WARNED))[1:4] == (0, 0, 2)


async def test_scores_that_came_another_way_are_kept_apart(office: Office) -> None:
    assert counts(await office.load("outside_scores", SCORES))[:2] == (9, 4)
    assert await rejects(office) == [
        ("来源", "unknown_word"),
        ("得分", "out_of_range"),
        ("得分", "not_a_number"),
        ("日期", "bad_date"),
        ("编号", "missing_value"),
    ]
    assert counts(await office.load("outside_scores", SCORES))[1:4] == (0, 0, 4)
    better = SCORES.replace("K2,2025-03-02,TM0003,E000013,,2", "K2,2025-03-02,TM0003,E000013,,3")
    assert counts(await office.load("outside_scores", better))[1:4] == (0, 1, 3)
    now = at("2025-05-01 00:00:00")
    async with office.database.work() as work, office.database.session() as session:
        since, until = at("2025-03-01 00:00:00"), at("2025-04-01 00:00:00")
        found = await other_sources(session, "team", [], since=since, until=until, now=now, zone=ZONE)
        assert [(one.source, one.n, one.mean, one.good and one.good.share) for one in found] == [
            ("card", 2, 0.8, 0.5),
            ("mystery", 1, 0.86, 1.0),
            ("phone_audit", 1, 0.8, 1.0),
        ]
        # Nothing is said about a person below ten.
        people = await other_sources(session, "person", [], since=since, until=until, now=now, zone=ZONE)
        assert {(one.key, one.shown, one.mean) for one in people if one.key} == {("E000013", False, None)}
        later = await other_sources(session, "team", [], since=until, until=None, now=now, zone=ZONE)
        assert later == []
        # No answer to an invitation is made of them.
        assert await work.value("SELECT count(*) FROM evaluation") == 0


async def test_orders_that_were_here_before_orders_were_cases_become_cases(office: Office) -> None:
    orders = "".join(f"W{number},complaint,2025-03-0{number} 09:00:00\n" for number in range(1, 6))
    await office.load("work_orders", f"wo_id,biz_type,opened_at\n{orders}C1,commitment,2025-03-01 09:00:00\n")
    await office.rows("DELETE FROM case_event RETURNING 1")
    await office.rows("DELETE FROM \"case\" WHERE work_order_no <> 'W3' RETURNING 1")
    due, now = DueCases(office.database), office.clock.now()
    assert await due.run(now) == 4
    numbers = await office.rows('SELECT work_order_no FROM "case" ORDER BY 1')
    assert [row["work_order_no"] for row in numbers] == ["W1", "W2", "W3", "W4", "W5"]
    assert await due.run(now + timedelta(minutes=1)) == 0


async def test_whoever_handled_an_order_redirects_nothing_by_a_file(office: Office) -> None:
    """Another number of that customer, or another one made the usual, is refused; all else of the file goes in."""
    first = "户号,移动电话,联系人,是否默认\n4105000015791,13800374443,王强,是\n4105000015791,13300335193,王强,否\n"
    await office.load("contacts", first)
    before = await office.links()
    await office.execute(
        """INSERT INTO invitation (event_kind, event_ref, account_id, person_no)
           SELECT 'work_order', 'W1', id, 'E000013' FROM account"""
    )
    again = first.replace("王强,是", "王强,否").replace("王强,否\n", "王强,是\n") + "4105000015791,13900001111,某,是\n"
    run = await office.load("contacts", again, by="staff:E000013")
    assert {(reason, scope) for _, _, reason, scope in await office.rejects(run)} == {("handled", "cell")}
    assert await office.links() == before
    assert counts(await office.load("contacts", first, by="staff:E000013"))[4] == 0
    await office.load("contacts", again, by="staff:E000014")
    assert len(await office.links()) == 3


STAFF = "工号,姓名,电话,班组编号,班组,岗位\n" + "".join(
    f"E00000{one},员工{one},1390000000{one},{team},{team}班,客户经理\n"
    for one, team in ((1, "T1"), (2, "T1"), (3, "T2"))
)
CARDS = (
    "督办编号,督办事项,签发人,责任人,督察人,完成期限,责任单位\n"
    "D1,限期整改,E000002,E000001,E000003,2099-03-10 18:00,\n"
    "D2,限期整改,E000001,E000001,E000003,2099-03-10 18:00,\n"
    "D3,限期整改,E000003,E000001,E000002,2099-03-10 18:00,\n"
    "D4,限期整改,E000002,E000009,E000003,2099-03-10 18:00,\n"
    "D5,限期整改,E000002,E000001,E000003,下周,\n"
)


async def test_supervision_cards_of_three_people(office: Office) -> None:
    await office.load("staff", STAFF)
    assert counts(await office.load("supervision_cards", CARDS))[:2] == (5, 1)
    (card,) = await office.rows("SELECT issuer, doer, checker, unit, state FROM supervision_card")
    assert tuple(card.values()) == ("E000002", "E000001", "E000003", "T1", "issued")
    assert await rejects(office) == [
        ("督察人", "same_person"),
        ("督察人", "same_team"),
        ("责任人", "unknown_staff"),
        ("完成期限", "bad_time"),
    ]
    assert counts(await office.load("supervision_cards", CARDS))[1:4] == (0, 0, 1)
    later = CARDS.replace("2099-03-10", "2099-03-20")
    assert counts(await office.load("supervision_cards", later))[1:4] == (0, 1, 0)
    # What was reported on is not rewritten.
    await office.rows("UPDATE supervision_card SET state = 'reported' RETURNING id")
    assert counts(await office.load("supervision_cards", CARDS))[1:4] == (0, 0, 1)


DEPUTIES = (
    "客户经理,代办人,开始日期,结束日期,原因\n"
    "e000001,E000002,2025-07-01,2025-07-14,年假\n"
    "E000001,E000001,2025-07-01,2025-07-14,\n"
    "E000001,E000009,2025-07-01,2025-07-14,\n"
    "E000001,E000002,2025-07-14,2025-07-01,\n"
)


async def test_deputies_as_a_file(office: Office) -> None:
    await office.load("staff", STAFF)
    assert counts(await office.load("deputies", DEPUTIES))[:2] == (4, 1)
    assert await rejects(office) == [
        ("代办人", "same_person"),
        ("代办人", "unknown_staff"),
        ("结束日期", "out_of_range"),
    ]
    assert counts(await office.load("deputies", DEPUTIES))[1:4] == (0, 0, 1)
    assert counts(await office.load("deputies", DEPUTIES.replace("2025-07-14,年假", "2025-07-20,年假")))[1:4] == (
        0,
        1,
        0,
    )
    (one,) = await office.rows("SELECT manager_no, deputy_no, last_day::text FROM deputy")
    assert tuple(one.values()) == ("E000001", "E000002", "2025-07-20")


FOUR = (
    "编码,名称,主题,方式,周期,对象,问题,启用\n"
    "visit1,访大客户,季度走访,走访,FREQ=MONTHLY;INTERVAL=3,大客户,质量如何？|时限如何？,是\n"
    "visit3,访弱势群体,,电话,,弱势群体,,否\n"
    "visit5,第五访,,,,,,\n"
    "visit2,x,,写信,,,,\n"
    "visit4,x,,,FREQ=HOURLY,,,\n"
)


async def test_the_four_visits_as_a_file(office: Office) -> None:
    assert counts(await office.load("visit_programmes", FOUR))[:3] == (5, 0, 2)
    assert await rejects(office) == [("编码", "unknown_word"), ("方式", "unknown_word"), ("周期", "bad_value")]
    rows = await office.rows("SELECT code, name, channel, audience, questions, active FROM visit_programme ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [
        ("visit1", "访大客户", "visit", "vip", ["质量如何？", "时限如何？"], True),
        (
            "visit3",
            "访弱势群体",
            "phone",
            "vulnerable",
            ["服务质量如何？", "办理时限是否兑现？", "施工质量如何？"],
            False,
        ),
    ]
    assert counts(await office.load("visit_programmes", FOUR))[1:4] == (0, 0, 2)


async def test_a_score_finds_its_team_by_name_and_by_person(office: Office) -> None:
    await office.load("staff", "工号,姓名,班组编号,班组\nE000013,熊鑫阳,TM0003,抢修一班\n")
    content = "来源,编号,日期,班组,工号,得分\n服务卡,K1,2025-03-01,抢修一班,,5\n电话抽查,P1,2025-03-01,,E000013,4\n"
    assert counts(await office.load("outside_scores", content))[:2] == (2, 2)
    rows = await office.rows("SELECT team_code FROM outside_score")
    assert [row["team_code"] for row in rows] == ["TM0003", "TM0003"]
