"""Satisfaction as supervisors see it: the funnel, intervals, and low scores to act on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.evaluations import Answer, attach, qualify, record
from gateway.kernel.ids import new_id

from .conftest import Seats, Visitors
from .world import NOW, World


async def judged(world: World, ref: str, score: int, **facts: Any) -> None:
    """A service that was ended yesterday and given a score."""
    async with world.database.work() as work:
        at = NOW - timedelta(days=1)
        account = await work.value("SELECT id FROM account WHERE account_no = $1", facts["account_no"])
        invitation = await qualify(
            work.connection, event_kind="work_order", event_ref=ref, service="fault_repair", account_id=account,
            team_code=facts.get("team", "TM0001"), person_no=facts.get("person", "E000001"), occurred_at=at, at=at,
            zone=world.house.settings.zone,
        )  # fmt: skip
        if invitation is None:
            await work.commit()
            return
        message = new_id(at)
        await attach(work.connection, invitation, message, at)
        await record(
            work.connection,
            Answer(
                message_id=message, inbound_id=None, contact_point_id=None, channel="phone", at=NOW, score=score,
                comment=facts.get("comment"),
            ),
        )  # fmt: skip
        await work.commit()


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
    assert len(low) == len(plot["yAxis"]["data"]) == 1
    assert low[0] < share[0][0] < low[0] + width[0]
    status, text = await supervisor.get("/evaluations?by=team&format=csv")
    assert status == 200 and "TM0001" in text


async def test_nothing_is_said_of_a_person_below_ten_scores(world: World, visitor: Visitors, scores: None) -> None:
    supervisor = visitor("supervisor")
    status, text = await supervisor.get("/evaluations?by=person")
    assert status == 200 and "答复太少" in text
    plotted = json.loads((await supervisor.get("/evaluations/plot?by=person"))[1])["yAxis"]["data"]
    assert len(plotted) == 1


async def test_low_scores_are_of_ones_own_part(world: World, visitor: Visitors, scores: None) -> None:
    status, text = await visitor("supervisor").get("/evaluations/low")
    assert status == 200 and "师傅来了三次都没修好" in text and "13800138000" not in text
    status, text = await visitor("elsewhere").get("/evaluations/low")
    assert status == 200 and "师傅来了三次都没修好" not in text
    assert (await visitor("elsewhere").get("/evaluations"))[0] == 403


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
