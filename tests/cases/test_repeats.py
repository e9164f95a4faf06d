from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cases.repeats import CODES, Contact, Exclusion, Marks, find, same_thing

BEGIN = datetime(2025, 10, 1, 1, tzinfo=UTC)
NUMBERS = count(1)


def order(day: float = 0, **changes: Any) -> Contact:
    """A complaint opened on a day and closed two days later, due after ten."""
    opened_at = BEGIN + timedelta(days=day)
    fields: dict[str, Any] = {
        "work_order_no": f"W{next(NUMBERS):04d}",
        "kind": "complaint",
        "topic": "频繁停电",
        "number": "+8613800000001",
        "account_no": "4100000011",
        "content": "客户投诉频繁停电。",
        "opened_at": opened_at,
        "due_at": opened_at + timedelta(days=10),
        "closed_at": opened_at + timedelta(days=2),
        "once_done": False,
        **changes,
    }
    return Contact(**fields)


def verdict(*contacts: Contact, **more: Any) -> list[tuple[bool, str | None]]:
    return [(event.counted, event.exclusion.code if event.exclusion else None) for event in find(contacts, **more)]


def test_an_order_without_an_account_is_that_of_the_house_it_names() -> None:
    home = "岚州市东湖区银杏路文昌苑2号楼2单元501室"
    first = order(content="客户投诉东湖区银杏路文昌苑2栋2单元501室两周停电三次。", account_no=None)
    again = {"content": "客户再次投诉仍然经常停电。", "number": "+8613800000002", "address": home}
    assert verdict(first, order(12, **again)) == [(True, None)]
    neighbour = {**again, "address": home.replace("501", "502"), "account_no": "4100000012"}
    assert verdict(first, order(12, **neighbour)) == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Neither names an account, and they call from two telephones: only the place ties them.
        (
            {"content": "客户反映文昌苑2号楼2单元501室电费偏高"},
            {"content": "东湖区文昌苑2栋2单元501电费仍偏高"},
            [(True, None)],
        ),
        ({"content": "客户反映文昌苑2号楼2单元501室电费偏高"}, {"content": "文昌苑2栋2单元502电费偏高"}, []),
        ({"content": "客户反映文昌苑2号楼停电"}, {"content": "文昌苑2号楼又停电"}, []),
        # Who reports another's theft names that other's place; he himself is known by his name, or by his words.
        (
            {"kind": "report", "content": "举报文昌苑2号楼2单元501室窃电", "caller": "王志新"},
            {"kind": "report", "content": "再次举报文昌苑2号楼2单元501室窃电", "caller": "王志新"},
            [(True, None)],
        ),
        (
            {"kind": "report", "content": "举报文昌苑2号楼2单元501室窃电", "caller": "王志新"},
            {"kind": "report", "content": "举报文昌苑2号楼2单元501室窃电", "caller": "李明"},
            [],
        ),
        (
            {"kind": "report", "content": "举报文昌苑2号楼2单元501室窃电"},
            {"kind": "report", "content": "举报文昌苑2号楼2单元501室窃电"},
            [],
        ),
    ],
)
def test_two_telephones_without_an_account(first: dict[str, Any], second: dict[str, Any], expected: list[Any]) -> None:
    other = {"account_no": None, "number": "+8613800000002", **second}
    assert verdict(order(account_no=None, **first), order(12, **other)) == expected


def test_an_order_under_another_topic_that_names_the_day_of_the_first_is_of_its_matter() -> None:
    """A clerk put it elsewhere; the words say what it is and when it was asked before."""
    first = order(topic="过户更名", kind="service_request", content="申请过户")
    again = {"topic": "服务行为", "content": "10月1日申请的过户说办结了,实际没过户"}
    assert verdict(first, order(9, **again)) == [(True, None)]
    assert verdict(first, order(9, **{**again, "content": "10月2日申请的过户说办结了,实际没过户"})) == []
    assert verdict(first, order(9, **{**again, "content": "10月1日申请过户时窗口人员行为不当"})) == []
    assert verdict(first, order(9, **{**again, "account_no": "4100000022", "number": "+8613800000002"})) == []


def test_a_place_without_its_number_and_another_household_are_told_apart() -> None:
    unnamed = {"account_no": None, "topic": "电网建设"}
    first = order(**unnamed, content="马家村3组村口电杆歪了")
    assert verdict(first, order(9, **unnamed, content="尹家桥8组电杆歪了")) == []
    assert verdict(first, order(9, **unnamed, content="又见一处电杆歪了")) == []
    assert verdict(first, order(9, **unnamed, content="村口电杆还歪着")) == [(True, None)]


