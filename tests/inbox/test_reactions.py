from __future__ import annotations

from typing import Any

import pytest

A, B, C = "4100000011", "4100000022", "4100000033"
X, Y, Z = "+8613800374443", "+8613300335193", "+8615900237069"


def effects(inbound: dict[str, Any]) -> list[str]:
    return [effect["effect"] for effect in inbound["effects"]]


async def test_a_score_is_recorded_on_the_event_asked_about(town: Any) -> None:
    await town.household(A, X)
    message = await town.invite(X, A, "WO1")
    town.clock.on(hours=1)
    inbound = await town.hears(X, "4 师傅很好就是来晚了")
    assert (inbound["state"], inbound["answers"], inbound["reading"]["score"]) == ("done", message, 4)
    evaluation = (await town.rows("SELECT * FROM evaluation"))[0]
    assert (evaluation["score"], evaluation["comment"], evaluation["solved"]) == (4, "师傅很好就是来晚了", None)
    assert await town.values("SELECT action FROM audit_entry") == ["evaluation.recorded"]


async def test_a_later_answer_supersedes_and_the_earlier_stays_in_the_history(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    await town.hears(X, "5 谢谢师傅")
    town.clock.on(hours=2)
    await town.hears(X, "2")
    rows = await town.rows("SELECT score, comment, history::text FROM evaluation")
    assert [(row["score"], row["comment"]) for row in rows] == [(2, "谢谢师傅")]
    assert '"score": 5' in rows[0]["history"]


@pytest.mark.parametrize("text", ["9", "９", "还没修好，根本没来人"])
async def test_not_solved_is_noted_and_opens_a_case(town: Any, text: str) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    inbound = await town.hears(X, text)
    assert (inbound["state"], effects(inbound)) == ("done", ["evaluation_recorded", "case_opened", "case_told"])
    assert await town.rows("SELECT score, solved FROM evaluation") == [{"score": None, "solved": False}]


async def test_a_score_without_an_invitation_waits(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "survey", [A])
    inbound = await town.hears(X, "5")
    assert inbound["state"] == "triage"
    assert await town.values("SELECT id FROM evaluation") == []


async def test_a_digit_after_three_days_is_no_score(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    town.clock.on(hours=73)
    inbound = await town.hears(X, "5")
    assert "score" not in inbound["reading"]["intents"]
    assert await town.values("SELECT id FROM evaluation") == []


async def test_a_refusal_stops_the_purpose_answered_and_is_confirmed_once(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.text(X, "arrears", [A], state="queued")
    await town.text(X, "outage_planned", [A], state="queued")
    first = await town.hears(X, "退订")
    assert (first["state"], effects(first)) == ("done", ["opted_out", "confirmation_queued"])
    assert await town.values("SELECT purpose FROM opt_out") == ["billing"]
    assert await town.queued(X) == ["outage_planned", "opt_out_confirm"]
    assert await town.values("SELECT withheld_reason FROM message WHERE state = 'withheld'") == ["opted_out"]
    body = (await town.values("SELECT body FROM message WHERE kind = 'opt_out_confirm'"))[0]
    assert "电费通知" in body.split("。")[0]
    assert "停复电通知" in body
    await town.do("UPDATE message SET state = 'delivered', sent_at = now() WHERE kind = 'opt_out_confirm'")
    again = await town.hears(X, "退订")
    assert effects(again) == ["already_refused"]
    assert len(await town.values("SELECT id FROM message WHERE kind = 'opt_out_confirm'")) == 1


async def test_who_was_told_that_nothing_comes_any_more_is_not_told_what_still_comes(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了，我不是王强")
    inbound = await town.hears(X, "别发了")
    assert (inbound["state"], effects(inbound)) == ("done", ["opted_out"])
    assert await town.values("SELECT purpose FROM opt_out") == ["billing"]
    assert await town.queued(X) == ["apology"]


@pytest.mark.parametrize("text", ["全部退订", "STOPALL"])
async def test_all_is_refused_where_all_is_said(town: Any, text: str) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.text(X, "outage_planned", [A], state="queued")
    await town.hears(X, text)
    assert await town.values("SELECT purpose FROM opt_out") == ["all"]
    assert await town.queued(X) == ["opt_out_confirm"]


async def test_only_an_explicit_wish_starts_again(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.hears(X, "退订")
    await town.hears(X, "好的")
    assert await town.values("SELECT purpose FROM opt_out") == ["billing"]
    back = await town.hears(X, "恢复")
    assert effects(back) == ["opted_in", "confirmation_queued"]
    assert await town.values("SELECT purpose FROM opt_out") == []
    assert await town.values("SELECT template FROM message WHERE state = 'queued' ORDER BY id") == [
        "opt_out_confirm",
        "opt_in_confirm",
    ]


async def test_who_comes_back_is_asked_again_for_what_he_had_agreed_to(town: Any) -> None:
    await town.household(A, X)
    point = (await town.values("SELECT id FROM contact_point WHERE address = $1", X))[0]
    for purpose in ("advice", "demand_response"):
        await town.do(
            """INSERT INTO consent (contact_point_id, purpose, given_at, source, evidence, recorded_by)
               VALUES ($1, $2, $3, 'counter', 'form 12', 'key:clerk')""",
            point,
            purpose,
            town.clock.now(),
        )
    await town.text(X, "demand_response", [A])
    await town.hears(X, "R")
    standing = "SELECT purpose FROM consent WHERE ended_at IS NULL ORDER BY purpose"
    assert await town.values(standing) == ["advice"]
    back = await town.hears(X, "恢复")
    assert effects(back) == ["opted_in", "confirmation_queued"]
    assert await town.values(standing) == ["advice", "demand_response"]
    assert await town.values("SELECT evidence FROM consent WHERE source = 'reply'") == [f"inbound:{back['id']}"]
    (said,) = await town.values("SELECT body FROM message WHERE template = 'opt_in_confirm'")
    assert "需求响应邀约" in said


async def test_a_refusal_from_an_unknown_number_is_kept_for_when_it_is_known(town: Any) -> None:
    inbound = await town.hears(X, "退订")
    assert inbound["state"] == "done"
    assert await town.rows(
        "SELECT p.address, o.purpose FROM opt_out o JOIN contact_point p ON p.id = o.contact_point_id"
    ) == [{"address": X, "purpose": "all"}]


@pytest.mark.parametrize("text", ["打错了，我不是王强", "打错了,我不是王强,别再发了", "不认识这个人，这号是我新办的"])
async def test_a_stranger_stops_everything_on_the_number(town: Any, text: str) -> None:
    await town.household(A, X)
    await town.household(B, X)
    await town.text(X, "arrears", [A])
    await town.text(X, "arrears", [B], state="queued")
    inbound = await town.hears(X, text)
    assert inbound["state"] == "done"
    assert effects(inbound) == ["links_suspended", "correction_opened", "apology_queued"]
    assert inbound["effects"][0]["messages_withheld"] == 1
    assert await town.states() == {f"{A} {X}": "suspended", f"{B} {X}": "suspended"}
    assert await town.queued(X) == ["apology"]
    assert await town.values("SELECT withheld_reason FROM message WHERE state = 'withheld'") == ["misdirected"]
    assert await town.values("SELECT reason FROM correction") == ["reply"]
    signals = await town.rows("SELECT kind, evidence FROM signal")
    assert {signal["kind"] for signal in signals} == {"wrong_number"}
    assert all(text in signal["evidence"] for signal in signals)
    assert await town.values("SELECT action FROM audit_entry") == ["correction.opened"]
    assert await town.values("SELECT purpose FROM opt_out") == []


async def test_a_second_complaint_joins_and_apologises_no_more(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了")
    again = await town.hears(X, "说了打错了！")
    assert effects(again) == ["already_stopped"]
    await town.household(B, X)
    await town.text(X, "arrears", [B])
    third = await town.hears(X, "打错了")
    assert effects(third) == ["links_suspended", "correction_joined"]
    assert len(await town.values("SELECT id FROM correction")) == 1
    assert len(await town.values("SELECT id FROM message WHERE kind = 'apology'")) == 1


async def test_the_case_lists_every_account_with_the_number_and_every_account_of_the_customer(town: Any) -> None:
    await town.household(A, X, customer="王强")
    await town.household(B, Y, customer="王强")
    await town.household(C, X, customer="李娜")
    await town.household("4100000044", Z, customer="赵敏")
    await town.text(X, "arrears", [A])
    await town.hears(X, "打错了")
    listed = await town.values(
        """SELECT a.account_no || ' ' || p.address FROM correction_link c JOIN contact_link l ON l.id = c.link_id
           JOIN account a ON a.id = l.account_id JOIN contact_point p ON p.id = l.contact_point_id ORDER BY 1"""
    )
    assert listed == [f"{A} {X}", f"{B} {Y}", f"{C} {X}"]
    assert await town.states() == {
        f"{A} {X}": "suspended",
        f"{C} {X}": "suspended",
        f"{B} {Y}": "unverified",
        f"4100000044 {Z}": "unverified",
    }


async def test_who_moved_out_stops_that_home_alone_and_is_asked_about_the_rest(town: Any) -> None:
    await town.household(A, X, address="晴川路1号")
    await town.household(B, X, address="晴川路1号")
    await town.household(C, X, address="东湖路9号")
    await town.text(X, "outage_planned", [B])
    await town.text(X, "outage_planned", [C])
    town.clock.on(minutes=1)
    await town.text(X, "arrears", [A])
    inbound = await town.hears(X, "我早就搬走了，房子已经卖了")
    assert inbound["reading"]["intents"][0] == "moved_or_sold"
    assert await town.states() == {f"{A} {X}": "suspended", f"{B} {X}": "suspended", f"{C} {X}": "unverified"}
    assert await town.queued(X) == ["apology", "contact_confirm"]
    assert effects(inbound)[-1] == "asked_about"


async def test_a_number_confirmed_since_is_for_a_person(town: Any) -> None:
    link = await town.household(A, X)
    await town.text(X, "arrears", [A])
    town.clock.on(hours=1)
    await town.do(
        "UPDATE contact_link SET state = 'verified', verified_at = $2 WHERE id = $1",
        link,
        town.clock.now(),
    )
    town.clock.on(hours=1)
    inbound = await town.hears(X, "打错了，我不是王强")
    assert inbound["state"] == "triage"
    assert await town.states() == {f"{A} {X}": "verified"}


async def test_a_yes_to_a_contact_check_verifies_the_link(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "contact_confirm", [A])
    inbound = await town.hears(X, "1")
    assert (inbound["state"], effects(inbound)) == ("done", ["links_verified"])
    assert await town.rows("SELECT state, verified_how, verified_at FROM contact_link") == [
        {"state": "verified", "verified_how": "reply", "verified_at": town.clock.now()}
    ]


@pytest.mark.parametrize("text", ["2", "不是"])
async def test_a_no_to_a_contact_check_concerns_the_account_asked_about(town: Any, text: str) -> None:
    await town.household(A, X)
    await town.household(B, X)
    await town.text(X, "contact_confirm", [A])
    await town.hears(X, text)
    assert await town.states() == {f"{A} {X}": "suspended", f"{B} {X}": "unverified"}


@pytest.mark.parametrize(
    ("template", "text", "state"),
    [
        ("restoration", "1", "done"),
        ("restoration", "2", "done"),
        ("arrears", "好的", "done"),
        ("arrears", "谢谢", "done"),
        ("arrears", "我是租客，房东才是户主", "done"),
        ("arrears", "这个月电费怎么这么多？", "triage"),
        ("arrears", "怎么交费？", "triage"),
        ("outage_planned", "什么时候来电", "triage"),
        ("arrears", "怎么开通网上国网", "triage"),
        ("arrears", "叫人工", "triage"),
        ("arrears", "傻逼", "triage"),
        ("arrears", "电线冒火花了！！快来人", "triage"),
    ],
)
async def test_what_no_reaction_settles_waits_for_a_person(town: Any, template: str, text: str, state: str) -> None:
    await town.household(A, X)
    await town.text(X, template, [A])
    inbound = await town.hears(X, text)
    assert inbound["state"] == state, inbound
    assert (inbound["remark"] is None) == (state == "done")
    assert await town.states() == {f"{A} {X}": "unverified"}


async def test_two_open_questions_are_told_apart_by_asking_once(town: Any) -> None:
    await town.household(A, X)
    survey = await town.invite(X, A, "WO1")
    town.clock.on(minutes=5)
    await town.text(X, "restoration", [A])
    first = await town.hears(X, "1")
    assert (first["state"], effects(first)) == ("triage", ["asked_which"])
    assert await town.queued(X) == ["clarification"]
    await town.do("UPDATE message SET state = 'sent', sent_at = $1 WHERE kind = 'clarification'", town.clock.now())
    town.clock.on(minutes=1)
    second = await town.hears(X, "2")
    assert (second["state"], effects(second)) == ("done", ["clarified"])
    settled = (await town.rows("SELECT state, answers FROM inbound WHERE id = $1", first["id"]))[0]
    assert settled == {"state": "done", "answers": survey}
    assert await town.values("SELECT score FROM evaluation") == [1]


async def test_words_with_a_figure_after_asking_which_wait_for_a_person(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "arrears", [A])
    await town.text(X, "contact_confirm", [A])
    await town.hears(X, "2")
    await town.do("UPDATE message SET state = 'sent', sent_at = $1 WHERE kind = 'clarification'", town.clock.now())
    town.clock.on(minutes=1)
    inbound = await town.hears(X, "打错了 是1")
    assert (inbound["state"], effects(inbound)) == ("triage", [])
    assert await town.states() == {f"{A} {X}": "suspended"}


@pytest.mark.parametrize("text", ["2，按错了是1", "２ 打错了，应该是１"])
async def test_a_code_put_right_in_the_same_text_is_the_one_that_counts(town: Any, text: str) -> None:
    await town.household(A, X)
    await town.text(X, "contact_confirm", [A])
    inbound = await town.hears(X, text)
    assert (inbound["state"], effects(inbound)) == ("done", ["links_verified"])


async def test_a_digit_that_only_one_question_knows_answers_that_one(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    await town.text(X, "restoration", [A])
    inbound = await town.hears(X, "5")
    assert inbound["state"] == "done"
    assert await town.values("SELECT score FROM evaluation") == [5]
    assert await town.queued(X) == []


@pytest.mark.parametrize("text", ["5", "打错了", "你好", "我是户主"])
async def test_a_number_nobody_knows_is_read_and_waits(town: Any, text: str) -> None:
    inbound = await town.hears(X, text)
    assert inbound["state"] in ("triage", "done")
    assert inbound["reading"] is not None
    assert inbound["contact_point_id"] is None
