"""The managers' plan over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.web.conftest import NOW, House
from tests.web.test_cases import A, an_account

DAY = (NOW + timedelta(days=10)).date().isoformat()


@pytest.fixture
async def staffed(house: House) -> House:
    await an_account(house)
    async with house.database.work() as work:
        await work.execute(
            "INSERT INTO staff_member (staff_no, name, job) VALUES ('E1', '王坚', '客户经理'), ('C1', '李', '回访专员')"
        )
        await work.execute("INSERT INTO staff_member (staff_no, name) VALUES ('E9', '赵')")
        await work.commit()
    return house


async def planned(house: House, **more: Any) -> Any:
    body = {"account_no": A, "planned_for": DAY, "topic": "季度走访", "manager": "E1", **more}
    return await house.call("POST", "/followups", json=body, expect=201)


async def test_a_plan_is_made_moved_and_listed(staffed: House) -> None:
    made = await planned(staffed)
    assert (made["manager"], made["planned_for"], made["state"], made["independent"]) == ("E1", DAY, "planned", None)
    moved = (NOW + timedelta(days=12)).date().isoformat()
    changed = await staffed.call("PATCH", f"/followups/{made['id']}", json={"planned_for": moved, "deputy": "E9"})
    assert (changed["planned_for"], changed["deputy"]) == (moved, "E9")
    for query, found in (
        ("manager=E9", 1),
        ("manager=E2", 0),
        (f"until={DAY}", 0),
        (f"account_no={A}&state=planned", 1),
    ):
        assert len((await staffed.call("GET", f"/followups?{query}"))["items"]) == found
    await staffed.call("PATCH", f"/followups/{made['id']}", json={"deputy": "E404"}, expect=422)


async def test_a_series_has_the_days_of_its_rule(staffed: House) -> None:
    made = await planned(staffed, rule="FREQ=WEEKLY;COUNT=3")
    items = (await staffed.call("GET", "/followups"))["items"]
    assert len(items) == 3 and {item["series_id"] for item in items} == {made["series_id"]}
    assert (await staffed.call("POST", f"/followups/{made['id']}/end-series")) == {"cancelled": 3}
    problem = await staffed.call(
        "POST",
        "/followups",
        json={"account_no": A, "planned_for": DAY, "topic": "x", "manager": "E1", "rule": "FREQ=HOURLY"},
        expect=422,
    )
    assert problem["errors"][0]["field"] == "rule"


async def test_what_customers_want_looked_into_has_an_owner_and_an_answer(staffed: House) -> None:
    made = await planned(staffed)
    voice = {"words": "想增容到800千伏安", "owner": "E9", "due_on": DAY}
    item = await staffed.call("POST", f"/followups/{made['id']}/voices", json=voice, expect=201)
    assert (item["state"], item["owner"], item["account_no"]) == ("open", "E9", A)
    answered = await staffed.call("POST", f"/followups/voices/{item['id']}/answer", json={"answer": "已受理"})
    assert answered["state"] == "answered"
    await staffed.call("POST", f"/followups/voices/{item['id']}/answer", json={"answer": "再"}, expect=409)
    assert (await staffed.call("GET", "/followups/voices?owner=E9&state=open"))["items"] == []


@pytest.mark.parametrize("rate", [1, 0])
async def test_the_plan_never_shows_what_was_answered(staffed: House, rate: float) -> None:
    programme = {"version": 1, "rate": rate, "reason": "试行"}
    await staffed.call("PATCH", "/evaluations/programmes/followup", json=programme)
    made = await planned(staffed)
    async with staffed.database.work() as work:
        await work.execute(
            """INSERT INTO independent_followup (id, followup_id, state, asked_at, answer_by)
               VALUES (gen_random_uuid(), $1, 'asked', $2, $2)""",
            made["id"],
            NOW,
        )
        await work.commit()
    (waiting,) = (await staffed.call("GET", "/followups/independent?state=asked"))["items"]
    said = {"by": "C1", "reached": True, "score": 2, "comment": "一直没给方案"}
    await staffed.call("POST", f"/followups/independent/{waiting['id']}/outcome", json={**said, "by": "E1"}, expect=403)
    done = await staffed.call("POST", f"/followups/independent/{waiting['id']}/outcome", json=said)
    assert (done["state"], done["caller"]) == ("answered", "C1")
    shown = await staffed.call("GET", f"/followups/{made['id']}")
    assert shown["independent"] == "answered" and "一直没给方案" not in str(shown)


async def test_a_deputy_is_named_for_days(staffed: House) -> None:
    body = {"manager": "E1", "deputy": "E9", "first_day": DAY, "last_day": DAY}
    assert (await staffed.call("POST", "/followups/deputies", json=body, expect=201))["id"] > 0
    await staffed.call("POST", "/followups/deputies", json={**body, "deputy": "E1"}, expect=422)
    await staffed.call("POST", "/followups/deputies", json={**body, "last_day": "2020-01-01"}, expect=422)
    await staffed.call("POST", "/followups/deputies", json={**body, "first_day": "soon"}, expect=422)
