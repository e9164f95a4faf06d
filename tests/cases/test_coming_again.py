from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.cases.coming_again import (
    asks_for_something_else,
    came_before_on,
    is_for_another,
    of_another_day,
    reported_before,
    speaks_of,
    went_unanswered,
)

NEW = """
客户对处理结果没有异议,但要求供电公司补偿冰箱内变质食品损失200元。
客户确认电表已换,希望把旧表箱一并拆走。
上次反映的电压问题解决了,客户现在想让把门口的杆子挪一下。
停电原因已告知,客户不再追究停电,转而要求电费打折。
客户表示过户已完成,顺便要求把增值税发票抬头改了。
电早送了,现要求减免这次的违约金。
雷家账单短信确实没再来,机主要求告知当初是谁登记的他的号码。
家属说电压现在正常,提出烧掉的两个灯要赔。
已给客户退费32元,客户来电索要误工费300元。
前次投诉已道歉,客户又提出要求当事人上门当面致歉。
客户承认短信已停发,但要求供电公司书面赔礼道歉并赔偿精神损失500元。
表后线已修好,客户另申请增设一个插座。
客户对校验结果认可,但主张校验费由供电公司承担。
回访满意后客户再来电,追加诉求:要求提供近三年用电明细。
复电后客户来电要求减免复电费。
装表已完成。客户来电要求退还材料费。
电杆已移走,客户要求恢复路面硬化。
客户说树障已经清理,这次是要求赔偿砍掉的果树。
电压整改完毕,客户此次来电是希望给予电费优惠,与上次诉求不同。
工单办结后客户提出额外诉求:给其安装独立变压器。
客户认可线路整改结果,但新增要求更换入户电缆。
抄表差错已更正并退补,客户现索赔打电话的话费。
表箱门换新后客户嫌颜色不好看,要求换成不锈钢的。
错发短信已经停了,客户要求告知是谁泄露其号码。
之前的事情处理好了,客户想问能不能给个赔偿。
""".split()
SAME = """
客户已换号码,要求把户号联系电话改为新号。
房屋已过户给客户,要求更改联系电话。
客户已来电两次,要求处理电压低。
客户已完成缴费,要求尽快复电。
家里已停了三次电,要求改造线路。
客户换了手机来电,要求解决停电频繁。
师傅修了三次,要求彻底修好。
客户已搬走,要求停发短信。
客户已退租,要求取消短信。
老房已拆迁,要求停发短信。
客户称上次回复已更换表箱,实际没换,要求更换。
客户来电,电费依旧偏高,要求重新核查。
工单显示已处理,客户家里仍然电压低,要求整改。
客户反映工作人员说已解决,结果昨晚又跳闸,要求彻底解决。
答复已更正联系电话,今天又收到催费短信,要求更正。
客户再次要求过户,上次说材料已齐办好了却查不到。
回复称已换线,客户家灯还是一闪一闪,希望尽快改造。
客户要求校表,上次工单已办结但师傅没来过。
客户投诉频繁停电,前次工单已归档,本周停了三次,要求整改。
上次投诉已回访,停电情况照旧,客户要求给出改造时间。
电价问题反映后工单已办结,客户要求按居民电价执行。
客户第二次来电申请更名,称已提交材料。
户主来电要求把短信停了,已经说过一次了。
接电申请早就交了,已过二十天,要求装表。
客户已交清电费,要求复电,家里一直黑着。
客户已缴费仍停电,要求马上送电。
客户再次申请表箱更换,已说好周一来人结果爽约。
已反映过低电压,问题一样,要求处理。
客户要求退还多收电费,上次答应三天到账,现已过十天。
举报的窃电户检查后恢复原样,要求严查。
已登记停电短信,这回停电手机上啥也没收到,要求登记。
电表空走问题检定后还在走字,要求换表。
窗口人员态度问题已投诉,到现在无人道歉,现要求书面道歉。
客户称换表后电费反而更高,要求再核查电费。
处理结果不满意,客户要求重新处理。
客户对处理结果有异议,要求重新核查电量。
修好没两天又坏了,要求换新的。
客户表示上次承诺已到期,线路未动,要求兑现。
""".split()


@pytest.mark.parametrize("words", NEW)
def test_who_grants_that_it_was_done_asks_for_something_else(words: str) -> None:
    assert asks_for_something_else(words)


@pytest.mark.parametrize("words", SAME)
def test_who_says_that_it_was_not_done_asks_for_the_same(words: str) -> None:
    assert not asks_for_something_else(words)


@pytest.mark.parametrize(
    ("words", "expected"), [("替邻居反映电压低", True), ("反映另一处房子电压低", True), ("再次反映电压低", False)]
)
def test_who_speaks_for_another_household(words: str, expected: bool) -> None:
    assert is_for_another(words) is expected


@pytest.mark.parametrize(
    ("words", "expected"), [("换号再次举报,没人查", True), ("另一户村民也举报", False), ("举报偷电", False)]
)
def test_who_reported_before(words: str, expected: bool) -> None:
    assert reported_before(words) is expected


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("6月3日申请的过户说办结了,实际没过户", date(2026, 6, 3)),
        ("六月三号投诉过,还是停电", date(2026, 6, 3)),
        ("本月3号提过一次没去干净", date(2026, 6, 3)),
        ("上月30日反映过", date(2026, 5, 30)),
        ("12月30日反映过", date(2025, 12, 30)),
        ("6月5日晚报修来人太慢", None),
        ("客户要求6月30日前办好", None),
    ],
)
def test_the_day_on_which_a_customer_says_he_came(words: str, day: date | None) -> None:
    assert came_before_on(words, datetime(2026, 6, 20, tzinfo=UTC)) == ({day} if day else set())


def test_of_what_the_words_speak() -> None:
    assert speaks_of("过户更名", "服务行为", "6月3日申请的过户,实际没过户")
    assert not speaks_of("频繁停电", "抄表收费", "7月6日投诉过停电,这次反映抄表不准")
    assert not speaks_of("过户更名", "服务行为", "窗口人员态度差")


def test_days_of_incidents_and_answers() -> None:
    at = datetime(2026, 3, 8, 2, tzinfo=UTC)
    assert of_another_day("服务行为", ("3月2日柜员推诿", at), ("2026-03-07柜员推诿", at))
    assert of_another_day("服务行为", ("3月2日柜员推诿", at), ("昨天柜员推诿", at))
    assert not of_another_day("服务行为", ("3月7日柜员推诿", at), ("昨天柜员推诿", at))
    assert not of_another_day("服务行为", ("3月2日柜员推诿", at), ("今天仍无人道歉", at))
    assert went_unanswered("迟迟没人理") and not went_unanswered("又忘了户号")
