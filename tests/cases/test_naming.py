from __future__ import annotations

import pytest

from gateway.cases.naming import apart, areas_in, firm_core, named_in, names_fit, names_of, place_in, same_place

HOME = "岚州市东湖区银杏路文昌苑4号楼1单元402室"


@pytest.mark.parametrize(
    ("words", "accounts"),
    [
        ("户号4105000001577欠费短信发错。", {"4105000001577"}),
        ("户号:４１０５０００００１５７７", {"4105000001577"}),
        ("户号 4105-0000-01577,电话13800000001", {"4105000001577"}),
        ("用户编号为4105 0000 01577", {"4105000001577"}),
        ("户号4100019496 13800000001来电", {"4100019496"}),
        ("客户称4105000001577这户短信没停", {"4105000001577"}),
        ("电能表号410096516152走字不准", set()),
        ("前次工单26030600100005", set()),
        ("电话15900000001", set()),
    ],
)
def test_accounts_are_read_however_a_clerk_writes_them(words: str, accounts: set[str]) -> None:
    assert named_in(words).accounts == accounts


@pytest.mark.parametrize(
    "words",
    [
        "客户投诉东湖区银杏路文昌苑4号楼1单元402室停电",
        "家住文昌苑4栋1单元402,电压低",
        "文昌苑４＃１单元４０２室客户再次来电",
        "文昌苑四号楼一单元402室7月电费",
        "文昌苑4-1-402的客户",
        "文昌苑四号楼一单元四零二,灯一亮一暗",
        "客户反映岚州市东湖区银杏路文昌苑4幢1单元 402 室停电",
        "村民反映东湖区文昌苑4座1单元402户停电",
    ],
)
def test_one_home_in_many_wordings(words: str) -> None:
    home, named = place_in(HOME), named_in(words).place
    assert home and named and same_place(home, named) and same_place(named, home)
    assert home.key == named.key == "4-1-402"


@pytest.mark.parametrize(
    "words",
    [
        "客户投诉东湖区银杏路文昌苑4号楼1单元401室停电",
        "文昌苑14号楼1单元402室",
        "青石县文昌苑4号楼1单元402室",
        "景泰名苑4号楼1单元402室",
        "文昌苑4号楼1单元停电",
        "文昌苑4号楼停电,户内402瓦",
        "7月9日东湖营业厅2号窗口",
        "用电200-300元,电压190伏",
    ],
)
def test_another_home_or_none(words: str) -> None:
    home, named = place_in(HOME), named_in(words).place
    assert home and (named is None or not same_place(home, named))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("望湖镇尹家桥5组57号", "客户郭建询问,尹家桥五组57号的赔偿款", True),
        ("望湖镇尹家桥5组57号", "尹家桥5组5号", False),
        ("望湖镇尹家桥5组57号", "雅居镇尹家桥5组57号", False),
        ("青石县银杏西路65号", "银杏西路65号院门口电杆歪斜", True),
        ("青石县银杏西路65号", "青石县银杏路65号", False),
        ("马家村5组51号", "举报马家村5组51号楼道私接电源", True),
    ],
)
def test_villages_and_streets(one: str, other: str, same: bool) -> None:
    first, second = place_in(one), place_in(other)
    assert first and second and same_place(first, second) is same


@pytest.mark.parametrize(
    ("one", "other", "fit"),
    [
        ("李**", "李小明", True),
        ("李**", "李*", False),
        ("兰某", "兰小明", True),
        ("兰~", "王强", False),
        ("张三", "张三", True),
    ],
)
def test_masked_names(one: str, other: str, fit: bool) -> None:
    assert names_fit(one, other) is fit
    assert names_fit(other, one) is fit


def test_names_of_holders_are_looked_for_where_they_may_stand() -> None:
    assert "胡长德" in names_of("来电人称替爱人胡长德(住星河里)再次投诉")
    assert "源博物流" in names_of("源博物流公司刘经理,仓库没电") and firm_core("东湖区源博物流有限公司") == "源博物流"
    assert "王小强" not in names_of("投诉抄表员王小强态度差") | names_of("投诉王小强师傅迟到")


def test_areas_tell_apart_what_names_no_house() -> None:
    assert apart(areas_in("马家村3组村口作坊"), areas_in("望湖镇尹家桥8组养鸡场"))
    assert not apart(areas_in("马家村3组村口作坊"), areas_in("望湖镇马家村8组"))
    assert not apart(areas_in("总是停电"), areas_in("马家村3组"))
    assert not apart(areas_in("文昌苑7栋停电"), areas_in("在东方北路营业厅说了也没用"))


def test_what_else_words_name() -> None:
    assert named_in("户主姓兰,户号尾号1577").tails == {"1577"}
    assert named_in("户主姓兰").holder == "兰~" and named_in("户名至今没改").holder == ""
    assert named_in("电表号417820814522空走").meters == {"417820814522"}