def test_the_number_of_the_first_order_in_the_words_ties_the_second_to_it() -> None:
    first = order(work_order_no="25070100000001")
    again = {"number": "+8613800000009", "account_no": None, "content": "报工单号25070100000001,一下雨又进水"}
    assert verdict(first, order(9, **again)) == [(True, None)]
    assert verdict(first, order(9, **again, topic="服务行为")) == [(True, None)]
    assert verdict(first, order(9, **{**again, "account_no": "4100000022"})) == []


def test_two_reports_of_one_neighbour_about_two_places_are_two_matters() -> None:
    report = {"kind": "report", "topic": "违约用电"}
    first = order(**report, content="举报丽景公馆5#2单元201居民电开棋牌室")
    assert verdict(first, order(9, **report, content="再次举报,这次是7号楼1单元102开小卖部")) == []
    assert verdict(first, order(9, **report, content="丽景公馆5栋2单元201棋牌室还在开")) == [(True, None)]


def test_a_caller_whom_the_exchange_does_not_show_is_nobody() -> None:
    unknown = {"number": "未知", "account_no": None}
    assert verdict(order(**unknown), order(9, **unknown)) == []
    assert verdict(order(**{**unknown, "number": "0000000"}), order(9, **{**unknown, "number": "0000000"})) == []


def test_words_may_name_another_account_than_the_field() -> None:
    first, second = {"content": "户号4100000022的短信发错"}, {"content": "户号4100000033的短信发错"}
    assert verdict(order(**first), order(9, **second)) == []
    assert verdict(order(**first), order(9, **first)) == [(True, None)]


COUNTED, NOTHING = [(True, None)], list[tuple[bool, str | None]]()


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({}, COUNTED),
        ({"number": "+8613800000002"}, COUNTED),
        ({"account_no": None}, COUNTED),
        ({"account_no": "4100000022"}, NOTHING),
        ({"account_no": "4100000022", "content": "上次报错了户号，是户号4100000011频繁停电。"}, COUNTED),
        (
            {"account_no": "4100000022", "number": "+8613800000002", "content": "户号4100000011频繁停电，影响到我家。"},
            NOTHING,
        ),
        ({"number": "+8613800000002", "account_no": None}, NOTHING),
        ({"topic": "服务行为"}, NOTHING),
        ({"kind": "opinion"}, COUNTED),
        ({"kind": "fault_repair"}, NOTHING),
        ({"kind": "praise"}, NOTHING),
        ({"kind": "consultation", "once_done": True}, NOTHING),
        ({"kind": "consultation"}, COUNTED),
        ({"determination": "不合理诉求"}, [(False, "E1")]),
        ({"determination": "恶意诉求"}, [(False, "E1")]),
        ({"relation_kind": "new_demand"}, [(False, "E2")]),
        ({"content": "客户对前次工单处理结果有异议,提出新诉求:要求赔偿误工费。"}, [(False, "E2")]),
    ],
)
def test_a_second_contact_after_closing(second: dict[str, Any], expected: list[Any]) -> None:
    assert verdict(order(), order(8, **second)) == expected


@pytest.mark.parametrize(
    ("first", "day", "expected"),
    [
        ({"closed_at": None}, 5, [(False, "E3")]),
        ({"closed_at": None}, 11, COUNTED),
        ({"closed_at": None, "due_at": None}, 11, [(False, "E3")]),
        ({"closed_at": BEGIN + timedelta(days=6)}, 5, [(False, "E3")]),
        ({"closed_at": BEGIN + timedelta(days=6)}, 7, COUNTED),
    ],
)
def test_urging_counts_only_once_it_is_overdue(first: dict[str, Any], day: float, expected: list[Any]) -> None:
    assert verdict(order(**first), order(day)) == expected


@pytest.mark.parametrize("topic", ["户号查询", "电量电费查询", "业务办理手续"])
def test_enquiries_of_a_kind_that_is_asked_again_do_not_count(topic: str) -> None:
    ask = {"kind": "consultation", "topic": topic}
    assert verdict(order(**ask), order(8, **ask)) == [(False, "E4")]
    assert verdict(order(**ask), order(8, **ask), codes=frozenset(CODES) - {"E4"}) == COUNTED


