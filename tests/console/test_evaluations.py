"""Satisfaction as supervisors see it: the funnel, intervals, and low scores to act on."""

from __future__ import annotations

import json

import pytest

from .conftest import Seats, Visitors
from .examples.ratings import answer, judged
from .world import World


@pytest.fixture
async def scores(world: World) -> None:
    if "scores" in world.made:
        return
    world.made["scores"] = True
    accounts = world.accounts["东湖区"]
    for at in range(12):
        await judged(world, f"GD{at:04d}", (5, 4, 5, 3)[at % 4], account_no=accounts[at % len(accounts)])
    await judged(world, "GD0100", 1, account_no=accounts[0], comment="师傅来了三次都没修好，请打 13800138000")
    for at in range(3):
        await judged(world, f"GD02{at:02d}", 5, account_no=accounts[at], person="E000002")


async def test_satisfaction_stands_beside_its_interval(world: World, visitor: Visitors, scores: None) -> None:
    supervisor = visitor("supervisor")
    status, text = await supervisor.get("/evaluations?by=team")
    assert status == 200 and "满意率" in text and "funnel" in text
    status, text = await supervisor.get("/evaluations/plot?by=team")
    plot = json.loads(text)
    (low, width, share) = (one["data"] for one in plot["series"])
    at = plot["yAxis"]["data"].index("东湖区供电中心营业班")
    assert len(low) == len(plot["yAxis"]["data"])
    assert low[at] < share[at][0] < low[at] + width[at]
    status, text = await supervisor.get("/evaluations?by=team&format=csv")
    assert status == 200 and "TM0001" in text


async def test_nothing_is_said_of_a_person_below_ten_scores(world: World, visitor: Visitors, scores: None) -> None:
    supervisor = visitor("supervisor")
    status, text = await supervisor.get("/evaluations?by=person")
    assert status == 200 and "答复太少" in text
    plotted = json.loads((await supervisor.get("/evaluations/plot?by=person"))[1])["yAxis"]["data"]
    assert len(plotted) == 1, plotted


async def test_low_scores_are_of_ones_own_part(world: World, visitor: Visitors, scores: None) -> None:
    status, text = await visitor("supervisor").get("/evaluations/low")
    assert status == 200 and "师傅来了三次都没修好" in text and "13800138000" not in text
    status, text = await visitor("elsewhere").get("/evaluations/low")
    assert status == 200 and "师傅来了三次都没修好" not in text
    status, text = await visitor("elsewhere").get("/evaluations?by=team")
    assert status == 200 and "TM0001" not in text and "东湖区" not in text
    status, text = await visitor("elsewhere").get("/evaluations?by=organisation&organisation=东湖区&format=csv")
    assert status == 200 and len(text.splitlines()) == 1, text
    assert (await visitor("elsewhere").get("/evaluations/teams/TM0001"))[0] == 404


@pytest.mark.browser
async def test_the_funnel_with_figures_is_sound(world: World, seat: Seats, scores: None) -> None:
    for language, width in (("zh-CN", 390), ("en", 1440)):
        supervisor = await seat("supervisor", language)
        await supervisor.size(width)
        for path in ("/evaluations?by=team", "/evaluations?by=person", "/evaluations/low"):
            await supervisor.go(path)
            await supervisor.page.wait_for_load_state("networkidle")
            await supervisor.look(axe=width == 1440)
        assert supervisor.problems == []


async def test_a_rating_is_contested_by_its_unit_and_decided_outside(world: World, visitor: Visitors) -> None:
    path = await answer(world)
    reviewer, supervisor = visitor("reviewer"), visitor("supervisor")
    said = {"grounds": "当日无人到访", "evidence": "工单记录"}
    # Not of the unit whose work it was: refused, and nothing is written.
    assert (await supervisor.post(f"{path}/challenge", said))[0] == 403
    async with world.database.work() as work:
        await work.execute(
            """UPDATE staff_member SET team_id = (SELECT id FROM team WHERE code = 'TM0001')
               WHERE staff_no = 'SUPERVISOR'"""
        )
        await work.commit()
    assert (await supervisor.post(f"{path}/challenge", said | {"evidence": ""}))[0] == 422
    assert (await supervisor.post(f"{path}/challenge", said))[0] == 303
    status, text = await reviewer.get("/evaluations/challenges")
    assert status == 200 and "当日无人到访" in text and "王supervisor" in text
    challenge = text.split("/evaluations/challenges/", 1)[1].split("/decide", 1)[0][-36:]
    decided = f"/evaluations/challenges/{challenge}/decide"
    assert (await supervisor.post(decided, {"uphold": "yes", "decision": "属实"}))[0] == 403
    assert (await reviewer.post(decided, {"uphold": "yes", "decision": "属实"}))[0] == 303
    status, text = await reviewer.get(path)
    assert status == 200 and "已作废" in text and "属实" in text


async def test_a_team_and_a_person_have_pages_of_their_own(world: World, visitor: Visitors, scores: None) -> None:
    supervisor = visitor("supervisor")
    status, text = await supervisor.get("/evaluations/teams/TM0001")
    assert status == 200 and "不是排名" in text and "/evaluations/people/E000001" in text
    status, text = await supervisor.get("/evaluations/people/E000002")
    assert status == 200 and "答复不足 10 个" in text and "5 分 非常满意" not in text
    assert (await supervisor.get("/evaluations/people/E999999"))[0] == 404
    status, text = await supervisor.get("/evaluations?by=team&first=2024-01&last=2024-02")
    assert status == 200 and "没有可评价的服务" in text
    status, text = await supervisor.get("/evaluations/coverage?by=team&format=csv")
    assert status == 200 and "TM0001" in text
