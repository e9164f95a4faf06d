"""Cases are closed by the customer's word, handed over with a clock, judged by rule and by people."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cases.from_orders import take_over
from gateway.cases.raising import Raised, open_or_join
from gateway.cases.severity import Raising, judge
from gateway.cases.watched import watches
from gateway.inbox.closings import solved
from gateway.kernel.acting import Acting, act_for
from gateway.kernel.errors import Conflict, Forbidden, InvalidInput
from tests.cases.conftest import A, Desk, X, Y, an_order
from tests.inbox.conftest import START


def effects(inbound: dict[str, Any]) -> list[str]:
    return [one["effect"] for one in inbound["effects"]]


async def asked(desk: Desk) -> UUID:
    """A case whose customer has got the question."""
    await desk.town.household(A, X)
    case = await desk.raised(owner_no="E7")
    await desk.on(hours=2)
    await desk.do(desk.cases.close, case, outcome="已换表箱")
    await desk.on(hours=1)
    assert await desk.state(case) == "asked"
    assert "问题解决了吗" in (await desk.texts())[-1][1]
    return case


@pytest.mark.parametrize("text", ["1", "解决了", "已解决，谢谢", "好了", "是的", "solved, thanks", "谢谢，修好了！"])
async def test_yes_closes_it(desk: Desk, text: str) -> None:
    case = await asked(desk)
    inbound = await desk.town.hears(X, text)
    assert (inbound["state"], effects(inbound)) == ("done", ["case_confirmed"])
    (row,) = await desk.town.rows('SELECT * FROM "case"')
    assert (row["id"], row["state"], row["confirmation"], row["closed_by"]) == (case, "closed", "confirmed", "customer")
    assert (row["owner_no"], row["first_owner"], row["first_unit"]) == ("E7", "E7", "customer_service")
    await desk.on(days=30)
    assert await desk.tasks() == []


@pytest.mark.parametrize(
    "text", ["9", "没解决", "没有", "还没修好", "根本没人来修，还是坏的", "no", "not solved", "否"]
)
async def test_no_opens_it_again_and_contradicts_the_closure(desk: Desk, text: str) -> None:
    case = await asked(desk)
    inbound = await desk.town.hears(X, text)
    assert inbound["state"] == "done" and effects(inbound)[0] == "case_reopened", inbound["remark"]
    (row,) = await desk.town.rows('SELECT * FROM "case"')
    assert (row["id"], row["state"], row["contradictions"], row["closed_at"]) == (case, "open", 1, None)
    assert row["contradicted_at"] == desk.town.clock.at and row["unit"] == "customer_service"
    # A person looks into it; nobody is named, and nobody's record is touched.
    assert ("closure_contradicted", "supervision", None) in await desk.tasks()
    assert await desk.town.values("SELECT id FROM evaluation") == []
    assert (await desk.names())[-1] == "_received"
    events = await desk.town.values("SELECT kind FROM case_event WHERE case_id = $1 ORDER BY id", case)
    assert events == ["opened", "told", "asked", "contradicted", "told"]


async def test_a_no_that_comes_after_the_closing_still_counts(desk: Desk) -> None:
    case = await asked(desk)
    await desk.on(days=8)
    assert await desk.state(case) == "closed"
    assert await desk.town.values('SELECT confirmation FROM "case"') == ["silent"]
    await desk.town.hears(X, "表箱根本没解决")
    assert await desk.state(case) == "open"


async def test_thanks_alone_confirm_nothing_and_praise_reaches_whoever_has_the_case(desk: Desk) -> None:
    case = await asked(desk)
    await desk.town.hears(X, "谢谢")
    assert await desk.state(case) == "asked"
    inbound = await desk.town.hears(X, "是的，谢谢王师傅，服务很好")
    assert effects(inbound) == ["case_confirmed", "praise_passed_on"]
    assert ("praise", "customer_service", "E7") in await desk.tasks()


async def test_who_cannot_be_texted_is_rung_by_somebody_else(desk: Desk) -> None:
    await desk.town.account(A)
    case = await desk.raised()
    await desk.do(desk.cases.close, case, outcome="已换表箱", actor="staff:E1")
    assert ("case_ask", "customer_service", None) in await desk.tasks()
    with pytest.raises(Forbidden):
        await desk.do(desk.cases.answer, case, solved=True, note="说好了", actor="staff:E1", two_people=False)
    await desk.do(desk.cases.answer, case, solved=False, note="说没好", actor="staff:E2", two_people=False)
    assert await desk.state(case) == "open"
    await desk.do(desk.cases.close, case, outcome="又修了", actor="staff:E1")
    await desk.do(desk.cases.answer, case, solved=True, note="说好了", actor="staff:E2", two_people=False)
    assert await desk.town.values('SELECT confirmation FROM "case"') == ["confirmed"]
    other = await desk.raised(topic="电压低")
    await desk.do(desk.cases.close, other, outcome="已调压")
    await desk.on(days=15)
    assert await desk.town.values('SELECT confirmation FROM "case" WHERE id = $1', other) == ["unreached"]


async def test_nobody_closes_a_case_whose_customer_was_not_asked(desk: Desk) -> None:
    """Whatever staff, customer and clock do, in any order: before `closed` stands the question."""
    await desk.town.household(A, X)
    draw = Random(20251104)
    for number in range(12):
        case = await desk.raised(topic=f"表箱锈蚀{number}号位")
        for deed in draw.choices(["close", "no", "yes", "wait", "note", "assign"], k=6):
            match deed:
                case "no" | "yes":
                    row = await desk.town.rows('SELECT asked_by FROM "case" WHERE id = $1', case)
                    actor = "staff:E1" if row[0]["asked_by"] != "staff:E1" else "staff:E2"
                    act = desk.do(
                        desk.cases.answer, case, solved=deed == "yes", note="…", actor=actor, two_people=False
                    )
                case "close":
                    act = desk.do(desk.cases.close, case, outcome="办了", actor=draw.choice(["staff:E1", "staff:E3"]))
                case "note":
                    act = desk.do(desk.cases.write, case, note="看了")
                case "assign":
                    act = desk.do(desk.cases.assign, case, unit=f"TM{draw.randrange(9)}", owner_no=None, note=None)
                case _:
                    act = desk.on(days=4)
            with suppress(Conflict):
                await act
    rows = await desk.town.rows(
        """SELECT k.state, k.unit, k.first_unit,
             array(SELECT e.kind FROM case_event e WHERE e.case_id = k.id ORDER BY e.id) AS events FROM "case" k"""
    )
    assert any(row["state"] == "closed" for row in rows)
    for row in rows:
        assert row["unit"] and row["first_unit"] == "customer_service"
        course = [kind for kind in row["events"] if kind in ("asked", "closed", "contradicted")]
        for before, kind in zip([None, *course], course, strict=False):
            assert kind != "closed" or before == "asked", row["events"]
        assert (row["state"] == "closed") == (bool(course) and course[-1] == "closed")


@given(st.text(max_size=30), st.sets(st.sampled_from(["ack", "thanks", "comment", "false_closure", "unclear"])))
def test_what_is_denied_is_never_taken_for_a_yes(text: str, intents: set[str]) -> None:
    assert solved(f"没解决{text}", frozenset(intents), abstained=False) is not True or "false_closure" not in intents
    assert solved(text, frozenset({"false_closure", *intents}), abstained=True) in (None, True, False)


async def test_a_handover_has_a_clock_and_is_rated_by_who_receives_it(desk: Desk) -> None:
    await desk.town.household(A, X)
    case = await desk.raised(owner_no="E7")
    await desk.do(desk.cases.assign, case, unit="TM0003", owner_no=None, note="要现场看")
    (handover,) = await desk.town.rows("SELECT * FROM case_handover")
    (row,) = await desk.town.rows('SELECT unit, owner_no, first_owner FROM "case"')
    assert row == {"unit": "TM0003", "owner_no": None, "first_owner": "E7"}
    number = handover["id"]
    with pytest.raises(Conflict):
        await desk.do(desk.cases.rate, case, number, rating=2, note=None, actor="staff:E9", two_people=False)
    await desk.on(hours=5)
    assert ("handover_unacknowledged", "supervision", None) in await desk.tasks()
    await desk.do(desk.cases.acknowledge, case, number, owner_no="E9", actor="staff:E9")
    assert "handover_unacknowledged" not in [kind for kind, *_ in await desk.tasks()]
    with pytest.raises(Conflict):
        await desk.do(desk.cases.give_back, case, number, reason="不归我们", actor="staff:E9")
    with pytest.raises(Forbidden):
        await desk.do(desk.cases.rate, case, number, rating=5, note=None, actor="staff:E1", two_people=False)
    await desk.do(desk.cases.rate, case, number, rating=2, note="没写地址", actor="staff:E9", two_people=False)
    await desk.do(desk.cases.assign, case, unit="TM0004", owner_no="E12", note=None)
    second = (await desk.town.values("SELECT max(id) FROM case_handover"))[0]
    await desk.do(desk.cases.give_back, case, second, reason="不归我们", actor="staff:E12")
    (row,) = await desk.town.rows('SELECT unit, owner_no FROM "case"')
    assert row == {"unit": "TM0003", "owner_no": "E9"}
    await desk.on(days=1)
    assert "handover_unacknowledged" not in [kind for kind, *_ in await desk.tasks()]


async def test_who_receives_a_case_speaks_for_it_and_nobody_of_the_giving_unit_does(desk: Desk) -> None:
    await desk.town.household(A, X)
    await desk.town.do("INSERT INTO team (id, code, name) VALUES (1, 'TM0001', '一班'), (2, 'TM0003', '三班')")
    await desk.town.do(
        """INSERT INTO staff_member (staff_no, name, team_id)
           VALUES ('E1', '甲', 1), ('E2', '乙', 1), ('E9', '丙', 2), ('E8', '丁', NULL)"""
    )
    case = await desk.raised(unit="TM0001")
    (first,) = await desk.town.values('SELECT owner_no FROM "case"')
    assert first in ("E1", "E2")
    await desk.do(desk.cases.assign, case, unit="TM0003", owner_no=None, note=None, actor="staff:E1")
    assert await desk.town.values('SELECT owner_no FROM "case"') == ["E9"]
    (number,) = await desk.town.values("SELECT id FROM case_handover")
    await desk.town.do('UPDATE "case" SET owner_no = NULL')
    for one in ("E1", "E2", "E8"):
        with pytest.raises(Forbidden):
            await desk.do(desk.cases.acknowledge, case, number, owner_no=None, actor=f"staff:{one}")
        with pytest.raises(Forbidden):
            await desk.do(desk.cases.give_back, case, number, reason="x", actor=f"staff:{one}")
    await desk.do(desk.cases.acknowledge, case, number, owner_no=None, actor="staff:E9")
    assert await desk.town.values('SELECT owner_no FROM "case"') == ["E9"]
    for one in ("E1", "E2", "E8"):
        with pytest.raises(Forbidden):
            await desk.do(desk.cases.rate, case, number, rating=5, note=None, actor=f"staff:{one}", two_people=False)
    await desk.do(desk.cases.rate, case, number, rating=3, note=None, actor="staff:E9", two_people=False)
    # Nor is it the unit that dealt with it which puts down that the customer calls it solved.
    await desk.do(desk.cases.close, case, outcome="已换", actor="staff:E1")
    for one in ("E1", "E2", "E9"):
        with pytest.raises(Forbidden):
            await desk.do(desk.cases.answer, case, solved=True, note="好了", actor=f"staff:{one}", two_people=False)
    await desk.do(desk.cases.answer, case, solved=True, note="好了", actor="staff:E8", two_people=False)
    assert await desk.state(case) == "closed"


async def test_an_order_without_a_handler_is_somebodys_case(desk: Desk) -> None:
    await desk.town.household(A, X)
    await desk.town.do("INSERT INTO team (id, code, name) VALUES (1, 'TM0001', '一班')")
    await desk.town.do("INSERT INTO staff_member (staff_no, name, team_id) VALUES ('E1', '甲', 1)")
    await an_order(desk, work_order_no="W1", kind="opinion", content="表箱锈了", opened_at=START, team_code="TM0001")
    async with desk.town.database.work() as work:
        await take_over(work.connection, ["W1"], START)
        await work.commit()
    (row,) = await desk.town.rows('SELECT owner_no, first_owner FROM "case"')
    assert row == {"owner_no": "E1", "first_owner": "E1"}


async def test_a_complaint_that_threatens_with_the_press_is_somebodys_task(desk: Desk) -> None:
    await desk.town.household(A, X)
    case = await desk.raised(klass="complaint", summary="再不处理我就找媒体曝光，去法院起诉", owner_no="E7")
    assert await desk.town.values('SELECT severity FROM "case"') == ["high"]
    assert await desk.tasks() == [("case_urgent", "customer_service", "E7")]
    facts = {"klass": None, "topic": None, "note": "有危险"}
    await desk.do(desk.cases.judge, case, severity="critical", **facts)
    assert await desk.tasks() == [("case_urgent", "supervision", None)]
    other = await desk.raised(topic="电表", owner_no="E7")
    assert len(await desk.tasks()) == 1
    await desk.do(desk.cases.judge, other, severity="high", klass="complaint", topic=None, note="要起诉")
    assert (await desk.tasks())[1:] == [("case_urgent", "customer_service", "E7")]


async def test_stages_are_told_in_the_customers_words_and_silence_is_noticed(desk: Desk) -> None:
    await desk.town.household(A, X)
    case = await desk.raised()
    await desk.do(desk.cases.contacted, case, note="打过电话")
    with pytest.raises(InvalidInput):
        await desk.do(desk.cases.tell, case, progress="转TM0003处理")
    await desk.on(hours=70)
    await desk.do(desk.cases.tell, case, progress="施工队周三上午到")
    assert (await desk.texts())[-1][0] == "_stage" and "施工队周三上午到" in (await desk.texts())[-1][1]
    await desk.on(hours=70)
    assert await desk.tasks() == []
    await desk.on(hours=3)
    assert await desk.tasks() == [("case_silent", "customer_service", None)]
    await desk.do(desk.cases.tell, case, progress="今天下午完工")
    assert await desk.tasks() == []


@pytest.mark.parametrize(
    ("words", "klass", "more", "severity"),
    [
        ("已向12398投诉", "opinion", {}, "critical"),
        ("附近线路打火,请处理", "fault_report", {}, "critical"),
        ("the wires are down in our street", "fault_report", {}, "critical"),
        ("电线掉在地上,恶意破坏", "report", {"determination": "恶意诉求"}, "critical"),
        ("要求赔偿青苗一百万", "complaint", {"determination": "不合理诉求"}, "invalid"),
        ("测试", "enquiry", {}, "invalid"),
        ("…", "opinion", {}, "invalid"),
        ("再不来人我就找记者曝光", "opinion", {}, "high"),
        ("工作人员态度差", "complaint", {}, "high"),
        ("家里没电", "fault_report", {"segments": {"medical_device"}}, "high"),
        ("家里没电", "fault_report", {}, "normal"),
        ("2", "fault_report", {}, "normal"),
        ("抢修及时", "praise", {}, "low"),
    ],
)
def test_danger_and_the_regulator_come_first_and_the_invalid_last(
    words: str, klass: str, more: dict[str, Any], severity: str
) -> None:
    assert judge(Raising(klass=klass, words=words, **more))[0] == severity


async def test_a_person_judges_otherwise_and_both_are_kept(desk: Desk) -> None:
    await desk.town.household(A, X)
    case = await desk.raised()
    await desk.do(desk.cases.judge, case, severity="critical", klass="report", topic=None, note="涉及安全")
    (row,) = await desk.town.rows('SELECT severity, severity_by_rule, klass FROM "case"')
    assert row == {"severity": "critical", "severity_by_rule": "normal", "klass": "report"}
    assert ("case_urgent", "supervision", None) in await desk.tasks()
    with pytest.raises(InvalidInput):
        await desk.do(desk.cases.judge, case, severity=None, klass=None, topic=None, note="…")


REPAIR = {
    "work_order_no": "25110300000001",
    "kind": "fault_repair",
    "subtype": "低压故障",
    "caller_number": X,
    "content": "客户反映家中停电",
    "opened_at": START - timedelta(hours=3),
    "due_at": START + timedelta(hours=1),
    "team_code": "TM0003",
    "handler_no": "E000013",
}


async def handed_in(desk: Desk, **facts: Any) -> None:
    row = {**REPAIR, **facts}
    row["account_id"] = (await desk.town.values("SELECT id FROM account WHERE account_no = $1", A))[0]
    await an_order(desk, **row)
    async with desk.town.database.work() as work:
        await take_over(work.connection, [str(row["work_order_no"])], desk.town.clock.now())
        await work.commit()


async def test_an_order_of_the_hotline_is_a_case_from_the_first_import_on(desk: Desk) -> None:
    await desk.town.household(A, X)
    await handed_in(desk)
    await handed_in(desk)
    (row,) = await desk.town.rows('SELECT * FROM "case"')
    assert (row["klass"], row["state"], row["unit"], row["owner_no"]) == ("fault_report", "open", "TM0003", "E000013")
    assert (row["first_owner"], row["severity"], row["due_at"]) == ("E000013", "normal", REPAIR["due_at"])
    await handed_in(desk, closed_at=START - timedelta(hours=1), result="已修复")
    (row,) = await desk.town.rows('SELECT * FROM "case"')
    assert (row["state"], row["confirmation"], row["outcome"]) == ("closed", "hotline", "已修复")
    assert await desk.town.values("SELECT kind FROM case_event ORDER BY id") == ["opened", "closed"]


async def test_nine_opens_the_hotlines_order_again_whatever_a_later_file_repeats(desk: Desk) -> None:
    await desk.town.household(A, X)
    await handed_in(desk, closed_at=START - timedelta(hours=1))
    await desk.town.invite(X, A, REPAIR["work_order_no"])
    inbound = await desk.town.hears(X, "9")
    assert effects(inbound)[:2] == ["evaluation_recorded", "case_reopened"]
    (row,) = await desk.town.rows('SELECT * FROM "case"')
    assert (row["state"], row["contradictions"], row["work_order_no"]) == ("open", 1, REPAIR["work_order_no"])
    await handed_in(desk, closed_at=START - timedelta(hours=1), result="已答复")
    assert await desk.town.values('SELECT state FROM "case"') == ["open"]
    await desk.on(hours=2)
    await handed_in(desk, closed_at=START + timedelta(hours=1), result="重新修好")
    assert await desk.town.values('SELECT state FROM "case"') == ["closed"]


async def test_what_presses_goes_to_a_person_and_the_invalid_to_nobody(desk: Desk) -> None:
    await desk.town.household(A, X)
    for number, facts in enumerate(
        (
            {"content": "客户反映线路着火"},
            {"kind": "complaint", "content": "投诉工作人员态度"},
            {"kind": "complaint", "content": "要求赔偿", "determination": "恶意诉求"},
            {"kind": "consultation", "content": "咨询电价"},
            {"kind": "complaint", "content": "很久以前的投诉", "opened_at": START - timedelta(days=9)},
        )
    ):
        await handed_in(desk, work_order_no=f"2511030000000{number}", **facts)
    assert await desk.tasks() == [("case_urgent", "supervision", None), ("case_urgent", "TM0003", "E000013")]


async def test_praise_reaches_who_did_the_work(desk: Desk) -> None:
    await desk.town.household(A, X)
    await handed_in(desk, opened_at=START - timedelta(days=2), closed_at=START - timedelta(days=1))
    account = (await desk.town.values("SELECT id FROM account"))[0]
    await desk.town.do(
        """INSERT INTO work_order (work_order_no, kind, subtype, account_id, content, opened_at, team_code, handler_no)
           VALUES ('25110300000009', 'praise', '服务表扬', $1, '客户表扬抢修师傅', $2, 'TM0006', 'E000028')""",
        account,
        START,
    )
    async with desk.town.database.work() as work:
        await take_over(work.connection, ["25110300000009"], desk.town.clock.now())
        await work.commit()
    assert await desk.tasks() == [("praise", "TM0003", "E000013")]


async def test_what_is_raised_while_the_customer_is_asked_opens_the_case_again(desk: Desk) -> None:
    case = await asked(desk)
    assert await desk.raised() == case
    assert await desk.state(case) == "open"
    assert Y not in await desk.names(Y)


async def test_who_comes_again_within_thirty_days_of_a_low_score_is_heard_of(desk: Desk) -> None:
    await desk.town.household(A, X)
    await desk.town.invite(X, A, "25110100000001")
    await desk.town.hears(X, "1")
    assert "watch_hit" not in [kind for kind, *_ in await desk.tasks()]
    await desk.on(days=29)
    case = await desk.raised(topic="电压低")
    assert ("watch_hit", "supervision", None) in await desk.tasks()
    (row,) = await desk.town.rows('SELECT severity, severity_why FROM "case" WHERE id = $1', case)
    assert row == {"severity": "high", "severity_why": "again within 30 days of what is watched"}
    async with desk.town.database.session() as session:
        asked: Any = {"account_no": None, "because": None, "before": None, "limit": 9}
        (one,) = await watches(session, desk.town.clock.now(), **asked)
        assert (one.because, one.accounts, one.ref) == ("low_score", [A], "work_order:25110100000001")
        assert len(one.came_again) == 1
        assert await watches(session, desk.town.clock.now(), **asked | {"because": "correction"}) == []
        # Whoever has no part in looking after ratings does not learn of the score.
        act_for(session, Acting(actor="staff:E9", scopes=frozenset({"cases:read"})))
        assert await watches(session, desk.town.clock.now(), **asked) == []
    await desk.on(days=2)
    async with desk.town.database.session() as session:
        assert await watches(session, desk.town.clock.now(), **asked) == []
    late = await desk.raised(topic="频繁停电")
    assert await desk.town.values('SELECT severity FROM "case" WHERE id = $1', late) == ["normal"]


async def test_what_follows_a_low_score_is_asked_and_kept_and_apologised_for_once(desk: Desk) -> None:
    """Score, solved?, why: one text after the other, one apology, and the words stand with the score."""
    town = desk.town
    await town.household(A, X)
    await town.invite(X, A, "25110100000001")
    await town.hears(X, "2")

    async def asks(template: str, question: str) -> None:
        message = await town.text(X, template, [A])
        await town.do(
            "INSERT INTO invitation_text (message_id, invitation_id, asks, at) SELECT $1, id, $2, $3 FROM invitation",
            message,
            question,
            town.clock.now(),
        )

    await asks("survey_solved", "solved")
    await town.hears(X, "2")
    await asks("survey_why", "why")
    await town.hears(X, "师傅没带零件，态度也差")
    (said,) = await town.rows("SELECT score, solved, why FROM evaluation")
    assert said == {"score": 2, "solved": False, "why": "师傅没带零件,态度也差"}
    apologies = await town.values("SELECT count(*) FROM message WHERE template = 'case_progress_low_score'")
    assert apologies == [1]


async def test_an_order_within_thirty_days_of_a_correction_is_heard_of(desk: Desk) -> None:
    link = await desk.town.household(A, X)
    await desk.town.do(
        """INSERT INTO correction (id, state, reason, opened_at, opened_by, due_at, applied_at)
           VALUES ($1, 'watching', 'reply', $2, 'x', $2, $2)""",
        UUID(int=7),
        START - timedelta(days=3),
    )
    await desk.town.do(
        """INSERT INTO correction_link (correction_id, link_id, decision, before_case) VALUES ($1, $2, 'keep', '{}')""",
        UUID(int=7),
        link,
    )
    await handed_in(desk, content="又收到别人的短信", kind="opinion", subtype="短信错发")
    assert await desk.tasks() == [("watch_hit", "supervision", None)]


async def test_a_case_has_an_owner_from_the_first_moment_who_is_not_the_one_it_is_about(desk: Desk) -> None:
    await desk.town.household(A, X)
    await desk.town.do("INSERT INTO team (code, name) VALUES ('T1', '客服班'), ('T2', '大客户班')")
    await desk.town.do(
        """INSERT INTO staff_member (staff_no, name, job, team_id) SELECT no, no, job, t.id
           FROM (VALUES ('C1', '95598坐席', 'T1'), ('M1', '客户经理', 'T2')) AS s(no, job, team)
           JOIN team t ON t.code = s.team"""
    )

    async def owner(topic: str) -> tuple[str | None, str | None]:
        case = await desk.raised(topic=topic)
        (row,) = await desk.town.rows('SELECT owner_no, first_owner FROM "case" WHERE id = $1', case)
        return row["owner_no"], row["first_owner"]

    assert await owner("表箱锈蚀") == ("C1", "C1")
    await desk.town.do("UPDATE account SET manager_no = 'M1'")
    assert await owner("电杆倾斜") == ("M1", "M1")
    # What a customer says of the manager's own visit is somebody else's to deal with.
    await desk.town.do("INSERT INTO invitation (event_kind, event_ref, person_no) VALUES ('followup', 'F1', 'M1')")
    (account,) = await desk.town.values("SELECT id FROM account")
    async with desk.town.database.work() as work:
        raised = Raised(
            klass="complaint", topic="service", matter="followup:F1", subject="number:x", account_id=account,
            contact_point_id=None, said="score", broken=False, words="态度差", inbound_id=None, answers=None,
            actor="gateway", at=desk.town.clock.now(),
        )  # fmt: skip
        opened = await open_or_join(work.connection, raised)
        assert await work.value('SELECT owner_no FROM "case" WHERE id = $1', opened.id) == "C1"