@pytest.mark.parametrize(("day", "expected"), [(29.9, COUNTED), (30, COUNTED), (30.1, NOTHING)])
def test_the_window_is_thirty_rolling_days(day: float, expected: list[Any]) -> None:
    assert verdict(order(), order(day)) == expected


@pytest.mark.parametrize(("days", "expected"), [((0, 29), COUNTED), ((20, 40), NOTHING)])
def test_a_calendar_month_may_be_asked_for(days: tuple[int, int], expected: list[Any]) -> None:
    assert verdict(*(order(day) for day in days), calendar=ZoneInfo("Asia/Shanghai")) == expected


def test_three_contacts_are_one_event() -> None:
    first, urged, again = order(closed_at=None), order(3), order(20)
    (event,) = find([again, first, urged])
    assert [one.work_order_no for one in event.contacts] == [
        first.work_order_no,
        urged.work_order_no,
        again.work_order_no,
    ]
    assert event.counted and event.second == again and event.exclusions[urged.work_order_no].code == "E3"


SMS = {"topic": "短信错发", "account_no": None}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"content": "户号4100000011的短信发错"}, {"account_no": "4100000011"}, True),
        ({"content": "户号4100000011的短信发错"}, {"content": "户号4100000022短信仍在发送"}, False),
        ({"content": "收到户名为李**的短信"}, {"account_no": "4100000011", "holder": "李小明"}, True),
        ({"content": "收到户名为李**的短信"}, {"account_no": "4100000011", "holder": "王小明"}, False),
        ({"content": "收到户名为李**的短信"}, {"content": "收到户名为李*的短信"}, False),
        (
            {"content": "客户投诉东湖区玉带街丽景公馆4栋1单元301室停电"},
            {"account_no": "4100000011", "address": "岚州市东湖区玉带街丽景公馆４号楼1单元301室"},
            True,
        ),
        (
            {"content": "客户投诉东湖区玉带街丽景公馆4栋1单元301室停电"},
            {"content": "客户再次投诉岚州市东湖区玉带街丽景公馆4幢1单元302室停电"},
            False,
        ),
        ({"content": "客户咨询东湖区万福北路5号"}, {"content": "客户再次咨询岚州市东湖区万福北路57号"}, False),
        ({"content": "总是停电"}, {"content": "又停电"}, None),
    ],
)
def test_matters_are_told_apart_by_what_the_orders_name(
    one: dict[str, Any], other: dict[str, Any], expected: bool | None
) -> None:
    first, second = order(**{**SMS, **one}), order(5, **{**SMS, **other})
    assert same_thing(first, second) is expected
    assert same_thing(second, first) is expected


def test_what_the_hotline_tied_together_stays_together() -> None:
    first = order()
    other = order(8, number="+8613800000009", account_no=None, related_no=first.work_order_no)
    assert verdict(first, other) == COUNTED


@pytest.mark.parametrize(
    ("tie", "expected"),
    [("same_event", COUNTED), ("urge", COUNTED), ("new_demand", [(False, "E2")]), (None, NOTHING)],
)
def test_a_matter_that_changes_its_topic_on_its_way_up_is_one(tie: str | None, expected: list[Any]) -> None:
    first = order(kind="opinion", topic="供电质量")
    second = order(9, topic="服务行为", content="上次反映电压低,没有人来。", related_no=first.work_order_no)
    third = order(17, topic="频繁停电", related_no=second.work_order_no, relation_kind=tie)
    second = replace(second, relation_kind=tie)
    assert verdict(first, second, third) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("客户提出新诉求:要求赔偿误工费。", [(False, "E2")]),
        ("客户接受迟到的道歉,新提出要求公布对责任人的处罚决定。", [(False, "E2")]),
        ("电表已装好接电,客户现新提出赔偿停业损失三千元。", [(False, "E2")]),
        ("停电已恢复,客户另要求赔偿。", [(False, "E2")]),
        ("前次工单已处理,现要求书面道歉。", [(False, "E2")]),
        ("机主先前已反映,短信照发不误,现要求投诉。", COUNTED),
        ("师傅说已处理,电压仍低,现要求彻底解决。", COUNTED),
    ],
)
def test_what_is_asked_for_now_is_new_only_where_the_first_demand_was_met(words: str, expected: list[Any]) -> None:
    assert verdict(order(), order(9, content=words)) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("又忘了户号。", [(False, "E4")]),
        ("客户再次咨询过户所需资料。", [(False, "E4")]),
        ("供电所没有回电,再次咨询。", COUNTED),
        ("至今未见答复。", COUNTED),
        ("没收到户号的任何回复。", COUNTED),
        ("迟迟没人理。", COUNTED),
    ],
)
def test_an_enquiry_that_nobody_answered_is_not_one_that_was_forgotten(words: str, expected: list[Any]) -> None:
    asked = {"kind": "consultation", "topic": "户号查询"}
    assert verdict(order(**asked), order(9, **asked, content=words)) == expected


