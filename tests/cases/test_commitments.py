"""Commitments: told with proof, followed by the clock, kept, broken or renegotiated, and the customer's last word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cases.commitments import reading
from gateway.cases.commitments.from_orders import take_over
from gateway.cases.commitments.rules import MARKS, Deed, State, after, moment_of, passed
from gateway.kernel.errors import Conflict, InvalidInput
from tests.cases.conftest import A, Desk, X, Y, an_order
from tests.inbox.conftest import START

DUE = START + timedelta(days=10)
STATES: tuple[State, ...] = get_args(State)
DEEDS: tuple[Deed, ...] = get_args(Deed)
moments = st.integers(0, 120 * 24 * 3600).map(lambda seconds: START + timedelta(seconds=seconds))


@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), max_size=8))
def test_whatever_is_done_only_the_customer_undoes_a_kept_promise(deeds: list[tuple[Deed, int]]) -> None:
    state: State = "open"
    at = START
    for deed, days in deeds:
        at += timedelta(days=days)
        new = after(state, deed, at=at, due_at=DUE)
        if new is None:
            continue
        if new == "kept":
            assert (state, deed) == ("open", "done") and at <= DUE
        if state == "kept":
            assert deed == "denied" and new == "broken"
        if new in ("renegotiated", "released"):
            assert state == "open" and at < DUE
        if state == "broken":
            assert new == "broken"
        assert state not in ("renegotiated", "released")
        state = new


@given(moments, st.timedeltas(min_value=timedelta(minutes=5), max_value=timedelta(days=400)), moments)
def test_marks_come_in_order_and_end_with_the_time(made_at: datetime, lasts: timedelta, now: datetime) -> None:
    due_at = made_at + lasts
    found = [moment_of(mark, made_at, due_at) for mark in range(len(MARKS))]
    assert found == sorted(one for one in found if one) and found[-1] == due_at
    assert moment_of(len(MARKS), made_at, due_at) is None
    behind = passed(made_at, due_at, now)
    following = moment_of(behind, made_at, due_at)
    assert following is None or following > now
    assert (behind == len(MARKS)) == (now >= due_at)


async def test_the_customer_hears_at_50_80_and_100_percent_unasked(desk: Desk) -> None:
    await desk.town.household(A, X)
    made = await desk.promise(DUE, owner_no="E7")
    (proof,) = await desk.texts()
    assert proof[0] == "_promised" and "表箱锈蚀" in proof[1] and "C000" in proof[1] and "11月14日10时" in proof[1]
    assert (await desk.one(made))["told_message_id"] is not None
    await desk.on(days=4)
    assert await desk.names() == ["_promised"]
    await desk.do(desk.commitments.progress, made, words="备料完成", tell=False)
    await desk.on(days=1)
    (_, half) = await desk.texts()
    assert half[0] == "" and "备料完成" in half[1]
    assert await desk.tasks() == []
    await desk.on(days=3)
    assert await desk.names() == ["_promised", "", "_nearly"]
    assert await desk.tasks() == [("commitment_due", "TM1", "E7")]
    await desk.on(days=2)
    assert await desk.names() == ["_promised", "", "_nearly", "_overdue"]
    broken = await desk.one(made)
    assert (broken["state"], broken["broken_at"], broken["next_at"]) == ("broken", DUE, None)
    assert await desk.tasks() == [("commitment_broken", "supervision", None)]
    assert await desk.befell(made) == ["made", "told", "progress", "mark", "mark", "broken", "escalated"]
    assert "commitment.broken" in await desk.town.values("SELECT action FROM audit_entry")
    await desk.on(days=30)
    assert len(await desk.names()) == 4


async def test_a_promise_of_a_day_or_two_is_told_of_at_each_mark(desk: Desk) -> None:
    await desk.town.household(A, X)
    # 50 and 80 % lie ten hours apart: the customer hears of both, in other words.
    made = await desk.promise(START + timedelta(hours=33))
    await desk.on(days=2)
    assert await desk.names() == ["_promised", "", "_nearly", "_overdue"]
    details = await desk.town.values(
        "SELECT detail FROM commitment_event WHERE commitment_id = $1 AND kind = 'mark'", made
    )
    assert details == ["50 %", "80 %"]


async def test_marks_that_passed_while_nobody_looked_are_one_text(desk: Desk) -> None:
    await desk.town.household(A, X)
    await desk.promise(DUE)
    desk.town.clock.on(days=9)
    await desk.due()
    await desk.due()
    assert await desk.names() == ["_promised", "_nearly"]


async def test_kept_in_time_and_done_late_are_told_apart(desk: Desk) -> None:
    await desk.town.household(A, X)
    kept, late = await desk.promise(DUE), await desk.promise(DUE)
    await desk.on(days=3)
    await desk.do(desk.commitments.keep, kept, outcome="换好了")
    await desk.on(days=8)
    await desk.do(desk.commitments.keep, late, outcome="换好了")
    one, other = await desk.one(kept), await desk.one(late)
    assert (one["state"], one["fulfilled_at"], one["broken_at"]) == ("kept", START + timedelta(days=3), None)
    assert (other["state"], other["fulfilled_at"], other["broken_at"]) == ("broken", START + timedelta(days=11), DUE)
    assert (await desk.names()).count("_kept") == 2
    with pytest.raises(Conflict):
        await desk.do(desk.commitments.keep, late, outcome="又换")


async def test_renegotiated_before_its_time_is_up_and_the_customer_is_told(desk: Desk) -> None:
    await desk.town.household(A, X)
    made = await desk.promise(DUE)
    later = await desk.do(desk.commitments.renegotiate, made, due_at=DUE + timedelta(days=5), what=None, reason="缺料")
    assert (await desk.one(made))["state"] == "renegotiated"
    new = await desk.one(later)
    assert (new["state"], new["replaces"], new["what"]) == ("open", made, "更换表箱")
    assert (await desk.texts())[-1][0] == "_changed" and "11月19日10时" in (await desk.texts())[-1][1]
    await desk.on(days=16)
    with pytest.raises(Conflict):
        await desk.do(desk.commitments.renegotiate, later, due_at=DUE + timedelta(days=50), what=None, reason="缺料")
    with pytest.raises(Conflict):
        await desk.do(desk.commitments.release, later, reason="客户不要了")


async def test_the_head_of_whoever_promised_hears_of_a_broken_promise(desk: Desk) -> None:
    await desk.town.household(A, X)
    await desk.town.do("INSERT INTO team (code, name) VALUES ('TM1', '运维班')")
    for number, job in (("E7", "采集运维工"), ("E8", "运维班长")):
        await desk.town.do(
            "INSERT INTO staff_member (staff_no, name, team_id, job) SELECT $1, $1, id, $2 FROM team", number, job
        )
    made = await desk.promise(DUE, owner_no="E7")
    await desk.do(desk.commitments.admit, made, reason="没有材料")
    assert await desk.tasks() == [("commitment_broken", "supervision", "E8")]
    assert await desk.names() == ["_promised", "_overdue"]


async def test_whom_no_text_reaches_somebody_rings(desk: Desk) -> None:
    await desk.town.account(A)
    made = await desk.promise(DUE)
    assert await desk.tasks() == [("commitment_tell", "TM1", None)]
    assert (await desk.one(made))["told_how"] is None
    await desk.do(desk.commitments.told, made, how="电话告知本人")
    assert (await desk.one(made))["told_how"] == "电话告知本人"
    assert await desk.tasks() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account_no": "4100000099"}, "account_no"),
        ({"account_no": None}, "case"),
        ({"account_no": None, "number": "12"}, "number"),
        ({"unit": None}, "unit"),
        ({"topic": None}, "topic"),
        ({"topic": "TM0003表箱"}, "topic"),
        ({"due_at": START}, "due_at"),
        ({"due_at": START + timedelta(days=4000)}, "due_at"),
    ],
)
async def test_what_is_no_promise_is_refused_by_its_field(desk: Desk, changes: dict[str, Any], field: str) -> None:
    await desk.town.household(A, X)
    with pytest.raises(InvalidInput) as refused:
        await desk.promise(changes.pop("due_at", DUE), **changes)
    assert refused.value.errors[0].field == field
    assert await desk.town.values("SELECT id FROM commitment") == []


async def test_eight_after_a_promise_that_was_noted_as_kept_breaks_it(desk: Desk) -> None:
    await desk.town.household(A, X)
    made = await desk.promise(DUE, what="上门查看")
    await desk.on(days=9)
    await desk.do(desk.commitments.keep, made, outcome="去过了")
    await desk.on(hours=1)
    inbound = await desk.town.hears(X, "9")
    assert [one["effect"] for one in inbound["effects"]][-1] == "commitments_broken"
    denied = await desk.one(made)
    assert denied["state"] == "broken" and denied["contradicted_at"] == desk.town.clock.at
    assert "contradicted" in await desk.befell(made)
    assert ("commitment_broken", "supervision", None) in await desk.tasks()


async def test_eight_before_the_time_is_up_is_noted_and_breaks_nothing(desk: Desk) -> None:
    await desk.town.household(A, X)
    case = await desk.raised()
    made = await desk.promise(START + timedelta(hours=50), case_id=case, account_no=None)
    await desk.on(hours=30)
    assert (await desk.names())[-1] == ""
    inbound = await desk.town.hears(X, "8")
    assert [one["effect"] for one in inbound["effects"]] == ["case_joined"]
    assert (await desk.one(made))["state"] == "open" and "claimed" in await desk.befell(made)
    await desk.on(hours=30)
    inbound = await desk.town.hears(X, "8")
    assert (await desk.one(made))["contradicted_at"] is not None
    assert await desk.town.values('SELECT unit FROM "case"') == ["supervision"]


async def test_the_text_that_tells_of_a_case_promises_a_call(desk: Desk) -> None:
    await desk.town.household(A, X)
    await desk.town.text(X, "arrears", [A])
    await desk.town.hears(X, "我要投诉你们")
    (row,) = await desk.town.rows("SELECT * FROM commitment")
    assert (row["kind"], row["state"], row["due_at"]) == ("contact", "open", START + timedelta(hours=24))
    assert row["told_message_id"] in await desk.town.values("SELECT id FROM message")
    await desk.on(hours=20)
    # A complaint is somebody's task until it is closed; the call that was promised, until somebody rings.
    pressing = ("case_urgent", "customer_service", None)
    assert await desk.tasks() == [pressing, ("commitment_due", "customer_service", None)]
    await desk.do(desk.cases.contacted, row["case_id"], note="已电话联系")
    assert (await desk.one(row["id"]))["state"] == "kept"
    await desk.on(days=2)
    assert await desk.tasks() == [pressing]
    assert await desk.names() == ["arrears", "_received"]


async def test_how_commitments_were_kept_by_unit(desk: Desk) -> None:
    await desk.town.household(A, X)
    for number in range(4):
        made = await desk.promise(DUE, unit="TM1" if number < 3 else "TM2")
        if number < 2:
            await desk.do(desk.commitments.keep, made, outcome="好了")
    await desk.on(days=11)
    async with desk.town.database.session() as session:
        first, second = await reading.keeping(session, "unit", since=None, until=None, zone="Asia/Shanghai")
        (nobody,) = await reading.keeping(session, "owner", since=START, until=None, zone="Asia/Shanghai")
        (month,) = await reading.keeping(session, "month", since=None, until=None, zone="Asia/Shanghai")
    assert (first.key, first.kept, first.broken, second.key, second.kept, second.broken) == ("TM1", 2, 1, "TM2", 0, 1)
    assert first.rate == pytest.approx(2 / 3) and first.margin_hours == 240
    assert first.low is not None and first.high is not None and first.low < 2 / 3 < first.high
    assert (nobody.made, nobody.rate, month.key, month.rate) == (4, None, "2025-11", 0.5)


ORDER = {
    "work_order_no": "25110100000001",
    "kind": "commitment",
    "subtype": "服务行为",
    "caller_number": Y,
    "content": "承诺11月14日前整改完毕。",
    "opened_at": START - timedelta(days=1),
    "promised_at": DUE,
    "team_code": "TM0007",
    "handler_no": "E000032",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("open", None, None)),
        ({"fulfilled_at": START}, ("kept", START, None)),
        ({"promised_at": START - timedelta(hours=2)}, ("broken", None, START - timedelta(hours=2))),
        (
            {"promised_at": START - timedelta(hours=2), "fulfilled_at": START},
            ("broken", START, START - timedelta(hours=2)),
        ),
    ],
)
async def test_orders_of_commitment_are_taken_over_as_they_stand(
    desk: Desk, changes: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    async def handed_in(**facts: Any) -> None:
        await an_order(desk, **{**ORDER, **facts})
        async with desk.town.database.work() as work:
            await take_over(work.connection, [ORDER["work_order_no"]], desk.town.clock.now())
            await work.commit()

    await handed_in(**changes)
    await handed_in(**changes)
    (row,) = await desk.town.rows("SELECT * FROM commitment")
    assert (row["state"], row["fulfilled_at"], row["broken_at"]) == expected
    assert (row["unit"], row["owner_no"], row["to_number"]) == ("TM0007", "E000032", Y)
    assert await desk.befell(row["id"]) == ["made"]
    assert await desk.names(Y) == []
    if expected[0] == "open":
        await desk.on(days=11)
        assert await desk.names(Y) == ["", "_nearly", "_overdue"]
        # A later file knows that it was done in time.
        await handed_in(fulfilled_at=DUE - timedelta(hours=1))
        assert (await desk.one(row["id"]))["state"] == "kept"
