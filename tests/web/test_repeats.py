"""Repeats over HTTP: the events of a month, marks by people, challenges decided by somebody else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.cases.marking import Repeats, marks
from gateway.cases.repeating import of_month as of_one_month
from gateway.kernel.acting import Acting, act_for
from gateway.kernel.errors import InvalidInput, NotFound
from gateway.staff import keys
from tests.web.conftest import NOW, House, StandingClock

WHOLE = Acting(actor="key:whole", scopes=frozenset(["cases:write"]))
OCTOBER = datetime(2025, 10, 3, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


async def orders(house: House, *days: float, topic: str = "频繁停电", number: str = "+8613800000001") -> list[str]:
    """Complaints of one caller, opened so many days after the third of October and closed two days later."""
    numbers = []
    async with house.database.work() as work:
        for day in days:
            opened_at = OCTOBER + timedelta(days=day)
            numbers.append(f"25{number[-2:]}{int(day * 10):04d}")
            await work.execute(
                """INSERT INTO work_order (work_order_no, kind, subtype, caller_number, content, opened_at, closed_at)
                   VALUES ($1, 'complaint', $2, $3, '总是停电', $4, $5)""",
                numbers[-1],
                topic,
                number,
                opened_at,
                opened_at + timedelta(days=2),
            )
        await work.commit()
    return numbers


async def of_month(house: House, more: str = "", month: str = "2025-10") -> Any:
    return await house.call("GET", f"/cases/repeats?month={month}{more}")


async def test_the_month_of_the_second_contact(house: House) -> None:
    twice = await orders(house, 0, 12)
    late = await orders(house, 20, 40, number="+8613800000002")
    page = await of_month(house)
    (event,) = page["items"]
    assert event["work_orders"] == twice and event["counted"] and event["exclusion"] is None
    assert (event["number"], event["topic"], event["challenged"]) == ("+8613800000001", "频繁停电", False)
    assert (page["figures"]["gross"], page["figures"]["net"]) == (1, 1)
    assert [event["work_orders"] for event in (await of_month(house, month="2025-11"))["items"]] == [late]
    assert (await of_month(house, "&window=calendar", month="2025-11"))["items"] == []


@pytest.mark.parametrize(
    ("words", "in_field"),
    [
        ("客户投诉东湖区文昌苑2栋2单元501室总是停电", True),
        ("客户投诉东湖区文昌苑2栋2单元501室总是停电", False),
        ("替爱人王小强再次投诉停电", True),
    ],
    ids=["place and field", "place and words", "name and field"],
)
async def test_a_house_is_known_by_place_or_name_where_no_account_is_named(
    house: House, words: str, in_field: bool
) -> None:
    """The other order names the account, and the archive knows where and whose that is."""
    first, second = *await orders(house, 0), *await orders(house, 12, number="+8613800000002")
    async with house.database.work() as work:
        await work.execute(
            """WITH home AS (INSERT INTO premise (address) VALUES ('岚州市东湖区文昌苑2号楼2单元501室') RETURNING id),
                 whose AS (INSERT INTO customer (name) VALUES ('王小强') RETURNING id),
                 account AS (INSERT INTO account (account_no, customer_id, premise_id, holder_name)
                   SELECT '4100000011', whose.id, home.id, '王小强' FROM whose, home RETURNING id)
               UPDATE work_order SET content = '户号4100000011总是停电' WHERE work_order_no = $1""",
            second,
        )
        if in_field:
            await work.execute(
                """UPDATE work_order SET content = '又停电', account_no = '4100000011',
                     account_id = (SELECT id FROM account) WHERE work_order_no = $1""",
                second,
            )
        await work.execute(
            "UPDATE work_order SET content = $2 WHERE work_order_no = $1",
            first,
            words,
        )
        await work.commit()
    assert [event["work_orders"] for event in (await of_month(house))["items"]] == [[first, second]]


@pytest.mark.parametrize("query", ["month=2025-13", "month=202510", "", "month=2025-10&codes=E9"])
async def test_a_month_that_is_none_is_refused(house: House, query: str) -> None:
    await house.call("GET", f"/cases/repeats?{query}", expect=422)


async def test_pages_hold_every_event_once(house: House) -> None:
    for caller in range(5):
        await orders(house, 0, 5, number=f"+861380000010{caller}")
    seen: list[Any] = []
    cursor = ""
    while True:
        page = await of_month(house, f"&limit=2{cursor}")
        seen += page["items"]
        assert page["figures"]["gross"] == 5
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len({event["number"] for event in seen}) == len(seen) == 5


async def test_an_order_under_another_topic_may_name_the_day_of_the_first(house: House) -> None:
    first, second = *await orders(house, 0, topic="过户更名"), *await orders(house, 9, topic="服务行为")
    async with house.database.work() as work:
        await work.execute(
            "UPDATE work_order SET content = '10月3日申请的过户说办结了,实际没过户' WHERE work_order_no = $1", second
        )
        await work.commit()
    (event,) = (await of_month(house))["items"]
    assert event["work_orders"] == [first, second] and event["counted"]
    await house.call("POST", "/cases/repeats/split", json={"work_order": second, "reason": "另一件事"}, expect=201)
    assert (await of_month(house))["items"] == []


async def test_a_split_and_a_merge_and_taking_them_back(house: House) -> None:
    first, second = await orders(house, 0, 5)
    split = {"work_order": second, "reason": "另一根杆"}
    mark = await house.call("POST", "/cases/repeats/split", json=split, expect=201)
    assert (await of_month(house))["items"] == []
    await house.call("POST", "/cases/repeats/split", json=split, expect=409)
    await house.call("POST", f"/cases/repeats/marks/{mark['id']}/withdraw")
    assert len((await of_month(house))["items"]) == 1
    await house.call("POST", f"/cases/repeats/marks/{mark['id']}/withdraw", expect=409)
    (other,) = await orders(house, 9, topic="供电质量", number="+8613800000009")
    merge = {"work_order": other, "other": first, "reason": "同一台区"}
    await house.call("POST", "/cases/repeats/merge", json=merge, expect=201)
    marks = (await house.call("GET", f"/cases/repeats/marks?work_order={first}"))["items"]
    assert [mark["kind"] for mark in marks] == ["merged"]
    # What people put together is together, whatever topic each was put under.
    assert [event["work_orders"] for event in (await of_month(house))["items"]] == [[first, second, other]]


async def test_an_exclusion_needs_code_and_evidence(house: House) -> None:
    _, second = await orders(house, 0, 5)
    body = {"work_order": second, "code": "E1", "evidence": "已依法解释,消息0195", "reason": "恶意"}
    without = {name: value for name, value in body.items() if name != "evidence"}
    await house.call("POST", "/cases/repeats/exclude", json=without, expect=422)
    await house.call("POST", "/cases/repeats/exclude", json=body, expect=201)
    page = await of_month(house)
    assert page["items"][0]["exclusion"] == "E1" and "已依法解释" in page["items"][0]["evidence"]
    assert page["figures"]["excluded"] == {"E1": 1} and page["figures"]["without"]["E1"] == 1
    assert page["figures"]["counted"] == 0
    assert (await of_month(house, "&codes=E2"))["figures"]["counted"] == 1


async def test_who_acts_for_a_part_has_the_repeats_of_its_accounts(house: House) -> None:
    ours, theirs = await orders(house, 0, 5), await orders(house, 1, 6, number="+8613800000002")
    async with house.database.connection() as connection:
        await connection.execute(
            """INSERT INTO organisation (id, name) VALUES (7, '东湖区');
               INSERT INTO transformer_area (id, code, name, organisation_id) VALUES (7, 'TA7', '七', 7);
               INSERT INTO customer (id, name) VALUES (7, '王强');
               INSERT INTO premise (id, address) VALUES (7, '锦绣街1号');
               INSERT INTO account (id, account_no, customer_id, premise_id, holder_name, transformer_area_id)
                 VALUES (7, '4100000039', 7, 7, '王强', 7), (8, '4100000047', 7, 7, '王强', NULL)"""
        )
        await connection.execute(
            """UPDATE work_order SET account_id = CASE WHEN work_order_no = ANY($1) THEN 7 ELSE 8 END,
                 account_no = CASE WHEN work_order_no = ANY($1) THEN '4100000039' ELSE '4100000047' END""",
            ours,
        )
    scopes, october = frozenset(["cases:read", "cases:write"]), OCTOBER.replace(day=1, hour=0)
    acting = Acting(actor="staff:E9", scopes=scopes, organisations=frozenset([7]))
    desk = Repeats(StandingClock())

    async def act(work: Any, *, who: Acting = acting) -> Any:
        async with house.database.session() as session:
            act_for(session, who)
            done = await work(session)
            await session.commit()
            return done

    found, figures = await act(lambda session: of_one_month(session, october, zone=ZoneInfo("Asia/Shanghai")))
    assert [list(one.work_orders) for one in found] == [ours] and (figures.gross, figures.without["E2"]) == (1, 1)
    mark: Any = {"kind": "challenged", "reason": "已按期办结", "actor": "staff:E9"}
    made = await act(lambda session: desk.mark(session, work_order_no=ours[1], **mark))
    with pytest.raises(InvalidInput, match="there is no work order"):
        await act(lambda session: desk.mark(session, work_order_no=theirs[1], **mark))
    other = await act(lambda session: desk.mark(session, work_order_no=theirs[1], **mark), who=WHOLE)
    with pytest.raises(NotFound):
        await act(lambda session: desk.withdraw(session, other.id, actor="staff:E9"))
    assert [one.id for one in await act(lambda session: marks(session, None, before=None, limit=9))] == [made.id]


async def test_an_order_that_is_not_there_is_named(house: House) -> None:
    problem = await house.call(
        "POST", "/cases/repeats/challenge", json={"work_order": "nope", "reason": "x"}, expect=422
    )
    assert problem["errors"][0]["field"] == "work_order"


async def test_a_challenge_is_decided_by_somebody_else_and_stays_visible(house: House) -> None:
    _, second = await orders(house, 0, 5)
    made = await house.call(
        "POST", "/cases/repeats/challenge", json={"work_order": second, "reason": "已按期办结"}, expect=201
    )
    page = await of_month(house)
    assert page["items"][0]["challenged"] and page["figures"]["challenged"] == 1 and page["figures"]["net"] == 1
    path, verdict = f"/cases/repeats/marks/{made['id']}/decide", {"upheld": True, "note": "证据充分"}
    await house.call("POST", path, json=verdict, expect=403)
    async with house.database.session() as session:
        reviewer = await keys.create(session, name="审核", scopes=("cases:review",), at=NOW, actor="cli:test")
        await session.commit()
    decided = await house.call("POST", path, json=verdict, key=reviewer)
    assert (decided["upheld"], decided["decided_by"]) == (True, "key:审核")
    await house.call("POST", path, json=verdict, key=reviewer, expect=409)
    figures = (await of_month(house))["figures"]
    assert (figures["counted"], figures["upheld"], figures["net"]) == (1, 1, 0)
