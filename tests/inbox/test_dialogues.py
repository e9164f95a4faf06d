"""What was said before decides what is meant now."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.kernel.errors import Conflict

A = "4100000011"
X = "+8613800374443"


def effects(inbound: dict[str, Any]) -> list[str]:
    return [effect["effect"] for effect in inbound["effects"]]


@pytest.mark.parametrize("between", [None, "arrears", "outage_planned", "case_progress_thanks"])
@pytest.mark.parametrize("text", ["刚才打错了，是5分", "不好意思手滑了，应该是5分"])
async def test_a_correction_revises_the_score_whatever_was_sent_since(
    town: Any, text: str, between: str | None
) -> None:
    await town.household(A, X)
    survey = await town.invite(X, A, "WO1")
    town.clock.on(minutes=1)
    await town.hears(X, "4 师傅很好")
    town.clock.on(minutes=1)
    if between:
        await town.text(X, between, [A])
        town.clock.on(minutes=1)
    inbound = await town.hears(X, text)
    assert (inbound["state"], inbound["answers"], effects(inbound)) == ("done", survey, ["evaluation_revised"])
    (row,) = await town.rows("SELECT score, comment, history::text AS history FROM evaluation")
    assert (row["score"], row["comment"]) == (5, "师傅很好")
    assert [earlier["score"] for earlier in json.loads(row["history"])] == [4]
    assert await town.states() == {f"{A} {X}": "unverified"}


async def test_the_older_of_two_surveys_is_not_the_one_corrected(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    await town.hears(X, "3")
    town.clock.on(hours=2)
    await town.invite(X, A, "WO2")
    town.clock.on(minutes=1)
    await town.hears(X, "4")
    town.clock.on(minutes=1)
    await town.hears(X, "刚才打错了，是5分")
    rows = await town.rows(
        "SELECT i.event_ref, e.score FROM evaluation e JOIN invitation i ON i.id = e.invitation_id ORDER BY 1"
    )
    assert [(row["event_ref"], row["score"]) for row in rows] == [("WO1", 3), ("WO2", 5)]


@pytest.mark.parametrize("text", ["刚才的评分不算数", "撤回刚才的评价"])
async def test_a_score_is_taken_back_and_may_be_given_again(town: Any, text: str) -> None:
    await town.household(A, X)
    survey = await town.invite(X, A, "WO1")
    town.clock.on(minutes=1)
    await town.hears(X, "4")
    town.clock.on(minutes=1)
    inbound = await town.hears(X, text)
    assert (inbound["state"], inbound["answers"], effects(inbound)) == ("done", survey, ["evaluation_withdrawn"])
    (row,) = await town.rows("SELECT score, state, history::text AS history FROM evaluation")
    assert (row["score"], row["state"]) == (None, "withdrawn")
    assert [earlier["score"] for earlier in json.loads(row["history"])] == [4]
    town.clock.on(minutes=1)
    await town.hears(X, "3")
    assert await town.rows("SELECT score, state FROM evaluation") == [{"score": 3, "state": "counted"}]


async def test_nothing_is_taken_back_where_nothing_was_given(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    inbound = await town.hears(X, "撤回刚才的评价")
    assert await town.values("SELECT id FROM evaluation WHERE state = 'withdrawn'") == []
    assert "evaluation_withdrawn" not in effects(inbound)


async def test_what_was_promised_in_our_text_and_not_kept(town: Any) -> None:
    await town.household(A, X)
    await town.text(X, "case_progress", [A])
    town.clock.on(days=1)
    inbound = await town.hears(X, "到现在也没见人")
    assert "broken_commitment" in inbound["reading"]["intents"]
    assert "case_opened" in effects(inbound)


async def test_what_is_older_than_a_week_is_no_dialogue(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    await town.hears(X, "4")
    town.clock.on(days=8)
    await town.text(X, "arrears", [A])
    await town.hears(X, "刚才打错了，是5分")
    assert await town.values("SELECT score FROM evaluation") == [4]


async def test_another_number_is_another_dialogue(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    await town.hears(X, "4")
    await town.hears("+8613300335193", "刚才打错了，是5分")
    assert await town.values("SELECT score FROM evaluation") == [4]


@pytest.mark.parametrize("text", ["5", "4分挺好的", "9"])
async def test_who_denied_the_link_rates_nothing_until_a_person_says_so(town: Any, text: str) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    town.clock.on(minutes=1)
    await town.hears(X, "发错人勒，不认识这户")
    town.clock.on(minutes=1)
    inbound = await town.hears(X, text)
    assert inbound["state"] == "triage"
    assert await town.rows("SELECT score FROM evaluation") == []
    async with town.database.session() as session:
        await town.inbox.resolve(session, inbound["id"], intents=["score"], score=4, note=None, actor="staff:E1")
        await session.commit()
    assert await town.values("SELECT score FROM evaluation") == [4]


@pytest.mark.parametrize("text", ["谢谢，5", "好的，给5分", "５"])
async def test_a_rating_behind_what_we_promised_in_a_case_is_one(town: Any, text: str) -> None:
    await town.household(A, X)
    survey = await town.invite(X, A, "WO1")
    town.clock.on(minutes=1)
    await town.hears(X, "再不来我打12398了")
    await town.do("UPDATE message SET state = 'delivered', sent_at = $1 WHERE state = 'queued'", town.clock.now())
    town.clock.on(minutes=1)
    inbound = await town.hears(X, text)
    assert (inbound["state"], inbound["answers"], inbound["reading"]["score"]) == ("done", survey, 5)
    assert await town.values("SELECT score FROM evaluation") == [5]


async def test_the_code_of_that_promise_is_no_rating(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    await town.hears(X, "再不来我打12398了")
    await town.do("UPDATE message SET state = 'delivered', sent_at = $1 WHERE state = 'queued'", town.clock.now())
    town.clock.on(minutes=1)
    inbound = await town.hears(X, "8 没人联系")
    assert inbound["reading"]["intents"][0] == "broken_commitment"
    assert await town.values("SELECT score FROM evaluation") == []


@pytest.mark.parametrize("first", ["1", "5"])
@pytest.mark.parametrize("text", ["打错了", "不好意思打错了", "打错了，我不是王强"])
async def test_mistyped_after_a_rating_may_be_the_number_or_the_figure(town: Any, first: str, text: str) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    town.clock.on(minutes=1)
    await town.hears(X, first)
    town.clock.on(minutes=1)
    await town.do("UPDATE message SET state = 'delivered', sent_at = $1 WHERE state = 'queued'", town.clock.now())
    town.clock.on(minutes=1)
    inbound = await town.hears(X, text)
    assert (inbound["state"], inbound["reading"]["abstain"]) == ("triage", True)
    assert await town.queued(X, "apology") == []
    assert await town.values("SELECT score FROM evaluation") == [int(first)]
    if "不是王强" in text:
        assert effects(inbound)[0] == "links_held"


async def test_an_older_text_read_later_rates_nothing_over_a_newer_figure(town: Any) -> None:
    await town.household(A, X)
    await town.invite(X, A, "WO1")
    older = await town.hears(X, "3分4分都行吧，公司5分")
    town.clock.on(minutes=1)
    await town.hears(X, "还是给4分")
    town.clock.on(minutes=1)
    await town.hears(X, "师傅很客气")
    async with town.database.session() as session:
        with pytest.raises(Conflict):
            await town.inbox.resolve(session, older["id"], intents=["score"], score=3, note=None, actor="staff:E1")
    assert await town.values("SELECT score FROM evaluation") == [4]