def test_people_have_the_last_word() -> None:
    first, second = order(), order(8)
    stranger = order(9, number="+8613800000009", account_no="4100000099")
    pair = frozenset((first.work_order_no, stranger.work_order_no))
    assert verdict(first, second, marks=Marks(split=frozenset({second.work_order_no}))) == NOTHING
    assert verdict(first, stranger, marks=Marks(merged=frozenset({pair}))) == COUNTED
    by_hand = {second.work_order_no: Exclusion(code="E1", evidence="已依法解释")}
    assert verdict(first, second, marks=Marks(excluded=by_hand)) == [(False, "E1")]


ORDERS = st.lists(
    st.builds(
        order,
        st.integers(0, 90),
        number=st.sampled_from([None, "+8613800000001", "+8613800000002"]),
        account_no=st.sampled_from([None, "4100000011", "4100000022"]),
        topic=st.sampled_from(["频繁停电", "户号查询"]),
        kind=st.sampled_from(["complaint", "consultation", "fault_repair"]),
        once_done=st.booleans(),
        content=st.sampled_from(["总是停电", "户号4100000011", "户名为李**", "东湖区万福北路5号"]),
    ),
    max_size=12,
)


@given(ORDERS, st.randoms())
def test_the_order_of_the_file_never_matters_and_no_contact_counts_twice(orders: list[Contact], chance: Any) -> None:
    events = find(orders)
    mixed = list(orders)
    chance.shuffle(mixed)
    assert find(mixed) == events
    seen = [one.work_order_no for event in events for one in event.contacts]
    assert len(seen) == len(set(seen))
    for event in events:
        gaps = [b.opened_at - a.opened_at for a, b in zip(event.contacts, event.contacts[1:], strict=False)]
        assert all(timedelta() <= gap <= timedelta(days=30) for gap in gaps)
        assert event.counted == any(one.work_order_no not in event.exclusions for one in event.contacts[1:])


def test_one_outage_that_two_customers_called_about_is_nobody_s_repeat() -> None:
    first = order(0)
    other = order(5, account_no="4100000022", number="+8613800000002", relation_kind="same_event")
    other = replace(other, related_no=first.work_order_no)
    assert verdict(first, other) == NOTHING
    # A relative from another telephone, who names no account, may be the same customer: the hotline says so.
    assert verdict(first, replace(other, account_no=None)) == COUNTED


@pytest.mark.parametrize(
    ("kind", "topic", "first", "second", "one"),
    [
        ("complaint", "服务行为", "客户投诉10月7日柜员推诿。", "客户投诉10月26日抄表员言语不当。", False),
        ("complaint", "服务行为", "客户投诉10月7日柜员推诿。", "客户再次投诉10月7日柜员推诿一事,无人道歉。", True),
        ("complaint", "服务行为", "客户投诉柜员推诿。", "客户投诉10月26日柜员推诿。", True),
        ("complaint", "频繁停电", "客户投诉10月7日又停电。", "客户投诉10月26日又停电。", True),
        ("suggestion", "服务渠道", "客户建议东湖营业厅增加饮水机。", "客户建议掌上电力增加语音播报。", False),
        ("suggestion", "服务渠道", "客户建议东湖营业厅增加自助终端。", "建议在东湖营业厅设置自助终端。", True),
        ("suggestion", "服务渠道", "客户建议增加夜间窗口。", "客户再次建议延长营业时间,上次未答复。", True),
    ],
)
def test_incidents_of_different_days_and_different_suggestions_are_different_matters(
    kind: str, topic: str, first: str, second: str, one: bool
) -> None:
    about: dict[str, Any] = {"kind": kind, "topic": topic}
    assert (verdict(order(0, content=first, **about), order(9, content=second, **about)) == COUNTED) is one
